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

# --- check -----------------------------------------------------------------
wrong=0 lonely=''
say()
{
	echo "$*"
	wrong=1
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

# qmail_file LOCAL: a local part's file; a dot in it is written as a colon.
qmail_file()
{
	echo "$alias/.qmail-$(printf %s "$1" | tr . :)"
}

# answered NAME: is there somebody for the local part among the aliases?
answered()
{
	[ ! -e "$(qmail_file "$1")" ] || return 0
	[ ! -e "$alias/.qmail-default" ] || return 0
	[ -e "$home/users/aliases.cdb" ] || return 1
	check_rc=0
	"$home/bin/quill-newaliases" -q "$1" >/dev/null 2>&1 || check_rc=$?
	case $check_rc in
	0) return 0 ;;
	100) return 1 ;;
	*) trouble "$home/users/aliases.cdb: cannot be read" ;;
	esac
}

# The addresses that every host has, and the accounts of the system.
check_names()
{
	for n in postmaster mailer-daemon root abuse; do
		answered "$n" || account "$n" ||
			say "$n: no alias: its mail bounces"
	done
	for n in $(system_names); do
		if ! account "$n"; then
			answered "$n" || lonely="$lonely $n"
		elif [ ! -e "$dir/.qmail" ] && [ ! -e "$dir/Maildir" ] &&
			[ ! -e "$dir/Mailbox" ]; then
			echo "$n: its mail goes to its home, $dir, which has no Maildir"
			echo "	To send it to root: echo '&root' >$dir/.qmail"
		fi
	done
	[ "$lonely" ] || return 0
	say "system accounts without an alias, whose mail bounces:$lonely"
	echo "	To send it to root:"
	echo "	for n in$lonely; do echo \"\$n: root\"; done >>$alias/aliases"
	echo "	$home/bin/newaliases"
}

# Aliases that are never asked for, and a database that is behind.
check_aliases()
{
	db=$home/users/aliases.cdb
	files=$alias/aliases
	[ ! -f "$control/aliases" ] ||
		files=$(sed "/^#/d; /^\$/d; /^\//!s|^|$alias/|" "$control/aliases")
	for f in $files; do
		if [ ! -e "$f" ]; then
			[ "$f" = "$alias/aliases" ] ||
				say "$f: named in control/aliases, but not there"
			continue
		fi
		if [ ! -e "$db" ] || [ "$(find -L "$f" -newer "$db")" ]; then
			say "$f: was changed after newaliases was run"
		fi
		sed -n 's/^"\{0,1\}\([A-Za-z0-9_.+-]*\)"\{0,1\}[ \t]*:.*/\1/p' \
			"$f" | tr '[:upper:]' '[:lower:]'
	done >"$names_tmp"
	while read -r n; do
		case $n in
		*:*) say "$n" ;;
		-* | '') ;;
		*) ! account "$n" ||
			say "$n: an alias that is never asked for: the account $n gets the mail" ;;
		esac
	done <"$names_tmp"
}

# Users whose mail goes elsewhere, or bounces, until they are compiled.
check_users()
{
	assign=$home/users/assign db=$home/users/cdb
	[ -s "$assign" ] || return 0
	if [ ! -e "$db" ] || [ "$(find -L "$assign" -newer "$db")" ]; then
		say "$assign: was changed after quill-newu was run"
	fi
}

# Certificates: only root can look at the keys.
check_tls()
{
	[ "$(id -u)" = 0 ] && [ -d "$control/tls" ] &&
		[ -x "$home/bin/quill-tlsd" ] || return 0
	tls_why=$("$home/bin/quill-tlsd" -n 2>&1) ||
		say "${tls_why#quill-tlsd: alert: }"
}

# What quill-remote reads, as its user: control/smtpauth is for that one alone.
check_remote()
{
	remote_user=$(sed -n '4s/^u \([^ ]*\) .*/\1/p' "$home/users/ids")
	set --
	[ "$(id -u)" != 0 ] || set -- setuidgid "$remote_user"
	remote_why=$("$@" "$home/bin/quill-remote" -n 2>&1) ||
		say "${remote_why#quill-remote: alert: }"
}

check()
{
	[ -d "$alias" ] || refuse "$alias: no such directory (run make install)"
	names_tmp=$(mktemp)
	trap 'rm -f "$names_tmp"' EXIT
	check_names
	check_aliases
	check_users
	check_tls
	check_remote
	[ $wrong = 1 ] || echo "every address that must have an alias has one"
	exit $wrong
}

[ "$*" != --check ] || check

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
