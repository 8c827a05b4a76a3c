#!/bin/sh
# SPDX-License-Identifier: 0BSD
# Machine A dies. The last export of its queue, its Maildirs and its logs come
# up on B, another home on which mail waits already: every recipient has each
# message exactly once, held mail is held, nothing is in lost.
. "$(dirname "$0")/../lib.sh"
need_root
need svscan python3 tar

H=$T/a
export H
quill_home_make >"$T/install.log" 2>&1 || give_up 'cannot install A'
quill_config a.example
A=$H
mktestuser
one=$testuser
mktestuser
two=$testuser
mktestuser
three=$testuser

# send HOME SUBJECT USER...
send()
{
	send_home=$1 send_subject=$2
	shift 2
	printf 'Fsender@a.example\0' >"$T/env"
	for send_to in "$@"; do
		printf 'T%s@%s\0' "$send_to" "$(cat "$send_home/control/me")"
	done >>"$T/env"
	printf '\0' >>"$T/env"
	printf 'Subject: %s\n\nbody\n' "$send_subject" |
		"$send_home/bin/quill-queue" 1<"$T/env"
}

# got USER SUBJECT: how often
got()
{
	cat "$T/user-$1"/Maildir/new/* 2>/dev/null | grep -c "^Subject: $2\$"
}

has()
{
	[ "$(got "$1" "$2")" -ge "$3" ]
}

# sticky: being edited, try later
chmod +t "$T/user-$two"
start_suite --smtp none
n=0
while [ $n -lt 20 ]; do
	n=$((n + 1))
	send "$A" "early $n" "$one" "$two" || give_up 'quill-queue'
done
n=0
all_of()
{
	all_n=0
	while [ $all_n -lt 20 ]; do
		all_n=$((all_n + 1))
		has "$1" "$2 $all_n" 1 || return 1
	done
}
ok 'A delivers to one, the other waits' wait_until 60 all_of "$one" early
send "$A" held "$three" "$two"
ok 'half of it is delivered' wait_until 60 has "$three" held 1
id=$("$A/bin/quillctl" queue -j --from sender@a.example |
	python3 -c 'import json, sys
print(max(json.loads(l)["queue_id"] for l in sys.stdin))')
exits 'hold one' 0 "$A/bin/quillctl" hold "$id"
chmod +t "$T/user-$three"
send "$A" split "$two" "$three"

# --- the nightly export, while A is at work ---------------------------------------
n=0
while [ $n -lt 20 ]; do
	n=$((n + 1))
	send "$A" "middle $n" "$one" "$two"
done &
sending=$!
exits 'export of the running queue' 0 "$A/bin/quillctl" export "$T/backup"
wait $sending
ok 'A goes on' wait_until 60 all_of "$one" middle
exits 'another export to the same place' 0 "$A/bin/quillctl" export "$T/backup"
is 'holds what waits' "$(find "$T/backup/msg" -name '*.env' | wc -l)" \
	"$("$A/bin/quillctl" queue --count)"
send "$A" "after the export" "$one"
ok 'delivered after the export' wait_until 60 has "$one" 'after the export' 1
chmod -t "$T/user-$two"
early=$(grep -l '^Subject: early 3$' "$A"/queue/msg/*/*.mess |
	sed 's/.*\///; s/\.mess//')
exits 'one is tried again' 0 "$A/bin/quillctl" retry "$early"
ok 'some is delivered after the export, too' wait_until 60 has "$two" 'early 3' 1
split=$(grep -l '^Subject: split$' "$A"/queue/msg/*/*.mess |
	sed 's/.*\///; s/\.mess//')
exits 'and one to half of those whom it is for' 0 "$A/bin/quillctl" retry "$split"
ok 'one has it, the other waits' wait_until 60 has "$two" split 1

# --- A dies ------------------------------------------------------------------------
kill -9 "$("$A/bin/quillctl" status -j | python3 -c 'import json, sys
print(json.load(sys.stdin)["pid"])')"
stop_suite
tar cf "$T/saved.tar" -C "$T" "user-$one" "user-$two" "user-$three"
cp -a "$A/log/send" "$T/log-of-a"
rm -rf "$A" "$S" "$T/user-$one" "$T/user-$two" "$T/user-$three"

# --- B --------------------------------------------------------------------------------
H=$T/b
rm -rf "$T/link"
quill_home_make >"$T/install2.log" 2>&1 || give_up 'cannot install B'
quill_config b.example
B_=$H
tar xpf "$T/saved.tar" -C "$T"
# B takes over the domain
echo a.example >>"$B_/control/locals"
chmod +t "$T/user-$three"
start_suite --smtp none
send "$B_" "mail of B" "$three"
ok 'mail waits on B' wait_until 60 log_has 'status=deferred'
exits 'import while B runs' 0 "$B_/bin/quillctl" import --logs "$T/log-of-a" \
	"$T/backup"
# others may have been due on A by themselves
like 'says what came, and what was done' "$(cat "$T/out")" \
	'^imported: [0-9]+, .* done already: [1-9][0-9]*, not imported: 0'
is 'all that was in the backup' "$(tr -c '0-9\n' ' ' <"$T/out" |
	awk '{ print $1 + $3, $2 }')" '42 0'
"$B_/bin/quillctl" retry --all >"$T/out" 2>&1
chmod -t "$T/user-$three"
"$B_/bin/quillctl" retry --all >"$T/out" 2>&1
only_held()
{
	[ "$("$B_/bin/quillctl" queue --count)" = 1 ]
}
ok 'all but what is held is delivered' wait_until 120 only_held
is 'what was held on A is held here' \
	"$("$B_/bin/quillctl" queue --state held -j | grep -c "$id")" 1
twice()
{
	for tw_user in "$one" "$two"; do
		for tw_set in early middle; do
			tw_n=0
			while [ $tw_n -lt 20 ]; do
				tw_n=$((tw_n + 1))
				tw_got=$(got "$tw_user" "$tw_set $tw_n")
				[ "$tw_got" = 1 ] ||
					echo "$tw_user: $tw_got of $tw_set $tw_n"
			done
		done
	done
}
is 'everybody has everything exactly once' "$(twice)" ''
is 'what came after the export was not sent again' \
	"$(got "$one" 'after the export')" 1
is 'mail of B, too' "$(got "$three" 'mail of B')" 1
is 'who had it after the export did not get it again' \
	"$(got "$two" split)" 1
is 'the other did, once' "$(got "$three" split)" 1
is 'the delivered half of the held one was not sent again' \
	"$(got "$three" held)" 1
exits 'release' 0 "$B_/bin/quillctl" release --all
ok 'it arrives' wait_until 60 has "$two" held 1
ok 'and the queue is empty' wait_until 60 queue_empty
is 'once' "$(got "$two" held)" 1
exits 'import again' 0 "$B_/bin/quillctl" import --logs "$T/log-of-a" \
	"$T/backup"
is 'brings nothing back' "$("$B_/bin/quillctl" queue --count)" 0
exits 'fsck' 0 "$B_/bin/quillctl" fsck
like 'nothing is in lost' "$("$B_/bin/quillctl" status)" 'set aside: 0'
done_testing
