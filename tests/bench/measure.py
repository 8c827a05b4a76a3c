# SPDX-License-Identifier: 0BSD
"""What is measured, and with what: smtp-source, smtp-sink, clocks, counters."""
import ctypes
import os
import socket
import struct
import subprocess
import time

from contender import FS, SINK, SINK_PORT, W, Contender, wait_for, write

LIMIT = 30


class Tools(Contender):
    """Where the load generator and the sink run; nobody's costs."""
    name, syslog = "load", False

    def mount(self):
        self.peer = "postfix"
        super().mount()

    def configure(self):
        pass


# --- counters ---------------------------------------------------------------
def device():
    for line in open("/proc/mounts"):
        f = line.split()
        if f[1] == FS:
            dev = os.path.basename(f[0])
    return dev


class Counters:
    """Flushes and journal commits of the file system under test, CPU and time
    of one contender, since the last mark."""

    def __init__(self, c):
        self.c, self.dev = c, device()
        self.mark()

    def disk(self):
        flushes = commits = 0
        for line in open("/proc/diskstats"):
            f = line.split()
            if f[2] == self.dev and len(f) > 18:
                flushes = int(f[18])
        try:
            for line in open("/proc/fs/jbd2/%s-8/info" % self.dev):
                if "transactions" in line:
                    commits = int(line.split()[0])
                    break
        except OSError:
            pass
        return flushes, commits

    def mark(self):
        self.f0, self.j0 = self.disk()
        self.c0, self.t0 = self.c.cpu(), time.monotonic()

    def elapsed(self):
        return time.monotonic() - self.t0

    def costs(self, n):
        f, j = self.disk()
        n = max(n, 1)
        return {"cpu_ms": (self.c.cpu() - self.c0) * 1000 / n,
                "flushes": (f - self.f0) / n, "commits": (j - self.j0) / n}


class Watch:
    """Counts entries that appear in a directory, without reading it."""
    libc = ctypes.CDLL(None, use_errno=True)

    def __init__(self, path):
        self.fd = self.libc.inotify_init1(os.O_NONBLOCK | os.O_CLOEXEC)
        # IN_MOVED_TO | IN_CREATE
        self.libc.inotify_add_watch(self.fd, path.encode(), 0x80 | 0x100)
        self.n = 0

    def count(self):
        while True:
            try:
                b = os.read(self.fd, 1 << 18)
            except BlockingIOError:
                return self.n
            i = 0
            while i < len(b):
                i += 16 + struct.unpack_from("I", b, i + 12)[0]
                self.n += 1

    def close(self):
        os.close(self.fd)


# --- load and sink ----------------------------------------------------------
class Sink:
    """smtp-sink; dumps: keep what arrives, to count recipients."""

    def __init__(self, tools, dumps=False):
        self.tools, self.file = tools, W + "/tmp/sink.out"
        self.out = open(self.file, "w")
        argv = ["smtp-sink", "-c", "-u", "bench"]
        self.dumps = tools.root + "/tmp/dump"
        if dumps:
            os.makedirs(self.dumps, exist_ok=True)
            os.chmod(self.dumps, 0o777)
            argv += ["-d", "/tmp/dump/m."]
        self.p = tools.popen(*argv, "%s:%d" % (SINK, SINK_PORT), "2000",
                             mine=False, stdout=self.out, stderr=self.out)
        wait_for(listening, 5)

    def counts(self):
        """Sessions that ended, messages."""
        with open(self.file, "rb") as f:
            f.seek(max(0, os.path.getsize(self.file) - 200))
            last = f.read().split(b"\r")
        for line in reversed(last):
            w = line.split()
            if len(w) == 3 and w[2].startswith(b"mesg="):
                return int(w[0][5:]), int(w[2][5:])
        return 0, 0

    def messages(self):
        return self.counts()[1]

    def connections(self):
        """Ended ones and open ones."""
        want = "%08X:%04X" % (struct.unpack(
            "=I", socket.inet_aton(SINK))[0], SINK_PORT)
        n = self.counts()[0]
        for line in open("/proc/net/tcp"):
            f = line.split()
            if f[1] == want and f[3] == "01":
                n += 1
        return n

    def recipients(self):
        n = 0
        for e in os.listdir(self.dumps):
            p = self.dumps + "/" + e
            with open(p, "rb") as f:
                n += f.read().count(b"X-Rcpt-Args:")
            os.unlink(p)
        return n

    def stop(self):
        self.p.kill()
        self.p.wait()
        self.out.close()


def listening():
    want = "%08X:%04X" % (struct.unpack(
        "=I", socket.inet_aton(SINK))[0], SINK_PORT)
    return any(line.split()[1] == want and line.split()[3] == "0A"
               for line in open("/proc/net/tcp"))


def source(tools, c, n, sessions=1, many=False, size=4096,
           to="bench@bench.example", rcpts=1):
    argv = ["smtp-source", "-s", str(sessions), "-m", str(n), "-l", str(size),
            "-f", "a@far.example", "-t", to, "-M", "client.example"]
    if many:
        argv.append("-d")
    if rcpts > 1:
        argv += ["-r", str(rcpts)]
    return tools.popen(*argv, c.addr + ":25", mine=False,
                       stderr=subprocess.DEVNULL)


def settle(c, seconds=15):
    """Until c's queue is empty; all it wrote on disk."""
    wait_for(lambda: c.queued() == 0, seconds, 0.03)
    time.sleep(0.1)


def clean(c):
    c.empty_maildir()
    subprocess.run(["sync", "-f", FS])


def finish(c, load, count, n, k, limit):
    """Wait for the load and then for n counted; what came of it."""
    try:
        if load.wait(timeout=limit) == 127:
            raise RuntimeError("no load generator")
        accepted = k.elapsed()
        done = wait_for(lambda: count() >= n, max(2, limit - k.elapsed()))
    except subprocess.TimeoutExpired:
        load.kill()
        load.wait()
        done, accepted = False, None
    t, got = k.elapsed(), count()
    if done:
        settle(c)
    out = {"rate": got / t, "n": got, "seconds": t, "accepted": accepted}
    out.update(k.costs(max(got, count())))
    if not done:
        out["incomplete"] = n
        c.reset()
    return out


def smtp_local(tools, c, n, sessions, many, size=4096, limit=LIMIT):
    clean(c)
    w = Watch(c.maildir + "/new")
    k = Counters(c)
    out = finish(c, source(tools, c, n, sessions, many, size), w.count, n, k,
                 limit)
    w.close()
    return out


def smtp_relay(tools, c, n, sessions, many, limit=LIMIT):
    clean(c)
    sink = Sink(tools)
    k = Counters(c)
    out = finish(c, source(tools, c, n, sessions, many, to="x@far.example"),
                 sink.messages, n, k, limit)
    out["connections"] = sink.connections()
    sink.stop()
    return out


def inject(tools, c, n, at_once, limit=LIMIT):
    clean(c)
    write(FS + "/msg", "From: a@far.example\nTo: bench@bench.example\n"
          "Subject: speed\nDate: Fri, 20 Nov 2026 10:00:00 +0000\n"
          "Message-ID: <1@far.example>\n\n" + ("x" * 63 + "\n") * 64)
    w = Watch(c.maildir + "/new")
    k = Counters(c)
    p = c.popen(W + "/link/runmany", str(n), str(at_once), "/bench/msg",
                *c.sendmail, user="bench:bench", stdout=subprocess.DEVNULL,
                stderr=c.log)
    out = finish(c, p, w.count, n, k, limit)
    w.close()
    return out


def big_list(tools, c, n, limit=LIMIT):
    """One message to n recipients of one domain elsewhere."""
    clean(c)
    sink = Sink(tools, dumps=True)
    k = Counters(c)
    p = source(tools, c, 1, to="x@far.example", rcpts=n)
    p.wait(timeout=limit)
    accepted = k.elapsed()
    wait_for(lambda: c.queued() == 0, limit)
    t = k.elapsed()
    out = {"seconds": t, "accepted": accepted,
           "connections": sink.connections()}
    out.update(k.costs(n))
    got = sink.recipients()
    if got != n:
        out["incomplete"] = n
        out["n"] = got
        c.reset()
    sink.stop()
    return out


def largest(c, stop, out):
    """Largest resident memory of each program of c, kB, sampled."""
    page = os.sysconf("SC_PAGE_SIZE") // 1024
    while not stop.is_set():
        for p in c.pids():
            try:
                exe = os.path.basename(os.readlink("/proc/%d/exe" % p))
                rss = int(open("/proc/%d/statm" % p).read().split()[1]) * page
                out[exe] = max(out.get(exe, 0), rss)
            except OSError:
                pass
        stop.wait(0.1)


def idle_sessions(c, n=100):
    """Memory of one more idle SMTP session, kB."""
    time.sleep(1)
    before = c.pss()
    socks = []
    for _ in range(n):
        s = socket.create_connection((c.addr, 25), 10)
        s.settimeout(10)
        s.recv(500)
        s.sendall(b"EHLO client.example\r\n")
        s.recv(2000)
        socks.append(s)
    time.sleep(0.5)
    out = {"kb": (c.pss() - before) / n}
    for s in socks:
        s.close()
    return out
