#!/bin/sh
# SPDX-License-Identifier: 0BSD
# Mail to other hosts: the installed suite, a real name server and cache, and
# Postfix's smtp-sink as the other side.
. "$(dirname "$0")/../lib.sh"
. "$TOP/tests/peers.sh"
own_net "$@"
# Other hosts: addresses of 127.0.0.0/8 count as this one.
ip route add local 192.0.2.0/24 dev lo src 127.0.0.1 || give_up "no route"
need svscan tcpserver python3
need_dns
need_sink

{
	# 60 domains whose first exchanger never says a word
	i=0
	while [ $i -lt 60 ]; do
		i=$((i + 1))
		echo "@s$i.hung.test:192.0.2.40:mx1.s$i.hung.test:10:60"
		echo "@s$i.hung.test:192.0.2.41:mx2.s$i.hung.test:20:60"
	done
	cat <<'END_DATA'
@two.test:192.0.2.11:mx1.two.test:10:60
@two.test:192.0.2.12:mx2.two.test:20:60
@five.test:192.0.2.12:mx.five.test:10:60
@part.test:192.0.2.13:mx.part.test:10:60
@late.test:192.0.2.14:mx1.late.test:10:60
@late.test:192.0.2.15:mx2.late.test:20:60
@null.test::.:0:60
@nodns.test:192.0.2.16:mx.nodns.test:10:60
@slowdns.test:192.0.2.16:mx.slowdns.test:10:60
+relay.test:192.0.2.17:60
@old.test:192.0.2.18:mx.old.test:10:60
@many.test:192.0.2.19:mx.many.test:10:60
END_DATA
} | dns_data
dns_start

quill_config quill.example
mktestuser
me=$testuser@quill.example
M=$testhome/Maildir
echo 1 >"$H/control/retryremote"
printf '%s\n' 'routed.test:relay.test:2626' \
	'literal.test:[192.0.2.17]:2626' '.rt.test:[192.0.2.17]:2626' \
	>"$H/control/smtproutes"
start_suite --smtp none

# inject SENDER RECIPIENT...: $T/mess
inject()
{
	queue_mail "$@" <"$T/mess"
}

# log_of RCPT: what became of it, all attempts.
log_of()
{
	cat "$H"/log/send/@* "$H/log/send/current" 2>/dev/null |
		grep -E " delivery [0-9]+: .* to=$1 "
}

# bounced RCPT: a report that names it came; it is in $T/report.
bounced()
{
	wait_until 15 maildir_has "$M" 1 || return 1
	cat "$M"/new/* >"$T/report"
	rm -f "$M"/new/*
	grep -q "^<$1>:" "$T/report"
}
message()
{
	printf 'Subject: %s\n\nbody\n' "$1" >"$T/mess"
}

# moved: one more message, and it goes to the other relay.
moved()
{
	inject "$me" x@moved.rt.test
	wait_until 20 queue_empty
	sink_has moved 1
}

# --- the second of two exchangers --------------------------------------------
sink_start two 192.0.2.12:25
{
	printf 'Subject: bytes\nX-Eight: gr\303\274n\n\n.\n..\n.x\n\n'
	printf 'From me\nGr\303\274\303\237e \200\377\n%0999d\nblank at end  \n.\n' 7
} >"$T/mess"
cp "$T/mess" "$T/want"
inject "$me" joe@two.test
ok "the first exchanger is dead, the second takes it" \
	wait_until 15 sink_has two 1
ok "logged as sent" wait_until 5 log_has \
	'delivery 1: success: .* to=joe@two.test .* status=sent'
dump=$(sink_files two)
is "sender" "$(sink_sender "$dump")" "<$me>"
is "recipient" "$(sink_rcpts "$dump")" "<joe@two.test>"
sink_message "$dump" >"$T/got"
like "a Received line comes first" "$(head -n 1 "$T/got")" \
	'^Received: \(quill [0-9]+ invoked by uid 0 id [0-9a-v]{16}\); '
tail -n +2 "$T/got" >"$T/got.rest"
same "then the message, byte for byte" "$T/got.rest" "$T/want"
like "the relay in the log" "$(log_of joe@two.test)" \
	' relay=mx2.two.test\[192\.0\.2\.12\]:25 .* tls=none dsn=2\.[0-9.]+ '
like "and the server's words" "$(log_of joe@two.test)" '250_2\.0\.0_Ok'
ok "queue empty" wait_until 5 queue_empty

# --- several recipients ------------------------------------------------------
before=$(sink_connections two)
message five
inject "$me" a@five.test b@five.test c@five.test d@five.test e@five.test
ok "five recipients" wait_until 15 sink_has two 2
ok "all sent" wait_until 5 queue_empty
is "one transaction" "$(sink_files two | wc -l)" 2
is "one connection" "$(($(sink_connections two) - before))" 1
is "with all of them" "$(sink_rcpts "$(sink_files two | tail -n 1)" |
	tr -d '\n')" \
	"<a@five.test><b@five.test><c@five.test><d@five.test><e@five.test>"
for r in a b c d e; do
	is "a log line for $r" "$(log_of $r@five.test | grep -c status=sent)" 1
done
is "each with its number" "$(log_of '[a-e]@five.test' |
	grep -o 'delivery [0-9]*' | sort -u | wc -l)" 5

# --- one of them is refused ----------------------------------------------------
peer_start part 192.0.2.13:25 'RCPT=lambda l:
	"550 5.1.1 no such user" if "bad" in l else
	"451 4.2.1 later" if "later" in l and not p.data else "250 ok"'
message part
inject "$me" good@part.test bad@part.test later@part.test
ok "5xx for one recipient: a report" bounced bad@part.test
is "for that one only" "$(grep -c '^Final-Recipient' "$T/report")" 1
like "with the server's words" "$(cat "$T/report")" \
	'Remote host said: 550 5\.1\.1 no such user'
like "and its code" "$(cat "$T/report")" '^Status: 5\.1\.1$'
like "the good one is sent" "$(log_of good@part.test)" status=sent
like "the bad one logged" "$(log_of bad@part.test)" \
	'failure: .* dsn=5\.1\.1 status=bounced'
like "the deferred one, too" "$(log_of later@part.test)" \
	'deferral: .* dsn=4\.2\.1 status=deferred'
ok "and it is sent later" wait_until 20 queue_empty
is "each was taken once" \
	"$(log_of '[a-z]*@part.test' | grep -c status=sent)" 2
is "the good one was asked for once" \
	"$(peer_lines part | grep -c '^RCPT TO:<good@part.test>')" 1
peer_stop part

# --- nobody is up --------------------------------------------------------------
message late
inject "$me" x@late.test
ok "no exchanger is up: deferred" wait_until 15 log_has \
	'deferral: .* to=x@late.test .* dsn=4\.[0-9.]+ status=deferred'
ok "tried again" wait_until 15 sh -c "[ \$(cat '$H/log/send/current' |
	grep -c 'deferral: .* to=x@late.test ') -ge 2 ]"
is "the message waits" "$(queue_count)" 1
sink_start late 192.0.2.15:25
ok "one comes up: it is delivered" wait_until 60 sink_has late 1
ok "and gone" wait_until 5 queue_empty
is "no report" "$(maildir_count "$M")" 0

# --- names without mail --------------------------------------------------------
message nx
inject "$me" x@nonexistent.test
ok "no such domain: returned at once" bounced x@nonexistent.test
like "5.1.2" "$(cat "$T/report")" '^Status: 5\.1\.2$'
is "after one attempt" "$(log_of x@nonexistent.test | wc -l)" 1
message null
inject "$me" x@null.test
ok "null MX: returned at once" bounced x@null.test
like "5.1.10" "$(cat "$T/report")" '^Status: 5\.1\.10$'

# --- no DNS --------------------------------------------------------------------
dns_stop
sink_start nodns 192.0.2.16:25
message nodns
inject "$me" x@nodns.test
ok "no name server: deferred" wait_until 15 log_has \
	'deferral: .* to=x@nodns.test .* dsn=4\.4\.3 status=deferred'
inject "$me" x@nonexistent2.test
ok "also what does not exist" wait_until 15 log_has \
	'deferral: .* to=x@nonexistent2.test .* dsn=4\.4\.3 status=deferred'
dns_silence
inject "$me" x@slowdns.test
ok "a silent one: deferred" wait_until 30 log_has \
	'deferral: .* to=x@slowdns.test .* dsn=4\.4\.3 status=deferred'
is "all wait" "$(queue_count)" 3
is "nothing comes back" "$(maildir_count "$M")" 0
dns_start
ok "the DNS is back: delivered" wait_until 60 sink_has nodns 2
ok "and what does not exist is returned" bounced x@nonexistent2.test
ok "queue empty after that" wait_until 5 queue_empty

# --- smtproutes ----------------------------------------------------------------
sink_start relay 192.0.2.17:2626
message route
inject "$me" x@routed.test
ok "smtproutes: a host and a port" wait_until 15 sink_has relay 1
ok "the log says so" wait_until 5 log_has \
	'to=x@routed.test .* relay=relay.test\[192.0.2.17\]:2626 .*=sent'
inject "$me" x@literal.test
ok "an address and a port" wait_until 15 sink_has relay 2
is "the recipient is not changed" \
	"$(sink_rcpts "$(sink_files relay | tail -n 1)")" "<x@literal.test>"

# --- too old --------------------------------------------------------------------
ok "queue empty before" wait_until 5 queue_empty
echo 1 >"$H/control/queuelifetime"
svc -h "$S/send"
wait_until 5 log_has 'info: control files read' || fail "HUP"
message old
inject "$me" x@old.test
ok "queuelifetime over: returned" bounced x@old.test
like "4.4.7: expired" "$(cat "$T/report")" '^Status: 4\.4\.7$'
like "and why it was not delivered" "$(cat "$T/report")" 'connect'
ok "not before it was old" [ "$(log_of x@old.test |
	grep -c status=deferred)" -ge 1 ]
like "at last logged as bounced" "$(log_of x@old.test)" status=bounced
rm "$H/control/queuelifetime"

# --- a connection for many --------------------------------------------------------
sink_start many 192.0.2.19:25
echo 1 >"$H/control/concurrencyremote"
svc -h "$S/send"
i=0
while [ $i -lt 20 ]; do
	i=$((i + 1))
	message "many $i"
	inject "$me" "r$i@many.test"
done
ok "20 messages" wait_until 60 sink_has many 20
ok "gone" wait_until 5 queue_empty
is "each to its recipient" "$(sink_files many | while read -r f; do
	sink_rcpts "$f"
done | sort -u | wc -l)" 20
n=$(sink_connections many)
ok "few connections" [ "$n" -le 2 ]
diag "$n connections"
is "nothing came back" "$(maildir_count "$M")" 0
before=$(sink_connections relay)
i=0
while [ $i -lt 20 ]; do
	i=$((i + 1))
	message "far $i"
	inject "$me" "x@d$i.rt.test"
done
ok "20 destinations of one relay" wait_until 60 sink_has relay 22
n=$(($(sink_connections relay) - before))
ok "few connections" [ "$n" -le 3 ]
diag "$n connections"
sink_start moved 192.0.2.20:2626
sed 's/^\.rt\.test:.*/.rt.test:[192.0.2.20]:2626/' "$H/control/smtproutes" \
	>"$H/control/smtproutes.new"
mv "$H/control/smtproutes.new" "$H/control/smtproutes"
# noticed within a second: until then the old relay may be used
ok "another relay for them" wait_until 60 moved

# --- dead first exchangers ---------------------------------------------------------
echo 20 >"$H/control/concurrencyremote"
svc -h "$S/send"
echo greeting:3 >"$H/control/remotetimeouts"
peer_start hung 192.0.2.40:25 'greeting=SILENCE'
sink_start live 192.0.2.41:25
"$H/bin/quill-tcpto" clear
message hung
i=0
while [ $i -lt 60 ]; do
	i=$((i + 1))
	inject "$me" "x@s$i.hung.test"
done
ok "all go to the second one" wait_until 90 sink_has live 60
is "none is put off" "$(cat "$H"/log/send/* | grep -c 'deferral: .*hung')" 0
n=$(cat "$T/peer-hung.conns")
# those that were under way when nothing was known yet
ok "few wait for the first one" [ "$n" -lt 40 ]
diag "$n connections"
like "it is remembered" "$("$H/bin/quill-tcpto")" \
	'^192\.0\.2\.40 sent no greeting '
done_testing
