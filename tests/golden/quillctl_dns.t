#!/bin/sh
# SPDX-License-Identifier: 0BSD
# quillctl dns: what it prints is what name servers then say.
. "$(dirname "$0")/../lib.sh"
own_net "$@"
need_root
need tinydns tinydns-data dnsq python3

quill_config mail.quill.example
ctl=$H/bin/quillctl
key=0123456789abcdefABCDEF0123456789abcdef0123456789abcdef0123456789
ip=192.0.2.25,2001:db8::25

exits "a zone file" 0 "$ctl" dns --ip "$ip" --tlsa "$key" Quill.Example.
is "... its records" "$(grep -v '^;' "$T/out" | tr '\t' ' ')" \
	"quill.example. 3600 IN MX 10 mail.quill.example.
quill.example. 3600 IN TXT \"v=spf1 mx -all\"
_dmarc.quill.example. 3600 IN TXT \"v=DMARC1; p=none; rua=mailto:postmaster@quill.example\"
_smtp._tls.quill.example. 3600 IN TXT \"v=TLSRPTv1; rua=mailto:postmaster@quill.example\"
mail.quill.example. 3600 IN A 192.0.2.25
mail.quill.example. 3600 IN AAAA 2001:db8::25
mail.quill.example. 3600 IN TXT \"v=spf1 a -all\"
_25._tcp.mail.quill.example. 3600 IN TLSA 3 1 1 $key
25.2.0.192.in-addr.arpa. 3600 IN PTR mail.quill.example.
5.2.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.8.b.d.0.1.0.0.2.ip6.arpa. 3600 IN PTR mail.quill.example."
if command -v named-checkzone >/dev/null; then
	{
		echo '@ 60 IN SOA a.test. b.test. 1 1 1 1 1'
		echo '@ 60 IN NS a.test.'
		grep 'quill.example. *	' "$T/out" | grep -v arpa
	} >"$T/zone"
	ok "... loaded" named-checkzone quill.example "$T/zone"
else
	skip "... loaded" "named-checkzone is not installed"
fi
exits "the domain is this host" 0 "$ctl" dns --ip "$ip" mail.quill.example
is "... has one SPF record" "$(grep -o '"v=spf1.*' "$T/out")" '"v=spf1 a mx -all"'

echo out.quill.example >"$H/control/helohost"
exits "another name in HELO" 0 "$ctl" dns --ip "$ip" quill.example
is "... has the addresses, which lead to it" \
	"$(grep 'out\.' "$T/out" | tr '\t' ' ')" \
	"out.quill.example. 3600 IN A 192.0.2.25
out.quill.example. 3600 IN AAAA 2001:db8::25
25.2.0.192.in-addr.arpa. 3600 IN PTR out.quill.example.
5.2.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.8.b.d.0.1.0.0.2.ip6.arpa. 3600 IN PTR out.quill.example."
echo 'a..b' >"$H/control/helohost"
exits "... which is none" 111 "$ctl" dns --ip "$ip" quill.example
rm "$H/control/helohost"

# --- the real tinydns-data, and what tinydns makes of it ---------------------
mkdir "$T/dns"
{
	for z in quill.example 2.0.192.in-addr.arpa 8.b.d.0.1.0.0.2.ip6.arpa; do
		echo ".$z:127.0.0.101:a:3600"
	done
	"$ctl" dns --tinydns --ttl 60 --ip "$ip" --tlsa "$key" quill.example
} >"$T/dns/data"
ok "tinydns-data takes it" sh -c "cd '$T/dns' && tinydns-data"
bg env IP=127.0.0.101 ROOT="$T/dns" UID=0 GID=0 tinydns
asked()
{
	dnsq "$1" "$2" 127.0.0.101 2>&1 | sed -n 's/^answer: //p'
}
ok "tinydns is up" wait_until 30 sh -c \
	'dnsq mx quill.example 127.0.0.101 | grep -q ^answer'
is "MX" "$(asked mx quill.example)" \
	'quill.example 60 MX 10 mail.quill.example'
is "A" "$(asked a mail.quill.example)" 'mail.quill.example 60 A 192.0.2.25'
is "PTR" "$(asked ptr 25.2.0.192.in-addr.arpa)" \
	'25.2.0.192.in-addr.arpa 60 PTR mail.quill.example'
r=5.2.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.8.b.d.0.1.0.0.2.ip6.arpa
is "PTR of IPv6" "$(asked ptr $r)" "$r 60 PTR mail.quill.example"

# raw NAME TYPE: the data of its record in hexadecimal
cat >"$T/raw.py" <<'END'
import socket, struct, sys
q = b"".join(bytes([len(l)]) + l.encode() for l in sys.argv[1].split(".")) + b"\0"
q += struct.pack(">HH", int(sys.argv[2]), 1)
s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
s.settimeout(60)
s.connect(("127.0.0.101", 53))
s.send(struct.pack(">6H", 7, 0, 1, 0, 0, 0) + q)
a = s.recv(4096)
assert struct.unpack(">H", a[6:8])[0] == 1, a
p = 12 + len(q)
while a[p]:
    if a[p] >= 192:
        p += 1
        break
    p += a[p] + 1
n = struct.unpack(">H", a[p + 9:p + 11])[0]
d = a[p + 11:p + 11 + n]
print(d[1:].decode() if sys.argv[2] == "16" and d[0] == n - 1 else d.hex())
END
raw()
{
	python3 "$T/raw.py" "$@" 2>&1
}
is "AAAA" "$(raw mail.quill.example 28)" 20010db8000000000000000000000025
is "TLSA" "$(raw _25._tcp.mail.quill.example 52)" \
	"030101$(echo "$key" | tr A-F a-f)"
is "SPF" "$(raw quill.example 16)" 'v=spf1 mx -all'
is "SPF of the host" "$(raw mail.quill.example 16)" 'v=spf1 a -all'
is "DMARC" "$(raw _dmarc.quill.example 16)" \
	'v=DMARC1; p=none; rua=mailto:postmaster@quill.example'
is "reports of TLS" "$(raw _smtp._tls.quill.example 16)" \
	'v=TLSRPTv1; rua=mailto:postmaster@quill.example'

# --- the addresses of this host ------------------------------------------------
"$ctl" dns quill.example >"$T/out" 2>&1
unlike "loopback is none" "$(cat "$T/out")" '127\.0|::1'
like "... which is said" "$(cat "$T/out")" '^; no public address'
ip addr add 192.168.7.7/32 dev lo
ip addr add 10.1.2.3/32 dev lo
for a in 172.31.0.1 169.254.7.7 100.64.0.9; do
	ip addr add $a/32 dev lo
done
ip addr add fe80::9/64 dev lo
ip addr add 192.0.2.9/32 dev lo
ip addr add 172.32.0.9/32 dev lo
ip addr add 2001:db8::9/128 dev lo
ip addr add fd00::9/128 dev lo
"$ctl" dns quill.example >"$T/out" 2>&1
is "the public ones" "$(awk '$4 == "A" || $4 == "AAAA" { print $5 }' "$T/out" |
	sort | tr '\n' ' ')" '172.32.0.9 192.0.2.9 2001:db8::9 '

# --- bad input -------------------------------------------------------------------
long=$(printf 'a%.0s' 1 2 3 4 5 6 7 8 9 0).
for bad in '' . 'a b' 'a"b.example' 'a;b' 'a:b' 'x
y.example' "$(printf '\033[2J.example')" '[192.0.2.1]' a..b \
	"$long$long$long$long$long$long$long$long$long$long$long$long$long$long$long$long$long$long$long$long"; do
	exits "not a domain: $(printf %.20s "$bad" | tr -dc 'a-z.')" 64 \
		"$ctl" dns "$bad"
	is "... nothing is printed" "$(cat "$T/out")" ''
done
exits "bad addresses" 64 "$ctl" dns --ip 192.0.2.1,x quill.example
exits "a bad digest" 64 "$ctl" dns --tlsa 12 quill.example
exits "a bad time" 64 "$ctl" dns --ttl 1d quill.example
exits "no domain" 64 "$ctl" dns
ok "UTF-8" sh -c "'$ctl' dns bücher.example | grep -q '^xn--bcher-kva.example.'"
echo '[192.0.2.1]' >"$H/control/me"
exits "control/me is an address" 111 "$ctl" dns quill.example
is "... nothing is printed" "$(cat "$T/out")" ''
rm "$H/control/me"
exits "without control/me" 111 "$ctl" dns quill.example
done_testing
