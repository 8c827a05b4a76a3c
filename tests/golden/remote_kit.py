# SPDX-License-Identifier: 0BSD
"""What the cases of remote.t are made of. main() runs them and prints "ok
NAME", "not_ok NAME" and "# TEXT"; names on the command line choose cases."""

import array
import os
import re
import select
import socket
import subprocess
import sys
import tempfile
import threading
import time

from remote_peer import (A, AAAA, CNAME, EHLO, HANGUP, MX, PLAIN, SILENCE, Dns,
                         Peer, a, multi, mx, rr, soa, wire)

REMOTE = os.environ["REMOTE"]
CONTROL = os.environ["CONTROL"]
TMP = tempfile.mkdtemp(dir=os.getcwd())
RESOLV = os.path.join(os.getcwd(), "resolv.conf")
MESSAGE = b"Subject: hi\n\nbody\n"
WIRE = b"Subject: hi\r\n\r\nbody\r\n.\r\n"

cases = []
closing = []
state = {"port": 3000, "wait": "30", "name": "", "resolv": RESOLV}


def case(fn):
    cases.append(fn)
    return fn


def check(good, what, *diag):
    name = "%s: %s" % (state["name"], what)
    print("ok" if good else "not_ok", name)
    if not good:
        for d in diag:
            print("#", repr(d)[:1500])
    sys.stdout.flush()


def eq(got, want, what):
    check(got == want, what, "got", got, "want", want)


def match(got, pattern, what):
    check(re.search(pattern, got, re.S), what, got, "want", pattern)


DEAD = os.path.join(os.path.dirname(CONTROL), "run/remote/dead")


def forget():
    """The addresses that did not answer."""
    if os.path.exists(DEAD):
        os.unlink(DEAD)


def impatient():
    """This case has peers that never answer."""
    state["wait"] = "2"


# --- set-up -----------------------------------------------------------------
def control(**files):
    """Control files of this case, besides the usual ones."""
    base = {"me": "me.example", "timeoutconnect": state["wait"],
            "timeoutremote": state["wait"]}
    base.update(files)
    for f in os.listdir(CONTROL):
        if not os.path.isdir(os.path.join(CONTROL, f)):
            os.unlink(os.path.join(CONTROL, f))
    for f, v in base.items():
        if v is not None:
            with open(os.path.join(CONTROL, f), "w") as out:
                out.write(v + "\n")
            os.chmod(os.path.join(CONTROL, f),
                     0o600 if f == "smtpauth" else 0o644)


def port():
    state["port"] += 1
    return state["port"]


def peer(ip="127.0.0.1", at=None, **kw):
    at = at or port()
    p = Peer(ip, at, **kw)
    p.port = at
    closing.append(p)
    return p


def routed(*peers, **kw):
    """A peer, or several, that x.example is sent to by smtproutes."""
    p = peer(**kw)
    control(smtproutes="x.example:[127.0.0.1]:%d" % p.port)
    return p


def dns(answer, timeout=1, attempts=1, options="", ip="127.0.0.1", more=()):
    at = port()
    d = Dns(ip, at, answer)
    closing.append(d)
    servers = ["[%s]:%d" % (ip, at)] + list(more)
    state["resolv"] = os.path.join(TMP, "resolv%d" % at)
    with open(state["resolv"], "w") as f:
        for s in servers:
            f.write("nameserver %s\n" % s)
        f.write("options timeout:%d attempts:%d %s\n"
                % (timeout, attempts, options))
    return d


class Report:
    """A report by hand: recipients [(letter, text)], message (letter, text)."""

    def __init__(self, out, code, err):
        self.code, self.err = code, err
        parts = out.split(b"\0")
        self.whole = parts[-1] == b"" and len(parts) > 1
        fields = [(p[:1].decode(), p[1:].decode("latin-1"))
                  for p in parts[:-1]]
        self.rcpt, self.message = fields[:-1], fields[-1]
        self.letters = "".join(f[0] for f in fields)
        self.text = self.message[1]


def run(host="x.example", sender="s@here.example", rcpt=("r@x.example",),
        message=MESSAGE, pipe=False, prefix=()):
    env = dict(os.environ, QUILL_RESOLV=state["resolv"])
    args = list(prefix) + [REMOTE, host, sender] + list(rcpt)
    if pipe:
        p = subprocess.run(args, input=message, capture_output=True, env=env,
                           timeout=40)
    else:
        with tempfile.TemporaryFile(dir=TMP) as f:
            f.write(message)
            f.flush()
            f.seek(0)
            p = subprocess.run(args, stdin=f, capture_output=True, env=env,
                               timeout=40)
    return Report(p.stdout, p.returncode, p.stderr)


class Resident:
    def __init__(self):
        ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        env = dict(os.environ, QUILL_RESOLV=state["resolv"])
        self.sock = ours
        self.p = subprocess.Popen([REMOTE, "-s"], stdin=theirs, env=env,
                                  stderr=subprocess.PIPE)
        theirs.close()
        self.number = 0

    def job(self, host="x.example", sender="s@here.example",
            rcpt=("r@x.example",), message=MESSAGE, bytes_=None,
            params=(), rcptparams=(), via=None):
        self.number += 1
        f = ["N%d" % self.number, "I0123456789abcdef", "B1700000000",
             "S%d" % (len(message) if bytes_ is None else bytes_),
             "F" + sender] + ["P" + p for p in params] + ["H" + host]
        f += ["V" + via] if via else []
        for r in rcpt:
            f += ["T" + r] + ["P" + p for p in rcptparams]
        with tempfile.TemporaryFile(dir=TMP) as m:
            m.write(message)
            m.flush()
            record = b"".join(x.encode() + b"\0" for x in f) + b"\0"
            socket.send_fds(self.sock, [record], [m.fileno()])
        return self.report()

    def report(self):
        if not select.select([self.sock], [], [], 30)[0]:
            return {"dead": True, "R": []}
        got = self.sock.recv(200000)
        out = {"R": [], "info": {}, "N": None}
        for x in got.split(b"\0")[:-1]:
            x = x.decode("latin-1")
            if x[:1] == "N":
                out["N"] = int(x[1:])
            elif x[:1] == "I":
                k, v = x[1:].split("=", 1)
                out["info"][k] = v
            elif x[:1] == "R":
                out["R"].append([x[1], x[2:].split(" ", 1)[0],
                                 x[2:].split(" ", 1)[1], ""])
            elif x[:1] == "G":
                out["R"][-1][3] = x[1:]
        return out

    def end(self):
        self.sock.close()
        start = time.time()
        err = self.p.communicate(timeout=20)[1]
        return self.p.returncode, time.time() - start, err


def quick(server, more=""):
    state["resolv"] = os.path.join(TMP, "quick")
    with open(state["resolv"], "w") as f:
        f.write("nameserver %s\n%soptions timeout:1 attempts:1\n"
                % (server, more))


def zone(q, tcp=False):
    """x.test has MX m.x.test, which is 192.0.2.13."""
    if q.name == "x.test" and q.type == MX:
        return q.reply([mx("x.test", 10, "m.x.test")])
    if q.name == "m.x.test" and q.type == A:
        return q.reply([a("m.x.test", "192.0.2.13")])
    if q.name == "m.x.test":
        return q.reply([], authority=[soa("x.test")])
    return q.reply(rcode=3)


class Map:
    """A socketmap that answers from a dictionary."""

    def __init__(self, answers):
        self.path = os.path.join(TMP, "map%d" % port())
        self.asked = []
        self.answers = answers
        self.sock = socket.socket(socket.AF_UNIX)
        self.sock.bind(self.path)
        self.sock.listen(5)
        threading.Thread(target=self.serve, daemon=True).start()
        closing.append(self)

    def serve(self):
        while True:
            try:
                c, _ = self.sock.accept()
                q = c.recv(2000)
                key = q.split(b" ", 1)[1][:-1].decode()
                self.asked.append(q)
                v = self.answers.get(key, b"NOTFOUND ")
                if v is not HANGUP:
                    c.sendall(v if v[-1:] == b"!" else b"%d:%s," % (len(v), v))
                c.close()
            except OSError:
                return

    def close(self):
        self.sock.close()


def main():
    chosen = sys.argv[1:]
    for fn in cases:
        if chosen and fn.__name__ not in chosen:
            continue
        state["name"] = fn.__name__
        state["resolv"] = RESOLV
        state["wait"] = "30"
        forget()
        start = time.time()
        try:
            fn()
        except Exception as e:
            check(False, "no exception", e, sys.exc_info()[2].tb_next.tb_lineno)
        for c in closing:
            c.close()
        del closing[:]
        if os.environ.get("TIMES"):
            print("# %s %.2f s" % (fn.__name__, time.time() - start))

