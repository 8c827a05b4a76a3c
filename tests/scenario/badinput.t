#!/bin/sh
# SPDX-License-Identifier: 0BSD
# Bad recipients, homes, Maildirs and programs, through the whole suite: each
# gets the class that an administrator expects and a line of the log that says
# what it is, nothing is lost, and the mail of others goes on.
# The text of single-quoted rows is for the shell of a program line:
# shellcheck disable=SC2016
. "$(dirname "$0")/../lib.sh"
own_net "$@"
need svscan tcpserver python3

quill_config quill.example
mktestuser
joe=$testuser joehome=$testhome
mktestuser
ann=$testuser annhome=$testhome
mktestuser
lost=$testuser losthome=$testhome
mktestuser
far=$testuser
mktestuser
far2=$testuser
echo 'relay.example:[127.0.0.1]:9' >"$H/control/smtproutes" # nobody listens
echo 20 >"$H/control/timeoutlocal"
start_suite

s=$ann@quill.example
# envelope SENDER RECIPIENT...: queue $T/mess for them
envelope()
{
	queue_mail "$@" <"$T/mess"
}

# to RECIPIENT: a message with a subject of its own, $subject
to()
{
	sent=$((${sent:-0} + 1))
	subject=n$sent
	printf 'Subject: %s\n\nbody\n' "$subject" >"$T/mess"
	envelope "$s" "$1"
}

# dotqmail EXT FORMAT: joe's .qmail-EXT
dotqmail()
{
	# shellcheck disable=SC2059
	printf "$2" >"$joehome/.qmail-$1"
	chown "$joe:" "$joehome/.qmail-$1"
}

# bounced: a message with $subject in it is in ann's Maildir
bounced()
{
	grep -rqx "Subject: $subject" "$annhome/Maildir/new"
}

# fails NAME RECIPIENT ERE: for good, with one bounce; ERE as in the log
fails()
{
	to "$2"
	ok "$1: for good" wait_until 30 log_has "failure: $3" || suite_diag
	ok "$1: the sender gets it back" wait_until 30 bounced
}

# waits NAME RECIPIENT ERE: for now
waits()
{
	to "$2"
	ok "$1: for now" wait_until 30 log_has "deferral: $3" || suite_diag
}

# others_go_on NAME
others_go_on()
{
	to "$ann@quill.example"
	ok "$1: mail of others goes on" wait_until 30 grep -rqx \
		"Subject: $subject" "$annhome/Maildir/new" || suite_diag
}

# --- homes that hang ---------------------------------------------------------
# stale.py DIR UP WORDS: a file system on DIR whose server does not answer;
# with words it says that it is there, and reads what it is asked. UP is made
# when all is as it shall be.
cat >"$T/stale.py" <<'END'
import ctypes, os, struct, sys, time
fd = os.open("/dev/fuse", os.O_RDWR)
libc = ctypes.CDLL(None, use_errno=True)
opts = "fd=%d,rootmode=40755,user_id=0,group_id=0,allow_other" % fd
if libc.mount(b"stale", sys.argv[1].encode(), b"fuse", 0, opts.encode()):
    sys.exit(os.strerror(ctypes.get_errno()))
if len(sys.argv) > 3:
    unique = struct.unpack_from("IIQ", os.read(fd, 65536))[2]
    os.write(fd, struct.pack("IiQ", 80, 0, unique) +
        struct.pack("4I2H2I2HI", 7, 31, 0, 0, 1, 1, 4096, 1, 1, 0, 0) +
        bytes(28))
open(sys.argv[2], "w").close()
while len(sys.argv) > 3:
    os.read(fd, 65536)
time.sleep(900)
END
cat >"$T/stays.py" <<'END'
import os, socket, sys, time
a, b = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
pid = os.fork()
if pid == 0:
    os.dup2(b.fileno(), 0)
    os.execv(sys.argv[1], ["quill-getpw", "alias", "1"])
b.close()
a.send(b"N1\0" + sys.argv[2].encode() + b"\0")
a.recv(1000)
time.sleep(3)
out = open(sys.argv[3], "w", 1)
print("after 3 s:", "gone" if os.waitpid(pid, os.WNOHANG)[0] else "there",
    file=out)
print("at last: exit", os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]),
    file=out)
END
# logged N ERE: N lines of send's log match
logged()
{
	[ "$(cat "$H"/log/send/* | grep -Ec -e "$2")" = "$1" ]
}

# One of a user in users/assign: quill-local meets it.
echo "=$lost:$lost:$(id -u "$lost"):$(id -g "$lost"):$losthome:::
." >"$H/users/assign"
"$H/bin/quill-newu"
bg python3 "$T/stale.py" "$losthome" "$T/stale.up"
if wait_until 5 test -e "$T/stale.up"; then
	to "$lost@quill.example"
	stale=$subject
	wait_until 30 log_has "starting delivery .* local $lost@"
	others_go_on "a home on a stale mount"
else
	skip "a home on a stale mount" "no FUSE here"
fi

# Those of users of the name service: who looks for the owner meets it first.
# A question that the server has read cannot even be killed.
srv=$T/srv
mkdir "$srv"
for u in "$far" "$far2"; do
	usermod -d "$srv/$u" "$u"
done
bg python3 "$T/stale.py" "$srv" "$T/srv.up" words
srv_pid=$bg_pid
if [ "${stale:-}" ] && wait_until 30 test -e "$T/srv.up"; then
	waits "a home on a server that is away" "$far@quill.example" \
		"unable_to_look_at_the_home_directory.* to=$far@"
	others_go_on "a home on a server that is away"
	waits "another home there" "$far2@quill.example" \
		"unable_to_look_at_the_home_directory.* to=$far2@"
	ok "is not asked for again" logged 1 "getpw: .*$srv does not answer"
	others_go_on "two homes there"
	# A quill-getpw that knows of it stays as long: another one would have
	# to find out anew.
	bg python3 "$T/stays.py" "$H/bin/quill-getpw" "$far" "$T/stays"
	ok "who knows stays" wait_until 30 grep -q '^after 3 s: there' \
		"$T/stays"
	# the server is gone for good, and the homes are somewhere else
	bg_stop "$srv_pid"
	umount -l "$srv"
	for u in "$far" "$far2"; do
		mkdir -p "$srv/$u"
		chown "$u:" "$srv/$u"
		setuidgid "$u" "$H/bin/maildirmake" "$srv/$u/Maildir"
	done
	ok "no longer than that" wait_until 30 grep -q '^at last: exit 0' \
		"$T/stays"
	svc -a "$S/send"
	ok "the homes are back: delivered" wait_until 30 maildir_has \
		"$srv/$far/Maildir" 1 || suite_diag
	ok "both of them" wait_until 30 maildir_has "$srv/$far2/Maildir" 1
	ok "which the log tells" logged 1 "getpw: .*$srv answers again"
else
	skip "a home on a server that is away" "no FUSE here"
fi

# --- recipients --------------------------------------------------------------
fails "no local part" '@quill.example' '.* to=@quill.example '
long=$(printf '%0986d' 0 | tr 0 x)
fails "a local part as long as may be" "$long@quill.example" \
'.*#5\.[0-9]\.[0-9].* to=xxxxx'
printf 'Subject: x\n\n' >"$T/mess"
exits "one byte more is refused" 11 envelope "$s" "${long}x@quill.example"
dotqmail a:b '|echo "dot_$EXT"\n'
for ext in a.b A.B; do
	to "$joe-$ext@quill.example"
	ok "a dot in the extension: $ext" wait_until 30 log_has \
		"success: dot_$ext/"
done
n=0
for ext in ../x /etc/passwd a/b a/../a:b "$(printf '%0900d' 0)" .. . - -- ''; do
	n=$((n + 1))
	fails "extension $n" "$joe-$ext@quill.example" \
		"Sorry,_no_mailbox_here_by_that_name.* to=$joe-$(echo "$ext" |
			head -c 100)"
done

# --- homes and Maildirs ------------------------------------------------------
chmod 0 "$joehome"
waits "a home that its user cannot enter" "$joe-x@quill.example" \
	"Unable_to_switch_to_$joehome:_Permission_denied"
chmod 700 "$joehome"
dotqmail ro './Ro/\n'
dotqmail rombox './Ro/box\n'
dotqmail full './Full/\n'
for d in Ro Full; do
	mkdir "$joehome/$d"
	mount -t tmpfs -o "size=40k,mode=700,uid=$(id -u "$joe")" none \
		"$joehome/$d" || fail "mount"
	setuidgid "$joe" mkdir "$joehome/$d/new" "$joehome/$d/tmp" \
		"$joehome/$d/cur"
done
mount -o remount,ro "$joehome/Ro"
head -c 100000 /dev/zero >"$joehome/Full/ballast" 2>/dev/null
# the suite has a mount namespace like ours: it was started in it
waits "a read-only Maildir" "$joe-ro@quill.example" \
	'Unable_to_create_\./Ro/tmp/[^ ]*:_Read-only_file_system'
waits "a read-only mbox" "$joe-rombox@quill.example" \
	'Unable_to_open_\./Ro/box:_Read-only_file_system'
waits "a full Maildir" "$joe-full@quill.example" \
	'Unable_to_[a-z]*_\./Full/tmp/[^ ]*:_No_space_left_on_device'
is "nothing is left in its tmp" "$(ls "$joehome/Full/tmp")" ''
# A real quota, where the kernel has one: tmpfs's, else ext4's. (Else there is
# the injected error of golden/local.t.)
cat >"$T/quota.py" <<'END'
import ctypes, os, struct, sys
libc = ctypes.CDLL(None, use_errno=True)
block = struct.pack("8QI4x", 40, 40, 0, 0, 0, 0, 0, 0, 1)
if libc.quotactl(0x800008 << 8, sys.argv[1].encode(), int(sys.argv[2]), block):
    sys.exit(os.strerror(ctypes.get_errno()))
END
# quota DIR: a file system there of which joe may have 40 KiB
quota()
{
	mount -t tmpfs -o usrquota,usrquota_block_hardlimit=40k none "$1" ||
		{
			truncate -s 20M "$T/image" &&
				mkfs.ext4 -q -O quota -E quotatype=usrquota \
					"$T/image" &&
				mount -o loop,usrquota "$T/image" "$1" &&
				python3 "$T/quota.py" "$(findmnt -no SOURCE \
					"$1")" "$(id -u "$joe")"
		} || return 1
	chown "$joe:" "$1"
	! setuidgid "$joe" sh -c "head -c 100000 /dev/zero >'$1/ballast'"
}
dotqmail quota './Quota/\n'
mkdir "$joehome/Quota"
if quota "$joehome/Quota" >"$T/quota.log" 2>&1; then
	rm "$joehome/Quota/ballast"
	setuidgid "$joe" mkdir "$joehome/Quota/new" "$joehome/Quota/tmp" \
		"$joehome/Quota/cur"
	setuidgid "$joe" sh -c \
		"head -c 100000 /dev/zero >'$joehome/Quota/ballast'" 2>/dev/null
	waits "a Maildir over quota" "$joe-quota@quill.example" \
		'Unable_to_[a-z]*_\./Quota/tmp/[^ ]*uota_exceeded.*dsn=4\.2\.2'
	is "nothing is left in its tmp" "$(ls "$joehome/Quota/tmp")" ''
else
	skip "a Maildir over quota" "no quotas here"
fi
others_go_on "Maildirs that take nothing"
mount -o remount,rw "$joehome/Ro"
rm "$joehome/Full/ballast"

# --- programs ----------------------------------------------------------------
dotqmail giga '|exec head -c 1000000000 /dev/zero\n'
to "$joe-giga@quill.example"
ok "a gigabyte of output" wait_until 30 log_has \
	"success: .* to=$joe-giga@" || suite_diag
dotqmail kill '|kill -9 $$\n'
waits "a program that is killed" "$joe-kill@quill.example" \
	'Program_was_ended_by_signal_9'
dotqmail child '|sleep 30 & echo left\n./Maildir/\n'
to "$joe-child@quill.example"
ok "a child that is left behind" wait_until 30 log_has 'success: left/'
# its own quill-local is what a program can reach
dotqmail parent '|kill -9 $PPID\n'
waits "a program that kills quill-local" "$joe-parent@quill.example" \
	".* to=$joe-parent@"
others_go_on "programs that misbehave"
rm "$joehome/.qmail-kill" "$joehome/.qmail-parent"

# --- to itself, by every route -----------------------------------------------
dotqmail self "&$joe-self@quill.example\n"
fails "a forward to itself" "$joe-self@quill.example" \
	".*looping.* to=$joe-self@"
dotqmail ping "&$joe-pong@quill.example\n"
dotqmail pong "&$joe-ping@quill.example\n"
fails "a forward there and back" "$joe-ping@quill.example" \
	".*looping.* to=$joe-ping@"
dotqmail tool '|forward "$RECIPIENT"\n'
sed -i "s,|,|PATH=$H/bin:\$PATH ," "$joehome/.qmail-tool"
fails "|forward to itself" "$joe-tool@quill.example" \
	".*looping.* to=$joe-tool@"
dotqmail cond '|condredirect "$RECIPIENT" true\n'
sed -i "s,|,|PATH=$H/bin:\$PATH ," "$joehome/.qmail-cond"
fails "|condredirect to itself" "$joe-cond@quill.example" \
	".*looping.* to=$joe-cond@"
# sendmail gets no Delivered-To line: Received lines end it
dotqmail mail "|$H/bin/sendmail -i -f \"\$SENDER\" -- \"\$RECIPIENT\"\n"
fails "|sendmail to itself" "$joe-mail@quill.example" \
	".*too_many_Received.* to=$joe-mail@.*dsn=5\.4\.6"
# a list, whose bounces come to it
dotqmail list "&$joe-list@quill.example\n"
dotqmail list-owner "&$joe-list@quill.example\n"
to "$joe-list@quill.example"
ok "a list whose owner is the list: it ends" wait_until 30 log_has \
	"failure: .*looping.* to=$joe-list-owner@|failure: .*looping.* to=$joe-list@.*from=<>"
# a domain of an account's
echo "v.example:$joe-v" >"$H/control/virtualdomains"
svc -h "$S/send"
dotqmail v-x "&x@v.example\n"
wait_until 30 log_has 'control files read'
fails "a virtual domain to itself" "x@v.example" \
	".*looping.* to=(x@v.example|$joe-v-x@)"
# a .forward file, by way of another user
dotqmail fwd '|quill-dotforward fwd\n'
echo "$ann-back@quill.example" >"$joehome/fwd"
echo "&$joe-fwd@quill.example" >"$annhome/.qmail-back"
chown "$joe:" "$joehome/fwd"
chown "$ann:" "$annhome/.qmail-back"
fails "a .forward file to itself" "$joe-fwd@quill.example" \
	".*looping.* to=$joe-fwd@"
# by another host, which brings it back by SMTP
echo "back.example:[127.0.0.1]:$SMTP_PORT" >>"$H/control/smtproutes"
echo back.example >>"$H/control/rcpthosts"
to "x@back.example"
ok "by SMTP to itself: for good" wait_until 40 log_has \
	'failure: .* to=x@back.example .*dsn=5\.4\.6' || suite_diag
ok "by SMTP to itself: the sender gets it back" wait_until 30 bounced

# --- very many recipients ----------------------------------------------------
printf 'Subject: many\n\nbody\n' >"$T/mess"
python3 -c 'import sys
sys.stdout.write("F%s\0" % sys.argv[1])
for i in range(100000):
    sys.stdout.write("Tmany%d@relay.example\0" % i)
sys.stdout.write("\0")' "$s" >"$T/env"
exits "100000 recipients" 0 sh -c \
	"'$H/bin/quill-queue' <'$T/mess' 1<'$T/env'"
ok "100000 recipients: work begins" wait_until 30 log_has \
	'deferral: .* to=many[0-9]*@relay.example'
others_go_on "100000 recipients"

# --- the end of the stale mount, and of everything that waited ---------------
if [ "${stale:-}" ]; then
	ok "a stale mount: for now" wait_until 40 log_has \
		"deferral: .* to=$lost@" || suite_diag
fi
unlike "no program of the suite died" "$(cat "$H"/log/send/*)" \
	'quill-(send|lspawn|rspawn|clean|getpw): alert'
umount "$joehome/Ro" "$joehome/Full"
stop_suite
umount "$joehome/Quota" 2>/dev/null
[ -z "${stale:-}" ] || umount -l "$losthome"
done_testing
