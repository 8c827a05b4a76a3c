# SPDX-License-Identifier: 0BSD
"""ask.py - ask quill-verifyd and quill-authd as a program would

	ask.py verify HOME < addresses       a line for each: "class user how|text"
	ask.py auth HOME USER PASSWORD [CLIENT [SERVICE [T|P]]]
"""
import os
import socket
import sys


def connect(home, name):
    s = socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    s.connect(os.path.join(home, "run", name, "socket"))
    s.settimeout(60)
    return s


def verify(home):
    s = connect(home, "verify")
    words = {"=": "yes", "D": "no", "Z": "temp", "R": "remote"}
    for n, line in enumerate(sys.stdin):
        addr = line.rstrip("\n")
        s.send(b"N%d\0%s\0" % (n, os.fsencode(addr)))
        got = s.recv(10000).decode("utf-8", "surrogateescape").split("\0")
        assert got[0] == "N%d" % n, got
        _, word, uid, user, local, how, text, _ = got
        print(addr, words[word], user, uid, how or text)


def auth(home, user, password, client="192.0.2.1", service="submission",
         tls="T"):
    s = connect(home, "auth")
    s.send(b"\0".join(os.fsencode(x) for x in
                      ("1", user, password, client, service, tls, "")))
    got = s.recv(10000)
    print({b"=": "yes", b"D": "no", b"Z": "temp"}.get(got[:1], "closed"),
          os.fsdecode(got[1:-1]))


{"verify": verify, "auth": auth}[sys.argv[1]](*sys.argv[2:])
