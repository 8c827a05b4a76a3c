#!/bin/sh
# SPDX-License-Identifier: 0BSD
# quillctl check: one thing is broken, that is found, and nothing else; it is
# mended, and it is gone.
. "$(dirname "$0")/../lib.sh"
own_net "$@"
need_root
need svscan tcpserver tcprules tcprulescheck tinydns tinydns-data python3

quill_config mail.quill.example
C=$H/control
ctl=$H/bin/quillctl

# looks PART...: what is wrong is in $a
looks()
{
	look_rc=0
	"$ctl" check -q "$@" >"$T/found" 2>"$T/found.err" || look_rc=$?
	a=$(cat "$T/found")
	[ ! -s "$T/found.err" ] || diag "$(cat "$T/found.err")"
}

# finds NAME CODE PART ERE: this, by itself
finds()
{
	looks "$3"
	like "found: $1" "$a" "$4" || return 1
	is "... alone" "$(printf '%s\n' "$a" | grep -c '^[a-z]*: ')" 1
	is "... and the exit code says so" "$look_rc" "$2"
}

# mended PART...
mended()
{
	looks "$@"
	is "mended" "$look_rc:$a" 0:
}

looks files control
is "nothing is wrong with a new home" "$look_rc:$a" 0:

# --- owners and modes -----------------------------------------------------------
chmod 755 "$H/bin/quill-queue"
finds "a mode" 2 files '^error: bin/quill-queue: its mode is 755, not 4711$'
chmod 4711 "$H/bin/quill-queue"
mended files
chgrp 0 "$H/queue/msg/c"
chmod 2750 "$H/queue/msg/c"
finds "a group" 2 files "^error: queue/msg/c: its group is gid 0, not $(
	sed -n 's/^g [^ ]* //p' "$H/users/ids" | head -n 1)\$"
chgrp "$(stat -c %g "$H/queue/msg")" "$H/queue/msg/c"
chmod 2750 "$H/queue/msg/c"
mended files
mv "$H/queue/lock/hint" "$H/queue/lock/hint.away"
finds "what is missing" 2 files '^error: queue/lock/hint: missing$'
mv "$H/queue/lock/hint.away" "$H/queue/lock/hint"
chown daemon "$C/locals"
finds "somebody else's control file" 2 files \
	'^error: control/locals: belongs to somebody else than root$'
chown root "$C/locals"
chmod 600 "$C/locals"
finds "one that nobody can read" 2 files '^error: control/locals: not readable'
chmod 644 "$C/locals"
chmod 777 "$T"
finds "who can replace the home" 2 files "^error: $T: others can write there"
chmod 755 "$T"
chmod 666 "$H/alias/.qmail-root"
finds "a .qmail file that all can write" 2 files \
	'^error: alias/.qmail-root: others can write it'
chmod 644 "$H/alias/.qmail-root"
echo joe:x >"$H/users/passwd"
chmod 644 "$H/users/passwd"
finds "passwords for all" 2 files '^error: users/passwd: is readable by every'
rm "$H/users/passwd"
mended files

# --- control files --------------------------------------------------------------
echo 5 >"$C/concurencylocal"
finds "a name that nobody reads" 1 control \
	'^warning: control/concurencylocal: no program reads'
like "... what was meant" "$a" 'call it concurrencylocal'
rm "$C/concurencylocal"
printf '10m\n' >"$C/databytes"
finds "a number that is none" 2 control \
	'^error: control/databytes line 1: not a number between 0 and '
rm "$C/databytes"
printf '# slow\n\nslow.example:many\n' >"$C/concurrencydomain"
finds "a line of a list" 2 control \
	'^error: control/concurrencydomain line 3: '
rm "$C/concurrencydomain"
mended control
mv "$C/me" "$C/.me"
finds "no name" 2 control '^error: control/me: missing'
mv "$C/.me" "$C/me"
printf 'a b\n' >"$C/defaultdomain"
finds "what is no host name" 2 control \
	'^error: control/defaultdomain line 1: not a host name'
echo quill.example >"$C/defaultdomain"
printf 'quill.example\nuser@quill.example\n' >"$C/rcpthosts"
finds "what is no domain" 1 control \
	'^warning: control/rcpthosts line 2: not a domain'
echo mail.quill.example >"$C/rcpthosts"
mended control

# Of every file that quill-control(5) has: a value that cannot be right.
sed -n 's/^\.It Pa control\/\([a-z0-9.-]*\).*/\1/p' "$TOP/man/quill-control.5" \
	>"$T/names"
cp -a "$C" "$T/control"
while read -r f; do
	case $f in
	me | tls* | timeouttls | tcp.* | smtpgreeting | aliases) continue ;;
	# anything is an address or a sender that somebody could have
	badhelo | badmailfrom | badrcptto | doublebounceto | bouncefrom) continue ;;
	# tested below
	morercpthosts.cdb) continue ;;
	esac
	printf '? ?!\n' >"$C/$f"
	echo "$f" >>"$T/bad"
done <"$T/names"
chmod 600 "$C/smtpauth"
chown "$(stat -c %U "$H/run/remote")" "$C/smtpauth"
looks control
printf '%s\n' "$a" | sed -n 's/^[a-z]*: control\/\([a-z0-9.]*\) line 1: .*/\1/p' |
	sort -u >"$T/told"
is "every one of them is told, with its line" "$(comm -23 "$T/bad" "$T/told")" ''
is "as an error" "$look_rc" 2
rm -rf "$C"
mv "$T/control" "$C"
mended files control
done_testing
