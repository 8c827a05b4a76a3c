# SPDX-License-Identifier: 0BSD
"""One quill-queue for many messages: quill-queue -k by itself, as its callers
and as attackers would use it, and quill-smtpd, which keeps one. Argument: a
home where nothing runs."""
import array
import os
import pwd
import re
import resource
import signal
import socket
import subprocess
import sys
import time

sys.path.insert(0, os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
from tap import done, ok, same, skip, wait_for

HOME = sys.argv[1]
QUEUE, PLAIN = HOME + "/bin/quill-queue", HOME + "/plain-queue"
MSG = HOME + "/queue/msg"
SAN = os.environ.get("SAN")
WAIT = 60  # s, for what should come at once
LAST = 100  # messages of one process

# --- the queue ---------------------------------------------------------------
TABLE = []
for n in range(256):
    for _ in range(8):
        n = n >> 1 ^ (0x82F63B78 if n & 1 else 0)
    TABLE.append(n)


def crc32c(data):
    crc = 0xFFFFFFFF
    for b in data:
        crc = TABLE[(crc ^ b) & 255] ^ crc >> 8
    return crc ^ 0xFFFFFFFF


def files():
    return sorted(os.path.join(d, f) for d, _, fs in os.walk(MSG) for f in fs)


def clear():
    for f in files():
        os.unlink(f)


def whole(env):
    """Ends in an END record."""
    return re.search(rb"\0E[0-9]{10} [0-9a-f]{8}\0\Z", env) is not None


def message(id):
    """Received line, message and records of the envelope of an id; None where
    it is not all there, or is not what its envelope says."""
    base = "%s/%s/%s" % (MSG, id[-1], id)
    try:
        mess = open(base + ".mess", "rb").read()
        env = open(base + ".env", "rb").read()
    except OSError:
        return None
    if not whole(env):
        return None
    records = env.split(b"\0")[:-1]
    if records[2] != b"S%d %08x" % (len(mess), crc32c(mess)):
        return None
    head, _, text = mess.partition(b"\n")
    if id.encode() not in head:
        return None
    return head.decode(), text, records[3:-1]


def envelope(*to, sender="a@b"):
    return b"".join([b"F%s\0" % sender.encode()] +
                    [b"T%s\0" % t.encode() for t in to] + [b"\0"])


SMALL = envelope("c@d")


# --- the other end -----------------------------------------------------------
class Keeper:
    """A quill-queue -k, and our end of its socket."""

    def __init__(self, argv=None, user=None, kind=socket.SOCK_SEQPACKET,
                 prepare=None):
        if SAN and not argv:
            argv, user = [PLAIN], user or "quillq"
        self.sock, theirs = socket.socketpair(socket.AF_UNIX, kind)
        self.sock.settimeout(WAIT)
        self.p = subprocess.Popen((argv or [QUEUE]) + ["-k"], stdin=theirs,
                                  stdout=theirs, user=user, preexec_fn=prepare,
                                  extra_groups=[] if user else None)
        theirs.close()

    def packet(self, data, fds=()):
        self.sock.sendmsg([data], [(socket.SOL_SOCKET, socket.SCM_RIGHTS,
                                    array.array("i", fds))] if fds else [])

    def open(self):
        """Hand two pipes over; our ends."""
        m, e = os.pipe(), os.pipe()
        try:
            self.packet(b"M", [m[0], e[0]])
        except BaseException:
            os.close(m[1]), os.close(e[1])
            raise
        finally:
            os.close(m[0]), os.close(e[0])
        return m[1], e[1]

    def answer(self):
        """("K", id), ("X", code) or None at the end."""
        try:
            got = self.sock.recv(100)
        except ConnectionResetError:
            return None
        if not got:
            return None
        if len(got) == 17 and got[:1] == b"K":
            return "K", got[1:].decode()
        if len(got) == 2 and got[:1] == b"X":
            return "X", got[1]
        return "?", got

    def send(self, text=b"Subject: x\n\nbody\n", env=SMALL):
        m, e = self.open()
        for fd, data in (m, text), (e, env):
            with open(fd, "wb", 0) as f:
                try:
                    while data:
                        data = data[f.write(data):]
                except BrokenPipeError:
                    pass
        return self.answer()

    def end(self):
        """Its exit code when we leave."""
        self.sock.close()
        return self.code()

    def code(self):
        try:
            return self.p.wait(WAIT)
        except subprocess.TimeoutExpired:
            self.p.kill()
            self.p.wait()
            return "hangs"

    def fds(self):
        return sorted(int(f) for f in os.listdir("/proc/%d/fd" % self.p.pid))

    def memory(self):
        """kB of its own, private."""
        text = open("/proc/%d/smaps_rollup" % self.p.pid).read()
        return int(re.search(r"Private_Dirty: *(\d+)", text).group(1))

    def rests(self):
        """It waits for the next message."""
        try:
            return open("/proc/%d/syscall" % self.p.pid).read().startswith(
                "47 0x0 ")
        except OSError:
            return True


os.umask(0o77)
signal.signal(signal.SIGPIPE, signal.SIG_IGN)

# --- several messages --------------------------------------------------------
k = Keeper()
texts = [b"Subject: 1\n\none\n", b"", b"no newline", b"a\0b\r\n.\r\n\xff",
         os.urandom(200000), b"x" * 65536, b"Subject: last\n\n"]
got = [k.send(t, envelope("to%d@d" % i, sender="from%d@b" % i))
       for i, t in enumerate(texts)]
ok(all(g and g[0] == "K" for g in got), "each is committed", got)
same(len({g[1] for g in got}), len(texts), "each with its own id")
all_there = [message(g[1]) for g in got]
ok(None not in all_there, "each is what its envelope says")
same([m and m[1] for m in all_there], texts, "each has its bytes")
same([m and m[2][1:] for m in all_there],
     [[b"Ffrom%d@b" % i, b"Tto%d@d" % i] for i in range(len(texts))],
     "and its envelope")
uid = pwd.getpwnam("quillq").pw_uid if SAN else 0
want = r"Received: \(quill %d invoked by uid %d id [0-9a-v]{16}\); .* -0000$"
ok(all(m and re.match(want % (k.p.pid, uid), m[0]) for m in all_there),
   "the Received line of each", all_there)
same(len(files()), 2 * len(texts), "nothing else is there")
st = os.stat(files()[0])
same((st.st_mode & 0o777, pwd.getpwuid(st.st_uid).pw_name), (0o660, "quillq"),
     "mode and owner, whatever our umask is")
same(k.end(), 0, "it ends with us: exit 0")
same(len(files()), 2 * len(texts), "and they stay")
clear()

# --- nothing is left of the one before ---------------------------------------
k = Keeper()
k.send()
ok(wait_for(k.rests), "it rests")
fds, memory = k.fds(), k.memory()
same(fds, [0, 1, 2], "it has no descriptor of the first any more")
many = ["recipient%06d@example.org" % i for i in range(100000)]
got = k.send(b"large\n", envelope(*many))
m = got and got[0] == "K" and message(got[1])
same(m and len(m[2]), 100002, "100,000 recipients")
got = k.send(b"s", envelope("x@y", sender=""))
m = got and got[0] == "K" and message(got[1])
same(m and m[1:], (b"s", [b"O%d %d" % (k.p.pid, uid), b"F", b"Tx@y"]),
     "a small one after that has nothing of it")
ok(wait_for(k.rests), "it rests")
same(k.fds(), fds, "no descriptor more")
if SAN:
    skip("nor much memory", "the sanitizer keeps it")
else:
    ok(k.memory() < memory + 200, "nor much memory", memory, k.memory())
for i in range(LAST - 4):
    got = k.send(b"%d\n" % i)
    if not got or got[0] != "K" or not message(got[1]):
        break
ok(got and got[0] == "K", "%d messages but one" % LAST, i, got)
ok(wait_for(k.rests), "it rests")
same(k.fds(), fds, "no descriptor more")
m, e = k.open()
os.close(m)
os.write(e, SMALL)
os.close(e)
same((k.answer() or "?")[0], "K", "the last one")
try:
    k.open()
    ok(False, "no more: our next is not taken")
except BrokenPipeError:
    ok(True, "no more: our next is not taken")
same(k.code(), 0, "it leaves by itself: exit 0")
same(len([f for f in files() if f.endswith(".env")]), LAST, "all are there")
clear()

# --- failures ----------------------------------------------------------------
for name, code, env in [
        ("malformed", 91, b"Tx\0\0"), ("cut short", 54, b"Fa\0Tb\0"),
        ("none", 54, b""), ("long address", 11, envelope("x" * 1001)),
        ("bytes behind", 91, SMALL + b"x")]:
    k = Keeper()
    first = k.send()
    got = k.send(b"second\n", env)
    same(got, ("X", code), "envelope %s: the code" % name)
    same(k.answer(), None, "it goes")
    same(k.code(), code, "and exits with it")
    ok(message(first[1]), "the one before is there")
    same(len(files()), 2, "and nothing else")
    try:
        k.open()
        ok(False, "the next is not taken")
    except BrokenPipeError:
        ok(True, "the next is not taken")
    clear()
for name, part in [("at once", 0), ("in the message", 1),
                   ("in the envelope", 2)]:
    k = Keeper()
    first = k.send()
    m, e = k.open()
    if part > 0:
        os.write(m, b"half a mess")
    if part > 1:
        os.close(m)
        os.write(e, SMALL[:-1])
    k.sock.close()
    if part < 2:
        os.close(m)
    os.close(e)
    same(k.code(), 54, "we die %s" % name)
    ok(message(first[1]) and len(files()) == 2, "the one before, no more",
       files())
    clear()
os.rename(HOME + "/queue", HOME + "/q")
k = Keeper()
same(k.send(), ("X", 62), "no queue: said to who asks")
same(k.code(), 62, "exit 62")
os.rename(HOME + "/q", HOME + "/queue")
with open(HOME + "/control/envelopebytes", "w") as f:
    f.write("x\n")
os.chmod(HOME + "/control/envelopebytes", 0o644)
k = Keeper()
same(k.send(), ("X", 55), "a bad control file: said to who asks")
k.end()
k = Keeper()
same(k.end(), 0, "nobody asks: exit 0")
os.unlink(HOME + "/control/envelopebytes")
same(files(), [], "nothing is left")

# --- packets of a wrong shape ------------------------------------------------
null = os.open("/dev/null", os.O_RDONLY)
for name, data, n in [("no descriptor", b"M", 0), ("one", b"M", 1),
                      ("three", b"M", 3), ("250", b"M", 250),
                      ("another letter", b"m", 2), ("longer", b"MM", 2),
                      ("much longer", b"M" * 60000, 2),
                      ("an answer", b"K" + b"0" * 16, 2)]:
    for before in 0, 1:
        k = Keeper()
        if before:
            first = k.send()
        k.packet(data, [null] * n)
        same(k.answer(), None, "%s: no answer%s" % (
            name, ", after a message" * before))
        same(k.code(), 54, "%s: exit 54" % name)
    ok(message(first[1]) and len(files()) == 2, "the message is there", files())
    clear()
k = Keeper(prepare=lambda: resource.setrlimit(resource.RLIMIT_NOFILE, (4, 4)))
k.packet(b"M", [null] * 2)
same((k.answer(), k.code()), (None, 54), "no room for the descriptors")
k = Keeper(prepare=lambda: resource.setrlimit(resource.RLIMIT_NOFILE, (6, 6)))
got = k.send()
ok(got and got[0] == "X" and 62 <= got[1] <= 65, "no room for the files", got)
same(k.code(), got and got[1], "and it ends")
same(files(), [], "nothing is left")
k = Keeper()
r, w = os.pipe()
k.packet(b"M", [w, w])
same(k.answer(), ("X", 54), "descriptors that cannot be read")
os.close(w)
k.end()
k = Keeper()
k.packet(b"M", [r, r])
os.close(r)
same(k.answer(), ("X", 54), "an envelope without a byte")
k.end()
# its own end, so that there is no end of file but ours
k = Keeper()
k.packet(b"M", [k.sock.fileno(), k.sock.fileno()])
same((k.answer(), k.code()), (None, 54), "its own socket is no message")
same(files(), [], "nothing is left")
k = Keeper()
r, w = os.pipe()
both = os.open("/proc/self/fd/%d" % r, os.O_RDWR)
k.packet(b"M", [both, both])
os.close(r), os.close(w), os.close(both)
ok(wait_for(lambda: len(files()) == 2), "a message from both ends of a pipe")
k.p.send_signal(signal.SIGALRM)
same(k.code(), 52, "ends when its time is up")
same(files(), [], "nothing is left")
argv = [PLAIN] if SAN else [QUEUE]
for name, fd in [("/dev/null", null), ("a file", os.open(PLAIN, os.O_RDONLY)),
                 ("a pipe", os.pipe()[0])]:
    p = subprocess.run(argv + ["-k"], stdin=fd, stdout=null, timeout=WAIT,
                       user="quillq" if SAN else None)
    same(p.returncode, 54, "descriptor 0 is %s: exit 54, as nothing is queued" %
         name)
p = subprocess.run(["sh", "-c", 'exec "$@" <&- >&-', "sh"] + argv + ["-k"],
                   timeout=WAIT, user="quillq" if SAN else None)
same(p.returncode, 54, "no descriptors: exit 54")
k = Keeper(kind=socket.SOCK_STREAM)
k.packet(b"no packets")
same(k.code(), 54, "a stream of bytes: exit 54")
for args in [], ["-x"], ["-l", "-k"], ["-k", "-k"], ["-kk"], ["--", "-k"]:
    r, w = os.pipe()
    os.write(w, SMALL)
    os.close(w)
    p = subprocess.run(argv + args, stdin=null, stdout=r, timeout=WAIT,
                       user="quillq" if SAN else None)
    os.close(r)
    same((p.returncode, len(files())), (0, 2), "arguments %r: as ever" % args)
    clear()

# --- signals -----------------------------------------------------------------
k = Keeper()
first = k.send()
ok(wait_for(k.rests), "it rests")
k.p.send_signal(signal.SIGALRM)
same((k.answer(), k.code()), (None, 52), "its time is up while it rests")
ok(message(first[1]) and len(files()) == 2, "the message is there", files())
clear()
for part in "message", "envelope":
    k = Keeper()
    first = k.send()
    m, e = k.open()
    wait_for(lambda: len(files()) == 4)
    if part == "envelope":
        os.close(m)
        # it is written at the end of the message
        wait_for(lambda: sum(os.path.getsize(f) > 0 for f in files()) == 3)
    k.p.send_signal(signal.SIGALRM)
    same(k.answer(), ("X", 52), "its time is up in the second %s" % part)
    same(k.code(), 52, "exit 52")
    ok(message(first[1]) and len(files()) == 2, "the first is there, no more",
       files())
    os.close(e)
    if part == "message":
        os.close(m)
    clear()
k = Keeper(prepare=lambda: signal.pthread_sigmask(
    signal.SIG_BLOCK, [signal.SIGALRM]))
k.send()
ok(wait_for(k.rests), "it rests")
k.p.send_signal(signal.SIGALRM)
same(k.code(), 52, "also when that was blocked")
clear()
k = Keeper()
first = k.send()
m, e = k.open()
wait_for(lambda: len(files()) == 4)
k.p.kill()
same((k.answer(), k.code()), (None, -9), "killed in the second message")
os.close(m), os.close(e)
ok(message(first[1]), "the first is there")
same(sum(whole(open(f, "rb").read()) for f in files() if f.endswith("env")), 1,
     "the second is none")
clear()

# --- who it is ---------------------------------------------------------------
if SAN:
    skip("origin", "it is not setuid here")
else:
    k = Keeper(user="quilld")
    got = k.send()
    ok("invoked from network id" in message(got[1])[0], "origin: quilld")
    k.end()
    k = Keeper(user="nobody")
    got = k.send()
    nobody = pwd.getpwnam("nobody").pw_uid
    ok("invoked by uid %d id" % nobody in message(got[1])[0],
       "origin: who started it, not who sends (root)")
    k.end()
    clear()
    # Nobody listens to the answers.
    k = Keeper(user="nobody")
    for i in range(LAST):
        m, e = k.open()
        os.close(m)
        os.write(e, SMALL)
        os.close(e)
    same(k.code(), 0, "answers that nobody takes hold nothing up")
    k.sock.close()
    same(len(files()), 2 * LAST, "all is there")
    clear()


# --- at every system call ----------------------------------------------------
def traced(*inject):
    """Under strace, as quillq: it is not setuid then."""
    return Keeper(["strace", "-qq", "-o", HOME + "/trace", "-e",
                   "signal=none"] +
                  [x for i in inject for x in ("-e", i)] + [PLAIN],
                  user="quillq")


def two(k):
    """Two messages, as far as it goes."""
    out = []
    for text in b"one\n", b"two\n":
        try:
            out.append(k.send(text))
        except (BrokenPipeError, ConnectionResetError):
            out.append(None)
        if not out[-1] or out[-1][0] != "K":
            break
    k.end()
    return out


def account(name, got):
    """What was answered for is there; what was refused has left nothing, but
    for a file that was being made; what was not answered is whole or none."""
    there = [g[1] for g in got if g and g[0] == "K"]
    lost = [i for i in there if not message(i)]
    refused = bool(got) and got[-1] is not None and got[-1][0] == "X"
    left = [f for f in files() if f.endswith(".env") or os.path.getsize(f)]
    n = sum(whole(open(f, "rb").read()) for f in left if f.endswith(".env"))
    bad = lost or (refused and len(left) != 2 * len(there)) or \
        not len(there) <= n <= len(there) + 1
    clear()
    return [(name, got, lost, n)] if bad else []


os.chmod(HOME, 0o711)
open(HOME + "/trace", "w").close()
os.chown(HOME + "/trace", pwd.getpwnam("quillq").pw_uid, -1)
if SAN or subprocess.run(["strace", "-qq", "-o", "/dev/null", "true"],
                         user="quillq", extra_groups=[],
                         stderr=subprocess.DEVNULL).returncode:
    skip("at every system call", "no strace here, or too many calls")
else:
    got = two(traced())
    same([g and g[0] for g in got], ["K", "K"], "two messages, traced")
    same(len(re.findall(r"(?:alarm\(|setitimer\(ITIMER_REAL.*tv_sec=)86400\b",
                        open(HOME + "/trace").read())), 3,
         "each has 24 hours, and so has the beginning")
    calls = [line.split("(")[0] for line in open(HOME + "/trace")
             if "(" in line]
    same(account("", got), [], "both are there")
    # the second message, and a bit before and after
    start = calls.index("recvmsg")
    # calls are counted by name
    points = [(c, calls[:n + 1].count(c)) for n, c in enumerate(calls)][start:]
    for sig in "SIGALRM", "SIGKILL":
        bad, late, gone = [], 0, 0
        for point in points:
            got = two(traced("inject=%s:signal=%s:when=%d" % (
                point[0], sig, point[1])))
            late += ("X", 52) in got
            gone += None in got
            bad += account(point, got)
        ok(not bad, "%s at each of %d calls: nothing that was answered for is "
           "lost" % (sig, len(points)), *bad)
        ok(late > 10 if sig == "SIGALRM" else gone > 30,
           "and it cost messages", late, gone)
    for row in ["fsync:EIO:4:X", "fsync:EIO:5:X", "fsync:ENOSPC:6:X",
                "sendto:EAGAIN:2:None", "alarm:EIO:2:K"]:
        call, error, n, want = row.split(":")
        got = two(traced("inject=%s:error=%s:when=%s" % (call, error, n)))
        same(got[-1][0] if got[-1] else str(got[-1]), want,
             "the second one's %s fails with %s" % (call, error))
        same(account(row, got), [], "all is in order")
        if call == "fsync":
            same(sum(line.startswith("fsync") for line in
                     open(HOME + "/trace")), int(n), "and is not tried again")

# --- quill-smtpd -------------------------------------------------------------
os.chmod(HOME, 0o755)
os.umask(0o22)


class Smtp:
    def __init__(self, **env):
        self.sock, theirs = socket.socketpair()
        self.sock.settimeout(WAIT)
        self.p = subprocess.Popen(
            [HOME + "/bin/quill-smtpd"], stdin=theirs, stdout=theirs,
            stderr=subprocess.DEVNULL, user="quilld", extra_groups=[],
            env={**os.environ, "TCPREMOTEIP": "127.0.0.1",
                 "RELAYCLIENT": "", **env})
        theirs.close()
        self.f = self.sock.makefile("rb")
        self.reply()
        self.say("HELO x")

    def reply(self):
        while True:
            line = self.f.readline().decode()
            if line[3:4] != "-":
                return line

    def say(self, line):
        self.sock.sendall(line.encode() + b"\r\n")
        return self.reply()

    def begin(self, *to):
        self.say("MAIL FROM:<a@b>")
        for t in to or ("c@quill.example",):
            self.say("RCPT TO:<%s>" % t)
        return self.say("DATA")

    def send(self, text="x"):
        """The id, or the reply."""
        self.begin()
        r = self.say(text + "\r\n.")
        m = re.search(r" id ([0-9a-v]{16})", r)
        return m.group(1) if r.startswith("250") and m else r

    def children(self):
        """Process ids of programs that it runs, those that ended not."""
        out = []
        path = "/proc/%d/task/%d/children" % (self.p.pid, self.p.pid)
        for pid in open(path).read().split():
            try:
                state = open("/proc/%s/stat" % pid).read().rpartition(")")[2]
            except OSError:
                continue
            if state.split()[0] != "Z":
                out.append(int(pid))
        return out

    def quit(self):
        self.say("QUIT")
        return self.p.wait(WAIT)


def there(ids):
    return all(len(i) == 16 and message(i) for i in ids)


s = Smtp()
same(s.children(), [], "smtpd: no quill-queue before the first message")
ids = [s.send("1"), s.send("2")]
first = s.children()
same(len(first), 1, "smtpd: one quill-queue stays")
ids += [s.send(str(i)) for i in range(5)]
same(s.children(), first, "and takes the next ones")
ok(there(ids) and len(set(ids)) == 7, "all are there", ids)
os.kill(first[0], signal.SIGKILL)
wait_for(lambda: s.children() == [])
ids.append(s.send())
ok(there(ids), "killed between two messages: nobody notices", ids)
second = s.children()
ok(len(second) == 1 and second != first, "another one stays")
s.begin()
wait_for(lambda: len(files()) == 2 * len(ids) + 2)
os.kill(second[0], signal.SIGKILL)
r = s.say("x\r\n.")
ok(r.startswith("451 4.3.0 "), "killed in a message: a temporary failure",
   r)
same(s.children(), [], "none stays")
ids.append(s.send())
ok(there(ids), "the next message is taken", ids)
third = s.children()
r = s.send("a bare CR\rin it")
ids.append(s.send())
ok(r[:1] == "5" and there(ids), "the message after one that was refused",
   r, ids)
same(len(files()), 2 * len(ids) + 2, "of which nothing is left, but for "
     "what was killed")
ok(s.children() != third, "it had one of its own")
ids += [s.send(str(i)) for i in range(LAST + 5)]
ok(there(ids), "more messages than one process takes", ids[-3:])
same(len(s.children()), 1, "one process")
last = s.children()[0]
os.kill(last, signal.SIGSTOP)
os.kill(last, signal.SIGCONT)
same(s.quit(), 0, "the session ends")
ok(not os.path.exists("/proc/%d" % last), "and its quill-queue before it")
clear()
s = Smtp()
id = s.send()
last = s.children()
s.p.kill()
s.p.wait()
ok(len(last) == 1 and wait_for(
    lambda: not os.path.exists("/proc/%d" % last[0]) or
    open("/proc/%d/stat" % last[0]).read().rpartition(")")[2].split()[0]
    == "Z"), "quill-smtpd is killed: its quill-queue goes")
ok(there([id]), "the message is there")
clear()
# looked after at a quarter of timeoutsmtpd
with open(HOME + "/control/timeoutsmtpd", "w") as f:
    f.write("20\n")
s = Smtp()
s.send()
same(len(s.children()), 1, "one stays")
ok(wait_for(lambda: s.children() == []), "but not for long without work")
same(s.say("NOOP")[:3], "250", "the session does not notice")
ok(there([s.send()]), "nor its next message")
s.quit()
os.unlink(HOME + "/control/timeoutsmtpd")
clear()
# what stands in for quill-queue need not know of any of this
with open(HOME + "/filter", "w") as f:
    f.write("#!/bin/sh\necho $# >>%s/args\nexec %s\n" % (HOME, QUEUE))
os.chmod(HOME + "/filter", 0o755)
open(HOME + "/args", "w").close()
os.chmod(HOME + "/args", 0o666)
s = Smtp(QMAILQUEUE=HOME + "/filter")
ids = [s.send(), s.send()]
ok(there(ids), "a filter", ids)
same((s.children(), open(HOME + "/args").read()), ([], "0\n0\n"),
     "has each message for itself, and no arguments")
s.quit()
os.rename(QUEUE, HOME + "/real-queue")
with open(QUEUE, "w") as f:
    f.write("#!/bin/sh\necho $# >>%s/args\nexec %s/real-queue\n" %
            (HOME, HOME))
os.chmod(QUEUE, 0o755)
s = Smtp()
ids += [s.send(), s.send()]
ok(there(ids), "another program in its place", ids)
same((s.children(), open(HOME + "/args").read()), ([], "0\n" * 4),
     "too")
os.unlink(QUEUE)
r = s.send()
ok(r.startswith("451"), "none in its place", r)
os.rename(HOME + "/real-queue", QUEUE)
ids.append(s.send())
ok(there(ids), "there again", ids)
s.quit()
clear()
done()
