#!/bin/sh
# SPDX-License-Identifier: 0BSD
. "$(dirname "$0")/../lib.sh"
. "$TOP/tests/crash/setup.sh"
crash_setup
crash "$@"
tests_plan=$?
exit $tests_plan
