#!/bin/sh
# SPDX-License-Identifier: 0BSD
# One licence line in each source file, at its top.
. "$(dirname "$0")/../lib.sh"
cd "$TOP" || exit 99

find src tests -type f \( -name '*.[ch]' -o -name '*.sh' -o -name '*.t' \
	-o -name '*.pl' -o -name '*.py' -o -name '*.tab' \) | sort >"$T/files"
ok "files were looked at" test "$(wc -l <"$T/files")" -gt 50
while read -r f; do
	[ "$(head -n 3 "$f" | grep -c 'SPDX-License-Identifier: 0BSD')" = 1 ] ||
		echo "$f"
done <"$T/files" >"$T/bad"
is "an SPDX line at the top of each" "$(cat "$T/bad")" ''
is "LICENSE is 0BSD" "$(grep -c 'Permission to use, copy, modify' LICENSE)" 1
done_testing
