# SPDX-License-Identifier: 0BSD
"""Sessions that are slow, early or many. Arguments as smtpd.py's."""
import os
import signal
import socket
import struct
import sys
import time

from smtpd import (HOME, MAILTO, MESSAGE, START, Client, codes, control, lines,
                   ok, queued, run, same, talk, test_sanitizers)

COUNTERS = HOME + "/run/count/smtpd/counters"
NAMES = """connections turned_away commands accepted recipients bytes received
refused_4xx refused_5xx timeouts lost""".split()
HEAD = 64


def counters():
    with open(COUNTERS, "rb") as f:
        f.seek(HEAD)
        return dict(zip(NAMES, struct.unpack("<%dQ" % len(NAMES),
                                             f.read(8 * len(NAMES)))))


def greeted(**env):
    c = Client(TCPLOCALPORT="25", **env)
    c.greeting = c.reply()
    return c


def ends(c):
    """The last reply, and how the session ended."""
    got = c.reply()
    c.close()
    return got, c.logtext.rsplit("end=", 1)[-1].split()[0]


# --- slow --------------------------------------------------------------------
def trickle(c, text, pause):
    """Send a byte every pause seconds until the session ends."""
    c.sock.settimeout(pause)
    for b in text:
        try:
            c.sock.sendall(bytes([b]))
            if c.sock.recv(1, socket.MSG_PEEK) is not None:
                break
        except socket.timeout:
            continue
        except OSError:
            break
    c.sock.settimeout(60)


def test_slow():
    # what must not time out has seconds to spare, for a loaded machine
    control(timeoutsmtpd="4", minrate="1000")
    for name, prefix, want in [
            ("a command", [], ("421 4.4.2 timeout\r\n", "timeout")),
            ("data", START, ("421 4.4.2 too slow\r\n", "slow"))]:
        c = greeted()
        for data, n in prefix:
            c.send(data)
            [c.reply() for _ in range(n)]
        trickle(c, b"x" * 200, 0.1)
        same(ends(c), want, "a byte now and then in %s" % name)
    control(timeoutsmtpd="1", minrate="1000")
    c = greeted()
    c.ask("EHLO c")
    got = ""
    for i in range(100):
        c.send(b"NOOP\r\n")
        time.sleep(0.2)
        got = c.reply()
        if not got.startswith("250"):
            break
    ok(got.startswith("421 4.4.2") and i < 90, "a NOOP now and then", got, i)
    c.close()
    same(queued(), [], "none of that is queued")
    # twice the time-out, but faster than minrate
    for rate, env in (1000, {}), (0, {"MINRATE": "0"}):
        control(timeoutsmtpd="5", minrate="1000000")
        env.setdefault("MINRATE", "20")
        c = greeted(**env)
        for data, n in START:
            c.send(data)
            [c.reply() for _ in range(n)]
        for i in range(12):
            c.send(b"0123456789\r\n" * 2)
            time.sleep(0.5)
        got = c.ask("\r\n.")
        c.close()
        ok(got.startswith("250") and len(queued()) == 1,
           "slow, but faster than MINRATE=%s" % env["MINRATE"], got)
    # each accepted message renews it
    control(timeoutsmtpd="6", minrate="1000")
    c = greeted()
    got = [c.ask("EHLO c")[:3]]
    for i in range(3):
        time.sleep(3)
        c.send(MAILTO + lines("DATA"))
        got += [c.reply()[:3] for _ in range(3)]
        c.send(MESSAGE + b".\r\n")
        got.append(c.reply()[:3])
    c.close()
    same((got[1:], len(queued())), (["250", "250", "354", "250"] * 3, 3),
         "an accepted message renews a client's time")


# --- early -------------------------------------------------------------------
def test_greetdelay():
    control(greetdelay="1")
    before = counters()["turned_away"]
    c = Client()
    c.send(b"EHLO c\r\n")
    start = time.time()
    same(ends(c), ("554 5.5.0 input came before its turn\r\n", "early"),
         "an early talker")
    same(counters()["turned_away"], before + 1, "... is counted")
    c = Client()
    c.close()
    ok("end=eof" in c.logtext, "gone before the greeting", c.logtext)
    start = time.time()
    c = greeted()
    ok(c.greeting.startswith("220") and time.time() - start >= 0.99,
       "the greeting comes late", c.greeting)
    ok(c.ask("EHLO c").startswith("250"), "... and a session begins")
    c.close()
    c = Client(GREETDELAY="0")
    c.send(b"NOOP\r\n")
    ok(c.reply().startswith("220") and c.reply().startswith("250"),
       "GREETDELAY=0: nothing is early")
    c.close()


# --- tarpit ------------------------------------------------------------------
def test_tarpit():
    def timed(commands, **env):
        start = time.time()
        replies, c = talk([(lines("EHLO c"), 1), (commands, 4)], **env)
        return [r[:3] for r in replies], time.time() - start

    rcpts = lines("MAIL FROM:<a@b.c>", *["RCPT TO:<x%d@example.org>" % i
                                         for i in range(3)])
    bad = lines("A", "B", "C", "NOOP")
    control(tarpitcount="2", tarpitdelay="1")
    for name, commands in ("recipients", rcpts), ("errors", bad):
        replies, took = timed(commands)
        ok(took >= 0.99, "the third of %s takes its time" % name, took)
        replies, took = timed(commands, TARPITDELAY="0")
        same(replies[:2], ["220", "250"], "TARPITDELAY=0")
    control(tarpitcount="3", tarpitdelay="3000")
    replies, took = timed(rcpts)
    ok(took < 1000, "three of three do not", took)
    control(tarpitcount="x")
    c = greeted()
    c.ask("EHLO c")
    c.send(rcpts)
    got = [c.reply()[:3] for _ in range(4)]
    same((got, c.close(), "control/tarpitcount: line 1" in c.logtext),
         (["250", "250", "421", ""], 0, True),
         "a bad number: 421 when it is needed, and the log says where")


# --- many --------------------------------------------------------------------
def test_perclient():
    control(maxperclient="2")
    a, b = greeted(), greeted()
    other = greeted(TCPREMOTEIP="192.0.2.10")
    c = greeted()
    ok(c.greeting.startswith("421 4.7.0"), "the third of two", c.greeting)
    c.close()
    ok("end=clients" in c.logtext, "... its log", c.logtext)
    ok(other.greeting.startswith("220"), "another client", other.greeting)
    for name, env, want in [
            ("RELAYCLIENT", {"RELAYCLIENT": ""}, "220"),
            ("RELAYCLIENT and MAXPERCLIENT",
             {"RELAYCLIENT": "", "MAXPERCLIENT": "2"}, "421"),
            ("MAXPERCLIENT", {"MAXPERCLIENT": "3"}, "220"),
            ("mapped IPv4", {"TCPREMOTEIP": "::ffff:192.0.2.9"}, "421"),
            ("another port is the same client", {"TCPLOCALPORT": "587"},
             "421")]:
        c = Client(**{"TCPLOCALPORT": "25", **env})
        same(c.reply()[:3], want, name)
        c.close()
    a.ask("QUIT")
    a.close()
    c = greeted()
    ok(c.greeting.startswith("220"), "one has left, one may come")
    c.proc.kill()
    c.wait()
    c = greeted()
    if not c.greeting.startswith("220"):  # dead ones are found once a second
        c.close()
        time.sleep(1.1)
        c = greeted()
    ok(c.greeting.startswith("220"), "one was killed, one may come",
       c.greeting)
    for x in b, c, other:
        x.close()
    net = [greeted(TCPREMOTEIP="2001:db8:1:2::%d" % i) for i in range(3)]
    same([x.greeting[:3] for x in net], ["220", "220", "421"],
         "IPv6: the first 64 bits")
    c = greeted(TCPREMOTEIP="2001:db8:1:3::1")
    same(c.greeting[:3], "220", "... of them")
    for x in net + [c]:
        x.close()


def test_full():
    control(timeoutsmtpd="300", timeoutbusy="1", minrate="0")
    env = {"CONCURRENCY": "10"}

    def stranger(i):
        return greeted(TCPREMOTEIP="192.0.2.%d" % (100 + i), **env)

    # one that has come when there was room, and waits since
    idle = stranger(0)
    ours = greeted(TCPREMOTEIP="192.0.2.1", RELAYCLIENT="", **env)
    others = [greeted(TCPREMOTEIP="192.0.2.%d" % i, RELAYCLIENT="", **env)
              for i in range(2, 9)]
    same({x.greeting[:3] for x in others}, {"220"}, "nine of ten")
    c = stranger(1)
    ok(c.greeting.startswith("421 4.3.2"), "a stranger finds no room",
       c.greeting)
    c.close()
    ok("end=full" in c.logtext, "... its log", c.logtext)
    c = greeted(TCPREMOTEIP="192.0.2.9", RELAYCLIENT="", **env)
    ok(c.greeting.startswith("220"), "a trusted client does", c.greeting)
    others.append(c)
    same(ends(idle), ("421 4.4.2 too slow while many others wait\r\n",
                      "busy"), "who waits in a crowd has less time")
    time.sleep(1.5)
    ok(ours.ask("NOOP").startswith("250"), "but not who is trusted")
    c = stranger(1)
    same(c.greeting[:3], "421", "ten of ten")
    c.close()
    for x in others[2:]:
        x.proc.kill()
        x.wait()
    time.sleep(1.1)
    c = stranger(1)
    same(c.greeting[:3], "220", "the dead do not count")
    c.send(b"NO")
    time.sleep(1.5)
    c.send(b"OP\r\n")
    same(c.reply()[:3], "250", "no crowd, no hurry")
    for x in others[:2] + [c, ours]:
        x.close()


# --- the host ----------------------------------------------------------------
def test_host():
    def mail(size="", **env):
        c = greeted(**env)
        c.ask("EHLO c")
        got = c.ask("MAIL FROM:<a@b.c>" + size)
        c.close()
        return got[:9]

    control()
    v = os.statvfs(HOME + "/queue")
    free = v.f_bavail * v.f_frsize
    much = str(free * 3)
    for name, size, env, want in [
            ("as it is", "", {}, "250 2.1.0"),
            ("too little space", "", {"MINSPACE": much}, "452 4.3.1"),
            ("... for trusted clients, too", "",
             {"MINSPACE": str(free * 8), "RELAYCLIENT": ""}, "452 4.3.1"),
            ("... but strangers first", "",
             {"MINSPACE": much, "RELAYCLIENT": ""}, "250 2.1.0"),
            ("too little for that message", " SIZE=%d" % (free * 2), {},
             "452 4.3.1"),
            ("too few inodes", "", {"MININODES": str(1 << 60)},
             "452 4.3.1" if v.f_files else "250 2.1.0"),
            ("a load that is less than any", "", {"MAXLOAD": "4000000000"},
             "250 2.1.0")]:
        same(mail(size, **env), want, name)


# --- counting ----------------------------------------------------------------
def test_counters():
    control(maxerrors="0")
    before = counters()
    replies, c = talk(START + [(MESSAGE + b".\r\n", 1),
                               (lines("FOO", "RCPT TO:<x@example.org>",
                                      "QUIT"), 3)])
    c2 = Client(QEXIT="71")
    c2.reply()
    for data, n in START + [(MESSAGE + b".\r\n", 1)]:
        c2.send(data)
        [c2.reply() for _ in range(n)]
    c2.close()
    after = counters()
    queued()
    same({k: after[k] - before[k] for k in NAMES},
         {"connections": 2, "turned_away": 0, "commands": 11, "accepted": 1,
          "recipients": 1, "bytes": 26, "received": after["received"] -
          before["received"], "refused_4xx": 1, "refused_5xx": 2,
          "timeouts": 0, "lost": 0}, "two sessions are counted")
    c = Client()
    c.reply()
    for data, n in START:
        c.send(data)
        [c.reply() for _ in range(n)]
    os.kill(c.proc.pid, signal.SIGSTOP)
    c.send(MESSAGE + b".\r\n")
    c.sock.close()
    os.kill(c.proc.pid, signal.SIGCONT)
    c.wait()
    same(counters()["lost"], after["lost"] + 1, "a client that was gone")
    with open(COUNTERS, "r+b") as f:
        f.truncate(0)
    c = greeted()
    ok(c.greeting.startswith("220"), "a counters file that was cut")
    c.ask("QUIT")
    c.close()
    same(counters()["connections"], 1, "... begins anew")
    os.unlink(COUNTERS)
    os.mkdir(COUNTERS)
    replies, c = talk(START + [(MESSAGE + b".\r\n", 1)])
    same((replies[5][:3], len(c.queued)), ("250", 1),
         "mail goes on without counters")
    os.rmdir(COUNTERS)


run(globals())
