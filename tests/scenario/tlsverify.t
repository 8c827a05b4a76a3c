#!/bin/sh
# SPDX-License-Identifier: 0BSD
# quill-tlsd as a client: what it demands of real TLS servers, and gets.
. "$(dirname "$0")/../lib.sh"
need_root
need openssl python3 setuidgid
[ -x "$B/bin/quill-tlsd" ] || skip_all "there is no quill-tlsd (make tls)"
quill_config quill.example
here=$TOP/tests/scenario
certs=$T/certs
C=$H/control/tls
. "$here/tls_certs.sh"

ca root
ca foreign
leaf good root mx.example
leaf wild root '*.wild.example'
leaf part root 'm*.part.example'
leaf old root mx.example expired
leaf self foreign mx.example
mkdir -p "$C/default" "$C/partner.example"
cp "$certs/root.pem" "$C/default/ca.pem"
cp "$certs/foreign.pem" "$C/partner.example/ca.pem"
echo 3 >"$H/control/tlsconnections"
"$H/bin/quill-tlsd" 2>"$T/log" &
echo $! >"$T/tlsd.pid"
is_there()
{
	[ -S "$H/run/tls/client" ]
}
ok "quill-tlsd is there" wait_until 60 is_there
ok "as a client alone, without a certificate" test ! -e "$H/run/tls/server"

# server CERT [OPTIONS]: an openssl s_server that presents it, with its CA.
server()
{
	server_cert=$1
	shift
	[ -z "${server_pid:-}" ] || bg_stop "$server_pid"
	port=$(free_port)
	case $server_cert in self) server_ca=foreign ;; *) server_ca=root ;; esac
	# It ends with its standard input.
	bg sh -c 'exec "$@" <"'"$T"'/never" >"'"$T"'/s_server" 2>&1' sh \
		openssl s_server -accept "127.0.0.1:$port" -quiet \
		-cert "$certs/$server_cert.pem" -key "$certs/$server_cert.key" \
		-cert_chain "$certs/$server_ca.pem" -rev "$@"
	server_pid=$bg_pid
	wait_until 60 listening "$port" || fail "s_server: $(cat "$T/s_server")"
}
mkfifo "$T/never"
# Somebody has it open for writing, for ever.
sleep 1000 >"$T/never" &
echo $! >"$T/sleep.pid"

# ask KEY=VALUE...: the state, and the line "olleh" when there is TLS.
ask()
{
	rm -f "$T/state"
	printf 'hello\n' | timeout 100 python3 "$here/tls_caller.py" "$H" \
		client 127.0.0.1 "$port" "$@" >"$T/state" 2>"$T/ask" &
	ask_pid=$!
	wait_until 60 told
	kill $ask_pid 2>/dev/null
	wait $ask_pid 2>/dev/null
	cat "$T/state" "$T/ask"
}
# told: it said no, or the server's answer is there.
told()
{
	grep -q olleh "$T/state" || {
		grep -q outcome "$T/state" &&
			! grep -q '"outcome": "done"' "$T/state"
	}
}
# good NAME ERE KEY=VALUE..., bad NAME OUTCOME ERE KEY=VALUE...
good()
{
	good_name=$1 good_ere=$2
	shift 2
	like "$good_name" "$(ask "$@" | tr '\n' ' ')" \
		"\"outcome\": \"done\".*$good_ere.*olleh"
}
bad()
{
	bad_name=$1 bad_ere="\"outcome\": \"$2\".*\"error\": \"[^\"]*$3"
	shift 3
	like "$bad_name" "$(ask "$@" | tr '\n' ' ')" "$bad_ere"
	unlike "and no byte of it was sent" "$(cat "$T/state")" olleh
}
# digest CERT SELECTOR ALGORITHM
digest()
{
	case $2 in
	0) openssl x509 -in "$certs/$1.pem" -outform DER ;;
	1) openssl x509 -in "$certs/$1.pem" -noout -pubkey |
		openssl pkey -pubin -outform DER ;;
	esac | openssl "$3" -r | cut -d' ' -f1
}

# --- anything goes
server self
good "unverified" '"verified": "none"'
good "with a wrong name" '"subject": "CN=mx.example"' sni=other.example
server old
good "expired" '"verified": "none"' policy=0
server good -tls1_2
good "TLS 1.2" '"version": "TLSv1.2"'
server good -alpn smtp
good "ALPN" '"alpn": "smtp"' alpn=smtp
server good
good "a session" '"resumed": "0"' session=one
good "is resumed" '"resumed": "1"' session=one
good "for its own key only" '"resumed": "0"' session=two
good "not without one" '"resumed": "0"'
good "nor for who wants it verified" '"verified": "pkix".*"resumed": "0"' \
	session=one policy=1 name=mx.example

# --- by names
good "a name" '"verified": "pkix"' policy=1 name=mx.example
good "one of several" '"verified": "pkix"' policy=1 name=a.example \
	name=mx.example name=b.example
bad "another name" untrusted 'hostname mismatch' policy=1 name=no.example
bad "a part of the name" untrusted 'hostname mismatch' policy=1 name=example
bad "a list of CAs that is not there" untrusted 'no such list' policy=1 \
	name=mx.example ca=nobody.example
bad "one that has not signed it" untrusted '' policy=1 name=mx.example \
	ca=partner.example
bad "no names at all are a mistake" broken 'hung up' policy=1
server self
bad "an unknown CA" untrusted '' policy=1 name=mx.example
good "a CA for this one" '"verified": "pkix"' policy=1 name=mx.example \
	ca=partner.example
server old
bad "expired" untrusted 'expired' policy=1 name=mx.example
server wild
good "a wildcard" '"verified": "pkix"' policy=1 name=mx.wild.example
bad "for one label" untrusted 'hostname mismatch' policy=1 name=a.b.wild.example
server part
bad "for a whole one" untrusted 'hostname mismatch' policy=1 \
	name=mx.part.example

# --- by TLSA records: the CA is not one that we know
server self
for s in 0 1; do
	for m in 1 2; do
		alg=sha256
		[ $m = 1 ] || alg=sha512
		good "3 $s $m" '"verified": "dane"' policy=2 name=mx.example \
			"tlsa=3 $s $m $(digest self $s $alg)"
		good "2 $s $m" '"verified": "dane"' policy=2 name=mx.example \
			"tlsa=2 $s $m $(digest foreign $s $alg)"
		bad "3 $s $m of another" untrusted '' policy=2 name=mx.example \
			"tlsa=3 $s $m $(digest good $s $alg)"
		bad "2 $s $m of another" untrusted '' policy=2 name=mx.example \
			"tlsa=2 $s $m $(digest root $s $alg)"
	done
done
ee="tlsa=3 1 1 $(digest self 1 sha256)"
ta="tlsa=2 1 1 $(digest foreign 1 sha256)"
good "3 1 1: the name does not matter" '"verified": "dane"' policy=2 \
	name=no.example "$ee"
bad "2 1 1: it does" untrusted 'hostname mismatch' policy=2 name=no.example "$ta"
good "one of several" '"verified": "dane"' policy=2 name=mx.example \
	"tlsa=3 1 1 $(digest good 1 sha256)" "tlsa=1 1 1 00" "$ee"
bad "usage 1 is no use" untrusted 'usable' policy=2 name=mx.example \
	"tlsa=1 1 1 $(digest self 1 sha256)"
bad "nor a digest of the wrong length" untrusted 'usable' policy=2 \
	name=mx.example "tlsa=3 1 1 00ff"
bad "2 1 1 of the end's own key" untrusted '' policy=2 name=mx.example \
	"tlsa=2 1 1 $(digest good 1 sha256)"
server old
good "3 1 1: nor do dates" '"verified": "dane"' policy=2 name=mx.example \
	"tlsa=3 1 1 $(digest old 1 sha256)"
bad "2 1 1: they do" untrusted 'expired' policy=2 name=mx.example \
	"tlsa=2 1 1 $(digest root 1 sha256)"
# The full certificate, not its digest.
server self
good "3 0 0" '"verified": "dane"' policy=2 name=mx.example \
	"tlsa=3 0 0 $(openssl x509 -in "$certs/self.pem" -outform DER |
		od -An -v -tx1 | tr -d ' \n')"

# --- what is no TLS server
bg_stop "$server_pid"
server_pid=
# peer CODE: Python, with the connection in c.
peer()
{
	[ -z "${peer_pid:-}" ] || bg_stop "$peer_pid"
	port=$(free_port)
	bg python3 -c "
import socket
l = socket.create_server(('127.0.0.1', $port))
kept = []
while True:
    c = l.accept()[0]
    $1
"
	peer_pid=$bg_pid
	wait_until 60 listening "$port" || fail "peer"
}
peer 'c.recv(9999); c.sendall(b"220 no TLS here\r\n" * 9)'
bad "plain text" failed 'wrong version|unsupported|packet length'
peer 'c.recv(9999); c.close()'
bad "hung up" failed 'ended in the handshake'
peer 'c.close()'
bad "at once" failed ''
peer 'c.recv(9999); c.sendall(b"\x16\x03\x03"); kept.append(c)'
bad "a part of an answer" late 'in time' ms=300
peer 'kept.append(c)'
bad "none" late 'in time' ms=300
server good -tls1_1 -cipher ALL@SECLEVEL=0
bad "only TLS 1.1" failed ''

# --- the caller
unlike "the client's socket is not for quilld" "$(setuidgid quilld python3 \
	"$here/tls_caller.py" "$H" client 127.0.0.1 "$port" 2>&1)" '"done"'
peer 'kept.append(c)'
# processes N: so many are there, three of them without a connection.
processes()
{
	for proc in /proc/[0-9]*; do
		[ "$(readlink "$proc/exe" 2>/dev/null)" != "$H/bin/quill-tlsd" ] ||
			echo x
	done | wc -l | grep -qx "$1"
}
ok "each process has ended with its connection" wait_until 60 processes 3
for i in 1 2 3; do
	python3 "$here/tls_caller.py" "$H" client 127.0.0.1 "$port" \
		>"$T/hang$i" 2>&1 &
	echo $! >>"$T/hang"
done
# before who asks, which would take the place of one of them
ok "three hang" wait_until 60 processes 6
at_limit()
{
	ask ms=1 | grep -q '"outcome": "busy"'
}
ok "three that hang are all there can be" wait_until 60 at_limit
# shellcheck disable=SC2046
kill -9 $(cat "$T/hang")
below()
{
	ask ms=1 | grep -q '"outcome": "late"'
}
ok "they are gone with their callers" wait_until 60 below
kill "$(cat "$T/tlsd.pid")" "$(cat "$T/sleep.pid")"
wait "$(cat "$T/tlsd.pid")"
is "TERM: the end" $? 0
like "gone: that is what a caller is told" "$(ask)" '"outcome": "down"'
ok "nothing is left of it" wait_until 60 processes 0
done_testing
