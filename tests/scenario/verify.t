#!/bin/sh
# SPDX-License-Identifier: 0BSD
# quill-verifyd says of each kind of address what a delivery then shows.
. "$(dirname "$0")/../lib.sh"
need_root
need svscan tcpserver python3 setuidgid

quill_config quill.example
mktestuser
joe=$testuser joehome=$testhome
mktestuser
ann=$testuser annhome=$testhome
mktestuser
bad=$testuser badhome=$testhome
mktestuser
gone=$testuser
rm -rf "$testhome"
# what one user may take of it is told by the name, up to its first "-"
mktestuser "qtlost$$"
lost=$testuser losthome=$testhome
C=$H/control
A=$H/alias
alias_user=$(stat -c %U "$A")

# --- one of each kind --------------------------------------------------------
# file HOME USER NAME TEXT
file()
{
	printf '%s\n' "$4" >"$1/$3" && chown "$2:" "$1/$3"
}
file "$joehome" "$joe" .qmail-list ./Maildir/
file "$joehome" "$joe" .qmail-empty ''
: >"$joehome/.qmail-empty"
file "$joehome" "$joe" .qmail-a-default ./Maildir/
file "$joehome" "$joe" .qmail-x:y ./Maildir/
file "$joehome" "$joe" .qmail-forward "&$ann"
file "$joehome" "$joe" .qmail-world ./Maildir/
chmod 666 "$joehome/.qmail-world"
mkdir "$joehome/.qmail-dir"
mkfifo "$joehome/.qmail-fifo"
file "$joehome" "$joe" .qmail-line1 '/'
file "$joehome" "$joe" .qmail-v-default ./Maildir/
file "$joehome" "$joe" .qmail-uml-ü ./Maildir/
file "$joehome" "$joe" .qmail-secret "|cat >/dev/null # my secret"
file "$annhome" "$ann" .qmail-default ./Maildir/
file "$annhome" "$ann" .qmail-w-info ./Maildir/
chmod 777 "$badhome"
file "$A" "$alias_user" .qmail-sales "&$joe"
file "$A" "$alias_user" .qmail-team-default "&$joe"
mkdir "$A/include"
cat >"$A/aliases" <<END
staff: $joe, $ann
many: :include:$A/include/many
broken: :include:$A/include/broken
END
echo "$joe" >"$A/include/many"
echo "$joe" >"$A/include/broken"
"$H/bin/newaliases" >"$T/out" 2>&1 || diag "$(cat "$T/out")"
chmod 666 "$A/include/broken"
cat >"$H/users/assign" <<END
=assigned:$joe:$(id -u "$joe"):$(id -g "$joe"):$joehome:::
=assigned-not:$joe:$(id -u "$joe"):$(id -g "$joe"):$joehome:-:not:
=assigned-root:root:0:0:/root:::
=$lost:$lost:$(id -u "$lost"):$(id -g "$lost"):$losthome:::
+$lost-:$lost:$(id -u "$lost"):$(id -g "$lost"):$losthome:-::
+wild-:$joe:$(id -u "$joe"):$(id -g "$joe"):$joehome:-::
.
END
"$H/bin/quill-newu" || diag "quill-newu"
echo hack.example >"$C/percenthack"
printf '%s\n' quill.example hack.example >"$C/locals"
cat >"$C/virtualdomains" <<END
v.example:$joe-v
w.example:$ann-w
.sub.example:$joe-v
one@user.example:$joe-v
not.sub.example:
END
long=$(printf %0250d 7)

# Address and what is said of it. "remote": not of this machine.
cat >"$T/table" <<END
yes $joe@quill.example
yes $(echo "$joe" | tr '[:lower:]' '[:upper:]')@QUILL.Example
yes $joe
no $joe-nothing@quill.example
yes $joe-list@quill.example
yes $joe-LIST@quill.example
no $joe-list-more@quill.example
yes $joe-empty@quill.example
yes $joe-a-b-c@quill.example
no $joe-a@quill.example
yes $joe-x.y@quill.example
no $joe-x@quill.example
yes $joe-forward@quill.example
yes $joe-secret@quill.example
temp $joe-world@quill.example
temp $joe-dir@quill.example
temp $joe-fifo@quill.example
no $joe-../etc/passwd@quill.example
no $joe-/@quill.example
yes $joe-uml-ü@quill.example
no $joe-uml-öö@quill.example
yes $ann-whatever@quill.example
temp $bad@quill.example
temp $bad-x@quill.example
no $gone@quill.example
no nobody-like-this@quill.example
no $long@quill.example
no @quill.example
yes root@quill.example
yes postmaster@quill.example
yes sales@quill.example
no sales-x@quill.example
yes team-x@quill.example
yes staff@quill.example
yes STAFF@quill.example
yes many@quill.example
temp broken@quill.example
yes assigned@quill.example
no assigned-not@quill.example
no assigned-root@quill.example
yes wild-list@quill.example
no wild-nothing@quill.example
yes x@v.example
yes x-y.z@V.example
yes info@w.example
yes other@w.example
yes x@deep.sub.example
remote x@not.sub.example
yes one@user.example
remote two@user.example
yes $joe%quill.example@hack.example
remote x%far.example@hack.example
remote x@far.example
remote x@v.example.org
END
file "$annhome" "$ann" .qmail-w-default ./Maildir/
# shellcheck disable=SC2016
echo '[127.0.0.1]:1' | sed 's/^/:/' >"$C/smtproutes"
# what is local and virtual, and nothing else
rm -f "$C/rcpthosts"
SMTP_PORT=$(free_port)
start_suite --smtp "127.0.0.1:$SMTP_PORT" --verify yes
echo ':allow' | tcprules "$C/tcp.smtp.cdb" "$C/tcp.smtp.tmp"

# --- what it says ------------------------------------------------------------
# ask ADDRESS...: a line "ADDRESS CLASS USER UID HOW-OR-WHY" each
ask()
{
	printf '%s\n' "$@" | python3 "$TOP/tests/ask.py" verify "$H"
}
cut -d' ' -f2 "$T/table" | python3 "$TOP/tests/ask.py" verify "$H" >"$T/says"
n=0
while read -r want addr; do
	n=$((n + 1))
	is "$addr" "$(sed -n "${n}p" "$T/says")" \
		"$(sed -n "${n}p" "$T/says" | sed "s|^[^ ]* [a-z]* |$addr $want |")"
done <"$T/table"
said()
{
	sed -n "s|^$1 ||p" "$T/says"
}
is "whose it is, and which file" "$(said "$joe-a-b-c@quill.example")" \
	"yes $joe $(id -u "$joe") .qmail-a-default"
is "an alias is of the alias user" "$(said staff@quill.example)" \
	"yes alias $(id -u "$alias_user") alias staff"
is "no file: the default delivery" "$(said "$joe@quill.example")" \
	"yes $joe $(id -u "$joe") default delivery"
is "in a home of mode 0700" "$(stat -c %a "$annhome") $(said x@w.example)" \
	"700 "
like "an owner by users/assign" "$(said wild-list@quill.example)" \
	"^yes $joe $(id -u "$joe") .qmail-list\$"
like "why not" "$(said "$joe-nothing@quill.example")" \
	'^no   Sorry, no mailbox here by that name\. \(#5\.1\.1\)$'
unlike "what is in a file is not told" "$(cat "$T/says")" my.secret

# --- what a delivery shows -----------------------------------------------------
{
	printf 'F\0'
	cut -d' ' -f2 "$T/table" | while read -r addr; do
		printf 'T%s\0' "$addr"
	done
	printf '\0'
} >"$T/envelope"
printf 'Subject: x\n\nx\n' >"$T/message"
ok "a message to all of them" sh -c \
	"'$H/bin/quill-queue' <'$T/message' 1<'$T/envelope'"
# the log shows other bytes as _
escaped()
{
	printf %s "$1" | LC_ALL=C tr -c ' -$&-~' _
}
cut -d' ' -f2 "$T/table" | LC_ALL=C tr -c ' -$&-~\n' _ | sort -u >"$T/asked"
# results: of all of them; those that are forwarded to are in the log, too
results()
{
	grep -oE 'to=[^ ]* .*status=[a-z]*' "$H/log/send/current" |
		sed 's/ .*status=/ /; s/^to=//' | sort -u >"$T/results"
	cut -d' ' -f1 "$T/results" | sort -u | comm -23 "$T/asked" - >"$T/left"
	[ ! -s "$T/left" ]
}
ok "is tried for each" wait_until 120 results || suite_diag
while read -r want addr; do
	case $want in
	yes) status=sent ;;
	no) status=bounced ;;
	temp | remote) status=deferred ;;
	esac
	log=$(escaped "$addr")
	is "$addr: $want, then $status" \
		"$(awk -v a="$log" '$1 == a { print $2 }' "$T/results" |
			sort -u)" "$status"
done <"$T/table"

# --- what quill-smtpd does with it --------------------------------------------
cat >"$T/rcpt.py" <<'END'
import smtplib, sys
for i, line in enumerate(sys.stdin):
    if i % 10 == 0:  # a session with many errors is ended
        s = smtplib.SMTP("127.0.0.1", int(sys.argv[1]), timeout=60)
        s.ehlo("client.example")
        s.mail("a@b.example")
    want, addr = line.split()
    code, text = s.rcpt(addr)
    print(want, addr, code, text.decode().split(" ")[0])
END
# addresses that are right in SMTP; relaying by percents is not for strangers
LC_ALL=C grep -E '^[a-z]+ [A-Za-z0-9/.-]+@[A-Za-z.]+$' "$T/table" |
	grep -vF .. >"$T/smtp"
python3 "$T/rcpt.py" "$SMTP_PORT" <"$T/smtp" >"$T/replies" 2>&1
is "RCPT: as many replies" "$(wc -l <"$T/replies")" "$(wc -l <"$T/smtp")"
is "what is delivered is taken, what bounces is refused" \
	"$(sed 's/ 2\.1\.5$//; s/ [45]\.[0-9]*\.[0-9]*$//' "$T/replies")" \
	"$(sed 's/^yes .*/& 250/; s/^no .*/& 550/; s/^temp .*/& 451/
		s/^remote .*/& 550/' "$T/smtp")"

# --- it follows what changes ---------------------------------------------------
says()
{
	ask "$1" | grep -q "^$1 $2 "
}
file "$joehome" "$joe" .qmail-nothing ./Maildir/
ok "a new .qmail file counts soon" wait_until 60 says \
	"$joe-nothing@quill.example" yes
rm "$joehome/.qmail-nothing"
ok "a removed one, too" wait_until 60 says "$joe-nothing@quill.example" no
chmod 1700 "$joehome"
ok "a home that is being edited: mail will wait, but it is taken" \
	says "$joe-forward@quill.example" yes
chmod 700 "$joehome"
echo new.example >>"$C/locals"
is "a new entry of locals waits for HUP" "$(ask "$ann@new.example")" \
	"$ann@new.example remote   "
svc -h "$S/verify"
ok "then it counts" wait_until 60 says "$ann@new.example" yes
echo 'bad entry' >>"$C/locals"
svc -h "$S/verify"
ok "a bad one is named" wait_until 60 log_has \
	'alert: .*/control/locals: line 4: .*nothing is changed' verify
ok "and changes nothing" says "$ann@new.example" yes
sed -i '$d' "$C/locals"

# --- a burst costs little, and what hangs hangs alone ------------------------------
local_of()
{
	pgrep -u "$1" -f "^$H/bin/quill-local -v"
}
ask "$joe-list@quill.example" >"$T/out"
p=$(local_of "$joe")
i=0
while [ $i -lt 200 ]; do
	i=$((i + 1))
	echo "$joe-a-$i@quill.example"
done | python3 "$TOP/tests/ask.py" verify "$H" >"$T/out"
is "200 addresses of a user" "$(grep -c ' yes ' "$T/out")" 200
is "are found by one process" "$(local_of "$joe")" "$p"
echo 2 >"$C/timeoutverify"
svc -t "$S/verify"
ended()
{
	! test -e "/proc/$p"
}
up()
{
	ask "$joe-list@quill.example" | grep -q ' yes '
}
ok "at SIGTERM its helpers end" wait_until 60 ended
ok "it comes up again" wait_until 60 up
# the idle one could end before it is stopped
stop_local()
{
	up && kill -STOP "$(local_of "$joe")" &&
		grep -q '^State:.T' "/proc/$(local_of "$joe")/status"
}
ok "a process for joe" wait_until 60 stop_local
ask "$joe-a-stuck@quill.example" >"$T/stuck" &
stuck=$!
ok "it hangs: others are answered" says "$ann-1@quill.example" yes
wait $stuck
like "what it was asked another one answers" "$(cat "$T/stuck")" ' yes '
verifyd_pid()
{
	svstat "$S/verify" | sed 's/.*pid \([0-9]*\).*/\1/'
}
# helper NAME: the helper of this verify
helper()
{
	for helper_p in $(pgrep -P "$(verifyd_pid)"); do
		for helper_c in $helper_p $(pgrep -P "$helper_p"); do
			grep -qx "$1" "/proc/$helper_c/comm" &&
				echo "$helper_c"
		done
	done
}
ok "getpw is asked" says unknown-at-first@quill.example no
getpw=$(helper quill-getpw)
kill -STOP "$getpw"
like "the name service hangs: cannot be said now" \
	"$(ask unknown-to-users-cdb@quill.example)" ' temp .*\(#4\.3\.0\)'
like "for others it is known" "$(ask wild-list@quill.example)" ' yes '
kill -CONT "$getpw"
ok "when it does not hang any more" wait_until 60 says \
	unknown-to-users-cdb@quill.example no

# A home on a file server that is away: who looks into it hangs.
cat >"$T/stale.py" <<'END'
import ctypes, os, sys, time
fd = os.open("/dev/fuse", os.O_RDWR)
libc = ctypes.CDLL(None, use_errno=True)
opts = "fd=%d,rootmode=40755,user_id=0,group_id=0,allow_other" % fd
if libc.mount(b"stale", sys.argv[1].encode(), b"fuse", 0, opts.encode()):
    sys.exit(os.strerror(ctypes.get_errno()))
open(sys.argv[2], "w").close()
time.sleep(900)
END
# 250 clients, a stale address each, and one that asks for others meanwhile
cat >"$T/crowd.py" <<'END'
import socket, sys
path, lost, other = sys.argv[1:]
def ask(addr):
    s = socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    s.connect(path)
    s.settimeout(60)
    s.send(b"N1\0" + addr.encode() + b"\0")
    return s
crowd = [ask("%s-%d@quill.example" % (lost, i)) for i in range(250)]
for i in range(20):
    got = ask("%s-c%d@quill.example" % (other, i)).recv(9000)
    assert got.startswith(b"N1\0=\0"), got
for s in crowd:
    got = s.recv(9000)
    assert got.startswith(b"N1\0Z\0"), got
print("fine")
END
bg python3 "$T/stale.py" "$losthome" "$T/stale.up"
stale_pid=$bg_pid
if wait_until 20 test -e "$T/stale.up"; then
	# first, while it is not known yet that it hangs
	is "a crowd before it does not keep others out" \
		"$(python3 "$T/crowd.py" "$H/run/verify/socket" "$lost" "$ann" \
			2>&1)" fine
	like "a home that hangs: cannot be said now" \
		"$(ask "$lost@quill.example")" ' temp .*\(#4\.[0-9]\.0\)'
	bg_stop "$stale_pid"
	umount -l "$losthome"
	ok "when it is back" wait_until 60 says "$lost@quill.example" yes
else
	skip "a home that hangs" "no FUSE here"
fi

# --- who may ask -------------------------------------------------------------------
as()
{
	echo "$joe@quill.example" | setuidgid "$1" python3 "$TOP/tests/ask.py" \
		verify "$H" 2>&1
}
like "quilld may ask" "$(as quilld)" ' yes '
like "a user may not" "$(as "$joe")" 'PermissionError'
unlike "nor may alias, of the same group" "$(as "$alias_user")" ' yes '
ok "which is logged" wait_until 60 log_has 'a client was turned away' verify
is "the socket is for the group alone" \
	"$(stat -c '%a %U %G' "$H/run/verify" "$H/run/verify/socket" |
		tr '\n' ' ')" "2710 quillv nofiles 660 quillv nofiles "

# --- strange clients, and the end ------------------------------------------------
python3 - "$H/run/verify/socket" >"$T/out" 2>&1 <<'END'
import socket, sys
def connect():
    s = socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    s.connect(sys.argv[1])
    s.settimeout(60)
    return s
for bad in (b"x", b"N1\0", b"N1\0a", b"N1\0a\0b\0", b"Nx\0a\0",
            b"N1\0" + b"a" * 5000 + b"\0", b"N" + b"1" * 100000 + b"\0"):
    s = connect()
    s.send(bad)
    assert s.recv(100) == b"", bad
# one that does not wait for its answer, hundreds of idle ones
for i in range(100):
    s = connect()
    s.send(b"N1\0nobody-%d@quill.example\0" % i)
    s.close()
idle = [connect() for i in range(900)]
s = connect()
s.send(b"N7\0postmaster@quill.example\0")
assert s.recv(5000).startswith(b"N7\0=\0")
# questions that are not waited for are answered in order
for i in range(20):
    s.send(b"N%d\0postmaster@quill.example\0" % i)
for i in range(20):
    assert s.recv(5000).startswith(b"N%d\0=\0" % i), i
print("fine")
END
is "strange clients" "$(cat "$T/out")" fine
p=$(helper quill-lspawn)
is "its lspawn runs as root" "$(stat -c %U "/proc/$p")" root
is "it itself does not" "$(stat -c %U "/proc/$(verifyd_pid)")" quillv
is "nor its getpw" "$(stat -c %U "/proc/$(helper quill-getpw)")" quillp
svc -t "$S/verify"
ok "at SIGTERM that ends, too" wait_until 60 ended
ok "and supervise starts it anew" wait_until 60 up
done_testing
