# SPDX-License-Identifier: 0BSD
"""crash.py - cut the power, kill, and make operations fail; count the mail

Started by run.sh, which says how. Each line of output is TAP or a comment."""
import argparse
import collections
import errno
import os
import random
import sys
import time

from rig import Box, Message, Rig, Trouble

PROFILES = ('strict', 'journal')
POLICIES = ('none', 'prefix', 'random', 'all')
WINDOW = 4              # operations in which a duplicate may happen
L = '@local.example'
R = '@remote.example'


# --- workloads -----------------------------------------------------------------
def workloads(rig):
    def m(tag, sender, rcpts, want, **more):
        return Message(rig, tag, sender, rcpts, want, **more)

    u1, u2, none = 'u1' + L, 'u2' + L, 'u1-none' + L
    kinds = collections.OrderedDict()
    kinds['local1'] = [m('local1', u2, [u1], [('box', 'u1')])]
    kinds['local2'] = [m('local2', u2, [u1, u2],
                         [('box', 'u1'), ('box', 'u2')])]
    kinds['remote'] = [m('remote', u1, ['r1' + R], [('sink', 'r1' + R)])]
    kinds['forward'] = [m('forward', u1, ['u1-fwd' + L], [('box', 'u2')])]
    kinds['bounce'] = [m('bounce', u1, [none], [('dsn', 'u1', (none,))])]
    kinds['rbounce'] = [m('rbounce', u1, ['bad' + R],
                          [('dsn', 'u1', ('bad' + R,))])]
    kinds['double'] = [m('double', none, [none], [('dsn', 'u2', (none,))])]
    kinds['mixed'] = [m('mixed', u1,
                        [u1, 'r1' + R, none, u2, 'r2' + R, 'bad' + R],
                        [('box', 'u1'), ('box', 'u2'), ('sink', 'r1' + R),
                         ('sink', 'r2' + R), ('dsn', 'u1', (none, 'bad' + R))])]
    kinds['big'] = [m('big', u2, [u1], [('box', 'u1')], size=300000)]
    every = [k for k in list(kinds)]
    kinds['all'] = [kinds[k][0] for k in every]
    return kinds


# --- one run -------------------------------------------------------------------
class Result:
    def __init__(self):
        self.lost, self.garbled, self.stuck = [], [], []
        self.twice = []         # (tag, where, copies)
        self.odd = []

    def bad(self):
        return self.lost + self.garbled + self.stuck + self.odd


def inject(rig, messages):
    box = Box(rig)
    box.tell('start')
    for m in messages:
        box.tell('queue', m.tag, m.mess, m.env)
    return box


def compare(rig, messages, acked, drained):
    """What has become of the messages."""
    r = Result()
    if not drained:
        r.stuck.append('queue not empty: %s' % sorted(rig.queue()[0]))
    for _, path in rig.fs.files('queue/lost'):
        r.stuck.append('set aside: ' + path)
    found = collections.defaultdict(list)
    known = {m.tag: m for m in messages}
    for c in rig.copies():
        m = known.get(c.tag)
        if m is None or not c.whole(m):
            r.garbled.append('%s %s' % (c.where, c.path or ''))
            continue
        found[c.tag, c.where[:2]].append(c)
    for m in messages:
        for w in m.want:
            n = found.pop((m.tag, w[:2]), [])
            if not n and m.tag in acked:
                r.lost.append('%s %s' % (m.tag, w))
            if len(n) > 1:
                r.twice.append((m.tag, w, n))
    for tag, where in found:
        r.odd.append('%s came to %s' % (tag, where))
    return r


def finish(rig, messages, acked, limit=None):
    """After a fault: start again, let the queue drain, compare."""
    box = Box(rig)
    box.tell('start')
    box.tell('hurry')
    drained = rig.wait_drained(box, **({'limit': limit} if limit else {}))
    box.off()
    return compare(rig, messages, acked, drained)


def whole_run(rig, messages):
    """Without a fault; the number of operations."""
    rig.begin()
    box = inject(rig, messages)
    drained = rig.wait_drained(box, [m.tag for m in messages])
    time.sleep(0.02)
    ops = rig.fs.ops()
    box.off()
    r = compare(rig, messages, {m.tag for m in messages}, drained)
    if r.bad() or r.twice or set(box.codes.values()) != {0}:
        raise Trouble('without any fault: %s %s %s\n%s' %
                      (r.bad(), r.twice, box.codes, rig.log_text()))
    return ops


# --- power cuts ----------------------------------------------------------------
class Oplog:
    def __init__(self, text):
        self.ops = []
        for line in text.decode().splitlines():
            n, what, name, pid, path = (line + '     ').split(' ', 4)
            self.ops.append((int(n), what, name, path.strip()))

    def durable(self, c):
        """Operation that made the first of these copies durable, 0 unknown
        (it was still in flight). c: the copy."""
        if c.ops is not None:
            return c.ops
        name = c.path.rsplit('/', 1)[1]
        at = [n for n, what, o, _ in self.ops if what == 'rename' and o == name]
        for n, what, _, path in self.ops:
            if at and n > at[0] and what == 'fsync' and path == '/' + \
                    c.path.rsplit('/', 1)[0]:
                return n
        return 0

    def committed(self, qid):
        """Operation with which quill-queue committed that message."""
        made = [n for n, what, name, _ in self.ops
                if what == 'create' and name == qid + '.env']
        for n, what, _, path in self.ops:
            if made and n > made[0] and what == 'fsync' and \
                    path == '/queue/msg/' + qid[-1]:
                return n
        return 0

    def has(self, qid):
        return any(name == qid + '.env' for _, _, name, _ in self.ops)

    def touching(self, after, ids):
        """How many operations after that one are on the files of ids."""
        count = 0
        for n, what, name, path in self.ops[:-1]:
            base = path.rsplit('/', 1)[-1]
            if n > after and (base[:16] in ids or name[:16] in ids or
                              (what == 'fsync' and any(
                                  path == '/queue/msg/' + i[-1]
                                  for i in ids))):
                count += 1
        return count


def window(oplog, copies, origin):
    """How many operations about the message that was being delivered had been
    done after its first copy was durable and before the cut."""
    ids = [c.id for c in copies]
    if len(set(ids)) < len(ids):
        # the same message of the queue was delivered twice
        qid = max(ids, key=ids.count)
        same = [c for c in copies if c.id == qid]
        at = [oplog.durable(c) for c in same]
        at = [a for a in at if a]
        return oplog.touching(min(at), {qid}) if at else 0
    # it was sent on twice: each copy is a message of its own
    at = [(oplog.committed(i), i) for i in set(ids) if oplog.has(i)]
    at = [a for a in at if a[0]]
    if not at:
        return 0
    first, child = min(at)
    older = {name[:16] for n, what, name, _ in oplog.ops
             if what == 'create' and name.endswith('.env') and
             name[:16] < child and (origin is None or name[:16] == origin)}
    return oplog.touching(first, older)


class Cuts:
    def __init__(self, rig, kinds, opts):
        self.rig, self.kinds, self.opts = rig, kinds, opts
        self.count = self.dups = self.widest = 0
        self.failures = []
        self.dup_by = collections.Counter()

    def again(self, kind, n, profile, policy, seed):
        return 'sh tests/crash/run.sh cut %s %d %s %s %d' % (
            kind, n, profile, policy, seed)

    def cut(self, kind, n, ways):
        """Cut before operation n; ways: (profile, policy, seed)..."""
        rig, messages = self.rig, self.kinds[kind]
        rig.begin()
        box = Box(rig)
        rig.fs.do('cut %d %d' % (n, box.init))
        box.tell('start')
        for m in messages:
            box.tell('queue', m.tag, m.mess, m.env)
        rig.wait_drained(box, [m.tag for m in messages])
        box.off()
        acked = {t for t, c in box.codes.items() if c == 0}
        oplog = Oplog(rig.fs.do('log'))
        rig.fs.do('wreck')
        before = list(rig.sink.got)
        ids = box.ids
        for profile, policy, seed in ways:
            self.count += 1
            rig.sink.got = list(before)
            rig.fs.do('recover %s %s %d' % (profile, policy, seed))
            open(rig.log, 'a').write('--- %s %s\n' % (profile, policy))
            r = finish(rig, messages, acked)
            again = self.again(kind, n, profile, policy, seed)
            wide = 0
            for tag, where, copies in r.twice:
                self.dups += 1
                self.dup_by[profile] += 1
                origin = ids.get(tag) if kind == 'all' and \
                    tag != 'double' else None
                wide = max(wide, window(oplog, copies, origin))
                self.widest = max(self.widest, wide)
                if len(copies) > 2 or wide > WINDOW:
                    r.odd.append('%s twice, %d operations wide: %s' % (
                        tag, wide, [(c.where, c.id) for c in copies]))
            if r.bad():
                self.failures.append((again, r.bad()))
                print('# FAILED: %s' % again)
                for what in r.bad():
                    print('#    %s' % (what,))
                if self.opts.verbose:
                    for o in oplog.ops:
                        print('#      ', *o)
                    print(rig.log_text())
                sys.stdout.flush()
            elif self.opts.verbose:
                print('# %s: fine, acked %s, twice %s, window %d' % (
                    again, sorted(acked), [t[:2] for t in r.twice], wide))


def main():
    p = argparse.ArgumentParser()
    for name in ('home', 'tree', 'mount', 'work', 'cutfs', 'box'):
        p.add_argument('--' + name, required=True)
    p.add_argument('--verbose', action='store_true')
    p.add_argument('--seed', type=int, default=1)
    p.add_argument('what', nargs='+')
    opts = p.parse_args()
    rig = Rig(opts)
    try:
        kinds = workloads(rig)
        if opts.what[0] == 'learn':
            for k in kinds:
                t = time.time()
                n = whole_run(rig, kinds[k])
                print('# %s: %d operations, %.3f s' % (k, n, time.time() - t))
        elif opts.what[0] == 'cut':
            c = Cuts(rig, kinds, opts)
            c.cut(opts.what[1], int(opts.what[2]),
                  [(opts.what[3], opts.what[4], int(opts.what[5]))])
    finally:
        rig.fs.end()


main()
