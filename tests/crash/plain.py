# SPDX-License-Identifier: 0BSD
"""plain.py - the same on real file systems: a long run with kills and clocks
that jump, and ext4 and xfs whose power is cut by the shutdown ioctl."""
import fcntl
import os
import random
import re
import shutil
import signal
import struct
import subprocess
import threading
import time

import cases
from rig import Box, Message, Rig, Sink, Trouble

SHUTDOWN = 0x8004587d   # _IOR('X', 125, __u32), of ext4 and xfs alike
NOLOGFLUSH = 2          # what is not in the log yet is lost
DIGITS = '0123456789abcdefghijklmnopqrstuv'
DAY = 86400
END = re.compile(rb'E\d{10} [0-9a-f]{8}\0\Z')


class Dir:
    """What cutfs answers, of a directory."""

    def __init__(self, path):
        self.path = path

    def ops(self):
        return 0

    def is_cut(self):
        return False

    def end(self):
        pass

    def files(self, path):
        out = []
        for d, _, names in os.walk(os.path.join(self.path, path)):
            for n in names:
                full = os.path.join(d, n)
                out.append((self.size(full), os.path.relpath(full, self.path)))
        return out

    def size(self, path):
        if not path.endswith('.env'):
            return '0'
        try:
            with open(path, 'rb') as f:
                data = f.read()
        except OSError:
            return '0'
        return ('E' if END.search(data) else '') + str(len(data))

    def do(self, command):
        verb, _, path = command.partition(' ')
        if verb != 'read':
            raise Trouble('not a cutfs: ' + command)
        try:
            with open(os.path.join(self.path, path), 'rb') as f:
                return f.read()
        except OSError as e:
            raise Trouble(str(e))


class PlainRig(Rig):
    sure = 4        # a directory is not read in one moment

    def __init__(self, opts):
        self.home, self.work, self.box = opts.home, opts.work, opts.box
        self.mount, self.tree = opts.mount, opts.tree
        self.failed = opts.failed
        self.log = os.path.join(self.work, 'log')
        self.fs = Dir(self.mount)
        self.sink = Sink(self.fs)
        with open(self.home + '/control/smtproutes', 'w') as f:
            f.write(':[127.0.0.1]:%d\n' % self.sink.port)
        for name in ('retrylocal', 'retryremote'):
            with open(self.home + '/control/' + name, 'w') as f:
                f.write('1\n')

    def begin_plain(self):
        self.sink.got = []
        open(self.log, 'w').close()

    def populate(self):
        subprocess.check_call(['cp', '-a', self.tree + '/.', self.mount])


# --- the long run ------------------------------------------------------------------
def shift(rig, seconds):
    """As if the clock had jumped the other way: the queue is older or younger
    by that, in its ids and its times."""
    os.chdir(rig.mount + '/queue')
    names = [os.path.join(d, n) for top in ('msg', 'bounce')
             for d, _, files in os.walk(top) for n in files]
    for name in names:
        d, base = os.path.split(name)
        us = 0
        for c in base[:11]:
            us = us * 32 + DIGITS.index(c)
        us += seconds * 1000000
        new = ''
        for _ in range(11):
            new = DIGITS[us % 32] + new
            us //= 32
        st = os.stat(name)
        os.rename(name, os.path.join(d, new + base[11:]))
        os.utime(os.path.join(d, new + base[11:]),
                 ns=(st.st_atime_ns, st.st_mtime_ns + seconds * 10 ** 9))
    os.chdir('/')
    return len(names)


def suite_pids(rig):
    """Processes whose program is one of this home's."""
    out = []
    for p in os.listdir('/proc'):
        if p.isdigit():
            try:
                exe = os.readlink('/proc/%s/exe' % p)
            except OSError:
                continue
            if exe.startswith(rig.home + '/bin/'):
                out.append((int(p), os.path.basename(exe)))
    return out


def long_run(rig, total, seed, verdict):
    dice = random.Random(seed)
    u1, u2, none, r1 = ('u1' + cases.L, 'u2' + cases.L, 'u1-none' + cases.L,
                        'r1' + cases.R)
    sorts = ((u2, [u1], [('box', 'u1')]),
             (u1, [u1, u2], [('box', 'u1'), ('box', 'u2')]),
             (u1, [r1], [('sink', r1)]),
             (u1, ['u1-fwd' + cases.L], [('box', 'u2')]),
             (u1, [none], [('dsn', 'u1', (none,))]),
             (u1, [u2, r1, none],
              [('box', 'u2'), ('sink', r1), ('dsn', 'u1', (none,))]))
    rig.populate()
    open(rig.log, 'w').close()
    messages, codes = {}, {}
    waiting = set()
    reboots = kills = jumps = shifted = 0
    offset = 0
    box = Box(rig)
    box.tell('start')
    next_event = time.time() + 1
    began = time.time()

    def collect(b):
        for tag, code in b.codes.items():
            if tag in waiting:
                waiting.discard(tag)
                codes[tag] = code
        b.codes.clear()
        for m in [messages[t] for t in list(codes)[-200:]]:
            for path in (m.mess, m.env):
                if os.path.exists(path):
                    os.unlink(path)

    while len(messages) < total or waiting:
        while len(waiting) < 8 and len(messages) < total:
            tag = 'm%d' % len(messages)
            sender, rcpts, want = dice.choice(sorts)
            m = Message(rig, tag, sender, rcpts, want, 300)
            messages[tag] = m
            waiting.add(tag)
            box.tell('queue', tag, m.mess, m.env)
        box.wait(0.05)
        collect(box)
        if time.time() < next_event:
            continue
        next_event = time.time() + dice.uniform(0.1, 1.5)
        if dice.randrange(3):
            pids = suite_pids(rig)
            if pids:
                try:
                    os.kill(dice.choice(pids)[0], signal.SIGKILL)
                    kills += 1
                except ProcessLookupError:
                    pass
            continue
        box.off()
        collect(box)
        reboots += 1
        waiting.clear()         # nobody said that these were accepted
        if dice.randrange(2):
            jump = -DAY if offset > 0 else DAY if offset < 0 else \
                dice.choice((-DAY, DAY))
            offset += jump
            shifted += shift(rig, jump)
            jumps += 1
        box = Box(rig)
        box.tell('start')
    box.off()
    box = Box(rig)
    box.tell('start')
    box.tell('hurry')
    drained = rig.wait_drained(box, limit=600)
    rig.wait_idle(box)
    box.off()
    r = cases.compare(rig, list(messages.values()), codes, drained)
    acked = sum(1 for c in codes.values() if c == 0)
    print('# long: %d messages, %d acknowledged; %d kills, %d restarts of '
          'everything, %d jumps of the clock over %d files; %.0f s' % (
              len(messages), acked, kills, reboots, jumps, shifted,
              time.time() - began))
    print('# long: lost %d, garbled %d, stuck %d, duplicates %d, left over '
          'unfinished %d' % (r.lost, r.garbled, r.stuck, len(r.twice),
                             len(rig.queue()[1])))
    for text in r.wrong[:20]:
        print('#    ' + text)
    bad = [c for c in codes.values() if c and not 51 <= c <= 99 and c < 128]
    verdict(not r.wrong and not bad and acked > total / 2,
            'long: %d messages, kills, restarts, clocks: lost 0' % total)


# --- a real kernel -----------------------------------------------------------------
class Image:
    """A file system of that type in a file, on a loop device, mounted."""

    def __init__(self, rig, kind):
        self.rig = rig
        self.kind = kind
        self.file = os.path.join(rig.work, 'image')
        self.fresh = os.path.join(rig.work, 'image.' + kind)
        self.device = None
        with open(self.fresh, 'wb') as f:
            f.truncate((320 if kind == 'xfs' else 48) << 20)
        subprocess.check_call(
            ['mkfs.' + kind, '-q', self.fresh], stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL)
        self.file = self.fresh
        self.up()
        rig.populate()
        self.down()
        self.file = os.path.join(rig.work, 'image')

    def begin(self):
        subprocess.check_call(
            ['cp', '--sparse=always', self.fresh, self.file])
        self.up()

    def up(self):
        self.device = subprocess.check_output(
            ['losetup', '--show', '-f', self.file]).decode().strip()
        try:
            subprocess.check_call(
                ['mount', '-t', self.kind, self.device, self.rig.mount])
        except subprocess.CalledProcessError:
            subprocess.call(['losetup', '-d', self.device])
            raise Trouble('cannot mount ' + self.kind)

    def down(self):
        for _ in range(100):
            if subprocess.call(['umount', self.rig.mount],
                               stderr=subprocess.DEVNULL) == 0:
                break
            time.sleep(0.05)
        subprocess.call(['losetup', '-d', self.device])
        self.device = None

    def cut(self):
        fd = os.open(self.rig.mount, os.O_RDONLY)
        try:
            fcntl.ioctl(fd, SHUTDOWN, struct.pack('I', NOLOGFLUSH))
        finally:
            os.close(fd)


class Flag(Dir):
    cut = False

    def is_cut(self):
        return self.cut


def kernel(rig, kind, rounds, seed, verdict, skip):
    name = 'power cuts of ' + kind
    if shutil.which('mkfs.' + kind) is None:
        skip(name, 'mkfs.%s is not installed' % kind)
        return
    rig.fs = rig.sink.fs = Flag(rig.mount)
    dice = random.Random(seed)
    try:
        image = Image(rig, kind)
    except (Trouble, subprocess.CalledProcessError, OSError) as e:
        skip(name, 'cannot be mounted here: %s' % e)
        return
    t = cases.Totals(rig)
    acked = 0
    messages = [m for m in cases.workloads(rig)['all']]
    for i in range(rounds):
        rig.fs.cut = False
        rig.begin_plain()
        image.begin()
        box = cases.inject(rig, messages)
        timer = threading.Timer(dice.uniform(0, 0.1), lambda: None)
        timer.start()
        while timer.is_alive():
            box.wait(0.002)
        rig.fs.cut = True
        image.cut()
        box.off()
        codes = {k: c for k, c in box.codes.items() if c == 0}
        acked += len(codes)
        image.down()
        rig.fs.cut = False
        image.up()
        r = cases.finish(rig, messages, codes)
        t.take(r, 'kernel %s, round %d: chance decides' % (kind, i))
        image.down()
    print('# %s: %s; %d of %d messages acknowledged before their cut' % (
        kind, t.line(), acked, rounds * len(messages)))
    verdict(not t.failures and acked > 0, '%s: %d power cuts by the shutdown '
            'ioctl: lost 0, garbled 0, stuck 0' % (kind, t.cases))
