#!/bin/sh
# SPDX-License-Identifier: 0BSD
# quillctl and a running suite: what it tells, orders and what becomes of the
# mail, who may give them, quill-send and quillctl killed in the middle, fsck
# and export while mail flows, colours and top on a terminal.
. "$(dirname "$0")/../lib.sh"
. "$TOP/tests/peers.sh"
own_net "$@"
need svscan tcpserver python3 setpriv
need_sink

quill_config quill.example
ctl=$H/bin/quillctl
mktestuser
me=$testuser@quill.example
M=$testhome/Maildir
echo 5000 >"$H/control/retryremote"
printf '%s\n' 'dead.test:[127.0.0.2]:2500' 'slow.test:[127.0.0.4]:2500' \
	'many.test:[127.0.0.5]:2500' >"$H/control/smtproutes"
start_suite --smtp none

inject()
{
	printf 'Subject: a letter\n\nbody\n' | queue_mail "$@" || return 1
	find "$H/queue/msg" -name '*.env' -printf '%f\n' | sort | tail -n 1 |
		sed 's/\.env//'
}

gone()
{
	! find "$H/queue/msg" -name "$1.env" | grep -q .
}

deferrals()
{
	cat "$H"/log/send/@* "$H/log/send/current" 2>/dev/null |
		grep -c "deferral: .* to=$1 "
}

deferred()
{
	[ "$(deferrals "$1")" -ge "$2" ]
}

states()
{
	"$ctl" queue "$@" 2>/dev/null | sed -n 's/^\t\([a-z]\{1,\}\)\t.*/\1/p' |
		sort | uniq -c | tr -s ' \n' ' '
}

# held N: that many recipients are held, by the files
held()
{
	[ "$(states --state held)" = " $1 held " ]
}

pid_of_send()
{
	"$ctl" status -j | python3 -c 'import json, sys
print(json.load(sys.stdin)["pid"])'
}

answers()
{
	"$ctl" status -j | grep -q '"answers":true.*"scanning":0'
}

# --- status -------------------------------------------------------------------
exits 'status: it runs' 0 "$ctl" status --services "$S"
like 'with its pid' "$(cat "$T/out")" '^quill-send: running, pid [0-9]+, since'
like 'deliveries' "$(cat "$T/out")" \
	'^deliveries running: local 0 of 20, remote 0 of 20, bounces 0$'
like 'free space' "$(cat "$T/out")" '^free: .*inodes: '
like 'services' "$(cat "$T/out")" '^services: send +up since'

# --- what is known of a message -------------------------------------------------
id=$(inject "$me" a@dead.test b@dead.test)
ok 'deferred' wait_until 60 deferred b@dead.test 1
ok 'it waits, by quill-send' wait_until 60 sh -c \
	"'$ctl' show -j $id | grep -q '\"state\":\"waiting\"'"
is 'queue: waits' "$(states "$id")" ' 2 waits '
is 'queue --reason' "$("$ctl" queue --count --reason 'refused|connect')" 1
is 'queue --state waiting' "$("$ctl" queue --count --state waiting)" 1
is 'queue --state new' "$("$ctl" queue --count --state new)" 0
"$ctl" show "$id" >"$T/out"
like 'show: the next attempt' "$(cat "$T/out")" 'next attempt: .*\(in [0-9]+ (d|h|min)'
like 'show: why then' "$(cat "$T/out")" 'why: last tried .* old; the wait'
like 'show: the last reply' "$(cat "$T/out")" 'last reply: .'
like 'status: last errors' "$("$ctl" status)" "$id to [ab]@dead.test"
is 'each is one line' "$("$ctl" status | grep -c '?$')" 0
like 'why' "$("$ctl" why "$id")" 'deferred b@dead.test: '
like 'ages' "$("$ctl" ages)" '^dead.test +2 +2 '
like 'top: a destination that does not answer' "$("$ctl" top -n 1)" \
	'^(dead.test|127.0.0.2:2500) +0 +[1-9] +[0-9]+ +[1-9][0-9]* (ok|slow|down) +[^ ]'

# --- orders ---------------------------------------------------------------------
is 'a dry run changes nothing' \
	"$("$ctl" hold -n --all | head -n 1; states)" \
	"would hold $id from <$me>
 2 waits "
exits 'hold one of two' 0 "$ctl" hold --to a@dead.test
like 'says so' "$(cat "$T/out")" "^$id: held, recipients: 1"
is 'held' "$(states)" ' 1 held 1 waits '
exits 'retry the other' 0 "$ctl" retry dead.test
ok 'is tried' wait_until 60 deferred b@dead.test 2
is 'the held one was not' "$(deferrals a@dead.test)" 1
like 'show: held' "$("$ctl" show "$id")" '^  held +a@dead.test'
exits 'delete' 0 "$ctl" delete --to b@dead.test
like 'show: now it is held' "$("$ctl" show "$id")" 'it is held'
sink_start one 127.0.0.3:2500
exits 'reroute' 0 "$ctl" reroute --via '[127.0.0.3]:2500' "$id"
exits 'a relay that is none' 64 "$ctl" reroute --via 'a b:x' "$id"
like 'is refused' "$(cat "$T/err")" 'bad port of a relay: a b:x'
exits 'release' 0 "$ctl" release "$id"
ok 'delivered by the relay' wait_until 60 sink_has one 1
is 'to whom it was left' "$(sink_rcpts "$(sink_files one)")" '<a@dead.test>'
ok 'and out of the queue' wait_until 60 gone "$id"
# The log comes after the queue.
told()
{
	"$ctl" why "$id" >"$T/out" &&
		tail -n 1 "$T/out" | grep -q 'done, out of the queue'
}
ok 'why tells of the end' wait_until 60 told
like 'why tells of the orders, and of whom' "$(cat "$T/out")" \
	'ordered: reroute .*uid=0'
like 'why tells of the delivery' "$(cat "$T/out")" 'delivered a@dead.test: '
exits 'show: gone' 1 "$ctl" show "$id"
exits 'an order for it' 1 "$ctl" hold "$id"
id=$(inject "$me" c@dead.test)
ok 'deferred' wait_until 60 deferred c@dead.test 1
exits 'bounce' 0 "$ctl" bounce --text 'the project is over' --from "$me"
ok 'a report' wait_until 60 maildir_has "$M" 1
ok 'with the reason' grep -q 'the project is over' "$M"/new/*
ok 'ends' wait_until 60 gone "$id"

# --- while it is being delivered --------------------------------------------------
peer_start slow 127.0.0.4:2500 'RCPT=lambda l: ([time.sleep(0.1)
	for _ in range(2000) if not os.path.exists("'"$T"'/go")],
	"451 4.2.1 later")[1]'
id=$(inject "$me" x@slow.test)
ok 'under way' wait_until 60 peer_has slow RCPT
is 'queue --state active' "$("$ctl" queue --count --state active)" 1
like 'show: active' "$("$ctl" show "$id")" 'being delivered now'
exits 'bounce: try again' 111 "$ctl" bounce "$id"
like 'it is busy' "$(cat "$T/out")" "^$id: busy, left alone"
exits 'hold' 0 "$ctl" hold "$id"
touch "$T/go"
ok 'the delivery ends' wait_until 60 deferred x@slow.test 1
is 'held it stays' "$(states)" ' 1 held '
exits 'delete it' 0 "$ctl" delete "$id"
ok 'it is gone' wait_until 60 gone "$id"

# --- who may ------------------------------------------------------------------------
id=$(inject "$me" d@dead.test)
# its destination is down by now: nobody else would try it soon
exits 'retry' 0 "$ctl" retry "$id"
ok 'deferred' wait_until 60 deferred d@dead.test 1
mktestuser
exits 'a stranger may not order' 111 setpriv --reuid "$testuser" \
	--clear-groups --regid "$testuser" "$ctl" delete "$id"
like 'is told who may' "$(cat "$T/err")" 'only root and group quill may'
usermod -a -G "$(stat -c %G "$H/queue")" "$testuser"
exits 'a member of group quill may' 0 setpriv --reuid "$testuser" \
	--init-groups --regid "$testuser" "$ctl" delete "$id"
ok 'it is gone' wait_until 60 gone "$id"
ok 'logged by whom' log_has "order delete msg $id: uid=$(id -u "$testuser") "

# --- many, and kill -9 ----------------------------------------------------------------
n=0
while [ $n -lt 150 ]; do
	n=$((n + 1))
	inject "$me" "u$n@many.test" "v$n@many.test" >/dev/null
done
is 'many messages wait' "$(queue_count)" 150
turn=0
while [ $turn -lt 4 ]; do
	turn=$((turn + 1))
	old=$(pid_of_send)
	"$ctl" hold --all >"$T/hold.out" 2>"$T/hold.err" &
	ordering=$!
	[ $turn -gt 2 ] || kill -9 "$old"
	[ $turn -le 2 ] || kill -9 "$ordering"
	wait "$ordering"
	rc=$?
	[ $turn -gt 2 ] || ok "kill -9 of quill-send, $turn: 0, 1 or 111" \
		test $rc = 0 -o $rc = 1 -o $rc = 111
	ok "it is there again" wait_until 60 answers
	is "no message was lost, $turn" "$(queue_count)" 150
	"$ctl" hold --all >"$T/out" 2>&1
	rc=$?
	ok "again, $turn: exit 0, or 1 when nothing was left to do" \
		test $rc = 0 -o $rc = 1
	ok "all are held, $turn" wait_until 30 held 300
	exits "release, $turn" 0 "$ctl" release --all
	ok "none is held, $turn" wait_until 30 sh -c \
		"[ \$('$ctl' queue --count --state held 2>/dev/null) = 0 ]"
done
exits 'hold half' 0 "$ctl" hold --match '^v[0-9]+@many'
ok 'half of each message' wait_until 30 held 150
svc -d "$S/send"
wait_until 60 sh -c "! '$ctl' status" || fail 'svc -d'
exits 'stopped: release by quillctl itself' 0 "$ctl" release --all
like 'which says so' "$(cat "$T/err")" 'not running: done without it'
exits 'stopped: fsck' 0 "$ctl" fsck
sink_start many 127.0.0.5:2500
svc -u "$S/send"
ok 'it runs again' wait_until 60 answers
exits 'fsck while it delivers' 0 "$ctl" fsck
"$ctl" export - >"$T/running.tar" 2>"$T/err"
is 'export while it delivers' $? 0
# what quillctl released it made due; the others wait
"$ctl" retry --all >"$T/out" 2>&1
ok 'all are delivered' wait_until 180 queue_empty
is 'each once' "$(cat "$H"/log/send/@* "$H/log/send/current" 2>/dev/null |
	grep 'success: .*@many.test ' | sed 's/.* to=\([^ ]*\) .*/\1/' | sort |
	uniq -c | awk '$1 == 1' | wc -l)" 300
exits 'import of what is delivered by now' 0 "$ctl" import "$T/running.tar"
is 'brings nothing back' "$(queue_count)" 0

# --- on a terminal ---------------------------------------------------------------------
cat >"$T/terminal.py" <<'END'
import os, pty, select, sys, time
key, cmd = sys.argv[1], sys.argv[2:]
pid, fd = pty.fork()
if pid == 0:
	os.environ["TERM"] = "xterm"
	os.environ.pop("NO_COLOR", None)
	os.execv(cmd[0], cmd)
out, end, sent = b"", time.time() + 120, not key
while time.time() < end:
	if select.select([fd], [], [], 0.2)[0]:
		try:
			d = os.read(fd, 65536)
		except OSError:
			break
		if not d:
			break
		out += d
	if not sent and b"destination" in out:
		os.write(fd, key.encode())
		sent = True
os.waitpid(pid, 0)
sys.stdout.buffer.write(out)
END
python3 "$T/terminal.py" '' "$ctl" status >"$T/out"
like 'status on a terminal: green' "$(od -An -c "$T/out" | tr -d ' \n')" \
	'033\[32mrunning033\[0m'
"$ctl" status >"$T/out"
unlike 'in a pipe: no colour' "$(od -An -c "$T/out")" 033
printf 'Fx@quill.example\0Ty@dead.test\0\0' >"$T/env"
printf 'Subject: \033[2Jnasty\n\n\033]0;title\007\n' |
	"$H/bin/quill-queue" 1<"$T/env"
ok 'a nasty message' wait_until 60 deferred y@dead.test 1
id=$("$ctl" queue -j --to y@dead.test | sed 's/.*"queue_id":"\([^"]*\).*/\1/')
python3 "$T/terminal.py" '' "$ctl" show --message "$id" >"$T/out"
like 'show --message on a terminal shows it' "$(cat "$T/out")" \
	'^Subject: .?\[2Jnasty'
unlike 'and nothing a terminal obeys' "$(od -An -c "$T/out")" '033|  \\a'
exits 'delete it' 0 "$ctl" delete "$id"
ok 'gone' wait_until 60 queue_empty
python3 "$T/terminal.py" q "$ctl" top -d 1 >"$T/out"
od -An -c "$T/out" | tr -d ' \n' >"$T/top"
like 'top: the queue' "$(cat "$T/out")" 'queue 0'
like 'top: begins with a screen of its own' "$(cat "$T/top")" '^033\[\?1049h'
like 'q: ends, and gives it back' "$(cat "$T/top")" '033\[\?1049l'
# rated: mail is delivered between two looks
rated()
{
	"$ctl" top -d 2 -n 2 >"$T/out" &
	rated_pid=$!
	inject "$me" "$me" >/dev/null
	wait "$rated_pid"
	sed '1,/^$/d' "$T/out" | grep -Eq \
		'^a second: (.*, )?local_delivered[a-z_]* ([1-9][0-9]*\.[0-9]|0\.[1-9])(,|$)'
}
ok 'top: rates' wait_until 120 rated
ok 'all of it is delivered' wait_until 60 queue_empty
if command -v tmux >/dev/null; then
	tmux -S "$T/tmux" new-session -d -x 100 -y 30 "$ctl top -d 1"
	ok 'top in tmux' wait_until 60 sh -c \
		"tmux -S '$T/tmux' capture-pane -p | grep -q 'many.test\|destination'"
	# what does not fit on a line is cut, and takes no other line's place
	tmux -S "$T/tmux" resize-window -x 40 -y 12
	ok 'top in a narrow terminal' wait_until 60 sh -c \
		"tmux -S '$T/tmux' capture-pane -p |
			sed -n 5p | grep -q '^destination'"
	tmux -S "$T/tmux" send-keys q
	ok 'q ends it' wait_until 60 sh -c \
		"! tmux -S '$T/tmux' list-sessions"
else
	skip 'top in tmux' 'tmux is not installed'
fi
done_testing
