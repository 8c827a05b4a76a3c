#!/bin/sh
# SPDX-License-Identifier: 0BSD
# mailbot - take new messages apart: an example, to be copied
#
#	mailbot MAILDIR OUTDIR
#
# Each message of MAILDIR that is not marked seen is taken apart into a folder
# of its own in OUTDIR, its parts being files 1.2-NAME: the MIME section, and the
# name it was sent under with everything but plain characters replaced. For each
# part that is a PDF document, by its first bytes and not by its name, the
# command that would print it is printed. Then the message is marked seen.
#
# Made for cron: a second run at the same time ends at once (exit 0), a run
# that was killed is made good by the next one, a message that is seen is left
# alone. A message that cannot be taken apart stays unseen, is named on standard
# error, and makes the exit code 111 when all others are done.
#
# Needs a POSIX shell, reformime(1) of maildrop, and setlock(8) of daemontools.
set -eu
LC_ALL=C
export LC_ALL
umask 077

# Limits: what strangers send must not fill the disk.
PARTS_MAX=100   # parts of one message that are taken
SIZE_MAX=65536  # kB of one message; a larger one stays unseen

if [ $# != 2 ]; then
	echo 'usage: mailbot MAILDIR OUTDIR' >&2
	exit 100
fi
maildir=$1 outdir=$2
for d in new cur; do
	[ -d "$maildir/$d" ] || {
		echo "mailbot: $maildir: not a Maildir" >&2
		exit 100
	}
done
mkdir -p -- "$outdir"
if [ -z "${MAILBOT_LOCKED:-}" ]; then
	MAILBOT_LOCKED=1
	export MAILBOT_LOCKED
	exec setlock -nx "$outdir/.lock" "$0" "$@"
fi

# quoted TEXT: as one word for a shell
quoted()
{
	printf "'"
	printf %s "$1" | sed "s/'/'\\\\''/g"
	printf "'"
}

# apart FILE DIR: the parts of a message into DIR
apart()
{
	count=0
	for section in $(reformime <"$1"); do
		count=$((count + 1))
		if [ "$count" -gt "$PARTS_MAX" ]; then
			echo "mailbot: $1: more than $PARTS_MAX parts" >&2
			return 1
		fi
		# what holds others is no part itself
		case $(reformime -i -s "$section" <"$1" |
			sed -n 's/^content-type: //p') in
		multipart/* | message/rfc822) continue ;;
		esac
		reformime -s "$section" -x"$2/$section-" <"$1" || return 1
	done
}

# pdfs DIR: the command for each PDF document there
pdfs()
{
	for part in "$1"/*; do
		[ -f "$part" ] || continue
		[ "$(head -c 5 "$part" | tr -d '\000')" = %PDF- ] || continue
		printf 'lpr -- %s\n' "$(quoted "$part")"
	done
}

status=0
# one FILE: a message that is not seen
one()
{
	name=${1##*/}
	unique=${name%%:*} flags=
	case $name in *:2,*) flags=${name##*:2,} ;; esac
	case $flags in *[ST]*) return ;; esac # seen, or to be removed
	case $unique in
	'' | .*) # not made by a delivery, and $into would be another folder
		echo "mailbot: $1: not a name of a Maildir's file" >&2
		status=111
		return
		;;
	esac
	into=$outdir/$unique
	rm -rf -- "$outdir/.work" "$into"
	mkdir -- "$outdir/.work"
	if [ "$(wc -c <"$1")" -gt $((SIZE_MAX * 1024)) ] ||
		! apart "$1" "$outdir/.work"; then
		echo "mailbot: $1: cannot be taken apart" >&2
		rm -rf -- "$outdir/.work"
		status=111
		return
	fi
	mv -- "$outdir/.work" "$into"
	pdfs "$into"
	# Flags are in the order of the alphabet; an IMAP server may have moved
	# the file meanwhile: then it is unseen still, and taken next time.
	flags=$(printf %sS "$flags" | fold -w 1 | sort | tr -d '\n')
	mv -- "$1" "$maildir/cur/$unique:2,$flags" 2>/dev/null || {
		[ ! -e "$1" ] && return
		echo "mailbot: $1: cannot be marked" >&2
		status=111
	}
}

for file in "$maildir"/new/* "$maildir"/cur/*; do
	[ ! -f "$file" ] || one "$file"
done
exit $status
