#!/bin/sh
# SPDX-License-Identifier: 0BSD
# quillctl explain: it says what the programs then do.
. "$(dirname "$0")/../lib.sh"
own_net "$@"
need_root
need svscan tcpserver tcprules tcprulescheck swaks tinydns tinydns-data python3
ip route add local 192.0.2.0/24 dev lo src 127.0.0.1 || give_up "no route"

mkdir "$T/dns"
cat >"$T/dns/data" <<'END'
.example:127.0.0.101:a:3600
@two.example:192.0.2.22:mx2.two.example:20:60
@two.example:192.0.2.21:mx1.two.example:10:60
@null.example::.:0:60
END
(cd "$T/dns" && tinydns-data) || give_up "tinydns-data"
echo 'nameserver 127.0.0.101' >"$T/resolv.conf"
mount --bind "$T/resolv.conf" /etc/resolv.conf || give_up "resolv.conf"
bg env IP=127.0.0.101 ROOT="$T/dns" UID=0 GID=0 tinydns

quill_config quill.example
mktestuser
u=$testuser home=$testhome
C=$H/control
ctl=$H/bin/quillctl
printf '&joe@two.example\n' >"$home/.qmail-away"
printf '|echo "x y"\n./Maildir/\n' >"$home/.qmail-two-default"
chown "$u:" "$home"/.qmail*
printf '# ours\nquill.example\nhack.example\n' >"$C/locals"
printf 'not.virtual.example:\n.virtual.example:%s\n' "$u" >"$C/virtualdomains"
printf '.virtual.example\n' >>"$C/rcpthosts"
echo hack.example >"$C/percenthack"
echo 'routed.example:[192.0.2.9]:2525 lmtp:/run/lmtp' >"$C/smtproutes"
printf '# ours\n.two.example:60\ntwo.example:3600\n' >"$C/queuelifetime"
printf 'two.example:9\n\ntwo.example:2:1/s\n' >"$C/concurrencydomain"
printf 'routed.example none\ntwo.example encrypt\n' >"$C/tlspolicy"
echo bad@quill.example >"$C/badrcptto"
printf '127.:allow,RELAYCLIENT=""\n192.0.2.66:deny\n:allow\n' >"$C/tcp.smtp"
tcprules "$C/tcp.smtp.cdb" "$C/tcp.smtp.tmp" <"$C/tcp.smtp"

# x CODE ARGUMENT...: the answer is in $a
x()
{
	x_want=$1
	shift
	exits "explain $*: exit $x_want" "$x_want" "$ctl" explain "$@"
	a=$(cat "$T/out")
	[ ! -s "$T/err" ] || diag "$(cat "$T/err")"
}

# --- local -------------------------------------------------------------------
x 0 "$u@quill.example"
like "the line that decides" "$a" '^decides: quill.example is local .control/locals line 2.$'
like "the user" "$a" "^user: $u, uid $(id -u "$u"), home $home\$"
like "default delivery" "$a" '^does: .*\./Maildir/'
like "... which nobody has told" "$a" '^default: \./Maildir/ is assumed'
x 0 --default ./Mailbox "$u@quill.example"
like "... or who asks" "$a" '^does: .*\./Mailbox'
like "taken at RCPT" "$a" '^rcpt: 250 2.1.5 ok$'
x 0 "$u-away@QUILL.example"
like "a forward" "$a" '^does: .*joe@two.example'
x 0 "$u-two-x@quill.example"
like "a program" "$a" '^does: .*echo "x y"'
like "... each line" "$a" '^does: .*\./Maildir/'
x 1 "$u-none@quill.example"
like "a bounce" "$a" '^bounces: .*5\.1\.1'
printf './Maildir/\n' >"$home/.qmail-roots"
chmod 600 "$home/.qmail-roots"
x 111 "$u-roots@quill.example"
like "a file that the user cannot read, as root could" "$a" \
	'^later: .*\.qmail-roots'
printf '%s\n' '=chief:root:0:0:/root:::' . >"$H/users/assign"
"$H/bin/quill-newu"
x 111 chief@quill.example
like "somebody who is root" "$a" '^later: nothing is ever delivered as root'
rm "$H/users/assign" "$H/users/cdb"
x 1 "nobody-there@quill.example"
like "the alias user" "$a" '^found: no account'
x 1 "a@b.virtual.example"
like "a virtual domain" "$a" "^decides: \.virtual\.example is virtual: $u- .*virtualdomains line 2"
like "... what it becomes" "$a" "^local: $u-a@b.virtual.example\$"
x 1 "a@not.virtual.example"
like "an exception" "$a" '^decides: not\.virtual\.example is an exception.*line 1'
x 0 "joe%two.example@hack.example"
like "percents" "$a" '^decides: hack.example: % .*percenthack line 1'
like "... is remote" "$a" '^remote: joe@two.example$'
rm "$C/locals"
echo Quill.Example >"$C/me"
x 0 "$u@quill.example"
like "no locals: me" "$a" '^decides: quill.example is local .control/me'

# --- remote ------------------------------------------------------------------
x 0 joe@Two.Example
is "MX, the best first" "$(echo "$a" | grep ^mx:)" 'mx: 10 mx1.two.example
mx: 20 mx2.two.example'
is "the hosts" "$(echo "$a" | grep ^host:)" \
	'host: mx1.two.example 192.0.2.21 25 smtp must
host: mx2.two.example 192.0.2.22 25 smtp must'
like "how long" "$a" '^limit: 3600 s .*queuelifetime line 3.$'
like "how many" "$a" \
	'^limit: 2 deliveries at a time, one each 1000 ms .*domain line 3.$'
like "its TLS policy" "$a" '^policy: encrypt .control/tlspolicy line 2.$'
like "not relayed for strangers" "$a" '^rcpt: 550 5.7.1 no mail for that domain'
RELAYCLIENT='' QMAILRELAYCLIENT='' "$ctl" explain joe@two.example >"$T/out" 2>&1
like "nor when the administrator's shell might" "$(cat "$T/out")" \
	'^rcpt: 550 5.7.1 no mail for that domain'
x 0 joe@routed.example
like "a route" "$a" \
	'^route: \[192.0.2.9\]:2525 lmtp:/run/lmtp .control/smtproutes line 1.$'
like "... its TLS policy" "$a" '^policy: none .control/tlspolicy line 1.$'
like "... kept as long as others" "$a" '^limit: 604800 s in the queue at most$'
printf 'x.example:\n.routed.example:[192.0.2.8]\n' >>"$C/smtproutes"
x 0 joe@a.b.routed.example
like "a route of what is below" "$a" '^route: \[192.0.2.8\] .*routes line 3.$'
echo ':[192.0.2.7]' >>"$C/smtproutes"
x 0 joe@no.example
like "the default route" "$a" '^route: \[192.0.2.7\] .*routes line 4.$'
"$H/bin/quill-cdb" smtproutes || fail "quill-cdb"
"$H/bin/quill-cdb" virtualdomains || fail "quill-cdb"
x 0 joe@a.b.routed.example
like "a compiled list: its key" "$a" \
	'^route: \[192.0.2.8\] .control/smtproutes.cdb key \.routed\.example.$'
x 0 joe@no.example
like "... of its default" "$a" \
	'^route: \[192.0.2.7\] .control/smtproutes.cdb its default.$'
x 1 "a@b.virtual.example"
like "... also of virtualdomains" "$a" \
	'^decides: .*.control/virtualdomains.cdb key \.virtual\.example.$'
x 0 --json joe@a.b.routed.example
like "... in JSON" "$a" \
	'"fact":"route",.*"file":"control/smtproutes.cdb","key":".routed.example"}'
rm "$C"/*s.cdb
echo 'routed.example:[192.0.2.9]:2525 lmtp:/run/lmtp' >"$C/smtproutes"
x 0 joe@routed.example
like "... its host" "$a" '^host: 192.0.2.9 192.0.2.9 2525 smtp none$'
like "... its socket" "$a" '^path: /run/lmtp - 24 lmtp '
x 1 joe@null.example
like "a null MX" "$a" '^never: null.example says in its DNS that it takes no mail'
x 1 joe@no.example
like "no such host" "$a" '^never: There is no host named no.example'

# --- who asks ----------------------------------------------------------------
x 1 --from 192.0.2.1 joe@two.example
like "a stranger" "$a" '^rcpt: 550 5.7.1'
x 0 --from 127.0.0.1 joe@two.example
like "ours, by the rules" "$a" '^rules: set environment variable RELAYCLIENT='
like "... may" "$a" '^rcpt: 250'
x 1 --from 192.0.2.66 "$u@quill.example"
like "one that may not connect" "$a" '^rules: deny connection'
x 0 --as "$u" joe@two.example
like "somebody who logged in" "$a" '^rcpt: 250'
x 1 --as "$u" bad@quill.example
like "... may not send to everybody" "$a" '^rcpt: 553 5.7.1 this recipient'
x 1 --from 192.0.2.1 bad@quill.example
like "badrcptto" "$a" '^rcpt: 553 5.7.1 this recipient'

# --- the real ones do the same -------------------------------------------------
start_suite --smtp "127.0.0.1:$(SMTP_PORT=$(free_port); echo "$SMTP_PORT" | tee "$T/port")" \
	--verify yes --default ./Inbox/
SMTP_PORT=$(cat "$T/port")
for to in "$u@quill.example" "$u-none@quill.example" bad@quill.example; do
	"$ctl" explain --from 127.0.0.1 "$to" >"$T/out" 2>&1
	said=$(sed -n 's/^rcpt: \([0-9]* [0-9.]*\).*/\1/p' "$T/out")
	did=$(swaks -s "127.0.0.1:$SMTP_PORT" -f a@b.example -t "$to" \
		--quit-after RCPT 2>&1 | grep -A1 'RCPT TO' | tail -n 1 |
		grep -o '[0-9]\{3\} [0-9]\.[0-9.]*')
	is "smtpd says so, too: ${to#"$u"}" "$said" "$did"
done
x 0 "$u-two-x@quill.example"
like "quill-verifyd names the file" "$a" '^uses: \.qmail-two-default'

x 0 "$u@quill.example"
like "the default delivery of the running one" "$a" \
	'^default: \./Inbox/ ./proc/[0-9]+/cmdline.$'
like "... is what is done" "$a" '^does: .*\./Inbox/'
svc -d "$S/send"
wait_until 60 sh -c "! '$ctl' status >/dev/null 2>&1" || fail "send is up"
ln -s "$S" "$H/service"
printf './Later/  \nx\n' >"$S/send/env/DEFAULT"
x 0 "$u@quill.example"
like "... of its service" "$a" \
	'^default: \./Later/ ..*/home/service/send/env/DEFAULT.$'
like "... is what would be done" "$a" '^does: .*\./Later/'
rm "$H/service"

# --- bad input ------------------------------------------------------------------
x 0 --json "$u@quill.example"
ok "JSON lines" python3 -c '
import json, sys
l = [json.loads(x) for x in open(sys.argv[1])]
d = [x for x in l if x["fact"] == "decides"]
assert d and d[0]["file"].startswith("control/"), l' "$T/out"
x 1 "$(printf '\033]0;x\007<b>@quill.example')"
unlike "nothing for the terminal" "$(od -c <"$T/out")" '033|\\a'
exits "no address" 64 "$ctl" explain
exits "a bad client" 64 "$ctl" explain --from nowhere a@b
exits "not root" 111 setuidgid nobody "$ctl" explain a@b.example
like "... says so" "$(cat "$T/err")" 'only root'
echo 'two.example nonsense' >"$C/tlspolicy"
x 111 joe@two.example
done_testing
