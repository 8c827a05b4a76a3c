#!/bin/sh
# SPDX-License-Identifier: 0BSD
# Manual pages: one for each program, clean by mandoc; quill-control.5 knows
# every control file that a program reads, and no other.
. "$(dirname "$0")/../lib.sh"
need mandoc
cd "$TOP" || exit 99

for page in man/*.[1-8]; do
	mandoc -T lint -W warning "$page" >"$T/out" 2>&1
	is "$page" "$(head -n 5 "$T/out")" ''
done

awk '$1 == "f" || $1 == "l" { sub("bin/", "", $5); print $5 }' \
	src/tools/install.tab >"$T/programs"
while read -r p; do
	set -- man/"$p".[18]
	ok "$p has a page" test -f "$1"
done <"$T/programs"

# Pages that are referred to are there.
grep -ho '^\.Xr quill[a-z-]* [1-8]' man/*.[1-8] | sort -u |
	while read -r _ name section; do
		[ -f "man/$name.$section" ] || echo "$name($section)"
	done >"$T/bad"
is "every page of quill's that a page refers to exists" "$(cat "$T/bad")" ''

# Names in the source: control_...("name", also on the line after.
cat src/*/*.c | tr '\n' ' ' |
	grep -oE 'control_(line|line_or_me|num|list|map)\([ 	]*"[a-z0-9.-]+"' |
	sed 's/.*"\(.*\)"/\1/' | sort -u >"$T/read"
# ... and in tables, marked by a comment on their first line.
sed -n '/control names/,/};/s/.*{ *"\([a-z0-9.-]*\)".*/\1/p' src/*/*.c |
	sort -u >>"$T/read"
sort -u -o "$T/read" "$T/read"
sed -n 's/^\.It Pa control\/\([a-z0-9.-]*\).*/\1/p' man/quill-control.5 |
	sort -u >"$T/documented"
ok "control files were found in the source" test -s "$T/read"
is "each one read is in quill-control.5" \
	"$(comm -23 "$T/read" "$T/documented")" ''
is "each one in quill-control.5 is read" \
	"$(comm -13 "$T/read" "$T/documented" | grep -v '^tcp\.')" ''
is "they are in alphabetical order there" \
	"$(sed -n 's/^\.It Pa control\/\([a-z0-9.-]*\).*/\1/p' \
		man/quill-control.5 | sort -c 2>&1)" ''
done_testing
