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

awk '$1 == "f" || $1 == "l" { sub(".*/", "", $5); print $5 }' \
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

# A control file's name is a string of a source that includes lib/control.h;
# control.not lists the other words that stand there.
grep -l '"lib/control.h"' src/*/*.c | tr '\n' '\0' | xargs -0 cat |
	sed 's/\/\*.*\*\///; /^ *# *include/d' |
	grep -oE '"/?[a-z][a-z0-9.]+"' | tr -d '"/' | sort -u >"$T/words"
grep -v '^#' tests/lint/control.not | sort -u >"$T/not"
comm -23 "$T/words" "$T/not" >"$T/read"
sed -n 's/^\.It Pa control\/\([a-z0-9.-]*\).*/\1/p' man/quill-control.5 |
	sort -u >"$T/documented"
ok "control files were found in the source" test -s "$T/read"
is "each one read is in quill-control.5" \
	"$(comm -23 "$T/read" "$T/documented")" ''
is "each one in quill-control.5 is read" \
	"$(comm -13 "$T/read" "$T/documented" | grep -v '^tcp\.')" ''
is "quillctl check knows them all" \
	"$(sed -n 's/^\t{ "\([a-z0-9.]*\)", [A-Z]* },$/\1/p' \
		src/quillctl/checkcontrol.c)" "$(cat "$T/documented")"
is "they are in alphabetical order there" \
	"$(sed -n 's/^\.It Pa control\/\([a-z0-9.-]*\).*/\1/p' \
		man/quill-control.5 | sort -c 2>&1)" ''
done_testing
