#!/bin/sh
# SPDX-License-Identifier: 0BSD
# What a sender asked to be told (RFC 3461) is told once, and nothing else:
# mailboxes, forwards, lists, peers with and without DSN, delays, auto-
# responders.
. "$(dirname "$0")/../lib.sh"
. "$TOP/tests/peers.sh"
own_net "$@"
ip route add local 192.0.2.0/24 dev lo src 127.0.0.1 || give_up "no route"
need svscan tcpserver python3

quill_config quill.example
mktestuser
printf '%s\n' 'new.test:[192.0.2.11]:2525' 'old.test:[192.0.2.12]:2525' \
	'down.test:[192.0.2.13]:2525' 'no.test:[192.0.2.14]:2525' \
	>"$H/control/smtproutes"
echo 1 >"$H/control/retryremote"
SMTP_PORT=$(free_port)
start_suite --smtp "127.0.0.1:$SMTP_PORT"
peer_start new 192.0.2.11:2525 'ext=EHLO + ["DSN"]'
peer_start old 192.0.2.12:2525 'ext=EHLO'
peer_start no 192.0.2.14:2525 'RCPT="550 5.1.1 not here"'
me=$testuser@quill.example
M=$testhome/Maildir
# Reports come to an address of their own.
mkdir -p "$testhome"
echo ./Reports/ >"$testhome/.qmail-re"
su -s /bin/sh "$testuser" -c "$H/bin/maildirmake $testhome/Reports" ||
	give_up maildirmake
R=$testhome/Reports
re=$testuser-re@quill.example

message()
{
	printf 'Subject: %s\n%b\nbody\n' "$1" "${2:-}" >"$T/mess"
}

# inject RECORD...: one record each of the envelope.
inject()
{
	{
		printf '%s\0' "$@"
		printf '\0'
	} >"$T/env"
	"$H/bin/quill-queue" <"$T/mess" 1<"$T/env"
}

# told: the one report that came, and nothing is left in the queue.
told()
{
	wait_until 30 maildir_has "$R" 1 && wait_until 30 queue_empty || return 1
	[ "$(maildir_count "$R")" = 1 ] || return 1
	cat "$R"/new/* >"$T/report"
	rm -f "$R"/new/*
}

# quiet: the queue gets empty and nobody is told anything.
quiet()
{
	wait_until 30 queue_empty || return 1
	sleep 0.5
	is "nothing told" "$(maildir_count "$R")" 0
	rm -f "$R"/new/*
}

field()
{
	sed -n "s/^$1: *//p" "$T/report"
}

# --- one mailbox: every value of NOTIFY ---------------------------------------
message mailbox
ok "NOTIFY=NEVER" inject "F$re" "T$me" PNOTIFY=NEVER
quiet
inject "F$re" "T$me"
quiet
inject "F$re" "T$me" PNOTIFY=FAILURE,DELAY
quiet
inject "F$re" "PENVID=id+2B1" "T$me" PNOTIFY=SUCCESS \
	"PORCPT=rfc822;o+2Bx@y.test"
ok "SUCCESS: told" told
is "delivered" "$(field Action)" delivered
is "its class" "$(field Status)" 2.0.0
is "ENVID, decoded" "$(field Original-Envelope-Id)" id+1
is "ORCPT, decoded" "$(field Original-Recipient)" "rfc822;o+x@y.test"
is "Final-Recipient" "$(field Final-Recipient)" "rfc822;$me"
like "no failure by its first line" "$(cat "$T/report")" \
	'^This is the quill-send program at quill.example'
like "the header alone comes back" "$(cat "$T/report")" \
	'^Content-Type: text/rfc822-headers'
like "automatic" "$(cat "$T/report")" '^Auto-Submitted: auto-replied$'
is "no reason is left behind" "$(find "$H/queue/bounce" -type f)" ""
is "four were delivered" "$(maildir_count "$M")" 4

bad=nobody@quill.example
inject "F$re" "T$bad" PNOTIFY=NEVER
quiet
inject "F$re" "T$bad" PNOTIFY=SUCCESS
quiet
inject "F$re" "T$bad" PNOTIFY=DELAY
quiet
ok "which the log tells" log_has 'bounce msg [0-9a-v]+ dropped: nobody asked'
inject "F$re" "T$bad" PNOTIFY=FAILURE
ok "FAILURE: told" told
is "failed" "$(field Action) $(field Status)" "failed 5.1.1"
like "why" "$(field Diagnostic-Code)" '^X-Quill;Sorry, no mailbox'
inject "F" "T$bad" PNOTIFY=NEVER
wait_until 30 queue_empty
is "NEVER: postmaster is not told either" \
	"$(maildir_count "$H/alias/Maildir")" 0
inject "F$re" "T$bad" PNOTIFY=FAILURE "T$me" PNOTIFY=SUCCESS "T$me" "Tx$bad"
ok "several recipients: one report" told
is "of those who are in it" "$(field Action | sort | tr '\n' ' ')" \
	"delivered failed failed "

# --- RET ----------------------------------------------------------------------
inject "F$re" PRET=HDRS "T$bad"
ok "RET=HDRS" told
is "the header alone" "$(grep -c '^body' "$T/report")" 0
inject "F$re" PRET=FULL "T$bad"
ok "RET=FULL" told
is "the message" "$(grep -c '^body' "$T/report")" 1

# --- forwards -----------------------------------------------------------------
echo "&$bad" >"$testhome/.qmail-one"
printf '&%s\n&%s\n' "$me" "$bad" >"$testhome/.qmail-two"
printf './Maildir/\n&%s\n' "$bad" >"$testhome/.qmail-both"
echo "&$me" >"$testhome/.qmail-fine"
echo "&$bad" >"$testhome/.qmail-list"
: >"$testhome/.qmail-list-owner"
inject "F$re" PENVID=f1 "T$testuser-one@quill.example" PNOTIFY=NEVER
quiet
inject "F$re" PENVID=f1 "T$testuser-one@quill.example" PNOTIFY=FAILURE
ok "forward to one address: its failure is told" told
is "with the id" "$(field Original-Envelope-Id)" f1
is "and the address that the sender knows" "$(field Original-Recipient)" \
	"rfc822;$testuser-one@quill.example"
inject "F$re" "T$testuser-fine@quill.example" PNOTIFY=SUCCESS
ok "its success, by who has it in the end" told
is "is delivered" "$(field Action) $(field Final-Recipient)" \
	"delivered rfc822;$me"
inject "F$re" "T$testuser-two@quill.example" PNOTIFY=SUCCESS
ok "forward to two: expanded, and no failure was asked for" told
is "expanded" "$(field Action) $(field Final-Recipient)" \
	"expanded rfc822;$testuser-two@quill.example"
inject "F$re" "T$testuser-both@quill.example" PNOTIFY=NEVER
quiet
inject "F$re" "T$testuser-list@quill.example" PNOTIFY=SUCCESS
ok "a list" told
is "is where the message is delivered" "$(field Action)" delivered

# the same by a .forward file
for i in one fine both; do
	echo "|quill-dotforward fwd-$i" >"$testhome/.qmail-f$i"
done
echo "$bad" >"$testhome/fwd-one"
echo "$testuser-ok@quill.example" >"$testhome/fwd-fine"
printf '\\%s, %s\n' "$testuser" "$bad" >"$testhome/fwd-both"
echo './Maildir/' >>"$testhome/.qmail-fboth"
echo '#' >"$testhome/.qmail-ok"
chown "$testuser:" "$testhome"/fwd-*
inject "F$re" PENVID=f2 "T$testuser-fone@quill.example" PNOTIFY=NEVER
quiet
inject "F$re" PENVID=f2 PRET=HDRS "T$testuser-fone@quill.example" \
	PNOTIFY=FAILURE "PORCPT=rfc822;a+2Bb@c.test"
ok ".forward to one address: its failure is told" told
is "with the id" "$(field Original-Envelope-Id)" f2
is "and the address that the sender wrote" "$(field Original-Recipient)" \
	"rfc822;a+b@c.test"
is "and the header alone" "$(grep -c '^body' "$T/report")" 0
inject "F$re" "T$testuser-fone@quill.example" PNOTIFY=FAILURE
ok "without ORCPT" told
is "it is the address that was ours" "$(field Original-Recipient)" \
	"rfc822;$testuser-fone@quill.example"
inject "F$re" "T$testuser-ffine@quill.example" PNOTIFY=SUCCESS
ok "its success is told once" told
is "as that of the .forward file" "$(field Action) $(field Final-Recipient)" \
	"expanded rfc822;$testuser-ffine@quill.example"
inject "F$re" "T$testuser-fboth@quill.example" PNOTIFY=NEVER
quiet
inject "F$re" "T$testuser-fboth@quill.example" PNOTIFY=SUCCESS
ok "an own copy and a forward: no failure was asked for" told
is "expanded, too" "$(field Action)" expanded
# a program's word is taken for its own recipient alone
echo '|echo dsn=expanded' >"$testhome/.qmail-says"
echo '|echo no dsn=expanded; echo dsn=expanded x' >"$testhome/.qmail-not"
inject "F$re" "T$testuser-says@quill.example" PNOTIFY=SUCCESS
ok "a program that says that it passes on" told
is "is believed" "$(field Action)" expanded
inject "F$re" "T$testuser-not@quill.example" PNOTIFY=SUCCESS
ok "one that says something like it" told
is "is not" "$(field Action)" delivered

# --- peers --------------------------------------------------------------------
inject "F$re" PRET=HDRS PENVID=p1 Tjoe@new.test PNOTIFY=SUCCESS,DELAY \
	"PORCPT=rfc822;joe@x.test"
quiet
ok "a peer with DSN is asked" peer_has new \
	'^MAIL FROM:<[^>]*>.* RET=HDRS ENVID=p1$'
ok "for each recipient" peer_has new \
	'^RCPT TO:<joe@new.test> NOTIFY=SUCCESS,DELAY ORCPT=rfc822;joe@x.test$'
inject "F$re" PENVID=p2 Tjoe@old.test PNOTIFY=SUCCESS
ok "a peer without: told" told
is "relayed" "$(field Action)" relayed
is "to whom" "$(field Remote-MTA)" "dns;192.0.2.12"
ok "which is not asked" peer_has old '^RCPT TO:<joe@old.test>$'
inject "F$re" Tjoe@old.test PNOTIFY=NEVER
quiet
inject "F$re" Tjoe@no.test
ok "a refusal" told
is "in the peer's words" "$(field Action) $(field Status)" "failed 5.1.1"
like "words" "$(field Diagnostic-Code)" '^smtp;550 5.1.1 not here'
inject "F$re" Tjoe@no.test PNOTIFY=NEVER
quiet

# --- through SMTP and sendmail -------------------------------------------------
python3 - "$SMTP_PORT" "$re" "$me" <<'END'
import smtplib, sys
s = smtplib.SMTP("127.0.0.1", int(sys.argv[1]))
s.ehlo("client.test")
assert s.has_extn("dsn")
s.sendmail(sys.argv[2], [sys.argv[3]], "Subject: smtp\r\n\r\nx\r\n",
    ["RET=HDRS", "ENVID=s+2B1"], ["NOTIFY=SUCCESS", "ORCPT=rfc822;a@b"])
END
ok "by SMTP" told
is "all of it" "$(field Original-Envelope-Id) $(field Original-Recipient)" \
	"s+1 rfc822;a@b"
printf 'Subject: sm\n\nx\n' | "$H/bin/sendmail" -f "$re" -N success -V 'a b' \
	"$me"
ok "by sendmail" told
is "with its id" "$(field Original-Envelope-Id)" "a b"

# --- 8 bits -------------------------------------------------------------------
message "caf\303\251"
printf 'Subject: caf\303\251\n\nbody\n' >"$T/mess"
inject "F$re" "$(printf 'Tj\303\266rg@quill.example')"
ok "a recipient in UTF-8" told
is "in ASCII for an ASCII sender" "$(field Final-Recipient)" \
	'utf-8;j\x{F6}rg@quill.example'
like "message/global" "$(cat "$T/report")" '^Content-Type: message/global$'
python3 - "$T/report" <<'END' >"$T/parsed" 2>&1
import email, sys
m = email.message_from_binary_file(open(sys.argv[1], "rb"))
print(m.defects, [p.get_content_type() for p in m.get_payload()])
raw = open(sys.argv[1], "rb").read()
part = raw.split(b"message/delivery-status")[1].split(b"\n--")[0]
print(all(c < 128 for c in part))
END
is "well-formed, and the fields are ASCII" "$(cat "$T/parsed")" \
	"[] ['text/plain', 'message/delivery-status', 'message/global']
True"
printf '#\n' >"$testhome/.qmail-default"
cp "$testhome/.qmail-re" "$testhome/$(printf '.qmail-j\303\266')"
inject "$(printf 'F%s-j\303\266@quill.example' "$testuser")" "T$bad"
ok "a sender in UTF-8" told
like "gets message/global-delivery-status" "$(cat "$T/report")" \
	'^Content-Type: message/global-delivery-status$'
rm -f "$testhome/.qmail-default"

# --- delay ----------------------------------------------------------------------
message late
inject "F$re" Tjoe@down.test
sleep 2
is "no warning unless it is wanted" "$(maildir_count "$R")" 0
echo 1 >"$H/control/delaywarn"
svc -h "$S/send"
svc -a "$S/send"
ok "control/delaywarn" wait_until 30 maildir_has "$R" 1
cat "$R"/new/* >"$T/report"
is "delayed" "$(field Action) $(field Status)" "delayed 4.4.1"
like "until when" "$(field Will-Retry-Until)" '^[A-Z][a-z][a-z], .* [0-9:]+ '
like "last attempt" "$(field Last-Attempt-Date)" '^[A-Z][a-z][a-z], '
like "no failure for programs" "$(cat "$T/report")" '^This is the quill-send'
svc -t "$S/send"
ok "started again" wait_until 30 sh -c \
	"[ \$(grep -c 'info: running' '$H/log/send/current') -gt 1 ]"
for _ in 1 2 3; do
	svc -a "$S/send"
	sleep 0.7
done
is "once, whatever happens" "$(maildir_count "$R")" 1
rm -f "$R"/new/*
# none of these
inject "F" Tjoe@down.test
inject "F#@[]" Tjoe@down.test
inject "F$re" Tjoe@down.test PNOTIFY=FAILURE
for h in 'Precedence: bulk' 'precedence:list' 'Precedence: junk' \
	'List-Id: <x.y>' 'Auto-Submitted: auto-replied'; do
	message late "$h\n"
	inject "F$re" Tjoe@down.test
done
sleep 2
svc -a "$S/send"
ok "five are looked at" wait_until 30 sh -c "[ \$(cat '$H'/log/send/* |
	grep -c 'delay warning msg [0-9a-v]* dropped: mail of a list') = 5 ]"
is "bounces, lists and programs are not warned" "$(maildir_count "$R")" 0
message late 'Auto-Submitted: no\n'
inject "F$re" Tjoe@down.test PNOTIFY=DELAY
sleep 2
svc -a "$S/send"
ok "a person is" wait_until 30 maildir_has "$R" 1
peer_start down 192.0.2.13:2525 'ext=EHLO'
svc -a "$S/send"
ok "delivered at last" wait_until 30 queue_empty
is "nothing more is told" "$(maildir_count "$R")" 1
is "nor left" "$(find "$H/queue/bounce" -type f)" ""
rm -f "$R"/new/* "$H/control/delaywarn"
svc -h "$S/send"

# --- auto-responders ------------------------------------------------------------
# Each answers whatever comes, even from the null sender, but for automatic mail
# (RFC 3834): what quill writes has to say that it is.
cat >"$T/vacation" <<'END'
#!/bin/sh
grep -qi '^auto-submitted: *auto' && exit 0
echo x >>"$HOME/answers"
: "${SENDER:=MAILER-DAEMON}"
printf 'Subject: away\nAuto-Submitted: auto-replied\nTo: %s\n\naway\n' \
	"$SENDER" | "$1/bin/quill-inject" -f "$LOCAL@$HOST" -a "$SENDER"
END
chmod 755 "$T/vacation"
for i in a b; do
	echo "|$T/vacation $H" >"$testhome/.qmail-$i"
done
message hello
inject "F$testuser-a@quill.example" "T$testuser-b@quill.example"
ok "two of them stop" wait_until 30 queue_empty
sleep 1
ok "for good" queue_empty
is "after one answer" "$(wc -l <"$testhome/answers" | tr -d ' ')" 1
rm -f "$testhome/answers"
inject "F$testuser-a@quill.example" "T$bad"
ok "one of them and a bounce" wait_until 30 queue_empty
ok "is not answered" test ! -e "$testhome/answers"
done_testing
