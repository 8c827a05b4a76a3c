# SPDX-License-Identifier: 0BSD
"""What a case of the crash test is made of: the file system, the box that the
suite runs in, a host that takes mail, and what is in the Maildirs at the end."""
import mmap
import os
import re
import select
import signal
import socket
import struct
import subprocess
import threading
import time

LIMIT = 20.0            # seconds until a queue that does not drain is stuck


class Trouble(Exception):
    pass


class Fs:
    """cutfs, mounted; commands as in control.c."""

    def __init__(self, program, mount, work):
        self.mount = mount
        self.path = os.path.join(work, 'cutfs.sock')
        self.counter = os.path.join(work, 'cutfs.counter')
        self.log = open(os.path.join(work, 'cutfs.log'), 'ab')
        self.proc = subprocess.Popen(
            [program, mount, self.path, self.counter],
            stdout=self.log, stderr=self.log)
        end = time.time() + 10
        while True:
            try:
                self.sock = socket.socket(socket.AF_UNIX)
                self.sock.connect(self.path)
                if os.path.ismount(mount):
                    break
            except OSError:
                pass
            self.sock.close()
            if self.proc.poll() is not None or time.time() > end:
                raise Trouble('cutfs does not start')
            time.sleep(0.01)
        fd = os.open(self.counter, os.O_RDONLY)
        self.map = mmap.mmap(fd, 16, prot=mmap.PROT_READ)
        os.close(fd)
        self.file = self.sock.makefile('rb')

    def do(self, command):
        self.sock.sendall(command.encode() + b'\n')
        head = self.file.readline().split()
        if not head or head[0] != b'ok':
            raise Trouble('cutfs: %s: %r' % (command, head))
        return self.file.read(int(head[1]))

    def ops(self):
        return struct.unpack_from('Q', self.map, 0)[0]

    def is_cut(self):
        return struct.unpack_from('Q', self.map, 8)[0] != 0

    def files(self, path):
        try:
            text = self.do('files ' + path)
        except Trouble:
            return []
        return [tuple(line.split(' ', 1))
                for line in text.decode().splitlines()]

    def end(self):
        try:
            self.do('quit')
        except (Trouble, OSError):
            self.proc.terminate()
        self.sock.close()
        self.proc.wait(10)


class Box:
    """The machine. events() gives its lines as lists of words."""

    def __init__(self, rig):
        self.proc = subprocess.Popen(
            [rig.box, rig.home, rig.log], stdin=subprocess.PIPE,
            stdout=subprocess.PIPE)
        self.out = self.proc.stdout.fileno()
        self.rest = b''
        self.dead = False
        self.codes = {}         # tag: exit code of quill-queue
        self.ids = {}
        self.ran = {}
        self.downs = []
        while not self.codes and not hasattr(self, 'init'):
            self.wait(1.0)

    def tell(self, *words):
        try:
            self.proc.stdin.write(' '.join(words).encode() + b'\n')
            self.proc.stdin.flush()
        except BrokenPipeError:
            pass

    def wait(self, seconds):
        """Take what it says, at most so long."""
        if self.dead:
            return
        if not select.select([self.out], [], [], seconds)[0]:
            return
        data = os.read(self.out, 65536)
        if not data:
            self.dead = True
            return
        lines = (self.rest + data).split(b'\n')
        self.rest = lines.pop()
        for line in lines:
            w = line.decode().split()
            if w[0] == 'init':
                self.init = int(w[1])
            elif w[0] == 'queued':
                self.codes[w[1]] = int(w[2])
                if w[3] != '-':
                    self.ids[w[1]] = w[3]
            elif w[0] == 'ran':
                self.ran[w[1]] = int(w[2])
            elif w[0] == 'down':
                self.downs.append(int(w[1]))

    def off(self):
        """Pull the plug; afterwards nothing of it is left."""
        try:
            os.kill(self.init, signal.SIGKILL)
        except ProcessLookupError:
            pass
        while not self.dead:
            self.wait(10.0)
        self.proc.stdin.close()
        self.proc.stdout.close()
        self.proc.wait(10)


class Sink:
    """An SMTP server for other hosts' mail. A recipient with "bad" in it is
    refused for good. got: (recipient, text, operations done by then)."""

    def __init__(self, fs):
        self.fs = fs
        self.got = []
        self.late = False       # after the cut operations are other ones
        self.sock = socket.socket()
        self.sock.bind(('127.0.0.1', 0))
        self.sock.listen(20)
        self.port = self.sock.getsockname()[1]
        threading.Thread(target=self.accept, daemon=True).start()

    def accept(self):
        while True:
            c, _ = self.sock.accept()
            threading.Thread(target=self.session, args=(c,),
                             daemon=True).start()

    def session(self, c):
        c.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        f = c.makefile('rb')
        rcpts = []
        try:
            c.sendall(b'220 sink.example ESMTP\r\n')
            for line in f:
                verb = line[:4].upper()
                if verb == b'EHLO':
                    reply = b'250-sink.example\r\n250 PIPELINING\r\n'
                elif verb == b'RCPT':
                    to = re.search(rb'<(.*)>', line).group(1)
                    if b'bad' in to:
                        reply = b'550 5.1.1 no such user here\r\n'
                    else:
                        rcpts.append(to.decode())
                        reply = b'250 2.1.5 ok\r\n'
                elif verb == b'DATA' and rcpts:
                    c.sendall(b'354 go ahead\r\n')
                    text = []
                    for t in f:
                        if t == b'.\r\n':
                            break
                        text.append(t[1:] if t[:1] == b'.' else t)
                    else:
                        return
                    if self.fs.is_cut():
                        return
                    ops = 0 if self.late else self.fs.ops()
                    for r in rcpts:
                        self.got.append((r, b''.join(text), ops))
                    rcpts = []
                    reply = b'250 2.0.0 ok\r\n'
                elif verb == b'DATA':
                    reply = b'503 5.5.1 no recipient\r\n'
                elif verb in (b'MAIL', b'RSET'):
                    rcpts = []
                    reply = b'250 2.0.0 ok\r\n'
                elif verb == b'QUIT':
                    c.sendall(b'221 2.0.0 bye\r\n')
                    return
                else:
                    reply = b'502 5.5.1 what?\r\n'
                c.sendall(reply)
        except OSError:
            pass
        finally:
            f.close()
            c.close()


class Message:
    """One message of a workload. want: where copies must come to be, as
    ('box', user), ('sink', recipient) or ('dsn', user, (failed, ...))."""

    def __init__(self, rig, tag, sender, rcpts, want, size=700):
        self.tag = tag
        self.rcpts = rcpts
        self.want = want
        body = ['From: <%s>' % sender, 'Subject: crash test',
                'X-Token: <<%s>>' % tag, '']
        i = 0
        while size > 0:
            body.append('%s line %d %s' % (tag, i, 'x' * (i % 60)))
            size -= len(body[-1]) + 1
            i += 1
        body.append('the end of %s' % tag)
        self.text = ('\n'.join(body) + '\n').encode()
        env = 'F%s\0' % sender + ''.join('T%s\0' % r for r in rcpts) + '\0'
        self.mess = os.path.join(rig.work, 'm.' + tag)
        self.env = os.path.join(rig.work, 'e.' + tag)
        for path, data in ((self.mess, self.text), (self.env, env.encode())):
            with open(path, 'wb') as f:
                f.write(data)


ADDED = re.compile(rb'((Return-Path|Delivered-To|Received): .*\n([ \t].*\n)*)+')
TOKEN = re.compile(rb'^X-Token: <<(\S+)>>\r?$', re.M)
QID = re.compile(rb'^Received: .* id ([0-9a-v]{16})\);', re.M)


class Copy:
    """A message that came to be somewhere."""

    def __init__(self, where, data, path=None, ops=None):
        self.where = where      # as in Message.want
        self.data = data
        self.path = path
        self.ops = ops
        m = TOKEN.search(data)
        self.tag = m.group(1).decode() if m else None
        self.dsn = b'\nContent-Type: multipart/report;' in data
        # of the message of the queue that was delivered here, of the one that
        # it was a forward or a bounce of, and so on
        self.ids = [i.decode() for i in QID.findall(data)]

    def whole(self, message):
        if self.where[0] == 'sink':
            data = self.data.replace(b'\r\n', b'\n')
        else:
            data = self.data
        if self.dsn:
            if message.text not in data or not data.endswith(b'--\n'):
                return False
            top = data.split(b'message/delivery-status')[0]
            return all(b'<%s>:\n' % r.encode() in top
                       for w in message.want if w[0] == 'dsn'
                       for r in w[2])
        if not data.endswith(message.text):
            return False
        m = ADDED.match(data)
        return m is not None and m.end() == len(data) - len(message.text)


class Rig:
    sure = 1        # how often an empty queue must be seen

    def __init__(self, opts):
        self.home = opts.home
        self.work = opts.work
        self.box = opts.box
        self.mount = opts.mount
        self.failed = opts.failed
        self.log = os.path.join(self.work, 'log')
        self.fs = Fs(opts.cutfs, self.mount, self.work)
        subprocess.check_call(['cp', '-a', opts.tree + '/.', self.mount])
        self.fs.do('base')
        self.sink = Sink(self.fs)
        with open(self.home + '/control/smtproutes', 'w') as f:
            f.write(':[127.0.0.1]:%d\n' % self.sink.port)

    def begin(self):
        """A fresh image and no log."""
        self.fs.do('reset')
        self.sink.got = []
        self.sink.late = False
        open(self.log, 'w').close()

    def log_text(self):
        with open(self.log, errors='replace') as f:
            return f.read()

    def queue(self):
        """Ids of complete messages in the queue, and leftovers."""
        full, rest = set(), set()
        for size, path in self.fs.files('queue/msg'):
            name = path.rsplit('/', 1)[1]
            if size[0] == 'E':
                full.add(name[:16])
            else:
                rest.add(name)
        return full, {n for n in rest if n[:16] not in full}

    def wait_drained(self, box, tags=(), limit=LIMIT):
        """Until every queue job of tags has ended and the queue has no
        complete message. False: it was cut, or (None) it is stuck."""
        end = time.time() + limit
        pause, empty = 0.002, 0
        while True:
            box.wait(pause)
            if box.dead:
                return False
            if all(t in box.codes for t in tags) and not self.queue()[0]:
                empty += 1
                if empty >= self.sure:
                    return True
            else:
                empty = 0
            if time.time() > end:
                return None
            pause = min(pause * 1.3, 0.02)

    def wait_idle(self, box, quiet=0.03, limit=2.0):
        """Until there was no operation for a while, or it was cut."""
        end = time.time() + limit
        ops, since = self.fs.ops(), time.time()
        while not box.dead and time.time() < end:
            box.wait(quiet / 4)
            if self.fs.ops() != ops:
                ops, since = self.fs.ops(), time.time()
            elif time.time() - since > quiet:
                return

    def copies(self):
        got = []
        for user in ('u1', 'u2'):
            for sub in ('new', 'cur'):
                d = 'home/%s/Maildir/%s' % (user, sub)
                for _, path in self.fs.files(d):
                    c = Copy(('box', user), self.fs.do('read ' + path), path)
                    if c.dsn:
                        c.where = ('dsn', user)
                    got.append(c)
        for rcpt, text, ops in self.sink.got:
            got.append(Copy(('sink', rcpt), text, None, ops))
        return got
