#!/bin/sh
# SPDX-License-Identifier: 0BSD
# quill-qmqpc hands messages to quill-qmqpd, under the real tcpserver: servers in
# order, refusals in the server's words, connections cut anywhere. The other end
# of each once from Postfix (qmqp-source, qmqp-sink).
. "$(dirname "$0")/../lib.sh"
. "$TOP/tests/peers.sh"
own_net "$@"
need_root
need svscan tcpserver python3
need_sink

quill_config quill.example
mktestuser
u=$testuser home=$testhome
start_suite --smtp none --qmqp 127.0.0.1:628
wait_until 20 tcp_bound 127.0.0.1 628 || give_up "no quill-qmqpd"
to=$u@quill.example
servers()
{
	printf '%s\n' "$@" >"$H/control/qmqpservers"
}
# send [FILE]: by quill-inject; its words go to $T/said
# shellcheck disable=SC2120
send()
{
	QUILLQUEUE=$H/bin/quill-qmqpc timeout 60 "$H/bin/quill-inject" \
		-f "from@quill.example" "$to" <"${1:-$T/mail}" >"$T/said" 2>&1
}
printf 'Subject: one\n\nbody\n' >"$T/mail"

rm -f "$H/control/qmqpservers"
exits "without control/qmqpservers" 111 send
servers not-an-address
exits "a bad line in it" 111 send
like "... which is named" "$(cat "$T/said")" 'control/qmqpservers: line 1: not'

servers 127.0.0.1
exits "handed over" 0 send
ok "... and delivered" wait_until 60 maildir_has "$home/Maildir" 1
f=$(find "$home/Maildir/new" -type f)
is "the body is the body" "$(tail -n 1 "$f")" body
like "a Received line says how it came" "$(grep -A 1 '^Received:' "$f")" \
	'by quill.example with QMQP; '
rm -f "$home/Maildir/new"/*

# NUL, 8 bits, no newline at the end, CR: a message is bytes
printf 'Subject: b\n\na\0b\377\r\nc\r' >"$T/bytes"
ok "bytes" sh -c "printf 'Ffrom@quill.example\\0T$to\\0\\0' |
	{ exec 3<&0; \"$H/bin/quill-qmqpc\" <\"$T/bytes\" 1<&3; }"
wait_until 60 maildir_has "$home/Maildir" 1
f=$(find "$home/Maildir/new" -type f)
size=$(stat -c %s "$T/bytes")
tail -c "$size" "$f" >"$T/got"
same "... arrive as they were" "$T/got" "$T/bytes"
rm -f "$home/Maildir/new"/*

# --- servers in order --------------------------------------------------------
servers 127.0.0.9 127.0.0.9:629 '[::1]:629' 127.0.0.1:628
exits "refused connections: the next one" 0 send
ok "... delivered" wait_until 60 maildir_has "$home/Maildir" 1
servers 127.0.0.9
exits "nobody there: later" 111 send
like "... and it says who" "$(cat "$T/said")" \
	'unable to connect to 127.0.0.9: Connection refused'

# --- a scripted server, for what a real one does not do on demand ------------
cat >"$T/server.py" <<'END'
# server.py ADDR: each connection does what the first byte of $CWD/do says
import os, socket, sys
s = socket.create_server((sys.argv[1], 628))
open(sys.argv[1] + ".up", "w").close()
while True:
    c, _ = s.accept()
    c.settimeout(20)
    do = open("do").read().strip()
    open("asked", "a").write(sys.argv[1] + " " + do + "\n")
    try:
        if do == "hangup":
            c.recv(10); c.close(); continue
        data = b""
        while b":" not in data:
            data += c.recv(1)
        n = int(data.split(b":")[0]) + len(data.split(b":")[0]) + 2
        while len(data) < n:
            data += c.recv(n - len(data))
        if do == "stall":
            c.settimeout(120)
            c.recv(1)
        elif do != "silent":
            c.sendall(do.encode())
        c.close()
    except OSError:
        c.close()
END
for a in 127.0.0.11 127.0.0.12; do
	(cd "$T" && bg timeout 300 python3 server.py $a)
	wait_until 20 test -e "$T/$a.up"
done
servers 127.0.0.11 127.0.0.1
n=2
echo hangup >"$T/do"
{
	cat "$T/mail"
	head -c 30000000 /dev/zero | tr '\0' 'x' | fold -w 70
} >"$T/large"
exits "a server that hangs up in the middle: the next one" 0 send "$T/large"
ok "... delivered" wait_until 60 maildir_has "$home/Maildir" $n
exits "one that may have it all: no other is asked" 111 send
like "... and the log says what that means" "$(cat "$T/said")" \
	'possible duplicate'
# DO EXIT DELIVERED WHAT
while read -r act code more what; do
	echo "$act" >"$T/do"
	exits "$what" "$code" send
	n=$((n + more))
	ok "... $n delivered" wait_until 60 maildir_has "$home/Maildir" $n
done <<'END'
9:Zlater_on, 0 1 a server that cannot now: the next one
6:Dno_no, 100 0 a server that refuses
silent 111 0 a server that does not answer may have it: no other is asked
4:Xhuh, 111 0 an answer that is none
0:, 111 0 an empty answer
99999:K, 111 0 an answer that is too long
03:Kok, 111 0 an answer with a bad length
3:Kok; 111 0 an answer without its comma
END
servers 127.0.0.11 127.0.0.12
printf '%s\n' '13:Dno_no_never_,' >"$T/do"
send
like "the server's own words" "$(cat "$T/said")" no_no_never_
: >"$T/asked"
printf '%s\n' '6:Zlater,' >"$T/do"
exits "both cannot now" 111 send
is "... both were asked, in order" "$(cat "$T/asked")" \
	"127.0.0.11 6:Zlater,
127.0.0.12 6:Zlater,"
echo 1 >"$H/control/timeoutqmqpc"
echo stall >"$T/do"
: >"$T/asked"
exits "one that never answers is given up" 111 send
like "... and may have it" "$(cat "$T/said")" 'possible duplicate'
is "... no other is asked" "$(cat "$T/asked")" '127.0.0.11 stall'
rm "$H/control/timeoutqmqpc"
is "nothing was delivered besides" "$(maildir_count "$home/Maildir")" $n
rm -f "$home/Maildir/new"/*

# --- quill-qmqpd -------------------------------------------------------------
cat >"$T/raw.py" <<'END'
import socket, sys
def ns(b): return b"%d:%s," % (len(b), b)
to = sys.argv[1].encode()
def ask(data, half=False):
    s = socket.create_connection(("127.0.0.1", 628), 20)
    s.settimeout(30)
    try:
        s.sendall(data)
        if half:
            s.shutdown(socket.SHUT_WR)
        out = b""
        while True:
            d = s.recv(1000)
            if not d:
                return out.decode("latin-1") or "nothing"
            out += d
    except ConnectionError:
        return "nothing"
good = ns(ns(b"Subject: x\n\nx\n") + ns(b"a@quill.example") + ns(to))
rows = [
    ("rubbish", b"GET / HTTP/1.0\r\n\r\n"),
    ("a length with a zero before it", b"0" + good),
    ("an inner length over the outer", b"10:99:"),
    ("a huge length", b"99999999999999999999:"),
    ("no comma after the message", good.replace(b"\nx\n,", b"\nx\n;")),
    ("an outer length one short", b"%d:" % (int(good.split(b":")[0]) - 1) + good.split(b":", 1)[1]),
    ("NUL in an address", ns(ns(b"x\n") + ns(b"a\0b@quill.example") + ns(to))),
    ("an address of 2,000 bytes", ns(ns(b"x\n") + ns(b"a" * 2000) + ns(to))),
]
for name, data in rows:
    print(name + ": " + ask(data)[:14])
# hangs up at every byte: never queued, for it was never all there, or nobody
# was left to hear that it is
for n in range(len(good) + 1):
    s = socket.create_connection(("127.0.0.1", 628), 20)
    s.sendall(good[:n])
    s.shutdown(socket.SHUT_RDWR)
    s.close()
print("whole: " + ask(good).split(":", 1)[1][:3])
END
is "what is not QMQP" "$(python3 "$T/raw.py" "$to")" \
	"rubbish: 33:Dsorry, tha
a length with a zero before it: 33:Dsorry, tha
an inner length over the outer: 33:Dsorry, tha
a huge length: 33:Dsorry, tha
no comma after the message: 33:Dsorry, tha
an outer length one short: 33:Dsorry, tha
NUL in an address: 33:Dsorry, tha
an address of 2,000 bytes: 32:Dan envelop
whole: Kok"
ok "the last one is delivered" wait_until 60 maildir_has "$home/Maildir" 1
ok "... and the queue is empty" wait_until 60 queue_empty
is "... and nothing of the others" "$(maildir_count "$home/Maildir")" 1

echo 10 >"$H/control/databytes"
servers 127.0.0.1
exits "over databytes" 100 send
like "... says so" "$(cat "$T/said")" 'size exceeds'
rm -f "$H/control/databytes"
printf '127.:allow,RELAYCLIENT="",DATABYTES="10"\n' >"$H/control/tcp.qmqp"
(cd "$H/control" && tcprules tcp.qmqp.cdb tcp.qmqp.tmp <tcp.qmqp)
exits "over this client's DATABYTES" 100 send
like "... says so, too" "$(cat "$T/said")" 'size exceeds'
printf ':allow\n' >"$H/control/tcp.qmqp"
(cd "$H/control" && tcprules tcp.qmqp.cdb tcp.qmqp.tmp <tcp.qmqp)
exits "a client without RELAYCLIENT" 100 send
printf ':deny\n' >"$H/control/tcp.qmqp"
(cd "$H/control" && tcprules tcp.qmqp.cdb tcp.qmqp.tmp <tcp.qmqp)
exits "a client that may not connect" 111 send
printf '127.:allow,RELAYCLIENT=""\n' >"$H/control/tcp.qmqp"
(cd "$H/control" && tcprules tcp.qmqp.cdb tcp.qmqp.tmp <tcp.qmqp)

# --- Postfix's programs ------------------------------------------------------
rm -f "$home/Maildir/new"/*
ok "qmqp-source: 50 messages" timeout 120 env \
	LD_LIBRARY_PATH="$POSTFIX/usr/lib/postfix" \
	"$POSTFIX/usr/sbin/qmqp-source" -s 5 -m 50 -l 3000 \
	-f a@quill.example -t "$to" inet:127.0.0.1:628
ok "... are delivered" wait_until 120 maildir_has "$home/Maildir" 50
bg env LD_LIBRARY_PATH="$POSTFIX/usr/lib/postfix" timeout 300 \
	"$POSTFIX/usr/sbin/qmqp-sink" -c inet:127.0.0.13:628 10
wait_until 20 tcp_bound 127.0.0.13 628
servers 127.0.0.13
exits "qmqp-sink takes one" 0 send
done_testing
