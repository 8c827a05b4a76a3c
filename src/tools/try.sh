#!/bin/sh
# SPDX-License-Identifier: 0BSD
# try.sh - see quill work: one command, as root
#
#	sh src/tools/try.sh [USER]     build, install, run, send two messages
#	sh src/tools/try.sh stop       stop what runs
#	sh src/tools/try.sh remove     stop, remove the home (not the accounts)
#
# Everything is below /var/quill-try, a home of its own beside any other quill;
# nothing else is touched but the accounts that are made (conf-users) and, with
# USER, the Maildir of USER. It listens on a loopback port only.
set -eu
umask 022
cd "$(dirname "$0")/../.."
PATH=$PATH:/usr/sbin:/sbin
home=/var/quill-try
service=$home/service

die()
{
	echo "try: $*" >&2
	exit 1
}

[ "$(id -u)" = 0 ] || die "needs root, for the accounts and the home $home"

# --- stopping --------------------------------------------------------------
gone()
{
	for d in "$@"; do
		! svok "$d" 2>/dev/null || return 1
	done
}

# Up to $1 seconds until the rest succeeds.
wait_for()
{
	end=$(($(date +%s) + $1))
	shift
	until "$@"; do
		[ "$(date +%s)" -lt $end ] || return 1
		sleep 0.2
	done
}

svscan_runs()
{
	[ -s $home/svscan.pid ] &&
		[ "$(cat "/proc/$(cat $home/svscan.pid)/comm" 2>/dev/null)" = \
			svscan ]
}

stop()
{
	! svscan_runs || kill "$(cat $home/svscan.pid)"
	rm -f $home/svscan.pid
	for d in "$service"/* "$service"/*/log; do
		! svok "$d" 2>/dev/null || svc -dx "$d"
	done
	wait_for 30 gone $service/* $service/*/log ||
		die "not everything has ended: svstat $service/*"
}

case ${1:-} in
stop)
	stop
	echo "Stopped. Start it again: sh src/tools/try.sh"
	exit 0 ;;
remove)
	stop
	rm -rf $home
	echo "$home removed. The accounts stay, another quill may use them:"
	for n in 1 2 3 4 5 6 7 8 9 10; do
		echo "   userdel $(sed -n "${n}p" conf-users)"
	done
	for n in 1 2; do
		echo "   groupdel $(sed -n "${n}p" conf-groups)"
	done
	exit 0 ;;
-*) die "usage: sh src/tools/try.sh [USER | stop | remove]" ;;
esac

# --- what it needs ---------------------------------------------------------
missing=''
for n in cc:gcc make:make ar:binutils musl-gcc:musl-tools svscan:daemontools \
	tcpserver:ucspi-tcp; do
	command -v "${n%%:*}" >/dev/null || missing="$missing ${n#*:}"
done
[ -e /usr/include/stdio.h ] || missing="$missing libc6-dev"
if [ "$missing" ]; then
	command -v apt-get >/dev/null ||
		die "install these first:$missing"
	echo "== installing$missing"
	export DEBIAN_FRONTEND=noninteractive
	set -- "${1:-}" -o DPkg::Lock::Timeout=300 install -y -qq \
		--no-install-recommends
	who=$1
	shift
	# shellcheck disable=SC2086
	apt-get "$@" $missing </dev/null >/dev/null 2>&1 || {
		apt-get -o DPkg::Lock::Timeout=300 update -qq </dev/null
		apt-get "$@" $missing </dev/null >/dev/null
	}
	set -- "$who"
fi

# --- build, install, configure ---------------------------------------------
echo "== building (into build/try), installing into $home"
mkdir -p build/try
make -s -j2 B=build/try home=$home install </dev/null >build/try/log 2>&1 || {
	tail -n 20 build/try/log
	die "make install failed: see build/try/log"
}
grep -E '^(user|group) ' build/try/log || :

if [ ! -e $home/control/me ]; then
	name=$(hostname -f 2>/dev/null || hostname)
	case $name in
	localhost | localhost.* | '') name=quill-try.localdomain ;;
	*.*) ;;
	*) name=$name.localdomain ;;
	esac
	echo "== configuring for $name"
	$home/bin/quill-config "$name" || {
		echo "== configuring for quill-try.localdomain instead"
		$home/bin/quill-config quill-try.localdomain
	}
fi
name=$(head -n 1 $home/control/me)

user=${1:-}
if [ "$user" ]; then
	line=$(getent passwd "$user") || die "there is no user $user"
	maildir=$(echo "$line" | cut -d: -f6)/Maildir
	[ -d "$maildir/new" ] ||
		die "$user has no Maildir: as $user, $home/bin/maildirmake $maildir"
	rcpt=$user@$name
else
	user="alias"
	maildir=$home/alias/Maildir
	rcpt=postmaster@$name
fi

listening()
{
	cat /proc/net/tcp /proc/net/tcp6 2>/dev/null |
		grep -q ":$(printf %04X "$1") [0-9A-F]*:0000 0A "
}

if svscan_runs; then
	port=$(sed -n 's/^# listens on .* port //p' $service/smtp/run)
else
	port=2525
	while listening $port; do
		port=$((port + 1))
	done
	$home/bin/quill-service $service --smtp 127.0.0.1:$port >/dev/null
	echo "== starting svscan $service"
	setsid svscan $service >$home/svscan.log 2>&1 </dev/null &
	echo $! >$home/svscan.pid
fi
up()
{
	listening "$port" && $home/bin/quillctl status >/dev/null 2>&1
}
wait_for 20 up || {
	svstat $service/* $service/*/log
	tail -n 5 $home/log/*/current
	die "it does not come up"
}

# --- two messages ----------------------------------------------------------
token=try-$(date +%s)-$$
size()
{
	wc -c <"$1" 2>/dev/null || echo 0
}
send_log=$home/log/send/current smtp_log=$home/log/smtp/current
send_at=$(size $send_log) smtp_at=$(size $smtp_log)

echo "== injecting a message to $rcpt"
$home/bin/quill-inject <<END
To: $rcpt
Subject: injected, $token

This message was handed to quill-inject.
END

# A lock-step SMTP client; descriptors 6 and 7 are the connection's.
echo "== sending a message to $rcpt by SMTP to 127.0.0.1 port $port"
# shellcheck disable=SC2016
talk='
reply()
{
	while IFS= read -r line <&6; do
		printf "   < %s\n" "$line"
		case $line in
		[23]??-*) ;;
		[23]*) return ;;
		*) exit 1 ;;
		esac
	done
	exit 1
}
say()
{
	printf "   > %s\n" "$1"
	printf "%s\r\n" "$1" >&7
	reply
}
reply
say "EHLO localhost"
say "MAIL FROM:<>"
say "RCPT TO:<$rcpt>"
say DATA
printf "%s\r\n" "From: <postmaster@$name>" "To: <$rcpt>" \
	"Subject: by SMTP, $token" "" "This message came by SMTP." >&7
say .
say QUIT'
rcpt=$rcpt name=$name token=$token timeout 60 \
	tcpclient -RHl0 127.0.0.1 "$port" sh -c "$talk" | tr -d '\r'

arrived()
{
	[ "$(grep -rl -e "$token" "$maildir/new" "$maildir/cur" 2>/dev/null |
		wc -l)" -ge 2 ]
}
echo "== waiting"
ok=1
wait_for 30 arrived || ok=''

# --- the report ------------------------------------------------------------
lines()
{
	tail -c "+$(($2 + 1))" "$1" | tai64nlocal | sed 's/^/   /'
}
# multilog writes what it has at once; the programs may have a last word.
sleep 0.5
echo
echo "In the Maildir of $user:"
grep -rl -e "$token" "$maildir/new" "$maildir/cur" | while read -r f; do
	echo "   $f"
	sed -n 's/^Subject: /      Subject: /p' "$f"
done
echo
echo "Log of the queue manager ($send_log):"
lines $send_log "$send_at"
echo "Log of the SMTP server ($smtp_log):"
lines $smtp_log "$smtp_at"
cat <<END

It goes on running: svstat $service/*
   stop it         sh src/tools/try.sh stop
   remove it all   sh src/tools/try.sh remove
   ask it          $home/bin/quillctl status
   manual pages    man -l man/quill.7
END
[ "$ok" ] || die "not both messages have arrived after 30 seconds"
