#!/bin/sh
# SPDX-License-Identifier: 0BSD
# Ten domains with much mail, whose hosts take connections and then say nothing:
# mail for anybody else finds a place at once, while all of them hang.
. "$(dirname "$0")/../lib.sh"
. "$TOP/tests/peers.sh"
own_net "$@"
need svscan tcpserver python3
need_sink

quill_config quill.example
mktestuser
{
	echo 'good.test:[127.0.0.2]:2500'
	for n in 0 1 2 3 4 5 6 7 8 9; do
		echo "slow$n.test:[127.0.1.$n]:2501"
	done
} >"$H/control/smtproutes"
start_suite --smtp none
sink_start good 127.0.0.2:2500

# inject RECIPIENT
inject()
{
	printf 'F%s@quill.example\0T%s\0\0' "$testuser" "$1" >"$T/env"
	printf 'Subject: x\n\nbody\n' | "$H/bin/quill-queue" 1<"$T/env"
}

log()
{
	cat "$H"/log/send/@* "$H/log/send/current" 2>/dev/null
}

# begun: how many of the ten; tried: deliveries to them.
begun()
{
	log | grep -Eo 'starting delivery .*@slow[0-9]' | sed 's/.*@//' |
		sort -u | wc -l | tr -d ' '
}

tried()
{
	log | grep -c 'starting delivery .*@slow'
}

all_begun()
{
	[ "$(begun)" = 10 ]
}

# the kernel takes the connections, nobody else does
bg python3 -c '
import socket, time
held = []
for n in range(10):
    s = socket.socket()
    s.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    s.bind(("127.0.1.%d" % n, 2501))
    s.listen(50)
    held.append(s)
time.sleep(900)'
hosts=$bg_pid
ok "ten hosts listen" wait_until 30 tcp_bound 127.0.1.9 2501
for n in 0 1 2 3 4 5 6 7 8 9; do
	for i in 1 2 3 4 5 6 7 8; do
		inject "$i@slow$n.test" || fail "inject $i@slow$n.test"
	done
done
ok "deliveries to all of them begin" wait_until 30 all_begun
inject new@good.test
ok "mail for another domain arrives" wait_until 60 log_has \
	'success: .*new@good\.test'
is "not one of theirs has ended" "$(log | grep -c 'delivery .*to=.*@slow')" 0
t=$(tried)
ok "$t of 20 places are theirs, 17 at most" test "$t" -le 17

# --- nothing of theirs is lost ----------------------------------------------------
bg_stop "$hosts"
sink_start slow 0.0.0.0:2501
svc -a "$S/send"
ok "when their hosts answer all is delivered" wait_until 120 queue_empty
is "each once" "$(log | grep -c 'success: .*@slow[0-9]\.test')" 80
done_testing
