# SPDX-License-Identifier: 0BSD
"""Dialogues with quill-smtpd. Arguments: the program, its (scratch) home."""
import base64
import os
import re
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time

sys.path.insert(0, os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
from tap import done, ok, same

PROGRAM, HOME = sys.argv[1:3]
CONTROL = HOME + "/control"
SPOOL = HOME + "/spool"
QUEUE = HOME + "/bin/record"
SAN = os.environ.get("SAN")
WAIT = 30  # s a reply may take before the test gives up on it

# --- the queue that records --------------------------------------------------
def make_queue():
    os.makedirs(SPOOL, exist_ok=True)
    with open(QUEUE, "w") as f:
        f.write("""#!/bin/sh
# stands in for quill-queue
if [ "$QEARLY" ]; then exit "$QEARLY"; fi
cat >"$QSPOOL/$$.m" || exit 54
cat <&1 >"$QSPOOL/$$.e" || exit 54
[ -z "$QTEXT" ] || printf %s "$QTEXT" >&6
exit "${QEXIT:-0}"
""")
    os.chmod(QUEUE, 0o755)


def queued():
    """What would have been queued: (message, sender, recipients), in order.
    An envelope without its last NUL is no message."""
    out = []
    for name in sorted(os.listdir(SPOOL), key=lambda n: int(n[:-2])):
        path = os.path.join(SPOOL, name)
        if name.endswith(".e"):
            env = open(path, "rb").read()
            msg = open(path[:-1] + "m", "rb").read()
            if env.endswith(b"\0\0"):
                parts = env[:-2].split(b"\0")
                out.append((msg, parts[0][1:], [p[1:] for p in parts[1:]]))
    for name in os.listdir(SPOOL):
        os.unlink(os.path.join(SPOOL, name))
    return out


# --- control files -----------------------------------------------------------
DEFAULT = {"me": "mx.example.org", "rcpthosts": "example.org\n.sub.example"}


def control(**files):
    for name in os.listdir(CONTROL):
        os.unlink(os.path.join(CONTROL, name))
    for name, text in {**DEFAULT, **files}.items():
        if text is not None:
            mode = "wb" if isinstance(text, bytes) else "w"
            with open(os.path.join(CONTROL, name.replace("__", ".")),
                      mode) as f:
                f.write(text if isinstance(text, bytes) else text + "\n")


# --- those who are asked -----------------------------------------------------
class Daemon:
    """Stands in for quill-verifyd or quill-authd: answers records by fn."""

    def __init__(self, name, fn):
        os.makedirs(HOME + "/run/" + name, exist_ok=True)
        self.path, self.fn, self.asked = HOME + "/run/%s/socket" % name, fn, []
        self.sock = socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        self.sock.bind(self.path)
        self.sock.listen(50)
        threading.Thread(target=self.listen, daemon=True).start()

    def listen(self):
        while True:
            try:
                c = self.sock.accept()[0]
            except OSError:
                return
            threading.Thread(target=self.serve, args=[c], daemon=True).start()

    def serve(self, c):
        with c:
            while True:
                got = c.recv(10000)
                if not got:
                    return
                fields = got.split(b"\0")
                self.asked.append(fields)
                answer = self.fn(fields)
                if answer is None:
                    return
                c.send(answer)

    def close(self):
        self.sock.shutdown(socket.SHUT_RDWR)
        self.sock.close()
        os.unlink(self.path)


# What there is: address -> class, user, local part, text.
PLACES = {
    "x@example.org": ("=", "ann", "x", ""),
    "y@example.org": ("=", "ben", "y", ""),
    "ann": ("=", "ann", "ann", ""),
    "ann-list@example.org": ("=", "ann", "ann-list", ""),
    "gone@example.org": ("D", "", "gone", "Sorry, no mailbox here by that "
                         "name. (#5.1.1)"),
    "off@example.org": ("D", "", "off", "This account is disabled. (#5.2.1)"),
    "odd@example.org": ("D", "", "odd", "two\x01 \xe9(#9)"),
    "later@example.org": ("Z", "", "later", "home is writable. (#4.3.0)"),
}


def verify(fields):
    kind, user, local, text = PLACES.get(
        fields[1].decode("latin-1"), ("R", "", "", ""))
    uid = {"ann": "1001", "ben": "1002", "": ""}[user]
    how = "default delivery" if kind == "=" else ""
    return b"\0".join([fields[0]] + [x.encode("latin-1") for x in (
        kind, uid, user, local, how, text, "")])


def check(fields):
    """quill-authd: Ann and ann are ann, password secret."""
    user, password = fields[1:3]
    if user == b"busy":
        return b"Z\0"
    if user.lower() == b"ann" and password == b"secret":
        return b"=ann\0"
    if password == b"secret" and b"@" in user:
        return b"=" + user + b"\0"
    return b"D\0"


# --- a session ---------------------------------------------------------------
class Client:
    def __init__(self, kind=socket.SOCK_STREAM, args=(), wrapper=False,
                 sock=None, pass_fds=(), **env):
        ours, theirs = sock or socket.socketpair(socket.AF_UNIX, kind)
        e = {k: v for k, v in os.environ.items()
             if not re.match(r"QUILL|QMAIL|TCP|[A-Z]*(LIMIT|BYTES|CLIENT)$", k)}
        e.update(QUILLQUEUE=QUEUE, QSPOOL=SPOOL, PROTO="TCP",
                 TCPREMOTEIP="192.0.2.9", TCPLOCALIP="192.0.2.1")
        e.update({k: v for k, v in env.items() if v is not None})
        for k, v in env.items():
            if v is None:
                e.pop(k, None)
        self.log = tempfile.TemporaryFile("w+")
        fds, self.inner, self.outer = list(pass_fds), None, None
        if wrapper:  # UCSPI-TLS: a control socket and one for plain text
            self.ctl, ctl = socket.socketpair()
            self.inner, inner = socket.socketpair()
            self.inner.settimeout(WAIT)
            self.ctl.settimeout(WAIT)
            fds = [ctl.fileno(), inner.fileno()]
            e.update(SSLCTLFD=str(fds[0]), SSLREADFD=str(fds[1]),
                     SSLWRITEFD=str(fds[1]))
        self.proc = subprocess.Popen([PROGRAM, *args], pass_fds=fds,
                                     stdin=theirs, stdout=theirs,
                                     stderr=self.log, env=e)
        theirs.close()
        if wrapper:
            ctl.close()
            inner.close()
        ours.settimeout(WAIT)
        self.sock, self.buf = ours, b""

    def send(self, data, step=0):
        try:
            if step:
                for i in range(0, len(data), step):
                    self.sock.sendall(data[i:i + step])
            else:
                self.sock.sendall(data)
        except OSError:
            pass  # closed: the missing replies will tell

    def reply(self):
        """One whole reply, its lines joined; "" at end of file."""
        lines = []
        while True:
            while b"\n" not in self.buf:
                try:
                    got = self.sock.recv(65536)
                except OSError as e:
                    return "no reply: %s" % e
                if not got:
                    return "".join(lines) + self.buf.decode("latin-1")
                self.buf += got
            line, self.buf = self.buf.split(b"\n", 1)
            lines.append(line.decode("latin-1") + "\n")
            if line[3:4] != b"-":
                return "".join(lines)

    def ask(self, text, step=0):
        self.send(text.encode("latin-1") + b"\r\n", step)
        return self.reply()

    def secure(self):
        """The wrapper does its part: from here on all goes by its socket."""
        same(self.ctl.recv(10), b"y", "UCSPI-TLS: the wrapper is told")
        self.outer, self.sock, self.buf = self.sock, self.inner, b""

    def close(self):
        for s in self.sock, self.inner, self.outer:
            if s:
                s.close()
        return self.wait()

    def wait(self):
        try:
            self.rc = self.proc.wait(WAIT)
        except subprocess.TimeoutExpired:
            self.proc.kill()
            self.rc = "hung"
        self.log.seek(0)
        self.logtext = self.log.read()
        self.log.close()
        return self.rc

    def eof(self):
        return self.reply() == ""


def mask(text):
    """Take what differs between two runs away."""
    if isinstance(text, bytes):
        return re.sub(rb"\d+ [A-Z][a-z]{2} \d{4} [\d:]{8}", b"DATE", text)
    return re.sub(r"ok \d+ qp \d+", "ok TIME qp PID", text)


def talk(groups, step=0, **env):
    """Send each group when the replies to the one before are there. Returns
    replies and what was queued."""
    c = Client(**env)
    replies = [c.reply()]
    for data, n in groups:
        c.send(data, step)
        replies += [c.reply() for _ in range(n)]
    c.close()
    c.queued = queued()
    return [mask(r) for r in replies], c


def codes(replies):
    return [r[:3] for r in replies]


def lines(*text):
    return "".join(t + "\r\n" for t in text).encode("latin-1")


START = [(lines("EHLO client.example"), 1),
         (lines("MAIL FROM:<a@b.example>", "RCPT TO:<x@example.org>",
                "DATA"), 3)]
MESSAGE = b"Subject: x\r\n\r\n..dot\r\nline\r\n"
STORED = b"Subject: x\n\n.dot\nline\n"
RECEIVED = (b"Received: from client.example ([192.0.2.9])\n"
            b"  by mx.example.org with ESMTP\n"
            b"  for <x@example.org>; DATE -0000\n")
MAILTO = lines("MAIL FROM:<a@b.example>", "RCPT TO:<x@example.org>")


def message(data, **env):
    """One message of those wire bytes (with its end of data, or what the
    client takes for it), then QUIT."""
    return talk(START + [(data, 1), (lines("QUIT"), 1)], **env)


# --- tests -------------------------------------------------------------------
def test_dsn():
    control()
    replies, c = talk([
        (lines("EHLO client.example"), 1),
        (lines("MAIL FROM:<a@b.example> ENVID=id RET=HDRS"), 1),
        (lines("RCPT TO:<x@example.org>"), 1),
        (lines("RCPT TO:<x@else.example> NOTIFY=NEVER"), 1),
        (lines("RCPT TO:<y@example.org> NOTIFY=SUCCESS ORCPT=rfc822;z"), 1),
        (lines("RCPT TO:<z@example.org>"), 1),
        (lines("DATA"), 1), (MESSAGE + b".\r\n", 1),
        (lines("MAIL FROM:<a@b.example>"), 1),
        (lines("RCPT TO:<x@example.org>"), 1),
        (lines("DATA"), 1), (MESSAGE + b".\r\n", 1), (lines("QUIT"), 1)])
    same([(f, t) for m, f, t in c.queued],
         [(b"a@b.example", [b"ENVID=id", b"RET=HDRS", b"x@example.org",
                            b"y@example.org", b"NOTIFY=SUCCESS",
                            b"ORCPT=rfc822;z", b"z@example.org"]),
          (b"a@b.example", [b"x@example.org"])],
         "parameters of RFC 3461 are queued with what they belong to")


def test_good():
    control()
    group = START + [(MESSAGE + b".\r\n", 1), (lines("QUIT"), 1)]
    replies, c = talk(group)
    same(replies, [
        "220 mx.example.org ESMTP\r\n",
        "250-mx.example.org\r\n250-PIPELINING\r\n250-SIZE 0\r\n"
        "250-8BITMIME\r\n250-SMTPUTF8\r\n250-DSN\r\n"
        "250-LIMITS RCPTMAX=1000\r\n250 ENHANCEDSTATUSCODES\r\n",
        "250 2.1.0 sender ok\r\n", "250 2.1.5 recipient ok\r\n",
        "354 go on, end with CRLF.CRLF\r\n",
        "250 2.0.0 ok TIME qp PID\r\n", "221 2.0.0 mx.example.org\r\n"],
         "a good session: replies")
    same([(mask(m), f, t) for m, f, t in c.queued],
         [(RECEIVED + STORED, b"a@b.example", [b"x@example.org"])],
         "a good session: message and envelope")
    same(c.rc, 0, "exit code of a good session")
    ok(re.fullmatch(
        r"quill-smtpd: accepted pid=\d+ ip=192\.0\.2\.9 helo=client\.example "
        r"id= qp=\d+ from=<a@b\.example> nrcpt=1 bytes=26 "
        r"message-id= to=<x@example\.org>\n"
        r"quill-smtpd: session pid=\d+ ip=192\.0\.2\.9 helo=client\.example "
        r"cmds=5 msgs=1 bytes=\d+ end=quit refused=0\n", c.logtext),
       "a good session: log", c.logtext)
    for step in 1, 2, 7, 1000:
        other, d = talk(group, step)
        same((other, [(mask(m), f, t) for m, f, t in d.queued]),
             (replies, [(mask(m), f, t) for m, f, t in c.queued]),
             "the same in pieces of %d" % step)
    replies, c = talk([
        (lines("EHLO c"), 1),
        (MAILTO + lines("RCPT TO:<z@a.sub.example>", "DATA"), 4),
        (b"1\r\n.\r\n" + MAILTO + lines("DATA"), 4),
        (b"2\r\n.\r\n" + lines("RSET", "MAIL FROM:<>", "HELP x",
                               "RCPT TO:<q@example.org>", "DATA"), 6),
        (b".\r\n" + lines("QUIT"), 2)])
    same(codes(replies), "220 250 250 250 250 354 250 250 250 354 250 250 250 "
         "214 250 354 250 221".split(), "three messages, pipelined: replies")
    same([(m.split(b"-0000\n")[1], f, t) for m, f, t in c.queued],
         [(b"1\n", b"a@b.example", [b"x@example.org", b"z@a.sub.example"]),
          (b"2\n", b"a@b.example", [b"x@example.org"]),
          (b"", b"", [b"q@example.org"])],
         "three messages: each whole, with its own envelope")
    ok(c.queued and b"for <" not in c.queued[0][0],
       "no for in Received with two recipients")
    c = Client(QTEXT="K0123456789abcdef")
    [c.reply(), c.ask("HELO c"), c.ask("MAIL FROM:<a@b.c>"),
     c.ask("RCPT TO:<x@example.org>"), c.ask("DATA")]
    got = c.ask("x\r\n.")
    c.close()
    ok(re.match(r"250 2\.0\.0 ok \d+ qp \d+ id 0123456789abcdef\r\n", got),
       "the queue id is in the reply", got)
    m = queued()[0][0]
    ok(b"with SMTP\n" in m, "with SMTP after HELO", m)
    c = Client(kind=socket.SOCK_SEQPACKET)
    c.reply()
    c.send(b"EHLO c\r\n")
    ok(c.reply().endswith("CODES\r\n") and not c.buf, "EHLO's reply")
    c.send(lines("RSET", "RSET", "HELP"))
    got = c.sock.recv(65536)
    ok(got.count(b"\r\n") == 3, "replies to one group are one write", got)
    c.close()


# What came before; the command; what its reply starts with.
H, M, R = ["EHLO c"], ["EHLO c", "MAIL FROM:<a@b.c>"], \
    ["EHLO c", "MAIL FROM:<a@b.c>", "RCPT TO:<x@example.org>"]
U = ["EHLO c", "MAIL FROM:<a@b.c> SMTPUTF8"]
COMMANDS = [
    ([], "MAIL FROM:<a@b.c>", "503 5.5.1"),
    ([], "RCPT TO:<x@example.org>", "503 5.5.1"),
    ([], "DATA", "503 5.5.1"),
    ([], "RSET", "250 2.0.0"),
    ([], "NOOP", "250 2.0.0"),
    ([], "NOOP with words", "250 2.0.0"),
    ([], "VRFY x", "252 2.0.0"),
    ([], "VRFY", "501 5.5.4"),
    ([], "HELP", "214 2.0.0"),
    ([], "HELP MAIL", "214 2.0.0"),
    ([], "EXPN list", "502 5.5.1"),
    ([], "ETRN example.org", "503 5.5.1"),
    ([], "STARTTLS", "503 5.5.1"),
    ([], "AUTH PLAIN x", "503 5.5.1"),
    (H, "ETRN example.org", "502 5.5.1"),
    (H, "STARTTLS", "502 5.5.1"),
    (H, "AUTH PLAIN x", "502 5.5.1"),
    ([], "TURN", "502 5.5.1"),
    ([], "", "500 5.5.1"),
    ([], "HELLO", "500 5.5.1"),
    ([], "GET / HTTP/1.1", "500 5.5.1"),
    ([], "NO\0OP", "500 5.5.2"),
    ([], "NOOP \r x", "500 5.5.2"),
    ([], "NOOP \x1b[0m", "500 5.5.2"),
    ([], "HELO", "501 5.5.4"),
    ([], "EHLO", "501 5.5.4"),
    ([], "EHLO \xe9", "501 5.5.4"),
    ([], "EHLO " + "x" * 256, "501 5.5.4"),
    ([], "HELO [192.0.2.7]", "250 mx.example.org"),
    ([], "helo   Client_1", "250 mx.example.org"),
    ([], "eHlO c  ", "250-mx.example.org"),
    ([], "QUIT", "221 2.0.0"),
    ([], "QUIT now", "501 5.5.4"),
    (["EHLO"], "MAIL FROM:<a@b.c>", "503 5.5.1"),
    (H, "RCPT TO:<x@example.org>", "503 5.5.1"),
    (H, "DATA", "503 5.5.1"),
    (H, "mail from:<a@b.c>", "250 2.1.0"),
    (H, "MAIL FROM: <a@b.c>", "250 2.1.0"),
    (H, "MAIL FROM:<>", "250 2.1.0"),
    (H, "MAIL FROM:<@r1.example,@r2.example:a@b.c>", "250 2.1.0"),
    (H, 'MAIL FROM:<"a b\\"@"@b.c>', "250 2.1.0"),
    (H, "MAIL FROM:<a@[192.0.2.1]>", "250 2.1.0"),
    (H, "MAIL FROM:<a@[IPv6:2001:db8::1]>", "250 2.1.0"),
    (H, "MAIL FROM:<a+b=c@b.c> SIZE=1 BODY=8BITMIME", "250 2.1.0"),
    (H, "MAIL FROM:<a@b.c> body=7bit  size=99999  ", "250 2.1.0"),
    (H, "MAIL FROM:<a@b.c> SIZE=0", "250 2.1.0"),
    (H, "MAIL", "501 5.5.4"),
    (H, "MAIL <a@b.c>", "501 5.5.4"),
    (H, "MAIL FROM", "501 5.5.4"),
    (H, "MAIL FROM:", "501 5.1.7"),
    (H, "MAIL FROM:a@b.c", "501 5.1.7"),
    (H, "MAIL FROM:<a@b.c", "501 5.1.7"),
    (H, "MAIL FROM:<a@b.c>>", "501 5.5.4"),
    (H, "MAIL FROM:<a@b.c>SIZE=1", "501 5.5.4"),
    (H, "MAIL FROM:<a b@b.c>", "501 5.1.7"),
    (H, "MAIL FROM:<a@b..c>", "501 5.1.7"),
    (H, "MAIL FROM:<a@-b.c>", "501 5.1.7"),
    (H, "MAIL FROM:<@b.c>", "501 5.1.7"),
    (H, "MAIL FROM:<a@>", "501 5.1.7"),
    (H, "MAIL FROM:<a@[1.2.3]>", "501 5.1.7"),
    (H, "MAIL FROM:<#@[]>", "501 5.1.7"),
    (H, "MAIL FROM:<a>", "553 5.1.7"),
    (H, "MAIL FROM:<\xe9@b.c>", "553 5.6.7"),
    (H, "MAIL FROM:<a@b\xe9.c>", "553 5.6.7"),
    (H, "MAIL FROM:<\xe9@b.c> SMTPUTF8", "553 5.6.7"),
    (H, "MAIL FROM:<\xc3\xa9@b.c>", "553 5.6.7"),
    (H, "MAIL FROM:<a@\xc3\xa9.c>", "553 5.6.7"),
    (H, "MAIL FROM:<\xc3\xa9@b.c> SMTPUTF8", "250 2.1.0"),
    (H, "MAIL FROM:<a@\xc3\xa9.c> SIZE=9 smtputf8", "250 2.1.0"),
    (H, 'MAIL FROM:<"\xc3\xa9 "@b.c> SMTPUTF8', "250 2.1.0"),
    (H, "MAIL FROM:<a\xc2\x9b@b.c> SMTPUTF8", "553 5.6.7"),
    (H, "MAIL FROM:<a@b.c> SMTPUTF8=", "501 5.5.4"),
    (H, "MAIL FROM:<a@b.c> SMTPUTF8=1", "501 5.5.4"),
    (H, "MAIL FROM:<a@b.c> SMTPUTF8 SMTPUTF8", "501 5.5.4"),
    (U, "RCPT TO:<\xc3\xa9@example.org>", "250 2.1.5"),
    (U, "RCPT TO:<x@example.org> SMTPUTF8", "555 5.5.4"),
    (U, "RCPT TO:<x@example.org> ORCPT=utf-8;\xc3\xa9@b.c", "250 2.1.5"),
    (U, "RCPT TO:<x@example.org> ORCPT=UTF-8;\\x{E9}@b.c", "250 2.1.5"),
    (U, "RCPT TO:<x@example.org> ORCPT=utf-8;\xe9@b.c", "501 5.5.4"),
    (U, "RCPT TO:<x@example.org> ORCPT=rfc822;\xc3\xa9@b.c", "501 5.5.4"),
    (U, "RCPT TO:<x@example.org> ORCPT=utf-8;" + "\xc3\xa9" * 84,
     "501 5.5.4"),
    (M, "RCPT TO:<x@example.org> ORCPT=utf-8;\xc3\xa9@b.c", "501 5.5.4"),
    (H, "MAIL FROM:<a@b.c> ENVID=\xc3\xa9 SMTPUTF8", "501 5.5.4"),
    (H, "MAIL FROM:<a@b.c> AUTH=\xc3\xa9 SMTPUTF8", "501 5.5.4"),
    (H, "MAIL FROM:<a@b.c> SIZE=\xc3\xa9 SMTPUTF8", "501 5.5.4"),
    (H, "MAIL FROM:<a@b.c> \xc3\xa9=x SMTPUTF8", "501 5.5.4"),
    (U + ["RSET", "MAIL FROM:<a@b.c>"], "RCPT TO:<\xc3\xa9@example.org>",
     "553 5.6.7"),
    (["EHLO c", "MAIL FROM:<a> SMTPUTF8", "MAIL FROM:<a@b.c>"],
     "RCPT TO:<\xc3\xa9@example.org>", "553 5.6.7"),
    (H, "MAIL FROM:<a@b.c> AUTH=<>", "250 2.1.0"),
    (H, "MAIL FROM:<a@b.c> AUTH=x@y+2Bz", "250 2.1.0"),
    (H, "MAIL FROM:<a@b.c> AUTH=x+2b", "501 5.5.4"),
    (H, "MAIL FROM:<a@b.c> AUTH", "501 5.5.4"),
    (H, "MAIL FROM:<%s@b.c>" % ("x" * 996), "250 2.1.0"),
    (H, "MAIL FROM:<%s@b.c>" % ("x" * 997), "501 5.1.7"),
    (H, "MAIL FROM:<a@b.c> SIZE", "501 5.5.4"),
    (H, "MAIL FROM:<a@b.c> SIZE=", "501 5.5.4"),
    (H, "MAIL FROM:<a@b.c> SIZE=-1", "501 5.5.4"),
    (H, "MAIL FROM:<a@b.c> SIZE=1 SIZE=1", "501 5.5.4"),
    (H, "MAIL FROM:<a@b.c> SIZE=99999999999999999999", "501 5.5.4"),
    (H, "MAIL FROM:<a@b.c> SIZE=18446744073709551615", "452 4.3.1"),
    (H, "MAIL FROM:<a@b.c> BODY=BINARYMIME", "501 5.5.4"),
    (H, "MAIL FROM:<a@b.c> =x", "501 5.5.4"),
    (H, "MAIL FROM:<a@b.c> RET=HDRS", "250 2.1.0"),
    (H, "MAIL FROM:<a@b.c> ENVID=a+2Bb ret=full", "250 2.1.0"),
    (H, "MAIL FROM:<a@b.c> RET=HDRS RET=HDRS", "501 5.5.4"),
    (H, "MAIL FROM:<a@b.c> RET", "501 5.5.4"),
    (H, "MAIL FROM:<a@b.c> RET=NONE", "501 5.5.4"),
    (H, "MAIL FROM:<a@b.c> ENVID=a+2b", "501 5.5.4"),
    (H, "MAIL FROM:<a@b.c> ENVID=%s" % ("x" * 100), "250 2.1.0"),
    (H, "MAIL FROM:<a@b.c> ENVID=%s" % ("x" * 101), "501 5.5.4"),
    (H, "MAIL FROM:<a@b.c> NOTIFY=NEVER", "555 5.5.4"),
    (H, "MAIL FROM:<a@b.c> XYZZY", "555 5.5.4"),
    (M, "MAIL FROM:<a@b.c>", "503 5.5.1"),
    (M, "DATA", "503 5.5.1"),
    (M + ["RCPT TO:<x@else.example>"], "DATA", "554 5.5.1"),
    (M, "RCPT TO:<x@example.org>", "250 2.1.5"),
    (M, "rcpt to: <X@EXAMPLE.Org>", "250 2.1.5"),
    (M, "RCPT TO:<@x.example:x@example.org>", "250 2.1.5"),
    (M, "RCPT TO:<x@example.org> NOTIFY=NEVER", "250 2.1.5"),
    (M, "RCPT TO:<x@example.org> notify=success,Delay ORCPT=rfc822;a+2B@b",
     "250 2.1.5"),
    (M, "RCPT TO:<x@example.org> NOTIFY", "501 5.5.4"),
    (M, "RCPT TO:<x@example.org> NOTIFY=NEVER,DELAY", "501 5.5.4"),
    (M, "RCPT TO:<x@example.org> NOTIFY=OFTEN", "501 5.5.4"),
    (M, "RCPT TO:<x@example.org> ORCPT=a@b", "501 5.5.4"),
    (M, "RCPT TO:<x@example.org> ORCPT=rfc822;a+b", "501 5.5.4"),
    (M, "RCPT TO:<x@example.org> ENVID=x", "555 5.5.4"),
    (M, "RCPT TO:<x@example.org> SIZE=1", "555 5.5.4"),
    (M, "RCPT TO:<>", "501 5.1.3"),
    (M, "RCPT TO:<x@example.org", "501 5.1.3"),
    (M, "RCPT FROM:<x@example.org>", "501 5.5.4"),
    (M, "RCPT TO:<%s@example.org>" % ("x" * 988), "250 2.1.5"),
    (M, "RCPT TO:<%s@example.org>" % ("x" * 989), "501 5.1.3"),
    (M, "RCPT TO:<postmaster>", "250 2.1.5"),
    (M, "RCPT TO:<PostMaster>", "250 2.1.5"),
    (M, "RCPT TO:<bob>", "553 5.1.3"),
    (M + ["RSET"], "RCPT TO:<x@example.org>", "503 5.5.1"),
    (M + ["RSET"], "MAIL FROM:<a@b.c>", "250 2.1.0"),
    (M + ["EHLO d"], "RCPT TO:<x@example.org>", "503 5.5.1"),
    (M + ["EHLO"], "RCPT TO:<x@example.org>", "250 2.1.5"),
    (M + ["RSET x"], "RCPT TO:<x@example.org>", "250 2.1.5"),
    (M + ["NOOP"], "RCPT TO:<x@example.org>", "250 2.1.5"),
    (R, "MAIL FROM:<a@b.c>", "503 5.5.1"),
    (R, "DATA x", "501 5.5.4"),
    (R, "DATA", "354 "),
    (R + ["RSET"], "DATA", "503 5.5.1"),
    (R + ["HELO d"], "DATA", "503 5.5.1"),
    (R + ["RCPT TO:<y@else.example>"], "DATA", "354 "),
]


# The same with AUTH in plain text; nobody is there to be asked: 454.
A = ["EHLO c"]
AUTH_COMMANDS = [
    ([], "AUTH PLAIN AHgAeQ==", "503 5.5.1"),
    (["HELO c"], "AUTH PLAIN AHgAeQ==", "503 5.5.1"),
    (A, "AUTH", "501 5.5.4"),
    (A, "AUTH CRAM-MD5", "504 5.5.4"),
    (A, "AUTH PLAI AHgAeQ==", "504 5.5.4"),
    (A, "AUTH PLAINX", "504 5.5.4"),
    (A, "AUTH PLAIN", "334 "),
    (A, "auth plain AHgAeQ==", "454 4.7.0"),
    (A, "AUTH PLAIN  AHgAeQ== ", "454 4.7.0"),
    (A, "AUTH PLAIN eAB4AHk=", "454 4.7.0"),  # x acts for x
    (A, "AUTH PLAIN YQB4AHk=", "535 5.7.8"),  # for a
    (A, "AUTH PLAIN =", "501 5.5.2"),
    (A, "AUTH PLAIN AHgAeQ", "501 5.5.2"),
    (A, "AUTH PLAIN AHgAeQ==x", "501 5.5.2"),
    (A, "AUTH PLAIN AHgAeQ== x", "501 5.5.2"),
    (A, "AUTH PLAIN *", "501 5.7.0"),
    (A, "AUTH PLAIN AHg=", "501 5.5.2"),  # one NUL
    (A, "AUTH PLAIN AHgA", "501 5.5.2"),  # no password
    (A, "AUTH PLAIN AAB5", "501 5.5.2"),  # no user
    (A, "AUTH PLAIN AHgAeQB6", "501 5.5.2"),  # three NULs
    (A, "AUTH PLAIN AHgKAHk=", "501 5.5.2"),  # LF in the user
    (A + ["AUTH PLAIN"], "AHgAeQ==", "454 4.7.0"),
    (A + ["AUTH PLAIN"], "*", "501 5.7.0"),
    (A + ["AUTH PLAIN"], "", "501 5.5.2"),
    (A + ["AUTH PLAIN"], "NOOP", "501 5.5.2"),
    (A + ["AUTH PLAIN"], "A" * 3000, "500 5.5.6"),
    (A + ["AUTH PLAIN", "A" * 3000], "NOOP", "250 2.0.0"),
    (A + ["AUTH PLAIN", "*"], "NOOP", "250 2.0.0"),
    (A + ["AUTH PLAIN", "AHgAeQ=="], "NOOP", "250 2.0.0"),
    (A, "AUTH LOGIN", "334 VXNlcm5hbWU6\r\n"),
    (A, "AUTH LOGIN eA==", "334 UGFzc3dvcmQ6\r\n"),
    (A, "AUTH LOGIN =", "501 5.5.2"),
    (A + ["AUTH LOGIN"], "eA==", "334 UGFzc3dvcmQ6\r\n"),
    (A + ["AUTH LOGIN"], "*", "501 5.7.0"),
    (A + ["AUTH LOGIN"], "e", "501 5.5.2"),
    (A + ["AUTH LOGIN", "eA=="], "eQ==", "454 4.7.0"),
    (A + ["AUTH LOGIN eA=="], "eQ==", "454 4.7.0"),
    (A + ["AUTH LOGIN eA=="], "*", "501 5.7.0"),
    (A + ["AUTH LOGIN eA=="], "AHk=", "501 5.5.2"),
    (A + ["AUTH LOGIN eA==", "eQ=="], "RSET", "250 2.0.0"),
    (M, "AUTH PLAIN AHgAeQ==", "503 5.5.1"),
    (M + ["AUTH PLAIN AHgAeQ=="], "RCPT TO:<x@example.org>", "250 2.1.5"),
]
AUTH_ENV = {"AUTH": "yes", "AUTHPLAIN": "yes"}


def test_auth_commands():
    dialogues(AUTH_COMMANDS, **AUTH_ENV)
    dialogues([(H, "AUTH PLAIN AHgAeQ==", "538 5.7.11"),
               (H, "AUTH LOGIN", "538 5.7.11"),
               (H, "AUTH X", "538 5.7.11"),
               (H, "MAIL FROM:<a@b.c>", "250 2.1.0")], AUTH="yes")
    control()
    for env, want in ({}, False), ({"AUTH": "yes"}, False), \
            (AUTH_ENV, True), ({"AUTHPLAIN": "yes"}, False):
        replies, c = talk([(lines("EHLO c", ), 1)], **env)
        ok(("250-AUTH PLAIN LOGIN\r\n" in replies[1]) == want,
           "AUTH is %soffered: %r" % ("" if want else "not ", env), replies)
    control(auth="yes", authplain="yes")
    replies, c = talk([(lines("EHLO c", ), 1)])
    ok("250-AUTH PLAIN LOGIN\r\n" in replies[1], "... by control/", replies)
    for first in "AUTH PLAIN", "AUTH LOGIN", "AUTH PLAIN AHgAeQ==":
        replies, c = talk([(lines("EHLO c"), 1), (lines(first, "RSET"), 2)])
        same(codes(replies), ["220", "250", "554", ""],
             "input after %s: refused" % first)
    replies, c = talk([(lines("EHLO c"), 1), (lines("AUTH PLAIN"), 1),
                       (lines("AHgAeQ==", "RSET"), 2)])
    same(codes(replies), ["220", "250", "334", "554", ""],
         "input after the response: refused")


def test_tls():
    auth = Daemon("auth", check)
    control(senders="ann:*")
    c = Client(wrapper=True, args=["-s"])
    c.reply()
    got = c.ask("EHLO plain")
    ok("250-STARTTLS\r\n" in got and "AUTH" not in got,
       "STARTTLS is offered, AUTH is not yet", got)
    same(c.ask("AUTH PLAIN AHgAeQ==")[:10], "538 5.7.11", "AUTH before: 538")
    same(c.ask("STARTTLS x")[:9], "501 5.5.4", "STARTTLS takes no argument")
    same(c.ask("STARTTLS")[:9], "220 2.0.0", "STARTTLS: 220")
    c.send(b"RSET\r\nNOOP\r\n")  # nobody will read that
    c.secure()
    same(c.ask("MAIL FROM:<a@b.c>")[:9], "503 5.5.1", "TLS: EHLO is forgotten")
    got = c.ask("EHLO tls.example")
    ok("STARTTLS" not in got and "250-AUTH PLAIN LOGIN\r\n" in got,
       "TLS: AUTH is offered, STARTTLS no more", got)
    same(c.ask("STARTTLS")[:9], "503 5.5.1", "STARTTLS in TLS: 503")
    replies = [c.ask(x) for x in (
        "AUTH PLAIN " + b64("\0ann\0secret"), "MAIL FROM:<a@b.c>",
        "STARTTLS", "RCPT TO:<x@else.example>", "DATA", "\r\n.", "QUIT")]
    same(codes(replies), "235 250 503 250 354 250 221".split(), "TLS: a message")
    c.close()
    m = queued()[0][0]
    ok(m.startswith(b"Received: from tls.example ([192.0.2.9])\n  by mx.example."
                    b"org with ESMTPSA\n  (TLS/by-wrapper)\n  for <x@else."),
       "TLS: Received", m)
    ok(re.search(r"accepted .* user=ann tls=TLS/by-wrapper to=<x@else", c.logtext)
       and " user=ann tls=TLS/by-wrapper\n" in c.logtext, "TLS: the log",
       c.logtext)
    same(auth.asked[-1][4:6], [b"submission", b"T"], "TLS: authd is told")
    auth.close()
    for group in "STARTTLS\r\nRSET", "STARTTLS\r\nEHLO x", "STARTTLS\r\nx":
        c = Client(wrapper=True)
        [c.reply(), c.ask("EHLO plain")]
        c.send(group.encode() + b"\r\n")
        got = [c.reply(), c.reply()]
        ok(got[0].startswith("554 5.5.0") and got[1] == "",
           "input after STARTTLS: %r" % group, got)
        c.close()
    c = Client(wrapper=True)
    [c.reply(), c.ask("EHLO plain"), c.ask("MAIL FROM:<a@b.c>")]
    same(c.ask("STARTTLS")[:3], "503", "STARTTLS in a transaction: 503")
    same(c.ask("RCPT TO:<x@example.org>")[:3], "250", "... which goes on")
    c.close()
    c = Client(wrapper=True, STARTTLS="require", AUTH="yes", AUTHPLAIN="yes")
    [c.reply(), c.ask("EHLO plain")]
    same([c.ask(x)[:9] for x in ("AUTH PLAIN AHgAeQ==", "MAIL FROM:<a@b.c>",
                                 "NOOP", "STARTTLS")],
         ["530 5.7.0", "530 5.7.0", "250 2.0.0", "220 2.0.0"],
         "STARTTLS=require: 530 before it")
    c.secure()
    c.ask("EHLO tls")
    same(c.ask("MAIL FROM:<a@b.c>")[:3], "250", "... and not after it")
    c.close()
    c = Client(wrapper=True, STARTTLS="no")
    c.reply()
    got = c.ask("EHLO plain")
    ok("STARTTLS" not in got and c.ask("STARTTLS")[:3] == "502",
       "STARTTLS=no", got)
    c.close()
    c = Client(wrapper=True, args=["-t"])
    c.secure()
    got = c.reply() + c.ask("EHLO tls")
    ok(got.startswith("220 ") and "STARTTLS" not in got, "-t: TLS comes first",
       got)
    c.close()
    c = Client(args=["-t"])
    same(c.reply(), "", "-t without TLS: not a word")
    c.close()
    ok(" end=tls" in c.logtext, "... and the log", c.logtext)


def test_submission():
    dialogues([(H, "MAIL FROM:<a@b.c>", "530 5.7.0"),
               (H, "VRFY x", "252"),
               (H, "RCPT TO:<x@example.org>", "503 5.5.1"),
               (H, "AUTH PLAIN AHgAeQ==", "538 5.7.11"),
               (["HELO c"], "MAIL FROM:<a@b.c>", "530 5.7.0")], args=["-s"])
    dialogues([(H, "MAIL FROM:<a@b.c>", "530 5.7.0"),
               (H, "AUTH PLAIN AHgAeQ==", "502 5.5.1")], args=["-s"],
              RELAYCLIENT="", AUTH="no")
    dialogues([(H, "MAIL FROM:<a@b.c>", "530 5.7.0"),
               (H, "STARTTLS", "502 5.5.1"),
               (H, "NOOP", "250")], STARTTLS="require")
    replies, c = talk([(b"", 1)], args=["-x"])
    ok(replies[0].startswith("421 4.3.5") and c.rc == 111, "-x: usage",
       replies, c.rc)


# What each command is answered in each state; "-": the connection ends.
STATES = {
    "new": [],
    "HELO": ["HELO c"],
    "EHLO": ["EHLO c"],
    "MAIL": M,
    "refused": M + ["RCPT TO:<x@else.example>"],
    "RCPT": R,
    "AUTH": ["EHLO c", "AUTH PLAIN"],
    "user": ["EHLO c", "AUTH PLAIN AGFubgBzZWNyZXQ="],
}
MATRIX = """
                             new HELO EHLO MAIL refused RCPT AUTH user
EHLO d                       250 250  250  250  250     250  501  250
HELO d                       250 250  250  250  250     250  501  250
STARTTLS                     503 220  220  503  503     503  501  220
AUTH PLAIN AGFubgBzZWNyZXQ=  503 503  235  503  503     503  501  503
AUTH LOGIN                   503 503  334  503  503     503  501  503
MAIL FROM:<>                 503 250  250  503  503     503  501  250
RCPT TO:<x@example.org>      503 503  503  250  250     250  501  503
RCPT TO:<y@else.example>     503 503  503  550  550     550  501  503
DATA                         503 503  503  503  554     354  501  503
RSET                         250 250  250  250  250     250  501  250
NOOP                         250 250  250  250  250     250  501  250
HELP                         214 214  214  214  214     214  501  214
VRFY x@example.org           252 252  252  252  252     252  501  252
EXPN x@example.org           252 252  252  252  252     252  501  252
ETRN example.org             503 458  458  458  458     458  501  458
BDAT 1 LAST                  502 502  502  502  502     502  501  502
TURN                         502 502  502  502  502     502  501  502
SEND FROM:<>                 502 502  502  502  502     502  501  502
SOML FROM:<>                 502 502  502  502  502     502  501  502
SAML FROM:<>                 502 502  502  502  502     502  501  502
XYZZY                        500 500  500  500  500     500  501  500
*                            500 500  500  500  500     500  501  500
QUIT                         221 221  221  221  221     221  501  221
"""


def test_matrix():
    auth = Daemon("auth", check)
    control(vrfy="yes", etrn="192.0.2.9", auth="yes", authplain="yes")
    rows = MATRIX.strip("\n").split("\n")
    for row in rows[1:]:
        command, wants = row[:29].strip(), row[29:].split()
        got = []
        for state in rows[0].split():
            c = Client(wrapper=True)
            [c.reply()] + [c.ask(b) for b in STATES[state]]
            got.append(c.ask(command)[:3])
            c.close()
        same(got, wants, "in each state: " + command)
    queued()
    auth.close()


def test_policy_commands():
    env = {"VRFY": "yes"}
    dialogues([
        (H, "VRFY x@example.org", "252 "),
        (H, "VRFY <x@example.org>", "252 "),
        (H, "VRFY", "501 5.5.4"),
        (H, "VRFY x y", "501 5.5.4"),
        (H, "VRFY <>", "501 5.5.4"),
        (H, "VRFY <x", "501 5.1.3"),
        (H, "VRFY \xc3\xa9@example.org", "553 5.6.7"),
        (H, "VRFY \xc3\xa9@example.org SMTPUTF8", "252 "),
        (H, "EXPN x@example.org", "252 "),
        (H, "EXPN", "501 5.5.4"),
        (M + ["VRFY x@example.org"], "RCPT TO:<x@example.org>", "250 2.1.5"),
    ], **env)
    for text, ip, want in [
            ("192.0.2.9", "192.0.2.9", True), ("192.0.2.9", "192.0.2.90", False),
            ("192.0.2.", "192.0.2.9", True), ("192.0.2", "192.0.2.9", None),
            ("192.0.2.0/24", "192.0.2.9", True),
            ("192.0.2.0/29", "192.0.2.9", False),
            ("192.0.2.0/33", "192.0.2.9", None),
            ("2001:db8::/32\n# x\n", "2001:db8:1::9", True),
            ("2001:db8::/31", "2001:db9::9", True),
            ("2001:DB8:", "2001:db8::9", True),
            ("0.0.0.0/0", "2001:db8::9", False),
            ("::/0", "2001:db8::9", True), ("all", "192.0.2.9", None),
            ("192.0.2.9", "::ffff:192.0.2.9", True),
            ("0.0.0.0/0", "unknown", False)]:
        control(etrn=text)
        replies, c = talk([(lines("EHLO c"), 1),
                           (lines("ETRN example.org"), 1)], TCPREMOTEIP=ip)
        if want is None:
            ok(replies[0].startswith("421 4.3.5") and
               "control/etrn: line 1" in c.logtext,
               "etrn: %r is bad" % text, replies, c.logtext)
        else:
            ok(("250-ETRN\r\n" in replies[1]) == want and
               replies[2].startswith("458 4.3.0" if want else "502 5.5.1"),
               "etrn: %r for %s" % (text, ip), replies)
    control(etrn="192.0.2.9")
    replies, c = talk([(lines("EHLO c"), 1), (lines("ETRN @b.c"), 1),
                       (lines("ETRN #q"), 1), (lines("ETRN"), 1),
                       (lines("ETRN [192.0.2.1]"), 1)])
    same(codes(replies[2:]), ["501"] * 4, "etrn: a domain and nothing else")
    control(badhelo="bad.example\n.ugly.example\n[192.0.2.1]")
    for name, want in [("bad.example", "550 5.7.1"), ("BAD.example", "550"),
                       ("x.bad.example", "250"), ("x.ugly.example", "550"),
                       ("[192.0.2.1]", "550"), ("ok.example", "250")]:
        dialogues([(["EHLO x"], "HELO " + name, want)], None)
        dialogues([([], "EHLO " + name, "250")], None, RELAYCLIENT="")
    dialogues([(["EHLO bad.example"], "MAIL FROM:<a@b.c>", "503 5.5.1"),
               (M + ["EHLO bad.example"], "RCPT TO:<x@example.org>", "250")],
              None)


def test_verify():
    daemon = Daemon("verify", verify)
    rcpts = [("x@example.org", "250 2.1.5"),
             ("gone@example.org", "550 5.1.1 Sorry, no mailbox here by that "
              "name.\r\n"),
             ("off@example.org", "550 5.2.1 This account is disabled.\r\n"),
             ("odd@example.org", "550 5.1.1 two? ?(#9)\r\n"),
             ("later@example.org", "451 4.3.0 this recipient cannot be "
              "looked up now\r\n"),
             ("else@example.org", "250"),
             ("x@else.example", "550 5.7.1"), ("postmaster", "250")]
    for verb in "accept", "defer":
        control(verify=verb)
        dialogues([(M, "RCPT TO:<%s>" % a, want) for a, want in rcpts], None)
        dialogues([(M, "RCPT TO:<%s>" % a, "250" if "5.7.1" in want else want)
                   for a, want in rcpts], None, RELAYCLIENT="")
    daemon.asked.clear()
    control(verify="no")
    dialogues([(M, "RCPT TO:<gone@example.org>", "250")], None)
    same(daemon.asked, [], "verify: no: it is not asked")
    control(vrfy="yes")
    dialogues([(H, "VRFY x@example.org", "250 2.1.5 <x@example.org>\r\n"),
               (H, "VRFY <x@example.org>", "250 2.1.5 <x@example.org>\r\n"),
               (H, "EXPN ann-list@example.org",
                "250 2.1.5 <ann-list@example.org>\r\n"),
               (H, "VRFY gone@example.org", "550 5.1.1"),
               (H, "EXPN gone@example.org", "550 5.1.1"),
               (H, "VRFY later@example.org", "451 4.3.0"),
               (H, "VRFY x@else.example", "252 2.1.5")], None)
    daemon.close()
    for text, want in ("accept", "250"), ("defer", "451 4.3.0"), \
            (None, "250"), ("no", "250"):
        control(verify=text)
        dialogues([(M, "RCPT TO:<gone@example.org>", want),
                   (M, "RCPT TO:<x@else.example>", "550 5.7.1")], None)
    for text, want in (None, 0), ("defer", 1):
        control(verify=text)
        replies, c = talk([(lines("EHLO c"), 1), (MAILTO * 2, 4)])
        same(c.logtext.count("recipients cannot be checked: "), want,
             "verify %s, and it is not there: log" % text, c.logtext)
    daemon = Daemon("verify", lambda f: None)
    control(verify="defer")
    dialogues([(M, "RCPT TO:<x@example.org>", "451 4.3.0")], None)
    daemon.close()


def test_rcptcheck():
    program = HOME + "/bin/check"
    with open(program, "w") as f:
        f.write("""#!/bin/sh
echo "said $SENDER $RECIPIENT $HELO"
read x
case $RECIPIENT in
no@*) exit 100 ;; later@*) exit 111 ;; odd@*) exit 7 ;;
crash@*) kill -9 $$ ;;
left@*) sleep 20 & ;;
closed@*) exec 3>&-; sleep 1 ;;
esac
""")
    os.chmod(program, 0o755)
    dialogues([(M, "RCPT TO:<x@example.org>", "250"),
               (M, "RCPT TO:<no@example.org>", "550 5.7.1"),
               (M, "RCPT TO:<later@example.org>", "451 4.7.1"),
               (M, "RCPT TO:<odd@example.org>", "451 4.7.1"),
               (M, "RCPT TO:<crash@example.org>", "451 4.7.1"),
               (M, "RCPT TO:<left@example.org>", "250"),
               (M, "RCPT TO:<closed@example.org>", "250"),
               (M, "RCPT TO:<no@else.example>", "550 5.7.1 no mail for"),
               (M + ["RCPT TO:<no@example.org>"], "RCPT TO:<x@example.org>",
                "250")], RCPTCHECK=program)
    dialogues([(M, "RCPT TO:<x@example.org>", "451 4.7.1")],
              RCPTCHECK="/nonexistent")
    replies, c = talk([(lines("EHLO client.example"), 1), (MAILTO, 2)],
                      RCPTCHECK=program)
    ok("said a@b.example x@example.org client.example\n" in c.logtext,
       "RCPTCHECK: its environment, and what it prints is logged", c.logtext)


def auth_talk(args, commands, **env):
    """Replies to commands, each sent when the one before is answered."""
    c = Client(args=args, **{**AUTH_ENV, **env})
    c.reply()
    replies = [c.ask(x) for x in ["EHLO c"] + commands]
    c.close()
    c.queued = queued()
    return replies[1:], c


def b64(text):
    return base64.b64encode(text.encode("latin-1")).decode()


def test_auth():
    daemon = Daemon("auth", check)
    control()
    plain = "AUTH PLAIN " + b64("\0Ann\0secret")
    replies, c = auth_talk([], [plain, "AUTH LOGIN", plain,
                                "MAIL FROM:<x@example.org>"])
    same(codes(replies), ["235", "503", "503", "451"],
         "AUTH: 235, and not twice; the sender cannot be checked")
    same(replies[0], "235 2.7.0 welcome\r\n", "AUTH: 235")
    same(daemon.asked, [[b"1", b"Ann", b"secret", b"192.0.2.9", b"smtp", b"P",
                         b""]], "AUTH: what is asked")
    replies, c = auth_talk(["-s"], ["AUTH LOGIN", b64("ann"), b64("secret")])
    same(codes(replies), ["334", "334", "235"], "AUTH LOGIN")
    same(daemon.asked[-1][4], b"submission", "AUTH: the service")
    wrong = "AUTH PLAIN " + b64("\0ann\0wrong")
    replies, c = auth_talk([], [wrong, plain])
    same(codes(replies), ["535", "235"], "AUTH: wrong, then right")
    ok(re.search(r'refused pid=\d+ ip=192\.0\.2\.9 .* code=535 text="5\.7\.8 '
                 r'[^"]*" what=AUTH user=ann', c.logtext), "AUTH: 535 is logged",
       c.logtext)
    replies, c = auth_talk([], [wrong] * 3)
    same(codes(replies), ["535"] * 3, "AUTH: three times wrong")
    ok("end=auth" in c.logtext, "... is the end", c.logtext)
    replies, c = auth_talk([], ["AUTH PLAIN " + b64("\0busy\0x"), plain])
    same(codes(replies), ["454", "235"], "AUTH: later")
    replies, c = auth_talk([], [plain, "EHLO d", "AUTH LOGIN", "RSET",
                                "MAIL FROM:<>", "RCPT TO:<q@else.example>"])
    same(codes(replies), ["235", "250", "503", "250", "250", "250"],
         "AUTH lasts over EHLO and RSET, and lets relay")
    ok("wrong" not in c.logtext and "secret" not in c.logtext,
       "no password in the log", c.logtext)
    daemon.close()


def test_senders():
    auth, verifyd = Daemon("auth", check), Daemon("verify", verify)
    for files, user, sender, want in [
            ({}, "ann", "x@example.org", "250"),
            ({}, "ann", "X@Example.ORG", "553 5.7.1"),  # PLACES has case
            ({}, "ann", "ann-list@example.org", "250"),
            ({}, "ann", "y@example.org", "553 5.7.1"),
            ({}, "ann", "gone@example.org", "553 5.7.1"),
            ({}, "ann", "x@else.example", "553 5.7.1"),
            ({}, "ann", "later@example.org", "451 4.7.1"),
            ({}, "ann", "", "250"),
            ({}, "v@virtual.example", "v@virtual.example", "250"),
            ({}, "v@virtual.example", "V@Virtual.example", "250"),
            ({}, "v@virtual.example", "w@virtual.example", "553 5.7.1"),
            ({"senders": "ann:a@b.c, d@e.f,@g.h"}, "ann", "d@e.f", "250"),
            ({"senders": "ann:a@b.c, d@e.f,@g.h"}, "ann", "A@B.C", "250"),
            ({"senders": "ann:a@b.c, d@e.f,@g.h"}, "ann", "z@g.h", "250"),
            ({"senders": "ann:a@b.c, d@e.f,@g.h"}, "ann", "z@x.g.h", "553"),
            ({"senders": "ann:a@b.c, d@e.f,@g.h"}, "ann", "x@example.org",
             "553"),
            ({"senders": "Ann:*"}, "ann", "z@any.example", "250"),
            ({"senders": "ann:*@any.example,*x"}, "ann", "z@any.example",
             "553"),
            ({"senders": "ann:@,a@b"}, "ann", "z@any.example", "553"),
            ({"senders": "ann:"}, "ann", "x@example.org", "553"),
            ({"senders": "ben:*"}, "ann", "x@example.org", "250"),
            ({"senders": "ben:*"}, "ann", "z@any.example", "553"),
            ({"badmailfrom": "x@example.org"}, "ann", "x@example.org", "553"),
            ({"senders": "ann"}, "ann", "x@example.org", "421 4.3.5")]:
        control(**files)
        replies, c = auth_talk(["-s"], ["AUTH PLAIN " + b64(
            "\0%s\0secret" % user), "MAIL FROM:<%s>" % sender])
        ok(replies[0][:3] == "235" and replies[1].startswith(want),
           "senders: %r %s <%s>: %s" % (files, user, sender, want), replies)
    verifyd.close()
    control()
    replies, c = auth_talk(["-s"], ["AUTH PLAIN " + b64("\0ann\0secret"),
                                    "MAIL FROM:<x@example.org>"])
    ok(replies[1].startswith("451 4.7.1"),
       "senders: who can be asked is not there", replies)
    auth.close()


def submit(text, sender="ann@example.net", files={}, **env):
    """One message by ann to a submission service. The stored one without our
    Received field, and the client."""
    control(senders="ann:*", **{"rcpthosts": "", **files})
    c = Client(args=["-s"], **{**AUTH_ENV, **env})
    replies = [c.reply()] + [c.ask(x) for x in (
        "EHLO pc", "AUTH PLAIN " + b64("\0ann\0secret"),
        "MAIL FROM:<%s>" % sender, "RCPT TO:<x@else.example>", "DATA")]
    c.send(text)
    replies.append(c.reply())
    c.close()
    c.replies = replies
    q = queued()
    c.received, got = ((q[0][0].split(b"; ", 1) + [b""])[:2] if q
                       else (b"", b"\n"))
    return got.split(b"\n", 1)[1], c


DATED = rb"Date: \w{3}, \d\d \w{3} \d{4} \d\d:\d\d:\d\d \+0000\n"
IDED = rb"Message-ID: <\d{14}\.[0-9a-v]{10}\.quill@%s>\n"


def test_complete():
    auth = Daemon("auth", check)
    end = b".\r\n"
    got, c = submit(b"Subject: x\r\n\r\nhello\r\n" + end)
    ok(re.fullmatch(DATED + IDED % rb"mx\.example\.org" +
                    rb"From: ann@example\.net\nSubject: x\n\nhello\n", got),
       "a submission gets Date, Message-ID, From", got, c.replies)
    mid = re.search(rb"Message-ID: (.*)", got)
    ok(mid and " message-id=%s user=ann to=<x@else.example>\n" %
       mid.group(1).decode() in c.logtext,
       "... and the log has it, and the user", c.logtext)
    ok(b" with ESMTPA\n" in c.received and b"from pc (" in c.received,
       "Received: with ESMTPA", c.received)
    ok(c.logtext.endswith(" end=eof refused=0 user=ann\n"),
       "the session's line has the user", c.logtext)
    whole = (b"Received: from x\r\nDate: d\r\nFrom: A <a@b.c>\r\n"
             b"Message-ID: <i@d>\r\nTo: x@else.example\r\nBcc: q@r.s\r\n"
             b"Return-Path: <p@q.r>\r\nX: \xff\r\n\r\nFrom: body\r\n")
    got, c = submit(whole + end)
    same(got, whole.replace(b"\r\n", b"\n"), "nothing is missing: unchanged")
    got, c = submit(b"Date: d\r\nMessage-ID: <i@d>\r\nFrom: Ann <ann>\r\n"
                    b"To: bob@host, eve@h+ (x)\r\nCc: ((\r\n\r\n" + end,
                    files={"defaulthost": "dh.example", "plusdomain":
                           "plus.example", "defaultdomain": "dd.example"})
    same(got, b"Date: d\nMessage-ID: <i@d>\nFrom: Ann <ann@dh.example>\n"
         b"To: bob@host.dd.example, eve@h.plus.example (x)\nCc: ((\n\n",
         "host names are completed; what cannot be parsed stays")
    for name, text, want in [
            ("no header", b"\r\nbody\r\n", b"\nbody\n"),
            ("nothing", b"", b"\n"),
            ("no body", b"Subject: y\r\n", b"Subject: y\n\n"),
            ("a line that is no field", b"Subject: y\r\nhello\r\n",
             b"Subject: y\n\nhello\n"),
            ("a large body", b"\r\n" + b"x" * 70 + b"\r\n" * 100000,
             b"\n" + b"x" * 70 + b"\n" * 100000)]:
        got, c = submit(text + end)
        ok(re.fullmatch(DATED + IDED % rb"mx\.example\.org" +
                        rb"From: ann@example\.net\n(.*)", got, re.S) and
           got.endswith(b"@example.net\n" + want), "completed: " + name,
           got[:300], c.replies)
    got, c = submit(b"\r\n" + end, sender="", files={"idhost": "id.example"})
    ok(re.fullmatch(DATED + IDED % rb"id\.example" +
                    rb"From: postmaster@mx\.example\.org\n\n", got),
       "From with the null sender; idhost", got)
    got, c = submit(b"X: y\r\n" * 120000 + b"\r\n" + end)
    ok(c.replies[-1].startswith("552 5.3.4 header too large") and
       got == b"", "a header of 600 kB is refused", c.replies)
    got, c = submit(b"X: y\r\n" * 80000 + b"\r\nx\r\n" + end)
    ok(c.replies[-1].startswith("250") and got.count(b"X: y\n") == 80000,
       "one of 400 kB is not", c.replies)
    got, c = submit(b"X: y\r\n\r\n" + end, files={"idhost": "x" * 3000})
    ok(c.replies[-1].startswith("451 4.3.5") and "control/idhost" in c.logtext,
       "a bad control file: 451", c.replies, c.logtext)
    got, c = submit(b"X: y\r\n\r\nbare\nx\r\n" + end)
    ok(c.replies[-1].startswith("550 5.6.0"), "bare LF", c.replies)
    got, c = submit(b"\r\n" + end, files={"hideclient": "yes"})
    ok(c.received.startswith(b"Received: by mx.example.org with ESMTPA\n") and
       "ip=192.0.2.9" in c.logtext, "hideclient", c.received, c.logtext)
    got, c = submit(b"\r\n" + end, files={"hideclient": "yes"}, AUTH="no")
    # The same client without AUTH: nothing is hidden, nothing completed.
    control(hideclient="yes")
    replies, c = talk(START + [(b"x: y\r\n\r\n.\r\n", 1)], **AUTH_ENV)
    ok(c.queued and c.queued[0][0].startswith(b"Received: from client.ex") and
       c.queued[0][0].endswith(b"-0000\nx: y\n\n"),
       "port 25: as it came", c.queued)
    auth.close()


def test_usage():
    auth = Daemon("auth", check)
    control(senders="ann:*\nb@c.d:*", usermessages="3", userrcpts="5")
    for name in os.listdir(HOME + "/run/count/smtpd"):
        os.unlink(HOME + "/run/count/smtpd/" + name)
    mail = ["MAIL FROM:<a@b.c>", "RCPT TO:<x@e.f>", "RCPT TO:<y@e.f>", "RSET"]
    login = "AUTH PLAIN " + b64("\0ann\0secret")
    replies, c = auth_talk(["-s"], [login] + mail)
    same(codes(replies), ["235", "250", "250", "250", "250"], "a user sends")
    replies, c = auth_talk(["-s"], [login] + mail + mail[:2] + mail[1:2] +
                           ["RSET"] + mail[:1])
    same(codes(replies), ["235", "250", "250", "250", "250", "250", "250",
                          "450", "250", "450"],
         "userrcpts, usermessages: over sessions")
    ok(re.match(r"450 4\.7\.1 too many messages from you lately, try again in "
                r"\d+ minutes\r\n", replies[-1]), "what it is told", replies)
    ok(re.search(r'refused .* code=450 text="4\.7\.1 too many recipients .*" '
                 r'what=RCPT user=ann\n', c.logtext), "it is logged",
       c.logtext)
    same(c.logtext.count("warning: user ann sends too many recipients: "), 1,
         "with a warning, once a session", c.logtext)
    replies, c = auth_talk(["-s"], ["AUTH PLAIN " + b64("\0b@c.d\0secret")] +
                           mail)
    same(codes(replies), ["235", "250", "250", "250", "250"],
         "another user is not concerned")
    replies, c = auth_talk(["-s"], [login, mail[0]], USERMESSAGES="0")
    same(codes(replies), ["235", "250"], "USERMESSAGES=0: no limit")
    auth.close()


def test_utf8():
    control()
    name = "\u00e9t\u00e9".encode().decode("latin-1")
    replies, c = talk([
        (lines("EHLO c"), 1),
        (("MAIL FROM:<%s@b.c> SMTPUTF8\r\n" % name).encode("latin-1"), 1),
        (("RCPT TO:<%s@example.org> ORCPT=utf-8;%s\U0001f600@z\r\n" % (
            name, name)).replace("\U0001f600", "\xf0\x9f\x98\x80").encode(
                "latin-1"), 1),
        (lines("DATA"), 1), (MESSAGE + b".\r\n", 1), (lines("QUIT"), 1)])
    same([(f, t) for m, f, t in c.queued],
         [(b"\xc3\xa9t\xc3\xa9@b.c",
           [b"SMTPUTF8=", b"\xc3\xa9t\xc3\xa9@example.org",
            b"ORCPT=utf-8;\\x{E9}t\\x{E9}\\x{1F600}@z"])],
         "SMTPUTF8: the envelope")
    ok(c.queued and b" with UTF8SMTP\n  for <\xc3\xa9t\xc3\xa9@example.org>; "
       in c.queued[0][0], "SMTPUTF8: Received", c.queued)
    ok("from=<%C3%A9t%C3%A9@b.c>" in c.logtext, "SMTPUTF8: the log",
       c.logtext)


def dialogues(table, first=(), **env):
    """Rows of: what came before, a command, what its reply starts with. first:
    control files, None for those that are there."""
    if first is not None:
        control(**dict(first))
    for before, command, want in table:
        name = " / ".join(b[:40] for b in before[1:] + [command[:60]]).encode(
            "unicode_escape").decode()
        c = Client(**env)
        c.reply()
        for b in before:
            c.ask(b)
        got = c.ask(command)
        c.close()
        ok(got.startswith(want) and c.rc == 0, "%s -> %s" % (name, want), got)
    queued()


def test_commands():
    control()
    for before, command, want in COMMANDS:
        name = " / ".join(before[1:] + [command[:60]]).encode(
            "unicode_escape").decode()
        for end, step in ("\r\n", 0), ("\r\n", 1), ("\n", 0):
            c = Client()
            c.reply()
            for b in before:
                c.ask(b)
            c.send((command + end).encode("latin-1"), step)
            got = c.reply()
            c.close()
            if not got.startswith(want):
                break
        ok(got.startswith(want) and c.rc == 0, "%s -> %s" % (name, want), got)
    queued()


def test_lines():
    control()
    for n, want in (2046, "250"), (2047, "500 5.5.2"), (10 ** 6, "500 5.5.2"):
        c = Client()
        c.reply()
        got = c.ask("NOOP " + "x" * (n - 5))
        ok(got.startswith(want), "a command of %d octets: %s" % (n, want), got)
        ok(c.ask("QUIT").startswith("221"), "... and the session goes on")
        c.close()


# --- end of data -------------------------------------------------------------
ENDS = {
    "LF.LF": b"\n.\n", "LF.CRLF": b"\n.\r\n", "LF.CR": b"\n.\r",
    "CRLF.LF": b"\r\n.\n", "CRLF.CR": b"\r\n.\r", "CR.CR": b"\r.\r",
    "CR.LF": b"\r.\n", "CR.CRLF": b"\r.\r\n",
    "CRLF.CRCRLF": b"\r\n.\r\r\n", "CRCRLF.CR": b"\r\r\n.\r",
    "LFCR.LFCR": b"\n\r.\n\r", "CRLF.NUL.CRLF": b"\r\n.\0.\r\n",
    "CRLF.NULCRLF": b"\r\n.\0\r\n", "CRLFNUL.CRLF": b"\r\n\0.\r\n",
    "CRLF.CRNULLF": b"\r\n.\r\0\n", "CRNULLF.CRLF": b"\r\0\n.\r\n",
    "LFLF.LF": b"\n\n.\n", "CRLF.CRLF in CRs": b"\r\r.\r\r\n",
    "LF.CRLF, CRLF": b"\n.\r\n\r\n",
}
HIDDEN = MAILTO + lines("DATA", "From: evil", "", "hidden")


def test_smuggling():
    control()
    for name, end in ENDS.items():
        for env in {}, {"RELAYCLIENT": "", "TCPREMOTEIP": "127.0.0.1"}:
            data = b"Subject: x\r\n\r\nhello" + end + HIDDEN
            replies, c = message(data + b"\r\n.\r\n", **env)
            if not (replies[5].startswith("550 5.6.0") and not c.queued and
                    replies[6].startswith("221")):
                break
        ok(replies[5].startswith("550 5.6.0") and not c.queued and
           replies[6].startswith("221"),
           "%s is no end of data; refused, nothing queued" % name,
           replies, c.queued)
    # never an end: not even when nothing follows
    waiting = []
    for name, end in ENDS.items():
        c = Client(TIMEOUTSMTPD="1")
        c.reply()
        for data, n in START:
            c.send(data)
            [c.reply() for _ in range(n)]
        c.send(b"Subject: x\r\n\r\nhello" + end)
        waiting.append((name, c))
    for name, c in waiting:
        got = c.reply()
        c.close()
        ok(got.startswith("421 4.4.2"), "%s alone: the server waits on" % name,
           got)
    same(queued(), [], "... and queues nothing")
    replies, c = message(b"a\r\n..\r\n...\r\n.b\r\n\r\n.\r\n")
    same([m.split(b"-0000\n")[1] for m, f, t in c.queued],
         [b"a\n.\n..\nb\n\n"], "dots are unstuffed")


def test_bytes():
    control()
    text = bytes(b for b in range(1, 256) if b not in (10, 13))
    for name, wire in {
            "every byte but NUL, CR, LF": text + b"\r\n",
            "a line of 100 kB": b"x" * 100000 + b"\r\n",
            "a line of 70000 at block ends": b"\xff" * 65534 + b"\r\n",
            "only CRLFs": b"\r\n" * 70000,
            "2 MB": (b"0123456789" * 7 + b"\r\n") * 29000,
            "From and dots": b"From x\r\n>From y\r\n....\r\n",
    }.items():
        replies, c = message(wire.replace(b"\r\n.", b"\r\n..") + b".\r\n")
        want = wire.replace(b"\r\n", b"\n")
        got = [m.split(b"-0000\n", 1)[1] for m, f, t in c.queued]
        ok(got == [want], "%s arrives as sent" % name, replies, len(want),
           [len(g) for g in got])


def test_cut():
    """The client is gone after every byte of a dialogue."""
    control()
    data = MESSAGE + b".\r\n"
    head = lines("EHLO c") + MAILTO + lines("DATA")
    bad, late = [], []
    whole = RECEIVED.replace(b"client.example", b"c") + STORED
    for n in range(len(head + data) + 1):
        c = Client()
        c.reply()
        sent = (head + data)[:n]
        for part, m in (lines("EHLO c"), 1), (MAILTO + lines("DATA"), 3), \
                (data, 0):
            now, sent = sent[:len(part)], sent[len(part):]
            c.send(now)
            if len(now) == len(part):
                [c.reply() for _ in range(m)]
        c.close()
        got = queued()
        if c.rc != 0 or "end=eof" not in c.logtext and n < len(head + data):
            bad.append((n, c.rc, c.logtext))
        if n < len(head + data) and got:
            late.append((n, got))
        if any(mask(m) != whole for m, f, t in got):
            bad.append((n, got))
    ok(not bad and not late,
       "cut at every byte: never a partial message, never one too early",
       bad[:3], late[:3])
    # Gone before the end of data is read: it could not learn the outcome.
    c = Client()
    c.reply()
    for d, n in START:
        c.send(d)
        [c.reply() for _ in range(n)]
    os.kill(c.proc.pid, signal.SIGSTOP)
    c.send(data)
    c.sock.close()
    os.kill(c.proc.pid, signal.SIGCONT)
    c.wait()
    ok(not queued() and "end=eof" in c.logtext,
       "client gone before the commit: not queued", c.logtext)
    c = Client()
    c.reply()
    for d, n in START:
        c.send(d)
        [c.reply() for _ in range(n)]
    c.send(data + b"QUIT\r\n")
    c.sock.shutdown(socket.SHUT_WR)
    got = [c.reply(), c.reply()]
    c.close()
    ok(len(queued()) == 1 and codes(got) == ["250", "221"],
       "QUIT in the same group, then end of input: queued", got)


# --- limits ------------------------------------------------------------------
def test_sizes():
    control(databytes="100")
    replies, c = talk([(lines("EHLO c"), 1)])
    ok("250-SIZE 100\r\n" in replies[1], "SIZE is databytes", replies[1])
    for n, env, want in [(100, {}, "250"), (101, {}, "552 5.3.4"),
                         (102, {"DATABYTES": "102"}, "250"),
                         (103, {"DATABYTES": "102"}, "552 5.3.4"),
                         (999, {"DATABYTES": "0"}, "250")]:
        wire = b"x" * (n - 4) + b"\r\n\r\n.\r\n"
        replies, c = message(wire, **env)
        ok(replies[5].startswith(want) and len(c.queued) == (want == "250"),
           "%d octets, %r: %s" % (n, env, want), replies[5])
        replies, c = talk([(lines("EHLO c", ), 1),
                           (lines("MAIL FROM:<a@b.c> SIZE=%d" % n), 1)], **env)
        ok(replies[2].startswith(want), "declared %d, %r: %s" % (n, env, want),
           replies[2])
    replies, c = message(b"x" * 300000 + b"\r\n.\r\n")
    ok(replies[5].startswith("552") and replies[6].startswith("221"),
       "far too large: told after its end", replies[5:])
    control()
    hop = b"Received: x\r\n"
    replies, c = message(hop * 50 + b"DELIVERED-to: y\r\n" * 50 +
                         b"\r\n" + hop + b".\r\n")
    ok(replies[5].startswith("250"), "100 hops", replies[5])
    replies, c = message(hop * 101 + b"\r\n.\r\n")
    ok(replies[5].startswith("554 5.4.6") and not c.queued, "101 hops",
       replies[5])


def test_limits():
    rcpt = "RCPT TO:<x%d@example.org>"
    control(maxrcpt="3")
    replies, c = talk([(lines("EHLO c"), 1),
                       (lines("MAIL FROM:<a@b.c>", *[rcpt % i for i in
                                                     range(50)]), 51),
                       (lines("DATA"), 1), (b"x\r\n.\r\n", 1)])
    same(codes(replies), ["220"] + ["250"] * 5 + ["452"] * 47 + ["354", "250"],
         "maxrcpt: the rest is put off, the message goes on")
    ok(replies[6].startswith("452 4.5.3"), "maxrcpt: 452 4.5.3", replies[6])
    same([len(t) for m, f, t in c.queued], [3], "maxrcpt: three recipients")
    same(c.logtext.count("code=452"), 1, "maxrcpt: one log line")
    control(maxerrors="3")
    replies, c = talk([(lines("EHLO c", ), 1), (lines(*["FOO"] * 5), 4)])
    same(codes(replies), ["220", "250", "500", "500", "421", ""],
         "maxerrors: 421 and the end")
    ok("end=errors" in c.logtext, "maxerrors: log", c.logtext)
    replies, c = talk(
        [(lines("EHLO c"), 1), (lines("A", "B") + MAILTO + lines("DATA"), 5),
         (b"x\r\n.\r\n", 1), (lines("A", "B", "C"), 3)])
    same(codes(replies), "220 250 500 500 250 250 354 250 500 500 421".split(),
         "maxerrors: a message starts it again")
    control(maxcommands="5")
    replies, c = talk([(lines("EHLO c"), 1), (lines(*["RSET"] * 9), 6)])
    same(codes(replies), "220 250 250 250 250 250 421".split() + [""],
         "maxcommands: 421")
    control(maxmessages="1")
    replies, c = talk(START + [(b".\r\n" + MAILTO, 2), (b"", 1)])
    same(codes(replies), "220 250 250 250 354 250 421".split() + [""],
         "maxmessages: 421")
    control()
    replies, c = talk([(lines("EHLO c"), 1), (MAILTO, 2)], MAXRCPT="1",
                      MAXERRORS="1")
    same(codes(replies), "220 250 250 250".split(), "twins in the environment")
    n = 20000 if SAN else 100000
    c = Client()
    [c.reply(), c.ask("EHLO c"), c.ask("MAIL FROM:<a@b.c>")]
    got, sent = [], 0
    while sent < n:
        c.send(lines(*[rcpt % i for i in range(sent, sent + 500)]))
        got += [c.reply()[:3] for _ in range(500)]
        sent += 500
    end = c.ask("DATA")
    c.ask("x\r\n.")
    c.close()
    q = queued()
    ok(got == ["250"] * 1000 + ["452"] * (n - 1000) and end[:3] == "354" and
       len(q) == 1 and len(q[0][2]) == 1000, "%d RCPTs" % n, end, len(got))


def test_time():
    for name, files in ("timeoutsmtpd", {"timeoutsmtpd": "1"}), \
            ("maxsession", {"maxsession": "1"}):
        control(**files)
        for prefix in [], [(lines("EHLO c"), 1)], START:
            start = time.time()
            c = Client()
            c.reply()
            for data, n in prefix:
                c.send(data)
                [c.reply() for _ in range(n)]
            c.send(b"NO")
            got = c.reply()
            took = time.time() - start
            ok(got.startswith("421 4.4.2") and 0.9 < took < 10 and c.eof(),
               "%s after %d groups" % (name, len(prefix)), got, took)
            c.close()
            ok("end=timeout" in c.logtext and not queued(), "... and its log",
               c.logtext)
    # A client that never reads must not hold a process for ever.
    control(timeoutsmtpd="1", maxerrors="0", maxcommands="0")
    c = Client()
    c.sock.settimeout(0.5)
    start = time.time()
    try:
        while time.time() < start + 10:
            c.sock.send(b"HELP\r\n" * 1000)
    except OSError:
        pass
    try:
        c.proc.wait(8)
        done = True
    except subprocess.TimeoutExpired:
        done = False
    ok(done, "a client that never reads is dropped")
    c.close()
    ok("end=timeout" in c.logtext, "... and logged", c.logtext[-300:])


# --- the queue says no -------------------------------------------------------
def test_queue():
    control()
    for env, want in [
            ({"QEXIT": "11"}, "5"), ({"QEXIT": "31"}, "554 5."),
            ({"QEXIT": "40"}, "554 5."), ({"QEXIT": "51"}, "451 4.3.0"),
            ({"QEXIT": "52"}, "451 4."), ({"QEXIT": "53"}, "4"),
            ({"QEXIT": "54"}, "451 4."), ({"QEXIT": "71"}, "451 4."),
            ({"QEXIT": "81"}, "451 4."), ({"QEXIT": "91"}, "451 4."),
            ({"QEXIT": "99"}, "451 4."), ({"QEXIT": "120"}, "451 4."),
            ({"QEARLY": "31"}, "554 5."), ({"QEARLY": "0"}, "451 4."),
            ({"QEXIT": "82", "QTEXT": "Dno thanks (#5.7.9)"},
             "554 5.7.9 no thanks"),
            ({"QEXIT": "88", "QTEXT": "Zlater\n"}, "451 4.3.0 later\r\n"),
            ({"QEXIT": "82", "QTEXT": "D250 ok\r\n250 x"}, "554 5.3.0 250 ok"),
            ({"QUILLQUEUE": "/nonexistent"}, "451 4.3.0"),
            ({"QUILLQUEUE": None, "QMAILQUEUE": QUEUE}, "250"),
    ]:
        data = MESSAGE if "QEARLY" not in env else b"x" * 200000 + b"\r\n"
        replies, c = talk(START + [(data + b".\r\n", 1), (MAILTO, 2),
                                   (lines("QUIT"), 1)], **env)
        if replies[4][:3] != "354":  # could not even be started
            replies.insert(5, replies[4])
        ok(replies[5].startswith(want) and replies[5].count("\r\n") == 1,
           "queue: %r -> %s" % (env, want), replies)
        ok(replies[-1].startswith("221") and
           codes(replies[-3:-1]) == ["250", "250"],
           "... and a new transaction can begin", replies)
        if want != "250":
            ok("refused" in c.logtext and "accepted" not in c.logtext,
               "... and it is logged", c.logtext)


# --- who may send where ------------------------------------------------------
def rcpt_code(address, env=None, sender="a@b.example"):
    replies, c = talk([(lines("EHLO c", ), 1),
                       (lines("MAIL FROM:<%s>" % sender,
                              "RCPT TO:<%s>" % address, "DATA"), 3),
                       (b".\r\n", 1)], **(env or {}))
    to = c.queued[0][2][0].decode() if c.queued else None
    return replies[3][:3], to


def test_policy():
    open_ones = ["x@else.example", "x@xexample.org", "x@sub.example",
                 "x@example.org.evil.example", "x%else.example@else.example",
                 '"x@example.org"@else.example', "@example.org:x@else.example",
                 "x@[192.0.2.1]", "x@[198.51.100.1]", "x@org"]
    control()
    for a in open_ones:
        same(rcpt_code(a), ("550", None), "not relayed: " + a)
    for a in "x@example.org", "X@Example.ORG", "x@a.sub.example", \
            "x@a.b.sub.example", "x%y@example.org":
        same(rcpt_code(a), ("250", a), "taken: " + a)
    control(percenthack="example.org")
    same(rcpt_code("x%y@example.org"), ("550", None), "no percent relaying")
    control(rcpthosts=None, locals="here.example",
            virtualdomains="virt.example:v\n.w.example:w\n:everybody\n"
            "u@one.example:o\nexc.w.example:")
    for a, want in [("x@here.example", 1), ("x@virt.example", 1),
                    ("x@a.w.example", 1), ("u@one.example", 1),
                    ("U@One.example", 1), ("y@one.example", 0),
                    ("x@exc.w.example", 0), ("x@else.example", 0),
                    ("x@mx.example.org", 0)] + [(a, 0) for a in open_ones]:
        same(rcpt_code(a)[0], "250" if want else "550",
             "no rcpthosts: %s %s" % (a, want))
    control(rcpthosts=None)
    same(rcpt_code("x@mx.example.org")[0], "250", "no rcpthosts, no locals: me")
    same(rcpt_code("x@example.org")[0], "550", "... and nobody else")
    control(rcpthosts="")
    same(rcpt_code("x@mx.example.org")[0], "550", "empty rcpthosts: nobody")
    same(rcpt_code("postmaster"), ("250", "postmaster@mx.example.org"),
         "postmaster always")
    control()
    if subprocess.run(["sh", "-c", "command -v cdb"], stdout=subprocess.DEVNULL
                      ).returncode == 0:
        subprocess.run(["cdb", "-c", "-m", CONTROL + "/morercpthosts.cdb"],
                       input=b"more.example \n.m.example \n", check=True)
        for a, want in ("x@more.example", "250"), ("x@a.M.example", "250"), \
                ("x@m.example", "550"), ("x@example.org", "250"):
            same(rcpt_code(a)[0], want, "morercpthosts.cdb: " + a)
    else:
        ok(True, "morercpthosts.cdb # SKIP no cdb tool")
    control(morercpthosts__cdb="not a cdb")
    same(rcpt_code("x@else.example")[0], "421", "a damaged morercpthosts.cdb")
    control()
    for value, a, want in [("", "x@else.example", "x@else.example"),
                           ("@gate", "x@else.example", "x@else.example@gate"),
                           ("", "bob", "bob"), (".q", "x@[1.2.3.4]",
                                                "x@[1.2.3.4].q")]:
        same(rcpt_code(a, {"RELAYCLIENT": value}), ("250", want),
             "RELAYCLIENT=%r: %s" % (value, a))
    same(rcpt_code("x" * 989 + "@else.org", {"RELAYCLIENT": ".gate"})[0], "501",
         "RELAYCLIENT that makes the address too long")
    control(badmailfrom="Spam@b.example\n@bad.example\n# @b.example",
            badrcptto="No@example.org\n@never.sub.example")
    for sender, want in ("spam@b.example", "503"), ("SPAM@B.example", "503"), \
            ("x@bad.example", "503"), ("x@b.example", "250"), ("", "250"), \
            ("x@a.bad.example", "250"):
        same(rcpt_code("x@example.org", sender=sender)[0], want,
             "badmailfrom: " + sender)
    replies, c = talk([(lines("EHLO c", "MAIL FROM:<spam@b.example>"), 1)])
    replies, c = talk([(lines("EHLO c"), 1),
                       (lines("MAIL FROM:<spam@b.example>"), 1)])
    ok(replies[2].startswith("553 5.7.1"), "badmailfrom: 553", replies[2])
    ok("refused pid=%d ip=192.0.2.9 helo=c from=<spam@b.example> to=<> "
       'code=553 text="5.7.1 ' % c.proc.pid in c.logtext,
       "badmailfrom: log", c.logtext)
    for a, want in ("no@example.org", "553"), ("yes@example.org", "250"), \
            ("x@never.sub.example", "553"), ("x@a.sub.example", "250"):
        same(rcpt_code(a)[0], want, "badrcptto: " + a)
        same(rcpt_code(a, {"RELAYCLIENT": ""})[0], want,
             "badrcptto for relay clients: " + a)
    for files, env, a, want in [
            ({}, {}, "x@[192.0.2.1]", None),
            ({"rcpthosts": "mx.example.org"}, {}, "x@[192.0.2.1]",
             "x@mx.example.org"),
            ({"localiphost": "example.org"}, {}, "x@[192.0.2.1]",
             "x@example.org"),
            ({"localiphost": "example.org"}, {}, "x@[192.0.2.2]", None),
            ({"localiphost": "example.org"},
             {"TCPLOCALIP": "2001:db8::1", "PROTO": "TCP6"},
             "x@[IPv6:2001:DB8:0::1]", "x@example.org"),
            ({"localiphost": "example.org"},
             {"TCPLOCALIP": "::ffff:192.0.2.1", "PROTO": "TCP6"},
             "x@[192.0.2.1]", "x@example.org")]:
        control(**files)
        same(rcpt_code(a, env)[1], want, "localiphost: %r %r %s" % (files, env,
                                                                   a))


# --- the rest ----------------------------------------------------------------
def test_early():
    control()
    for name, groups, want in [
            ("after EHLO", [(lines("EHLO c", "MAIL FROM:<a@b.c>"), 2)],
             ["220", "554", ""]),
            ("after HELO", [(lines("HELO c", "MAIL FROM:<a@b.c>"), 2)],
             ["220", "554", ""]),
            ("after DATA", [(lines("EHLO c"), 1),
                            (MAILTO + lines("DATA", "x", "."), 4)],
             ["220", "250", "250", "250", "554", ""]),
            ("after a DATA that fails",
             [(lines("EHLO c"), 1),
              (lines("MAIL FROM:<a@b.c>", "RCPT TO:<x@else.example>", "DATA",
                     "RSET", "MAIL FROM:<evil@b.c>"), 4)],
             ["220", "250", "250", "550", "554", ""])]:
        replies, c = talk(groups)
        same(codes(replies), want, "input %s: refused" % name)
        ok(not c.queued and "end=early" in c.logtext, "... nothing queued",
           c.logtext)
    # sendmail -bs with a whole session on a pipe: nobody else's bytes there
    r = subprocess.run(
        [PROGRAM], capture_output=True, timeout=WAIT,
        input=lines("EHLO c") + MAILTO + lines("DATA", "x", ".", "QUIT"),
        env=dict(os.environ, QUILLQUEUE=QUEUE, QSPOOL=SPOOL,
                 TCPREMOTEIP="127.0.0.1"))
    same([a[:3] for a in r.stdout.decode().splitlines() if a[3:4] == " "],
         ["220", "250", "250", "250", "354", "250", "221"],
         "a session written ahead into a pipe is taken")
    same(len(queued()), 1, "... and queued")


def test_received():
    for env, helo, want in [
            ({}, "c", b"Received: from c ([192.0.2.9])\n"),
            ({"TCPREMOTEHOST": "h.example"}, "c",
             b"Received: from c (h.example [192.0.2.9])\n"),
            ({"TCPREMOTEIP": "2001:db8:0::9", "PROTO": "TCP6"}, "[IPv6:::1]",
             b"Received: from [IPv6:::1] ([IPv6:2001:db8::9])\n"),
            ({"TCPREMOTEIP": "::ffff:192.0.2.9", "PROTO": "TCP6"}, "c",
             b"Received: from c ([192.0.2.9])\n"),
            ({"TCPREMOTEIP": None}, "c", b"Received: from c\n"),
            ({"TCPREMOTEHOST": "e;(v)\nil"}, "a(b)\"c;<>%",
             b"Received: from a?b??c???? (e??v??il [192.0.2.9])\n"),
    ]:
        control()
        c = Client(**env)
        [c.reply(), c.ask("EHLO " + helo), c.ask("MAIL FROM:<a@b.c>"),
         c.ask('RCPT TO:<"x y"@example.org>'), c.ask("DATA"), c.ask("x\r\n.")]
        c.close()
        q = queued()
        ok(len(q) == 1 and q[0][0].startswith(want) and
           b'\n  for <"x y"@example.org>; ' in q[0][0] and
           q[0][2] == [b"x y@example.org"], "Received: %r %s" % (env, helo),
           q, want)
        if "::ffff" in str(env):
            ok("ip=192.0.2.9 " in c.logtext, "... and the log", c.logtext)


def test_log():
    control()
    c = Client(TCPREMOTEIP='1.2.3.4" x=y\n')
    [c.reply(), c.ask('EHLO a"b%c=d'), c.ask('MAIL FROM:<"a b=%"@b.example>'),
     c.ask("RCPT TO:<x@else.example>")]
    c.close()
    pid = c.proc.pid
    same(c.logtext, 'quill-smtpd: refused pid=%d ip=1.2.3.4%%22%%20x=y%%0A '
         'helo=a%%22b%%25c=d from=<a%%20b=%%25@b.example> to=<x@else.example> '
         'code=550 text="5.7.1 no mail for that domain is taken from you '
         'here" what=RCPT\nquill-smtpd: session pid=%d ip=1.2.3.4%%22%%20x=y%%0A '
         'helo=a%%22b%%25c=d cmds=3 msgs=0 bytes=%d end=eof refused=1\n' %
         (pid, pid, len('EHLO a"b%c=d\r\nMAIL FROM:<"a b=%"@b.example>\r\n'
                        'RCPT TO:<x@else.example>\r\n')),
         "what the client chose is escaped")
    c = Client()
    [c.reply(), c.ask("EHLO " + '"' * 255)]
    c.ask("MAIL FROM:<%s@b.example>" % ('"' + " " * 980 + '"'))
    c.ask("RCPT TO:<%s@else.example>" % ('"' + " " * 980 + '"'))
    c.close()
    ok(all(len(l) < 4096 for l in c.logtext.split("\n")) and
       c.logtext.count("\n") == 2, "a log line has an end", c.logtext[:300])


def test_config():
    for files, env, what in [
            ({"me": None}, {}, "control/me"),
            ({"me": ""}, {}, "control/me"),
            ({"me": "a\x01b"}, {}, "control/me: line 1"),
            ({"databytes": "10M"}, {}, "control/databytes: line 1"),
            ({"timeoutsmtpd": "0"}, {}, "control/timeoutsmtpd: line 1"),
            ({"maxrcpt": "-1"}, {}, "control/maxrcpt: line 1"),
            ({}, {"DATABYTES": "x"}, "databytes"),
            ({}, {"MAXERRORS": "9999999999999"}, "maxerrors")]:
        control(**files)
        replies, c = talk([(b"", 1)], **env)
        ok(replies[0].startswith("421 4.3.5") and replies[1] == "" and
           "failed" in c.logtext and what in c.logtext and c.rc == 111,
           "%r %r: 421, and the log says %s" % (files, env, what), replies,
           c.logtext, c.rc)
    control(rcpthosts=b"ok.example\n" + b"x" * 5000 + b"\n")
    replies, c = talk([(lines("EHLO c"), 1), (MAILTO, 3)])
    same(codes(replies), ["220", "250", "250", "421", ""],
         "a bad list: 421 when it is needed")
    ok("control/rcpthosts: line 2: line too long" in c.logtext,
       "... and the log says where", c.logtext)
    control(smtpgreeting="mail.example.net hello there")
    replies, c = talk([(lines("EHLO c"), 1)])
    ok(replies[0] == "220 mail.example.net hello there ESMTP\r\n" and
       replies[1].startswith("250-mx.example.org\r\n"), "smtpgreeting", replies)


def test_sanitizers():
    where = os.path.join(os.environ.get("T", "/nonexistent"), "san")
    for name in os.listdir(where):
        print("# " + open(os.path.join(where, name)).read(3000)
              .replace("\n", "\n# "))
    ok(not os.listdir(where), "no sanitizer report")


def run(names):
    """Every test_... of names (or those that are asked for), and the plan."""
    make_queue()
    wanted = sys.argv[3:]
    for t in [t for n, t in list(names.items()) if n.startswith("test_")]:
        if t.__name__ == "test_sanitizers" and not SAN:
            continue
        if not wanted or t.__name__[5:] in wanted:
            t()
    done()


if __name__ == "__main__":
    run(globals())
