# SPDX-License-Identifier: 0BSD
"""swap.py A B READY: exchange two names again and again, until killed; READY is
made when that has begun. Exits 1 where there is no renameat2."""
import ctypes
import sys

swap = ctypes.CDLL(None).renameat2
a, b = (s.encode() for s in sys.argv[1:3])
if swap(-100, a, -100, b, 2) != 0:
    sys.exit(1)
open(sys.argv[3], "w").close()
while True:
    swap(-100, a, -100, b, 2)
