#!/bin/sh
# SPDX-License-Identifier: 0BSD
# What the programs are linked with, and how, read off their ELF headers.
. "$(dirname "$0")/../lib.sh"
need readelf
[ -z "$SAN" ] || skip_all "a sanitizer build links its own libraries"
cd "$TOP" || exit 99

elves=''
for p in "$B"/bin/*; do
	[ "$(head -c 4 "$p" | tail -c 3)" = ELF ] || continue
	elves="$elves $p"
done
ok "there are programs" test "$(echo "$elves" | wc -w)" -ge 13
for p in $elves; do
	name=$(basename "$p")
	libs=$(readelf -dW "$p" | sed -n 's/.*(NEEDED).*\[\(.*\)\]/\1/p' |
		grep -vE '^(libc\.so\.6|libc\.so|libc\.musl-.*|ld-linux.*)$')
	case $name in
	quill-authd | quill-passwd) libs=$(echo "$libs" | grep -v libcrypt) ;;
	esac
	if [ "$name" = quill-tlsd ]; then
		is "$name: OpenSSL" "$(echo "$libs" | sed 's/\.so.*//' | sort |
			tr '\n' ' ')" 'libcrypto libssl '
	else
		is "$name: libc alone" "$libs" ''
	fi
	type=$(readelf -hW "$p" | sed -n 's/^ *Type: *\([A-Z]*\).*/\1/p')
	interp=$(readelf -lW "$p" | grep -c INTERP)
	like "$name: position-independent or static" "$type $interp" '^DYN|^EXEC 0'
	segments=$(readelf -lW "$p")
	like "$name: RELRO" "$segments" 'GNU_RELRO'
	like "$name: no executable stack" "$segments" 'GNU_STACK.* RW '
	unlike "$name: nothing writable and executable" "$segments" 'LOAD.* RWE '
done

# The name service needs the system's C library; a static one could not load
# its modules.
like "quill-getpw is dynamic" "$(readelf -lW "$B/bin/quill-getpw")" INTERP

# Nothing of the machine it was built on.
for p in $elves; do
	grep -aqF "$TOP/" "$p" && echo "$p has $TOP"
	grep -aqF "$(hostname).local" "$p" && echo "$p has the host name"
done >"$T/bad"
is "no trace of the build machine" "$(cat "$T/bad")" ''

# Two builds of the same source are the same bytes: the second is of one
# program, into another directory.
make -s B="$T/b" "$T/b/bin/quill-queue" >"$T/out" 2>&1 </dev/null
make -s B="$T/b2" "$T/b2/bin/quill-queue" >"$T/out" 2>&1 </dev/null
same "a build can be repeated" "$T/b/bin/quill-queue" "$T/b2/bin/quill-queue"
done_testing
