#!/bin/sh
# SPDX-License-Identifier: 0BSD
# mailinjector - send a message with attachments: an example, to be copied
#
#	mailinjector -s SUBJECT [-f FROM] [-b FILE] [-a FILE]... ADDRESS...
#
# The body is FILE, or standard input; UTF-8 text. Each -a is a file to attach,
# under its own name, whatever bytes that has. The message goes to the ADDRESSes
# by quill-inject, which adds From (unless -f), Date and Message-ID.
#
# Exit: what quill-inject says (0 queued, 111 try again later, 100 never), 100
# for arguments that cannot be used, 111 for a file that cannot be read. Nothing
# is sent then: the message is whole before quill-inject sees it.
#
# Needs a POSIX shell, awk and od, and of coreutils base64; file(1), if it is
# there, tells the types of attachments.
set -eu
LC_ALL=C
export LC_ALL
inject=${QUILL_INJECT:-@HOME@/bin/quill-inject}

die()
{
	echo "mailinjector: $2" >&2
	exit "$1"
}

usage()
{
	die 100 'usage: mailinjector -s SUBJECT [-f FROM] [-b FILE] [-a FILE]... ADDRESS...'
}

# oneline WHAT TEXT: a line break would begin another header field.
oneline()
{
	case $2 in
	*'
'* | *"$cr"*) die 100 "$1 has a line break" ;;
	esac
}
cr=$(printf '\r')

# hex TEXT: its bytes, two digits each, on one line
hex()
{
	printf %s "$1" | od -An -v -tx1 | tr -d '\n'
}

# subject TEXT: as it is, when it is ASCII and short; or else as encoded words
# (RFC 2047) of at most 75 characters, each with whole UTF-8 characters.
subject()
{
	case $1 in
	*[!\ -~]* | *=\?*) ;;
	*)
		[ ${#1} -gt 900 ] || {
			printf 'Subject: %s\n' "$1"
			return
		}
		;;
	esac
	printf 'Subject:'
	hex "$1" | awk '
	function flush() { printf " =?UTF-8?Q?%s?=\n", word; word = "" }
	{
		for (i = 1; i <= NF; i++) {
			first = substr($i, 1, 1)
			# 80 to bf go on with the character before
			if (first !~ /[89ab]/ && length(word) > 48)
				flush()
			word = word "=" toupper($i)
		}
	}
	END { if (word != "") flush() }'
}

# filename NAME: the parameter of Content-Disposition (RFC 2183; RFC 2231 when
# the name is more than plain characters)
filename()
{
	case $1 in
	*[!A-Za-z0-9._-]* | '') ;;
	*)
		[ ${#1} -gt 60 ] || {
			printf ';\n filename="%s"\n' "$1"
			return
		}
		;;
	esac
	hex "$1" | awk '
	function flush() {
		printf ";\n filename*%d*=%s%s", n++, start, part
		start = part = ""
	}
	BEGIN { start = "UTF-8'\'\''" }
	{
		for (i = 1; i <= NF; i++) {
			part = part "%" toupper($i)
			if (length(part) >= 54)
				flush()
		}
	}
	END { if (part != "" || !n) flush(); printf "\n" }'
}

# type FILE: its media type. Types that may not be base64 (RFC 2046 5) are bytes.
type()
{
	t=
	if command -v file >/dev/null; then
		t=$(file --brief --mime -- "$1" 2>/dev/null) || t=
		case $t in text/*) ;; *) t=${t%%;*} ;; esac
	fi
	case $t in
	message/* | multipart/* | inode/* | */*[!A-Za-z0-9./\;\ =+_-]*) t= ;;
	*/*) ;;
	*) t= ;;
	esac
	printf %s "${t:-application/octet-stream}"
}

# text FILE: the body part. Anything but short lines of ASCII is base64.
text()
{
	printf 'Content-Type: text/plain; charset=utf-8\n'
	if [ -s "$1" ] && [ -z "$(tail -c 1 "$1" | tr -d '\n')" ] &&
		! tr -d '\n\t -~' <"$1" | grep -q . &&
		awk 'length > 900 { exit 1 }' "$1"; then
		printf 'Content-Transfer-Encoding: 7bit\n\n'
		cat "$1"
	else
		printf 'Content-Transfer-Encoding: base64\n\n'
		base64 "$1"
	fi
}

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
trap 'exit 111' HUP INT TERM

from='' subject='' body='' have_subject='' n=0
while getopts s:f:b:a: opt; do
	case $opt in
	s) subject=$OPTARG have_subject=1 ;;
	f) from=$OPTARG ;;
	b) body=$OPTARG ;;
	a)
		[ -f "$OPTARG" ] || die 111 "$OPTARG: not a file"
		n=$((n + 1))
		# A copy: what is sent is what was there once.
		cp -- "$OPTARG" "$work/$n" || exit 111
		printf %s. "${OPTARG##*/}" >"$work/$n.name"
		;;
	*) usage ;;
	esac
done
shift $((OPTIND - 1))
if [ $# = 0 ] || [ -z "$have_subject" ]; then
	usage
fi
oneline 'the subject' "$subject"
oneline 'the sender' "$from"
for to in "$@"; do
	oneline 'an address' "$to"
done
if [ "$body" ]; then
	cp -- "$body" "$work/body" || exit 111
else
	cat >"$work/body"
fi

{
	[ -z "$from" ] || printf 'From: %s\n' "$from"
	printf 'To: '
	comma=
	for to in "$@"; do
		printf '%s%s' "$comma" "$to"
		comma=',
 '
	done
	printf '\n'
	subject "$subject"
	printf 'MIME-Version: 1.0\n'
	if [ "$n" = 0 ]; then
		text "$work/body"
	else
		# 96 random bits: not in any text by chance; "=_" is never in
		# base64 or quoted-printable (RFC 2045 6.7).
		boundary="=_$(od -An -N12 -tx1 /dev/urandom | tr -d ' \n')"
		printf 'Content-Type: multipart/mixed; boundary="%s"\n\n' \
			"$boundary"
		printf -- '--%s\n' "$boundary"
		text "$work/body"
		i=0
		while [ "$i" -lt "$n" ]; do
			i=$((i + 1))
			# The point keeps line breaks at the end of a name.
			name=$(cat "$work/$i.name")
			name=${name%.}
			printf '\n--%s\n' "$boundary"
			printf 'Content-Type: %s\n' "$(type "$work/$i")"
			printf 'Content-Transfer-Encoding: base64\n'
			printf 'Content-Disposition: attachment'
			filename "$name"
			printf '\n'
			base64 "$work/$i"
		done
		printf -- '\n--%s--\n' "$boundary"
	fi
} >"$work/message"

if [ "$from" ]; then
	"$inject" -a -f "$from" -- "$@" <"$work/message"
else
	"$inject" -a -- "$@" <"$work/message"
fi
