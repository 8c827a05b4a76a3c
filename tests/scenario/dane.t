#!/bin/sh
# SPDX-License-Identifier: 0BSD
# DANE with a signed zone, a server for it and a resolver that validates: who
# gets mail when TLSA records say whose certificate it must be.
. "$(dirname "$0")/../lib.sh"
. "$TOP/tests/peers.sh"
own_net "$@"
# Other hosts: addresses of 127.0.0.0/8 count as this one.
ip route add local 192.0.2.0/24 dev lo src 127.0.0.1 || give_up "no route"
need svscan tcpserver python3 openssl nsd unbound ldns-keygen ldns-signzone
[ -f /etc/resolv.conf ] || skip_all "no /etc/resolv.conf to mount over"
[ -x "$B/bin/quill-tlsd" ] || skip_all "there is no quill-tlsd (make tls)"

certs=$T/certs
. "$TOP/tests/scenario/tls_certs.sh"
ca root
ca foreign
for m in 311 301 201 211 wrong turns; do
	leaf m$m root m$m.dane.example ec
	# with the CA behind it, for TLSA records that name the CA
	cat "$certs/m$m.pem" "$certs/root.pem" "$certs/m$m.key" \
		>"$certs/m$m.both"
done
# a CA that everybody trusts vouches for this one; the TLSA record does not
leaf other root mturns.dane.example ec
leaf any foreign mx.example ec
for c in other any; do
	cat "$certs/$c.pem" "$certs/$c.key" >"$certs/$c.both"
done

# tlsa USAGE SELECTOR CERTIFICATE: the data of the record, matching type 1
tlsa()
{
	if [ "$2" = 0 ]; then
		openssl x509 -in "$certs/$3.pem" -outform DER
	else
		openssl x509 -in "$certs/$3.pem" -noout -pubkey |
			openssl pkey -pubin -outform DER
	fi >"$T/der" 2>"$T/openssl" || give_up "openssl: $(cat "$T/openssl")"
	echo "$1 $2 1 $(sha256sum "$T/der" | cut -d ' ' -f 1)"
}

# mx NAME ADDRESS [TLSA DATA]: the domain dNAME with the exchanger mNAME
mx()
{
	echo "d$1 IN MX 10 m$1"
	echo "m$1 IN A $2"
	[ -z "${3:-}" ] || echo "_25._tcp.m$1 IN TLSA $3"
}

# zone NAME <RECORDS
zone()
{
	{
		echo "\$ORIGIN $1."
		echo "\$TTL 60"
		echo '@ IN SOA ns host 1 3600 900 86400 60'
		echo '@ IN NS ns'
		echo 'ns IN A 127.0.0.110'
		cat
	} >"$T/dns/$1"
}

# sign NAME: the zone is in NAME.signed, its anchor in NAME.ds
sign()
{
	(
		cd "$T/dns" &&
			key=$(ldns-keygen -a ECDSAP256SHA256 -k "$1") &&
			ldns-signzone -n -f "$1.signed" "$1" "$key" &&
			mv "$key.ds" "$1.ds"
	) >"$T/sign" 2>&1 || give_up "cannot sign $1: $(cat "$T/sign")"
}

mkdir "$T/dns"
zone dane.example <<END_ZONE
$(mx 311 192.0.2.11 "$(tlsa 3 1 m311)")
$(mx 301 192.0.2.12 "$(tlsa 3 0 m301)")
$(mx 201 192.0.2.13 "$(tlsa 2 0 root)")
$(mx 211 192.0.2.14 "$(tlsa 2 1 root)")
$(mx wrong 192.0.2.15 "$(tlsa 2 0 foreign)")
$(mx turns 192.0.2.16 "$(tlsa 3 1 mturns)")
$(mx plain 192.0.2.17 "$(tlsa 3 1 m311)")
$(mx none 192.0.2.18)
$(mx clear 192.0.2.19)
$(mx alias 192.0.2.22)
_25._tcp.malias IN CNAME _25._tcp.m311
$(mx away 192.0.2.18)
_25._tcp.maway IN CNAME _25._tcp.mu.unsigned.example.
dmixed IN MX 10 mu.unsigned.example.
END_ZONE
sign dane.example
zone unsigned.example <<END_ZONE
$(mx u 192.0.2.20 "$(tlsa 3 1 m311)")
END_ZONE
# Two records are altered after they were signed.
zone bogus.example <<END_ZONE
$(mx tlsa 192.0.2.21 "$(tlsa 3 1 m311)")
$(mx mx 192.0.2.21)
END_ZONE
sign bogus.example
any=$(tlsa 3 1 any)
sed -i -e "/	TLSA	/s/3 1 1 .*/$any/" \
	-e '/^dmx\..*	MX	/s/10 .*/10 mtlsa.bogus.example./' \
	"$T/dns/bogus.example.signed"
is "two records were altered" \
	"$(grep -Ec "	TLSA	$any|^dmx.*	MX	10 mtlsa" \
		"$T/dns/bogus.example.signed")" 2

{
	cat <<-END_CONF
	server:
	  ip-address: 127.0.0.110
	  zonesdir: "$T/dns"
	  pidfile: "$T/dns/nsd.pid"
	  username: ""
	  chroot: ""
	  database: ""
	  zonelistfile: "$T/dns/zone.list"
	  xfrdfile: "$T/dns/xfrd.state"
	  xfrdir: "$T/dns"
	  server-count: 1
	remote-control:
	  control-enable: no
	END_CONF
	for z in dane.example.signed bogus.example.signed unsigned.example; do
		printf 'zone:\n  name: %s\n  zonefile: %s\n' "${z%.signed}" $z
	done
} >"$T/nsd.conf"
{
	cat <<-END_CONF
	server:
	  interface: 127.0.0.111
	  access-control: 127.0.0.0/8 allow
	  do-not-query-localhost: no
	  username: ""
	  chroot: ""
	  directory: "$T/dns"
	  pidfile: "$T/dns/unbound.pid"
	  use-syslog: no
	  num-threads: 1
	  module-config: "validator iterator"
	  outgoing-range: 64
	  so-rcvbuf: 0
	  trust-anchor-file: "$T/dns/dane.example.ds"
	  trust-anchor-file: "$T/dns/bogus.example.ds"
	remote-control:
	  control-enable: no
	END_CONF
	for z in dane.example bogus.example unsigned.example; do
		printf 'stub-zone:\n  name: %s\n  stub-addr: 127.0.0.110\n' $z
	done
} >"$T/unbound.conf"
printf '%s\n' 'nameserver 127.0.0.111' 'options trust-ad' >"$T/resolv.conf"
chmod 644 "$T/resolv.conf"
mount --bind "$T/resolv.conf" /etc/resolv.conf ||
	give_up "cannot mount over /etc/resolv.conf"
peer_bg nsd nsd -d -c "$T/nsd.conf"
ok "the zones are served" wait_until 30 udp_bound 127.0.0.110 53 ||
	diag "$(cat "$T/nsd.log")"
peer_bg unbound unbound -d -c "$T/unbound.conf"
ok "the resolver is there" wait_until 30 udp_bound 127.0.0.111 53 ||
	diag "$(cat "$T/unbound.log")"

quill_config quill.example
mktestuser
me=$testuser@quill.example
# that a CA is trusted does not help against a TLSA record
mkdir -p "$H/control/tls/default"
chmod 700 "$H/control/tls"
cp "$certs/root.pem" "$H/control/tls/default/ca.pem"
echo dane >"$H/control/tlspolicy"
echo 1 >"$H/control/retryremote"
echo 0 >"$H/control/idleremote"
start_suite --smtp none --tls
ok "quill-tlsd is there" wait_until 60 test -S "$H/run/tls/client"

inject()
{
	printf 'Subject: x\n\nbody\n' | queue_mail "$me" "$1"
}

# server NAME ADDRESS CERTIFICATE
server()
{
	peer_start "$1" "$2:25" \
		"ext=EHLO + [\"STARTTLS\"], cert=\"$certs/$3.both\""
}

# sent NAME ADDRESS TAG; deferred NAME ADDRESS STATUS
sent()
{
	ok "$1" wait_until 60 log_has "to=$2 .* tls=$3 .*=sent"
}
deferred()
{
	ok "$1" wait_until 60 log_has \
		"deferral: .* to=$2 .* dsn=$3 status=deferred"
}
# nothing NAME PEER: it was not even told who writes to whom.
nothing()
{
	unlike "$1" "$(peer_lines "$2")" '^(MAIL|RCPT|DATA)'
}
tls='TLSv1.3/[A-Z0-9_]*'

# --- it fits -----------------------------------------------------------------
n=11
for m in 311 301 201 211; do
	server m$m 192.0.2.$n m$m
	inject a@d$m.dane.example
	n=$((n + 1))
done
for m in 311 301 201 211; do
	sent "TLSA $m" a@d$m.dane.example "$tls/dane"
	ok "$m has it" wait_until 10 peer_has m$m '^DATA'
done
server alias 192.0.2.22 m311
inject a@dalias.dane.example
sent "TLSA by way of a CNAME" a@dalias.dane.example "$tls/dane"

# --- it does not -------------------------------------------------------------
server wrong 192.0.2.15 mwrong
inject a@dwrong.dane.example
server turns 192.0.2.16 other
inject a@dturns.dane.example
peer_start plain 192.0.2.17:25 'ext=EHLO'
inject a@dplain.dane.example
server bogus 192.0.2.21 any
inject a@dtlsa.bogus.example
inject a@dmx.bogus.example
deferred "another CA than that of the record" a@dwrong.dane.example '4\.7\.5'
deferred "another key than that of the record" a@dturns.dane.example '4\.7\.5'
deferred "TLSA and no STARTTLS" a@dplain.dane.example '4\.7\.4'
deferred "TLSA with a bogus signature" a@dtlsa.bogus.example '4\.4\.3'
deferred "MX with a bogus signature" a@dmx.bogus.example '4\.4\.3'

# --- no TLSA records that count ----------------------------------------------
server none 192.0.2.18 any
inject a@dnone.dane.example
peer_start clear 192.0.2.19:25 'ext=EHLO'
inject a@dclear.dane.example
server unsigned 192.0.2.20 any
inject a@du.unsigned.example
inject a@dmixed.dane.example
inject a@daway.dane.example
sent "signed, no TLSA: TLS with anybody" a@dnone.dane.example "$tls/none"
sent "signed, no TLSA: or in the clear" a@dclear.dane.example none
sent "not signed: TLSA does not count" a@du.unsigned.example "$tls/none"
sent "nor behind a signed MX" a@dmixed.dane.example "$tls/none"
sent "nor behind a signed CNAME" a@daway.dane.example "$tls/none"

# --- and stays so until it fits ----------------------------------------------
tries()
{
	[ "$(cat "$T/peer-$1.conns")" -ge "$2" ]
}
for p in wrong turns plain; do
	ok "$p: tried again" wait_until 60 tries $p 3
	nothing "$p: got nothing" $p
done
nothing "bogus: got nothing" bogus
peer_stop turns
peer_start turns 192.0.2.16:25 'ext=EHLO'
ok "without STARTTLS now: tried" wait_until 60 peer_has turns '^EHLO'
ok "and again" wait_until 60 tries turns 2
nothing "got nothing in the clear" turns
peer_stop turns
server turns 192.0.2.16 mturns
sent "the right key: sent" a@dturns.dane.example "$tls/dane"
is "four wait" "$(queue_count)" 4
peer_end unbound
inject b@d311.dane.example
deferred "no resolver: deferred" b@d311.dane.example '4\.4\.3'
[ "$tests_failed" = 0 ] || suite_diag
done_testing
