# SPDX-License-Identifier: 0BSD
"""One mail server under measurement: its files, its start, its costs.

Each has an overlay of the machine's files with its package, a directory on the
file system under test (/bench/NAME, with queue and Maildir), an address of its
own on loopback, and a control group.
"""
import fnmatch
import glob
import os
import signal
import socket
import subprocess
import time

B, W, TOP = os.environ["B"], os.environ["W"], os.environ["TOP"]
FS = W + "/fs"
SINK = "127.0.0.99"
SINK_PORT = 2525
UID = 7100
DOMAIN = "bench.example"


def run(*argv, **kw):
    kw.setdefault("check", True)
    return subprocess.run(argv, **kw)


def quiet(*argv):
    return subprocess.run(argv, stdout=subprocess.DEVNULL,
                          stderr=subprocess.DEVNULL).returncode


def write(path, text, mode=0o644):
    os.makedirs(os.path.dirname(path), exist_ok=True)
    with open(path, "w") as f:
        f.write(text)
    os.chmod(path, mode)


def wait_for(what, seconds, step=0.01):
    """True as soon as what() is, False at the deadline."""
    end = time.monotonic() + seconds
    while not what():
        if time.monotonic() > end:
            return False
        time.sleep(step)
    return True


# --- CPU time ---------------------------------------------------------------
def cgroup_root():
    """A writable control group (version 2), or None."""
    for line in open("/proc/mounts"):
        f = line.split()
        if f[2] == "cgroup2":
            try:
                p = "%s/bench.%s" % (f[1], os.urandom(6).hex())
                os.mkdir(p)
                if os.path.exists(p + "/cpu.stat"):
                    return p
                os.rmdir(p)
            except OSError:
                pass
    return None


CGROUP = cgroup_root()
TICK = os.sysconf("SC_CLK_TCK")


class Contender:
    name = version = ""
    peer = ""           # of whom the package is (default: name)
    addr = ""
    accounts = ()       # (name, uid) besides bench
    groups = ()
    sendmail = ()       # injects the message on its standard input
    syslog = True

    def __init__(self):
        self.dir = "/bench/" + self.name
        self.real = FS + "/" + self.name
        self.root = "%s/tmp/%s/root" % (W, self.name)
        self.maildir = self.real + "/user/Maildir"
        self.cg = None
        self.procs = []
        self.log = open("%s/tmp/%s.log" % (W, self.name), "a")
        self.mount()
        self.configure()

    # --- files --------------------------------------------------------------
    def mount(self):
        base = "%s/tmp/%s" % (W, self.name)
        for d in ("upper", "work", "root"):
            os.makedirs("%s/%s" % (base, d))
        # Into the upper layer: one lower layer may not lie in another.
        peer = "%s/peers/root/%s" % (B, self.peer or self.name)
        if os.path.isdir(peer):
            run("cp", "-a", peer + "/.", base + "/upper")
        run("mount", "-t", "overlay", "overlay", "-o",
            "lowerdir=/,upperdir=%s/upper,workdir=%s/work" % (base, base),
            self.root)
        r = self.root
        run("mount", "-t", "tmpfs", "-o", "mode=755", "dev", r + "/dev")
        for n, a, b in (("null", 1, 3), ("zero", 1, 5), ("random", 1, 8),
                        ("urandom", 1, 9), ("full", 1, 7), ("tty", 5, 0)):
            run("mknod", "-m", "666", "%s/dev/%s" % (r, n), "c", str(a), str(b))
        os.symlink("/proc/self/fd", r + "/dev/fd")
        run("mount", "-t", "tmpfs", "run", r + "/run")
        os.makedirs(r + TOP, exist_ok=True)
        os.makedirs(r + "/bench", exist_ok=True)
        os.makedirs(self.real, exist_ok=True)
        run("mount", "--bind", "/proc", r + "/proc")
        run("mount", "--bind", TOP, r + TOP)
        run("mount", "--bind", FS, r + "/bench")
        self.base_files()

    def base_files(self):
        r = self.root
        write(r + "/etc/hosts", "127.0.0.1 localhost\n%s %s\n" % (
            self.addr, DOMAIN))
        write(r + "/etc/resolv.conf", "nameserver 127.0.0.1\n")
        write(r + "/etc/mailname", DOMAIN + "\n")
        text = open("/etc/passwd").read()
        text += "bench:x:%d:%d::%s/user:/bin/sh\n" % (UID, UID, self.dir)
        groups = open("/etc/group").read() + "bench:x:%d:\n" % UID
        for name, uid in self.accounts:
            text += "%s:x:%d:%d::/nonexistent:/bin/false\n" % (name, uid, uid)
        for name, gid in self.groups + tuple(self.accounts):
            groups += "%s:x:%d:\n" % (name, gid)
        write(r + "/etc/passwd", text)
        write(r + "/etc/group", groups)
        os.makedirs(self.real + "/user", exist_ok=True)
        for d in ("", "/tmp", "/new", "/cur"):
            os.makedirs(self.maildir + d, 0o700)
            os.chown(self.maildir + d, UID, UID)
        os.chown(self.real + "/user", UID, UID)

    # --- processes ----------------------------------------------------------
    def enter(self):
        """In the child: into the control group."""
        if self.cg:
            with open(self.cg + "/cgroup.procs", "w") as f:
                f.write(str(os.getpid()))

    def chroot(self, *argv, user=None, mine=True):
        """A command line that runs argv among this contender's files."""
        if user:
            return ["chroot", "--userspec=" + user, self.root, *argv]
        return ["chroot", self.root, *argv]

    def popen(self, *argv, user=None, mine=True, **kw):
        return subprocess.Popen(
            self.chroot(*argv, user=user), stdin=kw.pop("stdin", -3),
            preexec_fn=self.enter if mine else None,
            start_new_session=True, **kw)

    def do(self, *argv, user=None, mine=True, check=True, **kw):
        p = self.popen(*argv, user=user, mine=mine, **kw)
        out, _ = p.communicate(timeout=120)
        if check and p.returncode != 0:
            raise RuntimeError("%s: exit %d from %s" % (
                self.name, p.returncode, argv))
        return out

    def start(self):
        if CGROUP and not self.cg:
            self.cg = "%s/%s" % (CGROUP, self.name)
            os.makedirs(self.cg, exist_ok=True)
        if self.syslog and not self.procs:
            try:
                os.unlink(self.root + "/dev/log")
            except OSError:
                pass
            self.procs.append(self.popen(
                "socat", "-b65536", "-u", "UNIX-RECV:/dev/log,mode=666",
                "OPEN:%s/syslog,creat,append" % self.dir))
            wait_for(lambda: os.path.exists(self.root + "/dev/log"), 5)
        self.launch()
        if not wait_for(self.answers, 20):
            raise RuntimeError(self.name + " does not answer")

    def answers(self):
        try:
            s = socket.create_connection((self.addr, 25), 5)
            s.settimeout(5)
            ok = s.recv(100).startswith(b"220")
            s.sendall(b"QUIT\r\n")
            s.close()
            return ok
        except OSError:
            return False

    def pids(self):
        """Its processes."""
        if self.cg:
            return [int(x) for x in open(self.cg + "/cgroup.procs")]
        out = []
        for p in os.listdir("/proc"):
            try:
                if p.isdigit() and os.readlink(
                        "/proc/%s/root" % p) == self.root:
                    out.append(int(p))
            except OSError:
                pass
        return out

    def stop(self):
        self.halt()
        self.kill()

    def kill(self):
        """End what is left."""
        for sig in (signal.SIGTERM, signal.SIGKILL, signal.SIGKILL):
            pids = self.pids()
            for p in pids:
                try:
                    os.kill(p, sig)
                except OSError:
                    pass
            if wait_for(lambda: not self.pids(), 3):
                break
        for p in self.procs:
            p.wait()
        self.procs = []

    # --- what it costs ------------------------------------------------------
    def cpu(self):
        """Seconds of CPU so far, of all its processes, dead ones too."""
        if self.cg:
            for line in open(self.cg + "/cpu.stat"):
                if line.startswith("usage_usec"):
                    return int(line.split()[1]) / 1e6
        total = 0
        for p in self.pids():
            try:
                f = open("/proc/%d/stat" % p).read().rsplit(")", 1)[1].split()
                total += sum(int(x) for x in f[11:15])
            except OSError:
                pass
        return total / TICK

    extras = ()         # globs of the working directories of what is optional

    def parts(self):
        """Its processes without those that are optional and what they
        started."""
        parent, extra = {}, set()
        for p in self.pids():
            try:
                with open("/proc/%d/stat" % p) as f:
                    parent[p] = int(f.read().rsplit(")", 1)[1].split()[1])
                cwd = os.readlink("/proc/%d/cwd" % p)
            except OSError:
                continue
            if any(fnmatch.fnmatch(cwd, g) for g in self.extras):
                extra.add(p)
        for p in parent:
            q = p
            while q in parent and q not in extra:
                q = parent[q]
            if q not in extra:
                yield p

    def pss(self, names=None, pids=None):
        """Proportional memory in kB: of all its processes, or {name: kB}."""
        out = {}
        for p in self.pids() if pids is None else pids:
            try:
                comm = os.path.basename(os.readlink("/proc/%d/exe" % p))
                for line in open("/proc/%d/smaps_rollup" % p):
                    if line.startswith("Pss:"):
                        out[comm] = out.get(comm, 0) + int(line.split()[1])
            except OSError:
                pass
        return out if names else sum(out.values())

    def by_program(self, seen):
        """Add {pid: (program, CPU seconds)} of what runs now to seen."""
        for p in self.pids():
            try:
                exe = os.path.basename(os.readlink("/proc/%d/exe" % p))
                ns = int(open("/proc/%d/schedstat" % p).read().split()[0])
                seen[p, exe] = ns / 1e9
            except OSError:
                pass

    # --- what it holds ------------------------------------------------------
    queue_dirs = ()     # globs below self.real
    queue_skip = ""     # names that do not count

    def queued(self):
        n = 0
        for g in self.queue_dirs:
            for d in glob.glob(self.real + "/" + g):
                try:
                    with os.scandir(d) as it:
                        n += sum(1 for e in it if self.is_message(e.name))
                except OSError:
                    pass
        return n

    def is_message(self, name):
        return True

    def reset(self):
        """Start again with an empty queue."""
        self.stop()
        for g in self.queue_dirs:
            run("find", *glob.glob(self.real + "/" + g), "-type", "f",
                "-delete")
        self.start()

    def empty_maildir(self):
        for d in ("/new", "/cur", "/tmp"):
            with os.scandir(self.maildir + d) as it:
                for e in it:
                    os.unlink(e.path)
