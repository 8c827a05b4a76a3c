#!/bin/sh
# SPDX-License-Identifier: 0BSD
# run.sh - the crash tests at full length, and single cases of them
#
#	sh tests/crash/run.sh full		as make check-crash does
#	sh tests/crash/run.sh quick		as quick.t does
#	sh tests/crash/run.sh controls [NAME...]
#	sh tests/crash/run.sh cut WORKLOAD N PROFILE POLICY SEED
#	sh tests/crash/run.sh kill WORKLOAD N
#	sh tests/crash/run.sh fail WORKLOAD N COUNT ERRNO|short
#	sh tests/crash/run.sh strace WORKLOAD CALL FAULT WHEN
#	sh tests/crash/run.sh kernel ext4|xfs	100 cuts on a loop device
#	sh tests/crash/run.sh long		20,000 messages, then kernel
#	sh tests/crash/run.sh errors		only the errors
#	sh tests/crash/run.sh straces		only the faults by strace
#	sh tests/crash/run.sh learn		operations of each workload
#
# Single cases tell everything; logs of failures are added to B/crash/failed.
# CRASH=all: longer. SEED=N: what chance decides, MESSAGES=N: how many in the
# long run.
#
# In a mount namespace of its own: what is mounted here is then in no namespace
# that others make meanwhile, so a file system is gone when it is unmounted.
[ "${crash_alone:-}" ] || exec unshare -m env crash_alone=1 sh "$0" "$@"
. "$(dirname "$0")/../lib.sh"
. "$TOP/tests/crash/setup.sh"
verb=$1
shift
crash_setup
case $verb in
full)
	crash full ${CRASH:+"$CRASH"}
	controls
	[ "${CRASH:-}" != all ] || crash_long ;;
controls) controls "$@" ;;
kernel) crash kernel "$@" ;;
long) crash_long "$@" ;;
quick | learn | errors | straces) crash "$verb" "$@" ;;
*) crash --verbose "$verb" "$@" ;;
esac
done_testing
