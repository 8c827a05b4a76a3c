#!/bin/sh
# SPDX-License-Identifier: 0BSD
# What attackers send to the real quill-smtpd, and how they cut it. smtpd_attack.py
# holds them.
. "$(dirname "$0")/../lib.sh"
need python3 make

mkdir -p "$T/home/control" "$T/home/bin" "$T/home/queue" \
	"$T/home/run/count/smtpd" "$B"
(
	flock 9
	unset MAKEFLAGS MFLAGS MAKELEVEL
	make -s -C "$TOP" B="$B" SAN="$SAN" ${TESTCC:+CC="$TESTCC"} \
		${TESTLD:+LD="$TESTLD"} R="$T/link" rhome="$T/home" \
		"$T/link/bin/quill-smtpd"
) 9>"$B/.lock" >"$T/link.log" 2>&1 || {
	diag "$(cat "$T/link.log")"
	give_up "cannot link quill-smtpd"
}
python3 -B "$TOP/tests/golden/smtpd_attack.py" "$T/link/bin/quill-smtpd" "$T/home"
tests_failed=$?
tests_plan=0
exit $tests_failed
