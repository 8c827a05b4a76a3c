#!/bin/sh
# SPDX-License-Identifier: 0BSD
# quill-remote with quill-tlsd: who is trusted with mail, and who is not.
. "$(dirname "$0")/../lib.sh"
own_net "$@"
# Other hosts: addresses of 127.0.0.0/8 count as this one.
ip route add local 192.0.2.0/24 dev lo src 127.0.0.1 || give_up "no route"
need svscan tcpserver openssl python3
[ -x "$B/bin/quill-tlsd" ] || skip_all "there is no quill-tlsd (make tls)"
quill_config me.example
certs=$T/certs
. "$TOP/tests/scenario/tls_certs.sh"
ca root
ca foreign
leaf mx root mx.x.test
leaf domain root x.test
leaf stranger foreign mx.x.test
leaf old root mx.x.test expired
leaf common root mx.x.test commonname
for c in mx domain stranger old common; do
	cat "$certs/$c.pem" "$certs/$c.key" >"$certs/$c.both"
done
# with the CA behind it, for TLSA records that name the CA
cat "$certs/mx.pem" "$certs/root.pem" "$certs/mx.key" >"$certs/chain.both"
mkdir -m 700 "$H/control/tls"
mkdir "$H/control/tls/default" "$H/control/tls/other"
cp "$certs/root.pem" "$H/control/tls/default/ca.pem"
cp "$certs/foreign.pem" "$H/control/tls/other/ca.pem"
start_suite --smtp none --tls
ok "quill-tlsd is there" wait_until 60 test -S "$H/run/tls/client"

REMOTE=$H/bin/quill-remote CONTROL=$H/control CERTS=$certs
export REMOTE CONTROL CERTS
PYTHONPATH=$TOP/tests/golden timeout 500 python3 \
	"$TOP/tests/scenario/remote_tls.py" "$@" >"$T/cases" 2>"$T/cases.err"
is "the cases ran to their end" "$? $(cat "$T/cases.err")" "0 "
while read -r verdict text; do
	case $verdict in
	ok) pass "$text" ;;
	not_ok) fail "$text" ;;
	*) diag "$text" ;;
	esac
done <"$T/cases"
[ "$tests_failed" = 0 ] || tail -n 40 "$H/log/tls/current" | sed 's/^/# /'
done_testing
