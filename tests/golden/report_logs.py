#!/usr/bin/env python3
# SPDX-License-Identifier: 0BSD
"""Logs of a busy week, for quillctl report: report_logs.py DIR MESSAGES DAYS END

Makes DIR/send and DIR/smtp as multilog writes them, of so many messages in so
many days before END (seconds since 1970), the same each time; prints what is
to be counted as JSON.
"""
import collections
import json
import math
import os
import random
import sys

top, messages, days, end = sys.argv[1], *map(int, sys.argv[2:5])
rnd = random.Random(7)
tally = collections.Counter()
tops = collections.defaultdict(collections.Counter)


def tai(t):
    return "@%016x%08x" % ((1 << 62) + 10 + int(t), int(t % 1 * 1e9))


class Log:
    """A multilog directory, with its files rotated at a megabyte."""

    def __init__(self, name):
        self.dir = os.path.join(top, name)
        os.makedirs(self.dir)
        self.lines = []

    def add(self, t, text):
        self.lines.append((t, text))

    def write(self):
        self.lines.sort(key=lambda x: x[0])
        out, size = [], 0
        for t, text in self.lines:
            line = "%s %s\n" % (tai(t), text)
            out.append(line)
            size += len(line)
            if size > 1000000:
                self.file(tai(t) + ".s", out)
                out, size = [], 0
        self.file("current", out)

    def file(self, name, out):
        with open(os.path.join(self.dir, name), "w", encoding="ascii") as f:
            f.write("".join(out))


def pick(names):
    """The first ones much more often."""
    return names[min(int(rnd.expovariate(5 / len(names))), len(names) - 1)]


def when():
    """Any time of these days, more often by day than at night."""
    while True:
        t = end - rnd.random() * days * 86400
        if rnd.random() < 0.25 + 0.75 * math.sin(t % 86400 / 86400 * math.pi):
            return t


ID = "0123456789abcdefghijklmnopqrstuv"
senders = ["user%d@here.example" % i for i in range(60)] + [""]
hosts = ["far.example", "mail.example.net", "big.example.org"] + [
    "d%d.example" % i for i in range(40)]
defers = [
    ("4.2.0", "mx.%s_(192.0.2.%d)_said_450_4.2.0_<x@%s>_greylisted,_see_"
     "https://%s/q/7f3a9%d"),
    ("4.4.1", "Unable_to_connect_to_mx.%s_(192.0.2.%d):_Connection_timed_out"
     "%.0s%.0s%.0s"),
    ("4.7.0", "mx.%s_(192.0.2.%d)_said_421_4.7.0_too_many_messages_from_you,_"
     "slow_down%.0s%.0s%.0s"),
]
fails = [("5.1.1", "mx.%s_(192.0.2.%d)_said_550_5.1.1_no_such_user"),
         ("5.2.2", "mx.%s_(192.0.2.%d)_said_552_5.2.2_mailbox_full")]
refusals = [
    (550, "5.7.1 no mail for that domain is taken from you here"),
    (550, "5.1.1 no mailbox here by that name"),
    (553, "5.7.1 this recipient is refused by policy"),
    (451, "4.7.1 try later: https://rbl.example/?ip=192.0.2.%d"),
    (535, "5.7.8 that is not the password"),
    (502, "5.5.2 unknown command"),
]
send, smtp = Log("send"), Log("smtp")
number = 0
for m in range(messages):
    t = when()
    us, qid = int(t * 1e6), ""
    for i in range(11):
        qid = ID[us >> 5 * i & 31] + qid
    qid += "%05d" % (m % 100000)
    sender = pick(senders)
    size = int(rnd.lognormvariate(9, 1.5))
    send.add(t, "new msg " + qid)
    send.add(t + 1e-6, "info msg %s: bytes %d from <%s> qp %d uid 500 "
             "message-id=<%d@here.example> nrcpt=1" % (qid, size, sender, m, m))
    tally["messages"] += 1
    tally["bytes"] += size
    tops["senders"][sender or "<>"] += 1
    if rnd.random() < 0.7:
        smtp.add(t - 0.01, "quill-smtpd: accepted pid=%d ip=192.0.2.7 helo=c "
                 "id=%s qp=%d from=<%s> nrcpt=1 bytes=%d message-id=<%d@x> "
                 "to=<x@far.example>" % (m, qid, m, sender, size, m))
        tally["accepted"] += 1
    local = rnd.random() < 0.5
    host = "here.example" if local else pick(hosts)
    to = "%s@%s" % (pick(["ann", "bob", "joe", "eve"]), host)
    d = t + 0.001
    wait = 300
    while True:
        number += 1
        took = rnd.lognormvariate(-3 if local else 0, 1.2)
        what = rnd.random()
        send.add(d, "starting delivery %d: msg %s to %s %s" % (
            number, qid, "local" if local else "remote", to))
        d += took
        if d > end:
            break
        if what < 0.02:
            kind, dsn, text = "failure", *rnd.choice(fails)
        elif what < 0.15 and not local:
            kind, dsn, text = "deferral", *rnd.choice(defers)
            text = text % (host, rnd.randrange(250), host, host, m)
        else:
            kind, dsn, text = "success", "2.0.0", "did_1+0+0"
        if kind == "failure":
            text = text % (host, rnd.randrange(250))
        status = {"success": "sent", "failure": "bounced",
                  "deferral": "deferred"}[kind]
        send.add(d, "delivery %d: %s: %s/ to=%s from=<%s> relay=%s delay=%.3f "
                 "delays=0.001/0.000/0.100/%.3f tls=- dsn=%s status=%s" % (
                     number, kind, text, to, sender, "-" if local else
                     "mx.%s[192.0.2.1]:25" % host, d - t, took, dsn, status))
        tally[status] += 1
        tops["destinations"][host] += 1
        if kind != "deferral":
            send.add(d + 1e-6, "end msg " + qid)
            break
        d += wait * (0.8 + 0.4 * rnd.random())
        wait *= 3
    if rnd.random() < 0.4:
        r = when()
        code, text = pick(refusals)
        if "%" in text:
            text = text % rnd.randrange(250)
        smtp.add(r, "quill-smtpd: refused pid=%d ip=203.0.113.%d helo=c "
                 "from=<s@spam.example> to=<x@far.example> code=%d "
                 "text=\"%s\" what=RCPT" % (m, m % 250, code, text))
        smtp.add(r + 0.1, "quill-smtpd: session pid=%d ip=203.0.113.%d helo=c "
                 "cmds=4 msgs=0 bytes=99 end=quit refused=1" % (m, m % 250))
        tally["refused"] += 1
        tally["sessions"] += 1
send.write()
smtp.write()
tally["lines"] = len(send.lines) + len(smtp.lines)
print(json.dumps({"tally": tally, "senders": tops["senders"].most_common(5),
                  "destinations": tops["destinations"].most_common(5)}))
