# SPDX-License-Identifier: 0BSD
"""The tables of tests/bench/count, from a trace of strace -f -y -ttt."""

import collections
import re
import sys

trace, names, home, user = sys.argv[1:5]
times = [float(x) for x in sys.argv[5:9]]
commits = sys.argv[9:11]
OURS = "quill-"
PHASES = ("first", "next", "end")
prog, started = {}, []  # pid -> program; (phase, parent, child pid)
for line in open(names):
    pid, name = line.split()
    prog[int(pid)] = name


class Row:
    def __init__(self):
        self.calls = collections.Counter()
        self.flush = self.bytes = self.log = self.started = 0

    def __iadd__(self, o):
        self.calls += o.calls
        for x in ("flush", "bytes", "log", "started"):
            setattr(self, x, getattr(self, x) + getattr(o, x))
        return self


rows = {p: collections.defaultdict(Row) for p in PHASES}
logs = {p: collections.Counter() for p in PHASES}  # lines
head = re.compile(r"(\d+) +(\d+\.\d+) (\w+)\((.*)")
fdarg = re.compile(r"(\d+)<([^>]*)>")
opened = collections.Counter()  # (phase, pid, path)
NAMES = re.compile(r"/etc/(passwd|group|nsswitch|resolv|hosts|services)")
waiting = {}  # pid -> (row, call, args) of an unfinished line


def finish(pid, row, phase, call, args):
    ret = args.rpartition(") = ")[2].split(" ")[0].split("<")[0]
    ret = int(ret) if re.fullmatch(r"-?\d+", ret) else -1
    if call in ("fork", "vfork", "clone", "clone3") and ret > 0:
        if "CLONE_THREAD" not in args:
            prog.setdefault(ret, prog[pid])
            started.append((phase, prog[pid], ret))
            row.started += 1
    elif call in ("execve", "execveat") and ret == 0:
        m = re.search(r'"([^"]*)"', args)
        prog[pid] = m.group(1).rpartition("/")[2]
    elif call in ("open", "openat"):
        m = re.search(r'"([^"]*)"', args)
        # relative to a descriptor: its directory is shown after it
        at = re.match(r"\w+<([^>]*)>", args)
        path = m[1] if m[1].startswith("/") or not at else at[1] + "/" + m[1]
        opened[phase, pid, path] += 1
    elif call in ("fsync", "fdatasync", "syncfs", "sync"):
        row.flush += 1
    elif call in ("write", "writev", "pwrite64", "pwritev", "sendfile",
                  "copy_file_range", "sendto", "sendmsg") and ret > 0:
        m = fdarg.match(args)
        fd, what = (int(m.group(1)), m.group(2)) if m else (-1, "")
        if what.startswith("/"):
            row.bytes += ret
            if "/log/" in what:
                row.log += 1
        elif what.startswith("pipe:") and fd in (0, 2) and \
                call in ("write", "writev"):
            row.log += 1
            logs[phase][prog[pid]] += args.count("\\n")


def phase_of(t):
    for i, p in enumerate(PHASES):
        if times[i] <= t < times[i + 1]:
            return p
    return None


known = set(prog)
for line in open(trace, errors="replace"):
    m = head.match(line)
    if m:
        pid, t, call, args = int(m[1]), float(m[2]), m[3], m[4]
        phase = phase_of(t)
        if phase is None or call == "restart_syscall":
            continue
        # a child's line can come before its parent's clone has returned
        row = rows[phase][(pid, prog.get(pid))]
        row.calls[call] += 1
        if args.rstrip().endswith("<unfinished ...>"):
            waiting[pid] = (row, phase, call, args)
        else:
            finish(pid, row, phase, call, args)
        continue
    m = re.match(r"(\d+) +\d+\.\d+ <\.\.\. \w+ resumed>(.*)", line)
    if m and int(m[1]) in waiting:
        pid = int(m[1])
        row, phase, call, args = waiting.pop(pid)
        finish(pid, row, phase, call,
               args.replace(" <unfinished ...>", "") + m[2])

# Calls of a child before its exec are its parent's work.
parent = {pid: p for _, p, pid in started}
table = {p: collections.defaultdict(Row) for p in PHASES}
procs = {p: collections.Counter() for p in PHASES}
for p in PHASES:
    for (pid, name), row in rows[p].items():
        table[p][name or parent.get(pid, "?")] += row
for phase, p, pid in started:
    procs[phase][prog[pid]] += 1

order = ["tcpserver", "quill-smtpd", "quill-queue", "quill-send",
         "quill-lspawn", "quill-getpw", "quill-local", "quill-rspawn",
         "quill-remote", "quill-bounce", "quill-clean", "multilog"]
order += sorted({n for p in PHASES for n in table[p]} - set(order))


def ours(phase):
    total = Row()
    for n, r in table[phase].items():
        if n.startswith(OURS):
            total += r
    return total


def cells(rs, name):
    out = ""
    for r, got in rs:
        out += " %6d %5d %5d %6d %4d" % (
            sum(r.calls.values()), got, r.flush, r.bytes, r.log)
    print("%-13s%s" % (name, out))


print("One message of 4 KiB by SMTP to one Maildir and one remote recipient")
print("%-13s %-30s %-30s %-30s" % ("", "the first message",
      "the next, 0.5 s after", "5 s later: what was idle ends"))
print("%-13s" % "program" + "  calls procs flush  bytes  log" * 3)
for n in order:
    if any(n in table[p] or procs[p][n] for p in PHASES):
        cells([(table[p][n], procs[p][n]) for p in PHASES], n)
cells([(ours(p), sum(c for n, c in procs[p].items() if n.startswith(OURS)))
       for p in PHASES], "quill")
every = []
for p in PHASES:
    r = Row()
    for x in table[p].values():
        r += x
    every.append((r, sum(procs[p].values())))
cells(every, "with others")
print("bytes: to files. log: write calls to the log, or by multilog.\n")

print("System calls by name (first/next/end):")
for n in order:
    if not n.startswith(OURS):
        continue
    kinds = collections.Counter()
    for p in PHASES:
        kinds += table[p][n].calls
    if kinds:
        print("%-13s %s" % (n, " ".join("%s %s" % (k, "/".join(
            str(table[p][n].calls[k]) for p in PHASES))
            for k, _ in kinds.most_common())))
print()

worst = 0


def budget(what, got, limit, hold=None):
    global worst
    hold = got <= limit if hold is None else hold
    worst |= not hold
    print("%-5s %5s of %-4s %s" % ("ok" if hold else "OVER", got, limit, what))


def get(phase, *progs):
    r = Row()
    for n in progs:
        r += table[phase][n]
    return r


print("Budgets:")
whole = sum(ours("first").calls.values())
end = sum(ours("end").calls.values())
budget("system calls of quill, first message, and its idle processes' end",
       whole + end, 399)
budget("system calls of quill, next message",
       sum(ours("next").calls.values()), 399)
for p in ("first", "next"):
    budget("%s: flush calls in accepting" % p,
           get(p, "quill-smtpd", "quill-queue").flush, 3)
    budget("%s: processes for accepting (smtpd, queue)" % p,
           procs[p]["quill-smtpd"] + procs[p]["quill-queue"], 2)
    budget("%s: flush calls of the Maildir delivery" % p,
           get(p, "quill-lspawn", "quill-getpw", "quill-local").flush, 2)
    budget("%s: processes for the Maildir delivery" % p,
           procs[p]["quill-local"] + procs[p]["quill-getpw"],
           1 if p == "first" else 0)
    budget("%s: flush calls of the remote delivery" % p,
           get(p, "quill-rspawn", "quill-remote").flush, 0)
    budget("%s: processes for the remote delivery" % p,
           procs[p]["quill-remote"], 1 if p == "first" else 0)
    budget("%s: flush calls of the queue manager" % p,
           get(p, "quill-send").flush, 0)
    budget("%s: processes started by the queue manager" % p,
           get(p, "quill-send").started, 0)
    budget("%s: log writes of the queue manager, of its log lines" % p,
           get(p, "quill-send").log, logs[p]["quill-send"])
    n = sum(c > 1 for (q, who, _), c in opened.items() if q == p and
            prog[who] in ("quill-smtpd", "quill-queue"))
    budget("%s: files opened twice in accepting" % p, n, 0)
    n = sum(bool(NAMES.match(f)) for q, who, f in opened if q == p and
            prog[who] in ("quill-smtpd", "quill-queue"))
    budget("%s: name-service files opened in accepting" % p, n, 0)
for what, got, most in (
        ("accepting", commits[0], 1),
        ("a Maildir delivery and the removal of its message", commits[1], 3)):
    if got:
        budget("journal commits (ext4) asked for by " + what, int(got), most)
    else:
        print("      journal commits of %s: not measured here" % what)
budget("connections to the other host, for both messages",
       int(sys.argv[11]), 1)
twice = sorted({(prog[who], f) for (_, who, f), c in opened.items() if c > 1})
for who, f in twice:
    print("      opened twice: %s %s" % (who, f.replace(home, "HOME")))
sys.exit(worst)
