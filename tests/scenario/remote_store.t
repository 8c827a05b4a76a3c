#!/bin/sh
# SPDX-License-Identifier: 0BSD
# Handing mail over: to Dovecot by LMTP, and to a mail-out server with a
# password; addresses that are dead.
. "$(dirname "$0")/../lib.sh"
. "$TOP/tests/peers.sh"
own_net "$@"
# Other hosts: addresses of 127.0.0.0/8 count as this one.
ip route add local 192.0.2.0/24 dev lo src 127.0.0.1 || give_up "no route"
need svscan tcpserver python3 openssl dovecot /usr/lib/dovecot/lmtp
need_dns

dns_data <<'END_DATA'
+store2.test:192.0.2.30:60
+smart.test:192.0.2.31:60
+dead.test:192.0.2.32:60
END_DATA
dns_start

quill_config quill.example
mktestuser
me=$testuser@quill.example
M=$testhome/Maildir
uid=$(id -u "$testuser") gid=$(id -g "$testuser")
echo 1 >"$H/control/retryremote"
# an idle quill-remote would have what it read
echo 0 >"$H/control/idleremote"

# --- the store -------------------------------------------------------------------
D=$T/dovecot
mkdir -p "$D/home" && chown "$testuser:" "$D/home"
chmod 755 "$D"
for u in alice bob; do
	echo "$u@store.test:{PLAIN}x:$uid:$gid::$D/home/$u::"
done >"$D/passwd"
cat >"$D/conf" <<END_CONF
base_dir = $D/run
state_dir = $D/state
log_path = $D/log
protocols = lmtp
ssl = no
default_internal_user = $testuser
default_login_user = $testuser
default_internal_group = $(id -gn "$testuser")
mail_location = maildir:~/Maildir
first_valid_uid = 1
passdb {
  driver = passwd-file
  args = $D/passwd
}
userdb {
  driver = passwd-file
  args = $D/passwd
}
service anvil {
  chroot =
}
service lmtp {
  unix_listener $D/lmtp {
    mode = 0666
  }
  inet_listener lmtp {
    address = 192.0.2.30
    port = 2424
  }
}
END_CONF
peer_bg dovecot dovecot -F -c "$D/conf"
ok "Dovecot listens" wait_until 60 test -S "$D/lmtp" || {
	diag "$(cat "$D/log" "$T/dovecot.log")"
	give_up "no LMTP server"
}

printf '%s\n' "store.test:lmtp:$D/lmtp" \
	':smart.test:587' >"$H/control/smtproutes"
start_suite --smtp none

inject()
{
	queue_mail "$@" <"$T/mess"
}
message()
{
	printf 'Subject: %s\n\nbody\n' "$1" >"$T/mess"
}

{
	printf 'Subject: bytes\n\n.\n..\nGr\303\274\303\237e\n'
	printf '%0900d\nend\n' 7
} >"$T/mess"
cp "$T/mess" "$T/want"
inject "$me" alice@store.test bob@store.test nobody@store.test
for u in alice bob; do
	ok "$u has it" wait_until 60 maildir_has "$D/home/$u/Maildir" 1
done
ok "nobody is reported" wait_until 60 maildir_has "$M" 1
cat "$M"/new/* >"$T/report"
like "with Dovecot's words" "$(cat "$T/report")" \
	'Remote host said: 550 5\.1\.1 .*nobody@store\.test'
is "for nobody alone" "$(grep -c '^Final-Recipient' "$T/report")" 1
like "the relay in the log" "$(cat "$H/log/send/current")" \
	"to=alice@store.test .* relay=lmtp\\[$D/lmtp\\] .*tls=none dsn=2.* status=sent"
ok "the queue is empty" wait_until 30 queue_empty
sed '1,/^Received: (quill/d' "$D"/home/alice/Maildir/new/* >"$T/got"
same "byte for byte" "$T/got" "$T/want"

printf '%s\n' 'store.test:lmtp:store2.test:2424' \
	':dead.test:587 smart.test:587' >"$H/control/smtproutes"
i=0
while [ $i -lt 10 ]; do
	i=$((i + 1))
	message "many $i"
	inject "$me" alice@store.test
done
ok "ten more by TCP" wait_until 60 maildir_has "$D/home/alice/Maildir" 11
like "the log says so" "$(cat "$H/log/send/current")" \
	'to=alice@store.test .* relay=store2.test\[192.0.2.30\]:2424 .*=sent'
ok "the queue is empty again" wait_until 30 queue_empty

# --- a mail-out server ----------------------------------------------------------------
peer_start smart 192.0.2.31:587 \
	'ext=EHLO + ["AUTH PLAIN"], AUTH="235 2.7.0 ok"'
message first
inject "$me" x@far.test
ok "the first relay is dead, the second takes it" wait_until 60 \
	log_has 'to=x@far.test .* relay=smart.test\[192.0.2.31\]:587 .*=sent'
unlike "without a password there is no AUTH" "$(peer_lines smart)" '^AUTH'
like "quill-tcpto knows the dead one" "$("$H/bin/quill-tcpto")" \
	'^192\.0\.2\.32 port 587 refused the connection [0-9]+ seconds? ago; failures: 1; '
is "and no other" "$("$H/bin/quill-tcpto" | wc -l)" 1
is "the table is quillr's" "$(stat -c %U:%a "$H/run/remote/dead")" \
	"$(stat -c %U "$H/run/remote"):640"
exits "not an address" 100 "$H/bin/quill-tcpto" clear x
exits "clear one that is not there" 0 "$H/bin/quill-tcpto" clear 192.0.2.99
like "says so" "$(cat "$T/err")" '192\.0\.2\.99: is not remembered'
# quill-remote by hand may be the first; its table is quillr's all the same
dead=$H/run/remote/dead
rm "$dead"
cp "$H/control/smtproutes" "$T/smtproutes"
for i in 91 92; do
	echo "r$i.test:[192.0.2.$i]:9" >>"$H/control/smtproutes"
	(umask 077 && "$H/bin/quill-remote" "r$i.test" "$me" "x@r$i.test" \
		<"$T/mess" >"$T/out" 2>&1)
done
mv "$T/smtproutes" "$H/control/smtproutes"
is "by hand: the table is quillr's, and group quill may look" \
	"$(stat -c %U:%a "$dead")" "$(stat -c %U "$H/run/remote"):640"
is "two are dead" "$("$H/bin/quill-tcpto" | wc -l)" 2
exits "clear one" 0 "$H/bin/quill-tcpto" clear 192.0.2.91
is "the other is still known" "$("$H/bin/quill-tcpto" | sed 's/ .*//')" \
	192.0.2.92
exits "clear all" 0 "$H/bin/quill-tcpto" clear
is "nothing is remembered" "$("$H/bin/quill-tcpto")" ''
exits "usage" 100 "$H/bin/quill-tcpto" what
# What quillr can put in its place does not lead root astray.
mv "$dead" "$dead.was"
echo precious >"$T/precious"
chmod 600 "$T/precious"
ln -s "$T/precious" "$dead"
exits "a link there: nothing is cleared" 111 "$H/bin/quill-tcpto" clear
exits "... nor listed" 111 "$H/bin/quill-tcpto"
rm "$dead"
if ln "$T/precious" "$dead"; then
	exits "another file's name: nothing is cleared" 111 \
		"$H/bin/quill-tcpto" clear
	rm "$dead"
else
	skip "another file's name" "it is another file system"
fi
is "... what they lead to is as it was" \
	"$(cat "$T/precious") $(stat -c %U:%a "$T/precious")" 'precious root:600'
mkfifo "$dead"
exits "a fifo there: it does not wait" 111 timeout 60 "$H/bin/quill-tcpto"
exits "... nor to clear it" 111 timeout 60 "$H/bin/quill-tcpto" clear
rm "$dead"
mv "$dead.was" "$dead"

# A password: not in the clear, and not from a file that all can read.
echo 'smart.test joe secret' >"$H/control/smtpauth"
chmod 644 "$H/control/smtpauth"
message second
inject "$me" y@far.test
ok "everybody could read the file: deferred" wait_until 60 log_has \
	'deferral: .*control/smtpauth:_its_mode.* to=y@far.test .*=deferred'
like "quill-config says so, too" "$("$H/bin/quill-config" --check)" \
	'^.*control/smtpauth: its mode lets everybody read it$'
chmod 600 "$H/control/smtpauth"
like "and when quillr cannot read it" "$("$H/bin/quill-config" --check)" \
	'^.*control/smtpauth: .*Permission denied$'
chown "$(stat -c %U "$H/run/remote")" "$H/control/smtpauth"
chmod 400 "$H/control/smtpauth"
unlike "now it is content" "$("$H/bin/quill-config" --check)" smtpauth
ok "no TLS, no password: deferred" wait_until 60 log_has \
	'deferral: .* to=y@far.test .* dsn=4\.7\.4 status=deferred'
unlike "nothing of it was sent" "$(peer_lines smart)" '^AUTH'
echo 'smart.test none' >"$H/control/tlspolicy"
ok "the administrator wants it so: sent" wait_until 90 log_has \
	'to=y@far.test .* relay=smart.test.* status=sent'
gave_password()
{
	peer_lines smart | grep -qx "AUTH PLAIN $(printf '\0joe\0secret' | base64)"
}
ok "with the password" wait_until 30 gave_password

# --- compiled, and a null client --------------------------------------------------------
exits "a bad relay is not compiled" 100 sh -c "
	echo 'x:a..b' >>'$H/control/smtproutes'
	'$H/bin/quill-cdb' smtproutes"
printf '%s\n' 'store.test:lmtp:store2.test:2424' '.test:127.0.0.1:1' \
	':smart.test:587' >"$H/control/smtproutes"
exits "quill-cdb smtproutes" 0 "$H/bin/quill-cdb" smtproutes
like "says how many" "$(cat "$T/err")" 'smtproutes\.cdb: 3 entries'
message compiled
inject "$me" alice@store.test
ok "delivered by it" wait_until 60 maildir_has "$D/home/alice/Maildir" 12
rm "$H/control/smtproutes.cdb"
echo ':smart.test:587' >"$H/control/smtproutes"
: >"$H/control/locals"
svc -h "$S/send"
ok "no locals" wait_until 60 log_has 'info: control files read'
message null
inject "$me" root@quill.example
ok "a null client: mail for its own name goes to the relay" wait_until 60 \
	log_has 'to=root@quill.example .* relay=smart.test.* status=sent'
ok "the queue is empty at the end" wait_until 60 queue_empty
done_testing
