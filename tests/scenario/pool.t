#!/bin/sh
# SPDX-License-Identifier: 0BSD
# The quill-queues that wait for callers while quill-send runs: who is served,
# as whom, how many there are, and what happens when they are killed, held,
# starved or replaced. pool.py holds the cases.
. "$(dirname "$0")/../lib.sh"
own_net "$@"
need svscan python3 setuidgid prlimit
quill_config quill.example
# nothing leaves the queue: nobody is there
echo 'far.test:[127.0.0.2]:2500' >"$H/control/smtproutes"
echo 5000 >"$H/control/retryremote"
start_suite --smtp none
tap_from python3 -B "$TOP/tests/scenario/pool.py" "$H" "$S/send"
