#!/bin/sh
# SPDX-License-Identifier: 0BSD
# Dialogues with the real quill-smtpd on a socket pair; the queue is a script
# that records what it is given. smtpd.py holds them.
. "$(dirname "$0")/../lib.sh"
need python3 make

mkdir -p "$T/home/control" "$T/home/bin" "$T/home/queue" \
	"$T/home/run/count/smtpd"
link_programs "$T/home" quill-smtpd
tap_from python3 -B "$TOP/tests/golden/smtpd.py" "$T/link/bin/quill-smtpd" \
	"$T/home"
