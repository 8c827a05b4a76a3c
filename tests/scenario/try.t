#!/bin/sh
# SPDX-License-Identifier: 0BSD
# README's first command: twice, stopped, started again, removed.
. "$(dirname "$0")/../lib.sh"
need_root
need svscan tcpserver
[ -z "$SAN${TESTCC:-}" ] || skip_all "once, with the default build, is enough"
[ ! -e /var/quill-try ] || skip_all "/var/quill-try exists"

try()
{
	(
		unset MAKEFLAGS MFLAGS MAKELEVEL
		sh "$TOP/src/tools/try.sh" "$@"
	)
}
ended()
{
	ended_rc=$?
	try remove >/dev/null 2>&1
	(exit $ended_rc)
	cleanup
}
trap ended EXIT

# What it says and what is there.
shown()
{
	sed -n 's/^ *\(\/var\/quill-try\/alias\/Maildir\/new\/[^ ]*\)$/\1/p' \
		"$T/out"
}
run()
{
	exits "$1" 0 try
	is "$1: two messages are shown" "$(shown | wc -l)" 2
	like "$1: one was injected" "$(shown | tr '\n' '\0' | xargs -0 cat)" \
		'^Subject: injected, try-'
	like "$1: one came by SMTP" "$(shown | tr '\n' '\0' | xargs -0 cat)" \
		'^Subject: by SMTP, try-'
	is "$1: their deliveries are in the log" \
		"$(grep -c 'status=sent' "$T/out")" 2
	like "$1: and the SMTP session" "$(cat "$T/out")" 'quill-smtpd: accepted'
	like "$1: it tells how to stop" "$(cat "$T/out")" 'try.sh stop'
}

find /etc /home /root -xdev -type f >"$T/before" 2>/dev/null
run "the first time"
run "again, while it runs"
like "quillctl finds the services" "$(/var/quill-try/bin/quillctl status)" \
	'^services: (send|smtp|verify) +up since'
exits "stop" 0 try stop
ok "ends the services" test "$(svstat /var/quill-try/service/* 2>&1 |
	grep -c 'supervise not running')" = 3
run "again, after a stop"
exits "somebody without a Maildir is told so" 1 try nobody
find /etc /home /root -xdev -type f >"$T/after" 2>/dev/null
is "nothing new in /etc, /home and /root but the accounts" \
	"$(diff "$T/before" "$T/after" | grep '^>' |
		grep -vE '/etc/(passwd|group|g?shadow|sub[ug]id)-?$')" ''
exits "remove" 0 try remove
ok "removes the home" test ! -e /var/quill-try
done_testing
