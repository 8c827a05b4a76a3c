#!/bin/sh
# SPDX-License-Identifier: 0BSD
# run.sh [SCENARIO...] - a test bed of hosts that fail while mail flows
#
# Hosts are network namespaces on one bridge, each with its own resolv.conf:
#	out   192.0.2.1	 quill: mail-out, where the messages start
#	in1   .11  in2 .12  quill: exchangers of site.example (10 and 20)
#	store .21	 quill: in1 and in2 route site.example to it
#	far1  .31  far2 .32  smtp-sink: exchangers of far.example (10 and 20)
#	far3  .33	 smtp-sink: third.example, another site all the while
#	dns   .53	 tinydns behind dnscache; .54, for the scenario dane,
#			 nsd with a signed zone behind unbound
# A scenario breaks something, mends it, and in the end counts: every message
# that was accepted has arrived, exactly once, but for those of which a log says
# "possible duplicate". Without SCENARIO all of them; the scenarios are the
# functions bed_NAME below. Nothing outside of the namespaces is touched.
# shellcheck disable=SC2016
. "$(dirname "$0")/../lib.sh"
. "$TOP/tests/peers.sh"
own_net "$@"
need svscan tcpserver tinydns tinydns-data dnscache python3 nsenter nft
need_sink

MESSAGES=${MESSAGES:-1000}
QUILLS='out in1 in2 store'

# --- hosts -------------------------------------------------------------------
# host NAME LAST-OCTET
host()
{
	mkdir -p "$T/$1"
	chmod 755 "$T" "$T/$1"
	{
		ip netns add "$1" &&
			ip -n "$1" link set lo up &&
			ip -n "$1" link add eth0 type veth peer name "v$1" \
				netns switch &&
			ip -n switch link set "v$1" master br0 up &&
			ip -n "$1" addr add "192.0.2.$2/24" dev eth0 &&
			ip -n "$1" link set eth0 up
	} || give_up "no host $1"
	printf '%s\n' 'nameserver 192.0.2.53' 'options timeout:2 attempts:2' \
		>"$T/$1/resolv.conf"
	chmod 644 "$T/$1/resolv.conf"
}

# on HOST CMD...; on_exec becomes it
on()
{
	(on_exec "$@")
}

on_exec()
{
	on_host=$1
	shift
	exec nsenter --net="/run/netns/$on_host" unshare -m sh -c \
		'mount --bind "$0" /etc/resolv.conf && exec "$@"' \
		"$T/$on_host/resolv.conf" "$@"
}

# on_bg NAME HOST CMD...: its pid is in $T/NAME.pid
on_bg()
{
	on_name=$1
	shift
	on_exec "$@" >>"$T/$on_name.log" 2>&1 </dev/null &
	echo $! >"$T/$on_name.pid"
	echo $! >>"$T/.pids"
}

# on_end NAME [SIGNAL]
on_end()
{
	kill "-${2:-TERM}" "$(cat "$T/$1.pid")" 2>/dev/null
	wait "$(cat "$T/$1.pid")" 2>/dev/null
	: >"$T/$1.pid"
}

network()
{
	mkdir -p /run/netns
	mount -t tmpfs none /run/netns ||
		skip_all "no place for network namespaces"
	ip netns add switch 2>/dev/null || skip_all "no network namespaces"
	ip -n switch link add br0 type bridge || skip_all "no bridges here"
	ip -n switch link set br0 up
	host out 1
	host in1 11
	host in2 12
	host store 21
	host far1 31
	host far2 32
	host far3 33
	host dns 53
}

names()
{
	mkdir -p "$T/tinydns" "$T/cache/ip" "$T/cache/servers"
	cat >"$T/tinydns/data" <<-'END'
	.:127.0.0.1:a.root-servers.test:60
	@site.example:192.0.2.11:in1.site.example:10:60
	@site.example:192.0.2.12:in2.site.example:20:60
	@far.example:192.0.2.31:mx1.far.example:10:60
	@far.example:192.0.2.32:mx2.far.example:20:60
	@third.example:192.0.2.33:mx.third.example:10:60
	=out.site.example:192.0.2.1:60
	=store.site.example:192.0.2.21:60
	END
	(cd "$T/tinydns" && tinydns-data) || give_up tinydns-data
	: >"$T/cache/ip/192.0.2"
	: >"$T/cache/ip/127"
	echo 127.0.0.1 >"$T/cache/servers/@"
	chmod -R a+rX "$T/tinydns" "$T/cache"
	names_up
}

# names_up [ADDRESS of the cache]
names_up()
{
	on_bg tinydns dns env UID=65534 GID=65534 IP=127.0.0.1 \
		ROOT="$T/tinydns" tinydns
	on_bg dnscache dns env UID=65534 GID=65534 IP="${1:-192.0.2.53}" \
		IPSEND=0.0.0.0 ROOT="$T/cache" CACHESIZE=1000000 \
		sh -c 'exec dnscache </dev/urandom'
}

names_down()
{
	on_end dnscache
	on_end tinydns
}

# quill HOST: install, with what makes failures quick
quill()
{
	H=$T/$1/home S=$T/$1/service
	rm -rf "$T/link" # it is linked for one home
	quill_home_make >"$T/$1/install.log" 2>&1 ||
		give_up "cannot install $1: $(tail -n 3 "$T/$1/install.log")"
	"$H/bin/quill-config" "$1.site.example" >"$T/$1/config.log" 2>&1 ||
		give_up "quill-config on $1"
	echo 1 >"$H/control/retrylocal"
	echo 1 >"$H/control/retryremote"
	echo 3 >"$H/control/timeoutconnect"
	echo 5 >"$H/control/timeoutremote"
	echo 5 >"$H/control/idleremote"
}

# up HOST
up()
{
	H=$T/$1/home S=$T/$1/service
	"$H/bin/quill-service" "$S" --verify no --auth no --smtp 0.0.0.0:25 \
		>"$T/$1/service.log" 2>&1 || give_up "quill-service on $1"
	echo '192.0.2.:allow,RELAYCLIENT=""' | tcprules \
		"$H/control/tcp.smtp.cdb" "$H/control/tcp.smtp.tmp"
	if [ "$SAN" ]; then
		for up_d in "$S"/*/env; do
			: >"$up_d/MEMORY"
			echo "$ASAN_OPTIONS" >"$up_d/ASAN_OPTIONS"
			echo "$UBSAN_OPTIONS" >"$up_d/UBSAN_OPTIONS"
		done
	fi
	on_bg "svscan-$1" "$1" svscan "$S"
	wait_until 60 up_is "$1" || give_up "$1 does not come up"
}

up_is()
{
	svstat "$T/$1/service/smtp" "$T/$1/service/send" 2>/dev/null |
		grep -c ': up ' | grep -qx 2 && answers "$1" 25
}

answers()
{
	on "$1" python3 -c '
import socket
s = socket.create_connection(("127.0.0.1", 25), 5)
s.settimeout(5)
assert s.recv(3) == b"220"' 2>/dev/null
}

# svc_of HOST OPTION [SERVICE...]; with -d, when they are down.
svc_of()
{
	svc_host=$1 svc_opt=$2
	shift 2
	for svc_s in "${@:-smtp}"; do
		svc "$svc_opt" "$T/$svc_host/service/$svc_s"
		[ "$svc_opt" != -d ] ||
			wait_until 20 svc_down "$T/$svc_host/service/$svc_s"
	done
}

svc_down()
{
	svstat "$1" | grep -q ': down '
}

# sink HOST [OPTIONS]: smtp-sink as HOST's server; what it got is in
# $T/HOST.got. With -r, in $T/HOST.refused: it keeps what it answers 4xx to.
sink()
{
	sink_host=$1
	shift
	sink_to=$T/$sink_host.got
	[ "${1:-}" != -r ] || sink_to=$T/$sink_host.refused
	mkdir -p "$sink_to"
	chown nobody "$sink_to"
	on_bg "sink-$sink_host" "$sink_host" env \
		LD_LIBRARY_PATH="$POSTFIX/usr/lib/postfix" \
		"$POSTFIX/usr/sbin/smtp-sink" -c -u nobody "$@" \
		-d "$sink_to/$(date +%s%N)." 0.0.0.0:25 100
}

# --- mail --------------------------------------------------------------------
cat >"$T/send.py" <<'END'
# send.py HOST FIRST COUNT SECONDS DOMAIN USER: messages with subjects FIRST...
# over so many seconds; prints those that were accepted
import smtplib, sys, time
host, first, count, seconds, domain, user = sys.argv[1:]
first, count, seconds = int(first), int(count), float(seconds)
s = None
end = time.time() + 240
for i in range(count):
    began = time.time()
    while time.time() < end:
        try:
            if s is None:
                s = smtplib.SMTP(host, 25, timeout=30)
            s.sendmail("from@out.site.example", "%s@%s" % (user, domain),
                       "Subject: n%d\r\n\r\n%s\r\n" % (first + i, "x" * 2000))
            print(first + i, flush=True)
            break
        except (smtplib.SMTPException, OSError) as e:
            if not isinstance(e, (smtplib.SMTPResponseException,
                                  smtplib.SMTPConnectError,
                                  ConnectionRefusedError)):
                print("possible duplicate:", first + i, repr(e),
                      file=sys.stderr, flush=True)
            s = None
            time.sleep(0.5)
    time.sleep(max(0, seconds / count - (time.time() - began)))
END
cat >"$T/dnsproxy.py" <<'END'
# dnsproxy.py slow|lying: 192.0.2.53 in front of 127.0.0.2
import os, socket, struct, sys, threading, time
mode = sys.argv[1]
front = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
front.bind(("192.0.2.53", 53))
def name(s):
    return b"".join(bytes([len(x)]) + x for x in s.split(b".")) + b"\0"
def lie(query, ident, question):
    # A 192.0.2.33 for that name, and an exchanger that is there
    head = ident + b"\x81\x80" + struct.pack(">HHHH", 1, 2, 0, 0)
    rr = name(question) + struct.pack(">HHIH", 1, 1, 600, 4) + bytes([192, 0, 2, 33])
    mx = struct.pack(">H", 1) + name(b"mx.third.example")
    rr += name(question) + struct.pack(">HHIH", 15, 1, 600, len(mx)) + mx
    return head + query + rr
def serve(packet, peer):
    back = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    back.settimeout(5)
    back.connect(("127.0.0.2", 53))
    end = packet.index(b"\0", 12) + 5
    query = packet[12:end]
    if mode == "slow":
        time.sleep(3)
    else:
        front.sendto(lie(query, os.urandom(2), b"far.example"), peer)
        other = name(b"other.example") + query[-4:]
        front.sendto(lie(other, packet[:2], b"other.example"), peer)
        front.sendto(packet[:7], peer)
    back.send(packet)
    try:
        front.sendto(back.recv(4096), peer)
    except OSError:
        pass
while True:
    p, peer = front.recvfrom(4096)
    if len(p) > 12:
        threading.Thread(target=serve, args=(p, peer), daemon=True).start()
END
cat >"$T/broken.py" <<'END'
# broken.py DIR tls|late|FILE: an SMTP server on port 25 that takes mail into DIR.
# tls: it breaks off every TLS handshake; late: it has messages for half a second
# before they are safe, and says so then; FILE: TLS with this certificate and key
import itertools, os, socketserver, ssl, sys, time
late = sys.argv[2] == "late"
secure = None
if os.path.exists(sys.argv[2]):
    secure = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    secure.load_cert_chain(sys.argv[2])
numbers = itertools.count()
class Session(socketserver.StreamRequestHandler):
    def say(self, text):
        self.wfile.write(text.encode() + b"\r\n")
    def handle(self):
        self.say("220 far1 ESMTP")
        while line := self.rfile.readline():
            verb = line[:4].upper()
            if verb == b"EHLO":
                self.say("250-far1\r\n250-PIPELINING\r\n250 "
                         + ("HELP" if late else "STARTTLS"))
            elif verb == b"STAR":
                self.say("220 go on")
                if secure:
                    self.request = secure.wrap_socket(self.request, server_side=True)
                    self.setup()
                    continue
                self.rfile.read1(1000)
                self.wfile.write(b"\x15\x03\x03\x00\x02\x02\x28")
                return
            elif verb == b"DATA":
                self.say("354 yes")
                text = b""
                while d := self.rfile.readline():
                    if d == b".\r\n":
                        break
                    text += d
                else:
                    return
                time.sleep(0.5 if late else 0)
                path = "%s/broken.%d.%d" % (sys.argv[1], os.getpid(), next(numbers))
                with open(path, "wb") as f:
                    f.write(text)
                self.say("250 ok")
            elif verb == b"QUIT":
                self.say("221 bye")
                return
            else:
                self.say("250 ok")
class Server(socketserver.ThreadingTCPServer):
    allow_reuse_address = daemon_threads = True
Server(("0.0.0.0", 25), Session).serve_forever()
END
next=1

# flow HOST DOMAIN [SECONDS]: MESSAGES in the background; $flow_first
flow()
{
	flow_first=$next
	next=$((next + MESSAGES))
	flow_domain=$2
	: >"$T/accepted"
	: >"$T/flow.log"
	flow_doubts=$(doubts)
	flow_second=$(second_has)
	timeout 250 nsenter --net=/run/netns/out python3 "$T/send.py" "$1" \
		"$flow_first" "$MESSAGES" "${3:-6}" "$2" "$user" \
		>"$T/accepted" 2>>"$T/flow.log" &
	flow_pid=$!
	echo "$flow_pid" >>"$T/.pids"
	# the failure comes when mail flows
	wait_until 60 flowing $((MESSAGES / 5))
}

# meanwhile WHAT: the second exchanger takes mail while the first does not
meanwhile()
{
	ok "$1: the second exchanger takes mail" wait_until 60 second_more
}

second_more()
{
	[ "$(second_has)" -gt "$flow_second" ]
}

second_has()
{
	if [ "$flow_domain" = far.example ]; then
		find "$T/far2.got" -type f
	else
		cat "$T/in2/home/log/send/@"* \
			"$T/in2/home/log/send/current" 2>/dev/null |
			grep ' new msg '
	fi | wc -l
}

flowing()
{
	[ "$(wc -l <"$T/accepted")" -ge "$1" ]
}

# subjects of all that arrived, one a line
arrived()
{
	if [ "$flow_domain" = far.example ]; then
		cat "$T/far1.got"/* "$T/far2.got"/* 2>/dev/null
	elif [ "$flow_domain" = third.example ] ||
		[ "$flow_domain" = signed.example ]; then
		cat "$T/far3.got"/* 2>/dev/null
	else
		cat "$T/user-$user"/Maildir/new/* 2>/dev/null
	fi | sed -n 's/^Subject: n\([0-9]*\)\r*$/\1/p'
}

complete()
{
	arrived | sort -u >"$T/arrived"
	sort -u "$T/accepted" | comm -23 - "$T/arrived" >"$T/missing"
	[ ! -s "$T/missing" ]
}

# doubts: deliveries that may have been made twice, by the logs: those that say
# so, and those that were under way when quill-send was killed.
doubts()
{
	{
		cat "$T"/*/home/log/send/* "$T/flow.log" 2>/dev/null |
			grep 'possible[ _]duplicate'
		for doubts_q in $QUILLS; do
			cat "$T/$doubts_q"/home/log/send/@* \
				"$T/$doubts_q/home/log/send/current" 2>/dev/null |
				awk '/ info: running$/ {
					for (i in on) print; split("", on) }
				/ starting delivery / { on[$4] = 1 }
				/ delivery [0-9]+: / { delete on[$3] }'
		done
	} | wc -l
}

# settled WHAT: the sums of the scenario
settled()
{
	wait "$flow_pid"
	is "$1: all were accepted" "$(wc -l <"$T/accepted")" "$MESSAGES"
	ok "$1: every one arrived" wait_until 80 complete
	[ ! -s "$T/missing" ] || diag "missing: $(tr '\n' ' ' <"$T/missing")"
	settled_twice=$(arrived | sort -n | uniq -d | awk -v f="$flow_first" \
		'$1 >= f' | wc -l)
	settled_doubts=$(($(doubts) - flow_doubts))
	[ "$settled_twice" = 0 ] || diag "$1: $settled_twice came twice," \
		"$settled_doubts doubts in the logs"
	ok "$1: none twice that no log doubts" \
		test "$settled_twice" -le "$settled_doubts"
	for settled_q in $QUILLS; do
		is "$1: nothing is set aside on $settled_q" \
			"$(find "$T/$settled_q/home/queue/lost" -type f)" ''
	done
}

# --- scenarios: what happens to an exchanger while mail flows ----------------
# Messages are in its hands when it dies: those are lost there.
bed_kill()
{
	on_end sink-far1 KILL
	on_bg broken far1 python3 "$T/broken.py" "$T/far1.got" late
	flow 192.0.2.1 far.example
	on_end broken KILL
	meanwhile killed
	sink far1
	settled "killed, and started again"
}

# Messages are in its hands when it falls silent: those may come twice.
bed_hang()
{
	on_end sink-far1 KILL
	sink far1 -W .:1
	flow 192.0.2.1 far.example
	kill -STOP "$(cat "$T/sink-far1.pid")"
	meanwhile hung
	sleep 2
	kill -CONT "$(cat "$T/sink-far1.pid")"
	settled "hung for a while"
	on_end sink-far1 KILL
	sink far1
}

bed_unreachable()
{
	flow 192.0.2.1 far.example
	ip -n switch link set vfar1 down
	meanwhile "its cable cut"
	sleep 2
	ip -n switch link set vfar1 up
	settled "its cable cut"
}

# rule HOST VERDICT: what happens to packets for its port 25; none: nothing
rule()
{
	on "$1" nft flush ruleset
	[ "$2" = none ] || on "$1" nft "add table inet f;
		add chain inet f in { type filter hook input priority 0; };
		add rule inet f in tcp dport 25 $2"
}

bed_drop()
{
	flow 192.0.2.1 far.example
	rule far1 drop
	meanwhile "its packets dropped"
	sleep 2
	rule far1 none
	settled "its packets dropped"
}

bed_reset()
{
	flow 192.0.2.1 far.example
	rule far1 'reject with tcp reset'
	meanwhile "its connections reset"
	sleep 2
	rule far1 none
	settled "its connections reset"
}

# Half a second before each reply: the others are not held up by it.
bed_slow()
{
	on_end sink-far1 KILL
	on_end sink-far2 KILL
	sink far1 -w 1
	sink far2
	flow 192.0.2.1 far.example
	printf 'Subject: quick\n\nx\n' | on out "$T/out/home/bin/quill-inject" \
		x@third.example
	ok "slow: mail to another site is there at once" wait_until 60 sh -c \
		"[ \$(find '$T/far3.got' -type f | wc -l) -ge 1 ]"
	settled "a slow exchanger"
	on_end sink-far1 KILL
	sink far1
}

# It offers TLS and breaks it: the mail goes on a fresh connection without.
bed_tls()
{
	[ -x "$B/bin/quill-tlsd" ] || {
		skip "TLS broken" "there is no quill-tlsd"
		return
	}
	"$T/out/home/bin/quill-service" "$T/out/service" --tls \
		>"$T/out/tls.log" 2>&1
	wait_until 60 test -S "$T/out/home/run/tls/client"
	on_end sink-far1 KILL
	on_bg broken far1 python3 "$T/broken.py" "$T/far1.got" tls
	flow 192.0.2.1 far.example
	settled "TLS offered and broken"
	ok "... it was tried, and the log says so" grep -q \
		'in the clear, after: mx1\.far\.example' \
		"$T/out/home/log/send/current"
	ok "... and then sent without" sh -c "ls '$T'/far1.got/broken.*"
	on_end broken KILL
	sink far1
}

# signed_zone FILE: the zone with that key in its TLSA record, signed
signed_zone()
{
	{
		printf '%s\n' '$ORIGIN signed.example.' '$TTL 60' \
			'@ IN SOA ns host 1 3600 900 86400 60' \
			'@ IN NS ns' 'ns IN A 127.0.0.3' \
			'@ IN MX 10 mx' 'mx IN A 192.0.2.33'
		echo "_25._tcp.mx IN TLSA 3 1 1 $(openssl x509 -in "$1" -noout \
			-pubkey | openssl pkey -pubin -outform DER |
			sha256sum | cut -d ' ' -f 1)"
	} >"$T/signed/zone"
	(cd "$T/signed" && key=$(ldns-keygen -a ECDSAP256SHA256 -k \
		signed.example) && ldns-signzone -n -f zone.signed zone "$key" &&
		mv "$key.ds" anchor.ds) >"$T/sign.log" 2>&1 ||
		give_up "cannot sign a zone: $(cat "$T/sign.log")"
}

# signed_up: who answers for it, and who validates; all other names by tinydns
signed_up()
{
	cat >"$T/signed/nsd.conf" <<-END
	server:
	  ip-address: 127.0.0.3
	  zonesdir: "$T/signed"
	  pidfile: "$T/signed/nsd.pid"
	  username: ""
	  chroot: ""
	  database: ""
	  zonelistfile: "$T/signed/zone.list"
	  xfrdfile: "$T/signed/xfrd.state"
	  xfrdir: "$T/signed"
	  server-count: 1
	remote-control:
	  control-enable: no
	zone:
	  name: signed.example
	  zonefile: zone.signed
	END
	cat >"$T/signed/unbound.conf" <<-END
	server:
	  interface: 192.0.2.54
	  access-control: 192.0.2.0/24 allow
	  do-not-query-localhost: no
	  username: ""
	  chroot: ""
	  directory: "$T/signed"
	  pidfile: "$T/signed/unbound.pid"
	  use-syslog: no
	  num-threads: 1
	  outgoing-range: 64
	  so-rcvbuf: 0
	  trust-anchor-file: "$T/signed/anchor.ds"
	remote-control:
	  control-enable: no
	stub-zone:
	  name: signed.example
	  stub-addr: 127.0.0.3
	stub-zone:
	  name: example
	  stub-addr: 127.0.0.1
	END
	ip -n dns addr add 192.0.2.54/24 dev eth0
	on_bg nsd dns nsd -d -c "$T/signed/nsd.conf"
	on_bg unbound dns unbound -d -c "$T/signed/unbound.conf"
	wait_until 30 signed_is || give_up "no server for a signed zone:" \
		"$(cat "$T/nsd.log" "$T/unbound.log")"
}

signed_is()
{
	on dns awk '$2 ~ /^(360200C0|0300007F):0035$/ { n++ }
		END { exit n < 2 }' /proc/net/udp
}

# The exchanger of a signed zone has another key than its TLSA record says: no
# message goes there, until it is the right one.
bed_dane()
{
	for dane_c in nsd unbound ldns-keygen ldns-signzone openssl \
		"$B/bin/quill-tlsd"; do
		command -v "$dane_c" >"$T/found" || {
			skip "DANE" "there is no ${dane_c##*/}"
			return
		}
	done
	mkdir -p "$T/signed"
	for dane_c in right wrong; do
		openssl req -x509 -newkey rsa:2048 -nodes -days 2 \
			-subj /CN=mx.signed.example -keyout "$T/signed/key" \
			-out "$T/signed/$dane_c.pem" >"$T/openssl" 2>&1 ||
			give_up "openssl: $(cat "$T/openssl")"
		cat "$T/signed/key" >>"$T/signed/$dane_c.pem"
	done
	signed_zone "$T/signed/right.pem"
	signed_up
	printf '%s\n' 'nameserver 192.0.2.54' 'options trust-ad' \
		>"$T/out/resolv.conf"
	echo 'signed.example dane' >"$T/out/home/control/tlspolicy"
	"$T/out/home/bin/quill-service" "$T/out/service" --tls \
		>"$T/out/tls.log" 2>&1
	wait_until 60 test -S "$T/out/home/run/tls/client"
	on_end sink-far3 KILL
	on_bg broken far3 python3 "$T/broken.py" "$T/far3.got" \
		"$T/signed/wrong.pem"
	flow 192.0.2.1 signed.example
	wait "$flow_pid"
	ok "DANE, the wrong key: mail waits" wait_until 60 grep -q \
		'is_not_who_it_should_be.* dsn=4\.7\.5 status=deferred' \
		"$T/out/home/log/send/current"
	is "... and nothing arrives" "$(arrived |
		awk -v f="$flow_first" '$1 >= f' | wc -l)" 0
	on_end broken KILL
	on_bg broken far3 python3 "$T/broken.py" "$T/far3.got" \
		"$T/signed/right.pem"
	settled "DANE, the right key"
	ok "... the log says who vouched" grep -q \
		'to=[^ ]*@signed.example .* tls=TLSv1[^ ]*/dane .*status=sent' \
		"$T/out/home/log/send/current"
	on_end broken KILL
	on_end unbound
	on_end nsd
	rm "$T/out/home/control/tlspolicy"
	printf '%s\n' 'nameserver 192.0.2.53' 'options timeout:2 attempts:2' \
		>"$T/out/resolv.conf"
	sink far3
}

bed_refused()
{
	on_end sink-far1 KILL
	flow 192.0.2.1 far.example
	ok "refused: the second exchanger got all" wait_until 60 sh -c \
		"[ \$(find '$T/far2.got' -type f | wc -l) -ge $MESSAGES ]"
	sink far1
	settled "refused from the start"
}

# No connection is kept for more mail, nothing is held against an exchanger.
at_rest()
{
	wait_until 30 unconnected
	on out "$T/out/home/bin/quill-tcpto" clear >"$T/tcpto"
}

unconnected()
{
	on out awk '$4 == "01" && $3 ~ /:0019$/ { n++ } END { exit n > 0 }' \
		/proc/net/tcp
}

# 4xx at each phase: the second exchanger until MAIL, later the same again
bed_later()
{
	for later in connect ehlo mail rcpt data .; do
		on_end sink-far1 KILL
		sink far1 -r "$later"
		at_rest
		flow 192.0.2.1 far.example 2
		wait "$flow_pid"
		case $later in
		connect | ehlo | mail)
			ok "4xx at $later: the second exchanger takes all" \
				wait_until 60 complete ;;
		*)
			is "4xx at $later: that stands, nothing arrives" \
				"$(arrived | awk -v f="$flow_first" '$1 >= f' |
					wc -l)" 0 ;;
		esac
		on_end sink-far1 KILL
		sink far1
		settled "4xx at $later"
	done
}

bed_both()
{
	on_end sink-far1 KILL
	on_end sink-far2 KILL
	flow 192.0.2.1 far.example
	sleep 3
	sink far2
	sleep 2
	sink far1
	settled "both exchangers away"
}

# To a site to which there is no connection yet: that needs no name.
bed_dns()
{
	names_down
	flow 192.0.2.1 third.example
	ok "no name server: mail waits" wait_until 60 grep -q \
		'Unable_to_look_up.* status=deferred' \
		"$T/out/home/log/send/current"
	sleep 3
	names_up
	settled "no name server for a while"
}

# names_by slow|lying: the cache behind a server that does so
names_by()
{
	names_down
	names_up 127.0.0.2
	on_bg dnsproxy dns python3 "$T/dnsproxy.py" "$1"
}

names_again()
{
	on_end dnsproxy KILL
	names_down
	names_up
}

bed_dns_slow()
{
	flow 192.0.2.1 far.example
	names_by slow
	sleep 8
	names_again
	settled "a name server that takes 3 seconds"
}

# What an attacker off the path can do, and more: answers with another id, to
# another question, cut off, with records of other names. None is believed.
bed_dns_lying()
{
	lies_before=$(find "$T/far3.got" -type f | wc -l)
	names_by lying
	flow 192.0.2.1 far.example
	settled "a name server that lies first"
	is "... nothing went where the lies say" \
		"$(find "$T/far3.got" -type f | wc -l)" "$lies_before"
	names_again
}

# The site's own machines: mail comes to in1, or in2, and ends in the store.
bed_backup()
{
	svc_of in1 -d smtp
	flow 192.0.2.1 site.example
	meanwhile "the first exchanger down"
	svc_of in1 -u smtp
	settled "the first exchanger was down: the backup took the mail"
}

bed_store()
{
	svc_of store -d smtp
	flow 192.0.2.1 site.example
	wait "$flow_pid"
	is "store down: nothing arrived meanwhile" \
		"$(arrived | awk -v f="$flow_first" '$1 >= f' | wc -l)" 0
	svc_of store -u smtp
	settled "the store was down"
}

# The store's queue is on a small disk, which gets full: quill-queue cannot write,
# and soon quill-smtpd, which looks at the space now and then, says so before.
bed_disk()
{
	flow 192.0.2.1 site.example
	head -c 90000000 /dev/zero >"$T/store/home/queue/lost/full" 2>/dev/null
	wait "$flow_pid"
	ok "disk full: quill-queue cannot write, or quill-smtpd sees it" \
		wait_until 60 grep -q ' code=45[0-9] text="4\.3\.' \
		"$T/store/home/log/smtp/current"
	ok "disk full: not all is there" test "$(arrived |
		awk -v f="$flow_first" '$1 >= f' | wc -l)" -lt "$MESSAGES"
	rm -f "$T/store/home/queue/lost/full"
	settled "the store's disk was full"
}

bed_kill_quill()
{
	flow 192.0.2.1 site.example 10
	for kill_host in in1 store out in1; do
		svc_of "$kill_host" -k send
		sleep 1
		svc_of "$kill_host" -k smtp
		sleep 1
	done
	settled "quill killed on each machine"
}

# down: end every quill; also when the test is broken off.
down()
{
	S=''
	for down_q in $QUILLS; do
		[ -s "$T/svscan-$down_q.pid" ] || continue
		# svscan first, or it would start new supervises
		on_end "svscan-$down_q"
		svc -dx "$T/$down_q/service"/* "$T/$down_q/service"/*/log \
			2>/dev/null
	done
	wait_until 20 down_all
	umount -l "$T/store/home/queue" 2>/dev/null
}

down_all()
{
	for down_d in "$T"/*/service/* "$T"/*/service/*/log; do
		! svok "$down_d" 2>/dev/null || return 1
	done
}
trap 'bed_rc=$?; down; (exit $bed_rc); cleanup' EXIT

ALL='kill hang unreachable drop reset slow tls dane refused later both dns
dns_slow dns_lying backup store disk kill_quill'

network
names
mktestuser
user=${testuser:-}
for q in $QUILLS; do
	quill "$q"
done
echo site.example >>"$T/store/home/control/locals"
# a small disk that can be filled
q=$T/store/home/queue
mv "$q" "$q.was"
mkdir "$q"
mount -t tmpfs -o size=64m tmpfs "$q" || give_up "no small disk"
cp -a "$q.was/." "$q/"
chown --reference="$q.was" "$q"
chmod --reference="$q.was" "$q"
for q in in1 in2; do
	echo site.example >>"$T/$q/home/control/rcpthosts"
	echo 'site.example:[192.0.2.21]' >"$T/$q/home/control/smtproutes"
done
for q in $QUILLS; do
	up "$q"
done
sink far1
sink far2
sink far3

# shellcheck disable=SC2086
[ $# != 0 ] || set -- $ALL
for scenario; do
	# shellcheck disable=SC2086,SC2116
	case " $(echo $ALL) " in
	*" $scenario "*) ;;
	*)
		fail "no scenario $scenario; there are: $ALL"
		continue ;;
	esac
	diag "scenario $scenario"
	"bed_$scenario"
done
done_testing
