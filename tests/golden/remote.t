#!/bin/sh
# SPDX-License-Identifier: 0BSD
# quill-remote against scripted peers and name servers: what it reports, and
# what the peer saw.
. "$(dirname "$0")/../lib.sh"
own_net "$@"
# Other hosts: addresses of 127.0.0.0/8 count as this one.
ip route add local 192.0.2.0/24 dev lo src 127.0.0.1 || give_up "no route"
{
	ip -6 route add local 2001:db8::/32 dev lo src ::1 &&
		echo 1 >/proc/sys/net/ipv6/ip_nonlocal_bind
} || give_up "no IPv6"
ip route add unreachable 198.51.100.0/24 || give_up "no route"
need python3 tinydns tinydns-data flock ip

H=$T/home
mkdir -p "$H/control" "$H/run/remote" "$T/dns"
link_programs "$H" quill-remote

cat >"$T/dns/data" <<'EOF'
.test:127.0.0.101:a:3600
@a.test:192.0.2.11:mx1.a.test:10:60
@a.test:192.0.2.12:mx2.a.test:20:60
@equal.test:192.0.2.21:mx1.equal.test:10:60
@equal.test:192.0.2.22:mx2.equal.test:10:60
@equal.test:192.0.2.23:mx3.equal.test:10:60
@nullmx.test::.:0:60
+aonly.test:192.0.2.13:60
Calias.test:a.test:60
@mxcname.test::alias2.test:10:60
Calias2.test:aonly.test:60
Cloop1.test:loop2.test:60
Cloop2.test:loop1.test:60
@mxnx.test::doesnotexist.test:10:60
@mxnx2.test::doesnotexist.test:10:60
@mxnx2.test:192.0.2.13:mx.mxnx2.test:20:60
'nothing.test:here:60
@self.test::me.example:10:60
@self.test:192.0.2.13:later.self.test:20:60
@selfaddr.test:127.0.0.1:mx.selfaddr.test:10:60
@loopback.test:127.0.0.2:mx.loopback.test:10:60
@backup.test:192.0.2.99:mx.backup.test:10:60
@backup.test::ME.example:20:60
@backup.test:192.0.2.13:mx3.backup.test:30:60
@backup2.test:192.0.2.98:mx.backup2.test:10:60
@backup2.test:127.0.0.3:mx2.backup2.test:20:60
@backup2.test:192.0.2.13:mx3.backup2.test:30:60
@beside.test:127.0.0.3:mx1.beside.test:10:60
@beside.test:192.0.2.13:mx2.beside.test:10:60
@zero.test:0.0.0.0:mx.zero.test:10:60
+relay.test:192.0.2.14:60
:relay6.test:28:\000\000\000\000\000\000\000\000\000\000\000\000\000\000\000\001:60
+both.test:127.0.0.1:60
:both.test:28:\000\000\000\000\000\000\000\000\000\000\000\000\000\000\000\001:60
&lame.test:127.0.0.250:ns1.lame.test:60
EOF
(cd "$T/dns" && tinydns-data) || give_up "tinydns-data"
chmod 755 "$T/dns"
bg env UID=65534 GID=65534 IP=127.0.0.101 ROOT="$T/dns" tinydns
echo "nameserver 127.0.0.101" >"$T/resolv.conf"

REMOTE=$T/link/bin/quill-remote CONTROL=$H/control
export REMOTE CONTROL
for f in remote_cases remote_more; do
	timeout 300 python3 "$TOP/tests/golden/$f.py" "$@" >"$T/cases" \
		2>"$T/cases.err"
	is "$f ran to its end" "$? $(cat "$T/cases.err")" "0 "
	while read -r verdict text; do
		case $verdict in
		ok) pass "$text" ;;
		not_ok) fail "$text" ;;
		*) diag "$text" ;;
		esac
	done <"$T/cases"
done
done_testing
