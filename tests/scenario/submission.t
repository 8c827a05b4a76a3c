#!/bin/sh
# SPDX-License-Identifier: 0BSD
# Users send by 587 and 465: quill-tlsd, quill-authd and quill-verifyd before
# and behind quill-smtpd, with swaks: TLS, AUTH, senders, completion, rates.
. "$(dirname "$0")/../lib.sh"
. "$TOP/tests/peers.sh"
own_net "$@"
need svscan tcpserver rblsmtpd swaks openssl python3
perl -MNet::SSLeay -e 1 2>/dev/null || skip_all "swaks has no TLS here"
[ -x "$B/bin/quill-tlsd" ] || skip_all "there is no quill-tlsd (make tls)"

quill_config quill.example
mktestuser
user=$testuser M=$testhome/Maildir
mktestuser
other=$testuser
echo ':[127.0.0.17]:2626' >"$H/control/smtproutes"
peer_start far 127.0.0.17:2626
certs=$T/certs
. "$TOP/tests/scenario/tls_certs.sh"
ca root
leaf mail root mail.example
mkdir -m 700 "$H/control/tls"
mkdir "$H/control/tls/default"
cp "$certs/mail.pem" "$H/control/tls/default/cert.pem"
(umask 077 && cp "$certs/mail.key" "$H/control/tls/default/key.pem")

echo 1 >"$H/control/authdelay"
for u in $user $other; do
	ok "quill-passwd" sh -c "echo secret | '$H/bin/quill-passwd' add $u"
done
start_suite --auth yes --verify yes --smtp 127.0.0.1:2525 --submission 127.0.0.1:2587 \
	--tls-submission 127.0.0.1:2465
ok "quill-tlsd is there" wait_until 60 test -S "$H/run/tls/server"
ok "quill-verifyd is there" wait_until 60 test -S "$H/run/verify/socket"

# mail PORT swaks-options...: the dialogue is in $T/dialogue
mail()
{
	mail_port=$1
	shift
	timeout 120 swaks -s "127.0.0.1:$mail_port" -n -f "$user@quill.example" \
		-t "x@far.example" --body hello "$@" >"$T/dialogue" 2>&1
}
auth="--auth PLAIN --auth-user $user --auth-password secret"
log()
{
	wait_until 60 log_has "$1" "${2:-submission}"
}

# --- AUTH and TLS ------------------------------------------------------------
# shellcheck disable=SC2086
{
exits "587 without AUTH" 23 mail 2587
like "530 5.7.0" "$(cat "$T/dialogue")" '^<\*\* 530 5\.7\.0 '
unlike "AUTH is not offered in plain text" "$(cat "$T/dialogue")" '^<.*AUTH'
exits "587 with TLS and without AUTH" 23 mail 2587 --tls
like "530 5.7.0, too" "$(cat "$T/dialogue")" '^<~\* 530 5\.7\.0 '
exits "swaks does not AUTH where it is not offered" 28 mail 2587 $auth
ok "587, STARTTLS, AUTH PLAIN" mail 2587 --tls $auth
like "TLS 1.3" "$(cat "$T/dialogue")" 'TLSv1\.3'
like "235" "$(cat "$T/dialogue")" '^<~.* 235 2\.7\.0 '
id=$(sed -n 's/^<~.*  250 2\.0\.0 ok .* id \([0-9a-v]*\)$/\1/p' "$T/dialogue")
ok "it goes out" wait_until 60 peer_has far '^RCPT TO:<x@far.example>'
ok "the log: accepted, with user and TLS" log \
	"accepted .* id=$id .* message-id=<[^ ]+> user=$user \
tls=TLSv1\.3/[A-Z0-9_]+ to=<x@far\.example>\$"
ok "the log: the session" log \
	"session .* msgs=1 .* end=quit refused=0 user=$user tls=TLSv1\.3/[^ ]+\$"
ok "AUTH LOGIN" mail 2587 --tls --auth LOGIN --auth-user "$user" \
	--auth-password secret
ok "465" mail 2465 --tlsc $auth
like "it does not offer STARTTLS" "$(cat "$T/dialogue")" '^<~  250-AUTH PLAIN LOGIN'
unlike "none" "$(cat "$T/dialogue")" 'STARTTLS'
ok "TLS 1.2" mail 2587 --tls --tls-protocol tlsv1_2 $auth
ok "the log says that, too" log "accepted .* tls=TLSv1\.2/"
ok "25: STARTTLS for everybody" mail 2525 --tls -f x@far.example \
	-t "$user@quill.example"
unlike "25: no AUTH" "$(cat "$T/dialogue")" '^<.*AUTH'
ok "it arrives" wait_until 60 maildir_has "$M" 1
like "Received says so" "$(cat "$M"/new/* | tr -d '\n')" \
	'by quill\.example with ESMTPS  \(TLSv1\.3/[A-Z0-9_]+\)  for <'
rm -f "$M"/new/*

printf '%s\n' "$user" | tr '[:lower:]' '[:upper:]' >"$T/upper"
ok "the name in capitals" mail 2587 --tls --auth PLAIN \
	--auth-user "$(cat "$T/upper")" --auth-password secret
ok "the log has it as it is" log "accepted .* user=$user tls="

# --- wrong ---------------------------------------------------------------------
exits "a wrong password" 28 mail 2587 --tls --auth PLAIN \
	--auth-user "$user" --auth-password wrong
like "535" "$(cat "$T/dialogue")" '^<~\* 535 5\.7\.8 '
ok "the log has the user" log \
	"refused .* ip=127\.0\.0\.1 .* code=535 text=\"5\.7\.8 [^\"]*\" what=AUTH user=$user\$"
exits "a recipient that does not exist" 24 mail 2587 --tls $auth \
	-t nobody-here@quill.example
like "550 5.1.1" "$(cat "$T/dialogue")" '^<~\* 550 5\.1\.1 '
exits "the same on port 25" 24 mail 2525 -f x@far.example \
	-t nobody-here@quill.example
exits "a sender of somebody else's" 23 mail 2587 --tls $auth \
	-f "$other@quill.example"
like "553 5.7.1" "$(cat "$T/dialogue")" '^<~\* 553 5\.7\.1 '
exits "a sender of another host" 23 mail 2587 --tls $auth -f x@far.example
touch "$testhome/../user-$user/.qmail-list"
chown "$user:" "$testhome/../user-$user/.qmail-list"
ok "an extension of one's own" mail 2587 --tls $auth \
	-f "$user-list@quill.example"
ok "the null sender" mail 2587 --tls $auth -f '<>'
echo "$user:@sales.example, boss@far.example" >"$H/control/senders"
ok "control/senders: a domain" mail 2587 --tls $auth -f any@sales.example
ok "an address" mail 2587 --tls $auth -f boss@far.example
exits "no other" 23 mail 2587 --tls $auth -f "$user@quill.example"
exits "nor one that begins so" 23 mail 2587 --tls $auth \
	-f any@sales.example.net
exits "nor an address" 23 mail 2587 --tls $auth -f boss@far.example.net
ok "quill-cdb senders" "$H/bin/quill-cdb" senders
ok "compiled: a domain" mail 2587 --tls $auth -f other@sales.example
exits "compiled: no other" 23 mail 2587 --tls $auth -f "$user@quill.example"
rm "$H/control/senders" "$H/control/senders.cdb"

# --- completion ------------------------------------------------------------------
printf 'To: bob@host\nSubject: bare\n\nbody\n' >"$T/bare"
ok "a message without From, Date, Message-ID" mail 2465 --tlsc $auth \
	-t "$user@quill.example" -d "$T/bare"
ok "arrives" wait_until 60 maildir_has "$M" 1
cat "$M"/new/* >"$T/got"
for f in '^Date: [A-Z][a-z][a-z], ' '^Message-ID: <[0-9]+\.[0-9a-v]+\.quill@' \
	"^From: $user@quill\.example\$" '^To: bob@host\.'; do
	like "completed: $f" "$(cat "$T/got")" "$f"
done
like "Received: ESMTPSA" "$(tr -d '\n' <"$T/got")" \
	'from [^ ]+ \(\[127\.0\.0\.1\]\)  by quill\.example with ESMTPSA'
printf 'To: bob@host\nSubject: bare\n\nbody\n' | QMAILHOST=quill.example \
	QMAILUSER=$user "$H/bin/quill-inject" -n >"$T/inject" 2>&1
is "as quill-inject does it" \
	"$(sed -n '/^Date:/,$s/^\(Date\|Message-ID\): .*/\1/p;/^From:/,$p' "$T/got")" \
	"$(sed -n '/^Date:/,$s/^\(Date\|Message-ID\): .*/\1/p;/^From:/,$p' "$T/inject")"
rm -f "$M"/new/*
echo yes >"$H/control/hideclient"
ok "hideclient" mail 2465 --tlsc $auth -t "$user@quill.example"
ok "arrives, too" wait_until 60 maildir_has "$M" 1
unlike "the client is nowhere in it" "$(cat "$M"/new/*)" '127\.0\.0\.1'
rm -f "$M"/new/*

# --- a program in the place of quill-queue: filters sign for users ------------------
# shellcheck disable=SC2016
printf '#!/bin/sh\necho "$SMTPAUTHUSER $TCPREMOTEIP $SSL_PROTOCOL" >>%s\nexec %s\n' \
	"$T/who" "$H/bin/quill-queue" >"$T/queue"
: >"$T/who"
chmod 666 "$T/who"
chmod 755 "$T/queue"
echo ":allow,QUILLQUEUE=\"$T/queue\"" >"$T/rules"
tcprules "$H/control/tcp.submission.cdb" "$T/tmp.cdb" <"$T/rules"
ok "a program that queues" mail 2587 --tls $auth -li 127.0.0.8
is "knows whose it is" "$(cat "$T/who")" "$user 127.0.0.8 TLSv1.3"
echo ':allow' | tcprules "$H/control/tcp.submission.cdb" "$T/tmp.cdb"

# --- rates -------------------------------------------------------------------------
rm -f "$H/run/count/smtpd/rates"
echo 2 >"$H/control/usermessages"
ok "one message" mail 2587 --tls $auth
ok "two" mail 2465 --tlsc $auth
exits "three" 23 mail 2587 --tls $auth
like "450 4.7.1" "$(cat "$T/dialogue")" '^<~\* 450 4\.7\.1 too many messages'
ok "the log says who" log "code=450 .* user=$user\$"
ok "another user" mail 2587 --tls --auth PLAIN --auth-user "$other" \
	--auth-password secret -f "$other@quill.example"
}
# --- a wrapper: rblsmtpd, as INSTALL has it ------------------------------------------
cat >"$H/control/tcp.smtp" <<'END_RULES'
127.0.0.9:allow,RBLSMTPD="-listed here"
127.:allow,RBLSMTPD=""
END_RULES
tcprules "$H/control/tcp.smtp.cdb" "$T/tmp.cdb" <"$H/control/tcp.smtp"
echo 'rblsmtpd -b -r rbl.example' >"$S/smtp/env/WRAPPER"
svc -t "$S/smtp"
listed()
{
	mail 2525 -li 127.0.0.9 -f x@far.example -t "$user@quill.example"
	grep -q '^<\*\* 553 listed here' "$T/dialogue"
}
ok "who is listed is refused by rblsmtpd" wait_until 60 listed
ok "who is not gets to quill-smtpd" mail 2525 --tls -f x@far.example \
	-t "$user@quill.example"
ok "and the mail arrives" wait_until 60 maildir_has "$M" 1
is "no alert in any log" "$(cat "$H"/log/*/current | grep -c alert)" 0
done_testing
