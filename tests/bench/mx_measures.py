# SPDX-License-Identifier: 0BSD
"""Mail to many domains by their MX records: a name server and a cache that all
contenders ask, one host that takes mail, and hosts that are dead."""
import os
import shutil
import subprocess
import threading
import time

from contender import W, quiet, run, wait_for, write
from measure import Counters, Sink, clean, settle

CACHE, SERVER = "127.0.0.97", "127.0.0.98"
LIVE = "198.18.0.1"
# Nobody listens there: a connection is refused, or, by nft, never answered.
DEAD = {"refuse": "198.18", "drop": "198.19"}


def missing():
    return [x for x in ("tinydns", "tinydns-data", "dnscache", "nft")
            if not shutil.which(x)]


def hexed(ip, port):
    b = [int(x) for x in ip.split(".")]
    return "%02X%02X%02X%02X:%04X" % (b[3], b[2], b[1], b[0], port)


def bound(kind, ip, port):
    return any(line.split()[1] == hexed(ip, port) and
               (kind == "udp" or line.split()[3] == "0A")
               for line in open("/proc/net/" + kind))


def name(how, i):
    return "d%d.%s.test" % (i, how)


class Names:
    """tinydns with n domains of each kind, behind dnscache. Of two domains one
    has a dead first exchanger, each an address of its own."""

    def __init__(self, tools, n):
        self.procs = []
        base = tools.root + "/tmp/dns"
        for d in ("/ip", "/servers"):
            os.makedirs(base + d)
        with open(base + "/data", "w") as f:
            f.write(".:%s:a.root-servers.test:3600\n" % SERVER)
            for how, net in DEAD.items():
                for i in range(n):
                    first = "%s.%d.%d" % (net, 1 + i // 250, 1 + i % 250)
                    f.write("@%s:%s:a.%s:10:3600\n" % (
                        name(how, i), first if i % 2 else LIVE, name(how, i)))
                    f.write("@%s:%s:b.%s:20:3600\n" % (
                        name(how, i), LIVE, name(how, i)))
        write(base + "/ip/127", "")
        write(base + "/servers/@", SERVER + "\n")
        run("tinydns-data", cwd=base)
        quiet("ip", "route", "add", "local", "198.18.0.0/15", "dev", "lo",
              "src", "127.0.0.1")
        quiet("nft", "add table inet bench; add chain inet bench in "
              "{ type filter hook input priority 0; }; add rule inet bench in "
              "ip daddr %s.0.0/16 drop" % DEAD["drop"])
        run("chmod", "-R", "a+rX", base)
        for prog, ip in ("tinydns", SERVER), ("dnscache", CACHE):
            self.procs.append(tools.popen(
                "env", "UID=65534", "GID=65534", "IP=" + ip, "ROOT=/tmp/dns",
                "IPSEND=0.0.0.0", "CACHESIZE=10000000", "sh", "-c",
                "exec %s </dev/urandom" % prog, mine=False,
                stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL))
        if not wait_for(lambda: bound("udp", SERVER, 53) and
                        bound("udp", CACHE, 53), 10):
            raise RuntimeError("no name servers")

    def stop(self):
        for p in self.procs:
            p.kill()
            p.wait()


class MxSink(Sink):
    def __init__(self, tools):
        self.tools, self.file = tools, W + "/tmp/mxsink.out"
        self.out = open(self.file, "w")
        self.p = tools.popen("smtp-sink", "-c", "-u", "bench", LIVE + ":25",
                             "2000", mine=False, stdout=self.out,
                             stderr=self.out)
        wait_for(lambda: bound("tcp", LIVE, 25), 5)

    def connections(self):
        return self.counts()[0] + sum(
            line.split()[1] == hexed(LIVE, 25) and line.split()[3] == "01"
            for line in open("/proc/net/tcp"))


def feed(c, how, n, sessions=40):
    """A message of 4 KiB for each domain; threads."""
    import smtplib
    text = "Subject: mx\r\n\r\n" + ("x" * 70 + "\r\n") * 57
    bad = []

    def some(k):
        try:
            s = smtplib.SMTP(c.addr, 25, "client.example", 60)
            for i in range(k, n, sessions):
                s.sendmail("a@far.example", ["x@" + name(how, i)], text)
            s.close()
        except Exception as e:
            bad.append(e)
    threads = [threading.Thread(target=some, args=(k,))
               for k in range(sessions)]
    for t in threads:
        t.start()
    for t in threads:
        t.join()
    if bad:
        raise bad[0]


def domains(tools, c, how, n, limit):
    """One message to each of n domains, half of them with a dead first
    exchanger that refuses or drops: until all are there."""
    clean(c)
    c.by_mx(CACHE)
    sink = MxSink(tools)
    try:
        k = Counters(c)
        feed(c, how, n)
        out = {"accepted": k.elapsed()}
        wait_for(lambda: sink.messages() >= n // 2, limit)
        out["half"] = k.elapsed()
        done = wait_for(lambda: sink.messages() >= n,
                        max(1, limit - k.elapsed()))
        t, got = k.elapsed(), sink.messages()
        out.update(rate=got / t, n=got, seconds=t,
                   connections=sink.connections())
        if done:
            settle(c)
        else:
            out["incomplete"] = n
        out.update(k.costs(got))
        return out
    finally:
        sink.stop()
        if c.queued():
            c.reset()
        c.by_relay()
