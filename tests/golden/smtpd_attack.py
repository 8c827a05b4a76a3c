# SPDX-License-Identifier: 0BSD
"""What attackers send, split where it hurts. Arguments as smtpd.py's.

The socket keeps records: each send is one read of the server, so that a split
is where the test puts it, whatever the scheduler does."""
import os
import signal
import socket

from smtpd import (ENDS, HIDDEN, MAILTO, MESSAGE, RECEIVED, SAN, START, STORED,
                   Client, codes, control, lines, mask, ok, queued, run, same,
                   test_sanitizers)

SEQ = socket.SOCK_SEQPACKET


def dialogue(groups, **env):
    """Send each group's pieces, then read that many replies."""
    c = Client(kind=SEQ, **env)
    replies = [c.reply()]
    for pieces, n in groups:
        for p in pieces:
            if p:
                c.send(p)
        replies += [c.reply() for _ in range(n)]
    c.close()
    return replies, c, queued()


# --- smuggling ---------------------------------------------------------------
def attack(wire, cuts, **env):
    """wire after DATA, cut at those places, then QUIT."""
    pieces = [wire[a:b] for a, b in zip([0] + cuts, cuts + [len(wire)])]
    return dialogue([([d], n) for d, n in START] + [(pieces, 1),
                                                    ([lines("QUIT")], 1)],
                    **env)


def test_smuggling():
    control(barelf="198.51.100.0/24\n2001:db8::/32")
    before = b"Subject: x\r\n\r\nhello"
    for name, end in ENDS.items():
        wire = before + end + HIDDEN + b"\r\n.\r\n"
        at = list(range(len(before), len(before) + len(end) + 2))
        ways = [[]] + [[i] for i in at] + [at] + \
            ([] if SAN else [list(range(1, len(wire)))])
        bad, bare = [], []
        for cuts in ways:
            replies, c, got = attack(wire, cuts)
            if got or not replies[5].startswith("550 5.6.0") or \
                    replies[6][:3] != "221" or c.rc != 0:
                bad.append((cuts, replies, got))
            replies, c, got = attack(wire, cuts, TCPREMOTEIP="198.51.100.7")
            if len(got) > 1 or replies[6][:3] != "221" or c.rc != 0 or \
                    replies[5][:3] != ("250" if got else "550") or \
                    any(b"hidden" not in m or b"\r" in m or b"\0" in m or
                        t != [b"x@example.org"] for m, f, t in got):
                bare.append((cuts, replies, got))
        ok(not bad, "%s, %d splits: refused, nothing queued"
           % (name, len(ways)), bad[:2])
        ok(not bare, "%s from control/barelf: one message or none" % name,
           bare[:2])


def test_barelf():
    lf = b"Subject: x\n\nline\n..dot\n"
    wire = lf + b"\r\n.\r\n"
    for name, env, code in [
            ("others", {}, "550"),
            ("relay clients", {"RELAYCLIENT": ""}, "550"),
            ("an address in it", {"TCPREMOTEIP": "198.51.100.7"}, "250"),
            ("a network in it", {"TCPREMOTEIP": "2001:db8::7"}, "250"),
            ("BARELF=yes", {"BARELF": "yes"}, "250"),
            ("BARELF=no", {"BARELF": "no", "TCPREMOTEIP": "198.51.100.7"},
             "550")]:
        control(barelf="198.51.100.7\n2001:db8::/32")
        replies, c, got = attack(wire, [], **env)
        same((replies[5][:3], len(got)), (code, int(code == "250")),
             "bare LF of %s" % name)
        if got:
            same(got[0][0].split(b"-0000\n")[1],
                 b"Subject: x\n\nline\n.dot\n\n", "... is a line's end")
    # twice in a session: the list is read once, and holds
    control(barelf="192.0.2.9")
    replies, c, got = dialogue(
        [([d], n) for d, n in START] +
        [([wire], 1), ([MAILTO + lines("DATA")], 3), ([wire], 1)])
    same((codes(replies)[5:], len(got)),
         (["250", "250", "250", "354", "250"], 2), "two of them in a session")
    control(barelf="192.0.2.9/x")
    replies, c, got = attack(wire, [])
    ok(replies[5].startswith("421 4.3.5") and not got and
       "control/barelf: line 1" in c.logtext,
       "a bad list: 421, nothing queued, and the log says where",
       replies[5:], c.logtext)


# --- the other end of a message ----------------------------------------------
def test_behind():
    """What is pipelined behind the dot is neither lost nor mistaken."""
    control()
    wire = MESSAGE + b".\r\n"
    for name, behind, n, code in [
            ("QUIT", lines("QUIT"), 1, ["221"]),
            ("a message", MAILTO + lines("DATA"), 3, ["250", "250", "354"]),
            ("RSET", lines("RSET"), 1, ["250"]),
            ("half a command", b"QU", 0, [])]:
        good = True
        whole = wire + behind
        for cut in range(len(wire) - 6, len(whole)):
            replies, c, got = dialogue(
                [([d], n) for d, n in START] +
                [([whole[:cut], whole[cut:]], 1 + n)])
            good = good and len(got) == 1 and \
                codes(replies)[5:] == ["250"] + code
        ok(good, "%s behind the dot, at any split" % name, replies, got)
    # gone, with something behind the dot, and a reset: it cannot read a reply
    for behind in b"", b"QUIT\r\n", b"NOOP\r\n":
        a = socket.socket()
        a.bind(("127.0.0.1", 0))
        a.listen(1)
        ours = socket.create_connection(a.getsockname())
        theirs = a.accept()[0]
        a.close()
        c = Client(sock=(ours, theirs))
        c.reply()
        for d, n in START:
            c.send(d)
            [c.reply() for _ in range(n)]
        os.kill(c.proc.pid, signal.SIGSTOP)
        c.send(wire + behind)
        ours.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER,
                        b"\1\0\0\0\0\0\0\0")
        ours.close()
        os.kill(c.proc.pid, signal.SIGCONT)
        c.wait()
        ok(not queued() and "end=eof" in c.logtext,
           "a reset behind %r: not queued" % behind.decode(), c.logtext)


def test_cut():
    """The connection ends after every byte, each byte read by itself."""
    control()
    whole = RECEIVED.replace(b"client.example", b"c") + STORED
    parts = [(lines("EHLO c"), 1), (MAILTO + lines("DATA"), 3),
             (MESSAGE + b".\r\n", 0)]
    text = b"".join(p for p, n in parts)
    bad = []
    for cut in range(len(text) + 1):
        c, left = Client(kind=SEQ), cut
        c.reply()
        for part, n in parts:
            now = part[:left]
            left -= len(now)
            # the last bytes one by one
            head = max(len(now) - 8, 0) if not left else len(now)
            for p in [now[:head]] + [now[i:i + 1]
                                     for i in range(head, len(now))]:
                if p:
                    c.send(p)
            if len(now) == len(part):
                [c.reply() for _ in range(n)]
        c.close()
        got = queued()
        if c.rc != 0 or len(got) > (cut == len(text)) or \
                any(mask(m) != whole for m, f, t in got):
            bad.append((cut, c.rc, got, c.logtext))
    ok(not bad, "cut after each of %d bytes: nothing but whole messages"
       % len(text), bad[:3])


# --- STARTTLS ----------------------------------------------------------------
class Wrapped(Client):
    """A client below a wrapper that does TLS (UCSPI-TLS); tls is what comes
    out of it."""

    def __init__(self, **env):
        self.ctl, ctl = socket.socketpair()
        self.ctl.settimeout(60)
        self.tls, inner = socket.socketpair(socket.AF_UNIX, SEQ)
        self.tls.settimeout(60)
        fds = (ctl.fileno(), inner.fileno())
        pair = socket.socketpair(socket.AF_UNIX, SEQ)
        # a second descriptor of the server's end, so that what it leaves
        # unread when it closes does not reset the connection under its reply
        self.keep = os.dup(pair[1].fileno())
        super().__init__(sock=pair, pass_fds=fds, SSLCTLFD=str(fds[0]),
                         SSLREADFD=str(fds[1]), SSLWRITEFD=str(fds[1]), **env)
        ctl.close()
        inner.close()

    def drop(self):
        os.close(self.keep)

    def secure(self, text):
        """Ask under TLS."""
        try:
            self.tls.sendall(text.encode() + b"\r\n")
            return self.tls.recv(4096).decode()
        except OSError as e:
            return "no reply: %s" % e


def test_starttls():
    control()
    c = Wrapped()
    c.drop()
    c.reply()
    c.ask("EHLO evil")
    got = c.ask("STARTTLS\r\nMAIL FROM:<evil@b.c>\r\nRCPT TO:<x@example.org>"
                "\r\nDATA\r\nx\r\n.")
    ok(got.startswith("554 5.5.0") and c.eof(),
       "commands in one group with STARTTLS: refused, and the end", got)
    c.close()
    ok("end=early" in c.logtext and not queued(), "... and its log", c.logtext)

    c = Wrapped()
    c.reply()
    c.ask("EHLO evil")
    os.kill(c.proc.pid, signal.SIGSTOP)
    c.send(b"STARTTLS\r\n")
    c.send(b"MAIL FROM:<evil@b.c>\r\nRCPT TO:<evil@example.org>\r\n")
    os.kill(c.proc.pid, signal.SIGCONT)
    got = c.reply()
    c.drop()
    ok(got.startswith("220"), "STARTTLS, with plain text on its heels", got)
    if got.startswith("220"):
        same(c.ctl.recv(1), b"y", "the wrapper is told")
    same(c.secure("RCPT TO:<x@example.org>")[:9], "503 5.5.1",
         "under TLS nothing of it was heard, and all is forgotten")
    got = c.secure("EHLO good")
    ok(got.startswith("250") and "STARTTLS" not in got,
       "a session begins", got)
    same([c.secure("MAIL FROM:<a@b.example>")[:3],
          c.secure("RCPT TO:<x@example.org>")[:3], c.secure("DATA")[:3],
          c.secure("Subject: x\r\n\r\n.")[:3], c.secure("QUIT")[:3]],
         ["250", "250", "354", "250", "221"], "... and takes mail")
    same(c.buf, b"", "no reply came in plain text")
    c.close()
    got = queued()
    ok(len(got) == 1 and got[0][1:] == (b"a@b.example", [b"x@example.org"]),
       "one message, of the session under TLS", got)


# --- size --------------------------------------------------------------------
def test_large():
    control(databytes="5000")
    line = b"x" * 70 + b"\r\n"
    for name, wire in [("without SIZE", line * 100),
                       ("one line", b"y" * 100000 + b"\r\n"),
                       ("with dots", b"..\r\n" * 3000)]:
        replies, c, got = attack(wire + b".\r\n", [3000, 4000, 5001, 50000])
        ok(replies[5].startswith("552 5.3.4") and not got and
           replies[6][:3] == "221", "too large, %s" % name, replies)
    c = Client()
    c.reply()
    got = c.ask("x" * 1000000)
    ok(got.startswith("500 5.5.2"), "a command of a million bytes", got)
    got = c.ask("NOOP")
    ok(got.startswith("250"), "... and the session goes on", got)
    with open("/proc/%d/status" % c.proc.pid) as f:
        rss = [int(x.split()[1]) for x in f if x.startswith("VmHWM")][0]
    ok(SAN or rss < 3000, "... in little memory: %d KiB" % rss)
    c.close()


run(globals())
