#!/bin/sh
# SPDX-License-Identifier: 0BSD
# quill-tlsd with quill-smtpd before it, and real TLS clients.
. "$(dirname "$0")/../lib.sh"
need_root
need svscan tcpserver openssl python3 swaks
[ -x "$B/bin/quill-tlsd" ] || skip_all "there is no quill-tlsd (make tls)"
quill_config quill.example
mktestuser
here=$TOP/tests/scenario
client()
{
	python3 "$here/tls_smtp.py" "$@"
}
certs="$T/certs"
C=$H/control/tls
. "$here/tls_certs.sh"

# put NAME CERT [CLIENTS]: what control/tls has for NAME.
put()
{
	mkdir -p "$C/$1"
	cp "$certs/$2.pem" "$C/$1/cert.pem.new"
	(umask 077 && cp "$certs/$2.key" "$C/$1/key.pem.new")
	mv "$C/$1/key.pem.new" "$C/$1/key.pem"
	mv "$C/$1/cert.pem.new" "$C/$1/cert.pem"
}
mkdir -m 700 "$C"
ca root
leaf mail root mail.example
leaf other root other.example
leaf fresh root mail.example
leaf ec root ec.example ec
leaf alice root alice
ca foreign
leaf mallory foreign mallory
put default mail
put other.example other
put ec.example ec
ln -s "$certs/other.pem" "$C/ignored"
cat "$certs/root.pem" >"$C/other.example/clients.pem"
echo 5 >"$H/control/timeouttls"
echo 6 >"$H/control/tlsconnections"

SMTP_PORT=$(free_port)
tls_port=$(free_port)
start_suite --smtp "127.0.0.1:$SMTP_PORT" --tls-submission "127.0.0.1:$tls_port"
log=$H/log/tls/current
has()
{
	grep -qE "$1" "$log"
}
offered()
{
	[ -S "$H/run/tls/server" ]
}
ok "quill-tlsd is there" wait_until 60 offered

# s_client OPTIONS: a handshake; what it says, in $T/s.
s_client()
{
	openssl s_client -starttls smtp -connect "127.0.0.1:$SMTP_PORT" "$@" \
		</dev/null >"$T/s" 2>&1
	cat "$T/s"
}

# --- versions, names, protocols --------------------------------------------
like "EHLO offers it" "$(swaks -s "127.0.0.1:$SMTP_PORT" -q EHLO 2>&1)" \
	'250.STARTTLS'
like "TLS 1.3" "$(s_client -tls1_3)" 'TLSv1\.3, Cipher is TLS_'
like "TLS 1.2, with forward secrecy" "$(s_client -tls1_2)" \
	'TLSv1\.2, Cipher is ECDHE-RSA'
for o in '-tls1_1' '-tls1_2 -cipher AES256-SHA' '-tls1_2 -cipher aNULL'; do
	# shellcheck disable=SC2086
	unlike "not $o" "$(s_client $o@SECLEVEL=0; s_client $o)" \
		'Cipher is [A-Z]'
done
like "no name: the default's certificate" "$(s_client -noservername)" \
	'subject=CN *= *mail\.example'
like "a name" "$(s_client -servername other.example)" \
	'subject=CN *= *other\.example'
like "in capitals" "$(s_client -servername OTHER.example)" \
	'subject=CN *= *other\.example'
like "another, with an EC key" "$(s_client -servername ec.example -tls1_2)" \
	'ECDHE-ECDSA'
like "an unknown name: the default's" "$(s_client -servername no.example)" \
	'subject=CN *= *mail\.example'
like "the whole chain verifies" "$(s_client -CAfile "$certs/root.pem" \
	-verify_return_error -servername mail.example \
	-verify_hostname mail.example)" 'Verification: OK'
is "ALPN smtp" "$(client alpn "$SMTP_PORT" h2 smtp)" smtp
like "ALPN without smtp is refused" "$(client alpn "$SMTP_PORT" h2 http/1.1)" \
	'[nN][oO].[aA][pP][pP][lL][iI][cC][aA][tT][iI][oO][nN].[pP][rR][oO]'
is "a ticket of TLS 1.2 is honoured" "$(client resume "$SMTP_PORT" 1.2)" reused
is "one of TLS 1.3" "$(client resume "$SMTP_PORT" 1.3)" reused
mkfifo "$T/keys"
openssl s_client -starttls smtp -tls1_2 -connect "127.0.0.1:$SMTP_PORT" \
	<"$T/keys" >"$T/r" 2>&1 &
s_client_pid=$!
exec 9>"$T/keys"
echo R >&9
refused()
{
	grep -qi 'no.renegotiation' "$T/r"
}
ok "no renegotiation" wait_until 60 refused
exec 9>&-
wait $s_client_pid

# --- client certificates ---------------------------------------------------
s_client -servername other.example -cert "$certs/alice.pem" \
	-key "$certs/alice.key" >/dev/null
like "a client's certificate is asked for where there is a clients.pem" \
	"$(cat "$T/s")" 'Acceptable client certificate CA names'
ok "and verified" wait_until 60 has 'verified=pkix sni=other.example.*CN=alice'
s_client -servername other.example -cert "$certs/mallory.pem" \
	-key "$certs/mallory.key" >/dev/null
ok "one that does not fit is none" wait_until 60 has \
	'verified=none sni=other.example.*CN=mallory'
like "and is served" "$(cat "$T/s")" 'Cipher is TLS_'
like "and nobody else is asked" "$(s_client)" 'No client certificate CA names'

# --- mail ------------------------------------------------------------------
like "mail after STARTTLS" \
	"$(client mail "$SMTP_PORT" "$testuser@quill.example")" '^250 2\.0\.0 ok'
ok "arrives" wait_until 60 maildir_has "$testhome/Maildir" 1
like "with ESMTPS in its Received line" \
	"$(cat "$testhome/Maildir/new/"*)" 'with ESMTPS'
client big "$SMTP_PORT" 5000000 "$testuser@quill.example" >"$T/big"
like "5 MB" "$(cat "$T/big")" '250 2\.0\.0'
ok "arrive" wait_until 60 maildir_has "$testhome/Maildir" 2
is "as they were" "$(cat "$testhome"/Maildir/new/* | grep -aE '^[0-9]{76}$' |
	sha256sum | cut -d' ' -f1)" "$(tail -n 1 "$T/big")"
client first "$tls_port" >"$T/first"
like "TLS from the first byte" "$(cat "$T/first")" '^220 quill\.example ESMTP'
like "and all that follows" "$(cat "$T/first")" '^250.PIPELINING'
unlike "and no STARTTLS in it" "$(cat "$T/first")" STARTTLS

# --- what goes wrong -------------------------------------------------------
like "garbage is no ClientHello" "$(client garbage "$SMTP_PORT")" '^.?.$'
ok "and is in the log" wait_until 60 has 'server peer=127.0.0.1 error='
like "a command that came with STARTTLS is not heard" \
	"$(client inject "$SMTP_PORT")" 'no handshake|^5|503'
before=$(queue_count)
client cut "$SMTP_PORT" >"$T/cut"
like "cut in a message" "$(cat "$T/cut")" '^354'
ok "smtpd saw its end" wait_until 60 log_has 'end=eof|why=eof|eof' smtp
is "nothing was queued" "$(queue_count)" "$before"

ready()
{
	grep -q "^ready" "$1"
}
none_left()
{
	for proc in /proc/[0-9]*; do
		case $(readlink "$proc/exe" 2>/dev/null) in
		"$H/bin/quill-tlsd") echo x ;;
		esac
	done | wc -l | grep -qx 3
}
ok "each process has ended with its connection" wait_until 60 none_left

# --- the ends of a connection, with a server that is no SMTP server ----------
port=$(free_port)
bg python3 "$here/tls_caller.py" "$H" server "$port" "$T/states"
caller_pid=$bg_pid
ok "another caller" wait_until 60 listening "$port"
is "what a program wrote before it ended arrives" \
	"$(client slow "$port" 3000000)" '3000000 221 bye'
is "whatever the peer says meanwhile" "$(client noise "$port")" True
mkfifo "$T/deaf"
client deaf "$port" 30000000 <"$T/deaf" >"$T/deaf.out" &
deaf_pid=$!
exec 9>"$T/deaf"
ok "a peer that does not read" wait_until 60 ready "$T/deaf.out"
bg_stop "$caller_pid"
ok "does not keep a process whose program has gone" wait_until 60 none_left
exec 9>&-
wait $deaf_pid

# --- the limit -------------------------------------------------------------
mkfifo "$T/stop"
client silent "$SMTP_PORT" 8 <"$T/stop" >"$T/silent" &
silent_pid=$!
exec 9>"$T/stop"
ok "eight that say nothing" wait_until 60 ready "$T/silent"
is "six are let in" "$(grep -c ^220 "$T/silent")" 6
is "the others are told to try later" "$(grep -c ^454 "$T/silent")" 2
ok "which is in the log" wait_until 60 has 'tlsconnections: 6 connections'
ok "they do not wait for ever" wait_until 60 has 'error="no handshake in time"'
ok "nor keep others out" wait_until 60 none_left
exec 9>&-
wait $silent_pid
like "all is well again" "$(s_client)" 'Cipher is TLS_'

# --- new certificates ------------------------------------------------------
fingerprint()
{
	openssl x509 -noout -fingerprint -sha256 -in "$1"
}
shown()
{
	s_client >/dev/null
	openssl x509 -noout -fingerprint -sha256 <"$T/s" 2>/dev/null
}
mkfifo "$T/more"
client hold "$SMTP_PORT" <"$T/more" >"$T/hold" &
hold_pid=$!
exec 9>"$T/more"
ok "a connection that lasts" wait_until 60 ready "$T/hold"
put default fresh
svc -h "$S/tls"
ok "HUP" wait_until 60 has 'certificates reread'
is "a new certificate" "$(shown)" "$(fingerprint "$certs/fresh.pem")"
# broken WHAT LOG-ERE: HUP, the log has one line, what was stays.
broken()
{
	lines=$(grep -c 'of before stay' "$log")
	svc -h "$S/tls"
	ok "$1: HUP says so" wait_until 60 has "$2.*of before stay"
	is "in one line" "$(grep -c 'of before stay' "$log")" $((lines + 1))
	is "and the certificate stays" "$(shown)" \
		"$(fingerprint "$certs/fresh.pem")"
}
cp "$certs/mail.key" "$C/default/key.pem"
exits "-n says so before" 111 "$H/bin/quill-tlsd" -n
like "and why" "$(cat "$T/err")" 'default/key.pem: cannot be used'
like "quill-config --check, too" "$("$H/bin/quill-config" --check 2>&1)" \
	'^error: control/tls/default/key.pem: cannot be used'
broken "a key that does not fit" 'default/key.pem: cannot be used'
cp "$certs/fresh.key" "$C/default/key.pem"
head -c 700 "$certs/fresh.pem" >"$C/default/cert.pem"
broken "half a certificate" 'default/cert.pem: has no certificates'
rm "$C/default/cert.pem"
broken "none" 'key.pem, but no cert.pem'
cp "$certs/fresh.pem" "$C/default/cert.pem"
chmod 640 "$C/default/key.pem"
broken "a key for others to read" 'key.pem: others than its owner'
chmod 600 "$C/default/key.pem"
exits "-n: all is well again" 0 "$H/bin/quill-tlsd" -n
echo 1 >&9
replied()
{
	[ "$(grep -c '^250' "$T/hold")" = "$1" ]
}
ok "the connection lived through all of it" wait_until 60 replied 1

# --- who has what ----------------------------------------------------------
python3 - "$H/bin/quill-tlsd" "$certs/fresh.key" >"$T/procs" <<'PY'
import glob
import os
import re
import subprocess
import sys

exe, key = sys.argv[1:]
text = subprocess.run(['openssl', 'rsa', '-in', key, '-noout', '-text'],
                      capture_output=True, text=True, check=True).stdout
prime = bytes.fromhex(re.search(r'prime1:([0-9a-f:\s]+)prime2', text).group(1)
                      .replace(':', '').replace('\n', '').replace(' ', ''))
prime = prime.lstrip(b'\0')
needles = [prime, prime[::-1], open(key, 'rb').read()[100:160]]
for proc in glob.glob('/proc/[0-9]*'):
    try:
        if os.readlink(proc + '/exe') != exe:
            continue
        uid = os.stat(proc + '/task').st_uid
        status = open(proc + '/status').read()
        uid = re.search(r'Uid:\s+(\d+)', status).group(1)
        root = os.listdir(proc + '/root/')
        found = 0
        with open(proc + '/mem', 'rb') as mem:
            for line in open(proc + '/maps'):
                m = re.match(r'([0-9a-f]+)-([0-9a-f]+) rw', line)
                if not m:
                    continue
                low, high = (int(x, 16) for x in m.groups())
                # the shadow of a sanitizer
                if high - low > 1 << 28:
                    continue
                try:
                    mem.seek(low)
                    data = mem.read(high - low)
                except OSError:
                    continue
                found += any(n in data for n in needles)
        print('root' if uid == '0' else 'user', 'key' if found else 'nokey',
              'empty' if not root else 'files',
              'nnp' if re.search(r'NoNewPrivs:\s+1', status) else 'privs')
    except OSError:
        pass
PY
is "root sees no connection, and keeps no key" "$(grep ^root "$T/procs")" \
	'root nokey files privs'
is "one process has the key" "$(grep -c ' key' "$T/procs")" 1
is "it, the server and connections: no files, no new privileges" \
	"$(grep ^user "$T/procs" | cut -d' ' -f3- | sort -u)" 'empty nnp'
ok "there is a connection" test "$(grep -c '^user nokey' "$T/procs")" -ge 2
is "only quilld may ask as a server" \
	"$(stat -c '%a %U' "$H/run/tls/server")" '600 quilld'
is "only quillr as a client" \
	"$(stat -c '%a %U' "$H/run/tls/client")" '600 quillr'
is "the program is root's" "$(stat -c %a "$H/bin/quill-tlsd")" 700

# --- killed, and down ------------------------------------------------------
pid_of()
{
	svstat "$S/tls" | sed -n 's/.*pid \([0-9]*\).*/\1/p'
}
old=$(pid_of)
kill -9 "$old"
restarted()
{
	new=$(pid_of)
	[ "$new" ] && [ "$new" != "$old" ] && offered &&
		s_client | grep -q 'Cipher is TLS_'
}
ok "killed, it comes again" wait_until 60 restarted
echo 2 >&9
ok "and the connection goes on" wait_until 60 replied 2
# The one with the keys dies: everything is started anew.
old=$(pid_of)
for proc in /proc/[0-9]*; do
	case $(readlink "$proc/exe" 2>/dev/null) in
	"$H/bin/quill-tlsd")
		[ "$(sed -n 's/^PPid:[^0-9]*//p' "$proc/status")" != "$old" ] ||
			kill -9 "${proc#/proc/}" ;;
	esac
done
ok "so it does when its parts die" wait_until 60 restarted
echo 3 >&9
ok "and the connection goes on" wait_until 60 replied 3
svc -d "$S/tls"
is_down()
{
	svstat "$S/tls" | grep -q ': down'
}
ok "down" wait_until 60 is_down
echo 4 >&9
ok "the connection goes on" wait_until 60 replied 4
exec 9>&-
wait $hold_pid
is "to its end" "$(tail -n 1 "$T/hold" | cut -c1-3)" 221
like "STARTTLS is put off" "$(client hold "$SMTP_PORT" </dev/null)" \
	'454 4\.7\.0'
exits "mail in plain text goes on" 0 swaks -s "127.0.0.1:$SMTP_PORT" \
	-f a@b.example -t "$testuser@quill.example"
stop_suite
done_testing
