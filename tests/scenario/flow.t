#!/bin/sh
# SPDX-License-Identifier: 0BSD
# kill -9 of each daemon in turn while 500 messages flow in by SMTP: every one
# that was accepted arrives, once, or more than once only if its delivery was
# under way when something was killed.
# runs alone
. "$(dirname "$0")/../lib.sh"
need_root
need svscan tcpserver python3

quill_config quill.example
echo 1 >"$H/control/retrylocal"
mktestuser
user1=$testuser home1=$testhome
mktestuser
user2=$testuser home2=$testhome
start_suite

# Sends until 500 are accepted; what the server does not acknowledge is sent
# again under another name. Prints the names that were acknowledged.
cat >"$T/load.py" <<'END'
import socket, sys, threading, time
port, users, want = int(sys.argv[1]), sys.argv[2:4], 500
lock, accepted, tried = threading.Lock(), [], [0]
end = time.time() + 120
def session():
    s = socket.create_connection(("127.0.0.1", port), 5)
    s.settimeout(10)
    f = s.makefile("rb")
    def reply(code):
        while True:
            line = f.readline()
            if not line:
                raise OSError("hung up")
            if line[3:4] != b"-":
                break
        if not line.startswith(code):
            raise OSError(line)
    reply(b"220")
    s.sendall(b"EHLO load\r\n"); reply(b"250")
    for _ in range(5):
        with lock:
            if len(accepted) >= want:
                return
            tried[0] += 1
            n = tried[0]
        s.sendall(b"MAIL FROM:<load@quill.example>\r\n"); reply(b"250")
        for u in users:
            s.sendall(b"RCPT TO:<%s@quill.example>\r\n" % u.encode())
            reply(b"250")
        s.sendall(b"DATA\r\n"); reply(b"354")
        s.sendall(b"Subject: n%d\r\n\r\n%s\r\n.\r\n" % (n, b"x" * 3000))
        reply(b"250")
        with lock:
            accepted.append(n)
        time.sleep(0.1)  # so that there is time for every kill
    s.sendall(b"QUIT\r\n")
def worker():
    while time.time() < end:
        with lock:
            if len(accepted) >= want:
                return
        try:
            session()
        except OSError:
            time.sleep(0.05)
ts = [threading.Thread(target=worker) for _ in range(6)]
for t in ts: t.start()
while any(t.is_alive() for t in ts):
    time.sleep(0.1)
    with open(sys.argv[4] + ".tmp", "w") as out:
        with lock:
            out.write("".join("n%d\n" % n for n in accepted))
    import os
    os.rename(sys.argv[4] + ".tmp", sys.argv[4])
END
: >"$T/accepted"
bg python3 "$T/load.py" "$SMTP_PORT" "$user1" "$user2" "$T/accepted"
load=$bg_pid

# Kill one process of this home by its program's name. Some live for a few
# milliseconds: look through the children of those that started them.
cat >"$T/kill.py" <<'END'
import os, signal, sys, time
path, end = sys.argv[1], time.time() + 20
def exe(pid):
    try:
        return os.readlink(f"/proc/{pid}/exe")
    except OSError:
        return ""
def children(pid):
    try:
        return open(f"/proc/{pid}/task/{pid}/children").read().split()
    except OSError:
        return []
home = os.path.dirname(path)
while time.time() < end:
    roots = [p for p in os.listdir("/proc") if p.isdigit()]
    for _ in range(200):
        for p in roots:
            e = exe(p)
            if e == path:
                os.kill(int(p), signal.SIGKILL)
                sys.exit(0)
        # from here on only the long-lived ones and what they start
        roots = [p for p in roots if exe(p).startswith(home)
                 or exe(p).endswith("/tcpserver")]
        roots += [c for p in roots for c in children(p)]
        roots = list(dict.fromkeys(roots))
sys.exit(1)
END
count()
{
	wc -l <"$T/accepted"
}
at_least()
{
	[ "$(count)" -ge "$1" ]
}

next=30
for victim in quill-send quill-lspawn quill-rspawn quill-clean quill-getpw \
	quill-local quill-queue quill-smtpd tcpserver; do
	ok "$next accepted" wait_until 60 at_least $next
	next=$((next + 45))
	if [ $victim = tcpserver ]; then
		svc -k "$S/smtp"
		continue
	fi
	ok "killed $victim" python3 "$T/kill.py" "$H/bin/$victim"
done
ok "500 accepted in spite of all" wait_until 120 at_least 500
wait "$load"
ok "send runs" wait_until 20 "$H/bin/quillctl" status
svc -a "$S/send"
ok "the queue drains" wait_until 60 queue_empty || suite_diag

for home in "$home1" "$home2"; do
	grep -h '^Subject: n' -r "$home/Maildir/new" | sed 's/.*: //' |
		sort >"$T/got"
	sort -u "$T/got" >"$T/once"
	sort "$T/accepted" >"$T/want"
	is "none is lost" "$(comm -13 "$T/once" "$T/want" | tr '\n' ' ')" ""
	# more than once: only deliveries that were under way at a kill, at most
	# concurrencylocal for each of the kills
	twice=$(uniq -d "$T/got" | wc -l)
	diag "$(wc -l <"$T/want") accepted, $(wc -l <"$T/got") delivered," \
		"$twice of them more than once"
	ok "hardly any comes twice" [ "$twice" -le 70 ]
	is "each is whole" "$(find "$home/Maildir/new" -type f -size -3000c |
		wc -l)" 0
done
is "nothing is set aside" "$(find "$H/queue/lost" -type f | wc -l)" 0
done_testing
