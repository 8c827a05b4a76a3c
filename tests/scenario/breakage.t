#!/bin/sh
# SPDX-License-Identifier: 0BSD
# What an administrator, a full disk or a killed process can do to a running
# suite: nothing is lost, nothing spins, and it goes on by itself.
. "$(dirname "$0")/../lib.sh"
own_net "$@"
need svscan tcpserver

quill_config quill.example
mktestuser
user=$testuser
mktestuser
closed=$testuser closedhome=$testhome
testhome=$T/user-$user
echo ':[127.0.0.1]:9' >"$H/control/smtproutes" # nobody listens there
start_suite --smtp none

# inject SUBJECT RECIPIENT...
inject()
{
	printf 'Subject: %s\n\nbody\n' "$1" >"$T/mess"
	shift
	queue_mail sender@quill.example "$@" <"$T/mess"
}

log_count()
{
	cat "$H"/log/send/@* "$H/log/send/current" 2>/dev/null | grep -c "$1"
}

# has_log ERE N: at least N lines of send's log.
has_log()
{
	[ "$(log_count "$1")" -ge "$2" ]
}

queue_holds()
{
	[ "$(queue_count)" = "$1" ]
}

send_pid()
{
	svstat "$S/send" | sed -n 's/.*: up (pid \([0-9]*\)).*/\1/p'
}

# clock ticks of CPU time that send has used
send_ticks()
{
	awk '{ print $14 + $15 }' "/proc/$(send_pid)/stat"
}

# hup TEXT FILE: change a control file, have it read.
hup()
{
	hup_n=$(log_count 'control files read')
	printf '%b' "$1" >"$H/control/$2"
	svc -h "$S/send"
	wait_until 5 has_log 'control files read' $((hup_n + 1)) ||
		fail "HUP: $2"
}

# --- one channel off, or slow, does not stop the other -----------------------
hup '0\n' concurrencylocal
i=0
while [ $i -lt 1100 ]; do
	i=$((i + 1))
	inject "held $i" "$user@quill.example" || fail "inject $i"
done
inject other "one@remote.example" "$user@quill.example"
ok "1100 held local messages do not hold a remote one" wait_until 10 \
	log_has 'deferral: .* to=one@remote.example'
is "none of them was tried" "$(maildir_count "$testhome/Maildir")" 0
hup '10\n' concurrencylocal
ok "all of them are delivered then" wait_until 30 \
	maildir_has "$testhome/Maildir" 1101
is "each is new once" "$(log_count ': new msg \| new msg ')" 1101
ok "the remote one waits" wait_until 20 queue_holds 1

# --- a recipient moves to the other channel while it waits -------------------
chmod +t "$closedhome"
inject moved "$closed@quill.example"
ok "a local recipient is deferred" wait_until 10 log_has \
	"deferral: .*sticky.* to=$closed@"
hup 'other.example\n' locals
svc -a "$S/send"
ok "no local domain any more: it is tried as remote" wait_until 10 log_has \
	"deferral: .*onnect.* to=$closed@"
ticks=$(send_ticks)
sleep 1
ok "and send does not spin" [ $(($(send_ticks) - ticks)) -lt 30 ]
chmod -t "$closedhome"
hup 'quill.example\n' locals
svc -a "$S/send"
ok "and back" wait_until 10 maildir_has "$closedhome/Maildir" 1

# --- few descriptors ---------------------------------------------------------
cp "$S/send/run" "$T/run"
sed '/^exec env/i ulimit -n 60' "$T/run" >"$S/send/run"
echo 0 >"$H/control/concurrencylocal"
runs=$(log_count 'info: running')
svc -t "$S/send"
wait_until 10 has_log 'info: running' $((runs + 1)) || fail "svc -t"
i=0
while [ $i -lt 40 ]; do
	i=$((i + 1))
	inject "held $i" "$closed@quill.example" || fail "inject $i"
done
inject few two@remote.example
ok "few descriptors, many held: the other channel goes on" wait_until 10 \
	log_has 'deferral: .* to=two@remote.example'
hup '10\n' concurrencylocal
ok "and the held ones after" wait_until 20 maildir_has "$closedhome/Maildir" 41
is "without a word of files" "$(log_count 'unable to read message')" 0
cp "$T/run" "$S/send/run"

# --- the fifo from quill-queue is gone ---------------------------------------
rm "$H/queue/lock/hint"
inject unseen "$user@quill.example"
svc -a "$S/send"
ok "no fifo: send says so" wait_until 10 log_has 'alert: .*lock/hint.*install'
ok "and finds new mail by looking" wait_until 10 \
	maildir_has "$testhome/Maildir" 1102
mkfifo -m 660 "$H/queue/lock/hint"
chown quillq:quill "$H/queue/lock/hint"
svc -a "$S/send"
ok "a new one is taken" wait_until 10 log_has 'info: lock/hint was replaced'
inject seen "$user@quill.example"
ok "and works" wait_until 5 maildir_has "$testhome/Maildir" 1103

# --- quill-getpw dies while jobs wait for it ---------------------------------
# child PARENT NAME: its process ID
child()
{
	ps -o pid=,comm= --ppid "$1" | sed -n "s/^ *\([0-9]*\) $2\$/\1/p"
}
runs=$(log_count 'info: running')
lspawn=$(child "$(send_pid)" quill-lspawn)
inject asked "$user@quill.example"
wait_until 10 maildir_has "$testhome/Maildir" 1104 || fail "no getpw"
getpw=$(child "$lspawn" quill-getpw)
kill -STOP "$getpw"
sleep 1.5 # so long its last answer counts
broke=$(log_count 'deferral: the_user_look-up_broke_off')
inject asked "$user@quill.example"
inject asked "$closed@quill.example"
wait_until 5 log_has "starting delivery .* local $closed@" || fail "no job"
sleep 0.2
kill -9 "$getpw"
ok "getpw killed: what waited for it is put off" wait_until 10 \
	has_log 'deferral: the_user_look-up_broke_off' $((broke + 1))
# another one is started, though not at once
again()
{
	svc -a "$S/send"
	maildir_has "$testhome/Maildir" 1105
}
ok "and done by the next" wait_until 20 again
is "the suite runs on" "$(log_count 'info: running')" "$runs"
is "with the same quill-lspawn" "$(child "$(send_pid)" quill-lspawn)" "$lspawn"

# --- many recipients that all fail -------------------------------------------
printf 'Subject: many\n\nbody\n' >"$T/mess"
{
	printf 'F%s@quill.example\0' "$user"
	i=0
	while [ $i -lt 5000 ]; do
		i=$((i + 1))
		printf 'Tnobody%d@quill.example\0' $i
	done
	printf '\0'
} >"$T/env"
"$H/bin/quill-queue" <"$T/mess" 1<"$T/env" || fail "inject many"
ok "5000 failures: the bounce comes soon" wait_until 20 sh -c \
	"grep -rlqF '<nobody5000@quill.example>:' '$testhome/Maildir/new'"
is "and names each" "$(grep -rhc '^<nobody[0-9]*@quill.example>:' \
	"$testhome/Maildir/new" | sort -n | tail -n 1)" 5000

# --- programs that are not there ---------------------------------------------
mv "$H/bin/quill-bounce" "$H/bin/away"
inject unbounced nobody@quill.example
ok "no quill-bounce: the log says why" wait_until 10 log_has \
	'warning: bounce of .* again: quill-bounce cannot be run'
mv "$H/bin/away" "$H/bin/quill-bounce"
svc -a "$S/send"
ok "with it the bounce is made" wait_until 10 log_has \
	'to=sender@quill.example from=<> .*status=bounced'
mv "$H/bin/quill-clean" "$H/bin/away"
svc -t "$S/send"
ok "no quill-clean: the log says what is missing" wait_until 10 log_has \
	'quill-start: alert: unable to run .*/quill-clean: No such file'
mv "$H/bin/away" "$H/bin/quill-clean"
ok "with it all is well" wait_until 10 "$H/bin/quillctl" status
cp -p "$H/users/ids" "$T/ids"
sed -i '/^u /{8,$d}' "$H/users/ids"
svc -t "$S/send"
ok "users/ids of an older version: the log says what to do" wait_until 10 \
	log_has 'users/ids is of an older version: run make install'
cp -p "$T/ids" "$H/users/ids"
ok "with it all is well" wait_until 10 "$H/bin/quillctl" status

# --- mail from when the clock was ahead ---------------------------------------
# born 407 days from now, by the second digit of its id, and never tried
svc -d "$S/send"
wait_until 10 sh -c "svstat '$S/send' | grep -q ': down '" || fail "svc -d"
: >"$T/mark"
inject ahead "$user@quill.example"
old=$(find "$H/queue/msg" -name '*.env' -newer "$T/mark" | head -n 1)
new=${old##*/}
new=${old%/*}/$(printf %.2s "$new" | tr j-u k-v)${new#??}
us=$(stat -c %.6Y "$old" | tr -d .)
us=$((us + 35184372088832))
mv "${old%.env}.mess" "${new%.env}.mess" && mv "$old" "$new" &&
	touch -d "@$((us / 1000000)).$(printf %06d $((us % 1000000)))" "$new"
svc -u "$S/send"
ok "the clock was ahead: it is delivered now" wait_until 20 \
	grep -rqx 'Subject: ahead' "$testhome/Maildir/new"

done_testing
