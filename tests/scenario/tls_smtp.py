#!/usr/bin/env python3
# SPDX-License-Identifier: 0BSD
"""An SMTP client for what openssl s_client cannot do: tls_smtp.py WHAT PORT.

resume [VERSION]   two connections, the second with the session of the first
hold               STARTTLS, EHLO, "ready"; for each line of standard input
                   a NOOP and its reply; at its end QUIT
cut                in the middle of a message, without a close_notify
garbage            instead of a ClientHello: how many bytes came in answer
first              TLS, then the greeting and EHLO
mail ADDRESS       one message
inject             a command in one segment with STARTTLS
silent N           N connections that say STARTTLS and then nothing; "ready",
                   until the end of standard input
alpn PROTOCOL...   offer them
slow BYTES         TLS first: asks for that many, and reads them late
noise              says QUIT, and goes on
deaf BYTES         asks for that many, "ready", and does not read
big BYTES ADDRESS  a message of that size; the checksum of its body
"""
import hashlib
import socket
import ssl
import sys
import time


class Smtp:
    def __init__(self, port, room=None):
        self.sock = socket.socket()
        if room:
            self.sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, room)
        self.sock.settimeout(60)
        self.sock.connect(('127.0.0.1', port))
        self.file = self.sock.makefile('rb', buffering=0)

    def reply(self):
        while True:
            line = self.file.readline()
            if line[3:4] != b'-':
                return line.decode().strip()

    def say(self, text):
        self.sock.sendall(text.encode() + b'\r\n')
        return self.reply()

    def starttls(self):
        self.reply()
        self.say('EHLO client.example')
        return self.say('STARTTLS')

    def tls(self, ctx, session=None):
        self.sock = ctx.wrap_socket(self.sock, session=session,
                                    server_hostname='mail.example')
        self.file = self.sock.makefile('rb', buffering=0)


def context(version=None):
    ctx = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    ctx.check_hostname = False
    ctx.verify_mode = ssl.CERT_NONE
    if version:
        v = {'1.2': ssl.TLSVersion.TLSv1_2, '1.3': ssl.TLSVersion.TLSv1_3}
        ctx.minimum_version = ctx.maximum_version = v[version]
    return ctx


def opened(port, ctx=None, session=None):
    c = Smtp(port)
    answer = c.starttls()
    if not answer.startswith('220'):
        print(answer)
        sys.exit(1)
    c.tls(ctx or context(), session)
    return c


def resume(port, version=None):
    ctx = context(version)
    first = opened(port, ctx)
    # A ticket of TLS 1.3 comes with what is read next.
    first.say('EHLO client.example')
    session = first.sock.session
    first.say('QUIT')
    second = opened(port, ctx, session)
    second.say('EHLO client.example')
    print('reused' if second.sock.session_reused else 'new')
    second.say('QUIT')


def hold(port):
    c = opened(port)
    c.say('EHLO client.example')
    print('ready', flush=True)
    for _ in sys.stdin:
        print(c.say('NOOP'), flush=True)
    print(c.say('QUIT'), flush=True)


def cut(port):
    c = opened(port)
    for line in ('EHLO client.example', 'MAIL FROM:<a@b.example>',
                 'RCPT TO:<postmaster@quill.example>', 'DATA'):
        print(c.say(line))
    c.sock.sendall(b'Subject: half\r\n\r\nhalf of')
    # The socket below, as if the network had gone.
    raw = c.sock.detach()
    socket.socket(fileno=raw).close()


def garbage(port):
    c = Smtp(port)
    c.starttls()
    c.sock.sendall(b'\x00\xff' * 500 + b'\r\nMAIL FROM:<>\r\n')
    try:
        print(len(c.sock.recv(4096)))
    except ConnectionResetError:
        print(0)


def first(port):
    c = Smtp(port)
    c.tls(context())
    print(c.reply())
    c.sock.sendall(b'EHLO client.example\r\n')
    line = b'-' * 4
    while line[3:4] == b'-':
        line = c.file.readline()
        print(line.decode().strip())
    c.say('QUIT')


def mail(port, address):
    c = opened(port)
    for line in ('EHLO client.example', 'MAIL FROM:<a@b.example>',
                 f'RCPT TO:<{address}>', 'DATA', 'Subject: x\r\n\r\nx\r\n.'):
        answer = c.say(line)
    print(answer)
    c.say('QUIT')


def inject(port):
    c = Smtp(port)
    c.reply()
    c.say('EHLO client.example')
    c.sock.sendall(b'STARTTLS\r\nMAIL FROM:<injected@b.example>\r\n')
    print(c.reply())
    try:
        c.tls(context())
    except (ssl.SSLError, OSError):
        print('no handshake')
        return
    print(c.say('RCPT TO:<postmaster@quill.example>'))


def silent(port, n):
    all_of_them = []
    for _ in range(int(n)):
        c = Smtp(port)
        print(c.starttls(), flush=True)
        all_of_them.append(c)
    print('ready', flush=True)
    sys.stdin.read()


def alpn(port, *protocols):
    ctx = context()
    ctx.set_alpn_protocols(protocols)
    try:
        c = opened(port, ctx)
    except (ssl.SSLError, OSError) as e:
        print(e)
        return
    print(c.sock.selected_alpn_protocol())
    c.say('QUIT')


def big(port, n, address):
    c = opened(port)
    for line in ('EHLO client.example', 'MAIL FROM:<a@b.example>',
                 f'RCPT TO:<{address}>', 'DATA'):
        print(c.say(line))
    body = b''.join(b'%076d\r\n' % i for i in range(int(n) // 78))
    c.sock.sendall(b'Subject: big\r\n\r\n' + body + b'.\r\n')
    print(c.reply())
    print(hashlib.sha256(body.replace(b'\r\n', b'\n')).hexdigest())
    c.say('QUIT')


def everything(c):
    got = b''
    try:
        while more := c.sock.recv(65536):
            got += more
    except (ssl.SSLError, OSError) as e:
        print(e)
    return got


def ask_for(port, text, room=None):
    c = Smtp(port, room)
    c.tls(context())
    c.reply()
    c.sock.sendall(text)
    return c


def slow(port, n):
    c = ask_for(port, b'BIG %s\r\nQUIT\r\n' % n.encode())
    time.sleep(2)
    got = everything(c)
    print(got.count(b'x'), got[-9:].decode().strip())


def noise(port):
    c = ask_for(port, b'QUIT\r\n')
    try:
        c.sock.sendall(b'and more\r\n' * 20000)
    except (ssl.SSLError, OSError):
        pass  # it may be gone before it has all of that
    print(b'221 bye' in everything(c))


def deaf(port, n):
    # Not all of it may fit into the socket.
    c = ask_for(port, b'BIG %s\r\n' % n.encode(), 8192)
    # So that all that lies between is full (where it is not, the test
    # succeeds without having tested much).
    time.sleep(3)
    print('ready', flush=True)
    sys.stdin.read()
    c.sock.close()


def main():
    what, port, *rest = sys.argv[1:]
    {f.__name__: f for f in (resume, hold, cut, garbage, first, mail, inject,
                             silent, alpn, slow, noise, deaf, big)}[what](int(port), *rest)


if __name__ == '__main__':
    main()
