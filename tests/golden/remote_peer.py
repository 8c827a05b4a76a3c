# SPDX-License-Identifier: 0BSD
"""Scripted SMTP peers and lying name servers for remote.t (threads, so that a
peer may be as slow and rude as it likes)."""

import socket
import ssl
import struct
import threading
import time

HANGUP = object()  # close the connection instead of an answer
SILENCE = object()  # never answer

EHLO = ["peer.example", "PIPELINING", "SIZE 10000000", "8BITMIME"]
PLAIN = ["peer.example"]


def multi(code, lines):
    out = [b"%d-%s\r\n" % (code, x.encode()) for x in lines[:-1]]
    return b"".join(out) + b"%d %s\r\n" % (code, lines[-1].encode())


class Peer:
    """Answers: bytes (sent as they are), str (CRLF is added), HANGUP, SILENCE,
    a list (one after the other, the last again and again), or a function of
    the line. Everything the client sent is kept."""

    def __init__(self, ip, port, ext=None, bytewise=False, cert=None,
                 implicit=False, **answers):
        self.answers = {
            "greeting": "220 peer.example ESMTP",
            "EHLO": multi(250, EHLO if ext is None else ext),
            "LHLO": multi(250, EHLO if ext is None else ext),
            "HELO": "250 peer.example",
            "RSET": "250 2.0.0 ok",
            "MAIL": "250 2.1.0 ok",
            "RCPT": "250 2.1.5 ok",
            "DATA": "354 go ahead",
            "dot": "250 2.0.0 queued as 1",
            "QUIT": "221 bye",
        }
        self.answers.update(answers)
        self.counts = {}
        self.bytewise = bytewise
        self.tls = None  # cert: a file with certificate and key
        self.implicit = implicit
        self.secured = []  # each handshake: (version, name asked for, resumed)
        if cert:
            self.answers.setdefault("STAR", "220 2.0.0 go ahead")
            self.tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            self.tls.load_cert_chain(cert)
            self.tls.sni_callback = self.named
            self.name = None
        self.early = None  # answer and hang up after so many bytes of data
        self.lines = []  # commands, all connections
        self.chunks = []  # what each recv gave
        self.data = []  # raw bytes up to and with the final dot
        self.conns = 0
        self.sources = []
        family = (socket.AF_UNIX if ip[0] == "/" else
                  socket.AF_INET6 if ":" in ip else socket.AF_INET)
        self.sock = socket.socket(family, socket.SOCK_STREAM)
        self.sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        self.sock.bind(ip if ip[0] == "/" else (ip, port))
        self.sock.listen(20)
        self.open = []
        threading.Thread(target=self.accept, daemon=True).start()

    def accept(self):
        while True:
            try:
                conn, addr = self.sock.accept()
            except OSError:
                return
            self.conns += 1
            self.sources.append(addr[0] if addr else "")
            self.open.append(conn)
            threading.Thread(
                target=self.session, args=(conn,), daemon=True
            ).start()

    def close(self):
        try:
            self.sock.shutdown(socket.SHUT_RDWR)
        except OSError:
            pass
        self.sock.close()
        self.hangup()

    def hangup(self):
        """Drop the connections, go on listening."""
        for conn in self.open:
            try:
                conn.shutdown(socket.SHUT_RDWR)
            except OSError:
                pass
            conn.close()
        self.open = []

    def answer(self, conn, key, line=""):
        """Send the answer to key; False when that ends the session."""
        a = self.answers.get(key, "502 5.5.1 what?")
        if isinstance(a, list):
            n = self.counts.get(key, 0)
            self.counts[key] = n + 1
            a = a[min(n, len(a) - 1)]
        if callable(a):
            a = a(line)
        if a is HANGUP:
            conn.close()
            return None
        if a is SILENCE:
            time.sleep(60)
            return None
        if isinstance(a, str):
            a = a.encode() + b"\r\n"
        if self.bytewise:
            for i in range(len(a)):
                conn.sendall(a[i : i + 1])
                time.sleep(0.001)
        else:
            conn.sendall(a)
        return a

    def named(self, conn, name, context):
        self.name = name

    def secure(self, conn):
        conn = self.tls.wrap_socket(conn, server_side=True)
        self.secured.append((conn.version(), self.name, conn.session_reused))
        self.open.append(conn)
        return conn

    def session(self, conn):
        try:
            if self.implicit:
                conn = self.secure(conn)
            self.talk(conn)
        except (OSError, ValueError):
            pass

    def talk(self, conn):
        if conn.family != socket.AF_UNIX:
            conn.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        if not self.answer(conn, "greeting"):
            return
        buf = b""
        while True:
            while b"\r\n" not in buf:
                got = conn.recv(65536)
                if not got:
                    return
                self.chunks.append(got)
                buf += got
            line, buf = buf.split(b"\r\n", 1)
            text = line.decode("latin-1")
            self.lines.append(text)
            verb = text[:4].upper()
            said = self.answer(conn, verb, text)
            if not said or verb == "QUIT":
                conn.close()
                return
            if verb == "STAR" and said.startswith(b"220"):
                if self.tls:
                    conn, buf = self.secure(conn), b""
                continue
            if verb == "DATA" and said.startswith(b"354"):
                buf = self.take(conn, buf)
                if buf is None or self.answer(conn, "dot") is None:
                    return

    def take(self, conn, buf):
        while not (buf.startswith(b".\r\n") or b"\r\n.\r\n" in buf):
            if self.early and len(buf) >= self.early:
                self.answer(conn, "early")
                conn.close()
                return None
            got = conn.recv(65536)
            if not got:
                self.data.append(buf)
                return None
            self.chunks.append(got)
            buf += got
        end = 3 if buf.startswith(b".\r\n") else buf.index(b"\r\n.\r\n") + 5
        self.data.append(buf[:end])
        return buf[end:]


# --- DNS ------------------------------------------------------------------
A, CNAME, SOA, MX, TXT, AAAA, OPT, TLSA = 1, 5, 6, 15, 16, 28, 41, 52


def wire(name):
    out = b""
    for label in name.rstrip(".").split("."):
        if label:
            out += bytes([len(label)]) + label.encode()
    return out + b"\0"


def rr(name, kind, data, ttl=60):
    owner = name if isinstance(name, bytes) else wire(name)
    return owner + struct.pack(">HHIH", kind, 1, ttl, len(data)) + data


def a(name, ip):
    return rr(name, A, socket.inet_aton(ip))


def mx(name, pref, host):
    return rr(name, MX, struct.pack(">H", pref) + wire(host))


def soa(name):
    numbers = struct.pack(">IIIII", 1, 2, 3, 4, 5)
    return rr(name, SOA, wire("ns." + name) + wire("root." + name) + numbers)


class Query:
    def __init__(self, p):
        self.raw = p
        self.id, self.flags, _, _, _, self.ar = struct.unpack(">6H", p[:12])
        at, labels = 12, []
        while p[at]:
            labels.append(p[at + 1 : at + 1 + p[at]].decode("latin-1"))
            at += 1 + p[at]
        self.name = ".".join(labels).lower()
        self.type = struct.unpack(">H", p[at + 1 : at + 3])[0]
        self.question = p[12 : at + 5]

    def reply(self, answers=(), rcode=0, authority=(), flags=0, qid=None):
        head = struct.pack(
            ">6H",
            self.id if qid is None else qid,
            0x8180 | flags | rcode,
            1,
            len(answers),
            len(authority),
            0,
        )
        return head + self.question + b"".join(answers) + b"".join(authority)


class Dns:
    """answer(query, tcp) gives a packet, a list of packets (all are sent), or
    None for silence."""

    def __init__(self, ip, port, answer):
        self.answer = answer
        self.queries = []  # (name, type, tcp, had EDNS, source port)
        self.udp = socket.socket(socket.AF_INET6 if ":" in ip
                                 else socket.AF_INET, socket.SOCK_DGRAM)
        self.udp.bind((ip, port))
        self.tcp = socket.socket(self.udp.family, socket.SOCK_STREAM)
        self.tcp.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        self.tcp.bind((ip, port))
        self.tcp.listen(20)
        for fn in (self.run_udp, self.run_tcp):
            threading.Thread(target=fn, daemon=True).start()

    def packets(self, p, tcp, port):
        q = Query(p)
        self.queries.append((q.name, q.type, tcp, q.ar > 0, port))
        got = self.answer(q, tcp)
        if got is None:
            return []
        return got if isinstance(got, list) else [got]

    def run_udp(self):
        while True:
            try:
                p, addr = self.udp.recvfrom(65536)
            except OSError:
                return
            if not addr:
                return
            for out in self.packets(p, False, addr[1]):
                self.udp.sendto(out, addr)

    def run_tcp(self):
        while True:
            try:
                conn, addr = self.tcp.accept()
                n = struct.unpack(">H", conn.recv(2))[0]
                for out in self.packets(conn.recv(n), True, addr[1]):
                    whole = struct.pack(">H", len(out)) + out
                    conn.sendall(whole[:7])
                    time.sleep(0.02)
                    conn.sendall(whole[7:])
                conn.close()
            except OSError:
                return

    def close(self):
        for s in (self.udp, self.tcp):
            try:
                s.shutdown(socket.SHUT_RDWR)
            except OSError:
                pass
            s.close()
