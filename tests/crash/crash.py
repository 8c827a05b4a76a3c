# SPDX-License-Identifier: 0BSD
"""crash.py - cut the power, kill, and make operations fail; count the mail

Started by run.sh and quick.t, which say how. Lines "pass NAME" and "fail NAME"
become TAP there; the others are comments."""
import argparse
import os
import random
import signal
import sys
import time

import cases
import plain
from rig import Box, Rig, Trouble

PROFILES = ('strict', 'journal')
POLICIES = ('none', 'prefix', 'random', 'all')
ALL_WAYS = [(p, q) for p in PROFILES for q in POLICIES]


def verdict(good, name):
    print('%s %s' % ('pass' if good else 'fail', name), flush=True)


def skip(name, why):
    print('skip %s: %s' % (name, why), flush=True)


class Run:
    def __init__(self, rig, opts):
        self.rig = rig
        self.kinds = cases.workloads(rig)
        self.dice = random.Random(opts.seed)
        self.verbose = opts.verbose
        self.ops = {}
        self.began = time.time()

    def learn(self):
        for k in self.kinds:
            self.ops[k] = cases.whole_run(self.rig, self.kinds[k])
        print('# operations: ' + ', '.join(
            '%s %d' % i for i in self.ops.items()), flush=True)

    def places(self, kinds=None):
        """Every operation of every workload, and the end of each."""
        return [(k, n) for k in kinds or self.kinds
                for n in range(1, self.ops[k] + 2)]

    def report(self, what, t):
        print('# %s: %s; %.0f s' % (what, t.line(), time.time() - self.began),
              flush=True)

    def cuts(self, places, ways):
        t = cases.Totals(self.rig)
        for i, (k, n) in enumerate(places):
            if i % 100 == 99:
                self.report('so far', t)
            cases.cut(self.rig, self.kinds, k, n,
                      [(p, q, self.dice.randrange(1, 1 << 30))
                       for p, q in (ways(self.dice) if callable(ways)
                                    else ways)], t)
        self.report('power cuts', t)
        print('# duplicates: strict %d, journal %d; at most %d operations '
              'after the delivery was durable' % (
                  t.by['strict'], t.by['journal'], t.widest))
        print('# torn messages, never accepted, set aside: %d' % t.aside)
        verdict(not t.failures and t.cases, '%d power cuts: lost 0, garbled '
                '0, stuck 0, duplicates within %d operations' % (
                    t.cases, cases.WINDOW))

    def kills(self, places):
        t = cases.Totals(self.rig)
        for k, n in places:
            cases.kill(self.rig, self.kinds, k, n, t)
        self.report('kills', t)
        verdict(not t.failures and t.cases,
                '%d kills: lost 0, garbled 0, stuck 0' % t.cases)

    def errors(self, places, ways):
        t = cases.Totals(self.rig)
        for k, n in places:
            for error, count in ways(self.dice):
                cases.fail(self.rig, self.kinds, k, n, count, error, t)
        self.report('errors', t)
        print('# delivered although refused: %d' % t.refused)
        verdict(not t.failures and t.cases, '%d errors: temporary, lost 0, '
                'garbled 0, stuck 0' % t.cases)

    def all_errors(self, everything):
        self.errors(
            self.places() if everything else
            self.places([k for k in self.kinds if k != 'all']) +
            self.places(['all'])[::3],
            lambda dice: [(e, c) for e in cases.ERRORS for c in
                          ((1, 4, 25) if everything else
                           (dice.choice((1, 1, 6, 25)),))])

    def leftovers(self):
        """What was never accepted is removed when it is 36 hours old, and
        not when it is 35."""
        bad, seen, t = [], 0, cases.Totals(self.rig)
        for n in range(2, 5):
            for hours in (35, 37):
                cases.cut(self.rig, self.kinds, 'local1', n,
                          [('strict', 'all', 1)], t)
                full, rest = self.rig.queue()
                if not rest:
                    continue
                seen += 1
                plain.shift(self.rig, -hours * 3600)
                box = Box(self.rig)
                box.tell('start')
                box.tell('hurry')
                end = time.time() + (0.3 if hours == 35 else 5)
                while time.time() < end and self.rig.queue()[1]:
                    box.wait(0.02)
                box.off()
                if (hours == 37) == bool(self.rig.queue()[1]):
                    bad.append('cut %d, %d hours: %s' % (
                        n, hours, sorted(self.rig.queue()[1])))
        for text in bad:
            print('# ' + text)
        verdict(seen >= 6 and not bad and not t.failures,
                'what was never accepted goes when it is 36 hours old')

    def straces(self, places):
        t = cases.Totals(self.rig)
        for k, call, what, when in places:
            cases.traced(self.rig, self.kinds, k, call, what, when, t)
        self.report('faults by strace', t)
        print('# faults injected: %d' % t.by['injected'])
        verdict(not t.failures and (t.by['injected'] > 0 or
                                    t.cases < 20),
                '%d runs with faults by strace: lost 0, garbled 0, stuck 0' %
                t.cases)


KILL_CALLS = ('sendmsg', 'recvmsg', 'vfork,clone,clone3,fork', 'execve',
              'poll', 'pipe2', 'wait4')
FORKS = 'vfork,clone,clone3,fork'
FAULTS = ((FORKS, 'EAGAIN'), (FORKS, 'ENOMEM'), ('pipe2', 'EMFILE'),
          ('openat,open', 'EMFILE'), ('openat,open', 'ENOMEM'),
          ('openat,open', 'EINTR'), ('socketpair', 'EMFILE'),
          ('read,write', 'EINTR'), ('sendmsg', 'ENOBUFS'),
          ('recvmsg', 'EINTR'), ('poll', 'EINTR'), ('fstat,stat', 'ENOMEM'))


def strace_places(kinds, whens):
    out = []
    for k in kinds:
        for w in whens:
            out += [(k, c, 'signal=SIGKILL', str(w)) for c in KILL_CALLS]
            out += [(k, c, 'error=' + e, '%d..%d' % (w, w + 2))
                    for c, e in FAULTS]
    return out


def quick(run):
    """For make check: a sample."""
    run.learn()
    d = run.dice
    # every workload alone, and the crowd as often as three of them
    places = [(k, d.randint(1, run.ops[k] + 1)) for k in run.kinds
              for _ in range(20 if k == 'all' else 6)]
    run.cuts(places, lambda dice: dice.sample(ALL_WAYS, 2))
    run.kills([(k, d.randint(1, run.ops[k])) for k in run.kinds
               for _ in range(3)])
    run.errors([(k, d.randint(1, run.ops[k])) for k in run.kinds
                for _ in range(2)],
               lambda dice: [(dice.choice(cases.ERRORS),
                              dice.choice((1, 12)))])
    run.leftovers()
    run.straces(d.sample(strace_places(('mixed',), (1, 2, 3)), 5))


def full(run, everything):
    run.learn()
    run.cuts(run.places(), ALL_WAYS if not everything else ALL_WAYS + [
        w for w in ALL_WAYS if w[1] in ('prefix', 'random')] * 4)
    run.kills(run.places())
    run.all_errors(everything)
    run.leftovers()
    run.straces(strace_places(('mixed', 'forward', 'bounce') if everything
                              else ('mixed', 'forward'),
                              range(1, 9) if everything else (1, 2, 4)))


def caught(run, name, kinds):
    """A control: the broken build is in place. Is that seen?"""
    run.rig.failed = os.devnull
    t = cases.Totals(run.rig)
    n = 0
    for kind in kinds:
        ops = cases.whole_run(run.rig, run.kinds[kind])
        for at in range(ops + 1, 0, -1):
            ways = [(p, q, run.dice.randrange(1, 1 << 30)) for p, q in
                    ALL_WAYS + [('strict', 'random'), ('journal', 'random')]]
            with open(os.devnull, 'w') as sys.stdout:
                cases.cut(run.rig, run.kinds, kind, at, ways, t)
            sys.stdout = sys.__stdout__
            n += len(ways)
            if t.failures:
                break
        if t.failures:
            break
    print('# %s: %d cuts; %s' % (name, n, t.failures[:1] and
                                 'first seen by ' + t.failures[0]))
    verdict(bool(t.failures), 'control: %s is caught' % name)


def main():
    p = argparse.ArgumentParser()
    for name in ('home', 'tree', 'mount', 'work', 'cutfs', 'box'):
        p.add_argument('--' + name, required=True)
    p.add_argument('--failed', required=True)
    p.add_argument('--verbose', action='store_true')
    p.add_argument('--seed', type=int, default=1)
    p.add_argument('what', nargs='+')
    opts = p.parse_args()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))
    what, args = opts.what[0], opts.what[1:]
    if what in ('long', 'kernel'):
        rig = plain.PlainRig(opts)
        if what == 'long':
            plain.long_run(rig, int(args[0]), opts.seed, verdict)
        for kind in args if what == 'kernel' else ():
            plain.kernel(rig, kind, 100, opts.seed, verdict, skip)
        return
    rig = Rig(opts)
    try:
        run = Run(rig, opts)
        t = cases.Totals(rig)
        if what == 'learn':
            run.learn()
        elif what == 'quick':
            print('# seed %d' % opts.seed)
            quick(run)
        elif what == 'full':
            print('# seed %d' % opts.seed)
            full(run, 'all' in args)
        elif what == 'errors':
            run.learn()
            run.all_errors(False)
        elif what == 'straces':
            run.straces(strace_places(('mixed', 'forward'), (1, 2, 4)))
        elif what == 'control':
            caught(run, args[0], args[1:])
        elif what == 'cut':
            cases.cut(rig, run.kinds, args[0], int(args[1]),
                      [(args[2], args[3], int(args[4]))], t, True)
        elif what == 'kill':
            cases.kill(rig, run.kinds, args[0], int(args[1]), t, True)
        elif what == 'fail':
            cases.fail(rig, run.kinds, args[0], int(args[1]), int(args[2]),
                       args[3], t, True)
        elif what == 'strace':
            cases.traced(rig, run.kinds, *args, t, True)
        else:
            raise Trouble('crash.py: what is ' + what)
        if what in ('cut', 'kill', 'fail', 'strace'):
            verdict(not t.failures, ' '.join(opts.what))
    except Trouble as e:
        for line in str(e).splitlines():
            print('# ' + line)
        verdict(False, what)
    finally:
        rig.fs.end()


main()
