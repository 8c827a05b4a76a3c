#!/bin/sh
# SPDX-License-Identifier: 0BSD
# What a client on the wire and a local user without privilege try against the
# others: after each attack mail of somebody else must arrive as ever.
. "$(dirname "$0")/../lib.sh"
need_root
need svscan tcpserver python3 setpriv

quill_config quill.example
mktestuser
mallory=$testuser mhome=$testhome
mktestuser
bob=$testuser bhome=$testhome
start_suite

# as CMD...: as mallory, with nothing of root's
as()
{
	setpriv --reuid "$mallory" --regid "$mallory" --clear-groups \
		--reset-env -- env PATH="$PATH" HOME="$mhome" "$@"
}

# envelope SENDER RECIPIENT: into $T/env; both may have escapes for printf
envelope()
{
	# shellcheck disable=SC2059
	printf "F$1\\0T$2\\0\\0" >"$T/env"
}
printf 'Subject: test\n\ntext\n' >"$T/mess"

# mail LOCAL: one message
mail()
{
	envelope somebody@quill.example "$1@quill.example"
	"$H/bin/quill-queue" <"$T/mess" 1<"$T/env"
}

seen=0
# bob_served NAME: a new message to bob is there in time
bob_served()
{
	mail "$bob"
	seen=$((seen + 1))
	ok "$1" wait_until 15 maildir_has "$bhome/Maildir" $seen || suite_diag
}
bob_served "mail arrives"

# --- addresses on the wire ---------------------------------------------------
# Each line of refused.txt must be refused at RCPT: it is no address, or taking
# it would be relaying.
cat >"$T/refused.txt" <<'END'
<x@evil.example>
<x%evil.example@evil.example>
<x@evil.example@evil.example>
<@quill.example:x@evil.example>
<@quill.example,@evil.example:x@evil.example>
<@quill.example:x>
<x@quill.example.>
<x@quill.example@>
<x@.quill.example>
<x@quill..example>
<x@quill.example:25>
<x@quill.example/evil.example>
<x@quill.example evil.example>
<x@[]>
<x@[127.0.0.300]>
<x@[10.0.0.1]>
<x@[127.1]>
<x@[0x7f.0.0.1]>
<x@[IPv6:::1]>
<x@[127.0.0.1]evil.example>
<x@[127.0.0.1>
<x@>
<@quill.example>
<x@evil.quill.example>
<x@quill.example%evil.example>
<"x@evil.example">
<"x"@evil.example>
<"x@quill.example"@evil.example>
<x\@quill.example@evil.example>
<""@quill.example>
<x y@quill.example>
<"x
<x@quill.example
x@quill.example
<x@quill.example>>
<<x@quill.example>>
<x@quill.example> <y@quill.example>
<x@quill.example>NOTIFY=NEVER
<x@quill.example> X=Y
<x@quill.example,y@evil.example>
<x@quill.example;y@evil.example>
<x(c)@quill.example>
<#@[]>
<x-@evil.example-@[]>
<x@evil.example!quill.example>
END
cat >"$T/rcpt.py" <<'END'
import socket, sys
def session(port):
    s = socket.create_connection(("127.0.0.1", port), 10)
    f = s.makefile("rb")
    def say(line):
        s.sendall(line + b"\r\n")
        return reply()
    def reply():
        while True:
            l = f.readline()
            if l[3:4] != b"-":
                return l
    reply()
    say(b"HELO x")
    return say
n = 0
for line in open(sys.argv[2], "rb").read().splitlines():
    say = session(int(sys.argv[1]))
    assert say(b"MAIL FROM:<>").startswith(b"250")
    r = say(b"RCPT TO:" + line)
    if not r.startswith(b"5"):
        print(line, r)
    n += 1
for raw in (b"<x\x00@quill.example>", b"<x@quill.example\x00>",
        b"<\xc3\xa9@quill.example>", b"<x@qu\xefll.example>",
        b"<x\r@quill.example>", b"<x@quill.example>\x00",
        b"<" + b"x" * 1000 + b"@quill.example>", b"<\x7f@quill.example>",
        b"<\"\x01\"@quill.example>", b"<\"\\\x0b\"@quill.example>"):
    say = session(int(sys.argv[1]))
    say(b"MAIL FROM:<>")
    r = say(b"RCPT TO:" + raw)
    if not r.startswith(b"5"):
        print(raw, r)
    n += 1
print("tried", n)
END
# from 127.0.0.1, but without the rule that lets this machine relay
port=$(free_port)
bg setpriv --reuid quilld --regid nofiles --clear-groups tcpserver -RHl0 \
	127.0.0.1 "$port" "$H/bin/quill-smtpd"
wait_until 5 listening "$port"
is "no address is a way to relay" \
	"$(python3 "$T/rcpt.py" "$port" "$T/refused.txt" 2>&1)" \
	"tried $(($(wc -l <"$T/refused.txt") + 10))"

# --- local parts -------------------------------------------------------------
# No extension leads out of the home, or into a command.
: >"$bhome/.qmail-secret"
echo "|touch $T/ran" >"$T/evil"
chmod 644 "$T/evil"
as mkdir "$mhome/.qmail-a"
as sh -c "echo '|touch $mhome/inside' >$mhome/.qmail-a/b"
# shellcheck disable=SC2016
for ext in "../../../../../$T/evil" "/$T/evil" "a/../../${bhome##*/}/.qmail-secret" \
	'|touch '"$T/ran" '`touch '"$T/ran"'`' '$(touch '"$T/ran"')' '..' '.'; do
	mail "$mallory-$ext"
	mail "$ext"
done
ok "they all end" wait_until 20 queue_empty
ok "no local part runs or reads anything" test ! -e "$T/ran"
bob_served "nor stops anything"

# --- the log -----------------------------------------------------------------
# An envelope that is not from the wire may hold any byte.
envelope 'a\nend msg 0000000000000000\r\033[2J@x' \
	"nobody\\ndelivery 1: success: x status=sent@quill.example"
"$H/bin/quill-queue" <"$T/mess" 1<"$T/env"
ok "an envelope of lines" wait_until 15 queue_empty
exits "forges no line of the log" 1 sh -c "cat '$H'/log/send/* | tai64nlocal |
	cut -d' ' -f3- | grep -aE '^(end msg 0000|delivery 1: success: x)'"
exits "and no byte a terminal obeys" 1 \
	sh -c "cat '$H'/log/send/* | LC_ALL=C grep -aq '[^ -~]'"

# --- what others own ---------------------------------------------------------
# shellcheck disable=SC2016
as sh -c 'for f in queue queue/msg queue/msg/0 queue/lock/hint queue/lock/send \
	queue/bounce queue/lost; do
	cat "$1/$f" || ls "$1/$f" || echo >"$1/$f" || ln -s x "$1/$f/x"
done' sh "$H" >"$T/out" 2>"$T/err"
is "the queue is closed to users" "$(cat "$T/out")" ''
for prog in quill-start quill-lspawn; do
	exits "$prog is root's" 126 as sh -c "$H/bin/$prog ./Maildir/"
done
mail "$bob"
seen=$((seen + 1))
wait_until 15 maildir_has "$bhome/Maildir" $seen
as sh -c "rmdir $mhome/Maildir/*; rmdir $mhome/Maildir
	ln -s $bhome/Maildir $mhome/Maildir; ln -s $bhome/mbox $mhome/mbox
	printf './mbox\n' >$mhome/.qmail-m; ln -s $T/evil $mhome/.qmail-l"
mail "$mallory"
mail "$mallory-m"
ok "links to what is somebody else's" \
	wait_until 15 log_has 'deferral: Unable_to_open_\./mbox'
ok "are followed as the user" wait_until 15 log_has \
	'deferral: Unable_to_(create|open)_\./Maildir/'

# A user who could trace quill-local would have its socket to lspawn, which is
# root's, and the descriptors of messages.
# shellcheck disable=SC2016
as sh -c 'echo "|ls -l /proc/\$PPID/fd /proc/self/fd >$HOME/fds 2>&1; true" \
	>"$HOME/.qmail-fd"'
mail "$mallory-fd"
ok "a program of the user's" wait_until 15 test -s "$mhome/fds"
wait_until 5 log_has "success: did_0\+0\+1.* to=$mallory-fd@"
for prog in bounce clean getpw local queue remote rspawn send smtpd; do
	exits "quill-$prog cannot be read" 1 as test -r "$H/bin/quill-$prog"
done
like "cannot look into quill-local" "$(cat "$mhome/fds")" 'Permission denied'
unlike "and has no socket" "$(cat "$mhome/fds")" 'socket:'

# --- quill-queue -------------------------------------------------------------
queued()
{
	find "$H/queue/msg" -type f | wc -l
}
rm -f "$mhome/.qmail-l"
"$H/bin/quillctl" queue --count >"$T/out" 2>&1
had=$(queued)
envelope a@b "$bob@quill.example"
head -c 300000 /dev/zero | tr '\0' x >"$T/big"
for limit in '-f 1' '-f 300' '-n 3' '-n 4' '-n 5' '-v 50'; do
	# shellcheck disable=SC2016
	as sh -c 'ulimit $2; exec "$1/bin/quill-queue"' sh "$H" "$limit" \
		<"$T/big" 1<"$T/env"
	echo "$limit: $?"
done >"$T/limits" 2>&1
exits "no limit makes a success of a failure" 1 grep ': 0$' "$T/limits"
is "nothing is left of it" "$(queued)" "$had"
cat >"$T/kill.py" <<'END'
import os, random, subprocess, sys, time
for i in range(60):
    with open(sys.argv[2]) as mess, open(sys.argv[3]) as env:
        p = subprocess.Popen([sys.argv[1]], stdin=mess, stdout=env)
    time.sleep(random.random() * 0.006)
    p.kill()
    p.wait()
END
as python3 "$T/kill.py" "$H/bin/quill-queue" "$T/big" "$T/env"
sleep 2
whole=$(find "$bhome/Maildir/new" -size +290k | wc -l)
is "a message that was killed is there whole or not at all" \
	"$(find "$bhome/Maildir/new" -type f | wc -l)" $((seen + whole))
seen=$((seen + whole))
bob_served "quill-queues that were killed stop nothing"

# --- memory ------------------------------------------------------------------
# Envelopes as large as they may be, which are worked on for ever.
echo 0 >"$H/control/concurrencyremote"
svc -h "$S/send"
wait_until 5 log_has 'remote 0/0'
envelope 'a\302\2332J\233\033[2J@\303\244.example' x@a.example
"$H/bin/quill-queue" <"$T/mess" 1<"$T/env"
for opt in '' -j; do
	# shellcheck disable=SC2086
	"$H/bin/quillctl" queue $opt >"$T/out"
	is "no terminal obeys what quillctl queue $opt shows" "$(python3 -c '
import re, sys
t = open(sys.argv[1], "rb").read().decode()
print("\u00e4" in t, re.findall("[^ -~\\n\\t\u00a0-\uffff]", t))' \
		"$T/out" | tr -d "'")" 'True []'
done
python3 -c 'import sys
sys.stdout.write("Fx@quill.example\0" + "Tx@a.example\0" * 1190000 + "\0")' \
	>"$T/env"
for i in 1 2 3 4 5 6 7 8; do
	as "$H/bin/quill-queue" <"$T/mess" 1<"$T/env" || fail "a big envelope"
done
bob_served "big envelopes do not keep other mail waiting"
pid=$(svstat "$S/send" | sed 's/.*pid \([0-9]*\).*/\1/')
high=$(sed -n 's/^VmHWM:[^0-9]*\([0-9]*\).*/\1/p' "/proc/$pid/status")
ok "nor do they take all memory: $high KiB" test "$high" -lt 180000

done_testing
