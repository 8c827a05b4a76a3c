#!/bin/sh
# SPDX-License-Identifier: 0BSD
# quill-inject: header in, header out; envelopes; bodies byte for byte
. "$(dirname "$0")/../lib.sh"
need python3

# This program alone, linked for a home of our own: no root needed.
H=$T/home
mkdir -p "$H/control"
link_programs "$H" quill-inject
inject=$T/link/bin/quill-inject
echo me.test >"$H/control/me"
echo dd.test >"$H/control/defaultdomain"
echo pd.test >"$H/control/plusdomain"
echo dh >"$H/control/defaulthost"
unset USER LOGNAME NAME
export MAILUSER=joe

# Stands in for quill-queue: message, then envelope.
cat >"$T/record" <<'EOF'
#!/bin/sh
exec 3<&1
cat >"$T/mess" && cat <&3 >"$T/env.new" && mv "$T/env.new" "$T/env"
exit "${RECORD_EXIT:-0}"
EOF
chmod +x "$T/record"
export QUILLQUEUE="$T/record"

# What differs from run to run.
freeze()
{
	sed -E \
		-e 's/^((Resent-)?Date: )(Mon|Tue|Wed|Thu|Fri|Sat|Sun), [0-9]{2} [A-Z][a-z]{2} [0-9]{4} [0-9]{2}:[0-9]{2}:[0-9]{2} \+0000$/\1D/' \
		-e 's/^((Resent-)?Message-ID: <)[0-9]{14}\.[0-9a-v]{10}\.quill@/\1I@/'
}

# show: the recorded message and envelope
show()
{
	freeze <"$T/mess"
	tr '\0' '\n' <"$T/env"
}

# golden NAME CMD...: standard input holds the message, a line ===, and what must
# be queued: the message and then the envelope, a record a line.
golden()
{
	golden_name=$1
	shift
	awk -v t="$T" '/^===$/ { want = 1; next }
		{ print > (t (want ? "/want" : "/in")) }'
	[ -e "$T/in" ] || : >"$T/in"
	rm -f "$T/mess" "$T/env"
	: >"$T/mess"
	: >"$T/env"
	"$@" <"$T/in" >"$T/out" 2>&1
	golden_rc=$?
	is "$golden_name" "$golden_rc $(cat "$T/out")
$(show)" "0 
$(cat "$T/want")"
	rm -f "$T/in" "$T/want"
}

# refused NAME CODE ERE CMD...: exits so, says so on one line, queues nothing.
refused()
{
	refused_name=$1 refused_code=$2 refused_ere=$3
	shift 3
	rm -f "$T/mess" "$T/env"
	exits "$refused_name" "$refused_code" "$@"
	like "$refused_name: says so" "$(cat "$T/err")" "$refused_ere"
	is "$refused_name: one line" "$(wc -l <"$T/err" | tr -d ' ')" 1
	ok "$refused_name: nothing queued" test ! -s "$T/env"
}

# from TEXT CMD...: CMD with that standard input
from()
{
	printf '%b' "$1" >"$T/from"
	shift
	"$@" <"$T/from"
}

# --- where recipients come from ---------------------------------------------
golden "no options, recipient in the header" "$inject" <<'EOF'
To: a@b.c
Subject: s

text
===
Date: D
Message-ID: <I@me.test>
From: joe@dh.dd.test
To: a@b.c
Subject: s

text
Fjoe@dh.dd.test
Ta@b.c
EOF
golden "no options, arguments win" "$inject" x@y.z w <<'EOF'
To: a@b.c
Bcc: d@e.f

===
Date: D
Message-ID: <I@me.test>
From: joe@dh.dd.test
To: a@b.c

Fjoe@dh.dd.test
Tx@y.z
Tw@dh.dd.test
EOF
golden "-a" "$inject" -a 'X <x@y.z>, v' <<'EOF'
To: <a

===
Date: D
Message-ID: <I@me.test>
From: joe@dh.dd.test
To: <a

Fjoe@dh.dd.test
Tx@y.z
Tv@dh.dd.test
EOF
golden "-h ignores arguments" "$inject" -h x@y.z <<'EOF'
Cc: a@b.c
Bcc: d@e.f

===
Date: D
Message-ID: <I@me.test>
From: joe@dh.dd.test
Cc: a@b.c

Fjoe@dh.dd.test
Ta@b.c
Td@e.f
EOF
golden "-H" "$inject" -H x@y.z <<'EOF'
Apparently-To: a@b.c

===
Date: D
Message-ID: <I@me.test>
From: joe@dh.dd.test
Cc: recipient list not shown: ;
Apparently-To: a@b.c

Fjoe@dh.dd.test
Tx@y.z
Ta@b.c
EOF
golden "-A after -h" "$inject" -h -A -- x@y.z <<'EOF'
To: a@b.c

===
Date: D
Message-ID: <I@me.test>
From: joe@dh.dd.test
To: a@b.c

Fjoe@dh.dd.test
Tx@y.z
EOF
golden "sent again" "$inject" -H x@y.z <<'EOF'
Received: 1
Resent-To: r
Resent-Bcc: s@t.u
Date: then
Message-ID: <x>
From: f
To: a@b.c

===
Resent-Date: D
Resent-Message-ID: <I@me.test>
Resent-From: joe@dh.dd.test
Received: 1
Resent-To: r@dh.dd.test
Date: then
Message-ID: <x>
From: f@dh.dd.test
To: a@b.c

Fjoe@dh.dd.test
Tx@y.z
Tr@dh.dd.test
Ts@t.u
EOF

# --- sender ------------------------------------------------------------------
golden "Return-Path" "$inject" <<'EOF'
Return-Path: <o@p.q>
To: a@b.c

===
Date: D
Message-ID: <I@me.test>
From: joe@dh.dd.test
To: a@b.c

Fo@p.q
Ta@b.c
EOF
golden "null Return-Path" "$inject" <<'EOF'
To: a@b.c
Return-Path: <>

===
Date: D
Message-ID: <I@me.test>
From: joe@dh.dd.test
To: a@b.c

F
Ta@b.c
EOF
golden "letter s" env QUILLINJECT=s "$inject" <<'EOF'
To: a@b.c
Return-Path: <x@y

===
Date: D
Message-ID: <I@me.test>
From: joe@dh.dd.test
To: a@b.c

Fjoe@dh.dd.test
Ta@b.c
EOF
# sender WANT ARG...: the F record of a message with a Return-Path
sender()
{
	sender_want=$1
	shift
	rm -f "$T/env"
	from 'To: a@b.c\nReturn-Path: r@s.t\n\n' "$inject" "$@" \
		>"$T/out" 2>&1
	is "sender of $*" "$(tr '\0' '\n' <"$T/env" | head -n 1)" \
		"F$sender_want"
}
sender x@y.z -f x@y.z
sender x@dh.dd.test -fx
sender '' -f ''
sender '' -f '<>'
sender '#@[]' -f '#@[]'
sender list-@l.test-@\[\] -f list-@l.test-@\[\]
sender 'a b@c.d' -f '"a b"@c.d (comment)'
sender x@y.z -f '<@route:x@y.z>'
(
	export QMAILSUSER=su QMAILSHOST=sh+ QMAILINJECT=s
	sender su@sh.pd.test
	export QUILLSUSER=qsu QUILLSHOST=q.sh
	sender qsu@q.sh
	export QUILLINJECT=sr
	sender 'qsu-@q.sh-@[]'
	sender x@y.z -f x@y.z
	echo "$tests_run $tests_failed" >"$T/count"
)
read -r tests_run tests_failed <"$T/count"
rm -f "$T/env"
from 'To: a@b.c\n\n' env QMAILINJECT=mr QMAILUSER=u "$inject"
like "sender with letters m, r" "$(tr '\0' '\n' <"$T/env")" \
	'^Fu-[0-9]{10}\.[0-9]+-@dh\.dd\.test-@\[\]$'
from 'To: a@b.c\n\n' env QMAILINJECT=m QMAILUSER=u "$inject"
like "sender with letter m" "$(tr '\0' '\n' <"$T/env")" \
	'^Fu-[0-9]{10}\.[0-9]+@dh\.dd\.test$'

# --- From and the environment ------------------------------------------------
# made_from NAME WANT VAR=VALUE...: the From that is made up
made_from()
{
	made_name=$1 made_want=$2
	shift 2
	is "From: $made_name" "$(from 'To: a@b.c\n\n' env -u MAILUSER "$@" \
		"$inject" -n | sed -n 's/^From: //p')" "$made_want"
}
made_from "nobody known" anonymous@dh.dd.test X=
made_from LOGNAME l@dh.dd.test LOGNAME=l
made_from USER u@dh.dd.test LOGNAME=l USER=u
made_from MAILUSER m@dh.dd.test LOGNAME=l USER=u MAILUSER=m
made_from QMAILUSER q@dh.dd.test LOGNAME=l USER=u MAILUSER=m QMAILUSER=q
made_from QUILLUSER k@dh.dd.test MAILUSER=m QMAILUSER=q QUILLUSER=k
made_from "empty variables" l@dh.dd.test QUILLUSER= MAILUSER= USER= LOGNAME=l
made_from MAILHOST u@mh.dd.test USER=u MAILHOST=mh
made_from QMAILHOST u@q.pd.test USER=u MAILHOST=mh QMAILHOST=q+
made_from QUILLHOST u@k.h USER=u MAILHOST=mh QMAILHOST=q+ QUILLHOST=k.h
made_from NAME "Joe X <u@dh.dd.test>" USER=u NAME='Joe X'
made_from MAILNAME '"Joe Q. X" <u@dh.dd.test>' USER=u NAME=n MAILNAME='Joe Q. X'
made_from QMAILNAME 'q <u@dh.dd.test>' USER=u NAME=n MAILNAME=m QMAILNAME=q
made_from "empty QUILLNAME" u@dh.dd.test USER=u NAME=n QMAILNAME=q QUILLNAME=
made_from "letter c" 'u@dh.dd.test (Joe Q. X)' USER=u NAME='Joe Q. X' \
	QMAILINJECT=c
made_from "8-bit" '=?utf-8?q?J=C3=B6?= <u@dh.dd.test>' USER=u NAME='Jö'
# no encoded word of it holds half a character
made_name=$(printf '%030d' 0 | sed 's/0/é/g')
like "From: many characters" "$(from 'To: a@b.c\n\n' env -u MAILUSER USER=u \
	NAME="$made_name" "$inject" -n | sed -n '/^From:/,/^[^F ]/p' |
	tr -d ' \n')" '^From:(=\?utf-8\?q\?(=C3=A9)+\?=){2,}<u@'
made_from "line feed in the name" '"a b:c" <u@dh.dd.test>' USER=u 'NAME=a
b:c'
made_from QMAILDEFAULTHOST u@x.y USER=u QMAILDEFAULTHOST=x.y
made_from QUILLDEFAULTHOST u@h.z USER=u QMAILDEFAULTHOST=x.y \
	QUILLDEFAULTHOST=h QMAILDEFAULTDOMAIN=z
made_from QMAILPLUSDOMAIN u@h.p.q USER=u QMAILHOST=h+ QMAILPLUSDOMAIN=p.q

golden "letters f and i" env QMAILINJECT=fi QMAILIDHOST=id.x "$inject" <<'EOF'
From: x@y.z
Message-Id: <1@2>
To: a@b.c

===
Date: D
Message-ID: <I@id.x>
From: joe@dh.dd.test
To: a@b.c

Fjoe@dh.dd.test
Ta@b.c
EOF
printf '# lists\nList@L.test  \n\nother@l.test\r\n' >"$T/lists"
golden "QMAILMFTFILE" env QMAILMFTFILE="$T/lists" "$inject" <<'EOF'
To: L <list@l.test>
Cc: joe@x.y, LIST@l.test

===
Date: D
Message-ID: <I@me.test>
From: joe@dh.dd.test
Mail-Followup-To: list@l.test,
	joe@x.y
To: L <list@l.test>
Cc: joe@x.y, LIST@l.test

Fjoe@dh.dd.test
Tlist@l.test
Tjoe@x.y
TLIST@l.test
EOF
golden "QMAILMFTFILE, no list" env QMAILMFTFILE="$T/lists" "$inject" <<'EOF'
To: x@l.test

===
Date: D
Message-ID: <I@me.test>
From: joe@dh.dd.test
To: x@l.test

Fjoe@dh.dd.test
Tx@l.test
EOF
golden "QMAILMFTFILE is not there" env QMAILMFTFILE="$T/no" "$inject" <<'EOF'
To: x@l.test

===
Date: D
Message-ID: <I@me.test>
From: joe@dh.dd.test
To: x@l.test

Fjoe@dh.dd.test
Tx@l.test
EOF

# --- odd headers -------------------------------------------------------------
golden "no header at all" "$inject" x@y.z <<'EOF'
This is text: it has a colon
To: nobody
===
Date: D
Message-ID: <I@me.test>
From: joe@dh.dd.test
Cc: recipient list not shown: ;

This is text: it has a colon
To: nobody
Fjoe@dh.dd.test
Tx@y.z
EOF
golden "an empty line first" "$inject" x@y.z <<'EOF'

To: text
===
Date: D
Message-ID: <I@me.test>
From: joe@dh.dd.test
Cc: recipient list not shown: ;

To: text
Fjoe@dh.dd.test
Tx@y.z
EOF
golden "text in the header" "$inject" x@y.z <<'EOF'
Subject: s
text
To: text
===
Date: D
Message-ID: <I@me.test>
From: joe@dh.dd.test
Cc: recipient list not shown: ;
Subject: s

text
To: text
Fjoe@dh.dd.test
Tx@y.z
EOF
golden "folds" "$inject" <<'EOF'
Subject: s
	t
  u
To:
 a,
 b (c
 d)
X-Y : z

===
Date: D
Message-ID: <I@me.test>
From: joe@dh.dd.test
Subject: s
	t
  u
To:
 a@dh.dd.test,
 b@dh.dd.test (c
 d)
X-Y : z

Fjoe@dh.dd.test
Ta@dh.dd.test
Tb@dh.dd.test
EOF
golden "a mbox line" "$inject" <<'EOF'
From x@y.z Fri Nov 20 07:22:00 2026
To: a@b.c

===
Date: D
Message-ID: <I@me.test>
From: joe@dh.dd.test
To: a@b.c

Fjoe@dh.dd.test
Ta@b.c
EOF
golden "nothing at all" "$inject" x@y.z <<'EOF'
===
Date: D
Message-ID: <I@me.test>
From: joe@dh.dd.test
Cc: recipient list not shown: ;

Fjoe@dh.dd.test
Tx@y.z
EOF
golden "all kinds of addresses" "$inject" <<'EOF'
Content-Length: 12
To: "Doe, J" <a@x>, b@y+ (c), <@r:d@z.>, g: e, "f g"@[1.2.3.4];, h i@j.k
Reply-To: l (m (n))
Sender: o!p

===
Date: D
Message-ID: <I@me.test>
From: joe@dh.dd.test
To: "Doe, J" <a@x.dd.test>, b@y.pd.test (c), <d@z.dd.test>, g: e@dh.dd.test, "f g"@[1.2.3.4];, h@dh.dd.test, i@j.k
Reply-To: l@dh.dd.test (m (n))
Sender: o!p@dh.dd.test

Fjoe@dh.dd.test
Ta@x.dd.test
Tb@y.pd.test
Td@z.dd.test
Te@dh.dd.test
Tf g@[1.2.3.4]
Th@dh.dd.test
Ti@j.k
EOF

# --- bodies ------------------------------------------------------------------
# body NAME: $T/body goes through as it is, by -n and to the queue
body()
{
	{
		printf 'To: a@b.c\n\n'
		cat "$T/body"
	} >"$T/in"
	"$inject" <"$T/in" && "$inject" -n <"$T/in" >"$T/printed"
	sed '1,/^$/d' "$T/mess" >"$T/body.queued"
	same "$1: queued" "$T/body" "$T/body.queued"
	sed '1,/^$/d' "$T/printed" >"$T/body.printed"
	same "$1: printed" "$T/body" "$T/body.printed"
	rm -f "$T/in"
}
printf 'a\0b\377\200\n.\n..\nFrom x\nTo: y\n\n\r\r\n\nno last LF' >"$T/body"
body "odd bytes"
: >"$T/body"
body "empty"
printf '\n\n' >"$T/body"
body "empty lines"
python3 -c 'print("x" * 100000); print("y" * 100000)' >"$T/body"
body "long lines"
head -c 20000000 /dev/urandom >"$T/body"
body "20 MB"

# --- limits ------------------------------------------------------------------
python3 -c 'print("To: a@b.c\nX: " + "x" * 4000000 + "\n\nbody")' >"$T/in"
ok "a header of almost 4 MiB" "$inject" <"$T/in"
is "is queued" "$(wc -c <"$T/mess" | tr -d ' ')" "$(($(wc -c <"$T/in") +
	$(head -n 3 "$T/mess" | wc -c)))"
python3 -c 'print("To: a@b.c\n" + "X: y\n" * 900000)' >"$T/in"
refused "a header of more" 100 'fatal: header larger than 4 MiB' \
	"$inject" <"$T/in"
python3 -c 'print("To: " + "a" * 5000000)' >"$T/in"
refused "a field of more" 100 'fatal: header larger than 4 MiB' \
	"$inject" <"$T/in"
python3 -c 'print("a" * 5000000, end="")' >"$T/in"
ok "a body of one line" "$inject" x@y.z <"$T/in"
is "is no header" "$(tail -c 5000001 "$T/mess" | head -c 9 | tail -c 8)" aaaaaaaa
python3 -c 'print("To: " + "aa," * 200000 + "\n")' >"$T/in"
ok "200000 recipients" "$inject" <"$T/in"
is "are all there" "$(tr '\0' '\n' <"$T/env" | grep -c '^Taa@dh\.dd\.test$')" \
	200000
python3 -c 'print("To: " + "a" * 1100 + "@b.c\n")' >"$T/in"
refused "a long address" 100 'unable to parse To: address too long' \
	"$inject" <"$T/in"
python3 -c 'print("To: " + "(" * 100000 + ")" * 100000 + "a\n")' >"$T/in"
refused "nested comments" 100 'unable to parse To: comments nested too deep' \
	"$inject" <"$T/in"

# --- errors ------------------------------------------------------------------
refused "a broken To" 100 '^quill-inject: fatal: unable to parse To: unbalanced' \
	from 'To: <a@b.c\n\n' "$inject"
refused "a broken Cc, -H" 100 'unable to parse CC: no comma after >' \
	from 'To: a\nCC: <a> b\n\n' "$inject" -H x
refused "a broken Resent-Bcc" 100 'unable to parse Resent-Bcc: ' \
	from 'Resent-Bcc: (\n\n' "$inject"
refused "a broken Return-Path" 100 'unable to parse Return-Path: ' \
	from 'To: a\nReturn-Path: <a\n\n' "$inject"
refused "a broken recipient" 100 'unable to parse recipient <a: unbalanced' \
	from 'To: b\n\n' "$inject" b '<a'
refused "an empty recipient" 100 'empty recipient' from 'To: b\n\n' "$inject" '<>'
refused "a broken sender" 100 'unable to parse sender a b>: unbalanced' \
	from 'To: b\n\n' "$inject" -f 'a b>'
refused "two senders" 100 'more than one address' \
	from 'To: b\n\n' "$inject" -f 'a, b'
refused "no recipients" 100 'fatal: no recipients' from 'X: y\n\n' "$inject"
refused "no recipients, -a" 100 'fatal: no recipients' \
	from 'To: y\n\n' "$inject" -a
refused "a wrong option" 100 'usage: quill-inject' from '' "$inject" -z
refused "no recipients, -S" 64 'fatal: no recipients' from '' "$inject" -S -h
refused "a broken To, -S" 65 'unable to parse To' from 'To: <\n' "$inject" -S
exits "message refused" 100 from 'To: y\n\n' env RECORD_EXIT=31 "$inject"
like "message refused: says so" "$(cat "$T/err")" '^quill-inject: fatal: .'
exits "message refused, -S" 69 from 'To: y\n' env RECORD_EXIT=31 "$inject" -S
exits "queue in trouble" 111 from 'To: y\n\n' env RECORD_EXIT=53 "$inject"
like "queue in trouble: says so" "$(cat "$T/err")" '^quill-inject: fatal: .'
exits "queue in trouble, -S" 75 from 'To: y\n' env RECORD_EXIT=53 "$inject" -S
exits "no queue program" 111 from 'To: y\n\n' env QUILLQUEUE=/nonexistent "$inject"
refused "cannot read" 111 'unable to read message: ' "$inject" x <"$T"
cat >"$T/custom" <<'EOF'
#!/bin/sh
cat >/dev/null
echo 'Dnot today (#5.7.1)' >&6
exit 82
EOF
chmod +x "$T/custom"
exits "custom text" 100 from 'To: y\n\n' env QUILLQUEUE="$T/custom" "$inject"
like "custom text is shown" "$(cat "$T/err")" 'not today'
printf 'To: a@b.c\n\n' >"$T/in"
# shellcheck disable=SC2016
exits "cannot write" 111 sh -c 'exec "$0" -n <"$1" >/dev/full' "$inject" "$T/in"
mv "$H/control/me" "$H/control/me.off"
refused "no control/me" 111 'control/me' from 'To: y@z.z\n\n' "$inject"
ok "which is not needed when all is known" from \
	'To: y@z.z\nFrom: x@z.z\nDate: d\nMessage-ID: m\n\n' \
	"$inject" -f x@z.z
mv "$H/control/me.off" "$H/control/me"
done_testing
