#!/bin/sh
# SPDX-License-Identifier: 0BSD
# The tools for .qmail lines and for mailboxes: exit codes, words, bytes.
# The text of single-quoted rows is for the shell of a program line:
# shellcheck disable=SC2016
. "$(dirname "$0")/../lib.sh"
need perl

# --- the tools, and what stands in for quill-queue ---------------------------
Q=$T/q
link_programs "$Q" forward bouncesaying condredirect except preline \
	maildir2mbox mbox2maildir
PATH=$T/link/bin:$PATH
mkdir -p "$T/rec" "$Q/bin"
cat >"$T/queue" <<END
#!/bin/sh
exec 3<&1
cat >"$T/rec/mess"
cat <&3 | tr '\\0' '|' >"$T/rec/env"
[ ! -s "$T/rec/text" ] || cat "$T/rec/text" >&6
exit "\$(cat "$T/rec/rc")"
END
chmod 755 "$T/queue"
export QUILLQUEUE="$T/queue"
export NEWSENDER=new@x.org SENDER=s@x.org RECIPIENT=u@h
DTLINE='Delivered-To: u@h
' RPLINE='Return-Path: <s@x.org>
' UFLINE='From s@x.org Fri Nov 20 07:22:00 2026
'
export DTLINE RPLINE UFLINE
printf 'Subject: a\n\nbody\n' >"$T/msg"

# try NAME EXIT OUTPUT CMD...: with the message; both outputs together, process
# numbers taken out; what was queued stays in $T/rec
try()
{
	t_name=$1 t_rc=$2 t_out=$3 rc=0
	shift 3
	rm -f "$T/rec/mess" "$T/rec/env" "$T/rec/text"
	printf '%s' "${text:-}" >"$T/rec/text"
	echo "${queue_rc:-0}" >"$T/rec/rc"
	"$@" <"$T/msg" >"$T/out" 2>&1 || rc=$?
	is "$t_name" "$rc $(sed 's/^qp [0-9]*/qp N/' "$T/out")" "$t_rc $t_out"
}

# queued NAME ENVELOPE, NUL as |
queued()
{
	is "$1" "$(cat "$T/rec/env" 2>/dev/null)" "$2"
}

# --- forward -----------------------------------------------------------------
try 'forward' 0 'qp N' forward a@b.org c d@e
queued 'forward: envelope' 'Fnew@x.org|Ta@b.org|Tc|Td@e||'
{ printf %s "$DTLINE"; cat "$T/msg"; } >"$T/want"
same 'forward: bytes' "$T/rec/mess" "$T/want"
text=K0123456789abcdef
try 'forward: id' 0 'qp N id 0123456789abcdef' forward a@b.org
text=
try 'forward, after somebody has read' 0 'Subject: a
qp N' sh -c 'head -n 1; forward a@b.org'
same 'forward, after somebody has read: all of it' "$T/rec/mess" "$T/want"
try 'forward, from a pipe' 0 'qp N' sh -c 'cat | forward a@b.org'
same 'forward, from a pipe: bytes' "$T/rec/mess" "$T/want"
NEWSENDER='' try 'forward, null sender' 0 'qp N' forward a@b
queued 'forward, null sender: envelope' 'F|Ta@b||'
NEWSENDER='l-owner-@h-@[]' try 'forward, VERP' 0 'qp N' forward a@b
queued 'forward, VERP: envelope' 'Fl-owner-@h-@[]|Ta@b||'
queue_rc=31
try 'forward, refused for good' 100 \
	'forward: alert: unable to forward message: message refused (#5.3.0)' \
	forward a@b
queue_rc=53
try 'forward, no room' 111 \
	'forward: alert: unable to forward message: unable to write message to disk (#4.3.1)' \
	forward a@b
queue_rc=82 text='Dno such luck'
try 'forward, refused in its own words' 100 \
	'forward: alert: unable to forward message: no such luck (#5.3.0)' \
	forward a@b
queue_rc='' text=''
QUILLQUEUE=$T/none try 'forward, no queue' 111 \
	'forward: alert: unable to forward message: unable to run the queue program (#4.3.0)' \
	forward a@b
try 'forward, usage' 100 'forward: alert: usage: forward ADDRESS...' forward
try 'forward, empty address' 100 'forward: alert: an empty address' forward ''
try 'forward, two lines' 100 'forward: alert: a control character in a?b' \
	forward 'a
b'
try 'forward, long address' 100 \
	'forward: alert: an address of more than 1000 bytes' \
	forward "$(printf '%01001d' 0)"
try 'forward, 1000 bytes' 0 'qp N' forward "$(printf '%01000d' 0)"
try 'forward, no environment' 100 \
	'forward: alert: no $NEWSENDER: this is for a line of a .qmail file' \
	env -u NEWSENDER forward a@b
queued 'forward, no environment: nothing queued' ''

# --- bouncesaying, except, condredirect --------------------------------------
try 'bouncesaying' 100 'moved away' bouncesaying 'moved away'
try 'bouncesaying, yes' 100 moved bouncesaying moved grep -q ^Subject:
try 'bouncesaying, no' 0 '' bouncesaying moved grep -q ^Subjekt:
try 'bouncesaying, not now' 111 \
	'bouncesaying: alert: sh failed for now' bouncesaying moved sh -c 'exit 111'
try 'bouncesaying, killed' 111 'bouncesaying: alert: sh was ended by a signal' \
	bouncesaying moved sh -c 'kill -9 $$'
try 'bouncesaying, not there' 111 \
	'bouncesaying: alert: unable to run no-such-program' \
	bouncesaying moved no-such-program
try 'bouncesaying, usage' 100 \
	'bouncesaying: alert: usage: bouncesaying TEXT [PROGRAM...]' bouncesaying

try 'except, yes' 100 '' except true
try 'except, no' 0 '' except sh -c 'exit 3'
try 'except, 99' 0 '' except sh -c 'exit 99'
try 'except, not now' 111 'except: alert: sh failed for now' \
	except sh -c 'exit 111'
try 'except, killed' 111 'except: alert: sh was ended by a signal' \
	except sh -c 'kill -9 $$'
try 'except, not there' 111 'except: alert: unable to run /none' except /none
try 'except, usage' 100 'except: alert: usage: except PROGRAM...' except
try 'bouncesaying except' 100 no bouncesaying no except grep -q ^Subjekt:

try 'condredirect, yes' 99 'qp N' condredirect a@b.org grep -q ^body
queued 'condredirect, yes: envelope' 'Fnew@x.org|Ta@b.org||'
same 'condredirect, yes: bytes' "$T/rec/mess" "$T/want"
try 'condredirect, no' 0 '' condredirect a@b.org grep -q ^none
queued 'condredirect, no: nothing queued' ''
try 'condredirect, not now' 111 'condredirect: alert: sh failed for now' \
	condredirect a@b sh -c 'exit 111'
queued 'condredirect, not now: nothing queued' ''
try 'condredirect, not there' 111 'condredirect: alert: unable to run /none' \
	condredirect a@b /none
queue_rc=53
try 'condredirect, no room' 111 \
	'condredirect: alert: unable to forward message: unable to write message to disk (#4.3.1)' \
	condredirect a@b true
queue_rc=
try 'condredirect, usage' 100 \
	'condredirect: alert: usage: condredirect ADDRESS PROGRAM...' \
	condredirect a@b

# --- preline -----------------------------------------------------------------
all="$UFLINE$RPLINE$DTLINE$(cat "$T/msg")"
try 'preline' 0 "$all" preline cat
try 'preline -f' 0 "$RPLINE$DTLINE$(cat "$T/msg")" preline -f cat
try 'preline -r' 0 "$UFLINE$DTLINE$(cat "$T/msg")" preline -r cat
try 'preline -d' 0 "$UFLINE$RPLINE$(cat "$T/msg")" preline -d cat
try 'preline -frd' 0 "$(cat "$T/msg")" preline -frd -- cat
try 'preline -f -d' 0 "$RPLINE$(cat "$T/msg")" preline -f -d cat
try 'preline, after somebody has read' 0 "Subject: a
$all" sh -c 'head -n 1; preline cat'
for code in 1 65 75 77 99 100 111; do
	try "preline, exit $code" $code '' preline sh -c "cat >/dev/null; exit $code"
done
try 'preline, killed' 111 'preline: alert: sh was ended by a signal' \
	preline sh -c 'kill -9 $$'
try 'preline, not there' 111 'preline: alert: unable to run none' preline none
try 'preline, usage' 100 'preline: alert: usage: preline [-frd] PROGRAM...' \
	preline -f
try 'preline, unknown option' 100 \
	'preline: alert: usage: preline [-frd] PROGRAM...' preline -x cat
try 'preline, no environment' 100 \
	'preline: alert: no $UFLINE: this is for a line of a .qmail file' \
	env -u UFLINE preline cat
try 'preline -f, no UFLINE' 0 "$RPLINE$DTLINE$(cat "$T/msg")" \
	env -u UFLINE preline -f cat
cp "$T/msg" "$T/msg0"
perl -e 'print "S: x\n\n", "x" x 1000000, "\n"' >"$T/msg"
try 'preline, a program that does not read' 7 '' preline sh -c 'exit 7'
try 'preline, a megabyte' 0 1000007 preline -frd sh -c 'wc -c'
if [ -z "$SAN" ] && strace -qq -o /dev/null true 2>/dev/null; then
	: >"$T/ate"
	try 'preline, a message that cannot be read' 111 \
		'preline: alert: unable to read all of the message' strace \
		-qq -o /dev/null -P "$T/msg" -e inject=read:error=EIO:when=3 \
		preline -frd sh -c "cat >/dev/null; : >'$T/ate.all'"
	ok '... is not taken for a whole one' test ! -e "$T/ate.all"
	rm -f "$T/rec/env"
	exits 'forward, a message that cannot be read' 111 sh -c "strace \
		-qq -o /dev/null -P '$T/msg' -e inject=read:error=EIO:when=2 \
		'$T/link/bin/forward' a@b <'$T/msg'"
	like '... says so' "$(cat "$T/err")" \
		'^forward: alert: unable to read the message: I'
	queued '... nothing is queued' ''
fi
mv "$T/msg0" "$T/msg"

# --- mbox2maildir ------------------------------------------------------------
# box NAME FORMAT: $T/box; md: an empty Maildir $T/md
md()
{
	rm -rf "$T/md"
	mkdir -p "$T/md/tmp" "$T/md/new" "$T/md/cur"
}
# shown: the Maildir, each message after its directory and flags
shown()
{
	for f in "$T"/md/new/* "$T"/md/cur/*; do
		[ -e "$f" ] || continue
		d=${f%/*}
		case $f in *:2,*) echo "[${d##*/} ${f##*:2,}]" ;;
		*) echo "[${d##*/}]" ;; esac
		cat "$f"
	done
}
F='From s@x.org Fri Nov 20 07:22:00 2026'
convert()
{
	md
	# shellcheck disable=SC2059
	printf "$2" >"$T/box"
	cp -p "$T/box" "$T/box0"
	exits "$1" 0 mbox2maildir "$T/box" "$T/md"
	is "$1: messages" "$(cat "$T/out"; shown)" "$3"
	same "$1: the mbox is as it was" "$T/box" "$T/box0"
	is "$1: no locks, nothing in tmp" \
		"$(ls "$T/box.lock" 2>/dev/null; ls "$T/md/tmp")" ''
}
convert 'empty mbox' '' '0 messages'
convert 'one message' "$F\nS: a\n\nb\n\n" '1 messages
[new]
S: a

b'
convert 'flags' "$F\nStatus: RO\nS: a\nX-Status: AF\n\nb\n\n$F\nS: c\nStatus: O\n\n$F\nX-Status: DT\nStatus: R\n\nd\n\n$F\nS: e\n\n" \
	'4 messages
[new]
S: e
[cur FRS]
S: a

b
[cur ]
S: c
[cur DST]

d'
convert 'marks' "$F\nS: a\n\n>From b\n>>From c\n>Fro\n From\n\n" '1 messages
[new]
S: a

From b
>From c
>Fro
 From'
convert 'From in the text' "$F\nS: a\n\nb\nFrom s@x.org Fri Nov 20 07:22:00 2026\n\nFrom here on\n\n" \
	'1 messages
[new]
S: a

b
From s@x.org Fri Nov 20 07:22:00 2026

From here on'
convert 'Status in the body, no final newline' "$F\nS: a\n\nStatus: RO\nb" \
	'1 messages
[new]
S: a

Status: RO
b'
convert 'zone, no seconds' "From s  Fri Nov  6 07:22 +0100 1998\nS: a\n\nb\n\n" \
	'1 messages
[new]
S: a

b'
is 'time of arrival' "$(stat -c %Y "$T"/md/new/*)" \
	"$(date -u -d '1998-11-06 07:22' +%s)"
like 'name and mode' "$(stat -c '%a %n' "$T"/md/new/*)" \
	'^600 .*/new/[0-9]{10}\.M[0-9]+P[0-9]+Q1\.[^/:]+$'
echo 'no mbox' >"$T/box"
exits 'no mbox' 100 mbox2maildir "$T/box" "$T/md"
ok 'no mbox: no lock is left' test ! -e "$T/box.lock"
is 'no mbox: words' "$(cat "$T/err")" "mbox2maildir: alert: $T/box is no mbox"
exits 'no file' 111 mbox2maildir "$T/none" "$T/md"
exits 'a fifo' 111 sh -c "mkfifo '$T/fifo'; mbox2maildir '$T/fifo' '$T/md'"
exits 'usage' 100 mbox2maildir "$T/box"
printf '%s\nS: a\n\nb\n\n' "$F" >"$T/box"
exits 'no Maildir' 111 mbox2maildir "$T/box" "$T/none"
md
rmdir "$T/md/new"
exits 'half a Maildir' 111 mbox2maildir "$T/box" "$T/md"
is 'half a Maildir: nothing is left' "$(find "$T/md" "$T/box.lock" -type f \
	2>/dev/null)" ''

# --- maildir2mbox ------------------------------------------------------------
md
printf 'Return-Path: <a b@x.org>\nS: 2\n\nb\n' >"$T/md/new/200.x"
printf 'S: 10\nStatus: O\nX-Status: F\n fold\nT: z\n\nStatus: x\nFrom b\n>From c' \
	>"$T/md/cur/1000.x:2,RS"
printf 'S: 1\n' >"$T/md/cur/100.x:2,"
: >"$T/md/new/.hidden"
touch -d '2026-11-20 07:22:00 UTC' "$T"/md/new/* "$T"/md/cur/*
rm -f "$T/box"
exits 'maildir2mbox' 0 maildir2mbox "$T/md" "$T/box"
is 'maildir2mbox: says' "$(cat "$T/out")" '3 messages'
cat >"$T/want" <<'END'
From MAILER-DAEMON Fri Nov 20 07:22:00 2026
S: 1
Status: O

From a-b@x.org Fri Nov 20 07:22:00 2026
Return-Path: <a b@x.org>
S: 2

b

From MAILER-DAEMON Fri Nov 20 07:22:00 2026
S: 10
T: z
Status: RO
X-Status: A

Status: x
>From b
>>From c

END
same 'maildir2mbox: bytes' "$T/box" "$T/want"
is 'maildir2mbox: moved' "$(find "$T/md" -type f)" "$T/md/new/.hidden"
is 'maildir2mbox: mode, locks' "$(stat -c '%a %n' "$T/box"*)" \
	"600 $T/box
$(stat -c '%a %n' "$T/box0")"
exits 'empty Maildir' 0 env MAILDIR="$T/md" MAIL="$T/box" maildir2mbox
same 'empty Maildir: nothing changes' "$T/box" "$T/want"
exits 'no environment' 100 env -u MAIL -u MAILDIR maildir2mbox
exits 'no Maildir' 111 maildir2mbox "$T/none" "$T/box"
exits 'usage' 100 maildir2mbox "$T/md"
cp "$T/box" "$T/old"
md
perl -e 'print "S: a\n\n", "x" x 200000, "\n"' >"$T/md/new/1.x"
(
	trap '' XFSZ
	ulimit -f 100
	maildir2mbox "$T/md" "$T/box" 2>"$T/err"
	echo $? >"$T/rc"
)
is 'no room' "$(cat "$T/rc" "$T/err")" "111
maildir2mbox: alert: unable to write $T/box: File too large"
same 'no room: the mbox is cut back' "$T/box" "$T/old"
is 'no room: the message stays' "$(maildir_count "$T/md")" 1

# and back: the same messages, the same flags
md
i=0
for flags in new : :S :F :R :T :D :DFRST :RS; do
	i=$((i + 1))
	case $flags in new) f=new/$i.x ;; *) f=cur/$i.x:2,${flags#:} ;; esac
	printf 'S: %d\n\nFrom x\n\n>From y\n\n' $i >"$T/md/$f"
done
shown | sort >"$T/want"
rm -f "$T/box"
exits 'there' 0 maildir2mbox "$T/md" "$T/box"
exits 'and back' 0 mbox2maildir "$T/box" "$T/md"
shown | sort >"$T/got"
same 'there and back: nothing changes' "$T/got" "$T/want"

done_testing
