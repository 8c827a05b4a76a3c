#!/bin/sh
# SPDX-License-Identifier: 0BSD
# A disk on which marks cannot be written for a while: what was delivered is
# not counted twice, so that nobody is forgotten.
. "$(dirname "$0")/../lib.sh"
. "$TOP/tests/peers.sh"
own_net "$@"
need svscan python3 strace

quill_config quill.example
mktestuser
user=$testuser
mktestuser
hanger=$testuser
echo 5000 >"$H/control/retryremote"
echo 'far.test:[127.0.0.2]:2500' >"$H/control/smtproutes"
: >"$T/hang"
: >"$T/later"
chmod 711 "$T"
echo "|while test -e $T/hang; do sleep 0.1; done" >"$testhome/.qmail"
chown "$hanger" "$testhome/.qmail"
peer_start far 127.0.0.2:2500 "RCPT=lambda l: (\"451 4.2.1 later\"
	if \"temp\" in l and os.path.exists(\"$T/later\") else \"250 ok\")"
start_suite --smtp none

log_count()
{
	cat "$H"/log/send/@* "$H/log/send/current" 2>/dev/null | grep -c "$1"
}

inject()
{
	printf 'Subject: x\n\nbody\n' |
		queue_mail "$user@quill.example" "$@"
}

# put_off N: temp was deferred that often
put_off()
{
	[ "$(log_count 'deferral: .* to=temp@far.test ')" -ge "$1" ]
}

# --- marks fail while another channel is at work -----------------------------
pid=$(svstat "$S/send" | sed 's/.*pid \([0-9]*\).*/\1/')
timeout 300 strace -qq -p "$pid" -o "$T/strace" -e trace=pwrite64 \
	-e inject=pwrite64:error=EIO 2>"$T/strace.err" &
tracer=$!
echo $tracer >>"$T/.pids"
wait_until 10 grep -q '^TracerPid:	[1-9]' "/proc/$pid/status" ||
	skip_all "strace cannot attach here"
ok "accepted" inject "$hanger@quill.example" good@far.test temp@far.test
ok "one is put off" wait_until 20 put_off 1
ok "a mark failed" wait_until 60 log_has 'alert: unable to mark a recipient'
svc -a "$S/send"
ok "put off again, while a delivery to the other channel runs" \
	wait_until 20 put_off 2
is "what was delivered was not, again" \
	"$(log_count 'success: .* to=good@far.test ')" 1

# --- the disk works again ------------------------------------------------------
kill -TERM $tracer
wait_until 10 grep -q '^TracerPid:	0' "/proc/$pid/status" || fail "detached"
rm "$T/hang"
ok "the other delivery ends" wait_until 60 log_has \
	"success: .* to=$hanger@quill.example "
is "the message is still there" "$(queue_count)" 1
rm "$T/later"
svc -a "$S/send"
ok "nobody is forgotten" wait_until 60 log_has 'success: .* to=temp@far.test '
ok "then it is over" wait_until 60 queue_empty
done_testing
