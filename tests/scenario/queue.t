#!/bin/sh
# SPDX-License-Identifier: 0BSD
# What quill-send does with a queue: retries and their times over a restart,
# signals, a second send, damaged and left-over files, a full queue.
. "$(dirname "$0")/../lib.sh"
need_root
need svscan tcpserver

quill_config quill.example
mktestuser
user=$testuser
mktestuser
closed=$testuser closedhome=$testhome
testhome=$T/user-$user
echo 2 >"$H/control/retrylocal"
start_suite --smtp none

inject()
{
	printf 'Subject: %s\n\nbody\n' "$1" >"$T/mess"
	shift
	{
		printf 'Fsender@quill.example\0'
		for to in "$@"; do
			printf 'T%s@quill.example\0' "$to"
		done
		printf '\0'
	} >"$T/env"
	"$H/bin/quill-queue" <"$T/mess" 1<"$T/env"
}

log_count()
{
	cat "$H"/log/send/@* "$H/log/send/current" 2>/dev/null | grep -c "$1"
}

# hup TEXT FILE: change a control file, have it read.
hup()
{
	hup_n=$(log_count 'control files read')
	printf '%b' "$1" >"$H/control/$2"
	svc -h "$S/send"
	wait_until 10 has_log 'control files read' $((hup_n + 1)) ||
		fail "HUP: $2"
}

# has_log ERE N: at least N lines of send's log.
has_log()
{
	[ "$(log_count "$1")" -ge "$2" ]
}

# --- retry -----------------------------------------------------------------
# the sticky bit of a home means: being edited, try later
chmod +t "$closedhome"
ok "one deferred, one delivered" inject first "$closed" "$user"
ok "delivered to the one" wait_until 10 maildir_has "$testhome/Maildir" 1
ok "deferred for the other" wait_until 10 log_has \
	"deferral: .* to=$closed@quill.example .* dsn=4[.0-9]* status=deferred"
ok "it waits in the queue" [ "$(queue_count)" = 1 ]
is "queue lists who is done" \
	"$("$H/bin/quillctl" queue | sed -n 's/^\t\([a-z]*\)\t.*/\1/p' |
		tr '\n' ' ')" "waits done "
ok "tried again by itself" wait_until 15 sh -c \
	"[ \$(grep -c ' deferral: ' '$H/log/send/current') -ge 2 ]"
chmod -t "$closedhome"
ok "delivered when it can be" wait_until 30 maildir_has "$closedhome/Maildir" 1
ok "queue empty after" wait_until 5 queue_empty
is "the first recipient got it once" "$(maildir_count "$testhome/Maildir")" 1

# --- next attempt over a restart -------------------------------------------
echo 100 >"$H/control/retrylocal"
svc -h "$S/send"
ok "HUP is logged" wait_until 5 log_has 'info: control files read'
chmod +t "$closedhome"
inject second "$closed"
ok "deferred" wait_until 10 sh -c \
	"grep -q 'Subject: second' '$H'/queue/msg/*/*.mess &&
	grep ' deferral: ' '$H/log/send/current' | tail -n 1 | grep -q delay=0"
n=$(log_count ' deferral: ')
runs=$(log_count 'info: running')
chmod -t "$closedhome"
svc -t "$S/send"
ok "TERM is logged at once" wait_until 5 log_has 'info: finishing what runs'
ok "TERM: send exits and is started again" wait_until 10 sh -c \
	"[ \$(cat '$H'/log/send/@* '$H/log/send/current' 2>/dev/null |
		grep -c 'info: running') -gt $runs ]"
sleep 2
is "not tried before its time" "$(log_count ' deferral: ')" "$n"
is "still in the queue" "$(queue_count)" 1
svc -a "$S/send"
ok "ALRM: tried at once" wait_until 10 maildir_has "$closedhome/Maildir" 2
ok "queue empty again" wait_until 5 queue_empty

# --- bad control files ------------------------------------------------------
echo many >"$H/control/concurrencylocal"
svc -h "$S/send"
ok "a bad value at HUP names file and reason" wait_until 5 log_has \
	'warning: .*control/concurrencylocal: .*old values'
inject third "$user"
ok "and send goes on with the old ones" wait_until 10 \
	maildir_has "$testhome/Maildir" 2
runs=$(log_count 'info: running')
svc -t "$S/send"
ok "at start it is an alert" wait_until 10 log_has \
	'quill-send: alert: .*control/concurrencylocal: '
exits "quillctl status says that send does not run" 1 "$H/bin/quillctl" status
like "in words" "$(cat "$T/out")" 'not running'
restarts()
{
	"$H/bin/quillctl" status --services "$S" |
		grep "^quill-send: starting, or restarting again and again: "
}
ok "and that its service tries" wait_until 60 restarts
rm "$H/control/concurrencylocal"
cp "$H/control/locals" "$T/locals"
echo 'a host/' >>"$H/control/locals"
ok "a bad host name names its line" wait_until 10 log_has \
	'quill-send: alert: .*control/locals: line [0-9]+: not a host name'
mv "$T/locals" "$H/control/locals"
ok "mended: it runs" wait_until 10 "$H/bin/quillctl" status

# --- a second send ----------------------------------------------------------
(cd "$H" && "$H/bin/quill-start" ./Maildir/) >"$T/second" 2>&1
like "a second send says so and exits" "$(cat "$T/second")" \
	'alert: another quill-send is running'
inject fourth "$user"
ok "the first is not disturbed" wait_until 10 maildir_has "$testhome/Maildir" 3

# --- damage -----------------------------------------------------------------
svc -d "$S/send"
wait_until 10 sh -c "! '$H/bin/quillctl' status" || fail "svc -d"
for s in fifth sixth seventh torn fifo eighth; do
	inject $s "$user"
done
id_of()
{
	grep -l "Subject: $1" "$H"/queue/msg/*/*.mess | sed 's/.*\///; s/\..*//'
}
path_of()
{
	path_id=$(id_of "$1")
	echo "$H/queue/msg/${path_id#???????????????}/$path_id"
}
p5=$(path_of fifth) p6=$(path_of sixth) p7=$(path_of seventh)
ptorn=$(path_of torn)
id5=$(id_of fifth)
# one byte of the envelope, the message cut short, the message gone; and one
# as a power cut can leave it: whole, but for bytes that never came to the disk
birth=$(stat -c %y "$p5.env")
printf X | dd of="$p5.env" bs=1 seek=10 conv=notrunc 2>/dev/null
touch -d "$birth" "$p5.env" # else it counts as tried, and is due later
truncate -s -1 "$p6.mess"
rm "$p7.mess"
pfifo=$(path_of fifo)
rm "$pfifo.mess"
mkfifo "$pfifo.mess"
chown quillq:quill "$pfifo.mess"
dd if=/dev/zero of="$ptorn.mess" bs=1 seek=150 count=10 conv=notrunc 2>/dev/null
# what a killed quill-queue leaves: old and new, unfinished and alone
old=$(python3 -c '
import time
us = int((time.time() - 2 * 86400) * 1e6)
print("".join("0123456789abcdefghijklmnopqrstuv"[us >> 5 * i & 31]
	for i in range(10, -1, -1)) + "aaaa1")')
new=$(echo "$id5" | cut -c1-11)bbbb2
d1=$H/queue/msg/1 d2=$H/queue/msg/2
: >"$d1/$old.mess"
: >"$d1/$old.env"
: >"$d2/$new.mess"
: >"$d2/$new.env"
: >"$d2/00000000000aaaa2.mess"
# an accepted one that was cut short by somebody else than quill-queue
cut=$(echo "$old" | cut -c1-11)dddd1
cp "$p5.mess" "$d1/$cut.mess"
head -c 40 "$p5.env" >"$d1/$cut.env"
# and what does not belong there at all
: >"$d1/README"
mkdir "$d2/00000000000cccc2.env"
mkfifo "$d1/00000000000cccc1.env"
touch -d '2 days ago' "$d1/$old".* "$d1/$cut".*
touch -d @0 "$d1"/0*c* "$d2"/0*c*
chmod 660 "$d1"/*.env "$d2"/*.env
chown quillq:quill "$d1"/0* "$d1/$old".* "$d1/$cut".* "$d2"/"$new".* "$d2"/0*
svc -u "$S/send"
ok "the good one among them is delivered" wait_until 10 \
	maildir_has "$testhome/Maildir" 4
ok "a damaged envelope is set aside" wait_until 5 \
	[ -f "$H/queue/lost/$id5.env" ]
ok "with its message" [ -f "$H/queue/lost/$id5.mess" ]
ok "and logged" log_has "alert: message $id5 set aside in queue/lost: "
is "once" "$(log_count "alert: message $id5 ")" 1
ok "a message cut short is set aside" wait_until 5 \
	[ -f "$H/queue/lost/${p6##*/}.mess" ]
ok "a torn message is set aside" wait_until 10 \
	[ -f "$H/queue/lost/${ptorn##*/}.mess" -a ! -e "$ptorn.env" ]
ok "and logged" log_has \
	"alert: message ${ptorn##*/} set aside in queue/lost: .* checksum"
ok "so is a message that is a fifo" wait_until 10 \
	[ -p "$H/queue/lost/${pfifo##*/}.mess" -a ! -e "$pfifo.env" ]
is "with one line" "$(log_count "alert: message ${pfifo##*/} .* its message is \
no regular file")" 1
ok "and an envelope that is one" wait_until 10 \
	[ -p "$H/queue/lost/00000000000cccc1.env" ]
is "with one line" "$(log_count "alert: message 00000000000cccc1 .* its \
envelope is no regular file")" 1
ok "or a directory" wait_until 10 [ -d "$H/queue/lost/00000000000cccc2.env" ]
ok "an envelope without its message is dropped" wait_until 5 \
	sh -c "! [ -e '$p7.env' ]"
ok "and that is said" log_has "envelope ${p7##*/} without a message removed"
ok "an old unfinished message is removed" wait_until 5 \
	sh -c "! [ -e '$d1/$old.env' ] && ! [ -e '$d1/$old.mess' ]"
ok "an old one with a part of an envelope is set aside" wait_until 5 \
	[ -f "$H/queue/lost/$cut.mess" ]
ok "an old message without envelope, too" wait_until 5 \
	sh -c "! [ -e '$d2/00000000000aaaa2.mess' ]"
ok "a new one is left alone" [ -e "$d2/$new.mess" -a -e "$d2/$new.env" ]
ok "what is no message is left alone" [ -e "$d1/README" ]
like "status counts what was set aside" \
	"$("$H/bin/quillctl" status)" 'set aside: 7'
inject ninth "$user"
ok "send goes on" wait_until 10 maildir_has "$testhome/Maildir" 5
rm -rf "$d1"/0000* "$d2"/0000* "$d2/$new".*

# --- TERM while something hangs ----------------------------------------------
# shellcheck disable=SC2016
echo '|echo $$ >hang.pid; exec sleep 100' >"$testhome/.qmail-hang"
chown "$user" "$testhome/.qmail-hang"
inject tenth "$user-hang"
ok "a delivery hangs" wait_until 10 log_has "to local $user-hang@"
runs=$(log_count 'info: running')
svc -t "$S/send"
ok "TERM waits for it" wait_until 10 log_has 'status: local 1/20 .* exitasap'
echo "#" >"$testhome/.qmail-hang"
svc -t "$S/send"
ok "a second TERM does not" wait_until 10 log_has 'warning: exiting at once'
ok "and all is started again" wait_until 15 sh -c \
	"[ \$(cat '$H'/log/send/@* '$H/log/send/current' 2>/dev/null |
		grep -c 'info: running') -gt $runs ]"
ok "the message is delivered then" wait_until 15 queue_empty
kill "$(cat "$testhome/hang.pid")" # which nobody waits for any more

# --- fifos in the place of files that are in use ------------------------------
# shellcheck disable=SC2016
echo '|while [ ! -e go ]; do sleep 0.1; done' >"$testhome/.qmail-wait-default"
chown "$user" "$testhome/.qmail-wait-default"
hup '1\n' concurrencylocal
inject swapped "$user-wait-1" "$user-wait-2"
ok "one of two recipients is on" wait_until 10 log_has "to local $user-wait-1@"
p=$(path_of swapped)
rm "$p.mess" "$p.env"
mkfifo "$p.mess"
mkfifo -m 660 "$p.env"
chown quillq:quill "$p.mess" "$p.env"
touch "$testhome/go"
inject eleventh "$user"
ok "fifos where its files were: other mail goes on" wait_until 10 \
	maildir_has "$testhome/Maildir" 6
ok "and ends" wait_until 10 sh -c \
	"! find '$H/queue/msg' -name '*.mess' -type f | grep -q ."
svc -a "$S/send"
ok "that message is set aside" wait_until 10 [ -p "$H/queue/lost/${p##*/}.env" ]
is "with one line" "$(log_count "alert: message ${p##*/} set aside")" 1
hup '20\n' concurrencylocal

# --- a full queue -----------------------------------------------------------
svc -d "$S/send"
wait_until 10 sh -c "! '$H/bin/quillctl' status" || fail "svc -d"
i=0
while [ $i -lt 300 ]; do
	i=$((i + 1))
	inject "bulk $i" "$user" || fail "inject $i"
done
is "300 are in the queue" "$(queue_count)" 300
is "queue -j: as many objects" \
	"$("$H/bin/quillctl" queue -j | python3 -c '
import json, sys
print(len([json.loads(l)["queue_id"] for l in sys.stdin]))')" 300
svc -u "$S/send"
ok "all are delivered" wait_until 60 queue_empty
is "each once" "$(grep -h '^Subject: bulk' -r "$testhome/Maildir/new" |
	sort -u | wc -l) $(maildir_count "$testhome/Maildir")" "300 306"
done_testing
