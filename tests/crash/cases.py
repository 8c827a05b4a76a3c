# SPDX-License-Identifier: 0BSD
"""The messages, and one case of each sort: a power cut, a kill, an error."""
import collections
import errno
import os
import time

from rig import Box, Copy, Message, Trouble

WINDOW = 4      # operations before which a cut may lead to a duplicate
L = '@local.example'
R = '@remote.example'
ERRORS = ('ENOSPC', 'EDQUOT', 'EIO', 'short')


def workloads(rig):
    """Lists of messages by name; all of them together are "all"."""
    u1, u2, none, bad = 'u1' + L, 'u2' + L, 'u1-none' + L, 'bad' + R
    r1, r2 = 'r1' + R, 'r2' + R
    table = (
        ('local1', u2, (u1,), (('box', 'u1'),), 700),
        ('local2', u2, (u1, u2), (('box', 'u1'), ('box', 'u2')), 700),
        ('remote', u1, (r1,), (('sink', r1),), 700),
        ('forward', u1, ('u1-fwd' + L,), (('box', 'u2'),), 700),
        ('bounce', u1, (none,), (('dsn', 'u1', (none,)),), 700),
        ('rbounce', u1, (bad,), (('dsn', 'u1', (bad,)),), 700),
        ('double', none, (none,), (('dsn', 'u2', (none,)),), 700),
        ('mixed', u1, (u1, r1, none, u2, r2, bad),
         (('box', 'u1'), ('box', 'u2'), ('sink', r1), ('sink', r2),
          ('dsn', 'u1', (none, bad))), 700),
        ('big', u2, (u1,), (('box', 'u1'),), 300000),
    )
    kinds = collections.OrderedDict()
    for tag, sender, rcpts, want, size in table:
        kinds[tag] = [Message(rig, tag, sender, rcpts, want, size)]
    kinds['all'] = [m for k in kinds for m in kinds[k]]
    return kinds


class Outcome:
    def __init__(self):
        self.wrong = []         # texts
        self.lost = self.garbled = self.stuck = 0
        self.twice = []         # (tag, where, copies)
        self.aside = 0          # torn messages that were set aside
        self.refused = 0        # delivered although quill-queue failed

    def add(self, sort, text):
        if sort:
            setattr(self, sort, getattr(self, sort) + 1)
        self.wrong.append('%s %s' % ((sort or '').upper(), text))


def set_aside(rig, known, r, torn):
    """A message may be in queue/lost only when torn, and only a power cut
    tears one."""
    ids = {path.split('/')[2][:16] for _, path in rig.fs.files('queue/lost')}
    for qid in sorted(ids):
        # the envelope goes first, and the power may go between the two
        names = {path for d in ('lost', 'msg/' + qid[-1])
                 for _, path in rig.fs.files('queue/' + d)
                 if path.endswith('/%s.mess' % qid)}
        copies = [Copy(('lost',), rig.fs.do('read ' + n), n) for n in names]
        if torn and not any(
                not c.dsn and c.tag in known and c.whole(known[c.tag])
                for c in copies):
            r.aside += 1
        else:
            r.add('stuck', 'set aside: ' + qid)


def compare(rig, messages, codes, drained, torn=False):
    """What has become of the messages."""
    r = Outcome()
    if not drained:
        r.add('stuck', 'queue not empty: %s' % sorted(rig.queue()[0]))
    found = collections.defaultdict(list)
    known = {m.tag: m for m in messages}
    set_aside(rig, known, r, torn)
    for c in rig.copies():
        m = known.get(c.tag)
        if m is None or not c.whole(m):
            r.add('garbled', '%s %s: %d bytes' % (
                c.where, c.path or '', len(c.data)))
            continue
        found[c.tag, c.where[:2]].append(c)
    for m in messages:
        code = codes.get(m.tag)
        for w in m.want:
            n = found.pop((m.tag, w[:2]), [])
            if not n and code == 0:
                r.add('lost', '%s %s' % (m.tag, w))
            if n and code not in (0, None):
                r.refused += 1
            if len(n) > 1:
                r.twice.append((m.tag, w, n))
    for tag, where in found:
        r.add(None, '%s came to %s' % (tag, where))
    return r


def inject(rig, messages, hurry=False, prefix=()):
    box = Box(rig)
    box.tell('start', *prefix)
    if hurry:
        box.tell('hurry')
    for m in messages:
        box.tell('queue', m.tag, m.mess, m.env)
    return box


def finish(rig, messages, codes):
    """After a power cut: start again, let the queue drain, compare."""
    box = Box(rig)
    box.tell('start')
    box.tell('hurry')
    drained = rig.wait_drained(box)
    box.off()
    return compare(rig, messages, codes, drained, True)


def whole_run(rig, messages):
    """Without a fault; the number of operations."""
    rig.begin()
    box = inject(rig, messages)
    drained = rig.wait_drained(box, [m.tag for m in messages])
    rig.wait_idle(box)
    ops = rig.fs.ops()
    box.off()
    r = compare(rig, messages, box.codes, drained)
    if r.wrong or r.twice or set(box.codes.values()) != {0}:
        raise Trouble('without any fault: %s %s %s\n%s' %
                      (r.wrong, r.twice, box.codes, rig.log_text()))
    return ops


# --- power cuts ----------------------------------------------------------------
class Oplog:
    """The operations before the cut: (number, what, name, path)."""

    def __init__(self, text):
        self.ops = []
        for line in text.decode().splitlines():
            n, what, name, _, path = (line + ' ').split(' ', 4)
            self.ops.append((int(n), what, name, path.strip()))

    def sync_after(self, what, name, path):
        """Number of the first sync of path after that operation; or 0."""
        done = 0
        for n, w, o, p in self.ops[:-1]:
            if not done and w == what and o == name:
                done = n
            elif done and w == 'fsync' and p == path:
                return n
        return 0

    def durable(self, c):
        """With which operation a copy became durable; 0: it was in flight."""
        if c.ops is not None:
            return c.ops
        folder, name = c.path.rsplit('/', 1)
        return self.sync_after('rename', name, '/' + folder)

    def committed(self, qid):
        """The same for a message of the queue: envelope, names, message."""
        folder = '/queue/msg/' + qid[-1]
        want = ['%s/%s.env' % (folder, qid), folder,
                '%s/%s.mess' % (folder, qid)]
        for n, what, _, path in self.ops[:-1]:
            if what == 'fsync' and path == want[0]:
                want.pop(0)
                if not want:
                    return n
        return 0

    def width(self, after, qid, mark):
        """Operations on behalf of a delivery of the message qid, from the one
        after it was durable to the one that was cut: its mark (in the envelope
        at offset mark; None: any), the sync after that, what is done to the
        reasons, the removals and their sync. What is done for other
        recipients, as the bounce that says that they failed, and for other
        messages does not count."""
        count, marked, gone = 0, False, False
        for n, what, name, path in self.ops[:-1]:
            if n <= after:
                continue
            base = path.rsplit('/', 1)[-1]
            if what == 'fsync' and path == '/queue/msg/' + qid[-1]:
                count += gone
            elif path == '/queue/bounce':
                count += what == 'unlink' and name == qid
            elif not path.startswith('/queue/msg/'):
                continue
            elif base == qid + '.env':
                mine = what == 'write' and mark in (None, name)
                count += mine or (what == 'fdatasync' and marked)
                marked |= mine
            elif base[:16] == qid or name[:16] == qid:
                count += 1
                gone |= name == qid + '.env'
        return count + 1


def marks(rig, qid):
    """Where in its envelope file each recipient's mark is."""
    try:
        data = rig.fs.do('undead queue/msg/%s/%s.env' % (qid[-1], qid))
    except Trouble:
        return {}
    at, out = 0, {}
    for record in data.split(b'\0'):
        if record[:1] in tuple(b'%c' % m for m in b'THMmDXR') and at:
            out[record[1:].decode()] = '@%d' % at
        at += len(record) + 1
    return out


def repeats(log, copies, offsets=None):
    """What was done twice that these copies came to be: (how often, how many
    operations the cut was behind the first time's being durable). offsets:
    marks() of the messages."""
    delivered, made = collections.defaultdict(list), {}
    for c in copies:
        delivered[c.ids[0]].append(log.durable(c))
        for child, parent in zip(c.ids, c.ids[1:]):
            made.setdefault(parent, {})[child] = log.committed(child)
    out = []
    for qid, done in list(delivered.items()) + [
            (i, list(d.values())) for i, d in made.items()]:
        if len(done) > 1:
            mine = (offsets or {}).get(qid, {})
            where = copies[0].where[1]
            mark = mine.get(where, mine.get(where + L))
            known = [n for n in done if n]
            out.append((len(done), log.width(min(known), qid, mark)
                        if known else 1))
    return out


class Totals:
    def __init__(self, rig):
        self.rig = rig
        self.cases = self.dups = self.widest = self.refused = 0
        self.aside = 0
        self.lost = self.garbled = self.stuck = 0
        self.failures = []
        self.by = collections.Counter()
        self.slowest = 0

    def take(self, r, again):
        self.cases += 1
        self.lost += r.lost
        self.garbled += r.garbled
        self.stuck += r.stuck
        self.refused += r.refused
        self.dups += len(r.twice)
        self.aside += r.aside
        if r.wrong:
            self.failures.append(again)
            print('# FAILED, again by: sh tests/crash/run.sh ' + again)
            for text in r.wrong:
                print('#    ' + text, flush=True)
            with open(self.rig.failed, 'a') as f:
                f.write('\n'.join(
                    ['', '=== ' + again] + r.wrong +
                    ['%s %s' % (c.where, c.data.decode('latin-1'))
                     for c in self.rig.copies()] +
                    [self.rig.log_text()]))

    def line(self):
        return '%d cases: lost %d, garbled %d, stuck %d, duplicates %d' % (
            self.cases, self.lost, self.garbled, self.stuck, self.dups)


def cut(rig, kinds, kind, n, ways, totals, verbose=False):
    """The power goes before operation n; then for each (profile, policy, seed)
    what survives is mounted."""
    messages = kinds[kind]
    rig.begin()
    box = Box(rig)
    rig.fs.do('cut %d %d' % (n, box.init))
    box.tell('start')
    for m in messages:
        box.tell('queue', m.tag, m.mess, m.env)
    if rig.wait_drained(box, [m.tag for m in messages]):
        rig.wait_idle(box)
    box.off()
    idle = not rig.fs.is_cut()
    # of those that failed because of the cut, nothing is known
    codes = {t: c for t, c in box.codes.items() if c == 0}
    log = Oplog(rig.fs.do('log'))
    offsets = {qid: marks(rig, qid) for qid in box.ids.values()}
    rig.fs.do('wreck')
    before = list(rig.sink.got)
    if verbose:
        for o in log.ops:
            print('#   ', *o)
    for profile, policy, seed in ways:
        again = 'cut %s %d %s %s %d' % (kind, n, profile, policy, seed)
        rig.sink.got = list(before)
        rig.sink.late = True
        rig.fs.do('recover %s %s %d' % (profile, policy, seed))
        start = time.time()
        r = finish(rig, messages, codes)
        totals.slowest = max(totals.slowest, time.time() - start)
        for tag, where, copies in r.twice:
            totals.by[profile] += 1
            for times, w in repeats(log, copies, offsets):
                # when nothing was left to do there is no excuse
                w = 99 if idle else w
                totals.widest = max(totals.widest, w)
                if times > 2 or w > WINDOW:
                    r.add(None, 'DUPLICATE %s %s, %d times, %d operations '
                          'wide' % (tag, where, times, w))
        totals.take(r, again)
        if verbose:
            print('# %s: acked %s twice %s\n%s' % (
                again, sorted(codes), r.twice, rig.log_text()))


# --- kills and errors ------------------------------------------------------------
def kill(rig, kinds, kind, n, totals, verbose=False):
    """Kill who asks for operation n; the rest goes on."""
    messages = kinds[kind]
    rig.begin()
    rig.fs.do('kill %d' % n)
    box = inject(rig, messages, hurry=True)
    drained = rig.wait_drained(box, [m.tag for m in messages], 45)
    box.off()
    codes = {t: c for t, c in box.codes.items() if c == 0}
    r = compare(rig, messages, codes, drained)
    for tag, where, copies in r.twice:
        if any(times > 2 for times, _ in repeats(Oplog(b''), copies)):
            r.add(None, 'DUPLICATE %s %s: %s' % (
                tag, where, [c.ids for c in copies]))
    totals.take(r, 'kill %s %d' % (kind, n))
    if verbose:
        print(rig.log_text())


def may_be_found(log, n):
    """Operation n was one after the envelope was written whole: when it fails a
    scan may find the message before it is taken back."""
    for line in log.splitlines():
        words = line.split()
        if words and words[0] == str(n):
            return words[1] in ('setattr', 'fsync') and \
                words[-1].startswith('/queue/msg/')
    return False


def fail(rig, kinds, kind, n, count, error, totals, verbose=False):
    """Operations n to n + count - 1 fail, then all is well again."""
    messages = kinds[kind]
    rig.begin()
    rig.fs.do('fail %d %d %d' % (
        n, count, 0 if error == 'short' else getattr(errno, error)))
    box = inject(rig, messages, hurry=True)
    drained = rig.wait_drained(box, [m.tag for m in messages], 45)
    log = rig.fs.do('log').decode()
    box.off()
    r = compare(rig, messages, box.codes, drained)
    for tag, code in box.codes.items():
        if code != 0 and not 51 <= code <= 99:
            r.add(None, '%s: quill-queue exits %d' % (tag, code))
    if r.refused and count == 1 and not may_be_found(log, n):
        r.add(None, 'delivered although quill-queue failed')
    totals.take(r, 'fail %s %d %d %s' % (kind, n, count, error))
    if verbose:
        print(log, rig.log_text(), box.codes, r.twice)


# --- faults by strace --------------------------------------------------------------
def tracers(mark):
    """Processes of strace that write to the file mark."""
    found = []
    for p in os.listdir('/proc'):
        if p.isdigit():
            try:
                with open('/proc/%s/cmdline' % p, 'rb') as f:
                    words = f.read().split(b'\0')
            except OSError:
                continue
            if words[0].endswith(b'strace') and mark.encode() in words:
                found.append(int(p))
    return found


def traced(rig, kinds, kind, call, what, when, totals, verbose=False):
    """Every process of the suite meets a fault at its calls "when"; then the
    fault ends: the tracer goes away and leaves the suite running."""
    messages = kinds[kind]
    mark = os.path.join(rig.work, 'strace')
    rig.begin()
    box = inject(rig, messages, True, (
        'strace', '-D', '-f', '-qq', '-I', '1', '-o', mark,
        '-e', 'trace=' + call,
        '-e', 'inject=%s:%s:when=%s' % (call, what, when)))
    drained = rig.wait_drained(box, [m.tag for m in messages], 0.7)
    box.tell('plain')
    for p in tracers(mark):
        try:
            os.kill(p, 15)
        except ProcessLookupError:
            pass
    if not drained:
        drained = rig.wait_drained(box, [m.tag for m in messages], 45)
    box.off()
    codes = {t: c for t, c in box.codes.items() if c == 0}
    r = compare(rig, messages, codes, drained)
    totals.take(r, 'strace %s %s %s %s' % (kind, call, what, when))
    try:
        with open(mark, errors='replace') as f:
            totals.by['injected'] += f.read().count('(INJECTED)')
    except OSError:
        pass
    if verbose:
        print(rig.log_text())
        os.system('head -c 6000 ' + mark)
