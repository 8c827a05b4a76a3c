#!/bin/sh
# SPDX-License-Identifier: 0BSD
# Orders to a running quill-send by HOME/run/send/ctl (wire/ctl.h): hold,
# release, bounce, delete, reroute, retry, while deliveries run, by whom, and
# with quill-send killed in the middle.
. "$(dirname "$0")/../lib.sh"
. "$TOP/tests/peers.sh"
own_net "$@"
need svscan tcpserver python3
need_sink

quill_config quill.example
mktestuser
me=$testuser@quill.example
M=$testhome/Maildir
# long: what is tried again was ordered to be
echo 5000 >"$H/control/retryremote"
printf '%s\n' 'dead.test:[127.0.0.2]:2500' 'slow.test:[127.0.0.4]:2500' \
	'many.test:[127.0.0.5]:2500' 'late.test:[127.0.0.6]:2500' \
	>"$H/control/smtproutes"
start_suite --smtp none
SOCK=$H/run/send/ctl

ctl()
{
	PYTHONDONTWRITEBYTECODE=1 python3 "$TOP/tests/ctl.py" "$@"
}

order()
{
	order_verb=$1
	shift
	ctl "$SOCK" "$order_verb" "$@"
}

status()
{
	order status | tr ' ' '\n' | sed -n "s/^$1=//p" | head -n 1
}

status_is()
{
	[ "$(status "$1")" = "$2" ]
}

# inject SENDER RECIPIENT...: its id
inject()
{
	printf 'Subject: %s\n\nbody\n' "$2" | queue_mail "$@" || return 1
	find "$H/queue/msg" -name '*.env' -printf '%f\n' | sort | tail -n 1 |
		sed 's/\.env//'
}

# deferrals ERE: how many there were
deferrals()
{
	cat "$H"/log/send/@* "$H/log/send/current" 2>/dev/null |
		grep -c "deferral: .* to=$1 "
}

deferred()
{
	[ "$(deferrals "$1")" -ge "$2" ]
}

gone()
{
	! find "$H/queue/msg" -name "$1.env" | grep -q .
}

# Marks of its recipients, as they are on disk.
marks()
{
	tr '\0' '\n' <"$(find "$H/queue/msg" -name "$1.env")" |
		grep -Ea '^[THMmDXR].*@' | cut -c 1 | tr -d '\n'
}

restart()
{
	old=$(status pid)
	svc -t "$S/send"
	wait_until 60 restarted "$old"
}

restarted()
{
	new=$(status pid 2>/dev/null)
	[ "$new" ] && [ "$new" != "$1" ] && status_is scanning 0
}

# --- who may ask --------------------------------------------------------------
like "root may" "$(order status)" '^send pid=[0-9]+ since=[0-9]+'
like "nobody may not" "$(ctl -u 65534 "$SOCK" status)" \
	'^refused: permission denied'
gid=$(sed -n 's/^g [^ ]* //p' "$H/users/ids" | head -n 1)
like "a member of quill's group may" "$(ctl -g "$gid" -u 65534 "$SOCK" status)" \
	'^send pid='
# Whoever has no right to ask cannot keep others from asking by sitting there.
cat >"$T/sit.py" <<'END'
import os, socket, sys, time
os.setgroups([])
os.setgid(65534)
os.setuid(65534)
held = []
for i in range(24):
    s = socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    s.connect(sys.argv[1])
    held.append(s)
print('there', flush=True)
time.sleep(600)
END
bg python3 "$T/sit.py" "$SOCK"
wait_until 60 grep there "$T/bg.log"
like "a stranger's 24 connections leave places" "$(order status 2>&1)" \
	'^send pid='
bg_stop "$bg_pid"
quilld=$(sed -n '1s/^u [^ ]* //p' "$H/users/ids")
like "smtpd's user may not" "$(ctl -u "$quilld" "$SOCK" status)" \
	'^refused: permission denied'
like "nor give orders" "$(ctl -u "$quilld" "$SOCK" retry 0123456789abcdef)" \
	'^refused: permission denied'
is "but ETRN" "$(ctl -u "$quilld" -a dead.test "$SOCK" domain)" ""
# 20 at once, then one in 3 seconds: slower than a busy machine asks
i=0
# shellcheck disable=SC2094 # it is looked at while it grows
until [ $i = 200 ] || grep -q 'too many' "$T/etrn"; do
	i=$((i + 1))
	ctl -u "$quilld" -a dead.test "$SOCK" domain
done >"$T/etrn"
like "not too often" "$(tail -n 1 "$T/etrn")" 'too many'
ok "but 20 times" test $i -gt 19
like "an unknown message" "$(order hold 0123456789abcdef)" \
	'^0123456789abcdef gone 0 0'
like "an unknown verb" "$(order fly 0123456789abcdef)" '^refused:'
like "a bounce without a reason" "$(order bounce 0123456789abcdef)" '^refused:'
like "a relay that is none" "$(ctl -a 'a b:x' "$SOCK" reroute \
	0123456789abcdef)" '^refused:'

# --- hold and release ---------------------------------------------------------
id=$(inject "$me" a@dead.test b@dead.test)
ok "deferred" wait_until 60 deferred b@dead.test 1
is "hold one of two" "$(order hold "$id:0")" "$id done 1 0"
is "its mark" "$(marks "$id")" HT
is "again: done already" "$(order hold "$id:0")" "$id done 0 0"
is "retry" "$(order retry "$id")" "$id done 1 0"
ok "tries the other" wait_until 60 deferred b@dead.test 2
is "hold all" "$(order hold "$id")" "$id done 1 0"
is "marks" "$(marks "$id")" HH
is "retry of a held one" "$(order retry "$id")" "$id nothing 0 0"
like "held" "$(order message "$id")" "^$id state=held"
is "counted" "$(status held)" 1
ok "restart" restart
svc -a "$S/send"
ok "found held" wait_until 60 status_is held 1
is "marks" "$(marks "$id")" HH
is "the held one was not tried" "$(deferrals a@dead.test)" 1
is "release" "$(order release "$id")" "$id done 2 0"
is "marks" "$(marks "$id")" TT
ok "is tried" wait_until 60 deferred a@dead.test 2
ok "by whom" log_has "order release msg $id: uid=0 recipients=2"

# --- delete and bounce --------------------------------------------------------
is "delete one" "$(order delete "$id:1")" "$id done 1 0"
is "marks" "$(marks "$id")" TR
is "a reason" "$(ctl -a 'the project is over' "$SOCK" bounce "$id")" \
	"$id done 1 0"
ok "the message ends" wait_until 60 gone "$id"
ok "a report" wait_until 60 maildir_has "$M" 1
cat "$M"/new/* >"$T/report"
rm -f "$M"/new/*
like "has the reason" "$(cat "$T/report")" 'the project is over'
like "and who failed" "$(cat "$T/report")" '^Final-Recipient: .*a@dead\.test'
unlike "not who was deleted" "$(cat "$T/report")" 'b@dead\.test'
id=$(inject "$me" c@dead.test)
ok "deferred" wait_until 60 deferred c@dead.test 1
is "delete all" "$(order delete "$id")" "$id done 1 0"
ok "the message ends" wait_until 60 gone "$id"
is "nobody is told" "$(maildir_count "$M")" 0

# --- reroute --------------------------------------------------------------------
sink_start one 127.0.0.3:2500
id=$(inject "$me" d@dead.test e@dead.test)
ok "deferred" wait_until 60 deferred d@dead.test 1
is "hold" "$(order hold "$id")" "$id done 2 0"
is "reroute one, held" "$(ctl -a '[127.0.0.3]:2500' "$SOCK" reroute "$id:0")" \
	"$id done 1 0"
is "marks" "$(marks "$id")" mH
ok "logged, with the relay" log_has "order reroute msg $id: uid=0 recipients=1 busy=0 via=\[127\.0\.0\.3\]:2500\$"
ok "restart" restart
is "release" "$(order release "$id")" "$id done 2 0"
ok "it goes by the relay" wait_until 60 sink_has one 1
is "that one only" "$(sink_rcpts "$(sink_files one)")" "<d@dead.test>"
ok "marked" wait_until 60 test "$(marks "$id")" = DT ||
	diag "$(marks "$id")"
is "reroute the other, not held" \
	"$(ctl -a '[127.0.0.3]:2500' "$SOCK" reroute "$id")" "$id done 1 0"
ok "goes at once" wait_until 60 sink_has one 2
ok "the message ends" wait_until 60 gone "$id"
is "nobody is told" "$(maildir_count "$M")" 0
# a local one
mkdir -p "$testhome"
echo '|exit 111' >"$testhome/.qmail-later"
chown "$testuser:" "$testhome/.qmail-later"
chmod 644 "$testhome/.qmail-later"
id=$(inject "$me" "$testuser-later@quill.example")
ok "deferred here" wait_until 60 deferred "$testuser-later@quill.example" 1
is "reroute" "$(ctl -a '[127.0.0.3]:2500' "$SOCK" reroute "$id")" \
	"$id done 1 0"
ok "goes there" wait_until 60 sink_has one 3
is "as it was addressed" "$(sink_rcpts "$(sink_files one | tail -n 1)")" \
	"<$testuser-later@quill.example>"
ok "the message ends" wait_until 60 gone "$id"

# --- while it is being delivered ------------------------------------------------
peer_start slow 127.0.0.4:2500 'RCPT=lambda l: (time.sleep(
	0 if os.path.exists("/tmp/never") else 5),
	"451 4.2.1 later")[1]'
id=$(inject "$me" x@slow.test)
ok "under way" wait_until 60 peer_has slow RCPT
is "bounce: busy" "$(ctl -a 'no' "$SOCK" bounce "$id")" "$id busy 0 1"
is "hold: done" "$(order hold "$id")" "$id done 1 0"
ok "deferred" wait_until 60 deferred x@slow.test 1
ok "it is held" wait_until 60 status_is held 1
is "marks" "$(marks "$id")" H
is "release" "$(order release "$id")" "$id done 1 0"
ok "under way again" wait_until 60 deferred x@slow.test 2
is "delete" "$(order delete "$id")" "$id done 1 0"
ok "the message ends" wait_until 60 gone "$id"
peer_stop slow

# --- a domain ---------------------------------------------------------------------
for r in 1 2 3 4 5; do
	inject "$me" "$r@late.test" >/dev/null
done
inject "$me" 6@late.test 6@dead.test >/dev/null
ok "all deferred, or put off" wait_until 60 log_has \
	'destination (late\.test|127\.0\.0\.6)[^ ]*: down'
like "the destination is down" "$(order destinations)" \
	'^127\.0\.0\.6:2500 channel=remote state=down .*failures=[3-9]'
sink_start late 127.0.0.6:2500
is "ordered" "$(ctl -a late.test "$SOCK" domain)" ""
ok "all arrive" wait_until 60 sink_has late 6
ok "up" wait_until 60 log_has 'destination 127\.0\.0\.6:2500: up'
order delete "$(find "$H/queue/msg" -name '*.env' -printf '%f\n' |
	sed 's/\.env//')" >/dev/null
ok "the queue is empty" wait_until 60 queue_empty
ok "after a restart" restart
sink_stop late
inject "$me" 7@late.test >/dev/null
ok "deferred" wait_until 60 deferred 7@late.test 1
ok "restart" restart
sink_start late 127.0.0.6:2500
is "ordered" "$(ctl -a LATE.test "$SOCK" domain)" ""
ok "one that was not looked at since" wait_until 60 sink_has late 7

# --- counters -----------------------------------------------------------------------
like "counters go on over restarts" "$(order counters)" \
	' starts=[5-9].* remote_delivered=1[0-9] '

# --- killed in the middle -----------------------------------------------------------
N=${MESSAGES:-150}
i=0
while [ $i -lt "$N" ]; do
	i=$((i + 1))
	inject "$me" "$i@many.test" >/dev/null
done
ok "all taken up" wait_until 120 log_has "info msg .* nrcpt=1" &&
	wait_until 120 test "$(queue_count)" = "$N"
find "$H/queue/msg" -name '*.env' -printf '%f\n' | sed 's/\.env//' |
	sort >"$T/ids"
held()
{
	held_n=0
	while read -r held_id; do
		case $(marks "$held_id") in H | m) held_n=$((held_n + 1)) ;; esac
	done <"$T/ids"
	echo "$held_n"
}
for verb in hold reroute hold; do
	# shellcheck disable=SC2046
	(ctl -a '[127.0.0.7]:2500' "$SOCK" $verb $(cat "$T/ids")) \
		>"$T/killed" 2>&1 &
	killed=$!
	pid=$(status pid)
	kill -9 "$pid"
	wait $killed
	ok "$verb, killed: started again" wait_until 60 restarted "$pid"
	is "no message is lost" "$(queue_count)" "$N"
	find "$H/queue/lost" -type f >"$T/lost"
	is "none is damaged" "$(cat "$T/lost")" ""
done
# shellcheck disable=SC2046
order hold $(cat "$T/ids") >"$T/out"
is "repeated: every one is held" "$(held)" "$N"
is "and answered" "$(grep -Ec ' done [01] 0$' "$T/out")" "$N"
# shellcheck disable=SC2046
ctl -a '[127.0.0.7]:2500' "$SOCK" reroute $(cat "$T/ids") >"$T/out"
is "rerouted" "$(grep -Ec ' done [01] 0$' "$T/out")" "$N"
sink_start many 127.0.0.7:2500
# shellcheck disable=SC2046
order release $(cat "$T/ids") >"$T/out"
is "released" "$(grep -c ' done 1 0$' "$T/out")" "$N"
ok "all arrive" wait_until 120 queue_empty
sink_files many | while read -r f; do sink_rcpts "$f"; done | sort >"$T/got"
is "each once" "$(uniq "$T/got" | wc -l | tr -d ' ')/$(wc -l <"$T/got" |
	tr -d ' ')" "$N/$N"
is "nobody was told anything" "$(maildir_count "$M")" 0
unlike "no alerts" "$(cat "$H"/log/send/*)" 'alert: [^l]'
done_testing
