# SPDX-License-Identifier: 0BSD
"""Runs every measure on every contender in turn; see bench."""
import json
import os
import re
import sys
import threading
import time
import traceback

import contender
import measure
import mx_measures
import queue_measures
import report
from contenders import ALL

QUICK = bool(os.environ.get("QUICK"))
RUNS = int(os.environ.get("RUNS") or 3)
SECONDS = float(os.environ.get("SECONDS_RUN") or (1.2 if QUICK else 2))
# no measure begins later than this, so that all is over in 4 or 20 minutes;
# building and fetching count
DEADLINE = float(os.environ.get("DEADLINE") or (205 if QUICK else 900))
SPENT = time.time() - float(os.environ["BENCH_STARTED"])
LIMIT = 3 * SECONDS + 5
ONLY = os.environ.get("ONLY") or "."


class Bench:
    def __init__(self):
        self.t0 = time.monotonic()
        self.results = {}
        self.tools = measure.Tools()
        self.contenders = []
        for name in ["quill"] + os.environ.get("PEERS", "").split():
            try:
                c = ALL[name]()
                c.start()
                self.contenders.append(c)
            except Exception as e:
                if name == "quill":
                    raise
                self.say("%s does not start: %r" % (name, e))
                self.say(open("%s/tmp/%s.log" % (contender.W, name)).read()[-1000:])

    def say(self, text):
        print("# %4d s  %s" % (time.monotonic() - self.t0, text),
              file=sys.stderr, flush=True)

    def keep(self, name, c, r):
        self.results.setdefault(name, {}).setdefault(c.name, []).append(r)

    def wanted(self, name):
        if not re.search(ONLY, name):
            return False
        if time.monotonic() - self.t0 < DEADLINE - SPENT:
            return True
        self.say("%s: no time left, not measured" % name)
        return False

    def in_turn(self, name, fn, runs=RUNS, only=None):
        """A B A B ...: fn(c) of every contender, that many runs."""
        if not self.wanted(name):
            return
        for _ in range(runs):
            for c in self.contenders:
                if only and c.name not in only:
                    continue
                try:
                    self.keep(name, c, fn(c))
                except Exception as e:
                    self.say("%s: %s: %r" % (name, c.name, e))
                    traceback.print_exc()
        self.say("%s: %s" % (name, report.brief(self.results.get(name))))

    def rated(self, name, fn, least=30):
        """The same for fn(c, n): n so that a run takes SECONDS."""
        if not self.wanted(name):
            return
        count = {}
        for c in self.contenders:
            r = fn(c, least)
            count[c.name] = max(least, min(8000, int(r["rate"] * SECONDS)))
        self.in_turn(name, lambda c: fn(c, count[c.name]))
        if os.environ.get("PROFILE"):
            for c in self.contenders:
                self.keep(name + ", profile", c,
                          self.profile(name, c, lambda: fn(c, count[c.name])))

    def profile(self, name, c, fn):
        """CPU ms a message by program, sampled. What lives too short to be
        seen twice is in the rest."""
        stop, before, seen = threading.Event(), {}, {}

        def sample():
            while not stop.wait(0.01):
                c.by_program(seen)
        c.by_program(before)
        th = threading.Thread(target=sample)
        th.start()
        try:
            r = fn()
        finally:
            stop.set()
            th.join()
        total = {}
        for k, v in seen.items():
            ms = (v - before.get(k, 0)) * 1000 / max(r["n"], 1)
            total[k[1]] = total.get(k[1], 0) + ms
        total["rest"] = r["cpu_ms"] - sum(total.values())
        self.say("%s: %s: %.3f ms: %s" % (name, c.name, r["cpu_ms"], ", ".join(
            "%s %.3f" % x for x in sorted(total.items(),
                                          key=lambda x: -x[1]))))
        return total

    # --- the measures -------------------------------------------------------
    def memory(self):
        time.sleep(3)
        self.in_turn("idle suite", lambda c: {
            "kb": c.pss(pids=list(c.parts())),
            "programs": c.pss(True, list(c.parts())),
            "everything": c.pss()}, 1)
        self.in_turn("100 idle sessions", measure.idle_sessions, 1)

    def mail(self):
        t = self.tools
        for sessions in (1, 10, 50):
            for many in (False, True):
                self.rated(
                    "smtp to maildir, %d, %s" % (
                        sessions, "many" if many else "one"),
                    lambda c, n: measure.smtp_local(t, c, n, sessions, many,
                                                    limit=LIMIT),
                    max(30, sessions))
        for many in (False, True):
            self.rated(
                "relay, 10, %s" % ("many" if many else "one"),
                lambda c, n: measure.smtp_relay(
                    t, c, n, 10, many, LIMIT))
        for k in (1, 8):
            self.rated("inject, %d" % k,
                       lambda c, n: measure.inject(t, c, n, k, LIMIT))

    def sizes(self):
        t = self.tools
        self.in_turn("10,000 recipients",
                     lambda c: measure.big_list(t, c, 10000), 2)
        n = 10 if QUICK else 20
        mib20 = 20 * 1024 * 1024

        def large(c):
            stop, rss = threading.Event(), {}
            th = threading.Thread(target=measure.largest,
                                  args=(c, stop, rss))
            th.start()
            try:
                r = measure.smtp_local(t, c, n, 5, True, mib20)
            finally:
                stop.set()
                th.join()
            r["mb_s"] = r["rate"] * 20
            r["rss"] = rss
            return r
        self.in_turn("20 MB messages", large, 2 if QUICK else 3)

    def queues(self):
        n = 5000 if QUICK else 20000
        self.in_turn("dead destination",
                     lambda c: queue_measures.dead(self.tools, c, n), 1,
                     ("quill", "other", "postfix"))
        if not QUICK or os.environ.get("MILLION"):
            self.in_turn(
                "1,000,000 queued",
                lambda c: queue_measures.million(
                    self.tools, c, int(os.environ.get("MILLION") or 1000000)),
                1, ("quill",))

    def exchangers(self):
        t, three = self.tools, ("quill", "other", "postfix")
        self.in_turn("relay 10,000",
                     lambda c: measure.smtp_relay(t, c, 10000, 10, True, 90),
                     1, three)
        lacks = mx_measures.missing()
        if lacks:
            return self.say("no measures by MX without " + " ".join(lacks))
        n = 200 if QUICK else 1000
        names = mx_measures.Names(t, n)
        for how, limit in ("refuse", 60), ("drop", 240):
            self.in_turn(
                "%s domains, %s" % (n, how),
                lambda c: mx_measures.domains(t, c, how, n, limit), 1, three)
        names.stop()

    def about(self):
        cpu = ""
        for line in open("/proc/cpuinfo"):
            if line.startswith("model name"):
                cpu = line.split(":")[1].strip()
        return {
            "quick": QUICK, "runs": RUNS, "cpus": os.cpu_count(), "cpu": cpu,
            "kernel": os.uname().release,
            "fs": os.environ.get("FS") or "ext4 on a loop device",
            "cpu_from": "cgroup" if contender.CGROUP else "/proc",
            "load": os.getloadavg(),
            "versions": {c.name: c.version for c in self.contenders}}

    def main(self):
        about = self.about()
        for part in (self.memory, self.mail, self.sizes, self.queues,
                     self.exchangers):
            part()
        about["load_after"] = os.getloadavg()
        about["seconds"] = time.monotonic() - self.t0
        table = report.table(self.results, [c.name for c in self.contenders])
        with open(os.environ["B"] + "/bench.json", "w") as f:
            json.dump({"about": about, "table": table,
                       "runs": self.results}, f, indent=1)
            f.write("\n")
        report.show(about, table)

    def end(self):
        for c in self.contenders:
            try:
                c.stop()
            except Exception as e:
                self.say("stopping %s: %r" % (c.name, e))
        if contender.CGROUP:
            for c in self.contenders:
                if c.cg:
                    try:
                        os.rmdir(c.cg)
                    except OSError:
                        pass
            try:
                os.rmdir(contender.CGROUP)
            except OSError:
                pass


b = Bench()
try:
    b.main()
finally:
    b.end()
