#!/bin/sh
# SPDX-License-Identifier: 0BSD
# keep.t - one quill-queue for many messages (-k), and quill-smtpd as its caller.
# keep.py holds the cases.
. "$(dirname "$0")/../lib.sh"
need_root
need python3 strace setuidgid
quill_config quill.example
# strace takes setuid away, and a sanitized program must not have it
install -m 755 "$T/link/bin/quill-queue" "$H/plain-queue"
tap_from python3 -B "$TOP/tests/golden/keep.py" "$H"
