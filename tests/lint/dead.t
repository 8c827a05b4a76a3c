#!/bin/sh
# SPDX-License-Identifier: 0BSD
# What a source exports is asked for by another one, or tested by itself; and a
# program uses it. Read off the objects.
. "$(dirname "$0")/../lib.sh"
need nm
cd "$TOP" || exit 99

words()
{
	cat "$@" | tr -cs 'A-Za-z0-9_' '\n' | sort -u
}

for o in "$B"/o/*/*.o "$B"/os/*/*.o; do
	f=${o#"$B"/}
	f=${f#*/}
	[ -f "src/${f%o}c" ] && echo "$o"
done >"$T/objects"
xargs nm -A -P -g <"$T/objects" |
	sed 's|^.*/\([^/]*/[^/]*\)\.o: |\1 |' >"$T/symbols"
ok "objects were looked at" test "$(wc -l <"$T/symbols")" -gt 2000
# Nobody else asks for it. (quill-tlsd may not have been built.)
words src/tlsd/*.c | sed 's/.*/tlsd & U/' | cat - "$T/symbols" | awk '
	$3 == "U" { used[$2] = 1 }
	$3 ~ /[A-TV-Z]/ && $2 !~ /^(main$|__)/ { from[$2] = $1 }
	END { for (s in from) if (!used[s]) print s, from[s] }' |
	sort >"$T/alone"
words tests/unit/*.[ch] tests/fuzz/*.[ch] >"$T/tested"
is "what only its own source uses is static" \
	"$(join -v 1 "$T/alone" "$T/tested")" ''
while read -r s f; do
	[ "$(grep -cw "^[^/*]*$s" "src/$f.c")" -gt 1 ] || echo "$s $f"
done <"$T/alone" >"$T/dead"
is "nothing is there for tests alone" "$(cat "$T/dead")" ''
done_testing
