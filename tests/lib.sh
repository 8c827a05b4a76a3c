# SPDX-License-Identifier: 0BSD
# lib.sh - what the shell tests share; tests/README lists the functions
#
# A test starts with
#	#!/bin/sh
#	. "$(dirname "$0")/../lib.sh"
# and is run from anywhere. B names the build directory (default build), SAN=1
# says that it was built with sanitizers, KEEP=1 keeps the temporary files.
# shellcheck shell=sh

TOP=$(cd "$(dirname "$0")/../.." && pwd) || exit 99
SELF=$(cd "$(dirname "$0")" && pwd)/${0##*/}
SAN=${SAN:-}
if [ -z "${B:-}" ]; then
	if [ "$SAN" ]; then B=build/san; else B=build; fi
fi
case $B in /*) ;; *) B=$TOP/$B ;; esac
T=$(mktemp -d "${TMPDIR:-/tmp}/quill-test.XXXXXX") || exit 99
chmod 755 "$T"
PATH=$PATH:/usr/sbin:/sbin:/usr/local/bin
# Messages of programs are compared, dates are computed.
LC_ALL=C TZ=UTC
export TOP B SAN T PATH LC_ALL TZ
# The variables that steer quill's programs must come from the test alone.
for v in $(env | sed -n 's/^\(\(QUILL\|QMAIL\)[A-Z]*\)=.*/\1/p') RELAYCLIENT \
	DATABYTES MAILUSER MAILHOST MAILNAME; do
	unset "$v"
done
if [ "$SAN" ]; then
	mkdir -m 1777 "$T/san"
	chmod 1777 "$T/san"
	ASAN_OPTIONS=detect_leaks=0:log_path=$T/san/asan
	UBSAN_OPTIONS=print_stacktrace=1:log_path=$T/san/ubsan
	export ASAN_OPTIONS UBSAN_OPTIONS
fi
cd "$T" || exit 99

# --- TAP -------------------------------------------------------------------
tests_run=0 tests_failed=0 tests_plan=

# diag TEXT: comment lines in the output.
diag()
{
	printf '%s\n' "$*" | sed 's/^/# /'
}

# plan N: optional, instead of done_testing's count.
plan()
{
	tests_plan=$1
	echo "1..$1"
}

# skip_all WHY: this file cannot be run here.
skip_all()
{
	echo "1..0 # SKIP $*"
	tests_plan=0
	exit 0
}

pass()
{
	tests_run=$((tests_run + 1))
	echo "ok $tests_run - $*"
}

fail()
{
	tests_run=$((tests_run + 1))
	tests_failed=$((tests_failed + 1))
	echo "not ok $tests_run - $*"
}

# give_up WHY: nothing after this can work; counts as a failure.
give_up()
{
	fail "$*"
	tests_plan=0
	exit 99
}

# skip NAME WHY: one test that cannot be run here.
skip()
{
	tests_run=$((tests_run + 1))
	echo "ok $tests_run - $1 # SKIP $2"
}

# ok NAME CMD...: CMD exits 0. Its output is shown when it does not.
ok()
{
	ok_name=$1
	shift
	if "$@" >"$T/ok.out" 2>&1; then
		pass "$ok_name"
	else
		ok_rc=$?
		fail "$ok_name"
		diag "exit $ok_rc from: $*"
		head -c 3000 "$T/ok.out" | sed 's/^/#   /'
		return 1
	fi
}

# exits NAME CODE CMD...: CMD exits CODE; output stays in $T/out and $T/err.
exits()
{
	ex_name=$1 ex_want=$2
	shift 2
	ex_rc=0
	"$@" >"$T/out" 2>"$T/err" || ex_rc=$?
	if [ "$ex_rc" = "$ex_want" ]; then
		pass "$ex_name"
	else
		fail "$ex_name"
		diag "exit $ex_rc instead of $ex_want from: $*"
		head -c 2000 "$T/out" | sed 's/^/#   out: /'
		head -c 2000 "$T/err" | sed 's/^/#   err: /'
		return 1
	fi
}

# is NAME GOT WANT
is()
{
	if [ "$2" = "$3" ]; then
		pass "$1"
	else
		fail "$1"
		printf '%s\n' "$2" | head -c 2000 | sed 's/^/#   got:  /'
		printf '%s\n' "$3" | head -c 2000 | sed 's/^/#   want: /'
		return 1
	fi
}

# like NAME TEXT ERE, unlike NAME TEXT ERE: some line of TEXT matches, or none.
like()
{
	if printf '%s\n' "$2" | grep -Eq -e "$3"; then
		pass "$1"
	else
		fail "$1"
		diag "does not match: $3"
		printf '%s\n' "$2" | head -c 3000 | sed 's/^/#   /'
		return 1
	fi
}

unlike()
{
	if printf '%s\n' "$2" | grep -Eq -e "$3"; then
		fail "$1"
		diag "matches: $3"
		printf '%s\n' "$2" | head -c 3000 | sed 's/^/#   /'
		return 1
	else
		pass "$1"
	fi
}

# same NAME FILE1 FILE2: equal bytes.
same()
{
	ok "$1" cmp "$2" "$3"
}

# done_testing: the last line of every test.
done_testing()
{
	if [ "$SAN" ]; then
		find "$T/san" -type f >"$T/san.list"
		if [ -s "$T/san.list" ]; then
			fail "no sanitizer report"
			while read -r san_file; do
				diag "$san_file"
				head -n 25 "$san_file" | sed 's/^/#   /'
			done <"$T/san.list"
		else
			pass "no sanitizer report"
		fi
	fi
	[ "$tests_plan" ] || echo "1..$tests_run"
	tests_plan=$tests_run
	[ "$tests_failed" = 0 ]
	exit
}

# make, with the compiler that B was built with (check.sh sets TESTCC, TESTLD).
make()
{
	command make ${TESTCC:+"CC=$TESTCC"} ${TESTLD:+"LD=$TESTLD"} "$@"
}

# tap_from CMD...: the rest of this test is the output of CMD, with its own plan.
tap_from()
{
	"$@"
	tests_failed=$?
	tests_plan=0
	exit "$tests_failed"
}

# --- needs -----------------------------------------------------------------
# need_root; need CMD...: skip the whole file where they are missing.
need_root()
{
	[ "$(id -u)" = 0 ] || skip_all "needs root"
}

need()
{
	for need_cmd in "$@"; do
		command -v "$need_cmd" >/dev/null ||
			skip_all "$need_cmd is not installed"
	done
}

# own_net "$@": go on in a network and mount namespace of this test's own (lo
# up, 127.0.0.0/8 and ::1 only), so that ports need not be shared and files
# like /etc/resolv.conf can be bind-mounted. Call it first.
own_net()
{
	[ -z "${quill_test_net:-}" ] || return 0
	need_root
	unshare -n -m true 2>/dev/null || skip_all "no network namespaces here"
	cd "$TOP" || exit 99
	rm -rf "$T"
	trap - EXIT
	# shellcheck disable=SC2016
	exec unshare -n -m env quill_test_net=1 \
		sh -c 'ip link set lo up && exec sh "$@"' sh "$SELF" "$@"
}

# --- processes and waiting -------------------------------------------------
# wait_until SECONDS CMD...: 0 as soon as CMD succeeds, 1 at the deadline: three
# times SECONDS, which are those of an idle machine. (What is not to happen is
# not waited for with it. WAIT_MAX=N: N at most, for who breaks the code on
# purpose to see a test fail.)
wait_until()
{
	wait_end=$((3 * $1))
	[ "$wait_end" -le "${WAIT_MAX:-$wait_end}" ] || wait_end=$WAIT_MAX
	wait_end=$((wait_end + $(date +%s)))
	shift
	until "$@" >/dev/null 2>&1; do
		[ "$(date +%s)" -lt "$wait_end" ] || return 1
		sleep 0.1
	done
}

# bg CMD...: run in the background until the test ends; $bg_pid. Its output
# goes to $T/bg.log unless redirected.
bg()
{
	"$@" >>"$T/bg.log" 2>&1 </dev/null &
	bg_pid=$!
	echo "$bg_pid" >>"$T/.pids"
}

# bg_stop PID...: end background processes before the test ends.
bg_stop()
{
	for bg_p in "$@"; do
		kill "$bg_p" 2>/dev/null
		wait "$bg_p" 2>/dev/null
		sed -i "/^$bg_p\$/d" "$T/.pids"
	done
}

# free_port: a TCP port of 127.0.0.1 on which nobody listens.
free_port()
{
	port_try=0
	while [ $port_try -lt 50 ]; do
		port_try=$((port_try + 1))
		port_n=$((20000 + ($(od -An -N2 -tu2 /dev/urandom) % 12000)))
		listening "$port_n" || {
			echo "$port_n"
			return
		}
	done
	return 1
}

# listening PORT: somebody listens on that TCP port, on any address.
listening()
{
	cat /proc/net/tcp /proc/net/tcp6 2>/dev/null |
		grep -q ":$(printf %04X "$1") [0-9A-F]*:0000 0A "
}

# mktestuser [NAME]: a throw-away account; $testuser is its name, $testhome its
# home (below $T, with a Maildir). Gone when the test ends.
mktestuser()
{
	user_n=$((${user_n:-0} + 1))
	# a test that was killed may have left one of that name
	while id "qt$$-$user_n" >/dev/null 2>&1; do
		user_n=$((user_n + 1))
	done
	testuser=${1:-qt$$-$user_n}
	testhome=$T/user-$testuser
	useradd -M -d "$testhome" -s /bin/sh "$testuser" || return 1
	echo "$testuser" >>"$T/.users"
	mkdir -m 700 "$testhome" "$testhome/Maildir" "$testhome/Maildir/tmp" \
		"$testhome/Maildir/new" "$testhome/Maildir/cur" &&
		chown -R "$testuser:" "$testhome"
}

# --- the suite -------------------------------------------------------------
# quill_home: a private copy of the suite, linked for $H and installed there
# (the programs before that are in $T/link/bin).
quill_home()
{
	need_root
	H=$T/home
	export H
	if ! quill_home_make >"$T/install.log" 2>&1; then
		sed 's/^/# /' "$T/install.log"
		give_up "cannot install into $H"
	fi
}

quill_home_make()
{
	mkdir -p "$B" || return 1
	(
		# Several tests may come here at once.
		flock 9
		unset MAKEFLAGS MFLAGS MAKELEVEL
		# PARTIAL=1: what can be linked will do (while programs are
		# missing).
		make -s ${PARTIAL:+-k} -C "$TOP" B="${B#"$TOP"/}" SAN="$SAN" \
			R="$T/link" rhome="$H" relink || [ "${PARTIAL:-}" ] ||
			exit 1
		BIN=$T/link/bin sh "$TOP/src/tools/install.sh" install "$H" ||
			exit 1
	) 9>"$B/.lock"
}

# link_programs HOME PROGRAM...: these alone, linked for HOME, in $T/link/bin.
# That needs no root.
link_programs()
{
	link_home=$1
	shift
	mkdir -p "$B"
	(
		flock 9
		unset MAKEFLAGS MFLAGS MAKELEVEL
		for link_p in "$@"; do
			set -- "$@" "$T/link/bin/$link_p"
			shift
		done
		make -s -C "$TOP" B="${B#"$TOP"/}" SAN="$SAN" R="$T/link" \
			rhome="$link_home" "$@"
	) 9>"$B/.lock" >"$T/link.log" 2>&1 && return
	sed 's/^/# /' "$T/link.log"
	give_up "cannot link $*"
}

# quill_config [FQDN]: quill_home with control files for FQDN, whose retry
# and idle times are short.
quill_config()
{
	[ "${H:-}" ] || quill_home
	"$H/bin/quill-config" "${1:-quill.example}" >"$T/config.log" 2>&1 || {
		sed 's/^/# /' "$T/config.log"
		give_up "quill-config"
	}
}

# start_suite [quill-service options]: write services into $T/service, start
# svscan there and wait until everything is up. Without options one listener on
# 127.0.0.1:$SMTP_PORT, a free port. quill-verifyd, quill-authd only when asked for. Log files: $H/log/send/current, smtp.
start_suite()
{
	S=$T/service
	if [ $# = 0 ]; then
		SMTP_PORT=${SMTP_PORT:-$(free_port)}
		set -- --smtp "127.0.0.1:$SMTP_PORT"
	fi
	# Daemons that most tests do not need; an option that comes later counts.
	"$H/bin/quill-service" "$S" --verify no --auth no "$@" \
		>"$T/service.log" 2>&1 || {
		sed 's/^/# /' "$T/service.log"
		give_up "quill-service"
	}
	if [ "$SAN" ]; then
		for suite_d in "$S"/*/env; do
			# Address space must be unlimited for ASan.
			: >"$suite_d/MEMORY"
			echo "$ASAN_OPTIONS" >"$suite_d/ASAN_OPTIONS"
			echo "$UBSAN_OPTIONS" >"$suite_d/UBSAN_OPTIONS"
		done
	fi
	svscan_start
	wait_until 30 suite_up || {
		diag "the suite does not come up"
		suite_diag
		return 1
	}
}

# svscan_start: start svscan on $S (start_suite does it).
svscan_start()
{
	setsid svscan "$S" >"$T/svscan.log" 2>&1 </dev/null &
	echo $! >"$T/.svscan"
}

# suite_up: every service of $S is up, each listener listens.
suite_up()
{
	for suite_d in "$S"/*; do
		[ -e "$suite_d/down" ] && continue
		svstat "$suite_d" 2>/dev/null | grep -q ': up ' || return 1
		suite_port=$(sed -n 's/^# listens on .* port //p' \
			"$suite_d/run")
		[ -z "$suite_port" ] || listening "$suite_port" || return 1
		case ${suite_d##*/} in
		verify | auth)
			[ -S "$H/run/${suite_d##*/}/socket" ] || return 1 ;;
		esac
	done
	"$H/bin/quillctl" status >/dev/null 2>&1
}

# suite_diag: what one wants to see when something did not happen.
suite_diag()
{
	for suite_d in "$S"/* "$S"/*/log; do
		diag "$(svstat "$suite_d" 2>&1)"
	done
	for suite_d in "$H"/log/*/current; do
		diag "--- $suite_d"
		tail -n 40 "$suite_d" 2>&1 | sed 's/^/#   /'
	done
	diag "--- svscan"
	tail -n 10 "$T/svscan.log" 2>&1 | sed 's/^/#   /'
}

# stop_suite: everything down, logs flushed, svscan gone.
stop_suite()
{
	[ -s "$T/.svscan" ] || return 0
	# svscan first, or it would start new supervises.
	kill "$(cat "$T/.svscan")" 2>/dev/null
	wait "$(cat "$T/.svscan")" 2>/dev/null
	: >"$T/.svscan"
	for suite_d in "$S"/*; do
		svok "$suite_d" 2>/dev/null && svc -dx "$suite_d"
	done
	wait_until 20 suite_down "$S"/* || {
		diag "stop_suite: killing what is left"
		suite_diag
		for suite_d in "$S"/*; do
			svok "$suite_d" 2>/dev/null && svc -k "$suite_d"
		done
	}
	for suite_d in "$S"/*/log; do
		svok "$suite_d" 2>/dev/null && svc -dx "$suite_d"
	done
	wait_until 10 suite_down "$S"/* "$S"/*/log
}

suite_down()
{
	for down_d in "$@"; do
		! svok "$down_d" 2>/dev/null || return 1
	done
}

# queue_mail FROM TO...: queue the message on standard input.
queue_mail()
{
	{
		printf 'F%s\0' "$1"
		shift
		printf 'T%s\0' "$@"
		printf '\0'
	} >"$T/env"
	"$H/bin/quill-queue" 1<"$T/env"
}

# queue_count; queue_empty: messages in the queue of $H.
queue_count()
{
	"$H/bin/quillctl" queue --count
}

queue_empty()
{
	[ "$(queue_count)" = 0 ]
}

# maildir_count DIR: messages in new and cur.
maildir_count()
{
	find "$1/new" "$1/cur" -type f 2>/dev/null | wc -l | tr -d ' '
}

# maildir_has DIR N: at least N of them.
maildir_has()
{
	[ "$(maildir_count "$1")" -ge "$2" ]
}

# log_has ERE [SERVICE]: a line in its log matches (default: send).
log_has()
{
	cat "$H/log/${2:-send}"/@* "$H/log/${2:-send}/current" 2>/dev/null |
		grep -Eq -e "$1"
}

# --- the end ---------------------------------------------------------------
cleanup()
{
	cleanup_rc=$?
	trap '' HUP INT TERM
	[ -z "${S:-}" ] || stop_suite
	if [ -s "$T/.pids" ]; then
		while read -r cleanup_pid; do
			kill "$cleanup_pid" 2>/dev/null
		done <"$T/.pids"
	fi
	if [ -s "$T/.users" ]; then
		while read -r cleanup_user; do
			userdel "$cleanup_user" >/dev/null 2>&1
		done <"$T/.users"
	fi
	cd /
	if [ "${KEEP:-}" ]; then
		diag "kept: $T"
	else
		rm -rf "$T"
	fi
	if [ -z "$tests_plan" ] && [ $cleanup_rc = 0 ]; then
		fail "the test ended before done_testing"
		cleanup_rc=98
	fi
	exit $cleanup_rc
}
trap cleanup EXIT
trap 'exit 129' HUP
trap 'exit 130' INT
trap 'exit 143' TERM
