# SPDX-License-Identifier: 0BSD
"""The cases of remotetls.t."""

import hashlib
import os
import re
import socket
import struct
import subprocess

from remote_kit import *
from remote_peer import (A, AAAA, CNAME, EHLO, HANGUP, MX, PLAIN, SILENCE,
                         TLSA, Dns, Peer, a, multi, mx, rr, soa, wire)

CERTS = os.environ["CERTS"]
TLS = EHLO + ["STARTTLS"]
IP = "192.0.2.13"
IP2 = "192.0.2.14"


def both(name):
    return os.path.join(CERTS, name + ".both")


def der(name, what):
    """The certificate, or its public key."""
    pem = os.path.join(CERTS, name + ".pem")
    if what == "cert":
        return subprocess.run(["openssl", "x509", "-in", pem, "-outform",
                               "DER"], capture_output=True, check=True).stdout
    key = subprocess.run(["openssl", "x509", "-in", pem, "-noout", "-pubkey"],
                         capture_output=True, check=True).stdout
    return subprocess.run(["openssl", "pkey", "-pubin", "-outform", "DER"],
                          input=key, capture_output=True, check=True).stdout


def tlsa(usage, selector, matching, name):
    data = der(name, "key" if selector else "cert")
    if matching:
        data = {1: hashlib.sha256, 2: hashlib.sha512}[matching](data).digest()
    return bytes([usage, selector, matching]) + data


AD = 0x20


def names(records=(), ad=AD, mxad=None, rcode=0, trust="trust-ad",
          tlsaad=None):
    """x.test has MX mx.x.test at IP, whose TLSA records are these."""
    def answer(q, tcp):
        flag = mxad if q.type == MX and mxad is not None else ad
        if q.name == "x.test" and q.type == MX:
            return q.reply([mx("x.test", 10, "mx.x.test")], flags=flag)
        if q.name == "mx.x.test" and q.type == A:
            return q.reply([a("mx.x.test", IP)], flags=flag)
        if q.name == "_25._tcp.mx.x.test" and q.type == TLSA:
            asked.append(q.name)
            if rcode:
                return q.reply(rcode=rcode)
            if records:
                return q.reply([rr(q.name, TLSA, r) for r in records],
                               flags=flag if tlsaad is None else tlsaad)
        return q.reply([], authority=[soa("x.test")], flags=flag)
    asked = []
    d = dns(answer, options=trust)
    d.asked = asked
    return d


def tag():
    s = Resident()
    r = s.job(host="x.test")
    s.end()
    return r["info"].get("tls"), r["R"][0]


@case
def may():
    names()
    control()
    p = peer(IP, 25, ext=TLS, cert=both("stranger"))
    got, r = tag()
    eq(r[0], "K", "delivered")
    match(got, r"^TLSv1\.3/TLS_[A-Z0-9_]+/none$", "the log says how")
    eq([x[0] for x in p.secured], ["TLSv1.3"], "the peer, too")
    eq(p.secured[0][1], "mx.x.test", "the name is asked for")
    eq(p.lines[:3], ["EHLO me.example", "STARTTLS", "EHLO me.example"],
       "EHLO again")
    eq(p.data, [WIRE], "the message")
    s = Resident()
    for _ in range(3):
        eq(s.job(host="x.test")["R"][0][0], "K", "over a kept connection")
    s.end()
    eq(p.conns, 2, "one connection for them")
    p.answers["EHLO"] = lambda l: multi(250, TLS if not p.secured[2:] else
                                        PLAIN)
    eq(run("x.test").letters, "rK", "what was offered before is forgotten")
    match(p.lines[-4], "^MAIL FROM:<s@here.example>$", "no SIZE in MAIL")


@case
def falls_back():
    names()
    for kw in ({"STAR": "454 4.7.0 not now"}, {"STAR": "220 go"},
               {"STAR": "220 go\r\n250 injected"}, {"STAR": HANGUP},
               {"STAR": "220 go\r\n", "cert": None}):
        control(tlspolicy="may", remotetimeouts="tls:2")
        cert = kw.pop("cert", both("mx"))
        p = peer(IP, 25, ext=TLS, cert=cert, **kw)
        if kw["STAR"] == "220 go":
            p.tls = None
        r = run("x.test")
        eq(r.letters, "rK", "may: %s" % kw)
        p.secured or match(r.err.decode(), "warning: in the clear, after: "
                           r".*mx.x.test\[192.0.2.13\]", "says so")
        n = len(p.data)
        eq(p.conns, 2, "on a new connection")
        control(tlspolicy="encrypt", remotetimeouts="tls:2")
        r = run("x.test")
        eq((r.letters, len(p.data)), ("Z", n), "encrypt: not")
        match(r.text, r"\(#4.[457].[0-9]\)", "text")
        p.close()


@case
def verify():
    names(ad=0)
    for policy, cert, good in (
            ("verify", "mx", True), ("verify", "domain", True),
            ("verify", "stranger", False), ("verify", "old", False),
            ("verify", "common", False),
            ("x.test verify match=mx.x.test", "mx", True),
            ("x.test verify match=other.test", "mx", False),
            ("x.test verify match=.x.test", "mx", True),
            ("x.test verify match=.x.test", "domain", False),
            ("x.test verify ca=other", "mx", False),
            ("x.test verify ca=other", "stranger", True),
            ("encrypt", "old", True), ("encrypt", "stranger", True)):
        control(tlspolicy=policy)
        p = peer(IP, 25, ext=TLS, cert=both(cert))
        got, r = tag()
        eq(r[0], "K" if good else "Z", "%s, %s" % (policy, cert))
        if good:
            match(got, "/none$" if policy == "encrypt" else "/pkix$", "tag")
        else:
            match(r[2], r"is not who it should be.*\(#4.7.5\)", "text")
            eq(p.data, [], "nothing was sent")
        p.close()


@case
def next_exchanger():
    """Who cannot be trusted is passed over, like one that is down."""
    def answer(q, tcp):
        if q.name == "x.test" and q.type == MX:
            return q.reply([mx("x.test", 10, "mx.x.test")])
        if q.name == "mx.x.test" and q.type == A:
            return q.reply([a("mx.x.test", IP), a("mx.x.test", IP2)])
        return q.reply([], authority=[soa("x.test")])
    dns(answer)
    for policy, kw in (("verify", {"cert": both("stranger")}),
                       ("encrypt", {"STAR": "454 4.7.0 no"}),
                       ("encrypt", {"ext": PLAIN}),
                       ("verify", {"STAR": HANGUP})):
        control(tlspolicy=policy)
        kw.setdefault("ext", TLS)
        kw.setdefault("cert", both("mx"))
        p1, p2 = peer(IP, 25, **kw), peer(IP2, 25, ext=TLS, cert=both("mx"))
        got, r = tag()
        eq((r[0], p1.conns, p1.data, p2.data), ("K", 1, [], [WIRE]),
           "%s: the next address after %s" % (policy, list(kw)[0]))
        p1.close()
        p2.close()


@case
def tickets():
    names()
    control(remotemsgs="1")
    p = peer(IP, 25, ext=TLS, cert=both("mx"))
    s = Resident()
    for _ in range(2):
        eq(s.job(host="x.test")["R"][0][0], "K", "delivered")
    s.end()
    eq((p.conns, [x[2] for x in p.secured]), (2, [False, True]),
       "the second connection resumes the session of the first")


@case
def verify_relay():
    for cert, port_ in (("mx", 25), ("mx", 465), ("stranger", 465)):
        control(smtproutes="x.test:mx.x.test:%d" % port_, tlspolicy="verify")
        names(ad=0)
        p = peer(IP, port_, ext=TLS if port_ == 25 else EHLO, cert=both(cert),
                 implicit=port_ == 465)
        good = cert == "mx"
        got, r = tag()
        eq(r[0], "K" if good else "Z", "relay %s, port %d" % (cert, port_))
        p.close()
    control(smtproutes="x.test:mx.x.test:465")
    p = peer(IP, 465, cert=both("stranger"), implicit=True)
    got, r = tag()
    eq(r[0], "K", "port 465, without a policy")
    match(got, "^TLSv1.3/.*/none$", "tag")


@case
def password():
    ok = "235 2.7.0 ok"
    names(ad=0)
    for cert, port_, ext, good in (
            ("mx", 587, TLS, True), ("stranger", 587, TLS, False),
            ("mx", 465, EHLO, True), ("mx", 587, EHLO, False)):
        p = peer(IP, port_, ext=ext + ["AUTH PLAIN"], cert=both(cert),
                 implicit=port_ == 465, AUTH=ok)
        control(smtproutes=":mx.x.test:%d" % port_,
                smtpauth="mx.x.test joe secret")
        got, r = tag()
        eq(r[0], "K" if good else "Z", "password: %s %d" % (cert, port_))
        sent = [x for x in p.lines if x[:4] == "AUTH"]
        eq(bool(sent), good, "sent to nobody else")
        p.close()


@case
def dane():
    for usage, selector, matching, name, good in (
            (3, 1, 1, "mx", True), (3, 0, 1, "mx", True),
            (2, 0, 1, "root", True), (2, 1, 1, "root", True),
            (3, 1, 2, "mx", True), (3, 1, 0, "mx", True),
            (3, 1, 1, "domain", False), (2, 0, 1, "foreign", False)):
        names([tlsa(usage, selector, matching, name)])
        control(tlspolicy="dane")
        p = peer(IP, 25, ext=TLS, cert=both("chain"))
        got, r = tag()
        what = "%d %d %d %s" % (usage, selector, matching, name)
        eq(r[0], "K" if good else "Z", what)
        if good:
            match(got, "^TLSv1.3/.*/dane$", "tag")
        else:
            match(r[2], r"is not who it should be.*\(#4.7.5\)", "text")
            eq(p.data, [], "nothing was sent")
        p.close()
    names([tlsa(3, 1, 1, "domain"), tlsa(3, 1, 1, "mx")])
    control(tlspolicy="dane")
    peer(IP, 25, ext=TLS, cert=both("mx"))
    eq(tag()[1][0], "K", "one of two records fits")
    names([tlsa(3, 1, 1, "old")])
    control(tlspolicy="dane")
    closing.pop(-2).close()
    peer(IP, 25, ext=TLS, cert=both("old"))
    eq(tag()[1][0], "K", "usage 3: expired does not matter")


@case
def dane_edges():
    good = [tlsa(3, 1, 1, "mx")]
    bad = [tlsa(3, 1, 1, "domain")]
    unusable = [tlsa(1, 1, 1, "mx"), b"\x03\x01\x01short", b"\3\1\7" + b"x" * 9]
    for what, dns_, policy, peer_, letter, end in (
            ("no TLSA: as may", ([],), "dane", TLS, "K", "/none"),
            ("no TLSA, no STARTTLS", ([],), "dane", EHLO, "K", "none"),
            ("no TLSA: dane-only", ([],), "dane-only", TLS, "Z", ""),
            ("TLSA, dane-only", (good,), "dane-only", TLS, "K", "/dane"),
            ("no AD", (bad, 0), "dane", TLS, "K", "/none"),
            ("no AD: dane-only", (good, 0), "dane-only", TLS, "Z", ""),
            ("MX without AD", (bad, AD, 0), "dane", TLS, "K", "/none"),
            ("TLSA without AD", (bad, AD, None, 0, "trust-ad", 0), "dane", TLS,
             "K", "/none"),
            ("address without AD", (bad, 0, AD, 2), "dane", TLS, "K", "/none"),
            ("not trusted", (bad, AD, None, 0, ""), "dane", TLS, "K",
             "/none"),
            ("unusable: TLS, unverified", (unusable,), "dane", TLS, "K",
             "/none"),
            ("unusable, no STARTTLS", (unusable,), "dane", EHLO, "Z", ""),
            ("unusable: dane-only", (unusable,), "dane-only", TLS, "Z", ""),
            ("SERVFAIL", (good, AD, None, 2), "dane", TLS, "Z", ""),
            ("TLSA, no STARTTLS", (good,), "dane", EHLO, "Z", ""),
            ("not asked for", (bad,), "may", TLS, "K", "/none")):
        d = names(*dns_)
        control(tlspolicy=policy)
        p = peer(IP, 25, ext=peer_, cert=both("mx"))
        got, r = tag()
        eq(r[0], letter, what)
        if letter == "K":
            match(got, end + "$", "tag")
        else:
            match(r[2], r"\(#4.(7.[45]|4.3)\)", "text")
            eq(p.data, [], "nothing was sent")
        if policy == "may":
            eq(d.asked, [], "no TLSA look-up")
        p.close()


@case
def dane_alias():
    """An exchanger that is an alias: where it leads to counts first, then the
    exchanger's own name (RFC 7672 2.2.3)."""
    good, bad = tlsa(3, 1, 1, "mx"), tlsa(3, 1, 1, "domain")
    for real, own, letter, end in ((good, None, "K", "/dane"),
                                   (bad, None, "Z", ""),
                                   (None, good, "K", "/dane"),
                                   (None, bad, "Z", ""),
                                   (good, bad, "K", "/dane"),
                                   (bad, good, "Z", ""),
                                   (None, None, "K", "/none")):
        records = {"_25._tcp.real.y.test": real, "_25._tcp.mx.x.test": own}

        def answer(q, tcp):
            if q.name == "x.test" and q.type == MX:
                return q.reply([mx("x.test", 10, "mx.x.test")], flags=AD)
            if q.name == "mx.x.test" and q.type == A:
                return q.reply([rr("mx.x.test", CNAME, wire("real.y.test")),
                                a("real.y.test", IP)], flags=AD)
            if q.type == TLSA and records.get(q.name):
                return q.reply([rr(q.name, TLSA, records[q.name])], flags=AD)
            return q.reply([], authority=[soa("test")], flags=AD)
        dns(answer, options="trust-ad")
        control(tlspolicy="dane")
        p = peer(IP, 25, ext=TLS, cert=both("mx"))
        got, r = tag()
        what = ["no" if x is None else "a good" if x is good else "a bad"
                for x in (real, own)]
        eq(r[0], letter, "%s record there, %s one of its own" % tuple(what))
        if letter == "K":
            match(got, end + "$", "tag")
        p.close()


@case
def mta_sts():
    names(ad=0)
    m = Map({"x.test": b"OK secure match=.x.test servername=hostname"})
    for cert, good in (("mx", True), ("domain", False), ("stranger", False),
                       ("old", False)):
        control(mtasts="unix:" + m.path)
        p = peer(IP, 25, ext=TLS, cert=both(cert))
        got, r = tag()
        eq(r[0], "K" if good else "Z", "MTA-STS, " + cert)
        if good:
            match(got, "/mta-sts$", "tag")
        p.close()
    control(mtasts="unix:" + m.path)
    p = peer(IP, 25, ext=EHLO)
    eq(tag()[1][0], "Z", "MTA-STS, no STARTTLS")
    p.close()
    names([tlsa(3, 1, 1, "stranger")])
    control(mtasts="unix:" + m.path, tlspolicy="dane")
    p = peer(IP, 25, ext=TLS, cert=both("stranger"))
    got, r = tag()
    eq(r[0], "K", "DANE comes before MTA-STS")
    match(got, "/dane$", "tag")


main()
