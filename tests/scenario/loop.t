#!/bin/sh
# SPDX-License-Identifier: 0BSD
# The loop that mail makes, with the programs people use: mailinjector sends a
# document to an address of a domain that an account owns; quill delivers it;
# Dovecot serves it; offlineimap fetches it; notmuch indexes it; mailbot takes it
# apart; the answer goes back by submission with TLS and AUTH, as one and the
# same user. Ten times; then the same Maildir by mbsync, by offlineimap without
# a server, and by POP3.
# runs alone
. "$(dirname "$0")/../lib.sh"
own_net "$@"
need_root
need svscan tcpserver swaks openssl dovecot offlineimap mbsync notmuch \
	getmail reformime setlock python3
perl -MNet::SSLeay -e 1 2>/dev/null || skip_all "swaks has no TLS here"
[ -x "$B/bin/quill-tlsd" ] || skip_all "there is no quill-tlsd (make tls)"

quill_config quill.example
mktestuser
shop=$testuser shophome=$testhome
mktestuser
ann=$testuser annhome=$testhome
box=orders@shop.example
M=$shophome/domains/shop.example/mail/orders

certs=$T/certs
. "$TOP/tests/scenario/tls_certs.sh"
ca root
leaf mail root quill.example
mkdir -m 700 "$H/control/tls"
mkdir "$H/control/tls/default"
cp "$certs/mail.pem" "$H/control/tls/default/cert.pem"
(umask 077 && cp "$certs/mail.key" "$H/control/tls/default/key.pem")
D=$T/dovecot
echo "dovecot:$D/quill" >"$H/control/passwords"
echo "$box:$box" >"$H/control/senders"
start_suite --auth yes --verify yes --smtp none --submission 127.0.0.1:2587
ok "quill-tlsd is there" wait_until 60 test -S "$H/run/tls/server"
ok "the account gets its domain" "$H/bin/quill-domain" add shop.example "$shop"
ok "... and the domain an address" "$H/bin/quill-mailbox" add "$box"

# --- Dovecot: one file of users for IMAP, POP3 and, by quill-authd, SMTP ------
chmod 755 "$T"
mkdir -p "$D/run"
echo "$box:{PLAIN}sesame:$(id -u "$shop"):$(id -g "$shop")::$shophome::userdb_mail=maildir:$M" \
	>"$D/passwd"
cat >"$D/conf" <<END
base_dir = $D/run
state_dir = $D/run
log_path = $D/log
protocols = imap pop3
listen = 127.0.0.1
ssl = no
disable_plaintext_auth = no
first_valid_uid = 1
passdb {
  driver = passwd-file
  args = $D/passwd
}
userdb {
  driver = passwd-file
  args = $D/passwd
}
service imap-login {
  inet_listener imap {
    port = 10143
  }
  inet_listener imaps {
    port = 0
  }
}
service pop3-login {
  inet_listener pop3 {
    port = 10110
  }
  inet_listener pop3s {
    port = 0
  }
}
service auth {
  unix_listener $D/quill {
    mode = 0600
    user = quilla
  }
}
END
chmod 755 "$D"
bg timeout 600 dovecot -F -c "$D/conf"
wait_until 60 listening 10143 || give_up "dovecot: $(cat "$D/log")"

# --- the client: an account of its own on a machine of its own, in spirit -----
C=$T/client
mkdir -p "$C/out"
cat >"$C/offlineimaprc" <<END
[general]
accounts = A
metadata = $C/meta
ui = quiet
[Account A]
localrepository = L
remoterepository = R
[Repository L]
type = Maildir
localfolders = $C/Mail
[Repository R]
type = IMAP
remotehost = 127.0.0.1
remoteport = 10143
ssl = no
starttls = no
remoteuser = $box
remotepass = sesame
END
cat >"$C/notmuch" <<END
[database]
path=$C/Mail
[user]
name=Orders
primary_email=$box
[new]
tags=new
[maildir]
synchronize_flags=false
END
sync()
{
	HOME=$C timeout 120 offlineimap -o -u quiet -c "$C/offlineimaprc" \
		>"$C/sync.log" 2>&1
}
# files DIR: messages there, whatever their flags
files()
{
	find "$1/new" "$1/cur" -type f 2>/dev/null | wc -l
}
pdf()
{
	printf '%%PDF-1.4\n%% order %s\n' "$1"
	head -c "$((3000 + $1 * 7919))" /dev/urandom
	printf '\n%%%%EOF'
}

n=0
while [ $n -lt 10 ]; do
	n=$((n + 1))
	name="Bestellung $n.pdf"
	[ $((n % 2)) = 1 ] || name=order-$n.pdf
	pdf $n >"$T/$name"
	ok "$n: mailinjector" sh -c "echo 'Order number $n.' |
		\"$H/doc/mailinjector\" -s 'Order $n' -f $ann@quill.example \
		-a \"$T/$name\" $box"
	ok "$n: in the Maildir" wait_until 60 sh -c \
		"[ \$(find $M/new $M/cur -type f | wc -l) = $n ]"
	ok "$n: offlineimap" sync
	is "$n: each message once" "$(files "$C/Mail/INBOX")" $n
	NOTMUCH_CONFIG=$C/notmuch notmuch new >"$C/notmuch.log" 2>&1
	is "$n: notmuch finds it" "$(NOTMUCH_CONFIG=$C/notmuch \
		notmuch count "subject:\"Order $n\"")" 1
	"$H/doc/mailbot" "$C/Mail/INBOX" "$C/out" >"$C/print" 2>"$C/err"
	is "$n: mailbot finds one document, and complains of nothing" \
		"$(grep -c '^lpr -- ' "$C/print") $(cat "$C/err")" '1 '
	ok "$n: the document is the same, byte for byte" cmp "$T/$name" \
		"$(sed "s/^lpr -- '//; s/'\$//" "$C/print")"
	ok "$n: offlineimap brings the flag back" sync
	is "$n: seen on the server, too" "$(find "$M/cur" -name '*:2,*S*' |
		wc -l)" $n
	ok "$n: the answer, by submission with TLS and AUTH" \
		timeout 60 swaks -s 127.0.0.1:2587 --tls --auth PLAIN \
		--auth-user "$box" --auth-password sesame -f "$box" \
		-t "$ann@quill.example" --header "Subject: Re: Order $n" \
		--body thanks
	ok "$n: ... arrives" wait_until 60 maildir_has "$annhome/Maildir" $n
done
is "notmuch has them all" \
	"$(NOTMUCH_CONFIG=$C/notmuch notmuch count "from:$ann")" 10
is "mailbot, once more: nothing to do" \
	"$("$H/doc/mailbot" "$C/Mail/INBOX" "$C/out" 2>&1)" ''
exits "a wrong password is refused by the same Dovecot" 28 \
	timeout 60 swaks -s 127.0.0.1:2587 --tls --auth PLAIN \
	--auth-user "$box" --auth-password wrong -f "$box" \
	-t "$ann@quill.example"
exits "another's address is not this user's" 23 \
	timeout 60 swaks -s 127.0.0.1:2587 --tls --auth PLAIN \
	--auth-user "$box" --auth-password sesame -f "$ann@quill.example" \
	-t "$ann@quill.example"

# a folder and a flag made at the client
mkdir -p "$C/Mail/Archive/new" "$C/Mail/Archive/cur" "$C/Mail/Archive/tmp"
cp "$(find "$C/Mail/INBOX/cur" -type f | head -n 1)" \
	"$C/Mail/Archive/cur/1.copied.here:2,FS"
ok "a new folder at the client" sync
is "... is on the server, with the flag" \
	"$(find "$M/.Archive/cur" -name '*:2,FS' | wc -l)" 1
ok "mail goes on" sh -c "echo x | \"$H/doc/mailinjector\" -s last $box"
wait_until 60 sh -c "[ \$(find $M/new -type f | wc -l) = 1 ]"
ok "... once more" sync
is "... all there, each once" \
	"$(files "$C/Mail/INBOX") $(files "$C/Mail/Archive")" '11 1'

# --- the same Maildir by others -------------------------------------------------
cat >"$C/preauth" <<END
#!/bin/sh
exec setuidgid $shop env HOME=$shophome USER=$shop /usr/lib/dovecot/imap \
	-o mail_location=maildir:$M -o log_path=/dev/null
END
chmod 755 "$C/preauth"
sed "s|^localfolders.*|localfolders = $C/Mail2|; s|meta\$|meta2|
	/^remotehost/,\$d" "$C/offlineimaprc" >"$C/rc2"
echo "preauthtunnel = $C/preauth" >>"$C/rc2"
ok "offlineimap, without a server" env HOME="$C" timeout 120 \
	offlineimap -o -u quiet -c "$C/rc2"
is "... has all" "$(files "$C/Mail2/INBOX")" 11
mkdir -p "$C/mb"
cat >"$C/mbsyncrc" <<END
IMAPStore remote
Tunnel "$C/preauth"

MaildirStore local
Path $C/mb/
Inbox $C/mb/INBOX
SubFolders Verbatim

Channel c
Far :remote:
Near :local:
Patterns *
Create Near
SyncState *
END
ok "mbsync" timeout 120 mbsync -c "$C/mbsyncrc" -a
ok "... twice" timeout 120 mbsync -c "$C/mbsyncrc" -a
is "... has all, each once" "$(files "$C/mb/INBOX")" 11
mkdir -p "$C/getmail/Maildir/new" "$C/getmail/Maildir/cur" \
	"$C/getmail/Maildir/tmp"
cat >"$C/getmail/rc" <<END
[retriever]
type = SimplePOP3Retriever
server = 127.0.0.1
port = 10110
username = $box
password = sesame
[destination]
type = Maildir
path = $C/getmail/Maildir/
[options]
delete = false
read_all = false
verbose = 0
END
chown -R "$shop" "$C/getmail"
chmod 755 "$C"
for i in 1 2; do
	ok "getmail by POP3 ($i)" setuidgid "$shop" env HOME="$C/getmail" \
		timeout 120 getmail --getmaildir="$C/getmail" --rcfile=rc
done
is "... has all, each once" "$(files "$C/getmail/Maildir")" 11
done_testing
