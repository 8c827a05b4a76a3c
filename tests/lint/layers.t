#!/bin/sh
# SPDX-License-Identifier: 0BSD
# Which folder may include which, read off the include lines and the Makefile.
. "$(dirname "$0")/../lib.sh"
cd "$TOP" || exit 99

# allowed DIR: the folders its files may include from.
allowed()
{
	case $1 in
	lib) echo lib ;;
	mail) echo lib mail ;;
	wire) echo lib wire ;;
	spawn) echo lib wire spawn ;;
	start | clean | queue) echo lib wire "$1" ;;
	lspawn | rspawn) echo lib wire spawn "$1" ;;
	*) echo lib mail wire "$1" ;;
	esac
}

for d in src/*/; do
	d=$(basename "$d")
	bad=''
	for f in src/"$d"/*.[ch]; do
		[ -f "$f" ] || continue
		sed -n 's/^[ \t]*#[ \t]*include[ \t]*"\([^"]*\)".*/\1/p' \
			"$f" >"$T/inc"
		while read -r inc; do
			case " $(allowed "$d") " in
			*" ${inc%%/*} "*) ;;
			*) bad="$bad $f:$inc" ;;
			esac
			[ -f "src/$inc" ] || bad="$bad $f:$inc(missing)"
		done <"$T/inc"
	done
	is "$d includes only: $(allowed "$d")" "$bad" ''
done

# The same for what is linked.
make -s -pn -f Makefile B="$B" 2>/dev/null </dev/null |
	grep '^[a-z0-9-]*_USES = ' >"$T/uses"
ok "the Makefile lists what programs use" test -s "$T/uses"
like "quill-send uses mail" "$(cat "$T/uses")" '^quill-send_USES = .*mail'
for p in start lspawn rspawn clean queue; do
	unlike "quill-$p does not link mail" "$(grep "^quill-${p}_" \
		"$T/uses")" mail
done
done_testing
