# SPDX-License-Identifier: 0BSD
# milter_stub.py SOCKET LOG: a mail filter for what real ones do not do on
# demand. The file MODE in the current directory says what, one word and more:
#	none            accept, change nothing
#	at X Y          answer Y (bytes, \0 and so on) to command X
#	end Y...        send packets Y before the verdict, then continue
#	few Y...        the same, of what it has not agreed to
#	hang            never answer the end      garbage   no packet at all
#	hangup X        close when X comes        slow      progress, then accept
#	noreply         wants nothing and answers nothing but the end
#	eicar           refuse a message with the test signature
import os, socket, struct, sys, threading, time

path, logname = sys.argv[1:3]
try:
    os.unlink(path)
except OSError:
    pass
s = socket.socket(socket.AF_UNIX)
s.bind(path)
os.chmod(path, 0o777)
s.listen(20)


def put(c, p):
    c.sendall(struct.pack(">I", len(p)) + p)


def rd(c, n):
    b = b""
    while len(b) < n:
        x = c.recv(n - len(b))
        if not x:
            raise EOFError
        b += x
    return b


def unescape(w):
    return w.encode("latin-1").decode("unicode_escape").encode("latin-1")


def talk(c):
    words = open("MODE").read().split("\n")[0].split(" ")
    mode, args = words[0], words[1:]
    body = b""
    lines = []
    while True:
        n, = struct.unpack(">I", rd(c, 4))
        p = rd(c, n)
        x, d = p[:1].decode("latin-1"), p[1:]
        lines.append("%s %r" % (x, d))
        if x == "B":
            body += d
        if x in "EQ":
            with open(logname, "w") as f:
                f.write("\n".join(lines) + "\n")
            with open(logname + ".body", "wb") as f:
                f.write(body)
        if x == "Q":
            return
        if mode == "hangup" and x == args[0]:
            return
        if mode == "garbage" and x == "C":
            c.sendall(b"HTTP/1.0 200 OK\r\n\r\n")
            return
        if x == "D":
            continue
        if x == "O":
            steps = 0x1f0000 | 0xff080 | 0x400 if mode == "noreply" else 0
            if mode == "noreply":
                steps = 0x1fffff & ~0x100000 & ~0x800 & ~0x100 & ~0x20000
            put(c, b"O" + struct.pack(">III", 6, 0 if mode == "few" else 0xff,
                                      steps & 0x1d96ff))
            continue
        if mode == "noreply" and x != "E":
            continue
        if mode == "at" and x == args[0]:
            put(c, unescape(args[1].replace("_", " ")))
            continue
        if x == "E":
            if mode == "hang":
                time.sleep(100)
            if mode == "slow":
                for _ in range(4):
                    put(c, b"p")
                    time.sleep(0.7)
            if mode in ("end", "few"):
                for w in args:
                    put(c, unescape(w.replace("_", " ")))
            if mode == "eicar" and b"EICAR-STANDARD-ANTIVIRUS-TEST-FILE" in body:
                put(c, b"y550 5.7.1 Virus found: Eicar-Signature\0")
                continue
        put(c, b"c")


def one(c):
    try:
        talk(c)
    except (EOFError, OSError):
        pass
    c.close()


while True:
    c, _ = s.accept()
    threading.Thread(target=one, args=(c,), daemon=True).start()
