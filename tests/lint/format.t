#!/bin/sh
# SPDX-License-Identifier: 0BSD
# .clang-format decides (its version 14: others lay some things out otherwise).
. "$(dirname "$0")/../lib.sh"
need clang-format
clang-format --version | grep -q 'version 14\.' ||
	skip_all "clang-format is not version 14"
cd "$TOP" || exit 99
for d in src/*/ tests/*/; do
	set -- "$d"*.[ch]
	[ -f "$1" ] || [ -f "${2:-}" ] || continue
	[ -f "$1" ] || shift
	[ -f "$1" ] || continue
	for f in "$@"; do
		[ -f "$f" ] || continue
		clang-format --dry-run -Werror "$f" >"$T/o" 2>&1 ||
			echo "$f: $(head -n 1 "$T/o")"
	done >"$T/bad"
	is "$d is formatted" "$(cat "$T/bad")" ''
done
done_testing
