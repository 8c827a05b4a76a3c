#!/bin/sh
# SPDX-License-Identifier: 0BSD
# Who gets the slots of quill-send: big lists and single messages, destinations
# that hang, refuse or are gone, rates and limits, shared exchangers, programs
# of one user. What counts is the order of events in the log, never a time.
. "$(dirname "$0")/../lib.sh"
. "$TOP/tests/peers.sh"
own_net "$@"
ip route add local 192.0.2.0/24 dev lo src 127.0.0.1 || give_up "no route"
need svscan tcpserver python3 tai64nlocal
need_dns
need_sink

dns_data <<'END_DATA'
@big1.test:192.0.2.20:mx.big.test:10:60
@big2.test:192.0.2.20:mx.big.test:10:60
@big3.test:192.0.2.20:mx.big.test:10:60
END_DATA
dns_start
quill_config quill.example
mktestuser
one=$testuser
mktestuser
two=$testuser
me=$two@quill.example
echo 5000 >"$H/control/retryremote"
printf '%s\n' 'list.test:[127.0.0.2]:2500' 'other.test:[127.0.0.2]:2500' \
	'hang.test:[127.0.0.3]:2500' 'tired.test:[127.0.0.4]:2500' \
	'rate.test:[127.0.0.5]:2500' 'cap.test:[127.0.0.6]:2500' \
	'short.test:[127.0.0.7]:2500' 'long.test:[127.0.0.8]:2500' \
	>"$H/control/smtproutes"
start_suite --smtp none
SOCK=$H/run/send/ctl

ctl()
{
	PYTHONDONTWRITEBYTECODE=1 python3 "$TOP/tests/ctl.py" "$@"
}

# inject RECIPIENT...
inject()
{
	printf 'Subject: x\n\nbody\n' | queue_mail "$me" "$@"
}

# inject_many N DOMAIN: so many messages.
inject_many()
{
	many_i=0
	while [ $many_i -lt "$1" ]; do
		many_i=$((many_i + 1))
		inject "$many_i@$2" || return 1
	done
}

log()
{
	cat "$H"/log/send/@* "$H/log/send/current" 2>/dev/null
}

# log_n ERE N: at least N lines.
log_n()
{
	[ "$(log | grep -Ec -e "$1")" -ge "$2" ]
}

started()
{
	log | grep -Ec "starting delivery .* remote .*@$1\$"
}

# most DOMAIN: so many deliveries to it ran at once, by the log.
most()
{
	log | awk -v "domain=@$1" '
		$2 == "starting" && substr($0, length($0) - length(domain) + 1) \
			== domain { on[$4] = 1; if (++n > max) max = n }
		$2 == "delivery" && ($3 in on) { delete on[$3]; n-- }
		END { print max + 0 }' FS='[ :]+'
}

# --- a big list, and a message after it ------------------------------------------
echo 1 >"$H/control/remoterecipients"
svc -h "$S/send"
ok "control files read" wait_until 60 log_has 'control files read'
sink_start list 127.0.0.2:2500
N=${RECIPIENTS:-1500}
{
	printf 'F%s\0' "$me"
	i=0
	while [ $i -lt "$N" ]; do
		i=$((i + 1))
		printf 'Tlist%d@list.test\0' $i
	done
	printf '\0'
} >"$T/list"
printf 'Subject: list\n\nbody\n' | "$H/bin/quill-queue" 1<"$T/list"
ok "a list is under way" wait_until 60 log_n 'success: .*@list\.test' 20
inject single@other.test
inject single@list.test
ok "a message elsewhere" wait_until 60 log_has 'success: .*single@other\.test'
ok "a message to the same domain" wait_until 60 log_has \
	'success: .*single@list\.test'
# how many of the list began between its coming and its start
passed()
{
	log | awk -v "who=$1" '
		/ info msg .* nrcpt=1$/ && !seen[$4]++ { new[$4 + 0 ? 0 : $4] }
		/starting delivery/ && /remote list[0-9]/ { n++ }
		/ new msg / { at[$NF] = n }
		/starting delivery/ && $NF == who {
			sub(":", "", $6); for (i = 1; i <= NF; i++)
				if ($i == "msg") id = $(i + 1)
			print n - at[id]; exit }'
}
p=$(passed single@other.test)
ok "it let $p of the list pass, 40 at most" test "$p" -le 40
p=$(passed single@list.test)
ok "the other one $p, 60 at most" test "$p" -le 60
ok "the list is delivered" wait_until 300 queue_empty
is "each once" "$(log | grep -c 'success: .*to=list[0-9]*@list\.test')" "$N"
rm "$H/control/remoterecipients"
svc -h "$S/send"

# --- a destination that hangs --------------------------------------------------------
peer_start hang 127.0.0.3:2500 'greeting=SILENCE'
inject_many 30 hang.test
ok "it has begun" wait_until 60 log_n 'starting delivery .*@hang\.test' 4
inject_many 30 other.test
ok "others go on" wait_until 60 log_n 'success: .*[0-9]@other\.test' 30
is "it holds four slots, no more" "$(started hang.test)" 4
like "what waits is known" "$(ctl "$SOCK" destinations)" \
	'^hang\.test channel=remote state=ok running=4 limit=4 .*waiting=26'
peer_stop hang
ok "it is gone: down" wait_until 60 log_has \
	'destination (hang\.test|127\.0\.0\.3:2500): down'
n=$(started hang.test)
ok "what waited is not tried ($n were)" test "$n" -le 8
inject new@hang.test
ok "new mail waits, too" wait_until 60 log_has 'info msg .*nrcpt=1'
like "for its next try" "$(ctl "$SOCK" destinations)" \
	'^127\.0\.0\.3:2500 .*state=down .*until=[0-9]+|^hang\.test .*state=down .*until='
peer_start hang 127.0.0.3:2500
ctl -a hang.test "$SOCK" domain
ok "up again" wait_until 60 log_has \
	'destination (hang\.test|127\.0\.0\.3:2500): up'
ok "then all of it goes" wait_until 60 queue_empty
is "after one probe" "$(log | awk '
	/order domain hang/ { on = 1 }
	on && /starting delivery .*@hang\.test/ { n++ }
	on && /destination .*: up/ { print n; exit }')" 1

# --- one that sends everybody away -----------------------------------------------------
peer_start tired 127.0.0.4:2500 'MAIL="421 4.3.2 too tired"'
inject_many 30 tired.test
ok "down" wait_until 60 log_has 'destination (tired\.test|127\.0\.0\.4:2500): down'
ok "few were tried: $(started tired.test)" test "$(started tired.test)" -le 8
peer_stop tired
peer_start tired 127.0.0.4:2500
svc -a "$S/send"
ok "all delivered when it is well" wait_until 60 queue_empty

# --- limits and rates --------------------------------------------------------------------
printf '%s\n' 'rate.test::60/m' '127.0.0.5:5:60/m' 'cap.test:2' '127.0.0.6:2' \
	>"$H/control/concurrencydomain"
svc -h "$S/send"
ok "read" wait_until 60 log_n 'control files read' 3
sink_start rate 127.0.0.5:2500
sink_start cap 127.0.0.6:2500 -w 1
inject_many 5 rate.test
inject_many 8 cap.test
ok "all arrive" wait_until 120 queue_empty
is "60 a minute are not faster than one a second" "$(log | tai64nlocal |
	awk '/starting delivery .*@rate\.test/ {
		split($2, t, ":"); now = t[1] * 3600 + t[2] * 60 + t[3]
		if (now < last) now += 86400
		if (last && now - last < 0.85) bad++
		last = now } END { print bad + 0 }')" 0
is "two at once" "$(most cap.test)" 2
echo 'cap.test:many' >>"$H/control/concurrencydomain"
svc -h "$S/send"
ok "a bad line is named" wait_until 60 log_has \
	'concurrencydomain: line 5: .*; the old values stay'
rm "$H/control/concurrencydomain"

# A domain with a line of its own, whose exchangers are those of others.
echo 'big3.test:1' >"$H/control/concurrencydomain"
svc -h "$S/send"
ok "read" wait_until 60 log_n 'control files read' 4
sink_start big 192.0.2.20:25 -w 1
inject first@big1.test first@big3.test
ok "it is learned whose exchangers they are" wait_until 60 queue_empty
inject_many 8 big3.test
ok "all arrive" wait_until 120 queue_empty
is "one at a time" "$(most big3.test)" 1
inject_many 8 big1.test
ok "all of another one, too" wait_until 120 queue_empty
ok "which has no such limit" test "$(most big1.test)" -ge 2

# --- domains that share their exchanger ------------------------------------------------------
echo 'mx.big.test:1' >"$H/control/concurrencydomain"
svc -h "$S/send"
ok "read" wait_until 60 log_n 'control files read' 5
for d in 1 2 3; do
	inject "learn@big$d.test"
done
ok "it is learned" wait_until 60 queue_empty
for i in 1 2 3; do
	inject "$i@big1.test"
	inject "$i@big2.test"
	inject "$i@big3.test"
done
ok "all arrive" wait_until 120 queue_empty
is "one at a time, for all three" "$(log | sed -n '/learn@big3/,$p' |
	sed 's/@big[123]\.test/@big.test/' | awk '
		/starting delivery .*[0-9]@big\.test/ { if (++n > max) max = n
			on[$4] = 1; next }
		{ k = $3; sub(":", "", k) }
		$2 == "delivery" && (k ":") in on { n-- }
		END { print max }')" 1

# --- how long mail is kept ----------------------------------------------------------------------
printf '%s\n' 604800 short.test:0 >"$H/control/queuelifetime"
echo 1 >"$H/control/retryremote"
svc -h "$S/send"
ok "read" wait_until 60 log_n 'control files read' 6
inject a@short.test a@long.test
ok "one domain's mail is returned" wait_until 60 log_has \
	'failure: .*too_long.*to=a@short\.test'
unlike "another's is not" "$(log)" 'failure: .*to=a@long\.test'
ctl "$SOCK" delete "$(find "$H/queue/msg" -name '*.env' -printf '%f\n' |
	sed 's/\.env//')" >"$T/out"
ok "deleted" wait_until 60 queue_empty

# --- programs of one user that hang ---------------------------------------------------------------
home=$T/user-$one
cat >"$home/.qmail-hang" <<-END
	|echo x >>$home/began; while [ ! -e $T/go ]; do sleep 0.2; done
END
chown "$one:" "$home/.qmail-hang"
chmod 644 "$home/.qmail-hang"
i=0
while [ $i -lt 40 ]; do
	i=$((i + 1))
	inject "$one-hang@quill.example"
done
began()
{
	[ "$(wc -l <"$home/began")" -ge "$1" ]
}
ok "they begin" wait_until 60 began 4
for i in 1 2 3 4 5; do
	inject "$two@quill.example"
done
ok "another user's mail arrives" wait_until 60 log_n \
	"success: .*to=$two@quill\.example" 5
ok "so many hang: $(wc -l <"$home/began"), 15 at most" \
	test "$(wc -l <"$home/began")" -le 15
touch "$T/go"
ok "then all end" wait_until 120 queue_empty
is "none is lost" "$(wc -l <"$home/began" | tr -d ' ')" 40
done_testing
