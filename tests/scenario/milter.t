#!/bin/sh
# SPDX-License-Identifier: 0BSD
# quill-milter between quill-smtpd and the queue: the real opendkim signs and
# verifies, the real spamass-milter refuses; a scripted filter does the rest.
. "$(dirname "$0")/../lib.sh"
own_net "$@"
need_root
need svscan tcpserver swaks python3

quill_config quill.example
mktestuser
u=$testuser home=$testhome
start_suite
to=$u@quill.example
cat >"$H/control/tcp.smtp" <<END
127.:allow,RELAYCLIENT="",QUILLQUEUE="bin/quill-milter"
:allow
END
(cd "$H/control" && tcprules tcp.smtp.cdb tcp.smtp.tmp <tcp.smtp)
milters()
{
	printf '%s\n' "$@" >"$H/control/milters"
}
# send SWAKS-OPTIONS...: its dialogue goes to $T/said
send()
{
	swaks -s "127.0.0.1:$SMTP_PORT" -f from@quill.example -t "$to" \
		--helo client.quill.example "$@" >"$T/said" 2>&1
}
# arrived: the next message; $f is it, without quill-local's and quill-queue's
# fields
arrived()
{
	wait_until 60 maildir_has "$home/Maildir" 1 || return 1
	f=$(find "$home/Maildir/new" -type f | head -n 1)
	mv "$f" "$T/got"
	f=$T/got
}
mode()
{
	printf '%s\n' "$*" >"$T/MODE"
}

chmod 755 "$T"
mode none
(cd "$T" && bg timeout 600 python3 "$TOP/tests/scenario/milter_stub.py" \
	"$T/stub.sock" "$T/stub.log")
wait_until 20 test -S "$T/stub.sock"
milters "unix:$T/stub.sock"
cat >"$T/mail" <<'END'
Subject: one
X-Keep: folded
	line  with  blanks 
X-Keep: second
From: from@quill.example
X-Drop: me

body
.dot
END

ok "accepted" send -li 127.0.0.7 --data "@$T/mail"
ok "... and delivered" arrived
like "the client is told of" "$(cat "$T/stub.log")" \
	"^C b'.*127.0.0.7.x00'"
like "the sender" "$(cat "$T/stub.log")" "^M b'<from@quill.example>.x00'"
like "the recipient" "$(cat "$T/stub.log")" "^R b'<$to>.x00'"
like "fields, folded as they are" "$(cat "$T/stub.log")" \
	'^L b.X-Keep.x00folded.n.tline  with  blanks'
unlike "our own Received field is not shown" "$(cat "$T/stub.log")" \
	'^L b.Received'
is "the body, with CRLF" "$(od -An -c "$T/stub.log.body" | tr -d ' \n')" \
	'body\r\n.dot\r\n\r\n'
ok "a message of a user" env TCPREMOTEIP=192.0.2.7 SMTPAUTHUSER=joe \
	SSL_PROTOCOL=TLSv1.3 QUILLQUEUE="$H/bin/quill-milter" \
	"$H/bin/quill-inject" "$to" <"$T/mail"
ok "... delivered" arrived
like "whom it is told of, as filters that sign must be" \
	"$(cat "$T/stub.log")" "^D b'M.*{auth_authen}.x00joe.x00"
like "... and of his TLS" "$(cat "$T/stub.log")" \
	"^D b'H.*{tls_version}.x00TLSv1.3.x00"
like "... and where he is" "$(cat "$T/stub.log")" \
	"^D b'C.*{client_addr}.x00192.0.2.7.x00"

# more than fits into one packet
{
	printf 'Subject: long\n\n'
	awk 'BEGIN { for (i = 0; i < 9000; i++) print i, "of a long body" }'
} >"$T/long"
ok "a long message" send --data "@$T/long"
ok "... delivered" arrived
sed '1,/^$/d' "$T/long" | sed 's/$/\r/' >"$T/longbody"
ok "its whole body is shown" sh -c "head -c \$(stat -c %s '$T/longbody') \
	'$T/stub.log.body' | cmp - '$T/longbody'"

# --- changes -----------------------------------------------------------------
mode end 'hX-New\0added_at\n_the_end\0' 'i\0\0\0\0X-Top\0first\0' \
	'm\0\0\0\x02X-Keep\0changed\0' 'm\0\0\0\x01X-Drop\0\0' \
	'bnew_bo' 'bdy\r\nline\r\n'
ok "changes" send --data "@$T/mail"
ok "... delivered" arrived
is "fields and body are as the filter wants them" \
	"$(sed -n '/^X-Top/,$p' "$f")" 'X-Top: first
Subject: one
X-Keep: folded
	line  with  blanks 
X-Keep: changed
From: from@quill.example
X-New: added at
 the end

new body
line'
like "... below our own Received" "$(sed '/^X-Top/,$d' "$f")" 'with ESMTP'

mode end 'hX-Evil\0a\nBcc:_x@y\n\nbody\0'
ok "a value that would begin another field" send --data "@$T/mail"
ok "... delivered" arrived
is "... continues the first" "$(grep -A 3 '^X-Evil' "$f")" "X-Evil: a
	Bcc: x@y
	
	body"

milters "unix:$T/stub.sock" "unix:$T/stub.sock"
mode end 'hX-New\0one_more\0'
ok "two filters" send --data "@$T/mail"
ok "... delivered" arrived
is "both change it" "$(grep -c '^X-New: one more$' "$f")" 2
like "the second sees what the first made of it" "$(cat "$T/stub.log")" \
	'^L b.X-New.x00one more'
milters "unix:$T/stub.sock"

# the packets of the protocol, none of which it has agreed to
for p in 'hX-New\0x\0' 'i\0\0\0\0X-Top\0x\0' 'm\0\0\0\x01X-Drop\0\0' \
	'bnew\r\n' 'e<other@quill.example>\0' "+<$to>\\0" "2<$to>\\0\\0" \
	"-<$to>\\0" 'qodd\0'; do
	mode few "$p"
	send --data "@$T/mail"
	like "$(printf %.1s "$p"): not without being agreed" \
		"$(cat "$T/said")" '<\*\* 451 4.3.0 a filter does not work'
done
is "... nothing came of it" "$(maildir_count "$home/Maildir")" 0

mktestuser
mode end "+<$testuser@quill.example>\\0" "-<$to>\\0" 'e<other@quill.example>\0'
ok "recipients and sender" send --data "@$T/mail"
ok "... another one got it" wait_until 60 maildir_has "$testhome/Maildir" 1
is "... from another sender" "$(head -n 1 "$testhome"/Maildir/new/*)" \
	'Return-Path: <other@quill.example>'
ok "... it is done" wait_until 60 queue_empty
is "... the first recipient did not" "$(maildir_count "$home/Maildir")" 0

mode end 'qlooks_odd\0'
ok "quarantine" send --data "@$T/mail"
ok "... it waits" wait_until 60 log_has 'held: id=.* text="looks odd"' smtp
"$H/bin/quillctl" queue >"$T/queue" 2>&1
like "... held in the queue" "$(cat "$T/queue")" held
is "... not delivered" "$(maildir_count "$home/Maildir")" 0
id=$(sed -n 's/.* id \([0-9a-v]\{16\}\).*/\1/p' "$T/said" | head -n 1)
ok "... released" "$H/bin/quillctl" release "$id"
ok "... delivered" arrived

mode end 'y550_5.7.1_after_changes\0'
exits "a refusal at the end" 26 send --data "@$T/mail"
mode end d
ok "discarded: the client is told it is fine" send --data "@$T/mail"
ok "... the queue is empty" wait_until 60 queue_empty
is "... nothing arrives" "$(maildir_count "$home/Maildir")" 0

# --- refusals at each step ---------------------------------------------------
for at in C H M R T L N B E; do
	mode at $at 'y550_5.7.1_no,_said_the_filter\0'
	send --data "@$T/mail"
	like "refused at $at, in the filter's words" "$(cat "$T/said")" \
		'<\*\* 550 5.7.1 no, said the filter'
	mode at $at 'y451_4.7.1_later,_said_the_filter\0'
	send --data "@$T/mail"
	like "deferred at $at" "$(cat "$T/said")" \
		'<\*\* 451 4.7.1 later, said the filter'
done
mode at R r
send --data "@$T/mail"
like "refused without words" "$(cat "$T/said")" '<\*\* 550 5.7.1 refused by'
mode at R t
send --data "@$T/mail"
like "deferred without words" "$(cat "$T/said")" '<\*\* 451 4.7.1 not now'
mode at M 'y550_5.7.1_no\x1b[2J\xff\r\n221_bye\0'
send --data "@$T/mail"
like "words that are more than text" "$(od -An -c "$T/said" | tr -d ' \n')" \
	'<\*\*5505.7.1no\?\[2J\?'
unlike "... begin no other reply" "$(cat "$T/said")" '^<.* 221 bye'
mode at B s
ok "enough of the body" send --data "@$T/mail"
ok "... delivered whole" arrived
is "... the body" "$(tail -n 2 "$f" | head -n 1)" .dot
mode at M a
ok "accepted early" send --data "@$T/mail"
ok "... delivered" arrived
mode noreply
ok "a filter that answers the end only" send --data "@$T/mail"
ok "... delivered" arrived

# --- faults ------------------------------------------------------------------
milters "unix:$T/stub.sock timeout=1"
mode slow
ok "a filter that says that it thinks gets time" send --data "@$T/mail"
ok "... delivered" arrived
for m in garbage 'hangup M' 'hangup E' 'at M z' 'at M y250_fine\0' 'at C O' \
	'at M y'; do
	mode "$m"
	milters "unix:$T/stub.sock timeout=1"
	send --data "@$T/mail"
	like "$m: 451 when it fails closed" "$(cat "$T/said")" \
		'<\*\* 451 4.3.0 a filter does not work'
	milters "unix:$T/stub.sock timeout=1 fail=open"
	ok "... accepted when it fails open" send --data "@$T/mail"
	ok "... delivered" arrived
done
milters "unix:$T/stub.sock timeout=1 fail=open"
mode end 'hX-A\0b\0' 'hno_string'
send --data "@$T/mail"
like "half of its changes: 451 even then" "$(cat "$T/said")" \
	'<\*\* 451 4.3.0 a filter failed in the middle'
mode end '+\0'
send --data "@$T/mail"
ok "a bad recipient from a filter is not used" arrived
milters "unix:$T/none.sock" "unix:$T/stub.sock"
mode none
send --data "@$T/mail"
like "no filter there: 451" "$(cat "$T/said")" '<\*\* 451 4.3.0'
ok "... the log says which" wait_until 30 \
	log_has "failed: .* filter=unix:$T/none.sock .*No such file" smtp
milters "none:$T/x"
send --data "@$T/mail"
like "a bad line in control/milters: 451" "$(cat "$T/said")" '<\*\* 451 4.3.5'
ok "... the log says where" wait_until 30 \
	log_has 'control/milters: line 1: begins with none of' smtp
ok "nothing else arrived" wait_until 60 queue_empty
is "... at all" "$(maildir_count "$home/Maildir")" 0

milters "unix:$T/stub.sock"
mode eicar
# the signature in two parts, so that this file is not taken for a virus
# shellcheck disable=SC2016
printf 'Subject: v\n\n%s%s\n' 'X5O!P%@AP[4\PZX54(P^)7CC)7}$EICAR-STANDARD' \
	'-ANTIVIRUS-TEST-FILE!$H+H*' >"$T/virus"
send --data "@$T/virus"
like "a virus is refused" "$(cat "$T/said")" '<\*\* 550 5.7.1 Virus found'
{
	cat "$T/long"
	tail -n 1 "$T/virus"
} >"$T/longvirus"
send --data "@$T/longvirus"
like "... also at the end of a long message" "$(cat "$T/said")" \
	'<\*\* 550 5.7.1 Virus found'

# --- opendkim ----------------------------------------------------------------
# Debian's own python has the independent verifier
py=/usr/bin/python3
if command -v opendkim >/dev/null && $py -c 'import dkim' 2>/dev/null; then
	mkdir "$T/dkim"
	opendkim-genkey -b 2048 -d quill.example -s sel -D "$T/dkim" \
		>/dev/null 2>&1
	key=$(tr -d '\n\t' <"$T/dkim/sel.txt" | grep -o '"[^"]*"' | tr -d '"\n')
	echo "sel._domainkey.quill.example $key" >"$T/dkim/keys"
	cat >"$T/dkim/conf" <<-END
	Mode sv
	Domain quill.example
	Selector sel
	KeyFile $T/dkim/sel.private
	Socket local:$T/dkim/sock
	Canonicalization simple/simple
	TestPublicKeys $T/dkim/keys
	InternalHosts $T/dkim/internal
	RequireSafeKeys no
	AlwaysAddARHeader yes
	UMask 000
	Syslog no
	END
	echo 127.0.0.1 >"$T/dkim/internal"
	cat >"$T/verify.py" <<-'END'
	import dkim, sys
	key = open(sys.argv[1]).read().split(" ", 1)[1].strip().encode()
	raw = open(sys.argv[2], "rb").read().replace(b"\n", b"\r\n")
	# what was added on the way stands above the signature
	print(dkim.verify(raw, dnsfunc=lambda *a, **k: key))
	END
	bg timeout 300 opendkim -f -x "$T/dkim/conf"
	wait_until 30 test -S "$T/dkim/sock"
	milters "unix:$T/dkim/sock"
	ok "opendkim: signed" send --data "@$T/mail"
	ok "... delivered" arrived
	ok "... there is a signature" grep -q '^DKIM-Signature: ' "$f"
	is "... that others find good" \
		"$("$py" "$T/verify.py" "$T/dkim/keys" "$f")" True
	# the very message comes back from elsewhere
	sed -n '/^DKIM-Signature/,$p' "$f" >"$T/signed"
	echo 192.0.2.1 >"$T/dkim/internal"
	bg_stop "$bg_pid"
	rm -f "$T/dkim/sock"
	bg timeout 300 opendkim -f -x "$T/dkim/conf"
	wait_until 30 test -S "$T/dkim/sock"
	ok "opendkim: verified" send --data "@$T/signed"
	ok "... delivered" arrived
	like "... dkim=pass" "$(cat "$f")" 'dkim=pass'
	sed 's/^body/BODY/' "$T/signed" >"$T/forged"
	ok "opendkim: one byte changed" send --data "@$T/forged"
	ok "... delivered" arrived
	like "... dkim=fail" "$(cat "$f")" 'dkim=fail'
	bg_stop "$bg_pid"
else
	skip "opendkim" "not installed"
fi

# --- SpamAssassin ------------------------------------------------------------
if command -v spamd >/dev/null && command -v spamass-milter >/dev/null; then
	bg timeout 300 spamd -L -i 127.0.0.1 -p 10783 -m 1 -u nobody \
		--siteconfigpath=/etc/spamassassin -x
	bg timeout 300 spamass-milter -p "$T/spam.sock" -r 10 -- \
		-d 127.0.0.1 -p 10783
	wait_until 60 test -S "$T/spam.sock"
	wait_until 60 sh -c 'echo | spamc -x -d 127.0.0.1 -p 10783'
	chmod 777 "$T/spam.sock"
	milters "unix:$T/spam.sock timeout=60"
	printf 'From: a@b.example\nSubject: s\n\n%s%s\n' \
		'XJS*C4JDBQADN1.NSBN3*2IDNEN*GTUBE-STANDARD-ANTI' \
		'-UBE-TEST-EMAIL*C.34X' >"$T/gtube"
	exits "SpamAssassin: GTUBE" 26 send --data "@$T/gtube"
	like "... refused in its words" "$(cat "$T/said")" \
		'<\*\* 550 5.7.1 Blocked by SpamAssassin'
	ok "SpamAssassin: an honest one" send --data "@$T/mail"
	ok "... delivered" arrived
	like "... with its field" "$(cat "$f")" '^X-Spam-Checker-Version: '
else
	skip "SpamAssassin" "not installed"
fi
done_testing
