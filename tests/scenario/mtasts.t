#!/bin/sh
# SPDX-License-Identifier: 0BSD
# MTA-STS with postfix-mta-sts-resolver: a policy fetched by HTTPS decides who
# gets mail, and how.
. "$(dirname "$0")/../lib.sh"
. "$TOP/tests/peers.sh"
own_net "$@"
# Other hosts: addresses of 127.0.0.0/8 count as this one.
ip route add local 192.0.2.0/24 dev lo src 127.0.0.1 || give_up "no route"
need svscan tcpserver python3 openssl mta-sts-daemon
need_dns
[ -x "$B/bin/quill-tlsd" ] || skip_all "there is no quill-tlsd (make tls)"

dns_data <<'END_DATA'
@x.test:192.0.2.11:mx.x.test:10:60
@x.test:192.0.2.12:other.x.test:20:60
'_mta-sts.x.test:v=STSv1; id=1:60
+mta-sts.x.test:192.0.2.20:60
@none.test:192.0.2.12:mx.none.test:10:60
END_DATA
dns_start
certs=$T/certs
. "$TOP/tests/scenario/tls_certs.sh"
ca root
ca foreign
leaf web root mta-sts.x.test
leaf mx root mx.x.test
leaf bad foreign mx.x.test
leaf other root other.x.test
for c in web mx bad other; do
	cat "$certs/$c.pem" "$certs/$c.key" >"$certs/$c.both"
done

mkdir -p "$T/web/.well-known"
printf '%s\r\n' 'version: STSv1' 'mode: enforce' 'mx: mx.x.test' \
	'max_age: 86400' >"$T/web/.well-known/mta-sts.txt"
cat >"$T/web.py" <<'END_PY'
import functools, http.server, ssl, sys
h = functools.partial(http.server.SimpleHTTPRequestHandler,
                      directory=sys.argv[1])
s = http.server.ThreadingHTTPServer(("192.0.2.20", 443), h)
c = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
c.load_cert_chain(sys.argv[2])
s.socket = c.wrap_socket(s.socket, server_side=True)
s.serve_forever()
END_PY
peer_bg web python3 "$T/web.py" "$T/web" "$certs/web.both"
cat >"$T/sts.yml" <<END_YML
host: 127.0.0.1
port: 8461
cache:
  type: internal
  options:
    cache_size: 1000
default_zone:
  strict_testing: false
  timeout: 20
END_YML
ok "the policy is served" wait_until 60 tcp_bound 192.0.2.20 443
peer_bg sts env SSL_CERT_FILE="$certs/root.pem" mta-sts-daemon -c "$T/sts.yml"
ok "the daemon listens" wait_until 60 tcp_bound 127.0.0.1 8461 ||
	diag "$(cat "$T/sts.log")"

quill_config quill.example
mktestuser
me=$testuser@quill.example
mkdir -m 700 "$H/control/tls"
mkdir "$H/control/tls/default"
cp "$certs/root.pem" "$H/control/tls/default/ca.pem"
echo inet:127.0.0.1:8461 >"$H/control/mtasts"
echo 1 >"$H/control/retryremote"
echo 0 >"$H/control/idleremote"
start_suite --smtp none --tls
ok "quill-tlsd is there" wait_until 60 test -S "$H/run/tls/client"

inject()
{
	printf 'Subject: x\n\nbody\n' | queue_mail "$me" "$1"
}
tls='ext=EHLO + ["STARTTLS"]'
c()
{
	echo "$tls, cert=\"$certs/$1.both\""
}

peer_start mx 192.0.2.11:25 "$(c mx)"
peer_start other 192.0.2.12:25 "$(c other)"
inject a@x.test
ok "the exchanger of the policy gets it" wait_until 60 log_has \
	'to=a@x.test .*relay=mx.x.test.* tls=TLSv1.3/[A-Z0-9_]*/mta-sts .*=sent'
inject b@none.test
ok "a domain without a policy" wait_until 60 log_has \
	'to=b@none.test .* tls=TLSv1.3/[A-Z0-9_]*/none .*=sent'
peer_stop mx
peer_start mx 192.0.2.11:25 "$(c bad)"
inject c@x.test
ok "a certificate of somebody else: not" wait_until 60 log_has \
	'deferral: .* to=c@x.test .* dsn=4\.7\.5 status=deferred'
unlike "nor to an exchanger that the policy does not name" \
	"$(peer_data other)" 'Subject: x.*Subject: x'
is "one message was sent there" "$(peer_lines other | grep -c '^DATA')" 1
peer_stop mx
peer_start mx 192.0.2.11:25 'ext=EHLO'
tries()
{
	[ "$(cat "$T/peer-mx.conns")" -ge "$1" ]
}
ok "without TLS: asked, and again" wait_until 90 tries 2
unlike "but not in the clear" "$(peer_lines mx)" '^(MAIL|RCPT|DATA)'
peer_stop mx
peer_start mx 192.0.2.11:25 "$(c mx)"
ok "when all is well again it is sent" wait_until 90 log_has \
	'to=c@x.test .*/mta-sts .*=sent'
peer_end sts
inject d@x.test
ok "no daemon: deferred" wait_until 60 log_has \
	'deferral: .*MTA-STS_policy.* to=d@x.test .* dsn=4\.4\.3 '
peer_bg sts env SSL_CERT_FILE="$certs/root.pem" mta-sts-daemon -c "$T/sts.yml"
ok "it is back: sent" wait_until 90 log_has 'to=d@x.test .*/mta-sts .*=sent'
ok "the queue is empty" wait_until 60 queue_empty
done_testing
