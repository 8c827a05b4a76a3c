#!/bin/sh
# SPDX-License-Identifier: 0BSD
# trust.sh - the trust table of src/README, from the process cards
#
# A card is the first comment of a program's main file: its fields are "key",
# two or more blanks, text; lines that start with more blanks go on.
# --write puts the table into src/README.
set -eu
cd "$(dirname "$0")/../.."

if [ "${1:-}" = --write ]; then
	new=$(mktemp)
	trap 'rm -f "$new"' EXIT
	{
		sed '/^| program | runs as/,$d' src/README
		sh tests/lint/trust.sh
		sed '1,/^| program | runs as/d' src/README | sed '/^|/d'
	} >"$new.table"
	# The rows of the second table go back where they were.
	sed -n '/^| X | where |/,$p' src/README >"$new"
	sed '/^Where is X$/,$d' "$new.table" >src/README
	printf 'Where is X\n----------\n' >>src/README
	cat "$new" >>src/README
	rm -f "$new.table"
	exit 0
fi

echo '| program | runs as | started by | reads | writes | trusts |'
echo '|---|---|---|---|---|---|'
make -s -pn -f Makefile 2>/dev/null </dev/null | awk '
	/^(PROGRAMS|SYSPROGRAMS|TLSPROGRAMS) = / {
		for (i = 3; i <= NF; i++)
			want[$i] = ++n
	}
	/^[a-z0-9-]+_OBJS = / {
		name = $1
		sub(/_OBJS$/, "", name)
		main[name] = $3
	}
	END {
		for (p in want)
			print want[p], p, "src/" main[p] ".c"
	}' | sort -n | while read -r _ program file; do
	awk -v program="$program" '
	function cell(k,  s) {
		s = v[k]
		gsub(/ +wire\/[a-z]+\.h/, "", s)
		gsub(/ +/, " ", s)
		return s == "" ? "?" : s
	}
	NR > 1 && (/^#include/ || /\*\//) { exit }
	/^ \* [a-z]+( [a-z0-9]+)?  +[^ ]/ && !/^ \*  / {
		line = substr($0, 4)
		key = line
		sub(/  .*/, "", key)
		sub(/^[^ ]+( [^ ]+)?  +/, "", line)
		v[key] = line
		next
	}
	/^ \*  +[^ ]/ && key != "" {
		sub(/^ \*  +/, "")
		v[key] = v[key] " " $0
	}
	END {
		printf "| %s | %s | %s | %s | %s | %s |\n", program,
			cell("runs as"), cell("started by"), cell("reads"),
			cell("writes"), cell("trusts")
	}' "$file"
done
