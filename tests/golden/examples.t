#!/bin/sh
# SPDX-License-Identifier: 0BSD
# mailinjector and mailbot: what one attaches, the other finds, byte for byte.
. "$(dirname "$0")/../lib.sh"
need reformime setlock python3

BIN=$B/bin
case $BIN in /*) ;; *) BIN=$TOP/$BIN ;; esac
cd "$T" || exit 99
cat >inject <<END
#!/bin/sh
cat >$T/message
printf '%s\n' "\$@" >$T/args
exit \$(cat $T/code)
END
chmod 755 inject
echo 0 >code
QUILL_INJECT=$T/inject
export QUILL_INJECT

# What a mail reader sees: python's own parser, which also says what is wrong.
cat >see.py <<'END'
import email, email.policy, hashlib, quopri, re, sys
raw = open(sys.argv[1], "rb").read()
for word in re.findall(rb"=\?UTF-8\?Q\?(.*?)\?=", raw):
    quopri.decodestring(word, header=True).decode()  # whole characters
assert all(len(l) <= 78 for l in raw.split(b"\n")), "a long line"
m = email.message_from_bytes(raw, policy=email.policy.default)
print(m["subject"])
for p in m.walk():
    assert not p.defects, p.defects
    if not p.is_multipart():
        data = p.get_payload(decode=True)
        print(ascii(p.get_filename()), hashlib.sha256(data).hexdigest())
END
sum_of()
{
	sha256sum <"$1" | cut -d ' ' -f 1
}

name="Rechnung für Jörg – \"2026\"; a=b.pdf"
{
	echo %PDF-1.4
	head -c 50000 /dev/urandom
} >"$name"
head -c 57 /dev/urandom >r57
head -c 58 /dev/urandom >r58
: >empty
printf 'From: a@b.example\nSubject: inner\n\nx\n' >mail.eml
printf 'no newline at the end' >'a
b'
subject='Größe — 漢字漢字漢字漢字漢字漢字漢字漢字漢字漢字漢字漢字漢字漢字 =?x?Q?y?='
echo 'Grüße' >body
exits "sent" 0 "$BIN/mailinjector" -s "$subject" -f me@quill.example \
	-b body -a "$name" -a r57 -a r58 -a empty -a mail.eml -a 'a
b' x@quill.example y@quill.example
is "what quill-inject is called with" "$(tr '\n' ' ' <args)" \
	"-a -f me@quill.example -- x@quill.example y@quill.example "
is "what is in it" "$(PYTHONIOENCODING=utf-8 python3 see.py message 2>&1)" \
	"$subject
None $(sum_of body)
'Rechnung f\\xfcr J\\xf6rg \\u2013 \"2026\"; a=b.pdf' $(sum_of "$name")
'r57' $(sum_of r57)
'r58' $(sum_of r58)
'empty' $(sum_of empty)
'mail.eml' $(sum_of mail.eml)
'a\\nb' $(sum_of 'a
b')"

echo plain | "$BIN/mailinjector" -s hello x@quill.example
is "without attachments it is plain text" "$(cat message)" 'To: x@quill.example
Subject: hello
MIME-Version: 1.0
Content-Type: text/plain; charset=utf-8
Content-Transfer-Encoding: 7bit

plain'

rm -f message
exits "a line break in the subject" 100 "$BIN/mailinjector" -s 'a
Bcc: z@quill.example' x@quill.example </dev/null
exits "a line break in an address" 100 "$BIN/mailinjector" -s a 'x@y
Bcc: z@quill.example' </dev/null
exits "a line break in the sender" 100 "$BIN/mailinjector" -s a -f 'x@y
Bcc: z@quill.example' x@quill.example </dev/null
exits "no address" 100 "$BIN/mailinjector" -s a </dev/null
exits "a file that is not there" 111 "$BIN/mailinjector" -s a -a none \
	x@quill.example </dev/null
ok "... and nothing was sent" test ! -e message
echo 111 >code
exits "the answer of quill-inject" 111 "$BIN/mailinjector" -s a \
	x@quill.example </dev/null
echo 0 >code

# --- mailbot -----------------------------------------------------------------
mkdir -p m/new m/cur m/tmp
"$BIN/mailinjector" -s a -b body -a "$name" -a r57 -a empty x@quill.example
cp message m/new/1.one
cat >'m/cur/2.two:2,F' <<'END'
Subject: hostile
MIME-Version: 1.0
Content-Type: multipart/mixed; boundary=b

--b
Content-Type: application/pdf; name="../../../evil.pdf"
Content-Transfer-Encoding: quoted-printable

%PDF=2Dx
--b
Content-Type: application/pdf; name="a'b;touch hit;$(touch hit).pdf"

%PDF-7bit
--b
Content-Type: application/pdf; name="script.pdf"

#!/bin/sh
--b
Content-Type: message/rfc822

Subject: inner
MIME-Version: 1.0
Content-Type: multipart/mixed; boundary=c

--c
Content-Disposition: attachment; filename=x.txt

not a document
--c--

--b--
END
printf 'Subject: seen\n\nx\n' >m/cur/3.seen:2,S
printf 'Subject: to be removed\n\nx\n' >m/cur/7.trash:2,T
printf 'Subject: with a keyword\n\nx\n' >m/cur/8.key:2,Fa
printf 'Subject: plain\n\nx\n' >m/new/4.plain
"$BIN/mailbot" m store >list 2>err
is "exit code" $? 0
is "nothing on standard error" "$(cat err)" ''
is "the documents, and how to print them" \
	"$(sed "s|one/1.2-.*'|one/1.2-DOC'|" list)" \
	"lpr -- 'store/1.one/1.2-DOC'
lpr -- 'store/2.two/1.1-.._.._.._evil.pdf'
lpr -- 'store/2.two/1.2-a_b_touch_hit___touch_hit_.pdf'"
ok "what was attached is there, byte for byte" cmp "$name" \
	"$(sed -n "1s/^lpr -- '\\(.*\\)'\$/\\1/p" list)"
ok "... 57 bytes" cmp r57 store/1.one/1.3-r57
ok "... none" cmp empty store/1.one/1.4-empty
is "all are seen, other flags stay" \
	"$(cd m && find new cur -type f | sort | tr '\n' ' ')" \
	'cur/1.one:2,S cur/2.two:2,FS cur/3.seen:2,S cur/4.plain:2,S cur/7.trash:2,T cur/8.key:2,FSa '
is "names from strangers write nowhere else" \
	"$(find . -name '*evil*' -o -name hit)" ./store/2.two/1.1-.._.._.._evil.pdf
is "once more: nothing to do" "$("$BIN/mailbot" m store 2>&1)" ''

# killed after the parts were there, before the message was marked
mv m/cur/1.one:2,S m/new/1.one
echo stale >store/1.one/9-stale
mkdir -p store/.work
echo half >store/.work/half
is "what a killed run left is made good" \
	"$("$BIN/mailbot" m store | grep -c 1.one)" 1
ok "... with nothing of it left" test ! -e store/1.one/9-stale
ok "... and no scratch" test ! -e store/1.one/half

i=0
{
	printf 'MIME-Version: 1.0\nContent-Type: multipart/mixed; boundary=b\n\n'
	while [ $i -lt 120 ]; do
		printf -- '--b\n\nx\n'
		i=$((i + 1))
	done
	printf -- '--b--\n'
} >m/new/5.many
printf 'Subject: after\n\nx\n' >m/new/6.after
{
	printf 'Subject: large\n\n'
	head -c 70000000 /dev/zero | tr '\0' x
} >m/new/9.large
exits "too many parts" 111 "$BIN/mailbot" m store
# names that no delivery makes: the folder would be the store, or above it
mkdir -p odd/new odd/cur odd/tmp
cp message 'odd/new/:2,'
cp message 'odd/cur/..:2,'
exits "names that are none" 111 "$BIN/mailbot" odd store
ok "... and nothing is removed" test -d store/1.one
cp message 'odd/new/9.a
b'
unlike "a line feed in a name" "$("$BIN/mailbot" odd store 2>&1)" number
ok "... that message stays unseen" test -e m/new/5.many
ok "... so does one that is too large" test -e m/new/9.large
ok "... the others are done" test -e m/cur/6.after:2,S

rm m/new/*
cp message m/new/10.quoted
"$BIN/mailbot" m "it's; a store" >list
is "what is printed is for a shell" "$(sed 's/^lpr/ls/' list | sh 2>&1)" \
	"$(find "it's; a store/10.quoted" -name '1.2-*')"

bg setlock store/.lock sleep 60
wait_until 10 sh -c '! setlock -n store/.lock true'
is "a second one at the same time ends at once" \
	"$("$BIN/mailbot" m store 2>&1; echo $?)" 0
exits "not a Maildir" 100 "$BIN/mailbot" . store
done_testing
