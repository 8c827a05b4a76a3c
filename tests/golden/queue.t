#!/bin/sh
# SPDX-License-Identifier: 0BSD
# queue.t - quill-queue and quill-clean, each by itself in a small home
. "$(dirname "$0")/../lib.sh"
need_root
need setuidgid strace unshare mkfifo
for u in quilld quillq quills alias; do
	id "$u" >/dev/null 2>&1 || skip_all "no user $u: make install"
done

# --- a home with nothing but what the two programs need --------------------
H=$T/home
if [ "$SAN" ]; then
	# A setuid program must not be a sanitized one: run it as quillq.
	PRE='setuidgid quillq'
else
	PRE=
fi

home_make()
{
	mkdir -p "$H/bin" "$H/control" "$H/users" "$H/queue/msg"
	install -m 4711 -o quillq -g quill "$T/link/bin/quill-queue" "$H/bin" ||
		return 1
	[ -z "$SAN" ] || chmod 755 "$H/bin/quill-queue"
	install -m 711 "$T/link/bin/quill-clean" "$H/bin"
	for d in bounce lost lock 0 1 2 3 4 5 6 7 8 9 a b c d e f g h i j k l \
		m n o p q r s t u v; do
		case $d in ?) d=msg/$d ;; esac
		mkdir "$H/queue/$d"
	done
	mkfifo "$H/queue/lock/hint"
	chown -R quillq:quill "$H/queue"
	find "$H/queue" -type d -exec chmod 2750 {} +
	chmod 660 "$H/queue/lock/hint"
	{
		for u in quilld quillq quills quillr quillp quilll alias \
			quillt quilla quillv; do
			echo "u $u $(id -u $u)"
		done
		echo "g quill $(id -g quillq)"
		echo "g nofiles $(id -g quilld)"
	} >"$H/users/ids"
}

link_programs "$H" quill-queue quill-clean
home_make || give_up "no home"

# queue MESSAGE ENVELOPE: files in; $rc, and $id from fd 6.
queue()
{
	rc=0
	# shellcheck disable=SC2094
	$PRE "$H/bin/quill-queue" <"$1" 6>"$T/fd6" 1<"$2" || rc=$?
}

# The id goes to a pipe only.
queue_id()
{
	id=$($PRE "$H/bin/quill-queue" <"$1" 6>&1 1<"$2")
}

nothing_left()
{
	left=$(find "$H/queue/msg" "$H/queue/lost" -type f)
	is "$1: nothing left" "$left" ""
	find "$H/queue/msg" -type f -exec rm -f {} +
}

# fails NAME CODE MESSAGE ENVELOPE
fails()
{
	queue "$3" "$4"
	is "$1: exit $2" "$rc" "$2"
	nothing_left "$1"
}

clear_queue()
{
	find "$H/queue/msg" "$H/queue/lost" -type f -exec rm -f {} +
}

# envs_whole: files that end in an END record.
envs_whole()
{
	n=0
	for f in "$H"/queue/msg/?/*.env; do
		[ -e "$f" ] || continue
		tail -c 21 "$f" | tr '\0' '\n' |
			grep -Eqx 'E[0-9]{10} [0-9a-f]{8}' && n=$((n + 1))
	done
	echo "$n"
}

printf 'Subject: x\n\nbody\n' >m
printf 'Fa@b\0Tc@d\0Te@f\0\0' >e

# --- bytes -----------------------------------------------------------------
bytes()
{
	queue_id "$2" e
	mess=$(find "$H/queue/msg" -name '*.mess')
	head -n 1 "$mess" >got.head
	tail -n +2 "$mess" >got
	like "$1: Received" "$(cat got.head)" "^Received: \\(quill [0-9]+ \
invoked by uid [0-9]+ id $(basename "$mess" .mess)\\); \
[0-9]+ [A-Z][a-z][a-z] 20[0-9][0-9] [0-9:]{8} -0000\$"
	same "$1: bytes" got "$2"
	is "$1: id" "$id" "K$(basename "$mess" .mess)"
	is "$1: envelope" "$(envs_whole)" 1
	clear_queue
}
bytes "plain" m
: >m.empty
bytes "empty" m.empty
printf 'no newline' >m.nonl
bytes "no final newline" m.nonl
printf 'a\0b\r\n\r\n.\r\n\377\376\0' >m.bin
bytes "NUL, CR and 8-bit" m.bin
printf 'From x\n.\n..\n' >m.dots
bytes "dots" m.dots
head -c 20971520 /dev/urandom >m.20
bytes "20 MB" m.20
for n in 65300 65400 65425 65426 65427 65428 65429 65430 65431 65432 65433 \
	65434 65435 65536 131072; do
	head -c $n m.20 >m.n
	queue m.n e
	tail -n +2 "$H"/queue/msg/?/*.mess | cmp -s - m.n ||
		fail "$n bytes"
	clear_queue
done
pass "sizes around the buffer"
# a slow writer, byte by byte
{
	for b in a b c '' d; do
		echo "$b"
		sleep 0.05
	done
} | $PRE "$H/bin/quill-queue" 1<e
is "slow writer" "$(tail -n +2 "$H"/queue/msg/?/*.mess | tr '\n' ,)" "a,b,c,,d,"
clear_queue

# --- what is on disk -------------------------------------------------------
queue m e
is "exit 0" "$rc" 0
is "a file on fd 6 stays empty" "$(cat fd6)" ""
f=$(echo "$H"/queue/msg/?/*.mess)
is "message: owner and mode" "$(stat -c '%U:%G %a' "$f")" "quillq:quill 640"
f=$(echo "$H"/queue/msg/?/*.env)
is "envelope: owner and mode" "$(stat -c '%U:%G %a' "$f")" "quillq:quill 660"
like "envelope: records" "$(tr '\0' '|' <"$f")" \
	'^1\|B[0-9]{16}\|S[0-9]+ [0-9a-f]{8}\|O[0-9]+ [0-9]+\|Fa@b\|Tc@d\|Te@f\|E[0-9]{10} '
birth=$(tr '\0' '\n' <"$f" | sed -n 's/^B//p')
is "envelope: birth is its time" "$(stat -c %.6Y "$f" | tr -d .)" "$birth"
is "envelope: size of the message" \
	"$(tr '\0' '\n' <"$f" | sed -n 's/^S\(.*\) .*/\1/p')" \
	"$(stat -c %s "${f%.env}.mess")"
d=$(basename "$(dirname "$f")")
is "directory is the last character" "$d" \
	"$(basename "$f" .env | sed 's/.*\(.\)$/\1/')"
clear_queue

if [ -z "$SAN" ]; then
	for row in 'quilld from network' 'quills for bounce' 'alias by alias' \
		"nobody by uid $(id -u nobody)"; do
		# shellcheck disable=SC2086
		set -- $row
		setuidgid "$1" "$H/bin/quill-queue" <m 1<e
		like "origin: $row" "$(head -n 1 "$H"/queue/msg/?/*.mess)" \
			"invoked ${row#* } id "
		is "of $1: owner" "$(stat -c %U:%G "$H"/queue/msg/?/*.env)" \
			quillq:quill
		clear_queue
	done
	mv "$H/users/ids" "$T/ids"
	setuidgid quilld "$H/bin/quill-queue" <m 1<e
	like "no users/ids" "$(head -n 1 "$H"/queue/msg/?/*.mess)" \
		"invoked by uid $(id -u quilld) id "
	mv "$T/ids" "$H/users/ids"
	clear_queue
	(
		umask 077
		exec "$H/bin/quill-queue" <m 1<e
	)
	is "the caller's umask does not count" \
		"$(stat -c %a "$H"/queue/msg/?/*.env)" 660
	clear_queue
	# Nor does anything in the environment.
	env -i QUILLHOME=/ HOME=/ PATH=/ "$H/bin/quill-queue" <m 1<e
	is "no environment" "$(envs_whole)" 1
	clear_queue
fi

# --- hints -----------------------------------------------------------------
exec 7<>"$H/queue/lock/hint"
queue_id m e
hint=$(dd bs=17 count=1 <&7 2>/dev/null)
is "a hint" "K$hint" "$id"
# full: must neither block nor fail (dd stops at EAGAIN)
dd if=/dev/zero of=/proc/self/fd/7 oflag=nonblock bs=4096 2>/dev/null
queue m e
is "fifo full" "$rc" 0
exec 7<&-
rm "$H/queue/lock/hint"
queue m e
is "no fifo" "$rc" 0
mkfifo -m 660 "$H/queue/lock/hint"
chown quillq:quill "$H/queue/lock/hint"
clear_queue
rc=0
(
	exec 6>&-
	exec $PRE "$H/bin/quill-queue" <m 1<e
) || rc=$?
is "no fd 6" "$rc" 0
clear_queue

# --- bad envelopes ---------------------------------------------------------
long=$(head -c 1001 /dev/zero | tr '\0' a)
printf 'Fa\0T%s\0\0' "$long" >e.1
fails "recipient of 1001" 11 m e.1
printf 'F%s\0Ta\0\0' "$long" >e.1
fails "sender of 1001" 11 m e.1
printf 'F%s\0Ta\0\0' "${long#a}" >e.1
queue m e.1
is "sender of 1000" "$rc" 0
clear_queue
: >e.1
fails "no envelope" 54 m e.1
printf 'Fa\0Tb\0' >e.1
fails "no end" 54 m e.1
printf 'Fa\0Tb\0\0' >e.1
n=$(stat -c %s e.1)
while [ "$n" -gt 0 ]; do
	n=$((n - 1))
	head -c "$n" e.1 >e.2
	queue m e.2
	[ "$rc" = 54 ] || fail "envelope cut at $n: exit $rc"
done
nothing_left "envelope cut anywhere"
printf 'Tb\0Fa\0\0' >e.1
fails "order" 91 m e.1
printf 'Fa\0Xb\0\0' >e.1
fails "unknown record" 91 m e.1
printf 'Fa\0Tb\0\0\0' >e.1
fails "bytes after the end" 91 m e.1
printf 'Fa\0PRET=FULL\0Tb\0PNOTIFY=NEVER\0\0' >e.1
queue m e.1
is "parameters" "$rc" 0
like "parameters are kept" "$(tr '\0' '|' <"$(echo "$H"/queue/msg/?/*.env)")" \
	'Fa\|PRET=FULL\|Tb\|PNOTIFY=NEVER\|E'
clear_queue
printf 'Fa\0\0' >e.1
queue m e.1
is "no recipients" "$rc" 0
clear_queue
{
	printf 'Fa\0'
	# 300000 recipients, 5.8 MB
	seq -f 'Trecipient%.0f@example.org' 100001 400000 | tr '\n' '\0'
	printf '\0'
} >e.big
queue m e.big
is "300000 recipients" "$rc" 0
is "all of them" "$(tr '\0' '\n' <"$(echo "$H"/queue/msg/?/*.env)" |
	grep -c ^T)" 300000
clear_queue
# exactly n bytes: recipients of 20 and a sender that fills up
for n in 32600 32638 32639 32640 32641 32642 32680 32700 32740 32768 33000 \
	65535 65536 65537; do
	k=$(((n - 500) / 20))
	{
		printf F
		head -c $((n - 20 * k - 3)) /dev/zero | tr '\0' a
		printf '\0'
		seq -f 'T%018.0f' 1 $k | tr '\n' '\0'
		printf '\0'
	} >e.1
	queue m e.1
	[ "$(stat -c %s e.1):$rc:$(envs_whole)" = "$n:0:1" ] ||
		fail "envelope of $n: exit $rc"
	clear_queue
done
pass "envelopes around the buffer"

# --- envelopebytes ---------------------------------------------------------
stat -c %s e >"$H/control/envelopebytes"
queue m e
is "envelope as large as envelopebytes" "$rc" 0
clear_queue
echo $(($(stat -c %s e) - 1)) >"$H/control/envelopebytes"
fails "one byte more" 91 m e
echo 100000 >"$H/control/envelopebytes"
fails "large envelope" 91 m e.big
for v in x -1 0 99999999999 '1 2'; do
	echo "$v" >"$H/control/envelopebytes"
	fails "envelopebytes '$v'" 55 m e
done
rm "$H/control/envelopebytes"
mkdir "$H/control/envelopebytes"
fails "envelopebytes a directory" 55 m e
rmdir "$H/control/envelopebytes"

# --- trouble with files ----------------------------------------------------
mv "$H/queue" "$H/q"
queue m e
is "no queue: exit 62" "$rc" 62
mv "$H/q" "$H/queue"
# The program itself is in the home, so keep it by a descriptor's path.
cp -p "$H/bin/quill-queue" "$T/quill-queue"
mv "$H" "$H.away"
rc=0
$PRE "$T/quill-queue" <m 1<e || rc=$?
is "no home: exit 61" "$rc" 61
mv "$H.away" "$H"
chmod 550 "$H"/queue/msg/?
fails "no message file" 64 m e
chmod 2750 "$H"/queue/msg/?
mv "$H/queue/msg" "$H/queue/msg.away"
queue m e
is "no directory: exit 62" "$rc" 62
mv "$H/queue/msg.away" "$H/queue/msg"
rc=0
$PRE "$H/bin/quill-queue" <"$H" 1<e || rc=$?
is "unreadable message: exit 54" "$rc" 54
nothing_left "unreadable message"
rc=0
(
	exec 0<&- 1<&- 2>&-
	exec $PRE "$H/bin/quill-queue"
) || rc=$?
is "no descriptors at all: exit 54" "$rc" 54
nothing_left "no descriptors at all"
rc=0
(
	# 512-byte blocks in dash
	ulimit -f 100
	exec $PRE "$H/bin/quill-queue" <m.20 1<e
) || rc=$?
is "file too large: exit 53" "$rc" 53
nothing_left "file too large"
rc=0
(
	ulimit -f 0
	exec $PRE "$H/bin/quill-queue" <m 1<e
) || rc=$?
is "no file may have a byte: exit 53" "$rc" 53
nothing_left "no file may have a byte"
if [ -z "$SAN" ]; then
	rc=0
	(
		# shellcheck disable=SC3045
		ulimit -v 3000
		exec $PRE "$H/bin/quill-queue" <m 1<e.big
	) || rc=$?
	is "out of memory: exit 51" "$rc" 51
	nothing_left "out of memory"
fi

# A full disk, on a file system of the test's own.
cat >"$T/full.sh" <<'EOF'
mount -t tmpfs -o "$1",mode=2750 none "$H/queue/msg" || exit 99
chown quillq:quill "$H/queue/msg"
mkdir "$H/queue/msg/0" || exit 99
rmdir "$H/queue/msg/0"
for d in 0 1 2 3 4 5 6 7 8 9 a b c d e f g h i j k l m n o p q r s t u v; do
	mkdir "$H/queue/msg/$d" || exit 98
	chown quillq:quill "$H/queue/msg/$d"
	chmod 2750 "$H/queue/msg/$d"
done
[ "$2" = - ] || head -c "$2" /dev/zero >"$H/queue/msg/filler"
$PRE "$H/bin/quill-queue" <"$3" 1<"$4"
echo "rc $?"
rm -f "$H/queue/msg/filler"
find "$H/queue/msg" -type f | sed 's/.*\./left ./'
$PRE "$H/bin/quill-queue" <m 1<e
echo "again $?"
EOF
export H PRE
full()
{
	name=$1
	shift
	out=$(unshare -m sh "$T/full.sh" "$@" 2>&1)
	is "$name" "$(echo "$out" | tr '\n' ' ')" "$want"
}
want='rc 53 again 0 '
full "disk full in the message" size=1m - m.20 e
full "disk full at once" size=1m 1m m e
full "disk full in the envelope" size=1m $((1048576 - 4096)) m e
full "disk full in a large envelope" size=1m - m e.big
want='rc 64 again 99 '
# one inode for the root, 32 for the directories
want='rc 64 again 64 '
full "no inode for the message" nr_inodes=33 - m e
want='rc 65 again 65 '
full "no inode for the envelope" nr_inodes=34 - m e

# --- signals ---------------------------------------------------------------
# Held in each phase by a fifo that nobody writes to.
mkfifo m.fifo e.fifo
held()
{
	exec 8<>m.fifo 9<>e.fifo
	$PRE "$H/bin/quill-queue" <m.fifo 1<e.fifo 8>&- 9>&- &
	pid=$!
	wait_until 5 sh -c "ls $H/queue/msg/?/*.env"
}
printf 'F\0' >e.1
held
kill -ALRM $pid
wait $pid
is "ALRM while reading the message: exit 52" $? 52
nothing_left "ALRM while reading the message"
held
cat m >&8
exec 8>&-
kill -TERM $pid
wait $pid
is "TERM: not queued" "$(envs_whole)" 0
clear_queue
$PRE "$H/bin/quill-queue" <m 1<e.fifo 9>&- &
pid=$!
wait_until 5 sh -c "ls $H/queue/msg/?/*.env"
cat e.1 >&9
kill -ALRM $pid
wait $pid
is "ALRM while reading the envelope: exit 52" $? 52
nothing_left "ALRM while reading the envelope"
exec 9>&-
# inherited dispositions and masks
rc=0
(
	trap '' ALRM
	exec $PRE "$H/bin/quill-queue" <m.fifo 1<e
) 8<>m.fifo &
pid=$!
wait_until 5 sh -c "ls $H/queue/msg/?/*.env"
kill -ALRM $pid
wait $pid
is "ALRM although it was ignored: exit 52" $? 52
nothing_left "ALRM although it was ignored"

(
	# shellcheck disable=SC2086
	exec env --block-signal=ALRM $PRE "$H/bin/quill-queue" <m.fifo 1<e
) 8<>m.fifo &
pid=$!
wait_until 5 sh -c "ls $H/queue/msg/?/*.env"
kill -ALRM $pid
wait_until 5 grep -q 'State:.[ZX]' "/proc/$pid/status"
kill -9 $pid 2>/dev/null
wait $pid
is "ALRM although it was blocked: exit 52" $? 52
nothing_left "ALRM although it was blocked"

# Killed at, or failing in, any of the system calls that touch the disk. The
# program is not setuid here, or strace would take that away.
install -m 755 "$T/link/bin/quill-queue" "$T/plain"
chmod 711 "$T"
rc=0
setuidgid quillq "$T/plain" <&- 1<e || rc=$?
is "no descriptor 0: exit 54" "$rc" 54
nothing_left "no descriptor 0"
rc=0
setuidgid quillq "$T/plain" <m 1<&- || rc=$?
is "no descriptor 1: exit 54" "$rc" 54
nothing_left "no descriptor 1"
# inject CALL FAULT WHERE: at its WHERE-th CALL, or at the first that matches.
# (A dynamic loader has its own openat and read, and libraries differ in what
# they make of open.)
inject()
{
	rc=0
	n=$3
	case $n in
	[0-9]*) ;;
	*) n=$(grep "^$1(" "$T/calls" | grep -n -m 1 "$n" | cut -d: -f1) ;;
	esac
	setuidgid quillq strace -qq -o "$T/strace" -e trace="$1" \
		-e inject="$1:$2:when=$n" "$T/plain" <m 1<e 2>/dev/null || rc=$?
}
strace_ok=
setuidgid quillq strace -qq -o /dev/null true 2>/dev/null && strace_ok=1
: >"$T/strace"
chown quillq "$T/strace"
if [ "$strace_ok" ] && [ -z "$SAN" ]; then
	static=0
	readelf -lW "$T/plain" 2>/dev/null | grep -q INTERP || static=1
	: >"$T/calls"
	chown quillq "$T/calls"
	setuidgid quillq strace -qq -o "$T/calls" "$T/plain" <m 1<e
	clear_queue
	for point in openat:users/ids openat:mess openat:env write:1 \
		sync_file_range:1 write:2; do
		inject "${point%:*}" signal=SIGKILL "${point#*:}"
		is "killed at $point" "$rc" 137
		is "killed at $point: no END" "$(envs_whole)" 0
		clear_queue
	done
	# From here on the message may be there, whole, or not at all.
	for point in utimensat:1 fsync:1 fsync:2 fsync:3; do
		inject "${point%:*}" signal=SIGKILL "${point#*:}"
		is "killed at $point" "$rc" 137
		n=$(find "$H/queue/msg" -name '*.env' -size +0 | wc -l)
		is "killed at $point: whole or nothing" "$(envs_whole)" "$n"
		clear_queue
	done
	for row in openat:EACCES:mess:64 openat:EACCES:env:65 \
		openat:EEXIST:env:65 openat:ENOSPC:mess:64 'read:EIO:(0,:54' \
		'read:EIO:(1,:54' \
		write:ENOSPC:1:53 write:EDQUOT:2:53 write:EIO:1:53 \
		fsync:EIO:1:53 fsync:EIO:2:53 fsync:ENOSPC:3:53 \
		utimensat:EIO:1:53 chdir:EACCES:1:61 chdir:EACCES:2:62; do
		call=${row%%:*} rest=${row#*:}
		err=${rest%%:*} rest=${rest#*:}
		inject "$call" "error=$err" "${rest%:*}"
		is "$row" "$rc" "${row##*:}"
		nothing_left "$row"
	done
	# a failed fsync is not tried again
	inject fsync error=EIO 1
	is "one fsync, no second try" "$(grep -c fsync "$T/strace")" 1
	clear_queue
	inject openat error=EEXIST mess
	is "id taken: another one" "$rc" 0
	is "one message" "$(envs_whole)" 1
	clear_queue
	if [ $static = 1 ]; then
		inject openat error=EEXIST 2+
		is "every id taken: exit 63" "$rc" 63
		clear_queue
	else
		skip "every id taken: exit 63" "its calls cannot be told apart"
	fi
	# the order: all is written before the first sync, so that one journal
	# commit does for both files and their names
	setuidgid quillq strace -qq -y -o "$T/strace" \
		-e trace=write,fsync,utimensat "$T/plain" <m 1<e
	is "order of writing" "$(sed 's/<.*[.]\([a-z]*\)>.*/ \1/
		s/<.*>.*/ dir/; s/[0-9]* /=/; s/(//' "$T/strace" | tr '\n' ' ')" \
		"write=mess write=env utimensat=env fsync=env fsync=dir \
fsync=mess "
	clear_queue
	inject sync_file_range error=ENOSYS 1
	is "sync_file_range is advice: exit 0" "$rc" 0
	is "and is given" "$(grep -c sync_file_range "$T/strace")" 1
	clear_queue
	n=$(setuidgid quillq strace -qq -o "$T/strace" -c -S calls \
		"$T/plain" <m 1<e; awk '$NF == "total" { print $(NF - 1) }' \
		"$T/strace" | head -n 1)
	n=$(awk 'END { print $4 }' "$T/strace")
	diag "system calls: $n"
	# a dynamic loader makes about 20
	ok "at most 40 system calls" test "$n" -le $((static ? 40 : 65))
	clear_queue
else
	skip "failing system calls" "no strace here"
fi

# --- quill-clean -----------------------------------------------------------
clean()
{
	rc=0
	(
		cd "$H/queue" || exit 99
		exec setuidgid quillq "$H/bin/quill-clean"
	) <"$T/reqs" >"$T/out" 2>"$T/err" || rc=$?
}
# ask LETTER: about $id.
ask()
{
	printf '%s%s\n' "$1" "$id" >reqs
	clean
}
queue_id m e
id=${id#K}
ask r
is "clean: answer" "$(cat out)" +
is "clean: exit 0 at the end" "$rc" 0
is "clean: says nothing" "$(cat err)" ""
nothing_left "clean"
ask r
is "clean: gone already" "$(cat out) $rc" "+ 0"
ask o
is "clean: no orphan" "$(cat out) $rc" "+ 0"
queue_id m e
id=${id#K}
ask o
is "clean: not an orphan" "$(cat out) $rc" "! 0"
like "clean: says so" "$(cat err)" '^quill-clean: warning: not removed'
is "clean: it is all there" "$(find "$H/queue/msg" -type f | wc -l)" 2
rm -f "$H"/queue/msg/?/*.env
ask o
is "clean: an orphan" "$(cat out) $rc" "+ 0"
nothing_left "clean: an orphan"
queue_id m e
id=${id#K}
f=$(echo "$H"/queue/msg/?/*.env)
for n in 1 2 3; do
	echo "$n" >"$f"
	echo "$n" >"${f%.env}.mess"
	ask l
	is "clean: set aside $n" "$(cat out) $rc" "+ 0"
done
is "clean: nothing is overwritten" "$(cd "$H/queue/lost" &&
	for f in *; do echo "$f $(cat "$f")"; done | tr '\n' ' ')" \
	"$id.env 1 $id.env.1 2 $id.env.2 3 $id.mess 1 $id.mess.1 2 \
$id.mess.2 3 "
like "clean: says where" "$(cat err)" \
	"set aside msg/./$id.env as lost/$id.env[.]2"
clear_queue
# is a message what its envelope says?
head -c 200000 /dev/urandom >big
for row in m:0 m:-1 big:0 big:65536 big:199999; do
	queue_id "${row%:*}" e
	id=${id#K}
	f=$(echo "$H"/queue/msg/?/*.mess)
	ask c
	is "clean: $row is whole" "$(cat out) $rc" "+ 0"
	n=${row#*:}
	if [ "$n" = -1 ]; then
		truncate -s -1 "$f"
	else
		# a byte is another one
		n=$((n + $(head -n 1 "$f" | wc -c)))
		tail -c +$((n + 1)) "$f" | head -c 1 | tr '\0-\377' '\1-\377\0' |
			dd of="$f" bs=1 seek="$n" conv=notrunc 2>/dev/null
	fi
	ask c
	is "clean: $row is not" "$(cat out) $rc" "- 0"
	is "clean: and left where it is" \
		"$(find "$H/queue/msg" -type f | wc -l)" 2
	: >"$f"
	ask c
	is "clean: nor is it empty" "$(cat out) $rc" "- 0"
	rm "$f"
	ask c
	is "clean: no message to tell of" "$(cat out) $rc" "+ 0"
	: >"${f%.mess}.env"
	: >"$f"
	ask c
	is "clean: no envelope to tell" "$(cat out) $rc" "+ 0"
	rm "$f" "${f%.mess}.env"
	ask c
	is "clean: none at all" "$(cat out) $rc" "+ 0"
	mkfifo "$f" "${f%.mess}.env"
	ask c
	is "clean: fifos, of which send tells" "$(cat out) $rc" "+ 0"
	ask s
	is "clean: which it does not wait for" "$(cat out) $rc" "! 0"
	like "clean: and says so" "$(cat err)" '^quill-clean: warning: unable to '
	rm "$f" "${f%.mess}.env"
	: >"$f"
	: >"${f%.mess}.env"
	chmod 0 "${f%.mess}.env"
	ask c
	is "clean: cannot tell" "$(cat out) $rc" "! 0"
	like "clean: and says so" "$(cat err)" '^quill-clean: warning: unable to '
	clear_queue
done
# ten at once, cut in odd places
for n in 1 2 3 4 5 6 7 8 9 10; do
	queue_id m e
	printf 'r%s\n' "${id#K}"
done >r
rm reqs
mkfifo reqs
{
	head -c 5 r
	sleep 0.2
	tail -c +6 r | head -c 50
	sleep 0.2
	tail -c +56 r
} >reqs &
clean
rm reqs
is "clean: requests in pieces" "$(cat out) $rc" "++++++++++ 0"
nothing_left "clean: requests in pieces"
for bad in 'x0123456789abcdef\n' 'r../../../../etc/p\n' 'r0123456789abcdef '; do
	# shellcheck disable=SC2059
	printf "$bad" >reqs
	clean
	is "clean: garbage '$bad'" "$rc" 111
	like "clean: alert" "$(cat err)" '^quill-clean: alert: '
done
printf 'r0123' >reqs
clean
is "clean: half a request" "$rc" 111
queue_id m e
id=${id#K}
chmod 550 "$H"/queue/msg/?
ask r
is "clean: cannot remove" "$(cat out) $rc" "! 0"
like "clean: says why" "$(cat err)" 'unable to remove msg/.*: Permission denied'
chmod 2750 "$H"/queue/msg/?
done_testing
