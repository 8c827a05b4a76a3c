#!/bin/sh
# SPDX-License-Identifier: 0BSD
# The programs that sites run from .qmail lines, for real: procmail, maildrop,
# vacation, Dovecot's dovecot-lda, mlmmj.
# The text of single-quoted rows is for the shell of a program line:
# shellcheck disable=SC2016
. "$(dirname "$0")/../lib.sh"
. "$TOP/tests/peers.sh"
own_net "$@"
need svscan tcpserver procmail maildrop vacation

quill_config quill.example
# vacation knows one sendmail only
if mount -t tmpfs none /mnt && mkdir /mnt/up /mnt/work &&
	mount -t overlay overlay -o \
		lowerdir=/usr/sbin,upperdir=/mnt/up,workdir=/mnt/work \
		/usr/sbin; then
	ln -sf "$H/bin/sendmail" /usr/sbin/sendmail
	sbin=1
fi
mktestuser
joe=$testuser joehome=$testhome
mktestuser
ann=$testuser annhome=$testhome
start_suite

# mail SUBJECT SENDER RECIPIENT [FIELD]: one message, as a user would send it
mail()
{
	{
		printf 'From: %s\nTo: %s\nSubject: %s\n' "$2" "$3" "$1"
		[ -z "${4:-}" ] || printf '%s\n' "$4"
		printf '\nbody\n'
	} | "$H/bin/quill-inject" -a -f "$2" "$3"
}

# dotqmail EXT LINE...: joe's .qmail file of that extension
dotqmail()
{
	d_ext=$1
	shift
	printf '%s\n' "$@" >"$joehome/.qmail$d_ext"
	chown "$joe:" "$joehome/.qmail$d_ext"
}

# file_of NAME: from standard input, joe's, as private as maildrop wants it
file_of()
{
	cat >"$joehome/$1"
	chmod 600 "$joehome/$1"
	chown "$joe:" "$joehome/$1"
}

# has DIR SUBJECT: a message of that subject is in the Maildir
has()
{
	grep -rqx "Subject: $2" "$1/new" "$1/cur" 2>/dev/null
}

# head_of DIR SUBJECT N: the first N lines of that message
head_of()
{
	grep -rlx "Subject: $2" "$1/new" | head -n 1 | xargs head -n "$3"
}

# queue_settled N: N messages at most wait
queue_settled()
{
	[ "$(queue_count)" -le "$1" ]
}

# logged N ERE: N lines of send's log match
logged()
{
	[ "$(cat "$H"/log/send/* 2>/dev/null | grep -Ec -e "$2")" = "$1" ]
}

s=sender@quill.example

# --- procmail ----------------------------------------------------------------
file_of .procmailrc <<'END'
MAILDIR=$HOME
DEFAULT=$HOME/Proc/
:0:
* ^Subject: proc box
box
:0
* ^Subject: proc refuse
{
	EXITCODE=77
	HOST
}
:0
* ^Subject: proc later
{
	EXITCODE=75
	HOST
}
END
dotqmail -proc '|preline procmail'
for subject in plain box 'box 2' refuse later; do
	mail "proc $subject" "$s" "$joe-proc@quill.example"
done
ok "procmail: three are taken" wait_until 30 logged 3 \
	"success: .* to=$joe-proc@" || suite_diag
ok "procmail: EXITCODE 77 is for good" wait_until 30 log_has \
	"failure: .* to=$joe-proc@"
ok "procmail: EXITCODE 75 is not" wait_until 30 log_has \
	"deferral: .* to=$joe-proc@"
ok "procmail: a Maildir" has "$joehome/Proc" 'proc plain'
is "procmail: Return-Path and Delivered-To" \
	"$(head_of "$joehome/Proc" 'proc plain' 2)" "Return-Path: <$s>
Delivered-To: $joe-proc@quill.example"
is "procmail: an mbox" "$(grep -c "^From $s " "$joehome/box")" 2
# quill's own mbox delivery into the same file, with procmail holding the lock
dotqmail -box ./box
mail 'own' "$s" "$joe-box@quill.example"
ok "the same mbox, by quill" wait_until 30 log_has "success: .* to=$joe-box@"
is "procmail's mbox and quill's are one" \
	"$(grep -c "^From $s " "$joehome/box")" 3

# --- maildrop ----------------------------------------------------------------
file_of .mailfilter <<'END'
DEFAULT="$HOME/Maildir"
if (/^Subject: drop junk/)
	to "$HOME/Junk"
if (/^Subject: drop refuse/)
{
	echo "not here"
	EXITCODE=77
	exit
}
if (/^Subject: drop later/)
{
	EXITCODE=75
	exit
}
if (/^Subject: drop on/)
	to "!$LOGNAME-on@quill.example"
END
setuidgid "$joe" "$H/bin/maildirmake" "$joehome/Junk"
dotqmail -drop '|maildrop .mailfilter'
dotqmail -on './On/'
setuidgid "$joe" "$H/bin/maildirmake" "$joehome/On"
for subject in plain junk refuse later on; do
	mail "drop $subject" "$s" "$joe-drop@quill.example"
done
ok "maildrop: default" wait_until 30 has "$joehome/Maildir" 'drop plain'
ok "maildrop: a Maildir" wait_until 30 has "$joehome/Junk" 'drop junk'
ok "maildrop: EXITCODE 77 is for good, with its words" wait_until 30 log_has \
	"failure: .*not_here.* to=$joe-drop@"
ok "maildrop: EXITCODE 75 is not" wait_until 30 log_has \
	"deferral: .* to=$joe-drop@"
if [ "${sbin:-}" ]; then
	ok "maildrop: ! sends on by sendmail" wait_until 30 \
		has "$joehome/On" 'drop on'
else
	skip "maildrop: !" "no overlay here"
fi

# --- vacation ----------------------------------------------------------------
# on_leave USER HOME
on_leave()
{
	printf 'Subject: away (%s)\n\nGone fishing.\n' "$1" >"$2/.vacation.msg"
	printf './Maildir/\n|preline vacation %s\n' "$1" >"$2/.qmail"
	chown "$1:" "$2/.vacation.msg" "$2/.qmail"
	setuidgid "$1" env HOME="$2" vacation -i
}
# replies DIR USER: how many of USER's are there
replies()
{
	grep -rlx "Subject: away ($2)" "$1/new" | wc -l | tr -d ' '
}
# replied N: ann has N from joe
replied()
{
	[ "$(replies "$annhome/Maildir" "$joe")" = "$1" ]
}
if [ "${sbin:-}" ]; then
	on_leave "$joe" "$joehome"
	mail 'leave 1' "$ann@quill.example" "$joe@quill.example"
	ok "vacation: the message is kept" wait_until 30 \
		has "$joehome/Maildir" 'leave 1'
	ok "vacation: a reply" wait_until 30 has "$annhome/Maildir" \
		"away ($joe)"
	mail 'leave 2' "$ann@quill.example" "$joe@quill.example"
	mail 'leave 3' '' "$joe@quill.example"
	mail 'leave 4' "list@quill.example" "$joe@quill.example" \
		'Precedence: bulk'
	for n in 2 3 4; do
		wait_until 30 has "$joehome/Maildir" "leave $n" ||
			fail "leave $n"
	done
	wait_until 30 queue_settled 2
	is "vacation: one reply a week, none to null senders or lists" \
		"$(replies "$annhome/Maildir" "$joe")" 1
	# both away: one message from each at most
	on_leave "$ann" "$annhome"
	setuidgid "$joe" env HOME="$joehome" vacation -i
	mail 'both' "$joe@quill.example" "$ann@quill.example"
	ok "two on leave: one reply" wait_until 30 \
		has "$joehome/Maildir" "away ($ann)"
	ok "two on leave: a reply to that, ann's second" wait_until 30 \
		replied 2
	ok "two on leave: all is delivered" wait_until 30 queue_settled 2
	is "two on leave: it stops" \
		"$(replies "$joehome/Maildir" "$ann") $(replies \
			"$annhome/Maildir" "$joe")" '1 2'
else
	skip "vacation" "no overlay here"
fi
rm -f "$joehome/.qmail" "$annhome/.qmail"

# --- dovecot-lda -------------------------------------------------------------
lda=/usr/lib/dovecot/dovecot-lda
if [ -x $lda ]; then
	file_of dovecot.conf <<END
mail_location = maildir:$joehome/Dove
log_path = $joehome/dovecot.log
base_dir = $joehome/dovecot
ssl = no
END
	dotqmail -dove "|preline -f $lda -c $joehome/dovecot.conf -e -f \"\$SENDER\" -a \"\$RECIPIENT\""
	mail dove "$s" "$joe-dove@quill.example"
	ok "dovecot-lda: delivers" wait_until 30 has "$joehome/Dove" dove ||
		diag "$(cat "$joehome/dovecot.log")"
	is "dovecot-lda: Return-Path and Delivered-To" \
		"$(head_of "$joehome/Dove" dove 2)" "Return-Path: <$s>
Delivered-To: $joe-dove@quill.example"
	chmod 0 "$joehome/Dove/tmp"
	mail dove2 "$s" "$joe-dove@quill.example"
	ok "dovecot-lda: trouble is temporary" wait_until 30 log_has \
		"deferral: .* to=$joe-dove@"
	chmod 700 "$joehome/Dove/tmp"
else
	skip "dovecot-lda" "not installed"
fi

# --- mlmmj -------------------------------------------------------------------
MLMMJ=$PEERS/mlmmj/usr
if [ -x "$MLMMJ/bin/mlmmj-receive" ]; then
	L=$annhome/list
	list=$ann-test
	mkdir -p "$L/incoming" "$L/queue/discarded" "$L/archive" "$L/text" \
		"$L/subconf" "$L/unsubconf" "$L/bounce" "$L/control" \
		"$L/moderation" "$L/subscribers.d" "$L/digesters.d" \
		"$L/requeue" "$L/nomailsubs.d"
	cp "$MLMMJ/share/mlmmj/text.skel/en/"* "$L/text/"
	echo "$list@quill.example" >"$L/control/listaddress"
	echo "$ann@quill.example" >"$L/control/owner"
	echo 127.0.0.1 >"$L/control/relayhost"
	echo "$SMTP_PORT" >"$L/control/smtpport"
	echo - >"$L/control/delimiter"
	: >"$L/index"
	for f in .qmail-test .qmail-test-default; do
		echo "|$MLMMJ/bin/mlmmj-receive -L $L" >"$annhome/$f"
	done
	chown -R "$ann:" "$annhome"
	# subscribers are addresses of joe, who keeps what came to whom
	dotqmail -default '|echo "$SENDER $RECIPIENT" >>posts' '|cat >>texts'
	chmod a+rx "$T"

	# subscribe and confirm, by mail
	mail 'subscribe' "$joe-s0@quill.example" \
		"$list-subscribe@quill.example"
	ok "mlmmj: asks back" wait_until 30 grep -q \
		"$list-confsub-[^@ ]*@quill.example" "$joehome/texts" ||
		suite_diag
	confirm=$(grep -ho "$list-confsub-[^@ ]*@quill.example" \
		"$joehome/texts" | head -n 1)
	mail 'Re: confirm' "$joe-s0@quill.example" "$confirm"
	ok "mlmmj: subscribed" wait_until 30 sh -c \
		"cat '$L'/subscribers.d/* | grep -qx '$joe-s0@quill.example'"
	ok "mlmmj: says so" wait_until 30 grep -q 'Welcome' "$joehome/texts"
	i=0
	while [ $i -lt 48 ]; do
		i=$((i + 1))
		setuidgid "$ann" "$MLMMJ/bin/mlmmj-sub" -L "$L" \
			-a "$joe-s$i@quill.example" >/dev/null || fail "sub $i"
	done
	setuidgid "$ann" "$MLMMJ/bin/mlmmj-sub" -L "$L" -a "gone@quill.example"
	is "mlmmj: 50 subscribers" "$(cat "$L"/subscribers.d/* | wc -l)" 50

	# a post
	: >"$joehome/posts"
	mail 'post 1' "$joe-s0@quill.example" "$list@quill.example"
	posted()
	{
		[ "$(grep -c "$list-bounces-" "$joehome/posts")" = 49 ]
	}
	ok "mlmmj: a post reaches 49 of them" wait_until 30 posted || {
		diag "$(sort "$joehome/posts" | head -n 3)"
		suite_diag
	}
	i=0
	while [ $i -lt 49 ]; do
		echo "$list-bounces-1-$joe-s$i=quill.example@quill.example $joe-s$i@quill.example"
		i=$((i + 1))
	done | sort >"$T/want"
	sort "$joehome/posts" >"$T/got"
	same "mlmmj: each with a sender of its own" "$T/got" "$T/want"
	ok "mlmmj: the bounce of the 50th comes back to its sender" \
		wait_until 30 log_has \
		"to=$list-bounces-1-gone=quill.example@quill.example .*status=sent"
	ok "mlmmj: and is put down" wait_until 30 \
		test -s "$L/bounce/gone=quill.example"
	is "mlmmj: nobody else bounced" "$(ls "$L/bounce")" \
		"gone=quill.example
gone=quill.example.lastmsg"
	# what cron does: a bouncing subscriber is asked with a probe, and is
	# gone when its first bounce is older than bouncelife
	maintd()
	{
		setuidgid "$ann" "$MLMMJ/bin/mlmmj-maintd" -F -L "$L"
	}
	ok "mlmmj: maintd" maintd
	ok "mlmmj: its probe bounces, too" wait_until 30 log_has \
		"to=$list-bounces-probe-gone=quill.example@quill.example .*status=sent"
	f=$L/bounce/gone=quill.example
	echo "1:$(($(date +%s) - 864000)) # ten days ago" >"$f"
	gone()
	{
		maintd
		! cat "$L"/subscribers.d/* | grep -qx gone@quill.example
	}
	ok "mlmmj: who bounces is unsubscribed" wait_until 30 gone
	is "mlmmj: and nobody else" "$(cat "$L"/subscribers.d/* | wc -l)" 49
else
	skip "mlmmj" "not in $PEERS (make check fetches it)"
fi
done_testing
