#!/bin/sh
# SPDX-License-Identifier: 0BSD
# All mail by a relay that wants a password, as INSTALL has it: ports 587 and
# 465, several relays, CAs; and a null client, which is three control files.
# The commands are those of INSTALL; the relays are aiosmtpd.
. "$(dirname "$0")/../lib.sh"
. "$TOP/tests/peers.sh"
own_net "$@"
# Other hosts: addresses of 127.0.0.0/8 count as this one.
ip route add local 192.0.2.0/24 dev lo src 127.0.0.1 || give_up "no route"
need svscan tcpserver openssl /usr/bin/python3
/usr/bin/python3 -c 'import aiosmtpd' 2>/dev/null ||
	skip_all "aiosmtpd is not installed"
need_dns
[ -x "$B/bin/quill-tlsd" ] || skip_all "there is no quill-tlsd (make tls)"

dns_data <<'END_DATA'
+smtp.isp.example:192.0.2.31:60
+smtp2.isp.example:192.0.2.32:60
+mailout.quill.example:192.0.2.33:60
END_DATA
dns_start
certs=$T/certs
. "$TOP/tests/scenario/tls_certs.sh"
ca root
ca own
leaf isp root smtp.isp.example
leaf isp2 root smtp2.isp.example
leaf mailout own mailout.quill.example

cat >"$T/relay.py" <<'END_PY'
# relay.py NAME CERT ADDRESS PORT PASSWORD: writes to NAME.got what it took;
# PASSWORD - : it asks for none, and has no TLS
import json, ssl, sys, time
from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, AuthResult
name, cert, ip, port, password = sys.argv[1:]


class Handler:
    async def handle_DATA(self, server, session, envelope):
        with open(name + ".got", "a") as f:
            f.write(json.dumps({
                "from": envelope.mail_from, "to": envelope.rcpt_tos,
                "tls": bool(session.ssl), "auth": session.authenticated,
                "body": envelope.content.decode("latin-1")}) + "\n")
        return "250 2.0.0 queued"


def check(server, session, envelope, mechanism, data):
    good = (data.login, data.password) == (b"joe", password.encode())
    return AuthResult(success=good, handled=False)


args = {}
if password != "-":
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(cert + ".pem", cert + ".key")
    args = {"authenticator": check, "auth_required": True}
    if port == "465":
        args.update(ssl_context=context, auth_require_tls=False)
    else:
        args.update(tls_context=context, require_starttls=True)
Controller(Handler(), hostname=ip, port=int(port), **args).start()
time.sleep(600)
END_PY

# relay NAME CERT ADDRESS PORT PASSWORD
relay()
{
	peer_bg "$1" /usr/bin/python3 "$T/relay.py" "$T/$1" "$certs/$2" \
		"$3" "$4" "$5"
	ok "$1 listens" wait_until 60 tcp_bound "$3" "$4" ||
		diag "$(cat "$T/$1.log")"
}

# install_says ERE ERE: the commands of INSTALL between two lines, for $H
install_says()
{
	sed -n "/$1/,/$2/s/^    //p" "$TOP/INSTALL" |
		sed "s,/var/quill,$H,g; s,/etc/service/quill-,$S/,g
			s/chown quillr /chown $quillr /"
}

# follow ERE ERE [SED]: do what it says, in control/
follow()
{
	install_says "$1" "$2" | sed "${3:-}" >"$T/recipe"
	ok "INSTALL: $(grep -c . "$T/recipe") commands" \
		sh -ec ". $T/recipe" || diag "$(cat "$T/recipe")"
}

# inject RECIPIENT
inject()
{
	printf 'Subject: x\n\n.body\n' | queue_mail "$me" "$1"
}

not()
{
	! "$@"
}

# sent RECIPIENT RELAY [TLS]
sent()
{
	wait_until 60 log_has \
		"to=$1 .* relay=$2 .*${3:+ tls=$3} .*status=sent"
}

# route RELAYS RELAY: everything goes by RELAY now. quill-rspawn notices within
# a second; until then the old connection may be used.
route()
{
	echo ":$1" >smtproutes
	ok "now by $2" wait_until 20 route_taken "$2"
}

route_taken()
{
	route_n=$((${route_n:-0} + 1))
	inject "route$route_n@far.test"
	wait_until 20 log_has "to=route$route_n@far.test .*status="
	log_has "to=route$route_n@far.test .* relay=$1"
}

quill_config quill.example
mktestuser
me=$testuser@quill.example
S=$T/service quillr=$(stat -c %U "$H/run/remote")
# what this machine trusts
mkdir -m 700 "$H/control/tls"
mkdir "$H/control/tls/default"
cp "$certs/root.pem" "$H/control/tls/default/ca.pem"
echo 1 >"$H/control/retryremote"
cd "$H/control" || give_up "no control"
start_suite --smtp none --tls
ok "quill-tlsd is there" wait_until 60 test -S "$H/run/tls/client"
relay isp587 isp 192.0.2.31 587 's3cret word'
relay isp465 isp 192.0.2.31 465 's3cret word'

# --- user and password -----------------------------------------------------------
follow '^A smarthost:' '^Several relays on the line'
is "it is a route for all" "$(cat smtproutes)" ':smtp.isp.example:587'
follow '^(make tls && make install' '^A relay of your own' '/^ln /d'
ok "a service for TLS" test -x "$H/service/tls/run"
follow '^relay wants a password' '^That password goes to' \
	's/USER PASSWORD/joe wrong/'
inject a@far.test
ok "a wrong password: it waits" wait_until 90 log_has \
	'deferral: .*control/smtpauth.* to=a@far.test .* dsn=4\.7\.8 '
ok "and nothing was taken" test ! -e "$T/isp587.got"
follow '^relay wants a password' '^That password goes to' \
	's/USER PASSWORD/joe s3cret word/'
is "nobody else reads it" "$(stat -c '%U %a' smtpauth)" "$quillr 600"
ok "the right one: sent" sent a@far.test 'smtp.isp.example\[192.0.2.31\]:587' \
	'TLSv1.3/[A-Z0-9_]*/pkix'
like "the relay has it" "$(cat "$T/isp587.got")" \
	"\"from\": \"$me\", \"to\": \\[\"a@far.test\"\\], \"tls\": true, \"auth\": true"
like "as it was" "$(cat "$T/isp587.got")" 'Subject: x\\r\\n\\r\\n.body\\r\\n"'
route smtp.isp.example:465 'smtp.isp.example\[192.0.2.31\]:465'
inject b@far.test
ok "port 465, TLS from the start" sent b@far.test \
	'smtp.isp.example\[192.0.2.31\]:465' 'TLSv1.3/[A-Z0-9_]*/pkix'
like "the relay has it" "$(cat "$T/isp465.got")" 'b@far.test'

# --- several, in order -------------------------------------------------------------
relay second isp2 192.0.2.32 587 'other'
peer_end isp465
peer_end isp587
echo 'smtp2.isp.example joe other' >>smtpauth
route 'smtp.isp.example:587 smtp2.isp.example:587' \
	'smtp2.isp.example\[192.0.2.32\]:587'
inject d@far.test
ok "the first is down: the second, with its own password" sent d@far.test \
	'smtp2.isp.example\[192.0.2.32\]:587' 'TLSv1.3/[A-Z0-9_]*/pkix'
unlike "it was not put off" "$(cat "$H/log/send/current")" \
	'deferral: .*to=d@far.test'
relay isp587 isp 192.0.2.31 587 's3cret word'
"$H/bin/quill-tcpto" clear >"$T/out"
route 'smtp.isp.example:587  smtp2.isp.example:587' \
	'smtp.isp.example\[192.0.2.31\]:587'
like "the second had what it had" "$(cat "$T/second.got")" d@far.test

# --- a relay with a CA of one's own ----------------------------------------------------
relay mailout mailout 192.0.2.33 587 'third'
echo 'mailout.quill.example joe third' >>smtpauth
route mailout.quill.example:587 'mailout.quill.example'
ok "a CA that is not known: no password, no mail" log_has \
	'deferral: .* relay=mailout.quill.example.* dsn=4\.7\.5 status=deferred'
ok "nothing was taken" test ! -e "$T/mailout.got"
cp "$certs/own.pem" ca.pem
follow '^A relay of your own' '^A null client'
ok "now it is" sent 'route[0-9]*@far.test' \
	'mailout.quill.example\[192.0.2.33\]:587' 'TLSv1.3/[A-Z0-9_]*/pkix'
ok "the queue is empty" wait_until 60 queue_empty
stop_suite
peer_end mailout

# --- a null client -------------------------------------------------------------------------
relay null mailout 192.0.2.33 25 -
rm -rf "$S" "$H/service" "$H/control"
S=$H/service
mkdir "$H/control"
cd "$H/control" || give_up "no control"
follow '^A null client' '^Everything, bounces too'
is "three control files" "$(find . -type f | sort | tr '\n' ' ')" \
	'./locals ./me ./smtproutes '
is "and one service" "$(ls "$S")" send
start_null()
{
	svscan_start
	wait_until 30 suite_up
}
ok "it runs" start_null
got()
{
	grep -q -e "$1" "$T/null.got"
}
printf 'Subject: x\n\nx\n' | "$H/bin/quill-inject" -f a@b joe@far.test
ok "mail to other hosts goes to mailout" wait_until 60 got '"joe@far.test"'
printf 'Subject: x\n\nx\n' | "$H/bin/sendmail" root
ok "so does mail to root" wait_until 60 got '"root@host.quill.example"'
echo quill.example >defaulthost
printf 'Subject: x\n\nx\n' | "$H/bin/sendmail" root
ok "with defaulthost to another" wait_until 60 got '"root@quill.example"'
peer_end null
wait_until 20 not tcp_bound 192.0.2.33 25
rm "$T/null.got"
peer_start null 192.0.2.33:25 \
	'RCPT=lambda l: "550 5.1.1 no" if "bad" in l else "250 ok"'
printf 'Subject: x\n\nx\n' |
	"$H/bin/quill-inject" -f "joe@host.quill.example" bad@far.test
ok "and bounces" wait_until 60 peer_has null \
	'^RCPT TO:<joe@host.quill.example>'
ok "the queue is empty" wait_until 60 queue_empty
is "nothing was delivered here" "$(find "$H/alias" -path '*/new/*')" ''
done_testing
