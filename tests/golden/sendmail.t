#!/bin/sh
# SPDX-License-Identifier: 0BSD
# sendmail, mailq and newaliases: every option, and every form that programs use
. "$(dirname "$0")/../lib.sh"

H=$T/home
mkdir -p "$H/control" "$H/bin"
link_programs "$H" quill-inject sendmail
mv "$T/link/bin/quill-inject" "$T/link/bin/sendmail" "$H/bin"
ln -s sendmail "$H/bin/mailq"
ln -s sendmail "$H/bin/newaliases"
sendmail=$H/bin/sendmail
echo me.test >"$H/control/me"
unset USER LOGNAME NAME
export MAILUSER=joe

# Stand-ins for quill-queue, and for what else sendmail becomes.
cat >"$T/record" <<'EOF'
#!/bin/sh
exec 3<&1
cat >"$T/mess" && cat <&3 >"$T/env.new" && mv "$T/env.new" "$T/env"
exit "${RECORD_EXIT:-0}"
EOF
cat >"$H/bin/quill-smtpd" <<'EOF'
#!/bin/sh
echo "smtpd $# $PROTO $TCPREMOTEIP $TCPREMOTEHOST $TCPLOCALIP"
echo "relay ${RELAYCLIENT-unset}, info ${TCPREMOTEINFO-unset}"
cat
EOF
cat >"$H/bin/quill-newaliases" <<'EOF'
#!/bin/sh
echo "newaliases $*"
exit 65
EOF
cat >"$H/bin/quillctl" <<'EOF'
#!/bin/sh
echo "quillctl $*"
exit 7
EOF
chmod +x "$T/record" "$H/bin/quill-smtpd" "$H/bin/quillctl" \
	"$H/bin/quill-newaliases"
export QUILLQUEUE="$T/record"

printf 'Subject: s\nTo: t@h.x\nBcc: u@h.x\n\ntext\n.\nmore\n' >"$T/in"
printf 'text\n' >"$T/cut"
printf 'text\n.\nmore\n' >"$T/whole"

# sent ENVELOPE BODY ARG...: sendmail ARG... queues that envelope (records
# divided by blanks) and that body, whole or cut at the dot; says nothing
sent()
{
	sent_env=$1 sent_body=$2
	shift 2
	rm -f "$T/env"
	"$sendmail" "$@" <"$T/in" >"$T/out" 2>&1
	sent_rc=$?
	sed '1,/^$/d' "$T/mess" >"$T/body"
	is "sendmail $*" "$sent_rc $(tr '\0' ' ' <"$T/env")$(cat "$T/out")" \
		"0 $sent_env "
	same "sendmail $*: body" "$T/body" "$T/$sent_body"
}

# says CODE ERE CMD...
says()
{
	says_code=$1 says_ere=$2
	shift 2
	rm -f "$T/env"
	exits "$*" "$says_code" "$@" <"$T/in"
	like "$*: says" "$(cat "$T/out" "$T/err")" "$says_ere"
}

# --- what programs use (recorded from them) ---------------------------------
sent "Fa@me.test Tb@me.test " whole -oem -oi -f a -- b      # mutt
sent "Fa@me.test Tb@me.test " whole -i -f a -- b            # s-nail
sent "Fjoe@me.test Tb@me.test Tcc@h.x " whole -i b cc@h.x   # git
sent "Fs@h.x Tb@me.test Tcc@h.x " whole -f s@h.x -i b cc@h.x
sent "Fa@me.test Tt@h.x Tu@h.x " whole -i -t -f a           # bsd-mailx
sent "Fjoe@me.test Tb@h.x " whole -oi b@h.x                 # procmail
sent "F Tb@h.x " whole -oi -f "" b@h.x                      # maildrop
sent "Falice@me.test Tb@h.x " cut -f alice -- b@h.x         # vacation
sent "F Tb@h.x " cut -f '<>' -- b@h.x
sent "Fjoe@me.test Tuser@me.test " whole \
	-FCronDaemon -i -B8BITMIME -oem user                # cron
like "-F makes a From" "$(cat "$T/mess")" '^From: CronDaemon <joe@me\.test>$'
sent "Fa@b.c Tt@h.x Tu@h.x " whole -t -oi -f a@b.c          # scripts
sent "Fwww@h.x Tt@h.x Tu@h.x " whole -t -i -fwww@h.x        # php

# --- every option ------------------------------------------------------------
sent "Fjoe@me.test Tt@h.x Tu@h.x " cut -t
sent "Fjoe@me.test Tt@h.x Tu@h.x " cut -ot
sent "Fjoe@me.test Tb@me.test Tt@h.x Tu@h.x " cut -t b
# one copy each
sent "Fjoe@me.test Tu@h.x Tb@h.x Tt@h.x " cut -t u@h.x b@h.x u@h.x
sent "Fjoe@me.test Tt@h.x Tu@h.x " whole -ti
# nobody says who it is
unset MAILUSER
sent "F$(id -un)@me.test Tt@h.x Tu@h.x " cut -t
export USER="" QMAILUSER=ann
sent "Fann@me.test Tt@h.x Tu@h.x " cut -t
unset USER QMAILUSER
export MAILUSER=joe
sent "Fjoe@me.test Tt@h.x Tu@h.x " whole -vit
sent "Fr@h.x Tb@me.test " cut -r r@h.x b
sent "Fr@h.x Tb@me.test " cut -rr@h.x b
sent "Fjoe@me.test Tb@me.test " cut -bm b
sent "Fjoe@me.test Tb@me.test " cut -b m b
sent "Fjoe@me.test T-b@me.test " cut -- -b
sent "Fjoe@me.test Tb@me.test PNOTIFY=never " cut -N never b
sent "Fjoe@me.test Tb@me.test PNOTIFY=success,delay Tc@me.test \
PNOTIFY=success,delay " cut -Nsuccess,delay b c
sent "Fjoe@me.test PRET=hdrs PENVID=a+2Bb+20c Tb@me.test " cut \
	-R hdrs -V 'a+b c' b
says 64 'notify is never' "$sendmail" -N often b
says 64 'what to return' "$sendmail" -R all b
says 64 'envelope id' "$sendmail" -V '' b
last=-B
for opt in -B 7BIT -O x=y -X /dev/null -C /etc/cf -h 3 \
	-L tag -p SMTP; do
	case $opt in
	-*) sent "Fjoe@me.test Tb@me.test " cut "${opt}value" b ;;
	*) sent "Fjoe@me.test Tb@me.test " cut "$last" "$opt" b ;;
	esac
	last=$opt
done
for opt in -oem -odb -odi -oQ/tmp -om -Ac -Am -em -ep -U -G -x -m -n -v -J -Jx \
	-d -d0.1 -s -vmnUGx; do
	sent "Fjoe@me.test Tb@me.test " cut "$opt" b
done
sent "Fjoe@me.test Tb@me.test " whole -o i b
says 0 'unknown option -Zfoo ignored' "$sendmail" -Zfoo b
is "-Zfoo: sent" "$(tr '\0' ' ' <"$T/env")" "Fjoe@me.test Tb@me.test  "
says 0 'unknown option --verbose ignored' "$sendmail" --verbose b
says 0 'option -bx ignored' "$sendmail" -bx b
says 0 '^$' "$sendmail" -q
says 0 '^$' "$sendmail" -q30m
says 0 '^$' "$sendmail" -qRexample.org

# --- who it is from ----------------------------------------------------------
sent "Fa@h.x Tb@me.test " cut -f a@h.x b
like "-f makes a From" "$(cat "$T/mess")" '^From: a@h\.x$'
QUILLNAME='Joe' "$sendmail" -f a b <"$T/in"
like "without another's name" "$(cat "$T/mess")" '^From: a@me\.test$'
sent "Fa@h.x Tb@me.test " cut -F "A. B" -f a@h.x b
like "-F and -f make a From" "$(cat "$T/mess")" '^From: "A\. B" <a@h\.x>$'
sent "F Tb@me.test " cut -f '' b
like "the null sender makes none" "$(cat "$T/mess")" '^From: joe@me\.test$'
sent "Fa b@h.x Tb@me.test " cut -f '"a b"@h.x' b
like "nor does an odd one" "$(cat "$T/mess")" '^From: joe@me\.test$'
printf 'From: x@y.z\n\n' | "$sendmail" -f a@h.x b
is "a From stays" "$(grep '^From' "$T/mess")" 'From: x@y.z'

# --- lines -------------------------------------------------------------------
printf 'To: t@h.x\r\n\r\ntext\r\n.\r\nmore\r\n' >"$T/in"
sent "Fjoe@me.test Tt@h.x " cut -t
sent "Fjoe@me.test Tt@h.x " whole -t -i
printf 'To: t@h.x\n\na\r\n.\r\n\r' >"$T/in"
printf 'a\r\n.\r\n\r\n' >"$T/bare"
sent "Fjoe@me.test Tt@h.x " bare -t
# the last line ends with the file
printf 'To: t@h.x\n\ntext' >"$T/in"
sent "Fjoe@me.test Tt@h.x " cut -t
printf 'To: t@h.x\r\n\r\ntext\r' >"$T/in"
sent "Fjoe@me.test Tt@h.x " cut -t
printf 'To: t@h.x\n\ntext\n.' >"$T/in"
sent "Fjoe@me.test Tt@h.x " cut -t
printf 'text\n.\n' >"$T/dot"
sent "Fjoe@me.test Tt@h.x " dot -t -i
printf '.\nTo: t@h.x\n' >"$T/in"
: >"$T/empty"
sent "Fjoe@me.test Tb@me.test " empty b

# --- other programs ----------------------------------------------------------
says 7 '^quillctl queue$' "$sendmail" -bp
says 7 '^quillctl queue -j$' "$sendmail" -bp -j
says 7 '^quillctl queue$' "$H/bin/mailq"
says 7 '^quillctl queue$' "$H/bin/mailq" -Ac
says 7 '^quillctl queue -j$' "$H/bin/mailq" -j
echo hello >"$T/in"
says 0 '^smtpd 0 TCP 127\.0\.0\.1 localhost 127\.0\.0\.1$' "$sendmail" -bs
like "-bs: may relay" "$(cat "$T/out")" '^relay , info unset$'
like "-bs: has fd 0" "$(cat "$T/out")" '^hello$'
RELAYCLIENT=.x TCPREMOTEIP=192.0.2.1 TCPREMOTEINFO=x \
	"$sendmail" -bs -i -oem <"$T/in" >"$T/out"
is "-bs: whatever was set before" "$(cat "$T/out")" \
	"smtpd 0 TCP 127.0.0.1 localhost 127.0.0.1
relay , info unset
hello"
for how in "$sendmail -bi" "$sendmail -I" "$H/bin/newaliases"; do
	# shellcheck disable=SC2086
	exits "$how" 65 $how
	is "$how: runs it" "$(cat "$T/out")" 'newaliases -S'
done
says 69 '^sendmail: fatal: address verification' "$sendmail" -bv a
says 69 '^sendmail: fatal: no daemon here' "$sendmail" -bd -q30m

# --- exit codes --------------------------------------------------------------
says 64 '^sendmail: fatal: no recipients$' "$sendmail"
says 64 '^sendmail: fatal: no value for option -f$' "$sendmail" -f
says 64 '^quill-inject: fatal: no recipients$' "$sendmail" -t
says 64 'unable to parse recipient <b' "$sendmail" '<b'
printf 'To: <\n' >"$T/in"
says 65 'unable to parse To' "$sendmail" -t
export RECORD_EXIT=31
says 69 '^quill-inject: fatal: ' "$sendmail" b
export RECORD_EXIT=71
says 75 '^quill-inject: fatal: ' "$sendmail" b
if [ "$(id -u)" = 0 ] && [ -z "$SAN" ]; then
	cp "$sendmail" "$T/setgid"
	chgrp 12345 "$T/setgid"
	chmod 2755 "$T/setgid"
	says 69 'must not be setuid' "$T/setgid" b
else
	skip "setgid" "not root, or sanitizers"
fi
rm "$H/bin/quill-inject"
says 75 "unable to run $H/bin/quill-inject" "$sendmail" b
done_testing
