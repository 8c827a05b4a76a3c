#!/usr/bin/env python3
# SPDX-License-Identifier: 0BSD
"""Call quill-tlsd as smtpd and remote do, by an implementation of its own.

tls_caller.py HOME server PORT LOG
    Listen on 127.0.0.1:PORT; hand each connection to quill-tlsd at once, say
    "220 ready", then answer each line with "250 " and the line, QUIT with 221
    and the end, BIG n with n bytes. States go to LOG, one JSON object a line.
tls_caller.py HOME client HOST PORT [key=value...]
    Connect, hand over, print the state as JSON; then send standard input and
    print what comes. Keys: policy (0, 1, 2), sni, name (several), tlsa
    (several: "3 1 1 HEX"), ca, session, alpn, ms, peer. starttls=1: speak SMTP
    up to STARTTLS first.
"""
import array
import json
import os
import socket
import sys
import threading

FIELDS = {'o': 'outcome', 'e': 'error', 'v': 'version', 'c': 'cipher',
          'b': 'bits', 'y': 'verified', 'u': 'subject', 'f': 'fingerprint',
          's': 'sni', 'l': 'alpn', 'r': 'resumed'}
OUTCOMES = ['done', 'down', 'busy', 'failed', 'late', 'untrusted', 'broken']


def reserve(home, role):
    link = socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    link.settimeout(60)
    try:
        link.connect(f'{home}/run/tls/{role}')
    except OSError as e:
        return None, {'outcome': 'down', 'error': str(e)}
    hello = link.recv(300)
    if hello == b'R\0':
        return link, None
    if hello[:1] == b'B':
        return None, {'outcome': 'busy', 'error': hello[1:-1].decode()}
    return None, {'outcome': 'down', 'error': 'hung up'}


def start(link, sock, fields):
    """Plain socket or None, state."""
    record = b''.join(f.encode('latin-1') + b'\0' for f in fields) + b'\0'
    fds = array.array('i', [sock.fileno()])
    try:
        link.sendmsg([record], [(socket.SOL_SOCKET, socket.SCM_RIGHTS, fds)])
        data, anc, _, _ = link.recvmsg(4000, socket.CMSG_SPACE(4))
    except OSError as e:
        return None, {'outcome': 'broken', 'error': str(e)}
    finally:
        link.close()
        sock.close()
    if not data:
        return None, {'outcome': 'broken', 'error': 'hung up'}
    state = {}
    for field in data.decode().split('\0')[:-2]:
        state[FIELDS[field[0]]] = field[1:]
    state['outcome'] = OUTCOMES[int(state['outcome'])]
    plain = None
    for level, kind, payload in anc:
        if level == socket.SOL_SOCKET and kind == socket.SCM_RIGHTS:
            got = array.array('i')
            got.frombytes(payload[:4])
            plain = socket.socket(fileno=got[0])
    return plain, state


def serve_one(home, sock, peer, log, lock):
    def note(state):
        with lock:
            log.write(json.dumps(state) + '\n')
            log.flush()

    link, state = reserve(home, 'server')
    if not link:
        note(state)
        sock.close()
        return
    plain, state = start(link, sock, ['d60000', 'p' + peer])
    note(state)
    if not plain:
        return
    try:
        plain.sendall(b'220 ready\r\n')
        lines = plain.makefile('rb')
        for line in lines:
            if line.startswith(b'QUIT'):
                plain.sendall(b'221 bye\r\n')
                break
            if line.startswith(b'BIG '):
                plain.sendall(b'x' * int(line[4:]) + b'\r\n')
                continue
            plain.sendall(b'250 ' + line)
        else:
            note({'outcome': 'eof'})
        lines.close()
    except OSError as e:
        note({'outcome': 'eof', 'error': str(e)})
    plain.close()


def serve(home, port, path):
    listener = socket.create_server(('127.0.0.1', port), backlog=100)
    lock = threading.Lock()
    log = open(path, 'a', encoding='ascii')
    while True:
        sock, addr = listener.accept()
        # So that a peer that does not read is soon noticed.
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 16384)
        threading.Thread(target=serve_one, daemon=True,
                         args=(home, sock, addr[0], log, lock)).start()


def starttls(sock):
    f = sock.makefile('rb', buffering=0)

    def reply():
        while True:
            line = f.readline()
            if line[3:4] != b'-':
                return line
    reply()
    sock.sendall(b'EHLO client.example\r\n')
    reply()
    sock.sendall(b'STARTTLS\r\n')
    reply()


def client(home, host, port, args):
    asked = {}
    for a in args:
        key, _, value = a.partition('=')
        asked.setdefault(key, []).append(value)

    def one(key, default=None):
        return asked.get(key, [default])[0]
    link, state = reserve(home, 'client')
    if not link:
        print(json.dumps(state), flush=True)
        return 1
    sock = socket.create_connection((host, port), 60)
    if one('starttls'):
        starttls(sock)
    sock.settimeout(None)
    fields = ['d' + one('ms', '60000'), 'p' + one('peer', host),
              'v' + one('policy', '0')]
    if one('sni'):
        fields.append('s' + one('sni'))
    fields += ['n' + n for n in asked.get('name', [])]
    fields += ['t' + t for t in asked.get('tlsa', [])]
    for tag, key in (('c', 'ca'), ('k', 'session'), ('l', 'alpn')):
        if one(key):
            fields.append(tag + one(key))
    plain, state = start(link, sock, fields)
    print(json.dumps(state), flush=True)
    if not plain:
        return 1
    data = sys.stdin.buffer.read()
    if data:
        plain.sendall(data)
    while True:
        try:
            got = plain.recv(65536)
        except OSError:
            break
        if not got:
            break
        os.write(1, got)
    return 0


def main():
    home, role = sys.argv[1:3]
    if role == 'server':
        serve(home, int(sys.argv[3]), sys.argv[4])
    return client(home, sys.argv[3], int(sys.argv[4]), sys.argv[5:])


if __name__ == '__main__':
    sys.exit(main())
