#!/bin/sh
# SPDX-License-Identifier: 0BSD
# quill-config - first control files and alias addresses: see quill-config(8)
set -eu
umask 022
PATH=$PATH:/usr/sbin:/sbin:/usr/bin:/bin
home=@HOME@
control=$home/control
alias=$home/alias

usage()
{
	echo 'usage: quill-config [--admin ADDRESS] FQDN' >&2
	echo '       quill-config --check' >&2
	exit 100
}

refuse()
{
	echo "quill-config: $*" >&2
	exit 1
}

trouble()
{
	echo "quill-config: $*" >&2
	exit 111
}

# RFC 1123 2.1 host name of at least two labels; not an address.
fqdn_good()
{
	[ ${#1} -le 253 ] || return 1
	case $1 in
	*[!A-Za-z0-9.-]* | .* | *. | *..* | -* | *- | *.-* | *-.*) return 1 ;;
	*.*) ;;
	*) return 1 ;;
	esac
	case ${1##*.} in *[!0-9]*) ;; *) return 1 ;; esac
	good_rest=$1.
	while [ "$good_rest" ]; do
		good_label=${good_rest%%.*}
		[ ${#good_label} -le 63 ] || return 1
		good_rest=${good_rest#*.}
	done
}

# account NAME: does mail for it go to an account of its own? As quill-getpw
# decides it; $uid and $dir are of the account.
account()
{
	[ ${#1} -le 32 ] || return 1
	# a name like -s must not become an option
	account_line=$(getent passwd -- "$1") || return 1
	uid=$(echo "$account_line" | cut -d: -f3)
	dir=$(echo "$account_line" | cut -d: -f6)
	dir=${dir%/}
	[ "$uid" != 0 ] && [ "$(stat -L -c %u "$dir" 2>/dev/null)" = "$uid" ]
}

# system_names: the accounts of the system but root, in lower case. From
# /etc/passwd itself, because a directory service lists persons.
system_names()
{
	first=$(sed -n 's/^UID_MIN[ \t]*//p' /etc/login.defs 2>/dev/null)
	first=${first:-1000}
	while IFS=: read -r n _ id _; do
		case $n in root | '' | *[!A-Za-z0-9_.-]* | -*) continue ;; esac
		case $id in '' | *[!0-9]*) continue ;; esac
		[ "$id" -ge "$first" ] || printf '%s\n' "$n"
	done </etc/passwd | tr '[:upper:]' '[:lower:]' | sort -u
}

[ "$*" != --check ] || exec "$home/bin/quillctl" check control users tls

fqdn='' admin=''
while [ $# -gt 0 ]; do
	case $1 in
	--admin)
		[ $# -ge 2 ] || usage
		admin=$2
		shift ;;
	--admin=*) admin=${1#*=} ;;
	-*) usage ;;
	*)
		[ -z "$fqdn" ] || usage
		fqdn=$1 ;;
	esac
	shift
done
[ "$fqdn" ] || usage
fqdn_good "$fqdn" ||
	refuse "'$fqdn' is not a fully qualified host name (like mail.example.org)"
fqdn=$(printf %s "$fqdn" | tr '[:upper:]' '[:lower:]')
# The address becomes a line of a .qmail file.
case $admin in
'') ;;
*[!A-Za-z0-9._+=@-]* | @* | *@ | *@*@*)
	refuse "'$admin' is not an address that can be forwarded to" ;;
*@*) fqdn_good "${admin##*@}" ||
	refuse "'$admin': ${admin##*@} is not a domain name" ;;
*) refuse "'$admin': give the whole address, user@domain" ;;
esac

# The domain of names without dots, and of names that end in +.
defaultdomain=$fqdn
case $fqdn in *.*.*) defaultdomain=${fqdn#*.} ;; esac
plusdomain=$defaultdomain
case $defaultdomain in *.*.*) plusdomain=${defaultdomain#*.} ;; esac

names='postmaster mailer-daemon root abuse'
for n in $names; do
	case $(printf %s "$admin" | tr '[:upper:]' '[:lower:]') in
	"$n@$fqdn" | "$n@localhost")
		refuse "'$admin' would be forwarded to itself: name a person" ;;
	esac
done
[ -d "$control" ] || refuse "$control: no such directory (run make install)"
[ -d "$alias" ] || refuse "$alias: no such directory (run make install)"
alias_owner=$(stat -c %u:%g "$alias")

# Everything or nothing: look before the first write.
existing=''
for f in me locals rcpthosts defaultdomain plusdomain; do
	[ ! -e "$control/$f" ] && [ ! -L "$control/$f" ] ||
		existing="$existing $control/$f"
done
for n in $names; do
	[ ! -e "$alias/.qmail-$n" ] && [ ! -L "$alias/.qmail-$n" ] ||
		existing="$existing $alias/.qmail-$n"
done
[ -z "$existing" ] ||
	refuse "nothing done, because there is already:$existing"

# What was written, to be taken back when a later write fails.
written=''
undo()
{
	# shellcheck disable=SC2086  # our own names, without blanks
	rm -f $written
	trouble "$1: cannot write (nothing is left of this run)"
}

# write PATH TEXT: never through a link somebody put there meanwhile (-C).
write()
{
	(set -C && printf '%s\n' "$2" >"$1") 2>/dev/null || undo "$1"
	written="$written $1"
}

write "$control/me" "$fqdn"
write "$control/locals" "$fqdn
localhost"
write "$control/rcpthosts" "$fqdn"
write "$control/defaultdomain" "$defaultdomain"
write "$control/plusdomain" "$plusdomain"
if [ "$admin" ]; then delivery="&$admin"; else delivery=./Maildir/; fi
for n in $names; do
	write "$alias/.qmail-$n" "$delivery"
done
if [ "$(id -u)" = 0 ]; then
	for n in $names; do
		chown -h "$alias_owner" "$alias/.qmail-$n"
	done
fi
# A system account's mail is root's; one that owns its home has it there. In
# the file of aliases, so that an alias put in their place counts.
system=''
if [ ! -e "$alias/aliases" ] && [ ! -L "$alias/aliases" ]; then
	for n in $(system_names); do
		account "$n" || system="$system
$n: root"
	done
fi
if [ "$system" ]; then
	write "$alias/aliases" "# Aliases: see quill-aliases(5); run newaliases after each change.
# The accounts of the system. What is root's goes where .qmail-root says.$system"
	"$home/bin/quill-newaliases" 2>/dev/null ||
		echo "quill-config: run $home/bin/newaliases as root" >&2
fi
maildir=''
if [ -z "$admin" ] && [ ! -e "$alias/Maildir" ]; then
	maildir=$alias/Maildir
	new=$alias/.Maildir.$$
	# Complete under another name first, so that no half Maildir is ever
	# found; the owner last, so that alias cannot meddle meanwhile.
	if ! mkdir -m 700 "$new" "$new/tmp" "$new/new" "$new/cur" ||
		{ [ "$(id -u)" = 0 ] && ! chown -Rh "$alias_owner" "$new"; } ||
		! mv "$new" "$maildir"; then
		rm -rf "$new"
		undo "$maildir"
	fi
fi

echo "$control/me: $fqdn"
echo "	the name of this host: in greetings, Message-IDs, bounces"
echo "$control/locals: $fqdn, localhost"
echo "	mail for these is delivered here; add the domains of this site"
echo "$control/rcpthosts: $fqdn"
echo "	mail for these is accepted by SMTP from anybody; add them here too"
echo "$control/defaultdomain: $defaultdomain"
echo "	added to host names without a dot in what users write"
echo "$control/plusdomain: $plusdomain"
echo "	added to host names that end in +"
for n in $names; do
	echo "$alias/.qmail-$n: $delivery"
done
if [ "$admin" ]; then
	echo "	mail for $names goes to $admin"
else
	echo "	mail for $names goes to $alias/Maildir/"
	echo "	To send it to a person: echo '&person@$fqdn' >$alias/.qmail-root"
	[ -z "$maildir" ] || echo "$maildir/: created"
fi
[ -z "$system" ] || {
	echo "$alias/aliases: the accounts of the system"
	echo "	their mail goes to root; put your own aliases there, run newaliases"
}
