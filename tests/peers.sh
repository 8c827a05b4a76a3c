# SPDX-License-Identifier: 0BSD
# peers.sh - real companions on loopback for tests; source it after lib.sh
#
#	. "$(dirname "$0")/../lib.sh"
#	. "$TOP/tests/peers.sh"
#	own_net "$@"
#	need_dns; need_sink
#
# All of it wants a network of the test's own (own_net): port 25 and 53 of any
# 127.x.y.z may be used there, and /etc/resolv.conf is the test's. An exchanger
# at 127.0.0.1 is quill's own host: use other addresses. Everything ends with
# the test, and after 600 seconds in any case.
#
#	dns_data <DATA          zones for tinydns, in place of earlier ones
#	dns_start   dns_stop    tinydns (127.0.0.101) behind dnscache (127.0.0.100)
#	dns_silence             a name server that never answers, until dns_start
#	sink_start NAME ADDR:PORT [smtp-sink options]    Postfix's SMTP server
#	sink_stop NAME   sink_files NAME   sink_has NAME N   sink_connections NAME
#	sink_rcpts FILE   sink_sender FILE   sink_message FILE
#	peer_start NAME ADDR:PORT [PYTHON ARGUMENTS]    tests/golden/remote_peer.py
#	peer_stop NAME   peer_lines NAME   peer_data NAME   peer_has NAME ERE
#	source_send [smtp-source options] ADDR:PORT
# shellcheck shell=sh

PEERS=${TOP:-.}/build/peers
POSTFIX=$PEERS/postfix

# peers_fetch: unpack Postfix's test programs; for check.sh, which has no TOP.
# The package is never installed, only the libraries that it is linked with.
# make clean removes what was fetched.
peers_fetch()
{
	[ ! -x "$POSTFIX/usr/sbin/qmqp-sink" ] || return 0
	mkdir -p "$PEERS"
	# not below build: make reads what is called *.d there
	peers_t=$(mktemp -d) || return 1
	(
		cd "$peers_t" || exit 1
		set -- -o DPkg::Lock::Timeout=300
		apt-get "$@" download postfix || {
			apt-get "$@" update
			apt-get "$@" download postfix
		} || exit 1
		libs=$(dpkg-deb -f ./postfix_*.deb Depends | tr , '\n' |
			sed -n 's/^ *\(lib[^ |]*\).*/\1/p')
		dpkg -x ./postfix_*.deb x || exit 1
		# shellcheck disable=SC2086
		peers_run x smtp-sink '-?' 2>&1 | grep -q usage: ||
			apt-get "$@" install -y --no-install-recommends $libs
		peers_run x smtp-sink '-?' 2>&1 | grep -q usage:
	) >"$PEERS/log" 2>&1 </dev/null &&
		mkdir -p "$POSTFIX/usr/lib" "$POSTFIX/usr/sbin" &&
		cp -R "$peers_t/x/usr/lib/postfix" "$POSTFIX/usr/lib/" &&
		for peers_p in smtp-source smtp-sink qmqp-source qmqp-sink; do
			cp "$peers_t/x/usr/sbin/$peers_p" "$POSTFIX/usr/sbin/"
		done
	rm -rf "$peers_t"
	[ -x "$POSTFIX/usr/sbin/qmqp-sink" ]
}

# peers_unpack DIR PROGRAM PACKAGE...: packages that want an MTA, and so cannot be
# installed, below $PEERS/DIR; PROGRAM is what must be there then.
peers_unpack()
{
	peers_to=$PEERS/$1 peers_p=$2
	shift 2
	[ ! -x "$peers_to/$peers_p" ] || return 0
	mkdir -p "$PEERS"
	peers_t=$(mktemp -d) || return 1
	(
		cd "$peers_t" || exit 1
		apt-get -o DPkg::Lock::Timeout=300 download "$@" || {
			apt-get -o DPkg::Lock::Timeout=300 update
			apt-get -o DPkg::Lock::Timeout=300 download "$@"
		} || exit 1
		for peers_deb in ./*.deb; do
			dpkg -x "$peers_deb" x || exit 1
		done
	) >"$peers_to.log" 2>&1 </dev/null &&
		rm -rf "$peers_to" && mkdir "$peers_to" &&
		cp -R "$peers_t/x/usr" "$peers_to/"
	rm -rf "$peers_t"
	[ -x "$peers_to/$peers_p" ]
}

# peers_run DIR PROGRAM...: a program of the unpacked package.
peers_run()
{
	peers_d=$1 peers_p=$2
	shift 2
	LD_LIBRARY_PATH=$peers_d/usr/lib/postfix "$peers_d/usr/sbin/$peers_p" "$@"
}

need_dns()
{
	need tinydns tinydns-data dnscache socat timeout
	[ -f /etc/resolv.conf ] || skip_all "no /etc/resolv.conf to mount over"
}

need_sink()
{
	[ -x "$POSTFIX/usr/sbin/smtp-sink" ] ||
		skip_all "no smtp-sink in $POSTFIX (make check fetches it)"
	need timeout
}

# peer_bg NAME CMD...: bg with its own log and pid file.
peer_bg()
{
	peer_name=$1
	shift
	timeout -k 10 600 "$@" >"$T/$peer_name.log" 2>&1 </dev/null &
	bg_pid=$!
	echo "$bg_pid" >>"$T/.pids"
	echo "$bg_pid" >"$T/.pid.$peer_name"
}

# peer_end NAME: nothing when it does not run.
peer_end()
{
	[ -s "$T/.pid.$1" ] || return 0
	bg_stop "$(cat "$T/.pid.$1")"
	: >"$T/.pid.$1"
}

# udp_bound ADDR PORT; tcp_bound ADDR PORT: somebody has it.
udp_bound()
{
	peer_bound udp "$1" "$2" 07
}

tcp_bound()
{
	peer_bound tcp "$1" "$2" 0A
}

peer_bound()
{
	peer_hex=$(echo "$2" | {
		IFS=. read -r b1 b2 b3 b4
		printf '%02X%02X%02X%02X' "$b4" "$b3" "$b2" "$b1"
	})
	grep -q "$peer_hex:$(printf %04X "$3") [0-9A-F]*:0000 $4 " \
		"/proc/net/$1"
}

# --- DNS -------------------------------------------------------------------
dns_data()
{
	mkdir -p "$T/dns/tinydns"
	{
		# the root and everything below it that is not named is ours:
		# NXDOMAIN, not silence
		echo '.:127.0.0.101:a.root-servers.test:3600'
		cat
	} >"$T/dns/tinydns/data"
	(cd "$T/dns/tinydns" && tinydns-data) || give_up "tinydns-data"
}

dns_start()
{
	dns_stop
	mkdir -p "$T/dns/cache/ip" "$T/dns/cache/servers"
	: >"$T/dns/cache/ip/127"
	echo 127.0.0.101 >"$T/dns/cache/servers/@"
	chmod -R a+rX "$T/dns"
	if [ ! -e "$T/resolv.conf" ]; then
		printf '%s\n' 'nameserver 127.0.0.100' \
			'options timeout:1 attempts:1' >"$T/resolv.conf"
		chmod 644 "$T/resolv.conf"
		mount --bind "$T/resolv.conf" /etc/resolv.conf ||
			give_up "cannot mount over /etc/resolv.conf"
	fi
	peer_bg tinydns env UID=65534 GID=65534 IP=127.0.0.101 \
		ROOT="$T/dns/tinydns" tinydns
	peer_bg dnscache env UID=65534 GID=65534 IP=127.0.0.100 \
		IPSEND=0.0.0.0 ROOT="$T/dns/cache" CACHESIZE=1000000 \
		sh -c 'exec dnscache </dev/urandom'
	wait_until 10 dns_up || {
		diag "$(cat "$T/tinydns.log" "$T/dnscache.log")"
		give_up "no DNS servers"
	}
}

dns_up()
{
	udp_bound 127.0.0.101 53 && udp_bound 127.0.0.100 53
}

dns_stop()
{
	peer_end dnscache
	peer_end tinydns
	peer_end dnssilent
}

dns_silence()
{
	dns_stop
	peer_bg dnssilent socat -u UDP4-RECV:53,bind=127.0.0.100 OPEN:/dev/null
	wait_until 10 udp_bound 127.0.0.100 53 || give_up "no silent server"
}

# --- Postfix's smtp-sink and smtp-source -------------------------------------
# Each transaction is dumped to a file of $T/sink.NAME.
sink_start()
{
	sink_name=$1 sink_at=$2
	shift 2
	mkdir -p "$T/sink.$sink_name"
	chown nobody "$T/sink.$sink_name"
	# lines of an earlier run of the same name count on
	cat "$T/sink-$sink_name.log" >>"$T/sink-$sink_name.old" 2>/dev/null
	peer_bg "sink-$sink_name" env \
		LD_LIBRARY_PATH="$POSTFIX/usr/lib/postfix" \
		"$POSTFIX/usr/sbin/smtp-sink" -v -u nobody "$@" \
		-d "$T/sink.$sink_name/m." "$sink_at" 100
	wait_until 10 tcp_bound "${sink_at%:*}" "${sink_at##*:}" || {
		diag "$(cat "$T/sink-$sink_name.log")"
		give_up "no smtp-sink at $sink_at"
	}
}

sink_stop()
{
	peer_end "sink-$1"
}

# sink_files NAME: oldest first.
sink_files()
{
	find "$T/sink.$1" -type f -printf '%T@ %p\n' | sort -n | sed 's/^[^ ]* //'
}

# sink_has NAME N: N whole transactions at least.
sink_has()
{
	[ "$(cat "$T/sink-$1.old" "$T/sink-$1.log" 2>/dev/null |
		grep -c 'smtp-sink: \.$')" -ge "$2" ]
}

sink_connections()
{
	cat "$T/sink-$1.old" "$T/sink-$1.log" 2>/dev/null |
		grep -c 'smtp-sink: connect ('
}

sink_sender()
{
	sed -n '/^Received: /q; s/^X-Mail-Args: \(<[^>]*>\).*/\1/p' "$1"
}

sink_rcpts()
{
	sed -n '/^Received: /q; s/^X-Rcpt-Args: //p' "$1"
}

# What came after DATA, with LF line ends: smtp-sink writes its own header
# before it (up to the date of its Received) and an empty line after it.
sink_message()
{
	sed '1,/^	[A-Z][a-z][a-z], .*)$/d' "$1" | head -c -1
}

source_send()
{
	timeout 120 env LD_LIBRARY_PATH="$POSTFIX/usr/lib/postfix" \
		"$POSTFIX/usr/sbin/smtp-source" "$@"
}

# --- a scripted server -------------------------------------------------------
# peer_start NAME ADDR:PORT [ARGUMENTS of class Peer], such as
#	RCPT='lambda l: "550 5.1.1 no" if "bad" in l else "250 ok"'
peer_start()
{
	cat >"$T/peer.py" <<-'EOF'
	import os, sys, time
	sys.path.insert(0, sys.argv[1])
	from remote_peer import *
	base, addr, args = sys.argv[2:5]
	host, port = addr.rsplit(":", 1)
	p = eval("Peer(host, int(port), %s)" % args)
	def put(name, data):
	    with open(base + name + ".tmp", "wb") as f:
	        f.write(data)
	    os.rename(base + name + ".tmp", base + name)
	seen = None
	while True:
	    now = (len(p.lines), len(p.data), p.conns)
	    if now != seen:
	        put(".lines", "".join(x + "\n" for x in p.lines).encode())
	        put(".data", b"".join(p.data))
	        put(".conns", b"%d\n" % p.conns)
	        seen = now
	    time.sleep(0.02)
	EOF
	peer_bg "peer-$1" env PYTHONDONTWRITEBYTECODE=1 python3 "$T/peer.py" \
		"$TOP/tests/golden" "$T/peer-$1" "$2" "${3:-}"
	wait_until 10 tcp_bound "${2%:*}" "${2##*:}" || {
		diag "$(cat "$T/peer-$1.log")"
		give_up "no peer at $2"
	}
}

peer_stop()
{
	peer_end "peer-$1"
}

peer_lines()
{
	cat "$T/peer-$1.lines"
}

peer_data()
{
	cat "$T/peer-$1.data"
}

peer_has()
{
	peer_lines "$1" | grep -Eq -e "$2"
}
