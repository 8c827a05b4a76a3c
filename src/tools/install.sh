#!/bin/sh
# SPDX-License-Identifier: 0BSD
# install.sh - make install and make check-install
#
#	BIN=build/bin sh src/tools/install.sh install|check|accounts HOME
#
# install: missing accounts, directories and files below HOME, as install.tab
# says; what is right already is not touched, not even its times. Contents of
# control/, users/ (but users/ids), alias/ and queue/ are never touched.
# accounts: the first part of install alone.
# check: say what is not as install.tab says; exit 1 if anything is.
# By root. Anybody else may install into a home of their own, to look at it.
# shellcheck disable=SC2034,SC2154  # u_ROLE, g_ROLE: see roles_find
set -eu
umask 022

usage()
{
	echo 'usage: BIN=DIR install.sh install|check|accounts HOME' >&2
	exit 100
}

die()
{
	echo "install: $*" >&2
	exit 111
}

[ $# = 2 ] || usage
verb=$1 HOME_DIR=$2
case $verb in install | check | accounts) ;; *) usage ;; esac
# The home goes into scripts, rules and run files unquoted.
case $HOME_DIR in
*[!A-Za-z0-9._/+-]* | *//* | */../* | */.. | */ | '')
	die "home '$HOME_DIR': use an absolute path of letters, digits and ._/+-" ;;
/?*) ;;
*) die "home '$HOME_DIR' is not an absolute path" ;;
esac
top=$(cd "$(dirname "$0")/../.." && pwd)
tab=$top/src/tools/install.tab
bin=${BIN:-$top/build/bin}
case $bin in /*) ;; *) bin=$PWD/$bin ;; esac
me=$(id -u)

# --- accounts --------------------------------------------------------------
roles='quilld quillq quills quillr quillp quilll alias quillt quilla quillv'

# line N of a conf file
conf()
{
	sed -n "$2p" "$top/$1" | tr -d ' \t\r'
}

have_group()
{
	grep -q "^$1:" /etc/group || getent group "$1" >/dev/null 2>&1
}

group_id()
{
	{ getent group "$1" 2>/dev/null || grep "^$1:" /etc/group; } |
		head -n 1 | cut -d: -f3
}

# The n-th user's primary group, as a role.
group_of()
{
	case $1 in quillq | quills) echo quill ;; *) echo nofiles ;; esac
}

add_group()
{
	have_group "$1" && return
	if command -v groupadd >/dev/null; then
		groupadd --system "$1"
	else
		addgroup -S "$1"
	fi
	say "group $1 created"
}

# add_user NAME GROUP HOME
add_user()
{
	id -u "$1" >/dev/null 2>&1 && return
	shell=/usr/sbin/nologin
	[ -x $shell ] || shell=/sbin/nologin
	[ -x $shell ] || shell=/bin/false
	if command -v useradd >/dev/null; then
		useradd --system --no-create-home --home-dir "$3" \
			--shell $shell --gid "$2" "$1"
	else
		adduser -S -D -H -h "$3" -s $shell -G "$2" "$1"
	fi
	say "user $1 created"
}

# Names and numbers of every role, in variables u_ROLE, n_ROLE and so on; and
# the text of users/ids.
roles_find()
{
	n_root=root u_root=0 g_root=0
	ids=
	n=0
	for role in $roles; do
		n=$((n + 1))
		name=$(conf conf-users $n)
		case $name in '' | *[!A-Za-z0-9._-]* | -*)
			die "conf-users: line $n: bad name '$name'" ;;
		esac
		if [ "$single" ]; then
			id=$owner
		else
			id=$(id -u "$name" 2>/dev/null) ||
				{ id=-1; bad "user $name does not exist"; }
		fi
		for other in $roles; do
			[ "$other" != "$role" ] || break
			eval "oid=\$u_$other"
					[ "$single" ] || [ "$id" = -1 ] ||
				[ "$oid" != "$id" ] ||
				die "conf-users: $role and $other are one uid"
		done
		[ "$single" ] || [ "$id" != 0 ] || die "conf-users: $name is uid 0"
		eval "n_$role=\$name u_$role=\$id"
		ids="${ids}u $name $id
"
	done
	n=0
	for role in quill nofiles; do
		n=$((n + 1))
		name=$(conf conf-groups $n)
		case $name in '' | *[!A-Za-z0-9._-]* | -*)
			die "conf-groups: line $n: bad name '$name'" ;;
		esac
		if [ "$single" ]; then
			id=$group
		else
			id=$(group_id "$name")
			[ "$id" ] || { id=-1; bad "group $name does not exist"; }
		fi
		eval "gn_$role=\$name g_$role=\$id"
		ids="${ids}g $name $id
"
	done
	[ "$single" ] || groups_check
	if [ "$single" ]; then
		g_root=$group u_root=$owner
	fi
}

# A user in the wrong primary group could not write what it must, or could read
# what it must not (supervise's setuidgid and envuidgid go by it).
groups_check()
{
	for role in $roles; do
		eval "name=\$n_$role want=\$g_$(group_of "$role") id=\$u_$role"
			[ "$id" = -1 ] || [ "$(id -g "$name")" = "$want" ] ||
			bad "user $name: primary group is $(id -g "$name")," \
				"not $want; if it is somebody else's, put" \
				"another name into conf-users"
	done
}

roles_create()
{
	add_group "$(conf conf-groups 1)"
	add_group "$(conf conf-groups 2)"
	n=0
	for role in $roles; do
		n=$((n + 1))
		home=$HOME_DIR
		[ "$role" != alias ] || home=$HOME_DIR/alias
		gn=1
		[ "$(group_of "$role")" = quill ] || gn=2
		add_user "$(conf conf-users $n)" "$(conf conf-groups $gn)" "$home"
	done
}

# --- one row ---------------------------------------------------------------
changed=0 wrong=0

say()
{
	echo "$*"
	changed=$((changed + 1))
}

bad()
{
	echo "$*"
	wrong=$((wrong + 1))
}

# A link in the place of a directory or file: somebody who can write there
# could make root chown and chmod what it points at. Root's own links are fine.
trusted()
{
	[ ! -L "$1" ] || [ "$(stat -c %u "$1")" = "$owner" ]
}

# mode_of PATH: "mode uid gid"
state()
{
	stat -L -c '%a %u %g' "$1"
}

# put SOURCE PATH MODE UID GID: replace a file in one step, never in place:
# running programs go on with the old one.
put()
{
	put_new=$(dirname "$2")/.new.$(basename "$2")
	rm -f "$put_new"
	(umask 077 && cat "$1" >"$put_new")
	[ "$me" != 0 ] || chown "$4:$5" "$put_new"
	chmod "$3" "$put_new"
	mv -f "$put_new" "$2"
}

# row TYPE MODE OWNER GROUP PATH SOURCE
row()
{
	type=$1 mode=$2 path=$5 src=${6:-}
	full=$HOME_DIR/$path
	[ "$path" != . ] || full=$HOME_DIR
	if [ "$type" = l ]; then
		row_link
		return
	fi
	eval "uid=\$u_$3 gid=\$g_$4"
	case $type in
	o)
		[ -f "$bin/${path##*/}" ] || return 0
		type=f ;;
	esac
	case $type in
	f) src=$bin/${path##*/} ;;
	t) src=$top/$src ;;
	i) src=$idsfile ;;
	esac
	if ! trusted "$full"; then
		bad "$path: a symbolic link that is not root's"
		return
	fi
	if [ "$verb" = check ]; then
		row_check
	else
		row_install
	fi
}

row_link()
{
	[ ! -L "$full" ] || [ "$(readlink "$full")" != "$src" ] || return 0
	if [ "$verb" = check ]; then
		bad "$path: should be a link to $src"
	else
		ln -sf "$src" "$full"
		say "$path -> $src"
	fi
}

# made WORDS: say it, and that its owner and mode are no repair.
made()
{
	say "$*"
	fresh=1
}

# enter PATH: go into a directory of the queue, if no link leads there. What is
# done to . is done to that directory, whatever has its name by then.
enter()
{
	enter_to=$queue${1#queue}
	cd -P "$enter_to" 2>/dev/null && [ "$(pwd -P)" = "$enter_to" ] && return
	cd "$top"
	return 1
}

# Below queue/ names belong to quillq: nothing is done to a name that could be
# a link by then, but to directories from within, and to what is made with its
# mode.
row_queue()
{
	fresh='' name=${path##*/}
	trusted "$HOME_DIR/queue" || return 0 # said already
	queue=$(cd -P "$HOME_DIR/queue" && pwd -P) || return 0
	if ! enter "${path%/*}"; then
		bad "$path: not a directory, or a link, on the way"
		return
	fi
	case $type in
	d)
		[ -d "$name" ] || {
			mkdir -m 700 "$name"
			made "$path/ created"
		}
		enter "$path" || { bad "$path: is a link by now"; return; }
		name=. ;;
	p)
		[ -p "$name" ] || {
			(umask 0 && mkfifo -m "$mode" "$name")
			made "$path created"
		} ;;
	e)
		[ -f "$name" ] || {
			(umask 117 && set -C && : >"$name")
			made "$path created"
		} ;;
	esac
	if [ "$(stat -c '%a %u %g' "$name")" = "$mode $uid $gid" ]; then
		:
	elif [ "$name" != . ] && [ ! "$fresh" ]; then
		bad "$path: wrong owner or mode; quillctl fsck puts it right"
	else
		[ "$me" != 0 ] || chown -h "$uid:$gid" "$name"
		[ "$name" != . ] || chmod "$mode" .
		[ "$fresh" ] || say "$path: owner and mode put right"
	fi
	cd "$top"
}

row_install()
{
	fresh=
	case $path in
	queue/*)
		row_queue
		return ;;
	esac
	case $type in
	d)
		[ -d "$full" ] || {
			mkdir -p "$full"
			made "$path/ created"
		} ;;
	*)
		[ -f "$src" ] || {
			[ "${PARTIAL:-}" ] || die "$src is missing: run make"
			return 0
		}
		cmp -s "$src" "$full" || {
			put "$src" "$full" "$mode" "$uid" "$gid"
			made "$path installed"
		} ;;
	esac
	[ "$(state "$full")" = "$mode $uid $gid" ] && return
	# chown takes setuid and setgid bits away: first chown, then chmod.
	[ "$me" != 0 ] || chown "$uid:$gid" "$full"
	chmod "$mode" "$full"
	[ "$fresh" ] || say "$path: owner and mode put right"
}

row_check()
{
	case $type in
	d) [ -d "$full" ] || { bad "$path: no such directory"; return; } ;;
	p) [ -p "$full" ] || { bad "$path: no such fifo"; return; } ;;
	*) [ -f "$full" ] || { bad "$path: missing"; return; } ;;
	esac
	# shellcheck disable=SC2046
	set -- $(state "$full")
	[ "$1" = "$mode" ] || bad "$path: mode is $1, should be $mode"
	[ "$2" = "$uid" ] || bad "$path: owner is $2, should be $uid"
	[ "$3" = "$gid" ] || bad "$path: group is $3, should be $gid"
	case $type in
	i)
		[ ! -r "$full" ] || cmp -s "$idsfile" "$full" ||
			bad "$path: does not agree with the accounts" ;;
	esac
}

# --- all rows --------------------------------------------------------------
manuals()
{
	for page in "$top"/man/*.[1-8]; do
		[ -f "$page" ] || continue
		section=man${page##*.}
		row d 755 root root "man/$section"
		row t 644 root root "man/$section/${page##*/}" \
			"man/${page##*/}"
	done
}

rows()
{
	while read -r t m o g p s; do
		case $t$p in
		'' | '#'*) ;;
		m*) manuals ;;
		*'?')
			for c in 0 1 2 3 4 5 6 7 8 9 a b c d e f g h i j k l \
				m n o p q r s t u v; do
				row "$t" "$m" "$o" "$g" "${p%\?}$c"
			done ;;
		*) row "$t" "$m" "$o" "$g" "$p" "$s" ;;
		esac
	done <"$tab"
}

# Who can rename a directory above the home owns everything in it.
parents_check()
{
	dir=$HOME_DIR
	while [ "$dir" != / ]; do
		dir=$(dirname "$dir")
		# shellcheck disable=SC2046
		set -- $(stat -L -c '%a %u' "$dir")
		case $1 in
		1???) ;;
		*[2367]? | *[2367]) bad "$dir: is writable by others (mode $1)" ;;
		esac
		[ "$2" = 0 ] || [ "$2" = "$owner" ] ||
			bad "$dir: belongs to uid $2, not to root"
	done
}

single='' owner=0 group=0
if [ "$verb" = accounts ]; then
	[ "$me" = 0 ] || die "accounts are made by root"
	roles_create
	exit 0
fi
if [ "$verb" = install ]; then
	if [ "$me" != 0 ]; then
		single=1 owner=$me group=$(id -g)
		if ! mkdir -p "$HOME_DIR" 2>/dev/null || [ ! -O "$HOME_DIR" ]
		then
			die "$HOME_DIR is not yours: run make install as root"
		fi
	else
		roles_create
	fi
elif [ ! -d "$HOME_DIR" ]; then
	echo "$HOME_DIR: no such directory"
	exit 1
elif [ "$(stat -L -c %u "$HOME_DIR")" != 0 ]; then
	owner=$(stat -L -c %u "$HOME_DIR") group=$(stat -L -c %g "$HOME_DIR")
	single=1
	# Root would not leave a home to somebody else.
	[ "$me" != 0 ] || bad "$HOME_DIR: belongs to uid $owner, not to root"
fi
roles_find
[ "$verb" = check ] || [ $wrong = 0 ] || exit 1
idsfile=$(mktemp)
trap 'rm -f "$idsfile"' EXIT
printf '%s' "$ids" >"$idsfile"
rows
parents_check

if [ "$verb" = check ]; then
	[ $wrong = 0 ] || {
		echo "$HOME_DIR: make install, as root, puts right what is in it;" \
			"quillctl fsck does files in queue"
		exit 1
	}
	echo "$HOME_DIR: every file has its owner and mode"
	exit 0
fi
[ $changed != 0 ] || echo "$HOME_DIR: nothing to do"
if [ "$single" ]; then
	cat <<-END

	NOTE: this was not run by root. Everything in $HOME_DIR belongs to you: it
	can be looked at, but it cannot deliver mail. Run make install as root.
	END
fi
[ $wrong = 0 ]
