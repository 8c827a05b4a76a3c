#!/bin/sh
# SPDX-License-Identifier: 0BSD
# quillctl check: one thing is broken, that is found, and nothing else; it is
# mended, and it is gone.
. "$(dirname "$0")/../lib.sh"
own_net "$@"
need_root
need svscan tcpserver tcprules tcprulescheck tinydns tinydns-data python3 openssl

# Accounts that other tests make and remove meanwhile are not for this one.
cp -a /etc "$T/etc"
mount --bind "$T/etc" /etc || give_up "no /etc of its own"
sed -i '/:\/tmp/d; /^qt[0-9]/d; /^qs[0-9]/d' /etc/passwd
quill_config mail.quill.example
C=$H/control
ctl=$H/bin/quillctl

# looks PART...: what is wrong is in $a
looks()
{
	look_rc=0
	"$ctl" check -q "$@" >"$T/found" 2>"$T/found.err" || look_rc=$?
	a=$(cat "$T/found")
	[ ! -s "$T/found.err" ] || diag "$(cat "$T/found.err")"
}

# finds NAME CODE PART ERE: this, by itself
finds()
{
	looks "$3"
	like "found: $1" "$a" "$4" || return 1
	is "... alone" "$(printf '%s\n' "$a" | grep -c '^[a-z]*: ')" 1
	is "... and the exit code says so" "$look_rc" "$2"
}

# mended PART...
mended()
{
	looks "$@"
	is "mended" "$look_rc:$a" 0:
}

looks files control
is "nothing is wrong with a new home" "$look_rc:$a" 0:

# --- owners and modes -----------------------------------------------------------
chmod 755 "$H/bin/quill-queue"
finds "a mode" 2 files '^error: bin/quill-queue: its mode is 755, not 4711$'
chmod 4711 "$H/bin/quill-queue"
mended files
chgrp 0 "$H/queue/msg/c"
chmod 2750 "$H/queue/msg/c"
finds "a group" 2 files "^error: queue/msg/c: its group is gid 0, not $(
	sed -n 's/^g [^ ]* //p' "$H/users/ids" | head -n 1)\$"
chgrp "$(stat -c %g "$H/queue/msg")" "$H/queue/msg/c"
chmod 2750 "$H/queue/msg/c"
mended files
mv "$H/queue/lock/hint" "$H/queue/lock/hint.away"
finds "what is missing" 2 files '^error: queue/lock/hint: missing$'
mv "$H/queue/lock/hint.away" "$H/queue/lock/hint"
chown daemon "$C/locals"
finds "somebody else's control file" 2 files \
	'^error: control/locals: belongs to somebody else than root$'
chown root "$C/locals"
chmod 600 "$C/locals"
finds "one that nobody can read" 2 files '^error: control/locals: not readable'
chmod 644 "$C/locals"
chmod 777 "$T"
finds "who can replace the home" 2 files "^error: $T: others can write there"
chmod 755 "$T"
chmod 666 "$H/alias/.qmail-root"
finds "a .qmail file that all can write" 2 files \
	'^error: alias/.qmail-root: others can write it'
chmod 644 "$H/alias/.qmail-root"
echo joe:x >"$H/users/passwd"
chmod 644 "$H/users/passwd"
finds "passwords for all" 2 files '^error: users/passwd: is readable by every'
rm "$H/users/passwd"
mended files

setuidgid nobody "$ctl" check -q files control users tls >"$T/out" 2>&1
is "who is not root is told that, and of nothing that is not so" \
	"$?:$(grep -v '^	do: as root' "$T/out")" \
	'1:warning: not root: much cannot be looked at'

# --- control files --------------------------------------------------------------
echo 5 >"$C/concurencylocal"
finds "a name that nobody reads" 1 control \
	'^warning: control/concurencylocal: no program reads'
like "... what was meant" "$a" 'call it concurrencylocal'
rm "$C/concurencylocal"
printf '10m\n' >"$C/databytes"
finds "a number that is none" 2 control \
	'^error: control/databytes line 1: not a number between 0 and '
rm "$C/databytes"
printf '# slow\n\nslow.example:many\n' >"$C/concurrencydomain"
finds "a line of a list" 2 control \
	'^error: control/concurrencydomain line 3: '
rm "$C/concurrencydomain"
mended control
mv "$C/me" "$C/.me"
finds "no name" 2 control '^error: control/me: missing'
mv "$C/.me" "$C/me"
printf 'a b\n' >"$C/defaultdomain"
finds "what is no host name" 2 control \
	'^error: control/defaultdomain line 1: not a host name'
echo quill.example >"$C/defaultdomain"
printf 'quill.example\nuser@quill.example\n' >"$C/rcpthosts"
finds "what is no domain" 1 control \
	'^warning: control/rcpthosts line 2: not a domain'
echo mail.quill.example >"$C/rcpthosts"
mended control

# Of every file that quill-control(5) has: a value that cannot be right.
sed -n 's/^\.It Pa control\/\([a-z0-9.-]*\).*/\1/p' "$TOP/man/quill-control.5" \
	>"$T/names"
cp -a "$C" "$T/control"
while read -r f; do
	case $f in
	me | tls* | timeouttls | tcp.* | smtpgreeting | aliases) continue ;;
	# anything is an address or a sender that somebody could have
	badhelo | badmailfrom | badrcptto | doublebounceto | bouncefrom) continue ;;
	# tested below
	morercpthosts.cdb) continue ;;
	esac
	printf '? ?!\n' >"$C/$f"
	echo "$f" >>"$T/bad"
done <"$T/names"
chmod 600 "$C/smtpauth"
chown "$(stat -c %U "$H/run/remote")" "$C/smtpauth"
looks control
printf '%s\n' "$a" | sed -n 's/^[a-z]*: control\/\([a-z0-9.]*\) line 1: .*/\1/p' |
	sort -u >"$T/told"
is "every one of them is told, with its line" "$(comm -23 "$T/bad" "$T/told")" ''
is "as an error" "$look_rc" 2
rm -rf "$C"
mv "$T/control" "$C"
mended files control

# --- users and aliases ------------------------------------------------------------
sane()
{
	"$ctl" check -q users >"$T/found" 2>"$T/found.err"
	[ ! -s "$T/found" ]
}
ok "users are well" sane
printf '=joe:daemon:1:1:/nowhere:::\n.\n' >"$H/users/assign"
finds "users that were never compiled" 2 users \
	"^error: $H/users/assign: was never compiled"
"$H/bin/quill-newu"
touch -d '1 minute' "$H/users/assign"
finds "changed since" 2 users "^error: $H/users/assign: was changed after"
printf '=joe:daemon:1:1:/nowhere:::\n=ann:x:::\n.\n' >"$H/users/assign"
touch -d '1 hour ago' "$H/users/assign"
finds "a line that is none" 2 users '^error: users/assign line 2: '
rm "$H/users/assign" "$H/users/cdb"
ok "mended" sane
touch -d '1 minute' "$H/alias/aliases"
finds "aliases that were changed since" 2 users \
	"^error: $H/alias/aliases: was changed after it was compiled"
cp -a "$H/alias/aliases" "$T/aliases"
echo 'a b c' >>"$H/alias/aliases"
touch -d '1 hour ago' "$H/alias/aliases"
n=$(wc -l <"$H/alias/aliases")
finds "a line of them" 2 users "^error: alias/aliases line $n: "
cp "$T/aliases" "$H/alias/aliases"
printf 'aliases\n/nowhere/aliases\n' >"$C/aliases"
touch -d '1 hour ago' "$H/alias/aliases"
looks users
like "a file of them that is not there" "$a" \
	'^error: control/aliases line 2: /nowhere/aliases: No such file'
rm "$C/aliases"
mktestuser
echo "$testuser: root" >>"$H/alias/aliases"
"$H/bin/newaliases"
finds "an alias that is never asked for" 1 users \
	"^warning: $testuser: an alias that is never asked for: the account"
cp "$T/aliases" "$H/alias/aliases"
"$H/bin/newaliases"
mv "$H/alias/.qmail-postmaster" "$T/postmaster"
finds "no postmaster" 2 users '^error: postmaster@mail.quill.example: its mail'
mv "$T/postmaster" "$H/alias/.qmail-postmaster"
ok "mended" sane
echo "shop.example:shop" >"$C/virtualdomains"
echo shop.example >>"$C/rcpthosts"
finds "none in a virtual domain" 2 users '^error: postmaster@shop.example: '
echo '&root' >"$H/alias/.qmail-shop-postmaster"
ok "mended" sane
echo mail.quill.example >"$C/rcpthosts"
finds "a domain that SMTP does not take" 1 users \
	'^warning: shop.example: is delivered here, but mail for it is not'
rm "$H/alias/.qmail-shop-postmaster" "$C/virtualdomains"
ok "mended" sane
cp -a "$C" "$T/control"
rm "$C/rcpthosts"
: >"$C/locals"
echo ':[127.0.0.9]' >"$C/smtproutes"
looks users
is "a null client delivers nothing here" \
	"$(printf '%s\n' "$a" | grep -c 'delivered here')" 0
rm -r "$C"
mv "$T/control" "$C"
sed -i /^daemon:/d "$H/alias/aliases"
"$H/bin/newaliases"
looks users
like "a system account whose mail bounces" "$a" \
	'^warning: system accounts .* bounces:.* daemon( |$)'
cp "$T/aliases" "$H/alias/aliases"
"$H/bin/newaliases"
ok "mended" sane
exits "quill-config --check is this" 0 "$H/bin/quill-config" --check

# --- open relay, routes that come back ------------------------------------------
ip addr add 192.0.2.25/24 dev lo
# rules RULE...
rules()
{
	printf '%s\n' "$@" >"$C/tcp.smtp"
	tcprules "$C/tcp.smtp.cdb" "$C/tcp.smtp.tmp" <"$C/tcp.smtp"
}
rules '127.:allow,RELAYCLIENT=""' '192.0.2.:allow,RELAYCLIENT=""' ':allow'
mended control
rules ':allow,RELAYCLIENT=""'
finds "RELAYCLIENT for all" 2 control \
	'^error: .*/control/tcp.smtp: open relay: strangers get RELAYCLIENT'
rules ':deny'
mended control
rules ':allow'
echo .com >>"$C/rcpthosts"
finds "rcpthosts for all of .com" 2 control \
	'^error: control/rcpthosts: open relay: .* below .com$'
echo mail.quill.example >"$C/rcpthosts"
mv "$C/rcpthosts" "$C/.rcpthosts"
mended control
mv "$C/.rcpthosts" "$C/rcpthosts"
printf 'a.example:relay.example\nb.example:[192.0.2.25]\n' >"$C/smtproutes"
finds "a route to this host" 2 control \
	'^error: control/smtproutes line 2: mail for b.example is sent to this host'
echo ':mail.quill.example' >"$C/smtproutes"
finds "by name" 2 control \
	'^error: control/smtproutes line 1: mail for all other domains is sent'
echo 'b.example:[192.0.2.25]:2525 lmtp:/run/lmtp' >"$C/smtproutes"
mended control
rm "$C/smtproutes"
echo ':joe' >"$C/virtualdomains"
finds "everything is virtual" 1 control \
	'^warning: control/virtualdomains line 1: every domain that is not local'
rm "$C/virtualdomains"
mended control

# --- services -------------------------------------------------------------------
looks services
like "nothing runs" "$a" '^error: no service of this home is here: nothing runs'
is "... and that is all" "$(echo "$a" | grep -c '^[a-z]*: ')" 1
rm "$C"/tcp.smtp*
port=$(free_port)
start_suite --smtp "127.0.0.1:$port" --verify yes
settled()
{
	looks services --services "$S"
	[ "$look_rc:$a" = 0: ]
}
ok "all is well" wait_until 60 settled
setuidgid nobody "$ctl" check -q --services "$S" services >"$T/out" 2>&1
is "... who may not see that is told no more" \
	"$?:$(grep -v '^	do: as root' "$T/out")" \
	'1:warning: not root: much cannot be looked at'
is "JSON: nothing" "$("$ctl" check -j --services "$S" services)" ''
svc -d "$S/smtp"
is_down()
{
	svstat "$S/smtp" | grep -q ': down'
}
wait_until 30 is_down
found()
{
	looks services --services "$S"
	printf '%s\n' "$a" | grep -Eq -e "$1"
}
ok "one that does not run" found "^error: $S/smtp: does not run\$"
touch "$S/smtp/down"
ok "one that is kept down" found "^warning: $S/smtp: does not run, because"
svc -u "$S/smtp"
wait_until 30 listening "$port"
ok "one that will be down after a boot" wait_until 30 found \
	"^warning: $S/smtp: will not be started when the host is"
rm "$S/smtp/down"
svc -d "$S/smtp/log"
ok "a log that nobody writes" wait_until 30 found \
	"^error: $S/smtp/log: does not run"
svc -u "$S/smtp/log"
ok "mended" wait_until 60 settled
chown root "$H/log/smtp"
ok "a log that cannot be written" found "^error: $H/log/smtp: not writable"
chown "$(stat -c %U "$H/log/send")" "$H/log/smtp"
mv "$H/log/smtp" "$H/log/.smtp"
ok "no directory for it" found "^error: $H/log/smtp: the log of $S/smtp cannot"
mv "$H/log/.smtp" "$H/log/smtp"
pid=$(svstat "$S/send" | sed 's/.*(pid \([0-9]*\)).*/\1/')
kill -9 "$(pgrep -P "$pid" -f '^quill-queue -l$')"
ok "nobody waits for messages" wait_until 30 found \
	"^warning: $H/run/queue/socket: no quill-queue answers there"
svc -t "$S/send"
ok "mended" wait_until 60 settled
mv "$S/smtp/run" "$S/smtp/run.good"
sed 's/^exec env.*/echo no; exit 1; &/' "$S/smtp/run.good" >"$S/smtp/run.bad"
chmod 755 "$S/smtp/run.bad"
mv "$S/smtp/run.bad" "$S/smtp/run"
svc -t "$S/smtp"
ok "one that ends again and again" wait_until 30 found \
	"^error: $S/smtp: ends, and is started again and again\$"
mv "$S/smtp/run.good" "$S/smtp/run"
ok "mended" wait_until 60 settled
looks control --services "$S"
is "a route to another port than ours" "$look_rc:$a" 0:
echo "b.example:[127.0.0.1]:$port" >"$C/smtproutes"
looks control --services "$S"
like "to ours" "$a" '^error: control/smtproutes line 1: mail for b.example is'
rm "$C/smtproutes"
echo 12z >"$S/smtp/env/DATABYTES"
looks control --services "$S"
like "a twin in the environment of a service" "$a" \
	'^error: control/databytes: its twin in the environment'
rm "$S/smtp/env/DATABYTES"

# --- submission, QMQP ---------------------------------------------------------------
"$H/bin/quill-service" "$S" --submission "127.0.0.1:$(free_port)" \
	--qmqp "127.0.0.1:$(free_port)" >"$T/service.log" 2>&1
touch "$S/submission/down" "$S/qmqp/down"
rm -r "${S:?}/auth" 2>/dev/null
looks services --services "$S"
like "nobody checks passwords" "$a" \
	'^error: quill-authd: there is no service auth: nobody can log in'
like "no TLS" "$a" '^error: quill-tlsd: no TLS is offered, and without it no AU'
echo yes >"$C/authplain"
looks services --services "$S"
unlike "none is needed" "$a" '^error: quill-tlsd'
rm "$C/authplain"
echo no >"$C/auth"
looks services --services "$S"
like "no AUTH" "$a" '^error: control/auth line 1: no: nobody can send by the'
rm "$C/auth"
looks control --services "$S"
is "no open relay" "$look_rc:$a" 0:
for r in submission qmqp; do
	echo ':allow,RELAYCLIENT=""' >"$C/tcp.$r"
	tcprules "$C/tcp.$r.cdb" "$C/tcp.$r.tmp" <"$C/tcp.$r"
done
looks control --services "$S"
like "QMQP for all" "$a" '^error: .*/tcp.qmqp: open relay: strangers .* by QMQP$'
is "... but submission asks for a password" \
	"$(printf '%s\n' "$a" | grep -c '^[a-z]*: ')" 1
svc -dx "$S/submission" "$S/submission/log" "$S/qmqp" "$S/qmqp/log" 2>/dev/null
rm -r "${S:?}/submission" "$S/qmqp" "$C"/tcp.qmqp* "$C"/tcp.submission*

# --- disk and clock ---------------------------------------------------------------
looks system
is "disk and clock are well" "$look_rc:$a" 0:
echo 9000000000000000 >"$C/minspace"
finds "less room than quill-smtpd wants" 2 system \
	"^error: $H/queue: quill-smtpd answers to mail: 452 4.3.1 not enough room"
rm "$C/minspace"
touch -d '2 days' "$C/me"
finds "a time to come" 2 system "^error: $H/control/me: is of the future"
touch "$C/me"
mended system
id=2000000000000000
echo x >"$H/queue/msg/0/$id.env"
finds "a message to come" 2 system "^error: message $id: is of the future"
rm "$H/queue/msg/0/$id.env"
echo x >"$H/queue/lost/$id.env"
finds "damage that was set aside" 1 system '^warning: queue/lost: 1 damaged'
rm "$H/queue/lost/$id.env"
mended system
mount -t tmpfs none "$H/queue"
finds "a queue in memory" 1 system "^warning: $H/queue: is in memory .tmpfs"
umount "$H/queue"
mended system

# --- what others wrote ------------------------------------------------------------
f=$(printf 'x\033]0;<y>\007\n"z')
echo 1 >"$C/$f"
looks control
like "a name that is meant for the terminal" "$a" '^warning: control/x.\]0;<y>..\"z: '
unlike "... does not reach it" "$(od -c <"$T/found")" '033|\\a'
"$ctl" check -j control >"$T/json"
ok "JSON lines" python3 -c '
import json, sys
l = [json.loads(x) for x in open(sys.argv[1])]
assert [x for x in l if x["about"] == "control/x\x1b]0;<y>\x07\n\"z" and
	x["severity"] == "warning" and x["part"] == "control" and x["do"]], l
' "$T/json"
rm "$C/$f"
mended control

# --- DNS --------------------------------------------------------------------------
mkdir "$T/dns"
rm /etc/resolv.conf
echo 'nameserver 127.0.0.101
options timeout:2 attempts:1' >/etc/resolv.conf
printf 'quill.example\nlocalhost\n' >"$C/locals"
{
	echo '.:127.0.0.101:a:3600'
	"$ctl" dns --tinydns quill.example
	echo "'sel._domainkey.quill.example:v=DKIM1; p=MIIB:60"
} >"$T/dns/good"
# zone SED-SCRIPT [LINE...]: what the name server says from here on
zone()
{
	sed "$1" "$T/dns/good" >"$T/dns/data"
	shift
	printf '%s\n' "$@" >>"$T/dns/data"
	(cd "$T/dns" && tinydns-data) || diag "tinydns-data"
}
dns()
{
	zone "$@"
	looks --dkim sel dns
}
# wrong NAME CODE ERE SED-SCRIPT [LINE...]: found, alone
wrong()
{
	w_name=$1 w_code=$2 w_ere=$3
	shift 3
	dns "$@"
	like "found: $w_name" "$a" "$w_ere" || return 1
	is "... alone" "$look_rc $(printf '%s\n' "$a" | grep -c '^[a-z]*: ')" \
		"$w_code 1"
}
zone ''
bg env IP=127.0.0.101 ROOT="$T/dns" UID=0 GID=0 tinydns
named=$bg_pid
up()
{
	dns ''
	[ "$look_rc:$a" = 0: ]
}
ok "what quillctl dns prints is what is wanted" wait_until 30 up

cp "$H/control/locals" "$T/locals"
echo mail.quill.example >>"$H/control/locals"
dns ''
is "the host itself needs no MX" "$(printf '%s\n' "$a" | grep -c ' MX ')" 0
cp "$T/locals" "$H/control/locals"

wrong "another MX" 2 \
	'^error: quill.example: mail for it does not come here: its MX is mx.o' \
	's/^@quill.example::.*/@quill.example:198.51.100.9:mx.other.example:10/
	s/v=spf1 mx/v=spf1 ip4\\0721'"92.0.2.0\\/24"'/'
dns '/^@/d'
like "no MX" "$a" '^error: quill.example: has no MX record: mail for it does not'
dns 's/^@quill.example::.*/@quill.example::.:0/'
like "a null MX" "$a" '^error: quill.example: says in the DNS that it takes no'
dns '/^@/d' '+quill.example:192.0.2.25'
like "no MX, but our address" "$a" '^warning: quill.example: has no MX record: m'
dns 's/^+mail/+other/'
like "no address of this host" "$a" '^error: mail.quill.example: the name of this'
dns 's/^+mail.quill.example:.*/+mail.quill.example:198.51.100.9/'
like "another host's address" "$a" \
	'^error: mail.quill.example: has the address 198.51.100.9, which is not of'
like "and not ours" "$a" '^warning: mail.quill.example: does not have the address 192'
dns '' "$("$ctl" dns --tinydns --ip 2001:db8::9 quill.example | grep ':28:')"
like "another host's address, IPv6" "$a" \
	'^error: mail.quill.example: has the address 2001:db8::9, which is not of'
dns '/^+mail/d; /^.mail/d' 'Cmail.quill.example:real.quill.example' \
	'+real.quill.example:192.0.2.25'
like "an alias" "$a" '^warning: mail.quill.example: the name of this host is an al'
wrong "no PTR" 2 '^error: 192.0.2.25: has no name .PTR.' '/^^/d'
wrong "one that does not lead back" 2 \
	'^error: 192.0.2.25: its name .PTR. is x.example, which does not have' \
	's/^\([\^].*\):mail.quill.example/\1:x.example/'
wrong "another name that does" 1 \
	'^warning: 192.0.2.25: its name .PTR. is x.example, not mail.quill' \
	's/^\([\^].*\):mail.quill.example/\1:x.example/' '+x.example:192.0.2.25'
# what others are told in HELO is what its name is compared with
helo()
{
	printf '%s\n' "$@" >"$C/helohost"
}
px='s/^\([\^].*\):mail.quill.example/\1:x.example/'
helo x.example
dns "$px" '+x.example:192.0.2.25'
is "the name in HELO" "$look_rc:$a" 0:
wrong "the other one" 1 \
	'^warning: 192.0.2.25: its name .PTR. is mail.quill.example, not x.example' \
	'' '+x.example:192.0.2.25'
dns "$px" '+x.example:192.0.2.9'
like "a name in HELO that does not lead here" "$a" \
	'^warning: x.example: is what this host calls itself .control/helohost., but'
helo '@lists.example X.Example'
dns "$px" '+x.example:192.0.2.25'
is "one for some mail" "$look_rc:$a" 0:
dns ''
is "... is not wanted for all" "$look_rc:$a" 0:
rm "$C/helohost"

spf='s/v=spf1 mx -all'
wrong "no SPF" 1 '^warning: quill.example: has no SPF record' "$spf/x/"
wrong "two" 2 '^error: quill.example: has more than one SPF' '' \
	"'quill.example:v=spf1 -all:60"
wrong "a word that is none" 2 \
	'^error: quill.example: its SPF record is wrong.*: mxx$' "$spf/v=spf1 mxx/"
wrong "a network that is none" 2 'its SPF record is wrong.*: ip4:192.0.2.0/33$' \
	"$spf/v=spf1 ip4\\\\072192.0.2.0\\/33 -all/"
wrong "not this host" 2 \
	'^error: quill.example: its SPF record says that 192.0.2.25 does not send' \
	"$spf/v=spf1 ip4\\\\072198.51.100.0\\/24 ip6\\\\0722001\\\\072db8\\\\072\\\\072\\/32 -all/"
wrong "who knows" 1 \
	'^warning: quill.example: its SPF record does not say that 192.0.2.25' \
	"$spf/v=spf1 a -mx\\\\072no.example ~all/"
wrong "nothing fits" 1 'its SPF record does not say' "$spf/v=spf1 a/"
for good in 'v=spf1 a\\072mail.quill.example -all' \
	'v=spf1 ip4\\072192.0.2.0\/24 -all' 'v=spf1 +mx\/28 ?all' \
	'v=spf1 a\\072other.example\/24 -all' 'v=spf1 exp=x.example all' \
	'v=spf1 include\\072_spf.example -all' 'v=spf1 redirect=_spf.example'; do
	dns "$spf/$good/" '+other.example:192.0.2.77'
	is "nothing against: $good" "$look_rc:$a" 0:
done
"$ctl" check dns >"$T/found"
like "... but that it cannot be told" "$(cat "$T/found")" \
	'^note: quill.example: whether its SPF record lets 192.0.2.25 send'

wrong "no DMARC" 1 '^warning: _dmarc.quill.example: there is no DMARC' \
	'/^._dmarc/d'
dns '/^._dmarc/d' "'_dmarc.example:v=DMARC1; p=reject:60"
is "that of the domain above will do" "$look_rc:$a" 0:
wrong "two" 2 '^error: _dmarc.quill.example: has more than one' '' \
	"'_dmarc.quill.example:v=DMARC1; p=none:60"
wrong "one without a policy" 2 '^error: _dmarc.quill.example: its p= is none of' \
	's/p=none/p=nothing/'
zone ''
printf 'KeyTable file:%s/keys\n' "$T" >/etc/opendkim.conf
printf '# ours\nk1 quill.example:gone:/etc/dkimkeys/x\n' >"$T/keys"
finds "opendkim's table tells the selector" 2 dns \
	'^error: gone._domainkey.quill.example: the DKIM key is not'
printf 'Domain quill.example\nSelector sel\n' >/etc/opendkim.conf
mended dns
rm /etc/opendkim.conf
wrong "no DKIM key" 2 '^error: sel._domainkey.quill.example: the DKIM key is' \
	'/^.sel/d'
wrong "two" 2 '^error: sel._domainkey.quill.example: has more than one' '' \
	"'sel._domainkey.quill.example:v=DKIM1; p=MIIC:60"
wrong "one that counts no more" 2 'says that this DKIM key counts no more' \
	's/p=MIIB/p=/'
wrong "no key at all" 2 'is no DKIM key: it has no p=' 's/p=MIIB/k=rsa/'

dns "$spf/v=spf1 \\\\033]0;x\\\\007 -all/"
like "what others publish" "$a" '^error: quill.example: its SPF record is wrong'
unlike "... does not reach the terminal" "$(od -c <"$T/found")" '033|\\a'
"$ctl" check -j dns >"$T/json"
ok "... and is JSON" python3 -c '
import json, sys
l = [json.loads(x) for x in open(sys.argv[1])]
assert [x for x in l if "\x1b]0;x\x07" in x["text"]], l' "$T/json"
zone ''
echo dane >"$C/tlspolicy"
finds "DANE without DNSSEC" 1 dns '^warning: control/tlspolicy line 1: dane does'
echo 'options trust-ad' >>/etc/resolv.conf
mended dns
rm "$C/tlspolicy"
is "--no-dns" "$("$ctl" check -q --no-dns --ip 198.51.100.9 dns)" ''
exits "an address that is none" 64 "$ctl" check --ip x dns
like "--ip" "$("$ctl" check --ip 198.51.100.9 dns)" \
	'^warning: mail.quill.example: does not have the address 198.51.100.9, '

# --- certificates -----------------------------------------------------------------
if [ ! -x "$H/bin/quill-tlsd" ]; then
	mkdir "$C/tls"
	finds "certificates without a quill-tlsd" 2 tls \
		'^error: control/tls: quill-tlsd, which reads it, is not installed'
	rmdir "$C/tls"
	skip "certificates" "there is no quill-tlsd"
	done_testing
fi
# cert NAME HOST DAYS
cert()
{
	mkdir -p "$C/tls/$1"
	openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes \
		-keyout "$C/tls/$1/key.pem" -out "$C/tls/$1/cert.pem" \
		-days "$3" -subj "/CN=$2" -addext "subjectAltName=DNS:$2" \
		2>"$T/openssl.err" || diag "$(cat "$T/openssl.err")"
	chmod 600 "$C/tls/$1/key.pem"
}
looks tls
is "no certificate is no fault" "$look_rc:$a" 0:
cert default mail.quill.example 90
mended tls
cert default mail.quill.example 10
finds "soon no certificate" 1 tls \
	'^warning: control/tls/default/cert.pem: expires soon, at 20'
cert default other.example 90
finds "one for another name" 1 tls \
	'^warning: control/tls/default/cert.pem: is not for the name mail.quill'
cert default mail.quill.example 90
cert list.example www.list.example 90
finds "of a name with a directory" 1 tls \
	'^warning: control/tls/list.example/cert.pem: is not for the name list'
rm -r "$C/tls/list.example"
mended tls
cp "$C/tls/default/key.pem" "$T/key.pem"
openssl genpkey -algorithm EC -pkeyopt ec_paramgen_curve:P-256 \
	>"$C/tls/default/key.pem" 2>/dev/null
finds "another key" 2 tls \
	'^error: control/tls/default/key.pem: cannot be used: not the key of'
cp "$T/key.pem" "$C/tls/default/key.pem"
chmod 644 "$C/tls/default/key.pem"
finds "a key for all" 2 tls '^error: control/tls/default/key.pem: others than'
chmod 600 "$C/tls/default/key.pem"
mended tls
openssl req -new -key "$C/tls/default/key.pem" -subj /CN=mail.quill.example \
	-out "$T/csr" 2>/dev/null
cp "$C/tls/default/cert.pem" "$T/cert.pem"
echo subjectAltName=DNS:mail.quill.example >"$T/ext"
openssl x509 -req -in "$T/csr" -days -1 -signkey "$C/tls/default/key.pem" \
	-extfile "$T/ext" -out "$C/tls/default/cert.pem" 2>/dev/null
finds "one that has expired" 2 tls \
	'^error: control/tls/default/cert.pem: has expired, at 20'
cp "$T/cert.pem" "$C/tls/default/cert.pem"
echo 500 >"$C/timeouttls"
finds "a value of quill-tlsd" 2 tls '^error: control/timeouttls line 1: not a'
rm "$C/timeouttls"

# --- and the quill-tlsd that runs -------------------------------------------------
mended tls
bg "$H/bin/quill-tlsd"
tlsd=$bg_pid
ok "quill-tlsd is there" wait_until 60 test -S "$H/run/tls/server"
ok "... and has said what it has" wait_until 60 test -s "$H/run/tls/loaded"
mended tls
touch "$C/tls/default/cert.pem"
mended tls
cert default mail.quill.example 80
finds "one that was renewed without a HUP" 1 tls \
	'^warning: control/tls/default/cert.pem: was changed, but quill-tlsd still'
kill -HUP "$tlsd"
read_now()
{
	looks tls
	[ "$look_rc:$a" = 0: ]
}
ok "... and with one" wait_until 60 read_now
mkdir "$C/tls/a.example"
cp "$C/tls/default/cert.pem" "$C/tls/a.example/ca.pem"
finds "a new file" 1 tls '^warning: control/tls/a.example/ca.pem: was changed'
kill -HUP "$tlsd"
ok "... is read" wait_until 60 read_now
rm -r "$C/tls/a.example"
finds "one that is gone" 1 tls '^warning: control/tls/a.example/ca.pem: was cha'
bg_stop "$tlsd"
ok "nothing is said when none runs" wait_until 60 read_now

# --- MTA-STS, and the key in the DNS -----------------------------------------------------------
sts="'_mta-sts.quill.example:v=STSv1; id="
wrong "MTA-STS without a policy's host" 2 '^error: mta-sts.quill.example: has no' \
	'' "${sts}1:60"
wrong "with an id that is none" 2 '^error: _mta-sts.quill.example: is no good' \
	'' "${sts}a.b:60" '+mta-sts.quill.example:192.0.2.26'
zone '' "${sts}7:60" '+mta-sts.quill.example:192.0.2.26'
"$ctl" check dns >"$T/found"
like "how to look at the policy" "$(cat "$T/found")" \
	'do: curl https://mta-sts.quill.example/.well-known/mta-sts.txt'

dns ''
is "no TLSA record is no fault" "$look_rc:$a" 0:
key=$(openssl x509 -in "$C/tls/default/cert.pem" -noout -pubkey |
	openssl pkey -pubin -outform DER | sha256sum | cut -c1-64)
dns '' "$("$ctl" dns --tinydns --tlsa "$key" quill.example | grep ':52:')"
is "one that fits" "$look_rc:$a" 0:
wrong "one that does not" 2 \
	'^error: _25._tcp.mail.quill.example: does not fit the key' '' \
	"$("$ctl" dns --tinydns --tlsa "$(printf %064d 7)" quill.example |
		grep ':52:')"
mv "$C/tls/default" "$T/away"
wrong "one without a certificate" 2 \
	'^error: _25._tcp.mail.quill.example: is there, but this host has no' '' \
	"$("$ctl" dns --tinydns --tlsa "$key" quill.example | grep ':52:')"
dns '' "${sts}7:60" '+mta-sts.quill.example:192.0.2.26'
like "MTA-STS without one" "$a" '^error: quill.example: has MTA-STS, but this'
mv "$T/away" "$C/tls/default"

bg_stop "$named"
dns ''
like "no name server" "$a" '^error: /etc/resolv.conf: its name servers do not'
exits "no such part" 64 "$ctl" check nonsense
done_testing
