#!/bin/sh
# SPDX-License-Identifier: 0BSD
# A site of several machines, section 16 of INSTALL: mail-in, mail-out, a backup
# MX. The commands are those of INSTALL; one home plays each of them in turn.
. "$(dirname "$0")/../lib.sh"
. "$TOP/tests/peers.sh"
own_net "$@"
# Other hosts: addresses of 127.0.0.0/8 count as this one.
ip route add local 192.0.2.0/24 dev lo src 127.0.0.1 || give_up "no route"
need svscan tcpserver python3
need_dns

dns_data <<'END_DATA'
+store.quill.example:192.0.2.41:60
+store2.quill.example:192.0.2.42:60
+mail-in.quill.example:192.0.2.43:60
@far.example:192.0.2.44:mx.far.example:10:60
@customer.example:192.0.2.45:mx.customer.example:10:60
@customer.example:192.0.2.46:backup.quill.example:20:60
END_DATA
dns_start

# install_says ERE ERE: the commands of INSTALL between two lines, for $H
install_says()
{
	sed -n "/$1/,/$2/s/^    //p" "$TOP/INSTALL" |
		sed "s,/var/quill,$H,g; s,/etc/service/quill-,$S/,g
			s,/etc/resolv.conf,$T/resolv.new,"
}

# follow ERE ERE [SED]: do what it says
follow()
{
	install_says "$1" "$2" | sed "${3:-}" >"$T/recipe"
	ok "INSTALL: $(grep -c . "$T/recipe") commands" \
		sh -ec ". $T/recipe" || diag "$(cat "$T/recipe")"
}

# smtp FROM-ADDRESS RECIPIENT: the code that it gets; 250: a message was taken
cat >"$T/smtp.py" <<'END_PY'
import smtplib, sys
s = smtplib.SMTP("127.0.0.1", int(sys.argv[1]), source_address=(sys.argv[2], 0),
                 timeout=60)
s.ehlo("client.example")
s.mail("from@client.example")
code = s.rcpt(sys.argv[3])[0]
if code == 250:
    code = s.data("Subject: x\r\n\r\nx\r\n")[0]
print(code)
END_PY
smtp()
{
	timeout 120 python3 "$T/smtp.py" "$SMTP_PORT" "$@"
}

# role NAME: install anew as that machine
role()
{
	[ ! -d "$T/home" ] || stop_suite
	rm -rf "${T:?}/home" "${T:?}/service"
	H='' S=$T/service
	quill_home
	"$H/bin/quill-config" --admin you@quill.example "$1" \
		>"$T/config.log" 2>&1 || give_up "quill-config"
	echo 1 >"$H/control/retryremote"
	echo 0 >"$H/control/idleremote"
}

# --- mail-in ---------------------------------------------------------------------
role mail-in.quill.example
follow '^has the mailboxes' '^LMTP hands over'
unlike "--check has nothing against it" \
	"$("$H/bin/quill-config" --check 2>&1)" \
	'^(error|warning):.*(quill\.example|smtproutes|rcpthosts|locals)'
like "explain: it goes to the store" \
	"$("$H/bin/quillctl" explain joe@quill.example)" 'store\.quill\.example'
start_suite
peer_start store 192.0.2.41:24
is "mail for the domain is taken" "$(smtp 192.0.2.9 joe@quill.example)" 250
ok "and handed over by LMTP" wait_until 60 peer_has store \
	'^RCPT TO:<joe@quill.example>'
like "LHLO" "$(peer_lines store)" '^LHLO mail-in\.quill\.example'
is "other domains are not" "$(smtp 192.0.2.9 joe@far.example)" 550
is "postmaster is taken" "$(smtp 192.0.2.9 postmaster)" 250
ok "and goes to the admin" wait_until 60 peer_has store \
	'^RCPT TO:<you@quill.example>'
ok "the queue is empty" wait_until 60 queue_empty
peer_stop store
peer_start store2 192.0.2.42:25
echo quill.example:store.quill.example store2.quill.example \
	>"$H/control/smtproutes"
is "two stores that run quill, one is down" \
	"$(smtp 192.0.2.9 ann@quill.example)" 250
ok "the other has it" wait_until 60 peer_has store2 \
	'^RCPT TO:<ann@quill.example>'
like "by SMTP" "$(peer_lines store2)" '^EHLO mail-in\.quill\.example'

# --- mail-out --------------------------------------------------------------------------
role mail-out.quill.example
follow '^On mail-out,' '^A backup MX'
start_suite
peer_start in 192.0.2.43:25
peer_start far 192.0.2.44:25
is "strangers are turned away" "$(smtp 192.0.2.9 x@far.example)" 550
echo '192.0.2.10:allow,RELAYCLIENT=""' >"$H/control/tcp.smtp"
"$H/bin/quill-service" "$S" --verify no --auth no \
	--smtp "127.0.0.1:$SMTP_PORT" >"$T/service.log" 2>&1
svc -t "$S/smtp"
ok "it is up again" wait_until 30 suite_up
is "from a client to the site" "$(smtp 192.0.2.10 joe@quill.example)" 250
ok "by mail-in" wait_until 60 peer_has in '^RCPT TO:<joe@quill.example>'
is "to others" "$(smtp 192.0.2.10 joe@far.example)" 250
ok "by their MX" wait_until 60 peer_has far '^RCPT TO:<joe@far.example>'
is "to its postmaster" "$(smtp 192.0.2.10 postmaster@mail-out.quill.example)" 250
ok "by mail-in, to the admin" wait_until 60 peer_has in \
	'^RCPT TO:<you@quill.example>'

# --- a backup MX ---------------------------------------------------------------------------
role backup.quill.example
start_suite
follow '^A backup MX has' '^While that MX'
ok "it was read" wait_until 60 log_has 'control files read'
is "its mail is taken" "$(smtp 192.0.2.9 joe@customer.example)" 250
ok "the better MX is down: it waits" wait_until 60 log_has \
	'deferral: .*to=joe@customer\.example .*status=deferred'
unlike "and is not taken to be looping" "$(cat "$H/log/send/current")" \
	'#[45]\.4\.6'
peer_start better 192.0.2.45:25
echo 192.0.2.8 >"$H/control/etrn"
# months later, without ETRN, if that were needed
echo 5000 >"$H/control/retryremote"
svc -h "$S/send"
etrn()
{
	python3 -c 'import smtplib, sys
s = smtplib.SMTP("127.0.0.1", int(sys.argv[1]), timeout=60,
                 source_address=("192.0.2.8", 0))
s.ehlo("customer.example")
print(s.docmd("ETRN", "customer.example")[0])' "$SMTP_PORT"
}
is "it is back, and says ETRN" "$(etrn)" 250
ok "it has its mail" wait_until 60 peer_has better \
	'^RCPT TO:<joe@customer.example>'
ok "the queue is empty" wait_until 60 queue_empty
peer_stop better
is "mail again" "$(smtp 192.0.2.9 ann@customer.example)" 250
ok "it waits" wait_until 60 log_has \
	'deferral: .*to=ann@customer\.example .*status=deferred'
peer_start better 192.0.2.45:25
exits "quillctl retry" 0 "$H/bin/quillctl" retry --domain customer.example
ok "it has its mail" wait_until 60 peer_has better \
	'^RCPT TO:<ann@customer.example>'

# --- the rest of section 16, and 17 ------------------------------------------------------------
cd "$H/control" || give_up "no control"
n=$(grep -c 'control files read' "$H/log/send/current")
more_read()
{
	[ "$(grep -c 'control files read' "$H/log/send/current")" -gt "$n" ]
}
follow '^own is counted alone:' '^What does not answer'
ok "concurrencydomain was read" wait_until 60 more_read
follow '^What does not answer' '^17\. '
follow '^the same machine or over' '^MTA-STS, for'
follow '^needs no Postfix' '^While it is down' '/apt-get/d; /systemctl/d'
is "control/ is as quill-remote wants it" \
	"$("$H/bin/quill-remote" -n 2>&1; echo $?)" 0
is "resolv.conf" "$(cat "$T/resolv.new")" "nameserver 127.0.0.1
options trust-ad"
done_testing
