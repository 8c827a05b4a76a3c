# SPDX-License-Identifier: 0BSD
"""What tests in Python share: TAP on standard output. A test ends with
done()."""
import sys
import time

count = failed = 0


def ok(good, name, *why):
    """Whether it is good; what else is given explains why it is not."""
    global count, failed
    count += 1
    print("%sok %d - %s" % ("" if good else "not ", count, name), flush=True)
    if not good:
        failed += 1
        for w in why:
            for line in (w if isinstance(w, str) else repr(w)).split("\n"):
                print("#   " + line[:800])
    return good


def same(got, want, name, *more):
    return ok(got == want, name, "got:  %r" % (got,), "want: %r" % (want,),
              *more)


def skip(name, why):
    global count
    count += 1
    print("ok %d # SKIP %s: %s" % (count, name, why), flush=True)


def wait_for(fn, seconds=60):
    """Whether fn() became true, for what should come at once."""
    end = time.monotonic() + seconds
    while not fn():
        if time.monotonic() > end:
            return False
        time.sleep(0.02)
    return True


def done():
    print("1..%d" % count)
    sys.exit(failed != 0)
