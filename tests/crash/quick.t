#!/bin/sh
# SPDX-License-Identifier: 0BSD
# A sample of the crash tests; make check-crash does all. SEED=n: another one.
. "$(dirname "$0")/../lib.sh"
. "$TOP/tests/crash/setup.sh"
crash_setup
crash quick
controls no-directory-sync
done_testing
