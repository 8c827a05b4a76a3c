#!/bin/sh
# SPDX-License-Identifier: 0BSD
# A message arrives as it was sent, byte for byte below the lines that were
# added: injected, by sendmail and by SMTP.
. "$(dirname "$0")/../lib.sh"
need_root
need svscan tcpserver python3

quill_config quill.example
mktestuser
start_suite
M=$testhome/Maildir

# Bodies to send; python writes them, since they hold any byte.
python3 - "$T" <<'END'
import random, sys
t = sys.argv[1]
random.seed(7)
bodies = {
    "plain": b"hello\n",
    "8bit": "Grüße, Здравствуй\n".encode() + bytes(range(128, 256)) + b"\n",
    "nul": b"a\0b\n\0\n" + bytes(range(0, 256)) + b"\n",
    "nofinal": b"no newline at the end",
    "long": b"x" * 100000 + b"\n" + b"y" * 100000 + b"\n",
    "from": b"From me\n>From you\nFrom \n\nFrom a@b Thu Jan 1\n",
    "dots": b".\n..\n.x\n\n.\n...\n.",
    "empty": b"",
    "newlines": b"\n\n\n",
    "cr": b"a\rb\r\nc\n\r\n",
    "20mb": random.randbytes(20 << 20).replace(b"\r", b"") + b"\n",
}
for name, body in bodies.items():
    open(f"{t}/body.{name}", "wb").write(body)
END

# arrived BODY: the one new message is the header, an empty line, and BODY.
arrived()
{
	wait_until 30 maildir_has "$M" 1 || return 1
	set -- "$1" "$M"/new/*
	python3 - "$1" "$2" <<-'END'
	import sys
	want = open(sys.argv[1], "rb").read()
	got = open(sys.argv[2], "rb").read()
	head, sep, body = got.partition(b"\n\n")
	lines = head.split(b"\n")
	assert lines[0].startswith(b"Return-Path: <"), lines[0]
	assert lines[1].startswith(b"Delivered-To: "), lines[1]
	assert lines[2].startswith(b"Received: (quill "), lines[2]
	assert body == want, (len(body), len(want), body[:60], want[:60])
	END
	arrived_rc=$?
	rm -f "$M"/new/*
	return $arrived_rc
}

for b in plain 8bit nul nofinal long from dots empty newlines cr 20mb; do
	{
		printf 'From: a@quill.example\nTo: b@quill.example\n'
		printf 'Subject: %s\n\n' $b
		cat "$T/body.$b"
	} >"$T/mess"
	"$H/bin/quill-inject" "$testuser@quill.example" <"$T/mess"
	ok "inject: $b" arrived "$T/body.$b"
done

for b in plain 8bit from dots; do
	{
		printf 'From: a@quill.example\nTo: %s@quill.example\n' "$testuser"
		printf 'Subject: %s\n\n' $b
		cat "$T/body.$b"
	} >"$T/mess"
	"$H/bin/sendmail" -t -i <"$T/mess"
	cp "$T/body.$b" "$T/whole"
	# the last line gets an end
	[ -z "$(tail -c 1 "$T/whole" | tr -d '\n')" ] || echo >>"$T/whole"
	ok "sendmail -t -i: $b" arrived "$T/whole"
done

# What SMTP can carry (RFC 5321 2.3.8: lines end in CRLF, no bare CR or NUL).
cat >"$T/smtp.py" <<'END'
import socket, sys
port, rcpt, path = int(sys.argv[1]), sys.argv[2], sys.argv[3]
body = open(path, "rb").read()
if body and not body.endswith(b"\n"):
    body += b"\n"
data = b"Subject: x\n\n" + body
data = data.replace(b"\n", b"\r\n")
data = b"\r\n".join(b"." + l if l.startswith(b".") else l
                    for l in data.split(b"\r\n"))
s = socket.create_connection(("127.0.0.1", port), 10)
f = s.makefile("rb")
def reply(code):
    while True:
        line = f.readline()
        if line[3:4] != b"-":
            break
    assert line.startswith(code), line
reply(b"220")
for c, code in ((b"EHLO x", b"250"), (b"MAIL FROM:<a@b.example>", b"250"),
                (b"RCPT TO:<" + rcpt.encode() + b">", b"250"),
                (b"DATA", b"354")):
    s.sendall(c + b"\r\n")
    reply(code)
s.sendall(data + b".\r\n")
reply(b"250")
s.sendall(b"QUIT\r\n")
reply(b"221")
END
for b in plain 8bit nofinal long from dots empty newlines; do
	ok "SMTP takes: $b" python3 "$T/smtp.py" "$SMTP_PORT" \
		"$testuser@quill.example" "$T/body.$b"
	# a final line end is added on the way
	python3 - "$T/body.$b" <<-'END'
	import sys
	b = open(sys.argv[1], "rb").read()
	if b and not b.endswith(b"\n"):
	    open(sys.argv[1], "ab").write(b"\n")
	END
	ok "SMTP: $b" arrived "$T/body.$b"
done

# --- what else is in the file ------------------------------------------------
"$H/bin/quill-inject" -f "sender@far.example" "$testuser" <<-'END'
	Subject: see
	Bcc: hidden@quill.example

	body
	END
ok "arrives" wait_until 10 maildir_has "$M" 1
cat "$M"/new/* >"$T/got"
like "Return-Path is the envelope sender" "$(sed -n 1p "$T/got")" \
	'^Return-Path: <sender@far.example>$'
like "Delivered-To is the recipient" "$(sed -n 2p "$T/got")" \
	"^Delivered-To: $testuser@quill.example\$"
like "Received names the queue id" "$(cat "$T/got")" \
	'^Received: \(quill [0-9]+ invoked by uid 0 id [0-9a-v]{16}\); .* -0000$'
like "Date was added" "$(cat "$T/got")" '^Date: '
like "Message-ID was added" "$(cat "$T/got")" '^Message-ID: <.*@quill.example>'
unlike "Bcc is gone" "$(cat "$T/got")" '^Bcc|hidden'
is "the file is the user's alone" \
	"$(stat -c '%U %a' "$M"/new/*)" "$testuser 600"
is "nothing is left in tmp" "$(find "$M/tmp" -type f)" ""
id=$(sed -n 's/^Received: .* id \([0-9a-v]*\)).*/\1/p' "$T/got" | head -n 1)
like "and the id is in the log" "$(cat "$H/log/send/current")" "^.* end msg $id"
done_testing
