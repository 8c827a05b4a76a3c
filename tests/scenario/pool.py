# SPDX-License-Identifier: 0BSD
"""The quill-queues that wait for callers. Arguments: the home of a suite that
runs, and the service directory of quill-send."""
import array
import contextlib
import grp
import os
import pwd
import re
import resource
import signal
import socket
import struct
import subprocess
import sys
import time

sys.path.insert(0, os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
from tap import done, ok, same, wait_for

HOME, SERVICE = sys.argv[1:]
QUEUE, MSG = HOME + "/bin/quill-queue", HOME + "/queue/msg"
SOCKET = HOME + "/run/queue/socket"
WAIT = 60       # s, for what should come at once
PLACES = 100    # processes
LAST = 100      # messages of one of them
TO = "x@far.test"
SMALL = b"Fa@b\0T%s\0\0" % TO.encode()

def uid_of(name):
    return pwd.getpwnam(name).pw_uid


@contextlib.contextmanager
def being(name):
    os.seteuid(uid_of(name))
    try:
        yield
    finally:
        os.seteuid(0)


# --- what is there -----------------------------------------------------------
def ids():
    return {f[:-4] for _, _, fs in os.walk(MSG) for f in fs
            if f.endswith(".env")}


def received(id):
    """The Received line of a message that is whole, or ''."""
    base = "%s/%s/%s" % (MSG, id[-1], id)
    try:
        mess = open(base + ".mess", "rb").read()
        env = open(base + ".env", "rb").read()
    except OSError:
        return ""
    if not re.search(rb"\0E[0-9]{10} [0-9a-f]{8}\0\Z", env):
        return ""
    if env.split(b"\0")[2].split()[0] != b"S%d" % len(mess):
        return ""
    return mess.split(b"\n", 1)[0].decode()


def stat_of(pid):
    """(parent, state), or None."""
    try:
        f = open("/proc/%d/stat" % pid).read().rpartition(")")[2].split()
    except OSError:
        return None
    return int(f[1]), f[0]


def waiting():
    """Process ids of those that were started with -l: {pid: parent}."""
    out = {}
    for p in os.listdir("/proc"):
        try:
            if p.isdigit() and open("/proc/%s/cmdline" % p).read().split(
                    "\0")[:2] == ["quill-queue", "-l"] and \
                    os.readlink("/proc/%s/exe" % p).startswith(HOME):
                st = stat_of(int(p))
                if st and st[1] not in "ZX":
                    out[int(p)] = st[0]
        except OSError:
            pass
    return out


def first():
    """The one that makes the others, or None."""
    now = waiting()
    for p, parent in now.items():
        try:
            if parent not in now and \
                    open("/proc/%d/comm" % parent).read() == "quill-send\n":
                return p
        except OSError:
            pass
    return None


def others():
    one = first()
    return [p for p in waiting() if p != one]


def calm():
    """Nobody called for a while: the first one is alone."""
    return wait_for(lambda: len(waiting()) == 1)


def send_svc(option):
    subprocess.run(["svc", option, SERVICE], check=True)


def send_is_up():
    return subprocess.run([HOME + "/bin/quillctl", "status"],
                          stdout=subprocess.DEVNULL,
                          stderr=subprocess.DEVNULL).returncode == 0


def limit(processes):
    """How many processes the user of the first one may have."""
    subprocess.run(["prlimit", "--pid", str(first()), "--nproc=%s:" % processes],
                   check=True, user="quillq", group="nofiles", extra_groups=[])


# --- callers -----------------------------------------------------------------
class Caller:
    """A connection; ready: the process that serves it, None if nobody will."""

    def __init__(self, user="nobody"):
        self.sock = socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        self.sock.settimeout(WAIT)
        with being(user):
            self.sock.connect(SOCKET)
        try:
            got = self.sock.recv(100)
        except ConnectionResetError:
            got = b""
        self.ready = int(got[1:]) if got[:1] == b"R" else None

    def packet(self, data, fds=()):
        self.sock.sendmsg([data], [(socket.SOL_SOCKET, socket.SCM_RIGHTS,
                                    array.array("i", fds))] if fds else [])

    def open(self):
        m, e = os.pipe(), os.pipe()
        self.packet(b"M", [m[0], e[0]])
        os.close(m[0]), os.close(e[0])
        return m[1], e[1]

    def finish(self, m, e, text=b"Subject: x\n\nbody\n", env=SMALL):
        """The id, ("X", code) or None."""
        for fd, data in (m, text), (e, env):
            with open(fd, "wb", 0) as f:
                try:
                    f.write(data)
                except BrokenPipeError:
                    pass
        return self.answer()

    def answer(self):
        try:
            got = self.sock.recv(100)
        except ConnectionResetError:
            got = b""
        if got[:1] == b"K":
            return got[1:].decode()
        return ("X", got[1]) if got else None

    def send(self, **kw):
        return self.finish(*self.open(), **kw)

    def descriptors(self):
        """Of the other side, when it waits for the next message."""
        wait_for(lambda: open("/proc/%d/syscall" % self.ready).read()
                 .startswith("47 0x"))
        return len(os.listdir("/proc/%d/fd" % self.ready))

    def close(self):
        self.sock.close()


def refused():
    """Nobody is there. Who is there would not go for lack of callers."""
    try:
        Caller().close()
    except ConnectionError:
        return True
    return False


def inject(user="nobody", prepare=None, **env):
    """The exit code, and the id of what is new in the queue, if it is one."""
    old = ids()
    p = subprocess.run(
        [HOME + "/bin/quill-inject", "-f", "a@b", TO], input=b"\nhello\n",
        user=user if not prepare else None, extra_groups=[],
        preexec_fn=prepare, env={**os.environ, **env}, timeout=2 * WAIT,
        stderr=subprocess.PIPE)
    new = ids() - old
    return p.returncode, new.pop() if len(new) == 1 else sorted(new)


def no_one():
    return []


def queued(name, by=None, **how):
    """quill-inject queues a whole message; by tells the processes of which one
    does that, now; no_one: none that waits. One that waits may be too slow once,
    or have just turned a caller away: that message is queued, too."""
    for _ in range(20 if by == others else 1):
        code, id = inject(**how)
        line = received(id) if code == 0 and isinstance(id, str) else ""
        pid = int((re.search(r"\(quill (\d+) ", line) or [0, "0"])[1])
        good = line and (by is None or (pid not in waiting() if by == no_one
                                        else pid in by()))
        if good or not line:
            break
    return ok(good, name, code, id, line, by)


os.chdir("/")
signal.signal(signal.SIGPIPE, signal.SIG_IGN)

# --- who is served, and as whom ----------------------------------------------
ok(wait_for(lambda: first() is not None and os.path.exists(SOCKET)),
   "one waits when quill-send runs")
status = open("/proc/%d/status" % first()).read()
q = uid_of("quillq")
same(re.search(r"Uid:\s+(.*)", status).group(1).split(), [str(q)] * 4,
     "as quillq")
gids = set(re.search(r"Gid:\s+(.*)\nFD", status).group(1).split() +
           re.search(r"Groups:\s*(.*)", status).group(1).split())
same(gids, {str(grp.getgrnam("nofiles").gr_gid)}, "in no group of the queue")
queued("quill-inject, the first message", by=others)
pids = others()
queued("and the next", by=others)
for user, want in [("nobody", "by uid %d" % uid_of("nobody")),
                   ("quilld", "from network"), ("quills", "for bounce"),
                   ("alias", "by alias")] + [
                       ("nobody", "by uid %d" % uid_of("nobody"))] * 3:
    c = Caller(user)
    id = c.send()
    line = received(id) if isinstance(id, str) else ""
    ok(line.startswith("Received: (quill %s invoked %s id %s)" % (
        c.ready, want, id)), "%s: %s" % (user, want), id, line, c.ready)
    c.close()
env = open("%s/%s/%s.env" % (MSG, id[-1], id), "rb").read()
ok(b"\0O%d %d\0" % (c.ready, uid_of("nobody")) in env,
   "pid and uid in the envelope", env)


def half_nobody():
    os.setgroups([])
    os.setresuid(uid_of("nobody"), uid_of("quilld"), uid_of("quilld"))


code, id = inject(prepare=half_nobody)
ok(code == 0 and "by uid %d" % uid_of("nobody") in received(id),
   "who runs as another user than his own is taken for himself", code, id)


def limited():
    os.setgroups([])
    os.setuid(uid_of("nobody"))
    os.umask(0o777)
    resource.setrlimit(resource.RLIMIT_FSIZE, (10, 10))
    resource.setrlimit(resource.RLIMIT_CPU, (5, 5))


queued("limits of the caller are not those of the queue", by=others,
       prepare=limited)
got = Caller("quilld").send()
queued("nor of the next one", by=others)

talk = b"".join(b"MAIL FROM:<a@b>\r\nRCPT TO:<%s>\r\nDATA\r\nSubject: %d\r\n"
                b"\r\n.\r\n" % (TO.encode(), i) for i in range(3))
p = subprocess.run([HOME + "/bin/quill-smtpd"], user="quilld", extra_groups=[],
                   input=b"HELO x\r\n" + talk + b"QUIT\r\n", timeout=WAIT,
                   stdout=subprocess.PIPE, stderr=subprocess.DEVNULL,
                   env={**os.environ, "TCPREMOTEIP": "127.0.0.1",
                        "RELAYCLIENT": ""})
got = [received(i) for i in re.findall(r" id ([0-9a-v]{16})",
                                       p.stdout.decode())]
pids = {int(re.search(r"\(quill (\d+) invoked from network", g)[1])
        for g in got}
ok(len(got) == 3 and len(pids) == 1 and pids <= set(others()),
   "quill-smtpd gives one of them all messages of a session", got, p.stdout)

# --- hostile and clumsy callers ----------------------------------------------
null = os.open("/dev/null", os.O_RDONLY)
before = ids()
for name, data, n in [("no descriptor", b"M", 0), ("one", b"M", 1),
                      ("three", b"M", 3), ("250", b"M", 250),
                      ("another letter", b"m", 2), ("longer", b"MM", 2),
                      ("much longer", b"M" * 60000, 2), ("a word", b"R1", 0),
                      ("an answer", b"K" + b"0" * 16, 2)]:
    c = Caller()
    c.packet(data, [null] * n)
    same(c.answer(), None, "%s: no answer" % name)
    c.close()
for name, code, env in [("malformed", 91, b"Tx\0\0"), ("none", 54, b""),
                        ("cut short", 54, b"Fa\0Tb\0")]:
    c = Caller()
    same(c.send(env=env), ("X", code), "envelope %s: its code" % name)
    c.close()
c = Caller()
m, e = c.open()
c.close()
os.write(m, b"half a mess")
os.close(m), os.close(e)
ok(wait_for(lambda: not [f for _, _, fs in os.walk(MSG) for f in fs
                         if f.endswith(".mess") and
                         f[:-5] not in before and not received(f[:-5])]),
   "half a message leaves nothing")
for name, make in [("files", lambda: os.open("/etc/passwd", os.O_RDONLY)),
                   ("sockets", lambda: socket.socket().detach()),
                   ("eventfds", lambda: os.eventfd(0))]:
    fd, c = make(), Caller()
    c.packet(b"M", [fd, fd])
    same(c.answer(), None, "%s are no pipes: no answer" % name)
    os.close(fd), c.close()
same(ids(), before, "nothing of all that is queued")
# who goes when all is handed over, and does not wait for the answer
calm()
c = Caller()
m, e = c.open()
os.write(m, b"of one who does not wait\n"), os.close(m)
wait_for(lambda: len(ids() - before) == 1)
c.close()
os.write(e, SMALL), os.close(e)
ok(wait_for(lambda: received((ids() - before).pop())),
   "a caller that does not wait for the answer: queued")
good, seen = True, set()
for i in range(50):     # until it is the turn of the same one
    x = Caller()
    seen.add(x.ready)
    good = good and received(x.send(text=b"the next\n"))
    x.close()
    if c.ready in seen:
        break
ok(good and c.ready in seen, "the next one's message is its own", good, seen)
# descriptors that hold each other open behind a caller that has gone
r, w = os.pipe()
c, before = Caller(), ids()
c.packet(b"M", [r, r])
c.packet(b"M", [w, c.sock.fileno()])
os.close(r), os.close(w), c.close()
ok(wait_for(lambda: len(ids() - before) == 1), "a message without an end")
os.kill(c.ready, signal.SIGALRM)
ok(wait_for(lambda: ids() == before), "its caller has gone: so does it")
c = Caller()
m, e = c.open()
wait_for(lambda: len(ids() - before) == 1)
os.kill(c.ready, signal.SIGALRM)
ok(received(c.finish(m, e)), "not so while the caller is there")
c.close()
before = ids()
c = Caller()
sizes = set()
for i in range(5):
    id = c.send(text=b"x" * i * 70000)
    sizes.add(len(received(id)) > 0)
same(sizes, {True}, "several messages on one connection")
fds = c.descriptors()
for i in range(20):
    c.send()
same(c.descriptors(), fds, "descriptors do not grow")
c.close()
served, dead = set(), 0
for i in range(3 * LAST):
    c = Caller()
    served.add(c.ready)
    dead += not received(c.send())
    c.close()
same(dead, 0, "%d messages" % (3 * LAST))
ok(None not in served and len(served) > 2, "no process takes all of them",
   served)

# --- nobody waits for another ------------------------------------------------
held, before = [], ids()
for i in range(PLACES):
    c = Caller()
    if c.ready is None:
        break
    held.append((c, *c.open()))
same(len(held), PLACES, "%d callers in the middle of a message" % PLACES)
wait_for(lambda: len(ids() - before) == PLACES)
same(len({c.ready for c, _, _ in held}), PLACES, "each has one for itself")
same([Caller().ready for i in range(3)], [None] * 3, "the next are turned away")
queued("quill-inject starts a quill-queue then", by=no_one)
same([bool(received(x.finish(m, e))) for x, m, e in held].count(True), PLACES,
     "those that were held end well")
for x, _, _ in held:
    x.close()
ok(wait_for(lambda: Caller().ready), "and there is room again")
queued("quill-inject uses it", by=others)
ok(calm(), "nobody but the first")
held = []
for i in range(PLACES):
    c = Caller()
    held.append((c, *c.open()))
same(Caller().ready, None, "all places are taken again")
# what is closed with a connection that is turned away may take its time
server = socket.create_server(("127.0.0.1", 0))
slow = socket.create_connection(server.getsockname())
slow.setblocking(False)
with contextlib.suppress(BlockingIOError):
    while True:
        slow.send(b"x" * 100000)
slow.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 600))
door = (set(others()) - {c.ready for c, _, _ in held}).pop()
os.kill(door, signal.SIGSTOP)
x = socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET)
x.connect(SOCKET)
x.sendmsg([b"M"], [(socket.SOL_SOCKET, socket.SCM_RIGHTS,
                    array.array("i", [slow.fileno()]))])
slow.close(), x.close()
os.kill(door, signal.SIGCONT)
ok(wait_for(lambda: Caller().ready is None and door not in waiting()),
   "who is slow to turn one away is replaced")
# all give up at once: none of those who took them waits
for x, m, e in held:
    x.finish(m, e, env=b"Tx\0\0")
    x.close()
ok(wait_for(lambda: not {x.ready for x, _, _ in held} & set(waiting())),
   "all leave")
good, end = None, time.monotonic() + WAIT
while not good and time.monotonic() < end:
    c = Caller()    # who turns callers away is never without one
    good = c.ready
    c.close()
ok(good, "the next are taken")
server.close()
# without a word: left alone after a while, like those that have no work
mute = Caller()
ok(calm(), "without work only the first one stays")
same(mute.answer(), None, "a caller that says nothing is left")
queued("the next message", by=others)

# --- killed, held, starved ---------------------------------------------------
c = Caller()
m, e = c.open()
os.write(m, b"half")
os.kill(c.ready, signal.SIGKILL)
same(c.answer(), None, "killed in a message: no answer")
os.close(m), os.close(e)
queued("the next message", by=others)
ok(calm(), "nobody but the first")
one = first()
c = Caller()
os.kill(c.ready, signal.SIGKILL)
for p in others():
    os.kill(p, signal.SIGKILL)
queued("all that wait were killed: the next message", by=others)
one = first()
c = Caller()
os.kill(c.ready, signal.SIGTERM)
ok(received(c.send()), "TERM for one: its message is taken")
c.close()
ok(wait_for(lambda: c.ready not in waiting()), "it goes")
queued("the others stay", by=others)
same(first(), one, "also the first")
for p in others():
    os.kill(p, signal.SIGSTOP)
os.kill(one, signal.SIGSTOP)
queued("nobody answers: quill-inject starts one", by=no_one)
for p in [one] + others():
    os.kill(p, signal.SIGCONT)
ok(wait_for(lambda: Caller().ready), "they go on")
queued("and are used again", by=others)
ok(calm(), "nobody but the first")
limit("1")
queued("none can be made: quill-inject starts one", by=no_one)
ok(wait_for(lambda: "unable to make another quill-queue" in
            open(HOME + "/log/send/current").read()), "it says so")
limit("%s" % resource.getrlimit(resource.RLIMIT_NPROC)[1])
ok(wait_for(lambda: Caller().ready), "it can again")
queued("and does", by=others)
held = Caller()
m, e = held.open()
os.kill(first(), signal.SIGKILL)
ok(wait_for(refused), "the first one is killed: nobody takes calls any more")
ok(wait_for(lambda: list(waiting()) == [held.ready]),
   "the first one is killed: those without work go", waiting(), held.ready)
queued("every message starts one then", by=no_one)
ok(received(held.finish(m, e)), "who was in a message ends it")
held.close()
ok(wait_for(lambda: not waiting()), "and goes")
send_svc("-t")
ok(wait_for(lambda: first() and send_is_up()), "with quill-send they are back")
queued("and used", by=others)

# --- the end, and another beginning ------------------------------------------
held = Caller()
m, e = held.open()
send_svc("-d")
ok(wait_for(refused), "quill-send ends: nobody takes calls any more")
ok(wait_for(lambda: list(waiting()) == [held.ready]),
   "quill-send ends: so do they", waiting())
queued("every message starts one", by=no_one)
send_svc("-u")
ok(wait_for(lambda: first() and send_is_up()), "it starts again")
queued("there are new ones, beside one that is still at work", by=others)
ok(received(held.finish(m, e)), "which ends its message")
held.close()
before, good = ids(), 0
injects = [subprocess.Popen(
    ["sh", "-c", 'for i in 1 2 3 4 5 6 7 8 9 10; do echo | "$1" -f a@b %s && '
     'echo; done' % TO, "sh", HOME + "/bin/quill-inject"],
    stdout=subprocess.PIPE, user="nobody", extra_groups=[]) for _ in range(10)]
for i in range(4):
    old = first()
    send_svc("-t")
    wait_for(lambda: first() not in (None, old))
good = sum(len(p.communicate()[0]) for p in injects)
ok(good == 100 and sum(bool(received(i)) for i in ids() - before) == 100,
   "restarts while messages come: each is queued once", good,
   len(ids() - before))

# --- another program in the place of quill-queue -----------------------------
ok(wait_for(lambda: first() and send_is_up()), "it runs")
open(HOME + "/used", "w").close()
os.chmod(HOME + "/used", 0o666)
os.rename(QUEUE, HOME + "/real-queue")
with open(QUEUE, "w") as f:
    f.write("#!/bin/sh\necho $# >>%s/used\nexec %s/real-queue\n" %
            (HOME, HOME))
os.chmod(QUEUE, 0o755)
queued("another program in its place", by=no_one)
same(open(HOME + "/used").read(), "0\n", "is the one that is used")
send_svc("-t")
ok(wait_for(lambda: not waiting() and send_is_up()),
   "none waits when quill-send starts with it", waiting())
queued("it is used", by=no_one)
os.unlink(QUEUE)
ok(inject()[0] != 0, "no quill-queue at all: refused")
os.rename(HOME + "/real-queue", QUEUE)
send_svc("-t")
ok(wait_for(lambda: first() and send_is_up()), "as it was")
queued("used again", by=others)
os.chmod(QUEUE, 0o4710)
code, id = inject()
ok(code != 0 and id == [], "not for everybody: nor do they serve everybody",
   code, id)
os.chmod(QUEUE, 0o4711)
filt = HOME + "/filter"
with open(filt, "w") as f:
    f.write("#!/bin/sh\nexec %s\n" % QUEUE)
os.chmod(filt, 0o755)
queued("a filter comes first", by=no_one, QUILLQUEUE=filt)
p = subprocess.run([QUEUE, "-l"], stdin=null, stdout=null, user="nobody",
                   extra_groups=[], timeout=WAIT)
same(p.returncode, 54, "quill-queue -l by others is quill-queue")
done()
