#!/usr/bin/env python3
# SPDX-License-Identifier: 0BSD
"""ctl.py [-g GROUP] [-u UID] [-a ARGUMENT] SOCKET VERB [ID[:RCPT,RCPT...]]...

One request of wire/ctl.h, its answer as lines: "ID RESULT changed busy text",
"OBJECT key=value ...", or "refused: TEXT" with exit 1."""
import os
import socket
import sys


def fields(record):
    return [f.decode('utf-8', 'replace') for f in record.split(b'\0')[:-1]]


def show(out):
    line = []
    for f in out:
        if f[0] in 'IO':
            if line:
                print(' '.join(line))
            line = [f[1:]]
        elif f[0] == 'K':
            line.append(f[1:])
        elif f[0] == '=':
            line[-1] += '=' + f[1:]
        else:
            line.append(f[1:])
    if line:
        print(' '.join(line))


def main(args):
    argument, groups = None, []
    while args[0][0] == '-':
        if args[0] == '-g':
            groups = [int(args[1])]
        elif args[0] == '-u':
            os.setgroups(groups)
            os.setgid(int(args[1]))
            os.setuid(int(args[1]))
        else:
            argument = args[1]
        args = args[2:]
    sock, verb, targets = args[0], args[1], args[2:]
    request = b'V' + verb.encode() + b'\0'
    if argument is not None:
        request += b'A' + argument.encode() + b'\0'
    for t in targets:
        qid, _, rcpts = t.partition(':')
        request += b'I' + qid.encode() + b'\0'
        for n in rcpts.split(',') if rcpts else []:
            request += b'n' + n.encode() + b'\0'
    s = socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    s.settimeout(60)
    s.connect(sock)
    s.send(request + b'\0')
    while True:
        record = s.recv(65536)
        if not record:
            print('no answer')
            return 2
        f = fields(record)
        if len(f) > 1 and f[1].startswith('X'):
            print('refused:', f[1][1:])
            return 1
        show(f[1:])
        if f[0] == '.':
            return 0


sys.exit(main(sys.argv[1:]))
