#!/bin/sh
# SPDX-License-Identifier: 0BSD
# The tree: what is at its top, the size of files, the install table.
. "$(dirname "$0")/../lib.sh"
cd "$TOP" || exit 99

others=''
for f in *; do
	case $f in
	Makefile | src | conf-cc | conf-ld | man | tests | INSTALL | README | \
		conf-* | LICENSE | build) ;;
	*) others="$others $f" ;;
	esac
done
is "nothing else at the top of the tree" "$others" ''

# A file on one screenful of ideas. Tables of tests may be longer.
for f in src/*/*.c; do
	n=$(wc -l <"$f")
	[ "$n" -le 500 ] || echo "$f: $n lines"
done >"$T/bad"
is "no source file over 500 lines" "$(cat "$T/bad")" ''
for f in src/*/*.[ch]; do
	expand "$f" | awk -v f="$f" 'length($0) > 80 { print f ":" NR }'
done >"$T/bad"
is "no line over 80 columns" "$(cat "$T/bad")" ''

make -s -pn -f Makefile 2>/dev/null </dev/null |
	sed -n 's/^\(PROGRAMS\|SYSPROGRAMS\|TLSPROGRAMS\|SCRIPTS\) = //p' |
	tr ' ' '\n' | sort >"$T/built"
awk '$1 ~ /^[fo]$/ { sub(".*/", "", $5); print $5 }' src/tools/install.tab |
	sort >"$T/installed"
ok "every program is in the install table, and no other" \
	diff "$T/built" "$T/installed"
is "one setuid program" \
	"$(awk '$1 ~ /^[fo]$/ && $2 ~ /^[4-7][0-7][0-7][0-7]$/ { print $5 }' \
		src/tools/install.tab)" bin/quill-queue
is "nothing in the table is writable by others" \
	"$(awk '$1 ~ /^[dfoetpi]$/ && $2 ~ /[2367]$/' src/tools/install.tab)" ''
done_testing
