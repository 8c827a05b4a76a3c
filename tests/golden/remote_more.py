# SPDX-License-Identifier: 0BSD
"""More cases of remote.t: relays, LMTP, splitting, dead addresses, policies,
passwords, conversion."""

import base64
import email
import email.policy
import itertools
import os
import random
import re
import socket
import subprocess
import threading
import time

from remote_kit import *
from remote_peer import (A, AAAA, CNAME, EHLO, HANGUP, MX, PLAIN, SILENCE, Dns,
                         Peer, a, multi, mx, rr, soa, wire)

# --- every phase, every class of answer ------------------------------------------
# TABLE=1 sh tests/golden/remote.t matrix    prints it
ANSWERS = {
    "2xx": "250 2.0.0 fine", "2xx, lines": "250-2.0.0 so\r\n250 2.0.0 fine",
    "3xx": "354 go", "421": "421 4.3.2 bye",
    "4xx": "451 4.3.0 later", "4xx, lines": "451-4.3.0 not\r\n451 4.3.0 now",
    "5xx": "550 5.7.1 no", "5xx, lines": "550-5.7.1 no\r\n550 5.7.1 no",
    "hang-up": HANGUP, "silence": SILENCE, "garbage": "xyz",
    "6xx": "650 what", "two codes": "250-a\r\n251 b",
}
PHASES = "greeting", "EHLO", "HELO", "MAIL", "RCPT", "DATA", "dot"
ODD = ("3xx", "hang-up", "silence", "garbage", "6xx", "two codes")
SLOW = ("silence",)  # a time-out each: all at once


def expected(phase, kind, n, at):
    """What must be reported, by RFC 5321 and RFC 2920 alone; whether the
    message was sent, and whether it may have arrived."""
    all_ = "r" * n
    odd, bad = kind in ODD, kind[:3] == "5xx"
    sent = phase == "dot" or (phase == "DATA" and kind == "3xx")
    if phase == "DATA":
        fine = kind == "3xx"
    elif phase == "EHLO":
        fine = kind[:3] in ("2xx", "5xx")  # HELO
    else:
        fine = kind[:3] == "2xx"
    if fine:
        return all_ + "K", True, False
    if phase in ("greeting", "EHLO", "HELO"):
        return "Z", False, False
    if phase == "MAIL":
        return "D" if bad else "Z", False, False
    if phase == "RCPT":
        if odd or kind == "421":
            return "r" * at + "s" * (n - at) + "Z", False, False
        rest = "K" if n > 1 else "D" if bad else "Z"
        return ("r" * at + ("h" if bad else "s") + "r" * (n - at - 1) + rest,
                n > 1, False)
    if phase == "DATA":
        return all_ + ("D" if bad else "Z"), sent, False
    return all_ + ("D" if bad else "Z"), sent, odd


def rows(kinds):
    for ext in EHLO, PLAIN:
        for n in 1, 3:
            for phase in PHASES:
                for kind in kinds:
                    for at in range(n if phase == "RCPT" else 1):
                        yield ext, n, phase, kind, at


class Row:
    def __init__(self, ext, n, phase, kind, at):
        self.key = ("PIPELINING" if ext is EHLO else "no PIPELINING", n, phase,
                    kind, at)
        answer = ANSWERS[kind]
        if phase == "RCPT":
            how = {"RCPT": ["250 ok"] * at + [answer, "250 ok"]}
        elif phase == "HELO":
            how = {"EHLO": "502 5.5.1 what", "HELO": answer}
        else:
            how = {phase: answer}
        self.n, self.want = n, expected(phase, kind, n, at)
        self.peer = peer(ext=ext, QUIT=HANGUP, **how)

    def judge(self, r):
        self.got = (r.letters, WIRE in self.peer.data,
                    "possible duplicate" in r.text)
        self.peer.close()
        closing.remove(self.peer)
        if os.environ.get("TABLE"):
            print("# %-13s %d %-8s %-10s %d  %s%s" % (
                self.key + (self.got[0], " ?" if self.got[2] else "")))

    def run(self, host):
        self.judge(run(host, rcpt=["u%d@x" % i for i in range(self.n)]))


@case
def matrix():
    bad, count = [], 0
    for row in rows([k for k in ANSWERS if k not in SLOW]):
        r = Row(*row)
        control(smtproutes="x.example:127.0.0.1:%d" % r.peer.port)
        r.run("x.example")
        count += 1
        if r.got != r.want:
            bad.append((r.key, r.got, r.want))
    check(count > 350, "enough of them", count)
    eq(bad[:3], [], "each as it must be")


@case
def matrix_slow():
    """No answer."""
    todo = [Row(*row) for row in rows(SLOW)]
    control(timeoutremote="5", smtproutes="\n".join(
        "h%d.example:127.0.0.1:%d" % (i, r.peer.port)
        for i, r in enumerate(todo)))
    threads = [threading.Thread(target=r.run, args=("h%d.example" % i,))
               for i, r in enumerate(todo)]
    for some in range(0, len(threads), 8):
        for t in threads[some:some + 8]:
            t.start()
        for t in threads[some:some + 8]:
            t.join()
    check(len(todo) > 30, "enough of them", len(todo))
    eq([(r.key, r.got, r.want) for r in todo if r.got != r.want][:3], [],
       "each as it must be")


@case
def matrix_lmtp():
    """The reply to the dot is one for each recipient."""
    bad, count = [], 0
    for n in 1, 3:
        for kind, answer in ANSWERS.items():
            if kind in SLOW:
                continue
            for at in range(n):
                if answer is HANGUP:
                    last = HANGUP
                else:
                    last = answer.encode() + b"\r\n"
                    if kind not in ODD and kind != "421":
                        last += b"250 ok\r\n" * (n - at - 1)
                p = lmtp(QUIT=HANGUP)
                if last is HANGUP and at:
                    p.answers["dot"] = lambda _: (threading.Timer(
                        0.3, p.hangup).start() or b"250 ok\r\n" * at)
                elif last is HANGUP:
                    p.answers["dot"] = HANGUP
                else:
                    p.answers["dot"] = b"250 ok\r\n" * at + last
                r = run(rcpt=["u%d@x" % i for i in range(n)])
                p.close()
                one = {"2": "r", "4": "s", "5": "h"}[kind[0]] \
                    if kind not in ODD else "s"
                lost = kind in ODD or kind == "421"
                want = "r" * at + one + ("s" if lost else "r") * (n - at - 1)
                count += 1
                if r.letters[:-1] != want or \
                        ("possible duplicate" in r.rcpt[-1][1]) != \
                        (kind in ODD):
                    bad.append((n, kind, at, r.rcpt, want))
    check(count > 40, "enough of them", count)
    eq(bad[:3], [], "each as it must be")


@case
def matrix_rset():
    """Before another message on the same connection."""
    for ext in EHLO, PLAIN:
        for kind, answer in ANSWERS.items():
            if kind in SLOW:
                continue
            p = routed(ext=ext, DATA=["451 4.3.0 no", "354 go"], RSET=answer)
            s = Resident()
            s.job()
            r = s.job()
            eq((r["R"][0][0], p.conns), ("K", 1 if kind[:3] == "2xx" else 2),
               "%s, %s" % ("one by one" if ext is PLAIN else "PIPELINING",
                           kind))
            s.end()


@case
def matrix_auth():
    """AUTH: nothing but 235 is a yes, 334 asks for more, nothing bounces."""
    for kind, answer in list(ANSWERS.items()) + [("yes", "235 2.7.0 ok"),
                                                 ("334", "334 bW9yZQ==")]:
        if kind in SLOW:
            continue
        for step in "PLAIN", "LOGIN", "user", "password":
            how = {"AUTH": answer}
            if step in ("user", "password"):
                how = {"AUTH": "334 VXNlcm5hbWU6", "AM9L": "334 UGFzc3dvcmQ6",
                       "CZNJ": "235 2.7.0 ok"}
                how["AM9L" if step == "user" else "CZNJ"] = answer
            p = auth_peer("PLAIN" if step == "PLAIN" else "LOGIN",
                          QUIT=HANGUP, **how)
            control(smtproutes="x.example:127.0.0.1:%d" % p.port,
                    smtpauth="127.0.0.1 joe s3cret")
            r = run()
            fine = kind == "yes" or (kind, step) == ("334", "user")
            eq((r.letters, len(p.data)), ("rK", 1) if fine else ("Z", 0),
               "%s, %s" % (step, kind))


# --- relays -------------------------------------------------------------------
@case
def several_relays():
    forget()
    p1, p2, p3 = peer(), peer(), peer()
    control(smtproutes="x.example:127.0.0.1:%d relay.test:1 127.0.0.1:%d"
            % (p1.port, p3.port))
    eq((run().letters, p1.conns, p3.conns), ("rK", 1, 0), "the first")
    p1.answers["greeting"] = "421 no"
    eq((run().letters, p1.conns, p3.conns), ("rK", 2, 1),
       "the next but one when the first will not and the second is dead")
    control(smtproutes="x.example:missing.test 127.0.0.1:%d" % p2.port)
    eq((run().letters, p2.conns), ("rK", 1), "a relay without an address")
    control(smtproutes="x.example:missing.test missing2.test")
    r = run()
    eq(r.letters, "Z", "none has an address")
    match(r.text, r"\(#4.4.4\)", "text")


@case
def compiled_routes():
    p = peer()
    control(smtproutes=".example:[127.0.0.1]:%d\nother.test:" % p.port)
    out = os.path.join(CONTROL, "smtproutes.cdb")
    with open(out, "wb") as f:
        f.write(cdb({b".example": b"[127.0.0.1]:%d" % p.port,
                     b"[ipv6:2001:db8::9]": b"[127.0.0.1]:%d" % p.port}))
    eq((run().letters, p.conns), ("rK", 1), "found in smtproutes.cdb")
    eq((run("[IPv6:2001:db8::9]").letters, p.conns), ("rK", 2),
       "a literal, too")
    with open(out, "wb") as f:
        f.write(cdb({b"x.example": b"a b..c"}))
    r = run()
    eq(r.letters, "Z", "nonsense in it")
    match(r.text, r"smtproutes.cdb.*\(#4.3.5\)", "text")
    with open(out, "wb") as f:
        f.write(b"x" * 100)
    eq(run().letters, "Z", "no cdb at all")


def cdb(d):
    def h(k):
        x = 5381
        for c in k:
            x = (x * 33 & 0xffffffff) ^ c
        return x
    body, tables = b"", {}
    for k, v in d.items():
        tables.setdefault(h(k) & 255, []).append((h(k), 2048 + len(body)))
        body += struct_pack(len(k), len(v)) + k + v
    head, tail = b"", b""
    for i in range(256):
        t = tables.get(i, [])
        n = 2 * len(t)
        slots = [(0, 0)] * n
        for x, at in t:
            j = (x >> 8) % n
            while slots[j][1]:
                j = (j + 1) % n
            slots[j] = (x, at)
        head += struct_pack(2048 + len(body) + len(tail), n)
        tail += b"".join(struct_pack(*s) for s in slots)
    return head + body + tail


def struct_pack(x, y):
    return x.to_bytes(4, "little") + y.to_bytes(4, "little")


@case
def names_by_key():
    p = peer()
    route = "127.0.0.1:%d" % p.port
    control(smtproutes=":" + route,
            helohost="default.example\n@lists.example lists.example.net\n"
                     "x.example dest.example.net\n.example below.example.net\n"
                     "Boss@lists.example boss.example.net",
            outgoingip="127.0.0.70\n@lists.example 127.0.0.71 ::1\n"
                       "x.example 127.0.0.72")
    for host, sender, name, ip in (
            ("other.net", "a@b", "default.example", "127.0.0.70"),
            ("x.example", "a@b", "dest.example.net", "127.0.0.72"),
            ("y.example", "", "below.example.net", "127.0.0.70"),
            ("x.example", "a@Lists.example", "lists.example.net",
             "127.0.0.71"),
            ("y.example", "boss@lists.example", "boss.example.net",
             "127.0.0.71")):
        del p.lines[:], p.sources[:]
        eq(run(host, sender=sender).letters, "rK", "%s %s" % (host, sender))
        eq((p.lines[0], p.sources), ("EHLO " + name, [ip]), "name, address")
    s = Resident()
    n = p.conns
    for sender, conns in (("a@b", 1), ("c@d", 1), ("a@lists.example", 2),
                          ("b@lists.example", 2), ("a@b", 3)):
        s.job(host="y.example", sender=sender)
        eq(p.conns - n, conns, "a kept connection is for one of them: "
           + sender)
    s.end()


@case
def shared_relay():
    p = peer()
    at = "127.0.0.1:%d" % p.port
    control(smtproutes="x.example:%s\ny.example:%s\nz.example:%s 127.0.0.1:1"
            % (at, at, at), tlspolicy="w.example none\nv.example may")
    s = Resident()
    for host, conns in (("x.example", 1), ("y.example", 1), ("z.example", 2),
                        ("x.example", 3)):
        r = s.job(host=host)
        eq((r["R"][0][0], p.conns), ("K", conns), "a connection for " + host)
        eq(r["info"]["group"], "127.0.0.1:%d" % p.port, "its group")
    s.end()
    control(smtproutes=":" + at, tlspolicy="w.example none",
            helohost="me.example\nu.example other.example")
    s = Resident()
    n = p.conns
    for host, conns in (("x.example", 1), ("w.example", 2), ("x.example", 3),
                        ("u.example", 4), ("u.example", 4)):
        s.job(host=host)
        eq(p.conns - n, conns, "rules of its own: " + host)
    s.end()


@case
def ordered():
    p1, p2 = peer(), peer()
    control(smtproutes=":127.0.0.1:%d" % p1.port)
    s = Resident()
    r = s.job(via="127.0.0.1:%d" % p2.port)
    eq((r["R"][0][0], p1.conns, p2.conns), ("K", 0, 1), "the relay ordered")
    s.job()
    eq((p1.conns, p2.conns), (1, 1), "the next without it")
    s.job(via="a..b")
    eq(s.job(via="a..b")["R"][0][:2], ["Z", "4.3.5"], "no relay")
    s.end()


@case
def groups():
    control()
    for i in 11, 12, 13, 21, 22, 23:
        peer("192.0.2.%d" % i, 25)
    s = Resident()
    equal = "mx1.equal.test,mx2.equal.test,mx3.equal.test"
    for host, group in (("a.test", "mx1.a.test,mx2.a.test"),
                        ("aonly.test", None), ("mxcname.test", "alias2.test"),
                        ("equal.test", equal), ("equal.test", equal),
                        ("alias.test", "mx1.a.test,mx2.a.test"),
                        ("missing.test", None), ("[192.0.2.13]", None)):
        eq(s.job(host=host)["info"].get("group"), group, host)
    s.end()


# --- LMTP ---------------------------------------------------------------------
def lmtp(**kw):
    path = os.path.join(TMP, "lmtp%d" % port())
    p = peer(ip=path, **kw)
    control(smtproutes="x.example:lmtp:" + path)
    p.path = path
    return p


@case
def lmtp_socket():
    p = lmtp(dot=b"250 2.1.5 one\r\n550 5.2.2 two\r\n452 4.2.2 three\r\n",
             RCPT=lambda l: "550 5.1.1 no" if "<n" in l else "250 ok")
    r = run(rcpt=["a@x", "n@x", "b@x", "c@x"])
    eq(r.letters, "rhhsK", "a reply for each recipient")
    match(r.rcpt[0][1], r"accepted the message \(#2.1.5\).*2.1.5 one", "one")
    match(r.rcpt[1][1], r"refused the recipient \(#5.1.1\)", "refused before")
    match(r.rcpt[2][1], r"refused the message \(#5.2.2\).*5.2.2 two", "two")
    match(r.rcpt[3][1], r"refused the message \(#4.2.2\)", "three")
    eq(p.lines[0], "LHLO me.example", "LHLO")
    match(r.text, r"^lmtp\[%s\] accepted" % re.escape(p.path), "label")
    p = lmtp(dot=b"552 5.2.2 full\r\n")
    eq(run().letters, "hD", "one, refused")
    p = lmtp(dot=b"452 4.2.2 full\r\n")
    eq(run().letters, "sZ", "one, deferred")


@case
def lmtp_resident():
    p = lmtp(dot=[b"250 2.0.0 a\r\n250 2.0.0 b\r\n",
                  b"450 4.2.0 a\r\n250 2.0.0 b\r\n"])
    s = Resident()
    r = s.job(rcpt=["a@x", "b@x"])
    eq([x[:2] for x in r["R"]], [["K", "2.0.0"]] * 2, "delivered")
    eq(r["info"]["relay"], "lmtp[%s]" % p.path, "relay")
    r = s.job(rcpt=["a@x", "b@x"])
    eq([x[:2] for x in r["R"]], [["Z", "4.2.0"], ["K", "2.0.0"]], "in order")
    eq((p.conns, p.lines.count("RSET")), (1, 0), "on the same connection")
    s.end()


@case
def lmtp_odd():
    p = lmtp(RCPT="550 5.1.1 no", DATA="503 5.5.1 no")
    eq(run(rcpt=["a@x", "b@x"]).letters, "hhD", "none accepted")
    p = lmtp(RCPT=["550 no", "250 ok"], dot=b"250 ok\r\n")
    s = Resident()
    s.job()
    eq([x[0] for x in s.job()["R"]], ["K"], "354 for nobody: goes on")
    eq((p.conns, p.data[-1:]), (2, [WIRE]), "anew")
    s.end()
    for what in (b"250 a\r\n", b"250 a\r\nxyz\r\n"):
        p = lmtp(dot=what)
        p.answers["QUIT"] = HANGUP
        threading.Timer(0.5, p.hangup).start()
        r = run(rcpt=["a@x", "b@x", "c@x"])
        eq(r.letters, "rssK", "lost after one reply")
        match(r.rcpt[2][1], "possible duplicate", "text")
    p = lmtp(LHLO="500 what")
    r = run()
    eq((r.letters, "HELO me.example" in p.lines), ("Z", False), "no HELO")
    control(smtproutes="x.example:lmtp:%s/none" % TMP)
    r = run()
    eq(r.letters, "Z", "no socket")
    match(r.text, r"Unable to connect .*\(#4.4.1\)", "text")
    p = peer()
    control(smtproutes="x.example:lmtp:localhost.test:%d lmtp:[127.0.0.1]:%d"
            % (p.port, p.port))
    eq((run().letters, p.lines[0]), ("rK", "LHLO me.example"), "by TCP")


# --- splitting -----------------------------------------------------------------
@case
def rcptmax():
    names = ["u%d@x" % i for i in range(10)]
    p = routed(ext=EHLO + ["LIMITS RCPTMAX=4 MAILMAX=100 X=1"],
               RCPT=lambda l: "550 5.1.1 no" if "u5" in l else "250 ok",
               dot=["250 one", "250 two", "250 three"])
    r = run(rcpt=names)
    eq(r.letters, "rrrrrhrrrrK", "all of them")
    eq([len([x for x in t.split("\n") if x[:4] == "RCPT"]) for t in
        "\n".join(p.lines).split("MAIL")[1:]], [4, 4, 2], "four at a time")
    eq((p.conns, len(p.data)), (1, 3), "one connection, three messages")
    match(r.rcpt[0][1], "250 one", "each with its own reply")
    match(r.rcpt[9][1], "250 three", "each with its own reply")
    p = routed(ext=EHLO + ["LIMITS RCPTMAX=2"], dot=["250 a", "554 5.6.0 no"])
    r = run(rcpt=names[:6])
    eq(r.letters, "rrhhhhK", "the second is refused: so are those after it")
    match(r.rcpt[5][1], r"\(#5.6.0\)", "text")
    p = routed(ext=EHLO + ["LIMITS RCPTMAX=2"], dot=["250 a", HANGUP])
    r = run(rcpt=names[:4])
    eq(r.letters, "rrssK", "lost in the second")
    match(r.rcpt[3][1], "possible duplicate", "text")
    p = routed(ext=EHLO + ["LIMITS RCPTMAX=2"], MAIL=["250 ok", "451 no"])
    r = run(rcpt=names[:4])
    eq(r.letters, "rrssK", "the second MAIL deferred")
    p = routed(ext=EHLO + ["LIMITS RCPTMAX=0"])
    eq((run(rcpt=names).letters, len(p.data)), ("r" * 10 + "K", 1), "no limit")
    p = routed(ext=PLAIN + ["LIMITS RCPTMAX=3"], RCPT="550 5.1.1 no")
    eq(run(rcpt=names[:5]).letters, "hhhhhD", "none accepted, all asked")


@case
def mailmax():
    p = routed(ext=EHLO + ["LIMITS MAILMAX=1 RCPTMAX=2"])
    r = run(rcpt=["u%d@x" % i for i in range(5)])
    eq((r.letters, p.conns, len(p.data)), ("rrrrrK", 3, 3),
       "a connection for each")
    p = routed(ext=EHLO + ["LIMITS MAILMAX=2"])
    s = Resident()
    for _ in range(5):
        eq(s.job()["R"][0][0], "K", "a job")
    eq(p.conns, 3, "two on each connection")
    s.end()


@case
def crowded():
    for ext in EHLO, PLAIN:
        p = routed(ext=ext)
        count = [0]

        def rcpt(line):
            count[0] += 1
            full = count[0] > 3
            return "452 4.5.3 too many recipients" if full else "250 ok"

        def mail(line):
            count[0] = 0
            return "250 ok"
        p.answers.update(RCPT=rcpt, MAIL=mail)
        r = run(rcpt=["u%d@x" % i for i in range(8)])
        eq((r.letters, len(p.data), p.conns), ("r" * 8 + "K", 3, 1),
           "452: the rest in further transactions")
    p = routed(RCPT=lambda l: "452 4.2.2 full" if "a@" in l else "250 ok")
    eq((run(rcpt=["a@x", "b@x"]).letters, len(p.data)), ("srK", 1),
       "another 452 is not asked again")
    p = routed(RCPT=["250 ok", "552 too many recipients", "250 ok"])
    eq((run(rcpt=["a@x", "b@x"]).letters, len(p.data)), ("rrK", 2),
       "552 says the same")
    p = routed(RCPT="452 too many")
    eq((run(rcpt=["a@x", "b@x"]).letters, p.lines.count("DATA")), ("ssZ", 1),
       "all of them: no end of it otherwise")


# --- dead addresses --------------------------------------------------------------
@case
def dead_last():
    impatient()
    forget()
    control()
    p2 = peer("192.0.2.12", 25)
    eq(run("a.test").text[:3], "mx2", "the first is dead")
    p1 = peer("192.0.2.11", 25)
    eq(run("a.test").text[:3], "mx2", "and is not the first to be tried")
    p2.answers["greeting"] = "421 no"
    eq(run("a.test").text[:3], "mx1", "but the last")
    p2.answers["greeting"] = "220 yes"
    eq((run("a.test").text[:3], p1.conns), ("mx1", 2),
       "and first again once it answered")
    p1.answers["greeting"] = SILENCE
    run("a.test")
    n = p1.conns
    run("a.test")
    eq(p1.conns, n, "no greeting: dead, too")
    with open(DEAD, "rb") as f:
        head = f.read(64)
    match(head.decode("latin-1"), "^quill: addresses that are dead 2\n",
          "the file says what it is")
    for junk in b"", b"x" * 100, head + b"\xff" * 196608:
        with open(DEAD, "wb") as f:
            f.write(junk)
        eq(run("a.test").letters, "rK", "damaged: no harm")
    forget()


def any_dead():
    with open(DEAD, "rb") as f:
        return f.read()[64:].strip(b"\0") != b""


@case
def dead_in_time():
    # another exchanger has used up the job's time
    forget()
    control(remotetimeouts="job:3\nehlo:2\ngreeting:20\nconnect:20")
    peer("192.0.2.11", 25, EHLO=SILENCE)
    p2 = peer("192.0.2.12", 25, greeting=SILENCE)
    r = run("a.test")
    eq((r.letters, p2.conns, any_dead()), ("Z", 1, False), "no time left")
    # an exchanger that nobody listens to at port 25, and a relay there
    control()
    eq((run("[192.0.2.13]").letters, any_dead()), ("Z", True), "dead")
    p1, p2 = peer("192.0.2.13"), peer()
    control(smtproutes="x.example:192.0.2.13:%d 127.0.0.1:%d"
            % (p1.port, p2.port))
    eq((run().letters, p1.conns, p2.conns), ("rK", 1, 0), "another port")
    forget()


@case
def lost_levels():
    # each exchanger is of another preference, and cannot be looked up
    def lame(q, tcp):
        if q.type == MX:
            return q.reply([mx("x.test", i, "m%d.x.test" % i)
                            for i in range(20)])
        return q.reply(rcode=2)

    control()
    d = dns(lame)
    r = run("x.test")
    eq(r.letters, "Z", "deferred")
    check(len(d.queries) < 12, "not all of them are waited for",
          len(d.queries))


@case
def dead_all():
    forget()
    control()
    for _ in range(2):
        r = run("a.test")
        eq(r.letters, "Z", "all dead")
        match(r.text, r"^None of 2 addresses for a.test", "all are tried")
    forget()
    control(smtproutes="x.example:[::1]:%d 127.0.0.1:%d" % (port(), port()))
    run()
    p6 = peer("::1", state["port"] - 1)
    p4 = peer("127.0.0.1", state["port"])
    eq((run().letters, p6.conns), ("rK", 1), "an IPv6 address is remembered")
    forget()


class Mute:
    """A listener that takes no connection: its queue is full, and the kernel
    drops what comes, as the packets for a host that is down are."""

    def __init__(self, ip):
        self.sock = socket.socket()
        self.sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        self.sock.bind((ip, 25))
        self.sock.listen(0)
        self.callers = []
        for _ in range(4):
            c = socket.socket()
            c.setblocking(False)
            c.connect_ex((ip, 25))
            self.callers.append(c)
        closing.append(self)

    def close(self):
        for c in [self.sock] + self.callers:
            c.close()


@case
def haste():
    """With other addresses to try, none is waited for as long as one alone."""
    long_ = {"timeoutconnect": "3000", "timeoutremote": "3000"}
    forget()
    control(remotetimeouts="connectfirst:1", **long_)
    mute = Mute("192.0.2.11")
    p2 = peer("192.0.2.12", 25)
    eq((run("a.test").letters, p2.conns), ("rK", 1),
       "packets dropped: the next")
    with open(DEAD, "rb") as f:
        check(bytes([4, 1]) in f.read(), "and it is remembered")
    eq((run("a.test").letters, p2.conns), ("rK", 2), "and tried last")
    p2.close()
    mute.close()

    forget()
    control(remotetimeouts="greetingfirst:1", **long_)
    p1 = peer("192.0.2.11", 25, greeting=SILENCE)
    p2 = peer("192.0.2.12", 25)
    eq((run("a.test").letters, p1.conns, p2.conns), ("rK", 1, 1),
       "no greeting: the next")
    p2.answers["greeting"] = "421 4.3.2 no"
    p1.answers["greeting"] = lambda _: time.sleep(3) or "220 at last"
    forget()
    r = run("a.test")
    eq((r.letters, p1.conns, p2.conns), ("rK", 3, 2),
       "no other takes it: it is waited for in the end")
    match(r.text, "^mx1", "and takes it")
    p1.answers["greeting"] = [lambda _: time.sleep(3) or "220 once",
                              "421 4.3.2 no"]
    forget()
    r = run("a.test")
    match(r.text, "^None of 2 addresses for a.test", "which counts once")
    p1.close()
    p2.close()
    peer("192.0.2.13", 25, greeting=lambda _: time.sleep(3) or "220 slow")
    eq(run("aonly.test").letters, "rK", "one address alone: at once")
    p1, p2 = peer("192.0.2.14", greeting=SILENCE), peer()
    control(smtproutes="x.example:192.0.2.14:%d 127.0.0.1:%d"
            % (p1.port, p2.port), remotetimeouts="greetingfirst:1", **long_)
    eq((run().letters, p1.conns, p2.conns), ("rK", 1, 1), "relays, too")
    control(remotetimeouts="connectfirst:9\ngreetingfirst:9",
            timeoutconnect="1", timeoutremote="1")
    forget()
    Mute("192.0.2.11")
    p2 = peer("192.0.2.12", 25)
    eq((run("a.test").letters, p2.conns), ("rK", 1),
       "never longer than the usual time")


# --- TLS, without quill-tlsd -----------------------------------------------------
@case
def tls_absent():
    p = peer("192.0.2.13", 25, ext=EHLO + ["STARTTLS"])
    control()
    r = run("aonly.test")
    eq((r.letters, r.err), ("rK", b""), "may: in the clear, without a word")
    check("STARTTLS" not in p.lines, "STARTTLS is not said", p.lines)
    for level in "encrypt", "verify", "dane-only":
        control(tlspolicy="aonly.test " + level)
        r = run("aonly.test")
        eq(r.letters, "Z", level)
        match(r.text, r"\(#4.7.[45]\)", "text")
        eq(p.data[1:], [], "nothing is sent")
    control(tlspolicy="encrypt\naonly.test none")
    eq(run("aonly.test").letters, "rK", "none")
    p.answers["EHLO"] = multi(250, EHLO)
    control(tlspolicy=".test encrypt")
    r = run("aonly.test")
    eq(r.letters, "Z", "encrypt, not offered")
    match(r.text, r"does not offer TLS.*\(#4.7.4\)", "text")
    control(smtproutes="x.example:192.0.2.13:465")
    peer("192.0.2.13", 465)
    r = run()
    eq(r.letters, "Z", "port 465")
    match(r.text, r"wants TLS.*\(#4.7.4\)", "text")


# --- MTA-STS ----------------------------------------------------------------------
@case
def mta_sts():
    p = peer("192.0.2.11", 25, ext=EHLO + ["STARTTLS"])
    peer("192.0.2.12", 25, ext=EHLO + ["STARTTLS"])
    m = Map({})
    control(mtasts="unix:" + m.path)
    eq(run("a.test").letters, "rK", "no policy")
    eq(m.asked, [b"14:postfix a.test,"], "what was asked")
    m.answers["a.test"] = (b"OK secure match=mx9.a.test:.a.test "
                           b"servername=hostname")
    r = run("a.test")
    eq(r.letters, "Z", "a policy, but no TLS here")
    match(r.text, r"\(#4.7.4\)", "text")
    m.answers["a.test"] = b"OK secure match=.b.test servername=hostname"
    r = run("a.test")
    eq(r.letters, "Z", "not this host")
    match(r.text, r"is not in the MTA-STS policy of a.test \(#4.7.5\)",
          "text")
    for bad in (b"TEMP later", b"OK dane", b"OK secure", b"what", b"7:x!",
                HANGUP):
        m.answers["a.test"] = bad
        r = run("a.test")
        eq(r.letters, "Z", "%r" % bad)
        match(r.text, r"MTA-STS policy .* not known: control/mtasts: .+ "
              r"\(#4.4.3\)$", "text")
    eq(len(p.data), 1, "nothing was sent")
    control(mtasts="unix:" + m.path, tlspolicy="a.test may")
    eq(run("a.test").letters, "rK", "control/tlspolicy comes first")
    control(mtasts="inet:127.0.0.1:%d" % port())
    eq(run("a.test").letters, "Z", "nobody there")
    control(mtasts="inet:127.0.0.1:1", smtproutes="a.test:192.0.2.11")
    eq(run("a.test").letters, "rK", "not for relays")


# --- AUTH --------------------------------------------------------------------------
def auth_peer(mechs="PLAIN LOGIN", **kw):
    p = peer(ext=EHLO + ["AUTH " + mechs], **kw)
    return p


@case
def auth_echo():
    def what(line):
        return "500 5.5.2 what? " + line

    login = {"AUTH": "334 VXNlcm5hbWU6", "AM9L": "334 UGFzc3dvcmQ6"}
    for kw in ({"AUTH": what}, dict(login, CZNJ=what),
               dict(login, CZNJ="334 s3cret?"),
               {"AUTH": "535 5.7.8 s3cret is wrong"}):
        p = auth_peer("LOGIN" if "AM9L" in kw else "PLAIN", **kw)
        control(smtproutes="x.example:127.0.0.1:%d" % p.port,
                smtpauth="127.0.0.1 joe s3cret")
        r = run()
        eq([x in r.text for x in ("s3cret", "AGpvZQBzM2", "czNjcmV0")],
           [False] * 3, "the password is not said again")
        match(r.text, r"Remote host said: \d\d\d .not shown", "text")


@case
def auth():
    ok = "235 2.7.0 ok"
    p = auth_peer(AUTH=ok)
    route = "x.example:127.0.0.1:%d" % p.port
    control(smtproutes=route, smtpauth="127.0.0.1 joe s3c ret")
    eq(run().letters, "rK", "PLAIN")
    eq(p.lines[1], "AUTH PLAIN "
       + base64.b64encode(b"\0joe\0s3c ret").decode(), "user and password")
    p = auth_peer("LOGIN", AUTH="334 VXNlcm5hbWU6", AM9L="334 UGFzc3dvcmQ6",
                  CZNJ=ok)
    control(smtproutes="x.example:127.0.0.1:%d" % p.port,
            smtpauth="127.0.0.1 joe s3cret")
    eq(run().letters, "rK", "LOGIN")
    eq(p.lines[1:4], ["AUTH LOGIN", "am9l", "czNjcmV0"], "its steps")
    p = auth_peer(AUTH="535 5.7.8 no")
    control(smtproutes="x.example:127.0.0.1:%d" % p.port,
            smtpauth="127.0.0.1 joe s3cret")
    r = run()
    eq(r.letters, "Z", "refused: no bounce")
    match(r.text, r"control/smtpauth \(#4.7.8\). Remote host said: 535", "text")
    check("s3cret" not in r.text, "the password is not in it")
    p.answers["EHLO"] = multi(250, EHLO + ["AUTH CRAM-MD5"])
    r = run()
    eq(r.letters, "Z", "no mechanism of ours")
    match(r.text, r"\(#4.7.9\)", "text")


@case
def auth_whom():
    ok = "235 2.7.0 ok"
    p = auth_peer(AUTH=ok)
    control(smtproutes="x.example:127.0.0.1:%d" % p.port,
            smtpauth="other.example a b\n127.0.0.1/@lists.example l pl\n"
                     "127.0.0.1/boss@lists.example b pb\n")

    def who(sender):
        del p.lines[:]
        run(sender=sender)
        got = [x[11:] for x in p.lines if x[:4] == "AUTH"]
        return base64.b64decode(got[0]) if got else None
    eq(who("a@b"), None, "nobody's")
    eq(who("a@Lists.example"), b"\0l\0pl", "the domain's")
    eq(who("boss@lists.example"), b"\0b\0pb", "the sender's")
    q = peer("192.0.2.11", 25, ext=EHLO + ["AUTH PLAIN"], AUTH=ok)
    control(smtpauth="mx1.a.test joe secret\n192.0.2.11 joe secret")
    run("a.test")
    check(not [x for x in q.lines if "AUTH" in x],
          "not for a host that the DNS named", q.lines)
    control(smtproutes="a.test:192.0.2.11", smtpauth="192.0.2.11 joe secret")
    r = run("a.test")
    eq(r.letters, "Z", "no password in the clear")
    match(r.text, r"\(#4.7.4\)", "text")
    control(smtproutes="a.test:192.0.2.11", smtpauth="192.0.2.11 joe secret",
            tlspolicy="192.0.2.11 may")
    eq(run("a.test").letters, "Z", "may is not enough")
    control(smtproutes="a.test:192.0.2.11", smtpauth="192.0.2.11 joe secret",
            tlspolicy="192.0.2.11 none")
    eq(run("a.test").letters, "rK", "none: the administrator wants it so")
    os.chmod(os.path.join(CONTROL, "smtpauth"), 0o644)
    r = run("a.test")
    eq(r.letters, "Z", "everybody can read the file")
    match(r.text, r"control/smtpauth: its mode.*\(#4.3.5\)", "text")
    s = None
    p = auth_peer(AUTH=ok)
    control(smtproutes="x.example:127.0.0.1:%d" % p.port,
            smtpauth="127.0.0.1/@lists.example l pl")
    s = Resident()
    for sender, conns in (("a@b", 1), ("c@lists.example", 2),
                          ("d@lists.example", 2), ("a@b", 3)):
        s.job(sender=sender)
        eq(p.conns, conns, "a kept connection is one user's: " + sender)
    s.end()


# --- addresses and messages that are not ASCII ---------------------------------------
@case
def idna():
    seen = []

    def answer(q, tcp):
        seen.append(q.name)
        return zone(q)
    control()
    peer("192.0.2.13", 25)
    dns(answer)
    run("m\xfcnchen.X.test")
    eq(seen[0], "xn--mnchen-3ya.x.test", "the name that is asked for")
    p = routed()
    r = run(rcpt=["joe@m\xfcnchen.example", "j\xf6e@x.example"])
    eq(r.letters, "rhK", "without SMTPUTF8")
    eq(p.lines[2], "RCPT TO:<joe@xn--mnchen-3ya.example>", "A-label")
    check("SMTPUTF8" not in p.lines[1], "no SMTPUTF8", p.lines)
    p = routed(ext=EHLO + ["SMTPUTF8"])
    eq(run(rcpt=["joe@m\xfcnchen.example"]).letters, "rK", "with SMTPUTF8")
    match(p.lines[1], "SMTPUTF8", "asked for")
    m = "Subject: gr\xfcn\n\nx\n".encode()
    p = routed()
    s = Resident()
    r = s.job(message=m, params=["SMTPUTF8=1"])
    s.end()
    eq(r["R"][0][:2], ["D", "5.6.7"], "header fields in UTF-8, not offered")
    p = routed(ext=EHLO + ["SMTPUTF8"])
    s = Resident()
    s.job(message=m, params=["SMTPUTF8=1"])
    match(p.lines[1], " BODY=8BITMIME SMTPUTF8", "offered")
    s.job(message=b"Subject: x\n\nx\n", params=["SMTPUTF8=1"])
    check("SMTPUTF8" not in p.lines[4], "not when nothing needs it", p.lines)
    s.end()


MULTI = b"""From: a@b
MIME-Version: 1.0
Content-Type: multipart/mixed; boundary="x y"
Content-Transfer-Encoding: 8bit

Pr\xe9ambule
--x y
Content-Type: text/plain; charset=utf-8
Content-Transfer-Encoding: 8bit

gr\xc3\xbcn = \t
\tline with blank at end \xc3\x9f\x20
.
--x y
Content-Type: application/x-data
Content-Transfer-Encoding: binary

\x80\x81a\rb

--x y
Content-Type: message/rfc822

Subject: inner
Content-Type: text/html
Content-Transfer-Encoding: 8BIT

<p>\xe9</p>
--x y--
"""


@case
def convert():
    p = routed(ext=["x", "SIZE 100000"])
    eq(run(message=MULTI).letters, "rK", "accepted")
    got = p.data[0][:-3]
    match(p.lines[1], "SIZE=%d$" % (len(got) - 1), "its size")
    want = MULTI.replace(b"\n", b"\r\n")
    for old, new in (
            (b"Encoding: 8bit\r\n\r\nPr", b"Encoding: 7bit\r\n\r\nPr"),
            (b"Encoding: 8bit\r\n\r\ngr", b"Encoding: quoted-printable"
             b"\r\n\r\ngr"),
            (b"gr\xc3\xbcn = \t\r\n", b"gr=C3=BCn =3D =09\r\n"),
            (b"end \xc3\x9f\x20\r\n", b"end =C3=9F=20\r\n"),
            (b"\r\n.\r\n", b"\r\n..\r\n"),
            (b"binary", b"base64"),
            (b"\x80\x81a\rb\r\n\r\n--", base64.b64encode(
                b"\x80\x81a\rb\r\n") + b"\r\n--"),
            (b"8BIT\r\n", b"quoted-printable\r\n"),
            (b"<p>\xe9</p>", b"<p>=E9</p>")):
        check(old in want, "in the original", old)
        want = want.replace(old, new, 1)
    eq(got, want, "exactly")
    p = routed(ext=PLAIN)
    signed = MULTI.replace(b"multipart/mixed", b"multipart/signed")
    r = run(message=signed)
    eq(r.letters, "D", "signed")
    match(r.text, r"signed part \(#5.6.3\)$", "text")
    eq(p.lines, ["EHLO me.example", "QUIT"], "nothing is sent")
    for odd in (b"Content-Transfer-Encoding: x-uuencode\n\n\xe9\n",
                b"Content-Type: multipart/mixed\n\n\xe9\n",
                b"Content-Type: message/partial\n\n\xe9\n"):
        r = run(message=odd)
        eq(r.letters, "D", "%r" % odd)
        match(r.text, r"not understood \(#5.6.3\)$", "text")
    p = routed(ext=EHLO)
    run(message=signed)
    eq(p.data[0].replace(b"\r\n..\r\n", b"\r\n.\r\n")[:-3].count(b"\xc3\xbc"),
       1, "with 8BITMIME nothing is changed")
    p = routed(ext=PLAIN)
    seven = b"Content-Transfer-Encoding: 8bit\n\nabc =\n"
    run(message=seven)
    eq(p.data[0], seven.replace(b"\n", b"\r\n") + b".\r\n",
       "nor where there is nothing to convert")


rnd = random.Random(0)
marks = itertools.count()


def body(eight):
    alphabet = [b"a", b"=", b" ", b"\t", b".", b"From ", b"xyz" * 30, b"-",
                b"--", b"\n", b"\n", b"\n.", b"\n--"]
    if eight:
        alphabet += [b"\xc3\xa9", b"\xff", b"\x80", b"\0"]
    return b"".join(rnd.choice(alphabet) for _ in range(rnd.randrange(60)))


def entity(depth, top=False):
    kinds = ["text", "text", "data", "qp", "b64", "bare"]
    if depth:
        kinds += ["multi", "multi", "rfc822", "digest"]
    kind = rnd.choice(kinds)
    h, eight = [], rnd.random() < 0.6
    cte = b"Content-Transfer-Encoding: " + rnd.choice(
        [b"8bit", b"8BIT", b" 8bit (x)", b"binary"])
    if top:
        h += [b"Subject: test", b"MIME-Version: 1.0"]
    if kind == "text":
        h += [b"Content-Type: text/" + rnd.choice([b"plain", b"html"])
              + b";\n charset=\"latin1\"", cte]
        b = body(eight)
    elif kind == "data":
        h += [b"content-type: APPLICATION/octet-stream; name=x", cte]
        b = body(eight)
    elif kind == "qp":
        h += [b"Content-Type: text/plain",
              b"Content-Transfer-Encoding: quoted-printable"]
        b = b"a=C3=A9b=\nc\n"
    elif kind == "b64":
        h += [b"Content-Type: image/x", b"Content-Transfer-Encoding: base64"]
        b = base64.encodebytes(body(True))
    elif kind == "bare":
        b = body(eight)
        if rnd.random() < 0.5 and not top:
            return b"\n" + b
    elif kind == "rfc822":
        h += [b"Content-Type: message/rfc822"]
        if rnd.random() < 0.5:
            h += [cte]
        b = entity(depth - 1, True)
    else:
        mark = rnd.choice([b"b", b"b", b"=_x y", b"a.b'()+_,-./:=?"]) \
            + b"%d" % next(marks)
        sub = b"digest" if kind == "digest" else b"mixed"
        h += [b"Content-Type: multipart/" + sub + b"; boundary=\"" + mark
              + b"\""]
        if rnd.random() < 0.5:
            h += [cte]
        b = rnd.choice([b"", b"preamble\n"])
        for _ in range(rnd.randrange(1, 4)):
            part = entity(depth - 1)
            if kind == "digest":
                part = b"\n" + entity(depth - 1, True)
            b += b"--" + mark + rnd.choice([b"", b"  "]) + b"\n" + part + b"\n"
        b += b"--" + mark + b"--" + rnd.choice([b"", b"\nepilogue\n"])
    rnd.shuffle(h)
    return b"".join(x + b"\n" for x in h) + b"\n" + b


def tree(m, base64_lines):
    """What a reader makes of it: types, fields, decoded leaves."""
    fields = [(k.lower(), v) for k, v in m.raw_items()
              if k.lower() != "content-transfer-encoding"]
    if m.is_multipart():
        return (m.get_content_type(), fields, m.preamble, m.epilogue,
                [tree(x, base64_lines) for x in m.get_payload()])
    data = m.get_payload(decode=True) or b""
    was = str(m.get("Content-Transfer-Encoding", "")).lower()
    if base64_lines and m.get_content_maintype() not in ("text", "message") \
            and was == "base64":
        data = data.replace(b"\r\n", b"\n")
    return m.get_content_type(), fields, data.replace(b"\r\n", b"\n")


@case
def convert_random():
    """Random messages, before and after, through Python's email package."""
    p = routed(ext=PLAIN)
    s = Resident()
    count, bad = 0, []
    for i in range(400):
        m = entity(3, True)
        m += b"" if m[-1:] == b"\n" else b"\n"
        r = s.job(message=m)
        if r["R"][0][0] != "K":
            bad.append((m, r["R"]))
            continue
        got = p.data.pop()
        got = re.sub(rb"(^|\r\n)\.\.", rb"\1.", got[:-3]).replace(
            b"\r\n", b"\n")
        if not any(x & 0x80 for x in m):
            # a bare CR is never sent; nothing else may change
            if got != m:
                bad.append((m, got))
            continue
        count += 1
        pol = email.policy.compat32
        one = tree(email.message_from_bytes(m, policy=pol), True)
        two = tree(email.message_from_bytes(got, policy=pol), True)
        eight = any(x & 0x80 for x in got)
        if one != two or eight:
            bad.append((eight, m, got, one, two))
    s.end()
    check(count > 100, "enough of them have 8-bit bytes", count)
    eq(bad[:1], [], "all mean the same as before, and are 7-bit")


main()
