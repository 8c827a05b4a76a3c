#!/bin/sh
# SPDX-License-Identifier: 0BSD
# Every program opens with a process card, and src/README's trust table is what
# the cards say. To bring it up to date: sh tests/lint/trust.sh --write
. "$(dirname "$0")/../lib.sh"
cd "$TOP" || exit 99

sh tests/lint/trust.sh >"$T/cards"
ok "there are cards" test "$(wc -l <"$T/cards")" -gt 10
is "every card says all of it" "$(grep -F '| ? |' "$T/cards")" ''
sed -n '/^| program | runs as/,/^$/p' src/README | sed '/^$/d' >"$T/readme"
ok "src/README's trust table is that of the cards" \
	diff -u "$T/readme" "$T/cards"

sed -n '/^| X | where/,$s/.*| *\(.*\) |$/\1/p' src/README | tr ',' '\n' |
	while read -r where; do
		case $where in where | ---* | '') continue ;; esac
		[ -e "src/$where" ] || [ -e "$where" ] || echo "$where"
	done >"$T/bad"
is "where-is-X names files that exist" "$(cat "$T/bad")" ''

# Each process folder has its main in a file of the folder's name.
for d in src/*/; do
	d=$(basename "$d")
	case $d in lib | mail | wire | spawn | tools) continue ;; esac
	is "main of $d is in src/$d/$d.c" \
		"$(grep -l '^main(' src/"$d"/*.c)" "src/$d/$d.c"
done
is "lib, mail, wire and spawn have none" \
	"$(grep -l '^main(' src/lib/*.c src/mail/*.c src/wire/*.c \
		src/spawn/*.c)" ''
done_testing
