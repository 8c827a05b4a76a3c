# SPDX-License-Identifier: 0BSD
"""The cases of remote.t that were there first."""

import array
import os
import socket
import subprocess
import tempfile
import time

from remote_kit import *
from remote_peer import (A, AAAA, CNAME, EHLO, HANGUP, MX, PLAIN, SILENCE, Dns,
                         Peer, a, multi, mx, rr, soa, wire)


# --- one message ------------------------------------------------------------
@case
def plain():
    p = routed()
    r = run()
    eq(r.letters, "rK", "accepted")
    eq(r.code, 0, "exit 0")
    eq(r.err, b"", "silent")
    match(r.text, r"^127.0.0.1\[127.0.0.1\] accepted the message \(#2.0.0\). "
          r"Remote host said: 250 2.0.0 queued as 1$", "text of K")
    match(r.rcpt[0][1], r"^127.0.0.1\[127.0.0.1\] accepted the recipient "
          r"\(#2.1.5\). Remote host said: 250 2.1.5 ok$", "text of r")
    eq(p.lines, ["EHLO me.example", "MAIL FROM:<s@here.example> SIZE=21",
                 "RCPT TO:<r@x.example>", "DATA", "QUIT"], "commands")
    eq(p.data, [WIRE], "data")
    check(b"MAIL FROM:<s@here.example> SIZE=21\r\nRCPT TO:<r@x.example>\r\n"
          b"DATA\r\n" in p.chunks, "MAIL, RCPT, DATA in one segment", p.chunks)
    check(WIRE in p.chunks, "message in one segment", p.chunks)


@case
def no_extensions():
    p = routed(ext=PLAIN)
    r = run(message=b"caf\xc3\xa9\n")
    eq(r.letters, "rK", "accepted")
    eq(p.lines, ["EHLO me.example", "MAIL FROM:<s@here.example>",
                 "RCPT TO:<r@x.example>", "DATA", "QUIT"],
       "no parameters that were not offered")
    check(b"MAIL FROM:<s@here.example>\r\n" in p.chunks, "one at a time",
          p.chunks)
    eq(p.data, [b"MIME-Version: 1.0\r\n"
                b"Content-Type: text/plain; charset=unknown-8bit\r\n"
                b"Content-Transfer-Encoding: quoted-printable\r\n\r\n"
                b"caf=C3=A9\r\n.\r\n"], "8-bit is converted")


@case
def helo():
    p = routed(EHLO="502 5.5.1 no")
    eq(run().letters, "rK", "accepted")
    eq(p.lines[:3], ["EHLO me.example", "HELO me.example",
                     "MAIL FROM:<s@here.example>"], "EHLO, then HELO")


@case
def helohost():
    p = routed()
    control(helohost="helo.example",
            smtproutes=":[127.0.0.1]:%d" % p.port)
    run()
    eq(p.lines[0], "EHLO helo.example", "name from helohost")


@case
def eightbit():
    p = routed()
    run(message=b"caf\xc3\xa9\n")
    eq(p.lines[1], "MAIL FROM:<s@here.example> SIZE=7 BODY=8BITMIME", "MAIL")


@case
def keywords():
    p = routed(ext=["x", "size", "pipelining", "8bitmime x"])
    run(message=b"\xff\n")
    eq(p.lines[1], "MAIL FROM:<s@here.example> SIZE=3 BODY=8BITMIME",
       "case does not matter")
    q = routed(ext=["PIPELINING SIZE 8BITMIME", "XSIZE", "SIZEX 7",
                    "8BITMIME-NOT"])
    run(message=b"\xff\n")
    eq(q.lines[1], "MAIL FROM:<s@here.example>",
       "the first line is no keyword, nor are others")


@case
def senders():
    p = routed()
    for s in "", "#@[]", "a b@here.example", 'a"\\@b@here.example', ".x@h.e":
        run(sender=s)
    got = [x.split(" SIZE")[0][10:] for x in p.lines if x[:4] == "MAIL"]
    eq(got[0], "<>", "null sender")
    eq(got[1], "<>", "double bounce sender never leaves")
    eq(got[2], '<"a b"@here.example>', "blank is quoted")
    eq(got[3], '<"a\\"\\\\@b"@here.example>', "quotes and @ are quoted")


@case
def injection():
    p = routed()
    r = run(rcpt=["r@x.example>\r\nRCPT TO:<evil@x.example", "r@x.example"])
    eq(r.letters, "hrK", "line break in a recipient")
    match(r.rcpt[0][1], r"\(#5.1.3\)", "status")
    check(not [x for x in p.lines if "evil" in x], "nothing of it sent",
          p.lines)
    r = run(sender="a\nb@x.example")
    eq(r.letters, "D", "line break in the sender")
    match(r.text, r"\(#5.1.7\)", "its status")
    r = run(rcpt=["a" * 990 + "@x.example.com.net"])
    eq(r.letters, "hD", "recipient that is too long")


@case
def utf8():
    p = routed()
    r = run(rcpt=["j\xf6rg@x.example", "r@x.example"])
    eq(r.letters, "hrK", "not offered: refused here")
    match(r.rcpt[0][1], r"\(#5.6.7\)", "status")
    eq(run(sender="j\xf6rg@x.example").letters, "D", "sender too")
    p = routed(ext=EHLO + ["SMTPUTF8"])
    r = run(rcpt=["j\xf6rg@x.example"])
    eq(r.letters, "rK", "offered")
    eq(p.lines[1:3], ["MAIL FROM:<s@here.example> SIZE=21 SMTPUTF8",
                      "RCPT TO:<j\xc3\xb6rg@x.example>"], "commands")


@case
def dsn():
    asked = {"params": ["RET=HDRS", "ENVID=a+2B1"],
             "rcptparams": ["NOTIFY=SUCCESS", "ORCPT=rfc822;o@x.example"]}
    p = routed(ext=["x", "DSN"])
    q = Resident()
    r = q.job(**asked)
    eq([x[0] for x in r["R"]], ["K"], "offered: accepted")
    eq(r["info"].get("dsn"), "passed", "and the report says who reports")
    eq(p.lines[1:3], ["MAIL FROM:<s@here.example> RET=HDRS ENVID=a+2B1",
                      "RCPT TO:<r@x.example> NOTIFY=SUCCESS "
                      "ORCPT=rfc822;o@x.example"], "commands")
    r = q.job(params=["RET=HDRS X", "ENVID=a\r\nRCPT TO:<evil@x.example>"],
              rcptparams=["NOTIFY=NEVER\r\nRSET", "ORCPT=o@x.example"])
    eq(p.lines[4:7], ["MAIL FROM:<s@here.example>", "RCPT TO:<r@x.example>",
                      "DATA"], "what is malformed is left out")
    q.end()
    p = routed(ext=["x", "8BITMIME"])
    q = Resident()
    r = q.job(**asked)
    eq([x[0] for x in r["R"]], ["K"], "not offered: accepted")
    eq(r["info"].get("dsn"), None, "and nobody else reports")
    eq(p.lines[1:3], ["MAIL FROM:<s@here.example>", "RCPT TO:<r@x.example>"],
       "commands without")
    q.end()


@case
def size():
    p = routed(ext=["x", "SIZE 20"])
    r = run()
    eq(r.letters, "D", "larger than SIZE")
    match(r.text, r"too large for .*\(#5.3.4\)$", "text")
    eq(p.lines, ["EHLO me.example", "QUIT"], "MAIL is not even tried")
    for s in "SIZE 21", "SIZE 0", "SIZE", "SIZE x":
        routed(ext=["x", s])
        eq(run().letters, "rK", s)


STUFF = [
    ("empty", b"", b".\r\n"),
    ("no final newline", b"a", b"a\r\n.\r\n"),
    ("one dot", b".\n", b"..\r\n.\r\n"),
    ("dot without newline", b".", b"..\r\n.\r\n"),
    ("dots", b"..\n.a\nb.\n.\n\n.", b"...\r\n..a\r\nb.\r\n..\r\n\r\n..\r\n"
     b".\r\n"),
    ("CRLF", b"a\r\n.\r\nb\r\n", b"a\r\n..\r\nb\r\n.\r\n"),
    ("bare CR", b"a\rb\r\r\n.\r.\r", b"a\r\nb\r\n\r\n..\r\n..\r\n.\r\n"),
    ("smuggling", b"a\n.\r\nMAIL\r.\rx\n",
     b"a\r\n..\r\nMAIL\r\n..\r\nx\r\n.\r\n"),
    ("NUL and 8-bit", b"\0\xff\0\n", b"\0\xff\0\r\n.\r\n"),
    ("long line", b"x" * 5000 + b"\n", b"x" * 5000 + b"\r\n.\r\n"),
]


@case
def stuffing():
    for name, disk, want in STUFF:
        p = routed()
        eq(run(message=disk).letters, "rK", name)
        eq(p.data, [want], name + ", as sent")
        n = len(want) - 3 - sum(1 for x in want[:-3].split(b"\r\n")
                                if x[:1] == b".")
        match(p.lines[1], " SIZE=%d( |$)" % n, name + ", its size")


def big():
    lines = []
    for i in range(30000):
        lines.append(b"." * (i % 3) + b"%d" % i + b"y" * (i * 7 % 90) + b"\n")
    return b"".join(lines)


@case
def large():
    m = big()
    want = b"".join((b"." if x[:1] == b"." else b"") + x + b"\r\n"
                    for x in m.split(b"\n")[:-1]) + b".\r\n"
    size_ = len(m) + m.count(b"\n")
    p = routed()
    eq(run(message=m).letters, "rK", "file")
    check(p.data == [want], "bytes")
    match(p.lines[1], "SIZE=%d$" % size_, "its size")
    p = routed()
    eq(run(message=m, pipe=True).letters, "rK", "pipe")
    check(p.data == [want], "bytes of the pipe")
    match(p.lines[1], "SIZE=%d$" % size_, "and their size")
    for n in 65535, 65536, 65537, 131072:
        for eol in b"\n", b"\r\n", b"\r":
            m = b"x" * (n - 1) + eol + b".\n"
            p = routed()
            run(message=m)
            check(p.data == [b"x" * (n - 1) + b"\r\n..\r\n.\r\n"],
                  "block border %d %r" % (n, eol))
            match(p.lines[1], "SIZE=%d" % (n + 1 + 3), "and its size")


@case
def piped():
    """What came by a pipe is sent as often as is needed, and converted."""
    m = b"Subject: x\n\n" + b"caf\xe9 " * 20000 + b"\n"
    p = routed(ext=EHLO + ["LIMITS RCPTMAX=2"])
    r = run(rcpt=["u%d@x" % i for i in range(5)], message=m, pipe=True)
    eq(r.letters, "rrrrrK", "accepted")
    check(p.data == [m.replace(b"\n", b"\r\n") + b".\r\n"] * 3,
          "all of it in each transaction", [len(x) for x in p.data])
    p = routed(ext=PLAIN)
    eq(run(message=m, pipe=True).letters, "rK", "a server without 8BITMIME")
    whole = p.data[0].replace(b"=\r\n", b"")
    eq((whole.count(b"caf=E9"), max(whole) < 128), (20000, True),
       "gets it in 7 bits")


# --- recipients ---------------------------------------------------------------
@case
def partial():
    p = routed(RCPT=["250 ok", "550 5.1.1 no such user", "450 4.2.0 later",
                     "250 2.1.5 ok"])
    r = run(rcpt=["a@x", "b@x", "c@x", "d@x"])
    eq(r.letters, "rhsrK", "one result each")
    match(r.rcpt[1][1], r"refused the recipient \(#5.1.1\). Remote host said: "
          r"550 5.1.1 no such user$", "text of h")
    match(r.rcpt[2][1], r"deferred the recipient \(#4.2.0\)", "text of s")
    eq(p.data, [WIRE], "the others get it")


@case
def partial_slow():
    p = routed(ext=PLAIN, RCPT=["250 ok", "550 no", "450 later"])
    eq(run(rcpt=["a@x", "b@x", "c@x"]).letters, "rhsK", "one result each")
    eq(p.data, [WIRE], "the others get it")


@case
def none_accepted():
    p = routed(RCPT="550 5.1.1 no")
    r = run(rcpt=["a@x", "b@x"])
    eq(r.letters, "hhD", "all refused")
    eq(p.data, [b".\r\n"], "354: nothing but a dot")
    p = routed(RCPT="550 5.1.1 no", DATA="503 5.5.1 no recipients")
    eq(run(rcpt=["a@x", "b@x"]).letters, "hhD", "DATA refused")
    eq(p.lines[-1], "QUIT", "nothing sent after DATA")
    p = routed(ext=PLAIN, RCPT="550 5.1.1 no")
    eq(run(rcpt=["a@x", "b@x"]).letters, "hhD", "without PIPELINING")
    check("DATA" not in p.lines, "no DATA then", p.lines)
    routed(RCPT=["550 no", "451 later"])
    eq(run(rcpt=["a@x", "b@x"]).letters, "hsZ", "some only deferred")


@case
def rcpt_552():
    routed(RCPT=["250 ok", "552 5.5.3 too many recipients"])
    r = run(rcpt=["a@x", "b@x"])
    eq(r.letters, "rsK", "552 is temporary")
    match(r.rcpt[1][1], r"\(#4.5.3\)", "status of its class")


@case
def many():
    names = ["user%d@x.example" % i for i in range(250)]
    p = routed(RCPT=lambda x: "550 no" if "7@" in x else "250 ok")
    r = run(rcpt=names)
    eq(r.letters, "".join("h" if n.split("@")[0].endswith("7") else "r"
                          for n in names) + "K", "250 recipients")
    eq(len(p.lines), 254, "commands")


# --- refusals -----------------------------------------------------------------
@case
def mail_refused():
    p = routed(MAIL="550 5.7.1 not you")
    r = run()
    eq(r.letters, "D", "5xx to MAIL")
    match(r.text, r"refused the sender \(#5.7.1\)", "text")
    eq(p.data, [b".\r\n"], "nothing is sent to it")
    p = routed(ext=PLAIN, MAIL="553 no")
    r = run()
    eq(r.letters, "D", "5xx to MAIL, without PIPELINING")
    match(r.text, r"\(#5.1.0\)", "default status")
    eq(p.lines[-2:], ["MAIL FROM:<s@here.example>", "QUIT"], "ends there")
    routed(MAIL="451 4.3.0 later", RCPT="503 no", DATA="503 no")
    r = run()
    eq(r.letters, "Z", "4xx to MAIL")
    match(r.text, r"\(#4.3.0\)", "its text")


@case
def data_refused():
    routed(DATA="554 5.7.1 no")
    r = run(rcpt=["a@x", "b@x"])
    eq(r.letters, "rrD", "5xx to DATA")
    match(r.text, r"\(#5.7.1\)", "text")
    routed(DATA="451 4.7.1 no")
    eq(run().letters, "rZ", "4xx to DATA")
    routed(DATA="250 what")
    r = run()
    eq(r.letters, "rZ", "250 to DATA")
    match(r.text, r"unexpected reply to DATA \(#4.5.0\)", "its text")


@case
def dot_refused():
    routed(dot="554 5.6.0 spam")
    r = run()
    eq(r.letters, "rD", "5xx to the message")
    match(r.text, r"refused the message \(#5.6.0\). Remote host said: 554 5.6"
          ".0 spam$", "text")
    routed(dot="452 full")
    r = run()
    eq(r.letters, "rZ", "4xx to the message")
    match(r.text, r"\(#4.0.0\)", "default status")
    routed(dot=multi(554, ["5.7.1 one", "5.7.1 two", "three"]))
    match(run().text, r"said: 554-5.7.1 one\n554-5.7.1 two\n554 three$",
          "several lines")


@case
def duplicate():
    impatient()
    for what in HANGUP, SILENCE, "nonsense", "354 more":
        routed(dot=what)
        r = run()
        eq(r.letters, "rZ", "%s after the dot" % what)
        match(r.text, r"possible duplicate.*\(#4.[45].[02]\)", "text")


@case
def lost():
    for at, letters in (("MAIL", "Z"), ("RCPT", "sZ"), ("DATA", "rZ")):
        for ext in EHLO, PLAIN:
            for what in (HANGUP, "xyz", "999 what", "250-a\r\n251 b",
                         "550-a\r\nxyz"):
                routed(ext=ext, **{at: what})
                r = run()
                eq(r.letters, letters, "%s: %s" % (at, what))
                match(r.text, r"\(#4.(4.2|5.0)\)", "text")
                check("duplicate" not in r.text, "no duplicate feared")


@case
def out_of_turn():
    p = routed(DATA="354 go\r\n250 2.0.0 ok already")
    r = run()
    eq(r.letters, "rZ", "a reply before the dot is not the one to the dot")
    match(r.text, r"did not answer in SMTP in turn after 354 \(#4.5.0\)",
          "text")
    eq([x for x in p.data if x.endswith(b"\r\n.\r\n")], [], "no final dot")
    p = routed(EHLO=b"250 x\r\n250 y\r\n")
    eq(run().letters, "Z", "two replies to EHLO")
    eq(p.lines, ["EHLO me.example"], "no more is said")
    p = routed(dot="250 ok\r\n250 more")
    s = Resident()
    eq(s.job()["R"][0][0], "K", "two replies to the dot")
    eq((s.job()["R"][0][0], p.conns), ("K", 2), "not used again")
    s.end()


@case
def silence():
    impatient()
    for at, letters in (("greeting", "Z"), ("EHLO", "Z"), ("MAIL", "Z"),
                        ("RCPT", "sZ"), ("DATA", "rZ")):
        routed(**{at: SILENCE})
        start = time.time()
        r = run()
        eq(r.letters, letters, at)
        match(r.text, r"did not answer in time .*\(#4.4.2\)", "text")
        check(1.9 < time.time() - start < 25, "after two seconds",
              time.time() - start)


@case
def rcpt_lost_midway():
    routed(RCPT=["250 ok", "550 5.1.1 no", HANGUP])
    r = run(rcpt=["a@x", "b@x", "c@x", "d@x"])
    eq(r.letters, "rhssZ", "what was refused stays refused")
    routed(RCPT=["250 ok", "550 5.1.1 no", "421 4.3.2 bye"])
    r = run(rcpt=["a@x", "b@x", "c@x", "d@x"])
    eq(r.letters, "rhssZ", "421")
    match(r.rcpt[3][1], r"ended the session \(#4.3.2\). Remote host said: 421",
          "text")


@case
def refused_midway():
    p = routed()
    p.early = 100000
    p.answers["early"] = "552 5.3.4 too much"
    r = run(message=big() * 4)
    check(r.letters in ("rD", "rZ"), "hang-up in the message", r.letters)
    check("duplicate" not in r.text, "no duplicate feared")


@case
def greetings():
    for what in ("421 busy", "554 no service", HANGUP, "nonsense", "220-a\r\n"
                 "221 b", "x" * 5000, "220-\r\n" * 200 + "220 x", "22", "220x",
                 b"\r\n", "354 go"):
        p = routed(greeting=what)
        r = run()
        eq(r.letters, "Z", "greeting %s" % str(what)[:20])
        match(r.text, r"\(#4.(4.2|5.0|3.2)\)", "text")
        check(not [x for x in p.lines if x != "QUIT"], "nothing is said to it",
              p.lines)
    for what in "220", "220-a\r\n220-b\r\n220 c", b"220 bare newline\n":
        routed(greeting=what)
        eq(run().letters, "rK", "greeting %r" % what)


@case
def hellos():
    for what in "421 bye", "450 later", HANGUP, "nonsense", "250-a\r\n250-", "500-a\r\nx":
        p = routed(EHLO=what)
        if what == "250-a\r\n250-":
            p.answers["EHLO"] = [b"250-a\r\n250-b\r\n251 c\r\n"]
        r = run()
        eq(r.letters, "Z", "EHLO: %s" % what)
        check("HELO me.example" not in p.lines, "no HELO then", p.lines)
    routed(EHLO="500 what", HELO="550 5.7.1 go away")
    r = run()
    eq(r.letters, "Z", "HELO refused")


@case
def bytewise():
    p = routed(bytewise=True, RCPT=["250-ok\r\n250 ok", "550 no"])
    eq(run(rcpt=["a@x", "b@x"]).letters, "rhK", "replies byte by byte")
    eq(p.data, [WIRE], "data")


@case
def control_bytes():
    routed(dot=b"554 \x1b[31mred\t\xff\x00\r\n")
    r = run()
    match(r.text, r"said: 554 \?\[31mred\?\?\?$", "a reply is made printable")


@case
def refused():
    control(smtproutes="x.example:127.0.0.1:%d" % port())
    r = run()
    eq(r.letters, "Z", "nobody listens")
    match(r.text, r"^Unable to connect to 127.0.0.1\[127.0.0.1\]: Connection "
          r"refused \(#4.4.1\)$", "text")


@case
def usage():
    control()
    p = subprocess.run([REMOTE], stdin=subprocess.DEVNULL, capture_output=True)
    eq((p.returncode, p.stdout[:1], p.stdout[-1:]), (0, b"D", b"\0"),
       "no arguments")


@case
def bad_control():
    for f, v, want in (
            ("me", None, "control/me: missing"),
            ("timeoutremote", "1x", "control/timeoutremote: line 1: "),
            ("timeoutconnect", "0", "control/timeoutconnect: line 1: "),
            ("remotemsgs", "0", "control/remotemsgs"),
            ("remotetimeouts", "dot:5\ndots:7", "remotetimeouts: line 2"),
            ("outgoingip", "1.2.3", "control/outgoingip: line 1"),
            ("helohost", "me.example\nx a..b", "control/helohost: line 2"),
            ("outgoingip", "x.example 1.2.3.4 5", "outgoingip: line 1"),
            ("tlspolicy", "encrypted", "control/tlspolicy: line 1"),
            ("tlspolicy", "a verify match=", "control/tlspolicy: line 1"),
            ("tlspolicy", "a may ca=x", "control/tlspolicy: line 1"),
            ("smtpauth", "relay user", "control/smtpauth: line 1"),
            ("mtasts", "somewhere", "control/mtasts: line 1"),
            ("smtproutes", "a:b c..d", "control/smtproutes: line 1"),
            ("smtproutes", "a:b\nno colon", "control/smtproutes: line 2"),
            ("smtproutes", "a:b:0", "control/smtproutes: line 1"),
            ("smtproutes", "m\xfcnchen.example:b", "smtproutes: line 1: a domain"
             " that is not ASCII: write xn--"),
            ("tlspolicy", ".m\xfcnchen.example none", "line 1: a domain that is"),
            ("helohost", "@m\xfcnchen.example a.b", "line 1: a domain that is"),
            ("outgoingip", "x@m\xfcnchen 1.2.3.4", "line 1: a domain that is"),
            ("smtproutes", "a:[1.2.3]", "control/smtproutes: line 1"),
            ("smtproutes", "a:[1.2.3.4", "control/smtproutes: line 1")):
        control(**{f: v})
        r = run()
        eq(r.letters, "Z", "%s: %s" % (f, v))
        match(r.text, want + r".*\(#4.3.5\)", "says where")


@case
def routes():
    p = {k: peer() for k in ("exact", "suffix", "default", "lit")}
    control(smtproutes="# c\nX.example:127.0.0.1:%d\n"
            ".example:[127.0.0.1]:%d\n:127.0.0.1:%d\n[192.0.2.9]:127.0.0.1:%d"
            % tuple(p[k].port for k in ("exact", "suffix", "default", "lit")))
    for host, want in (("x.example", "exact"), ("x.EXAMPLE.", "exact"),
                       ("y.example", "suffix"), ("a.b.example", "suffix"),
                       ("example", "default"), ("other.net", "default"),
                       ("[192.0.2.9]", "lit")):
        before = {k: v.conns for k, v in p.items()}
        run(host=host)
        eq([k for k, v in p.items() if v.conns > before[k]], [want], host)


@case
def outgoing():
    p = routed()
    control(smtproutes=":[127.0.0.1]:%d" % p.port, outgoingip="127.0.0.77")
    run()
    eq(p.sources, ["127.0.0.77"], "source address")
    control(smtproutes=":[127.0.0.1]:%d" % p.port, outgoingip="203.0.113.9")
    r = run()
    eq((r.letters, p.conns), ("Z", 1), "one that is not of this machine")
    match(r.text, r"Unable to connect to 127.0.0.1\[127.0.0.1\] from "
          r"203.0.113.9: .*(not available|assign).*\(#4.4.1\)$", "text")


@case
def ipv6():
    p = peer(ip="::1")
    for relay in "[::1]", "[IPv6:::1]", "relay6.test":
        control(smtproutes="x.example:%s:%d" % (relay, p.port),
                outgoingip="127.0.0.77\n::1")
        r = run()
        eq(r.letters, "rK", relay)
        match(r.text, r"\[::1\] accepted", "label")


# --- DNS ------------------------------------------------------------------------
@case
def mx_order():
    control()
    p1, p2 = peer("192.0.2.11", 25), peer("192.0.2.12", 25)
    r = run("a.test")
    eq(r.letters, "rK", "sent")
    match(r.text, r"^mx1.a.test\[192.0.2.11\] accepted", "to the best")
    r = run("A.Test")
    eq((p1.conns, p2.conns), (2, 0), "case of the name does not matter")
    eq(run("alias.test").letters, "rK", "domain is an alias")
    eq(p1.conns, 3, "and goes to the target's MX")


@case
def mx_failover():
    impatient()
    control()
    p2 = peer("192.0.2.12", 25)
    r = run("a.test")
    eq(r.letters, "rK", "first is dead")
    match(r.text, r"^mx2.a.test\[192.0.2.12\] accepted", "to the second")
    n = p2.conns
    for kw in ({"greeting": "421 busy"}, {"greeting": "554 no"},
               {"greeting": HANGUP}, {"greeting": SILENCE},
               {"EHLO": "421 no"}, {"EHLO": "550 no", "HELO": "550 no"},
               {"MAIL": "421 bye"}, {"MAIL": HANGUP}, {"MAIL": "451 later"},
               {"MAIL": "garbage"}):
        forget()
        p1 = peer("192.0.2.11", 25, **kw)
        r = run("a.test")
        p1.close()
        n += 1
        eq((r.letters, p1.conns, p2.conns), ("rK", 1, n),
           "next MX after %s" % str(kw))
    for kw, want in (({"MAIL": "550 no"}, "D"), ({"RCPT": "450 no"}, "sZ"),
                     ({"RCPT": "550 no"}, "hD"), ({"RCPT": HANGUP}, "sZ"),
                     ({"dot": "451 no"}, "rZ"), ({"dot": HANGUP}, "rZ"),
                     ({"DATA": "421 no"}, "rZ")):
        forget()
        p1 = peer("192.0.2.11", 25, **kw)
        r = run("a.test")
        p1.close()
        eq((r.letters, p2.conns), (want, n), "stands after %s" % str(kw))
    p2.close()
    forget()
    r = run("a.test")
    eq(r.letters, "Z", "all dead")
    match(r.text, r"^None of 2 addresses for a.test took the message. The last"
          r" one: Unable to connect to mx2.a.test\[192.0.2.12\]: .*\(#4.4.1\)$",
          "text")


@case
def mx_equal():
    control()
    for i in 1, 2, 3:
        peer("192.0.2.2%d" % i, 25)
    seen = set()
    for _ in range(40):
        seen.add(run("equal.test").text[:3])
        if len(seen) == 3:
            break
    eq(sorted(seen), ["mx1", "mx2", "mx3"], "equals take turns")


@case
def mx_odd():
    control()
    peer("192.0.2.13", 25)
    for host, letters, text in (
            ("aonly.test", "rK", r"^aonly.test\[192.0.2.13\] accepted"),
            ("mxcname.test", "rK", r"^alias2.test\[192.0.2.13\] accepted"),
            ("mxnx2.test", "rK", r"^mx.mxnx2.test\[192.0.2.13\] accepted"),
            ("nullmx.test", "D", r"takes no mail \(#5.1.10\)"),
            ("missing.test", "D", r"no host named missing.test \(#5.1.2\)"),
            ("nothing.test", "D", r"no host named nothing.test \(#5.1.2\)"),
            ("mxnx.test", "D", r"None of the mail exchangers .*\(#5.4.4\)"),
            ("loop1.test", "ZD"[1], r"\(#5.1.2\)"),
            ("self.test", "D", r"best mail exchanger of self.test.*\(#5.4.6\)"),
            ("selfaddr.test", "D", r"\(#5.4.6\)"),
            ("loopback.test", "D", r"\(#5.4.6\)"),
            ("zero.test", "D", r"\(#5.4.6\)"),
            ("me.example", "Z", r"\(#4.4.3\)"),
            ("[192.0.2.13]", "rK", r"^192.0.2.13\[192.0.2.13\] accepted"),
            ("[127.0.0.1]", "D", r"\(#5.4.6\)"),
            ("[127.9.9.9]", "D", r"\(#5.4.6\)"),
            ("[IPv6:::1]", "D", r"\(#5.4.6\)"),
            ("[1.2.3]", "D", r"\(#5.1.2\)"),
            ("a..test", "D", r"\(#5.1.2\)"),
            ("x" * 64 + ".test", "D", r"\(#5.1.2\)"),
            ("backup.test", "Z", r"^Unable to connect to mx.backup.test\["),
            ("backup2.test", "Z", r"^Unable to connect to mx.backup2.test\["),
            ("beside.test", "D", r"\(#5.4.6\)")):
        state["resolv"] = RESOLV
        if host in ("me.example", "loop1.test"):
            quick("127.0.0.101")
        r = run(host)
        eq(r.letters, letters, host)
        match(r.text, text, "text")


@case
def relays_by_name():
    p = peer("192.0.2.14")
    control(smtproutes="x.example:relay.test:%d\ny.example:missing.test"
            % p.port)
    r = run()
    eq(r.letters, "rK", "relay by name")
    match(r.text, r"^relay.test\[192.0.2.14\]", "label")
    r = run("y.example")
    eq(r.letters, "Z", "relay that does not exist")
    match(r.text, r"smtproutes .*\(#4.4.4\)", "text")
    p6 = peer("::1", p.port)
    p4 = peer("127.0.0.1", p.port)
    control(smtproutes="x.example:both.test:%d" % p.port)
    eq((run().letters, p6.conns, p4.conns), ("rK", 1, 0), "both families")
    p6.close()
    eq((run().letters, p4.conns), ("rK", 1), "IPv4 when IPv6 is dead")
    control(smtproutes=":default.example\naonly.test::%d" % p.port)
    q = peer("192.0.2.13", p.port)
    eq((run("aonly.test").letters, q.conns), ("rK", 1),
       "empty relay means MX")
    control(smtproutes="selfaddr.test::%d" % p.port)
    eq((run("selfaddr.test").letters, p4.conns), ("rK", 2),
       "another port is not a loop")


@case
def lame():
    control()
    quick("127.0.0.250")
    r = run("lame.test")
    eq(r.letters, "Z", "nobody answers at the name server's port")
    match(r.text, r"name server unreachable \(#4.4.3\)", "text")
    quick("127.0.0.250", "nameserver 127.0.0.101\n")
    peer("192.0.2.13", 25)
    eq(run("aonly.test").letters, "rK", "second server helps")
    d = dns(lambda q, tcp: None)
    start = time.time()
    r = run("a.test")
    eq(r.letters, "Z", "a silent server")
    match(r.text, r"do not answer \(#4.4.3\)", "text")
    check(0.9 < time.time() - start < 20, "one try", time.time() - start)
    eq(len(d.queries), 1, "one query")
    d = dns(lambda q, tcp: None, attempts=2)
    run("a.test")
    eq(len(d.queries), 2, "attempts:2")
    check(d.queries[0][4] != d.queries[1][4], "another port each time")
    control(remotetimeouts="dns:1")
    d = dns(lambda q, tcp: None, timeout=5)
    start = time.time()
    run("a.test")
    check(0.9 < time.time() - start < 4.9, "the whole look-up has its limit")


def lies(q, how):
    good = zone(q)
    fake = q.reply([a(q.name, "127.0.0.66"), mx(q.name, 1, "evil.test")])
    if how == "id":
        return [b"\0\0" + fake[2:] if q.id else b"\1\1" + fake[2:], good]
    if how == "question":
        return [fake.replace(wire("x.test"), wire("y.test")), good]
    if how == "type":
        at = 12 + len(q.question) - 4
        return [fake[:at] + b"\0\x10" + fake[at + 2:], good]
    if how == "query":
        return [fake[:2] + b"\1\0" + fake[4:], good]
    if how == "short":
        return [good[:11], b"", good]
    if how == "owner":
        return q.reply([a("other.test", "127.0.0.66"),
                        mx("other.test", 1, "evil.test")]
                       + ([mx("x.test", 10, "m.x.test")]
                          if q.type == MX else [])
                       + ([a("m.x.test", "192.0.2.13")]
                          if q.type == A else []))
    if how == "case":
        i = good.index(wire("x.test"))
        return good[:i] + wire("x.test").upper() + good[i + 8:]
    return good


@case
def dns_lies():
    control()
    peer("192.0.2.13", 25)
    for how in ("nothing", "id", "question", "type", "query", "short", "owner",
                "case"):
        dns(lambda q, tcp: lies(q, how))
        r = run("x.test")
        eq(r.letters, "rK", how)
        match(r.text, r"^m.x.test\[192.0.2.13\]", "the right one")


def clear(p):
    """The same without "recursion available"."""
    return p[:3] + bytes([p[3] & 0x7f]) + p[4:]


@case
def dns_broken():
    control()
    name = b"\xc0\x0c"
    for how, make in (
            ("truncated in a record", lambda q: zone(q)[:-3]),
            ("count too large", lambda q: zone(q)[:6] + b"\xff\xff"
             + zone(q)[8:]),
            ("pointer to itself", lambda q: q.reply(
                [rr(bytes([0xc0, 12 + len(q.question)]), q.type, b"\0\1\0")])),
            ("pointer forward", lambda q: q.reply(
                [rr(b"\xc0\xff", q.type, b"\0\1\0")])),
            ("pointer into the header", lambda q: q.reply(
                [rr(b"\xc0\x04", q.type, b"\0\1\0")])),
            ("MX without a name", lambda q: q.reply([rr(name, MX, b"\0\1")])),
            ("MX with too much", lambda q: q.reply(
                [rr(name, MX, b"\0\1\0\0")])),
            ("CNAME loop", lambda q: q.reply(
                [rr("x.test", CNAME, wire("y.test")),
                 rr("y.test", CNAME, wire("x.test"))])),
            ("label type 01", lambda q: q.reply(
                [rr(b"\x41a\0", q.type, b"\0\1\0")])),
            ("a referral, by a server that is not recursive", lambda q: clear(
                q.reply(authority=[rr("test", 2, wire("ns.test"))]))),
            ("SERVFAIL", lambda q: q.reply(rcode=2)),
            ("REFUSED", lambda q: q.reply(rcode=5)),
            ("FORMERR", lambda q: q.reply(rcode=1))):
        dns(lambda q, tcp: make(q))
        r = run("x.test")
        eq(r.letters, "Z", how)
        match(r.text, r"\(#4.4.3\)", "text")
    peer("192.0.2.13", 25)
    good = dns(lambda q, tcp: zone(q))
    dns(lambda q, tcp: q.reply(rcode=2),
        more=["[127.0.0.1]:%d" % good.udp.getsockname()[1]])
    eq(run("x.test").letters, "rK", "SERVFAIL: the next server is asked")


@case
def dns_odd():
    control()
    peer("192.0.2.13", 25)
    d = dns(lambda q, tcp: zone(q) if tcp else q.reply(flags=0x200))
    eq(run("x.test").letters, "rK", "truncated: by TCP")
    check([x for x in d.queries if x[2]], "it was TCP")
    d = dns(lambda q, tcp: q.reply(rcode=1) if q.ar else zone(q))
    eq(run("x.test").letters, "rK", "no EDNS")
    eq([x[3] for x in d.queries[:2]], [True, False], "then without")
    bare = lambda q: bytes(q.raw[:2]) + b"\x81\x81" + b"\0" * 8
    d = dns(lambda q, tcp: bare(q) if q.ar else zone(q))
    eq(run("x.test").letters, "rK", "no EDNS, and no question in the answer")

    def large_(q, tcp):
        if q.type != MX:
            return zone(q)
        if not tcp:
            return q.reply(flags=0x200)
        many_ = [mx("x.test", 100, "n%d.x.test" % i) for i in range(1500)]
        return q.reply(many_ + [mx("x.test", 10, "m.x.test")])
    dns(large_)
    r = run("x.test")
    eq(r.letters, "rK", "a large answer")
    match(r.text, "^m.x.test", "the best of it")

    def half(q, tcp):
        if q.type == AAAA:
            return q.reply(rcode=2)
        return zone(q)
    dns(half)
    eq(run("x.test").letters, "rK", "AAAA fails, A is enough")

    def no_a(q, tcp):
        if q.type == A:
            return q.reply(rcode=2)
        return zone(q)
    dns(no_a)
    r = run("x.test")
    eq(r.letters, "Z", "A fails, no AAAA: later")

    def mapped(q, tcp):
        if q.type == AAAA:
            ip = socket.inet_pton(socket.AF_INET6, "::ffff:127.0.0.1")
            return q.reply([rr(q.name, AAAA, ip)])
        return q.reply([], authority=[soa("x.test")])
    dns(mapped)
    r = run("x.test")
    eq(r.letters, "D", "v4-mapped own address")
    match(r.text, r"\(#5.4.6\)", "is a loop")

    def odd_name(q, tcp):
        if q.type == MX:
            return q.reply([rr("x.test", MX, b"\0\1\3a\nb\0"),
                            mx("x.test", 10, "m.x.test")])
        return zone(q)
    dns(odd_name)
    r = run("x.test")
    eq(r.letters, "rK", "an MX with a name that is none is left out")
    d = dns(zone, ip="::1")
    eq(run("x.test").letters, "rK", "name server by IPv6")


@case
def many_addresses():
    control()

    def lots(q, tcp):
        if q.type == MX:
            return q.reply([mx("x.test", i, "m%d.x.test" % i)
                            for i in range(40)])
        if q.type == A:
            host = int(q.name[1:].split(".")[0])
            return q.reply([a(q.name, "192.0.2.%d" % (30 + 5 * host + i))
                            for i in range(5)])
        return q.reply([], authority=[soa("x.test")])
    d = dns(lots)
    r = run("x.test")
    match(r.text, "^None of 24 addresses", "a ceiling on addresses")
    check(len(d.queries) < 20, "looked up as needed", len(d.queries))


@case
def interleaved():
    """The addresses of a host: IPv6 and IPv4 in turn; then the next host."""
    control()
    order = []
    v6, v4 = ["2001:db8::%d" % i for i in (1, 2, 3)], ["192.0.2.31"]

    def zone6(q, tcp):
        if q.name == "x.test" and q.type == MX:
            return q.reply([mx("x.test", 20, "n.x.test"),
                            mx("x.test", 10, "m.x.test")])
        if q.name == "m.x.test" and q.type == A:
            return q.reply([a(q.name, ip) for ip in v4])
        if q.name == "m.x.test" and q.type == AAAA:
            return q.reply([rr(q.name, AAAA, socket.inet_pton(
                socket.AF_INET6, ip)) for ip in v6])
        if q.name == "n.x.test" and q.type == A:
            return q.reply([a(q.name, "192.0.2.32")])
        return q.reply([], authority=[soa("x.test")])
    dns(zone6)
    for ip in v6 + v4 + ["192.0.2.32"]:
        peer(ip, 25, greeting=lambda _, ip=ip: order.append(ip) or "421 no")
    eq(run("x.test").letters, "Z", "none takes it")
    eq(order, [v6[0], v4[0], v6[1], v6[2], "192.0.2.32"], "their order")


@case
def unreachable():
    """An address that no network leads to: the next, and it is remembered."""
    control()
    peer("192.0.2.13", 25)

    def zone2(q, tcp):
        if q.type == MX:
            return q.reply([mx("x.test", 5, "m.x.test")])
        if q.type == A:
            return q.reply([a(q.name, "198.51.100.1"),
                            a(q.name, "192.0.2.13")])
        return q.reply([], authority=[soa("x.test")])
    dns(zone2)
    eq(run("x.test").letters, "rK", "the second address")
    with open(DEAD, "rb") as f:
        check(bytes([4, 3]) + bytes(2) in f.read().replace(b"\0\1", b"\0\0"),
              "remembered as unreachable")


@case
def parallel():
    control()
    peer("192.0.2.13", 25)
    seen = []

    def slow(q, tcp):
        seen.append((q.type, time.time()))
        return zone(q)
    dns(slow)
    run("x.test")
    check({x[0] for x in seen[1:3]} == {A, AAAA}, "A and AAAA together", seen)


@case
def setuid():
    control()
    peer("192.0.2.13", 25)
    dns(zone)
    eq(run("x.test").letters, "rK", "QUILL_RESOLV")
    copy = os.path.join(TMP, "suid")
    subprocess.run(["cp", REMOTE, copy], check=True)
    os.chmod(TMP, 0o755)
    os.chown(copy, 65534, 65534)
    os.chmod(copy, 0o4755)
    env = dict(os.environ, QUILL_RESOLV=state["resolv"])
    with open("/etc/resolv.conf") as f:
        real = f.read()
    p = subprocess.run(["unshare", "-m", "sh", "-c",
                        "mount --bind $0 /etc/resolv.conf && exec \"$@\"",
                        "/dev/null", copy, "x.test", "s@x", "r@x"], env=env,
                       input=b"", capture_output=True)
    check(p.stdout[:1] == b"Z", "not for a program with another's rights",
          p.stdout, p.stderr, real)


# --- resident --------------------------------------------------------------------
@case
def resident():
    p = routed()
    s = Resident()
    r = s.job(rcpt=["a@x", "b@x"])
    eq([x[:2] for x in r["R"]], [["K", "2.0.0"]] * 2, "delivered")
    eq(r["N"], 1, "number")
    match(r["R"][0][2], r"accepted the message", "text")
    eq(r["R"][0][3], "250 2.0.0 queued as 1", "the remote's words")
    eq(r["info"]["relay"], "127.0.0.1[127.0.0.1]:%d" % p.port, "relay")
    eq(r["info"]["tls"], "none", "tls")
    check(r["info"]["connect"].isdigit() and r["info"]["xfer"].isdigit(),
          "times", r)
    for i in range(3):
        r = s.job(message=b"no %d\n" % i)
        eq((r["N"], r["R"][0][0]), (2 + i, "K"), "job %d" % (2 + i))
    eq(r["info"]["connect"], "0", "no connection was made for it")
    eq(p.conns, 1, "one connection for all")
    eq(len(p.data), 4, "four messages")
    check("RSET" not in p.lines, "without RSET", p.lines)
    check("QUIT" not in p.lines, "still open")
    code, took, err = s.end()
    eq((code, err), (0, b""), "ends")
    check(took < 20, "at once", took)
    eq(p.lines[-1], "QUIT", "with QUIT")


@case
def resident_refusals():
    p = routed(RCPT=["550 5.1.1 no", "250 ok", "250 ok"],
               dot=["250 lone", "554 5.6.0 no", "250 ok"])
    s = Resident()
    eq(s.job()["R"][0][:2], ["D", "5.1.1"], "recipient refused")
    eq(s.job()["R"][0][:2], ["D", "5.6.0"], "message refused")
    eq(s.job()["R"][0][0], "K", "delivered")
    eq(p.conns, 1, "one connection")
    eq(p.lines.count("RSET"), 1, "one RSET, after the lone dot")
    s.end()
    p = routed(ext=PLAIN, RCPT=["550 5.1.1 no", "250 ok"])
    s = Resident()
    s.job()
    eq(s.job()["R"][0][0], "K", "without PIPELINING")
    eq(p.lines[3:5], ["RSET", "MAIL FROM:<s@here.example>"], "RSET")
    s.end()
    p = routed(MAIL=["550 5.7.1 no", "250 ok"], DATA=["503 no", "354 go"])
    s = Resident()
    eq(s.job()["R"][0][:2], ["D", "5.7.1"], "sender refused")
    eq(s.job()["R"][0][0], "K", "the next goes on")
    eq((p.conns, p.lines.count("RSET")), (1, 0), "on the same connection")
    s.end()


@case
def resident_reset():
    p = routed(DATA=["451 4.3.0 no", "354 go"])
    s = Resident()
    eq(s.job()["R"][0][:2], ["Z", "4.3.0"], "DATA refused")
    eq(s.job()["R"][0][0], "K", "the next goes on")
    eq((p.conns, p.lines.count("RSET")), (1, 1), "after RSET")
    s.end()
    p = routed(DATA=["451 4.3.0 no", "354 go"], RSET="502 no")
    s = Resident()
    s.job()
    eq((s.job()["R"][0][0], p.conns), ("K", 2), "RSET refused: anew")
    s.end()


@case
def slow_quit_between():
    """A peer that holds QUIT up must not take time from the next one."""
    control(remotetimeouts="quit:1", timeoutremote="20")
    p1 = peer("192.0.2.11", 25, greeting="421 no", QUIT=SILENCE)
    slow = lambda x: time.sleep(1.5) or "250 ok"
    p2 = peer("192.0.2.12", 25, MAIL=slow)
    eq(run("a.test").letters, "rK", "sent to the second")
    eq((p1.conns, p2.conns), (1, 1), "both were asked")


@case
def resident_dead():
    impatient()
    p = routed()
    s = Resident()
    s.job()
    p.hangup()
    time.sleep(0.1)
    r = s.job()
    eq((r["R"][0][0], p.conns), ("K", 2), "closed while idle: connects anew")
    s.end()
    for kw in ({"MAIL": ["250 ok", HANGUP, "250 ok"]},
               {"MAIL": ["250 ok", "421 too many", "250 ok"]},
               {"MAIL": ["250 ok", "452 too many", "250 ok"]},
               {"MAIL": ["250 ok", SILENCE, "250 ok"]}):
        p = routed(**kw)
        s = Resident()
        s.job()
        r = s.job()
        eq((r["R"][0][0], p.conns), ("K", 2), "anew after %s" % str(kw))
        s.end()
    p = routed(RCPT=["250 ok", HANGUP])
    s = Resident()
    s.job()
    eq((s.job()["R"][0][0], p.conns), ("Z", 1), "but not after MAIL")
    s.end()
    p = routed(dot=["250 ok", HANGUP])
    s = Resident()
    s.job()
    r = s.job()
    eq((r["R"][0][0], p.conns), ("Z", 1), "nor after the dot")
    match(r["R"][0][2], "possible duplicate", "text")
    p.close()
    eq(s.job()["R"][0][:2], ["Z", "4.4.1"], "peer is gone")
    s.end()


@case
def resident_limits():
    p = routed()
    control(smtproutes=":[127.0.0.1]:%d" % p.port, remotemsgs="2")
    s = Resident()
    for _ in range(5):
        s.job()
    eq(p.conns, 3, "remotemsgs")
    s.end()
    p = routed()
    control(smtproutes=":[127.0.0.1]:%d" % p.port, remoteage="1")
    s = Resident()
    s.job()
    time.sleep(1.1)
    s.job()
    eq((p.conns, p.lines.count("QUIT")), (2, 1), "remoteage")
    s.end()
    p = routed()
    s = Resident()
    s.job(host="x.example")
    control(smtproutes="x.example:[127.0.0.1]:%d\ny.example:[127.0.0.1]:%d"
            % (p.port, p.port))
    s.end()
    s = Resident()
    s.job(host="x.example")
    s.job(host="y.example")
    eq(p.conns, 2, "another destination, the same relay: one connection")
    s.end()


@case
def resident_files():
    p = routed()
    s = Resident()
    eq(s.job(bytes_=5)["R"][0][:2], ["Z", "4.3.0"], "file has another length")
    eq([x for x in p.data if x.endswith(b"\r\n.\r\n")], [], "no final dot")
    eq(s.job()["R"][0][0], "K", "the next goes on")
    s.sock.send(b"garbage\0")
    eq(s.end()[0], 111, "a malformed job ends it")


@case
def resident_config():
    control(me=None)
    s = Resident()
    eq(s.job()["R"][0][:2], ["Z", "4.3.5"], "bad control file")
    eq(s.end()[0], 0, "goes on")


@case
def slow_quit():
    routed(QUIT=SILENCE)
    s = Resident()
    s.job()
    check(s.end()[1] < 25, "QUIT is not waited for long")


@case
def job_limit():
    p = routed(bytewise=True, ext=PLAIN)
    p.answers["RCPT"] = b"250-" + b"x" * 40 + b"\r\n" + b"250 ok\r\n"
    control(smtproutes=":[127.0.0.1]:%d" % p.port, remotetimeouts="job:1",
            timeoutremote="5")
    start = time.time()
    r = run(rcpt=["r%d@x" % i for i in range(100)])
    check(time.time() - start < 20, "a job has its end", time.time() - start)
    eq(r.letters[-1], "Z", "and is deferred")


main()
