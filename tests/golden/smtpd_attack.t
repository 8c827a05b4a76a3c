#!/bin/sh
# SPDX-License-Identifier: 0BSD
# What attackers send to the real quill-smtpd, and how they cut it. smtpd_attack.py
# holds them.
. "$(dirname "$0")/../lib.sh"
need python3 make

mkdir -p "$T/home/control" "$T/home/bin" "$T/home/queue" \
	"$T/home/run/count/smtpd"
link_programs "$T/home" quill-smtpd
tap_from python3 -B "$TOP/tests/golden/smtpd_attack.py" "$T/link/bin/quill-smtpd" \
	"$T/home"
