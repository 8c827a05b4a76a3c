# SPDX-License-Identifier: 0BSD
"""Long queues: for a destination that is down, and a million messages."""
import os
import subprocess
import time

from contender import wait_for, write, FS
from measure import Counters, Sink, Watch, settle, source

MESSAGE = "From: a@far.example\nTo: bench@bench.example\nSubject: new\n\nx\n"


def manager_pids(c):
    out = []
    for p in c.pids():
        try:
            if os.path.basename(os.readlink("/proc/%d/exe" % p)) == c.manager:
                out.append(p)
        except OSError:
            pass
    return out


def manager(c, field):
    """A memory figure of the queue manager, kB."""
    for p in manager_pids(c):
        if field in ("Pss", "Rss"):
            f = "/proc/%d/smaps_rollup" % p
        else:
            f = "/proc/%d/status" % p
        for line in open(f):
            if line.startswith(field + ":"):
                return int(line.split()[1])
    return 0


def restart(c, limit=120):
    """Stop and start it: seconds from the start until a message that is
    injected at once is delivered, and its CPU seconds until then."""
    c.stop()
    write(FS + "/msg", MESSAGE)
    w = Watch(c.maildir + "/new")
    cpu, t = c.cpu(), time.monotonic()
    c.start()
    with open(FS + "/msg") as f:
        c.do(*c.sendmail, user="bench:bench", stdin=f)
    ok = wait_for(lambda: w.count() >= 1, limit, 0.005)
    out = {"seconds": time.monotonic() - t if ok else None,
           "cpu": c.cpu() - cpu}
    w.close()
    return out


def dead(tools, c, n):
    """n messages for a destination that refuses; then it comes back."""
    out = {"n": n}
    out["restart_empty"] = restart(c)
    time.sleep(1)
    empty = manager(c, "Pss")
    k = Counters(c)
    p = source(tools, c, n, 10, True, to="x@far.example")
    p.wait(timeout=150)
    out["accept_rate"] = n / k.elapsed()
    out["accept"] = k.costs(n)
    # every message has had its first attempt
    idle(c, 10)
    out["restart"] = restart(c)
    idle(c, 20)
    out["queued"] = c.queued()
    out["manager_kb"] = manager(c, "Pss")
    out["bytes_per_message"] = (out["manager_kb"] - empty) * 1024 / n
    out["suite_kb"] = c.pss()
    t = time.monotonic()
    c.listing()
    out["listing"] = time.monotonic() - t
    sink = Sink(tools)
    k = Counters(c)
    c.hurry()
    ok = wait_for(lambda: sink.messages() >= n, 120)
    t = k.elapsed()
    out["drained"] = sink.messages()
    out["drain_seconds"] = t
    out["drain_rate"] = out["drained"] / t
    out["connections"] = sink.connections()
    settle(c, 5)
    out["drain"] = k.costs(out["drained"])
    sink.stop()
    if not ok:
        out["incomplete"] = n
    return out


def idle(c, seconds):
    """Wait until it uses less than 2 % of a core for half a second."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        before = c.cpu()
        time.sleep(0.5)
        if c.cpu() - before < 0.01:
            return True
    return False


def million(tools, c, n):
    c.stop()
    t = time.monotonic()
    c.many(n)
    out = {"n": n, "made_in": time.monotonic() - t}
    subprocess.run(["sync", "-f", FS])
    # as after a boot: nothing of the queue in memory
    with open("/proc/sys/vm/drop_caches", "w") as f:
        f.write("3\n")
    t, cpu = time.monotonic(), c.cpu()
    out["restart"] = restart(c, 300)
    out["idle"] = idle(c, 300)
    out["read_in"] = time.monotonic() - t
    out["read_cpu"] = c.cpu() - cpu
    out["rss_kb"] = manager(c, "Rss")
    out["peak_kb"] = manager(c, "VmHWM")
    cpu = c.cpu()
    time.sleep(5)
    out["idle_percent"] = (c.cpu() - cpu) / 5 * 100
    w = Watch(c.maildir + "/new")
    t = time.monotonic()
    with open(FS + "/msg") as f:
        c.do(*c.sendmail, user="bench:bench", stdin=f)
    wait_for(lambda: w.count() >= 1, 60, 0.005)
    out["new_message"] = time.monotonic() - t
    w.close()
    return out
