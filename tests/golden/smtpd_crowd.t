#!/bin/sh
# SPDX-License-Identifier: 0BSD
# Sessions of the real quill-smtpd that are slow, early, or many. smtpd_crowd.py
# holds them.
. "$(dirname "$0")/../lib.sh"
need python3 make

mkdir -p "$T/home/control" "$T/home/bin" "$T/home/queue" \
	"$T/home/run/count/smtpd"
link_programs "$T/home" quill-smtpd
tap_from python3 -B "$TOP/tests/golden/smtpd_crowd.py" "$T/link/bin/quill-smtpd" \
	"$T/home"
