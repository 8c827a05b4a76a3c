#!/bin/sh
# SPDX-License-Identifier: 0BSD
# quillctl as root on a queue whose owner has put links in the place of
# directories and files, or does so at this moment: what they lead to stays as
# it was, and one line says what is wrong.
. "$(dirname "$0")/../lib.sh"
need_root
need python3

quill_config quill.example
ctl=$H/bin/quillctl
Q=$H/queue
V=$T/victim

printf 'Subject: s\n\nbody\n' | queue_mail a@one.example u1@a.test u1@b.test ||
	give_up 'quill-queue'
id=$(find "$Q/msg" -name '*.env' | sed 's/.*\///; s/\.env//')
c=$(echo "$id" | cut -c16)
f=$Q/msg/$c/$id
"$ctl" export "$T/backup" 2>"$T/err" || give_up 'export'

# Root's directory elsewhere, with names in it that the queue has.
victim()
{
	rm -rf "$V"
	mkdir -m 700 "$V" "$V/$c" || give_up 'cannot make a victim'
	for v_dir in "$V" "$V/$c"; do
		cp "$T/backup/msg/$c/$id.env" "$T/backup/msg/$c/$id.mess" \
			"$v_dir"
		echo secret | tee "$v_dir/$id" "$v_dir/junk" "$v_dir/hint" \
			>"$v_dir/$id.mess.part"
	done
	find "$V" -type f -exec chmod 604 {} +
	look >"$T/before"
}
look()
{
	find "$V" -exec stat -c '%n %i %h %s %a %u %g %y' {} + | sort
	find "$V" -type f -exec cksum {} + | sort
}
# untouched NAME
untouched()
{
	look >"$T/after"
	same "$1: nothing happened there" "$T/before" "$T/after"
}

# --- a link in the place of a directory -------------------------------------------
# Which orders need it is not the same for all; fsck looks at each.
for d in msg "msg/$c" bounce lost lock; do
	victim
	# something to be set aside
	echo junk | tee "$Q/bounce/junk" >"$Q/msg/$c/junk"
	mv "$Q/$d" "$T/saved"
	ln -s "$V" "$Q/$d"
	for order in fsck "hold $id" "release $id" "bounce --text why $id" \
		'bounce --text why --all' "reroute --via [127.0.0.1] $id" \
		"import $T/backup" "export $T/again" "show $id" \
		"show --message $id" "why $id" queue status 'top -n 1'; do
		# shellcheck disable=SC2086 # words
		timeout 60 "$ctl" $order >"$T/out" 2>"$T/err"
		rc=$?
		untouched "$d, $order"
		case $d$order in
		*fsck)
			is "$d, $order: exit" $rc 111
			is "$d, $order: says it in one line" "$(grep -c "^$d: a link or a file, no directory; not looked into" "$T/out")" 1 ;;
		msg*hold* | msg*release* | msg*bounce* | msg*show* | msg*queue | \
			msg*status | msg*top* | msg*import* | msg*export*)
			is "$d, $order: exit" $rc 111
			is "$d, $order: says it in one line" "$(grep -c \
				"queue/$d: Not a directory" "$T/err")" 1 ;;
		bouncebounce* | bouncereroute* | lockhold* | lockimport*)
			is "$d, $order: exit" $rc 111 ;;
		esac
	done
	rm -f "$Q/$d"
	mv "$T/saved" "$Q/$d"
	rm -rf "$T/again" "$Q"/lost/*
	find "$Q/msg" "$Q/bounce" -type f -exec rm {} +
	"$ctl" import "$T/backup" >"$T/out" 2>&1
	exits "$d: with the directory all is well" 0 "$ctl" fsck
done

# --- of a file ---------------------------------------------------------------------
victim
for l in send hint; do
	mv "$Q/lock/$l" "$T/$l"
	ln -s "$V/secret" "$Q/lock/$l"
	exits "lock/$l is a link: found" 1 "$ctl" fsck
	untouched "lock/$l"
	exits "lock/$l: then all is well" 0 "$ctl" fsck
	is "lock/$l: as installed" "$(stat -c %U:%G:%a "$Q/lock/$l")" \
		"$(stat -c %U:%G:%a "$T/$l")"
done
for ext in env mess; do
	mv "$f.$ext" "$T/saved"
	ln -s "$V/$id.$ext" "$f.$ext"
	for order in "hold $id" "delete $id" "import $T/backup"; do
		# shellcheck disable=SC2086 # words
		"$ctl" $order >"$T/out" 2>&1
		untouched ".$ext, $order"
	done
	rm -f "$f.$ext"
	mv "$T/saved" "$f.$ext"
done
rm -rf "$Q/lost"/*

# While a quill-send runs an import tells it: not by way of a link.
victim
rm -f "$f.env" "$f.mess"
python3 -c '
import socket, sys
s = socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET)
s.bind(sys.argv[1])
s.listen(9)
open(sys.argv[2], "w").close()
while True:
	s.accept()' "$H/run/send/ctl" "$T/listens" &
echo $! >>"$T/.pids"
listens=$!
wait_until 60 test -e "$T/listens" || give_up 'nobody listens'
rm -f "$Q/lock/hint"
ln -s "$V/secret" "$Q/lock/hint"
echo 'a secret that is longer than an id' >"$V/secret"
look >"$T/before"
exits 'import beside a quill-send' 0 "$ctl" import "$T/backup"
like 'imports' "$(cat "$T/out")" '^imported: 1'
untouched 'lock/hint, import'
bg_stop "$listens"
rm -f "$H/run/send/ctl" "$Q/lock/hint"
"$ctl" fsck >"$T/out" 2>&1
rm -rf "$Q/lost"/*
exits 'then all is well' 0 "$ctl" fsck

# --- now a directory, now a link ----------------------------------------------------
# Names that fsck would have to move, to own and to set aside.
for n in 1 2 3 4 5 6 7 8 9; do
	echo "$n" >"$Q/msg/$c/junk$n"
	cp "$f.mess" "$Q/msg/$c/000000000000000$n.mess"
done
swaps()
{
	victim
	for n in 1 2 3 4 5 6 7 8 9; do
		echo "$n" | tee "$V/junk$n" "$V/000000000000000$n.mess" \
			>"$V/$c/junk$n"
	done
	look >"$T/before"
	ln -s "$V" "$T/link"
	cp -a "$Q" "$T/queue.saved"
	rm -f "$T/swaps"
	python3 "$TOP/tests/swap.py" "$Q/$1" "$T/link" "$T/swaps" &
	swapping=$!
	echo $swapping >>"$T/.pids"
	if ! wait_until 60 test -e "$T/swaps"; then
		skip "$1, fsck while it is swapped" 'no renameat2'
		return
	fi
	end=$(($(date +%s) + 5)) n=0
	while [ $n -lt 40 ] && [ "$(date +%s)" -lt $end ]; do
		n=$((n + 1))
		"$ctl" fsck >"$T/out" 2>&1
		"$ctl" hold "$id" >"$T/out" 2>&1
		"$ctl" release "$id" >"$T/out" 2>&1
		"$ctl" import "$T/backup" >"$T/out" 2>&1
		look >"$T/after"
		cmp -s "$T/before" "$T/after" || break
	done
	bg_stop $swapping
	untouched "$1, while it is swapped $n times"
	rm -rf "${T:?}/link" "$Q"
	mv "$T/queue.saved" "$Q"
}
for d in msg "msg/$c" bounce lost lock; do
	swaps "$d"
done
done_testing
