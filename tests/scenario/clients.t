#!/bin/sh
# SPDX-License-Identifier: 0BSD
# Mail by SMTP from the clients that people use: in the clear, after STARTTLS,
# with TLS from the first byte, with AUTH.
. "$(dirname "$0")/../lib.sh"
. "$TOP/tests/peers.sh"
own_net "$@"
need svscan tcpserver swaks python3 openssl timeout

quill_config quill.example
mktestuser
user=$testuser
to=$user@quill.example
M=$testhome/Maildir
certs=$T/certs
. "$TOP/tests/scenario/tls_certs.sh"
tls=
if [ -x "$B/bin/quill-tlsd" ]; then
	tls=1
	mkdir -m 700 "$H/control/tls"
	mkdir "$H/control/tls/default"
	ca root
	leaf mail root mail.example
	(umask 077 && cp "$certs/mail.key" "$H/control/tls/default/key.pem")
	cp "$certs/mail.pem" "$H/control/tls/default/cert.pem"
fi
auth=
if [ "$tls" ] && [ -x "$H/bin/quill-passwd" ]; then
	auth=1
	echo 1 >"$H/control/authdelay"
	echo secret | "$H/bin/quill-passwd" add "$user"
fi
# Nobody may relay but by AUTH.
for service in smtp submission submissions; do
	echo ':allow' >"$H/control/tcp.$service"
done
echo 127.0.0.1 mail.example quill.example localhost >"$T/hosts"
chmod 644 "$T/hosts"
mount --bind "$T/hosts" /etc/hosts || give_up "cannot mount over /etc/hosts"
SMTP_PORT=2525
set -- --smtp "127.0.0.1:$SMTP_PORT"
[ -z "$tls" ] || set -- "$@" --submission 127.0.0.1:2587 \
	--tls-submission 127.0.0.1:2465
start_suite ${auth:+--auth yes --verify yes} "$@"
[ -z "$tls" ] || ok "quill-tlsd is there" \
	wait_until 60 test -S "$H/run/tls/server"
[ -z "$auth" ] || ok "quill-authd is there" \
	wait_until 60 test -S "$H/run/auth/socket"
[ -z "$auth" ] || ok "quill-verifyd is there" \
	wait_until 60 test -S "$H/run/verify/socket"

# --- what is sent ------------------------------------------------------------
body="$T/body"
cat >"$body" <<'END_BODY'
first line
. a dot
.
..
.. two dots
a line of some seventy characters, which no client has a reason to change
last line
END_BODY

# arrives CLIENT WAY: the one message with that subject; $got is its file.
arrives()
{
	got=$(grep -lx "Subject: .*$1 $2" "$M"/new/* 2>/dev/null | head -n 1)
	[ "$got" ]
}

# whole FILE: the lines of the body are in it, one after the other.
whole()
{
	python3 - "$1" "$body" <<'END_PY'
import email, email.policy, sys
m = email.message_from_binary_file(open(sys.argv[1], "rb"),
                                   policy=email.policy.default)
text = m.get_body(("plain",)).get_content().replace("\r", "")
sys.exit(open(sys.argv[2]).read() not in text)
END_PY
}

# came CLIENT WAY PROTOCOL: after the client has sent it
came()
{
	ok "$1, $2: arrives" wait_until 60 arrives "$1" "$2" || {
		tail -n 30 "$T/client" | sed 's/^/#   /'
		return
	}
	ok "$1, $2: whole" whole "$got"
	sed -n '/^Received: from/,/;/p' "$got" >"$T/received"
	like "$1, $2: $3" "$(cat "$T/received")" "with $3\$"
	case $2 in
	plain) unlike "$1, $2: no TLS" "$(cat "$T/received")" TLSv ;;
	*) like "$1, $2: TLS" "$(cat "$T/received")" '^  \(TLSv1\.[23]/' ;;
	esac
	rm -f "$got"
}

# client CLIENT WAY PROTOCOL CMD...
client()
{
	c_name=$1 c_way=$2 c_with=$3
	shift 3
	timeout 120 "$@" >"$T/client" 2>&1 </dev/null || {
		fail "$c_name, $c_way: exit $?"
		tail -n 30 "$T/client" | sed 's/^/#   /'
		return
	}
	came "$c_name" "$c_way" "$c_with"
}
# sh $input FILE CMD...: with that input
input=$T/input
cat >"$input" <<'END_SH'
in=$1
shift
exec "$@" <"$in"
END_SH
from=sender@elsewhere.example
message()
{
	printf 'From: %s\nTo: %s\nSubject: %s\n\n' "$from" "$to" "$*"
	cat "$body"
}

# --- the clients -------------------------------------------------------------
# Each: WAY PROTOCOL PORT, and what says how: no, starttls or tls, and login.
c_swaks()
{
	message swaks "$1" >"$T/m"
	set -- "$@"
	case $4 in
	starttls) c_opt=-tls ;;
	tls) c_opt=-tlsc ;;
	*) c_opt= ;;
	esac
	# shellcheck disable=SC2086
	client swaks "$1" "$2" swaks -s "127.0.0.1:$3" -f "$from" -t "$to" \
		-d "$T/m" $c_opt ${5:+-a PLAIN -au "$user" -ap secret}
}

c_msmtp()
{
	case $4 in
	starttls) c_opt='--tls=on --tls-starttls=on' ;;
	tls) c_opt='--tls=on --tls-starttls=off' ;;
	*) c_opt='--tls=off' ;;
	esac
	message msmtp "$1" >"$T/m"
	# shellcheck disable=SC2086
	client msmtp "$1" "$2" sh "$input" "$T/m" msmtp -C /dev/null --host=mail.example --port="$3" -f "$from" \
		$c_opt ${tls:+--tls-trust-file="$certs/root.pem"} \
		${5:+--auth=login --user="$user" --passwordeval="echo secret"} \
		"$to"
}

c_smtplib()
{
	message smtplib "$1" >"$T/m"
	client smtplib "$1" "$2" python3 -c '
import smtplib, ssl, sys
port, way, login, ca, sender, to, name = sys.argv[1:]
context = ssl.create_default_context(cafile=ca) if ca else None
if way == "tls":
    s = smtplib.SMTP_SSL("mail.example", int(port), context=context)
else:
    s = smtplib.SMTP("mail.example", int(port))
if way == "starttls":
    s.starttls(context=context)
if login:
    s.login(login, "secret")
s.sendmail(sender, [to], open(name).read())
s.quit()' "$3" "$4" "${5:+$user}" "${tls:+$certs/root.pem}" "$from" "$to" \
		"$T/m"
}

c_git()
{
	if ! perl -MMail::Address -MIO::Socket::SSL -MAuthen::SASL -e 1 ||
		! [ -x "$(git --exec-path)/git-send-email" ]; then
		skip "git send-email, $1" "not installed"
		return
	fi 2>/dev/null
	case $4 in
	starttls) c_opt=tls ;;
	tls) c_opt=ssl ;;
	*) c_opt=none ;;
	esac
	{
		echo "From 0123456789012345678901234567890123456789" \
			"Mon Sep 17 00:00:00 2001"
		message git "$1"
	} >"$T/0001.patch"
	# shellcheck disable=SC2086
	client git "$1" "$2" env HOME="$T" GIT_CONFIG_NOSYSTEM=1 \
		GIT_COMMITTER_NAME=x GIT_COMMITTER_EMAIL="$from" \
		GIT_AUTHOR_NAME=x GIT_AUTHOR_EMAIL="$from" \
		git send-email --confirm=never --no-validate --quiet \
		--suppress-cc=all --from="$from" --to="$to" \
		--smtp-server=mail.example --smtp-server-port="$3" \
		--smtp-encryption="$c_opt" --smtp-domain=c.example \
		${tls:+--smtp-ssl-cert-path="$certs/root.pem"} \
		${5:+--smtp-user="$user" --smtp-pass=secret} "$T/0001.patch"
}

c_snail()
{
	command -v s-nail >/dev/null || {
		skip "s-nail, $1" "not installed"
		return
	}
	case $4 in
	tls) c_url=smtps:// ;;
	*) c_url=smtp:// ;;
	esac
	c_at=mail.example:$3
	[ -z "${5:-}" ] || c_at=$user:secret@$c_at
	set -- "$@"
	[ "$4" = starttls ] && c_start='set smtp-use-starttls' || c_start=
	cat >"$T/mailrc" <<-END_RC
	set v15-compat mta=$c_url$c_at from=$from
	set hostname=c.example nosave
	set ${5:+smtp-auth=plain} ${5:-smtp-auth=none}
	set tls-verify=strict tls-ca-no-defaults ${tls:+tls-ca-file=$certs/root.pem}
	$c_start
	END_RC
	sed -i 's/^set smtp-auth=plain login$/set smtp-auth=plain/' "$T/mailrc"
	client snail "$1" "$2" sh "$input" "$body" \
		env HOME="$T" MAILRC="$T/mailrc" s-nail -n -s "snail $1" "$to"
}

c_mutt()
{
	command -v mutt >/dev/null || {
		skip "mutt, $1" "not installed"
		return
	}
	[ "$4" = tls ] && c_url=smtps:// || c_url=smtp://
	c_at=mail.example:$3
	[ -z "${5:-}" ] || c_at=$user@$c_at
	[ "$4" = starttls ] && c_start=yes || c_start=no
	cat >"$T/muttrc" <<-END_RC
	set from=$from use_envelope_from=yes hostname=c.example
	set smtp_url=$c_url$c_at/ smtp_pass=secret copy=no
	set ssl_force_tls=$c_start ssl_starttls=$c_start
	${tls:+set certificate_file=$certs/root.pem}
	END_RC
	client mutt "$1" "$2" sh "$input" "$body" \
		env HOME="$T" mutt -n -F "$T/muttrc" -s "mutt $1" -- "$to"
}

for c in swaks msmtp smtplib git snail mutt; do
	case $c in
	msmtp) command -v msmtp >/dev/null || {
		skip msmtp "not installed"
		continue
	} ;;
	esac
	# some say HELO when they want nothing of EHLO
	"c_$c" plain 'E?SMTP' $SMTP_PORT no
	[ -z "$tls" ] || "c_$c" STARTTLS '(ESMTPS|SMTP)' $SMTP_PORT starttls
	[ "$auth" ] || continue
	world=$from from=$user@quill.example
	"c_$c" submission ESMTPSA 2587 starttls login
	"c_$c" submissions ESMTPSA 2465 tls login
	from=$world
done

# --- openssl s_client --------------------------------------------------------
# s_client OPTIONS: speaks the dialogue as it goes; -ign_eof, -quiet: no letter
# of it is a command to s_client.
if [ "$tls" ]; then
	message s_client STARTTLS | sed 's/^\./../' >"$T/m"
	python3 - "$SMTP_PORT" "$certs/root.pem" "$from" "$to" "$T/m" \
		>"$T/client" 2>&1 <<'END_PY'
import subprocess, sys
port, ca, sender, to, name = sys.argv[1:]
p = subprocess.Popen(
    ["timeout", "60", "openssl", "s_client", "-quiet", "-starttls", "smtp",
     "-connect", "127.0.0.1:" + port, "-CAfile", ca, "-verify_return_error",
     "-servername", "mail.example", "-crlf"],
    stdin=subprocess.PIPE, stdout=subprocess.PIPE)
def say(text):
    p.stdin.write(text)
    p.stdin.flush()
    while True:
        line = p.stdout.readline()
        print(line)
        if line[3:4] != b"-":
            return line
# -starttls has said EHLO itself; its last line may be shown
p.stdin.write(b"EHLO c.example\n")
p.stdin.flush()
while not p.stdout.readline().startswith(b"250 "):
    pass
for text in "MAIL FROM:<%s>\n" % sender, "RCPT TO:<%s>\n" % to, "DATA\n":
    say(text.encode())
say(open(name, "rb").read() + b".\n")
say(b"QUIT\n")
END_PY
	came s_client STARTTLS ESMTPS
fi

# --- Postfix's smtp-source ---------------------------------------------------
if [ -x "$POSTFIX/usr/sbin/smtp-source" ]; then
	message source plain >"$T/m"
	ok "smtp-source, 5 sessions with 8 messages each" \
		source_send -s 5 -m 40 -f "$from" -t "$to" -S burst \
		"127.0.0.1:$SMTP_PORT"
	ok "they arrive" wait_until 120 maildir_has "$M" 40
	ok "smtp-source, a connection for each message" source_send -d -s 4 \
		-m 20 -f "$from" -t "$to" -l 20000 "127.0.0.1:$SMTP_PORT"
	ok "they arrive, too" wait_until 120 maildir_has "$M" 60
	rm -f "$M"/new/*
else
	skip smtp-source "no Postfix in $PEERS"
fi

# --- Postfix as a client -----------------------------------------------------
# What its smtpd takes on 2601 goes on by its smtp, in the clear; on 2602 with
# STARTTLS.
PF=$T/postfix
postfix_start()
{
	mktestuser
	pf_owner=$testuser
	mktestuser
	pf_group=$testuser
	mkdir -p "$PF/conf" "$PF/data" "$PF/spool"
	(
		cd "$PF/spool" || exit
		mkdir active bounce corrupt defer deferred flush hold incoming \
			maildrop pid private public saved trace
		chown "$pf_owner" active bounce corrupt defer deferred flush \
			hold incoming maildrop private public saved trace \
			"$PF/data"
		chgrp "$pf_group" maildrop public
		chmod 700 active bounce corrupt defer deferred flush hold \
			incoming private saved trace
		chmod 710 public
	)
	cat >"$PF/conf/main.cf" <<-END_CF
	compatibility_level = 3.6
	queue_directory = $PF/spool
	data_directory = $PF/data
	daemon_directory = $POSTFIX/usr/lib/postfix/sbin
	command_directory = $POSTFIX/usr/sbin
	shlib_directory = $POSTFIX/usr/lib/postfix
	import_environment = MAIL_CONFIG TZ LD_LIBRARY_PATH
	mail_owner = $pf_owner
	setgid_group = $pf_group
	myhostname = postfix.example
	mydestination =
	mynetworks = 127.0.0.0/8
	inet_protocols = ipv4
	alias_maps =
	smtpd_relay_restrictions = permit_mynetworks, reject
	smtpd_peername_lookup = no
	smtp_host_lookup = native
	smtp_tls_CAfile = $certs/root.pem
	maillog_file_prefixes = $T
	maillog_file = $PF/log
	END_CF
	cat >"$PF/conf/master.cf" <<-END_CF
	127.0.0.1:2601 inet n - n - - smtpd
	  -o content_filter=smtp:[mail.example]:$SMTP_PORT
	127.0.0.1:2602 inet n - n - - smtpd
	  -o content_filter=enc:[mail.example]:$SMTP_PORT
	cleanup unix n - n - 0 cleanup
	qmgr unix n - n 300 1 qmgr
	tlsmgr unix - - n 1000? 1 tlsmgr
	rewrite unix - - n - - trivial-rewrite
	bounce unix - - n - 0 bounce
	defer unix - - n - 0 bounce
	trace unix - - n - 0 bounce
	flush unix n - n 1000? 0 flush
	proxymap unix - - n - - proxymap
	smtp unix - - n - - smtp
	enc unix - - n - - smtp
	  -o smtp_tls_security_level=secure
	  -o smtp_tls_secure_cert_match=mail.example
	anvil unix - - n - 1 anvil
	scache unix - - n - 1 scache
	postlog unix-dgram n - n - 1 postlogd
	END_CF
	bg env LD_LIBRARY_PATH="$POSTFIX/usr/lib/postfix" \
		MAIL_CONFIG="$PF/conf" \
		"$POSTFIX/usr/lib/postfix/sbin/master" -c "$PF/conf" -d
	wait_until 60 listening 2601
}

# postfix_mail N PORT: from smtp-source by way of Postfix
postfix_mail()
{
	ok "Postfix takes $1 messages" source_send -s 3 -m "$1" -f "$from" \
		-t "$to" "127.0.0.1:$2"
	ok "its smtp delivers them" wait_until 120 maildir_has "$M" "$1" ||
		tail -n 20 "$PF/log" | sed 's/^/#   /'
}

if [ ! -x "$POSTFIX/usr/lib/postfix/sbin/master" ]; then
	skip "Postfix's smtp" "no Postfix in $PEERS"
elif postfix_start; then
	postfix_mail 20 2601
	is "in the clear" "$(cat "$M"/new/* |
		grep -c '^  by quill.example with ESMTP$')" 20
	is "each with one Delivered-To" "$(grep -c ^Delivered-To: "$M"/new/* |
		grep -vc ':1$')" 0
	rm -f "$M"/new/*
	if [ "$tls" ]; then
		postfix_mail 20 2602
		is "with STARTTLS, the name verified" "$(cat "$M"/new/* |
			grep -c 'by quill.example with ESMTPS')" 20
		rm -f "$M"/new/*
	fi
else
	fail "Postfix starts"
	diag "$(cat "$T/bg.log" "$PF/log" 2>&1 | tail -n 20)"
fi
done_testing
