#!/bin/sh
# SPDX-License-Identifier: 0BSD
# Mail by SMTP: a real tcpserver with the rules of quill-service, swaks as the
# client: who may relay, what the log says, how many at once, svc.
. "$(dirname "$0")/../lib.sh"
. "$TOP/tests/peers.sh"
own_net "$@"
need svscan tcpserver tcprules swaks python3 timeout

quill_config quill.example
mktestuser
to=$testuser@quill.example
M=$testhome/Maildir
echo ':[127.0.0.17]:2626' >"$H/control/smtproutes"
peer_start far 127.0.0.17:2626
# 127.0.0.1 is a client of ours, 127.0.0.2 is the world
cat >"$H/control/tcp.smtp" <<'END_RULES'
127.0.0.1:allow,RELAYCLIENT=""
127.0.0.3:deny
127.0.0.4:allow,RELAYCLIENT=".via.example"
127.0.0.5:allow,DATABYTES="2000"
:allow
END_RULES
SMTP_PORT=2525
start_suite --smtp "127.0.0.1:$SMTP_PORT"

# mail FROM-ADDRESS swaks-options...: the dialogue is in $T/dialogue
mail()
{
	mail_li=$1
	shift
	timeout 60 swaks -s "127.0.0.1:$SMTP_PORT" -li "$mail_li" -n \
		-f sender@elsewhere.example "$@" >"$T/dialogue" 2>&1
}

# the_id: of the last message that was accepted, by the reply
the_id()
{
	sed -n 's/^<.*  250 2\.0\.0 ok [0-9]* qp [0-9]* id \([0-9a-v]\{16\}\)$/\1/p' \
		"$T/dialogue" | tail -n 1
}

smtp_log()
{
	cat "$H"/log/smtp/@* "$H/log/smtp/current" 2>/dev/null
}

# --- to a Maildir ------------------------------------------------------------
cat >"$T/body" <<'END_BODY'
Subject: end to end

. a dot
.
last line
END_BODY
{
	cat "$T/body"
	echo # swaks adds a line end
} >"$T/body.want"
ok "swaks" mail 127.0.0.2 -t "$to" -d "$T/body"
ok "arrives" wait_until 10 maildir_has "$M" 1
cat "$M"/new/* >"$T/got"
sed -n '/^Subject: /,$p' "$T/got" >"$T/got.rest"
same "as it was sent" "$T/got.rest" "$T/body.want"
is "Return-Path" "$(sed -n 1p "$T/got")" \
	'Return-Path: <sender@elsewhere.example>'
is "Delivered-To" "$(sed -n 2p "$T/got")" "Delivered-To: $to"
id=$(the_id)
like "the reply names the queue id" "$id" '^[0-9a-v]{16}$'
like "so does quill-queue's Received line" "$(sed -n 3p "$T/got")" \
	"^Received: \(quill [0-9]+ invoked from network id $id\); "
like "quill-smtpd's names the client" \
	"$(sed -n '/^Received: from /,/;/p' "$T/got" | tr -d '\n')" \
	'^Received: from .*127\.0\.0\.2.* by quill\.example .*; '
ok "send's log has it: new" log_has " new msg $id\$"
ok "info" log_has " info msg $id: bytes [0-9]+ from <sender@elsewhere.example> "
ok "end" wait_until 5 log_has " end msg $id\$"
ok "the log of smtp: accepted" wait_until 5 log_has \
	"quill-smtpd: accepted pid=[0-9]+ ip=127\.0\.0\.2 helo=[^ ]+ id=$id \
qp=[0-9]+ from=<sender@elsewhere.example> nrcpt=1 bytes=[0-9]+ message-id=[^ ]* \
to=<$to>\$" smtp
ok "and the session" wait_until 5 log_has \
	'quill-smtpd: session pid=[0-9]+ ip=127\.0\.0\.2 .* msgs=1 .* end=quit refused=0$' \
	smtp
is "its process id is that of tcpserver's child" \
	"$(smtp_log | sed -n 's/.*quill-smtpd: session pid=\([0-9]*\) .*/\1/p')" \
	"$(smtp_log | sed -n 's/.*tcpserver: pid \([0-9]*\) from .*/\1/p')"
rm -f "$M"/new/*

# --- relaying ----------------------------------------------------------------
exits "relaying from elsewhere is refused" 24 mail 127.0.0.2 -t x@far.example
like "550 5.7.1" "$(cat "$T/dialogue")" '^<\*\* 550 5\.7\.1 '
ok "and logged" wait_until 5 log_has \
	'refused pid=[0-9]+ ip=127\.0\.0\.2 .* from=<sender@elsewhere.example> to=<x@far.example> code=550 text="5\.7\.1 .*" what=RCPT$' \
	smtp
for r in "x%far.example@quill.example" '@quill.example:x@far.example' \
	"x@far.example@quill.example" '"x@far.example"@quill.example' \
	"quill.example!x@far.example" "x@[127.0.0.17]" "x@far.example."; do
	mail 127.0.0.2 -t "$r"
done
# some of these are taken, for users that do not exist here
ok "odd forms: all that was taken is done" wait_until 10 queue_empty
unlike "and none of it went there" "$(peer_lines far)" 'RCPT.*far'
ok "the rules let 127.0.0.1 relay" mail 127.0.0.1 -t x@far.example
ok "it goes out" wait_until 10 peer_has far '^RCPT TO:<x@far.example>'
ok "with its id in the log as sent" wait_until 5 log_has "end msg $(the_id)"
ok "RELAYCLIENT is appended" mail 127.0.0.4 -t y@far.example
ok "to the recipient" wait_until 10 peer_has far \
	'^RCPT TO:<y@far.example.via.example>'
ok "nothing has relayed but those two" \
	[ "$(peer_lines far | grep -c '^RCPT TO:.*far')" = 2 ]
mail 127.0.0.3 -t "$to"
unlike "deny: no greeting" "$(cat "$T/dialogue")" '^<.* 220'
ok "logged by tcpserver" wait_until 5 log_has 'tcpserver: deny [0-9]+ ' smtp
head -c 3000 /dev/zero | tr '\0' x | fold >"$T/large"
exits "DATABYTES" 26 mail 127.0.0.5 -t "$to" -d "$T/large"
like "refused as too large" "$(cat "$T/dialogue")" '^<\*\* 552 5\.3\.4 '
wait_until 10 queue_empty
rm -f "$M"/new/* "$H/alias/Maildir"/new/*

# --- more than one message, more than one recipient -----------------------------
mktestuser
ok "two recipients" mail 127.0.0.2 -t "$to,$testuser@quill.example"
ok "one each" wait_until 10 maildir_has "$M" 1
ok "and the other" wait_until 10 maildir_has "$testhome/Maildir" 1
is "no recipient sees the other" \
	"$(grep -c "$testuser@" "$M"/new/* | sed 's/.*://')" 1
rm -f "$M"/new/*

# --- ETRN ------------------------------------------------------------------------
# etrn FROM-ADDRESS DOMAIN: the reply to it
etrn()
{
	python3 - "$SMTP_PORT" "$@" <<'END_PY'
import smtplib, sys
s = smtplib.SMTP("127.0.0.1", int(sys.argv[1]), "c.example", 60,
                 (sys.argv[2], 0))
s.ehlo()
print("offered" if s.has_extn("etrn") else "not offered",
      s.docmd("ETRN", sys.argv[3])[0])
s.quit()
END_PY
}
cat >"$H/control/smtproutes" <<'END_ROUTES'
late.example:[127.0.0.18]:2626
:[127.0.0.17]:2626
END_ROUTES
echo 127.0.0.6 >"$H/control/etrn"
sleep 2 # quill-rspawn notices new routes within a second
ok "mail for a host that is down" mail 127.0.0.1 -t x@late.example
ok "waits" wait_until 60 log_has 'delivery [0-9]+: deferral: .*to=<?x@late'
peer_start late 127.0.0.18:2626
is "ETRN by who is not listed" "$(etrn 127.0.0.2 late.example)" \
	"not offered 502"
is "ETRN by who is" "$(etrn 127.0.0.6 late.example)" "offered 250"
ok "the mail comes at once" wait_until 60 peer_has late \
	'^RCPT TO:<x@late.example>'
wait_until 60 queue_empty

# --- a domain that is not ASCII: both of its forms mean the same ---------------------
echo xn--mnchen-3ya.example >>"$H/control/locals"
echo xn--mnchen-3ya.example >>"$H/control/rcpthosts"
svc -h "$S/send"
ok "locals were read" wait_until 60 log_has 'control files read'
rm -f "$M"/new/*
python3 - "$SMTP_PORT" "${to%@*}" >"$T/both" <<'END_PY'
import smtplib, sys
for domain in "xn--mnchen-3ya.example", "M\xfcnchen.example", "k\xf6ln.example":
    s = smtplib.SMTP("127.0.0.1", int(sys.argv[1]), timeout=60,
                     source_address=("127.0.0.2", 0))
    s.ehlo("client.example")
    s.command_encoding = "utf-8"
    s.docmd("MAIL", "FROM:<a@elsewhere.example> SMTPUTF8")
    code = s.docmd("RCPT", "TO:<%s@%s>" % (sys.argv[2], domain))[0]
    print(code, s.data("Subject: x\r\n\r\nx\r\n")[0] if code == 250 else "")
END_PY
is "what is taken" "$(cat "$T/both")" '250 250
250 250
550 '
ok "it arrives" wait_until 60 maildir_has "$M" 2
is "in one form" "$(cat "$M"/new/* | grep '^Delivered-To: ' | sort -u)" \
	"Delivered-To: ${to%@*}@xn--mnchen-3ya.example"
rm -f "$M"/new/*

# --- how many at once ------------------------------------------------------------
echo 2 >"$S/smtp/env/CONCURRENCY"
svc -t "$S/smtp"
wait_until 10 log_has 'tcpserver: status: 0/2' smtp || fail "CONCURRENCY"
python3 - "$SMTP_PORT" >"$T/many" 2>&1 <<'END_PY'
import socket, sys
def connect():
    s = socket.create_connection(("127.0.0.1", int(sys.argv[1])), 5)
    s.settimeout(1.5)
    return s
def greeting(s):
    try:
        return s.recv(100)[:3].decode()
    except TimeoutError:
        return "wait"
a, b = connect(), connect()
print(greeting(a), greeting(b))
c = connect()
print(greeting(c))
a.sendall(b"QUIT\r\n")
a.recv(100)
c.settimeout(10)
print(greeting(c))
END_PY
is "two are served, the third waits, then gets its turn" \
	"$(cat "$T/many")" "220 220
wait
220"
ok "the log shows that it was full" log_has 'tcpserver: status: 2/2' smtp
unlike "and never more" "$(smtp_log)" 'status: [3-9]/2'

# --- svc ---------------------------------------------------------------------------
echo 40 >"$S/smtp/env/CONCURRENCY"
svc -d "$S/smtp"
wait_until 10 sh -c "svstat '$S/smtp' | grep -q ': down '" || fail "svc -d"
svc -u "$S/smtp"
wait_until 10 listening "$SMTP_PORT" || fail "svc -u"
# a session that is under way when the service goes down
cat >"$T/session.sh" <<END_SH
exec 2>/dev/null
r() { IFS= read -r line; printf '%s\n' "\$line" >>$T/session; }
r; printf 'HELO x\r\n'; r
printf 'MAIL FROM:<s@elsewhere.example>\r\n'; r
printf 'RCPT TO:<$to>\r\n'; r
printf 'DATA\r\n'; r
n=0
until [ -e $T/say ] || [ \$((n += 1)) -gt 300 ]; do sleep 0.1; done
printf 'Subject: during\r\n\r\n.\r\n'; r
printf 'QUIT\r\n'; r
END_SH
bg timeout 60 socat -t 10 "TCP4:127.0.0.1:$SMTP_PORT,bind=127.0.0.2" \
	"EXEC:sh $T/session.sh"
ok "a session has come to DATA" wait_until 10 grep -q ^354 "$T/session"
svc -d "$S/smtp"
ok "svc -d: nobody listens" wait_until 10 sh -c "! timeout 2 swaks \
	-s 127.0.0.1:$SMTP_PORT --quit-after CONNECT"
like "the service is down" "$(svstat "$S/smtp")" ': down '
: >"$T/say"
ok "the session goes on to its end" wait_until 10 grep -q '^221 ' "$T/session"
like "its message is accepted" "$(cat "$T/session")" '^250 2\.0\.0 ok [0-9]+ qp '
ok "and delivered" wait_until 10 maildir_has "$M" 1
rm -f "$M"/new/*
svc -u "$S/smtp"
ok "svc -u: up again" wait_until 10 listening "$SMTP_PORT"
ok "and takes mail" mail 127.0.0.2 -t "$to"
ok "which arrives" wait_until 10 maildir_has "$M" 1

# --- every session has its line ------------------------------------------------------
sessions()
{
	[ "$(smtp_log | grep -c 'quill-smtpd: session ')" = \
		"$(smtp_log | grep -c 'tcpserver: ok ')" ]
}
ok "each connection that was let in has one session line" \
	wait_until 10 sessions
is "no alert in any log" "$(cat "$H"/log/*/current | grep -c alert)" 0
done_testing
