#!/bin/sh
# SPDX-License-Identifier: 0BSD
# Every script, by shellcheck.
. "$(dirname "$0")/../lib.sh"
need shellcheck
cd "$TOP" || exit 99
for f in src/tools/*.sh tests/*.sh tests/*/*.sh tests/*/*.t .ci/run; do
	[ -f "$f" ] || continue
	head -n 1 "$f" | grep -qE '^#!.*(sh|SPDX)|^# SPDX' || continue
	head -n 1 "$f" | grep -qE 'python|perl' && continue
	# lib.sh is looked at by itself; its variables and functions are known
	# to work.
	shellcheck -e SC1091,SC2154,SC1090,SC2034 "$f" >"$T/out" 2>&1 || true
	is "$f" "$(head -n 30 "$T/out")" ''
done
done_testing
