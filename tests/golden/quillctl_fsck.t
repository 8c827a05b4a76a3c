#!/bin/sh
# SPDX-License-Identifier: 0BSD
# quillctl fsck, export and import on queues made for it, without a quill-send:
# every kind of damage, what is repaired, what goes to queue/lost; backups.
. "$(dirname "$0")/../lib.sh"
need_root
need python3 tar

quill_config quill.example
ctl=$H/bin/quillctl
Q=$H/queue

put()
{
	put_from=$1
	shift
	{
		printf 'F%s\0' "$put_from"
		for put_to in "$@"; do
			printf 'T%s\0' "$put_to"
		done
		printf '\0'
	} >"$T/env"
	find "$Q/msg" -name '*.env' | sort >"$T/before"
	printf 'Subject: s\n\nbody of %s\n' "$1" |
		"$H/bin/quill-queue" 1<"$T/env" || give_up "quill-queue"
	id=$(find "$Q/msg" -name '*.env' | sort | comm -13 "$T/before" - |
		sed 's/.*\///; s/\.env//')
}

dir_of()
{
	echo "$1" | cut -c16
}

# f ID EXT: a file of the message
f()
{
	echo "$Q/msg/$(dir_of "$1")/$1.$2"
}

marks()
{
	python3 - "$1" <<'END'
import sys
recs = open(sys.argv[1], 'rb').read().split(b'\0')
print(''.join(chr(r[0]) for r in recs[5:-1] if r[:1] in b'THMmDXR'))
END
}

# setmark FILE N MARK: of recipient N, from 0
setmark()
{
	python3 - "$@" <<'END'
import sys
d = bytearray(open(sys.argv[1], 'rb').read())
pos, recs = 0, []
for r in bytes(d).split(b'\0'):
	if len(recs) >= 5 and r[:1] != b'P':
		recs.append(pos)
	elif len(recs) < 5:
		recs.append(pos)
	pos += len(r) + 1
with open(sys.argv[1], 'r+b') as f:
	f.seek(recs[5 + int(sys.argv[2])])
	f.write(sys.argv[3].encode())
END
}

# found NAME FILE TEXT: fsck -n and fsck find TEXT about FILE; then nothing.
found()
{
	fd_name=$1 fd_file=$2 fd_text=$3
	find "$Q" ! -type p -exec stat -c '%n %s %a %U %G' {} + | sort \
		>"$T/tree1"
	exits "$fd_name: fsck -n finds it" 1 "$ctl" fsck -n
	like "$fd_name: says what" "$(cat "$T/out")" "$fd_file: $fd_text; would be"
	find "$Q" ! -type p -exec stat -c '%n %s %a %U %G' {} + | sort \
		>"$T/tree2"
	same "$fd_name: fsck -n changes nothing" "$T/tree1" "$T/tree2"
	exits "$fd_name: fsck" 1 "$ctl" fsck
	like "$fd_name: says what it did" "$(cat "$T/out")" \
		"$fd_file: $fd_text; [^n]"
	exits "$fd_name: then all is well" 0 "$ctl" fsck
	ok "$fd_name: nothing was deleted" [ "$(find "$Q" -type f | wc -l)" \
		-ge "$(grep -c ' 6[0-9]0 \| 640 ' "$T/tree1")" ]
}

exits 'an empty queue is whole' 0 "$ctl" fsck
put a@one.example u1@a.test u2@b.test
id1=$id
put b@one.example u3@a.test
id2=$id
exits 'so is one with messages' 0 "$ctl" fsck
like 'which are counted' "$(cat "$T/out")" '^2 messages whole'

# --- repaired ------------------------------------------------------------------
chmod 644 "$(f "$id1" mess)"
found 'mode' "msg/.*/$id1.mess" 'wrong owner, group or mode'
is 'mode: it is right' "$(stat -c %a "$(f "$id1" mess)")" 640
chown root:root "$(f "$id1" env)"
found 'owner' "msg/.*/$id1.env" 'wrong owner, group or mode'
is 'owner: it is right' "$(stat -c %U:%G "$(f "$id1" env)")" \
	"$(stat -c %U:%G "$(f "$id2" env)")"
chmod 777 "$Q/msg/0"
found 'mode of a directory' msg/0 'wrong owner, group or mode'
other=0
[ "$(dir_of "$id2")" != 0 ] || other=1
mv "$(f "$id2" env)" "$(f "$id2" mess)" "$Q/msg/$other"
found 'the wrong directory' "msg/$other/$id2.mess" 'in the wrong directory'
ok 'the wrong directory: it is in the right one' test -f "$(f "$id2" env)"
setmark "$(f "$id1" env)" 1 '?'
found 'a mark that means nothing' "msg/.*/$id1.env" \
	'marks of recipients that mean nothing'
is 'a mark that means nothing: to do' "$(marks "$(f "$id1" env)")" TT
rm "$Q/lock/hint"
found 'no fifo' lock/hint missing
ok 'no fifo: it is there' test -p "$Q/lock/hint"
is 'no fifo: as installed' "$(stat -c %U:%G:%a "$Q/lock/hint")" \
	"$(stat -c %U:%G:%a "$Q/lock/send")"
rm "$Q/lock/send"
found 'no lock' lock/send missing
chmod 666 "$Q/lock/hint"
found 'mode of the fifo' lock/hint 'wrong owner, group or mode'
sub=z
for d in 0 1 2 3 4 5; do
	rmdir "$Q/msg/$d" 2>/dev/null && sub=$d && break
done
found 'a directory' "msg/$sub" missing
is 'a directory: as installed' "$(stat -c %U:%G:%a "$Q/msg/$sub")" \
	"$(stat -c %U:%G:%a "$Q/msg/v")"
touch -d 'now + 10 days' "$(f "$id1" env)"
found 'a time in the future' "msg/.*/$id1.env" 'last tried in the future'

# What the owner of bounce/ may have linked there is not given to it.
echo secret >"$T/secret"
chmod 644 "$T/secret"
if ln "$T/secret" "$Q/bounce/$id1" 2>/dev/null; then
	exits 'another name' 111 "$ctl" fsck
	is 'another name: left as it was' "$(stat -c %U:%a "$T/secret")" root:644
	exits 'another name: no note in it' 111 \
		"$ctl" bounce --text why "$id1"
	is 'another name: not written to' "$(cat "$T/secret")" secret
	rm "$Q/bounce/$id1"
else
	skip 'another name' 'it is another file system'
fi

# --- set aside -----------------------------------------------------------------
lost()
{
	ok "$1" test -e "$Q/lost/$2"
}

printf x >>"$(f "$id1" mess)"
found 'a longer message' "msg/.*/$id1.env" '.*the size on record'
lost 'a longer message: its envelope' "$id1.env"
lost 'a longer message: itself' "$id1.mess"
put c@one.example u4@a.test
printf X | dd of="$(f "$id" mess)" bs=1 seek=3 conv=notrunc 2>/dev/null
found 'a changed byte' "msg/.*/$id.env" '.*the checksum on record'
put d@one.example u5@a.test
rm "$(f "$id" mess)"
found 'no message' "msg/.*/$id.env" 'it has no message file'
put e@one.example u6@a.test
printf X | dd of="$(f "$id" env)" bs=1 seek=30 conv=notrunc 2>/dev/null
echo note >"$Q/bounce/$id"
chown --reference="$Q/bounce" "$Q/bounce/$id"
chmod 640 "$Q/bounce/$id"
found 'a changed envelope' "msg/.*/$id.env" 'its envelope file is not valid'
lost 'a changed envelope: its notes, too' "$id.bounce"
old=0000000000000007
printf 'old\n' >"$(f "$old" mess)"
chown --reference="$(f "$id2" mess)" "$(f "$old" mess)"
chmod 640 "$(f "$old" mess)"
found 'a message alone' "msg/7/$old.mess" 'a message without an envelope'
lost 'a message alone: set aside' "$old.mess"
printf 'old\n' >"$(f "$old" mess)"
chown --reference="$(f "$id2" mess)" "$(f "$old" mess)"
chmod 640 "$(f "$old" mess)"
found 'another of that name' "msg/7/$old.mess" 'a message without an envelope'
lost 'another of that name: beside the first' "$old.mess.1"
echo junk >"$Q/msg/v/$(printf 'junk\033[2J')"
found 'a foreign file, its name escaped' 'msg/v/junk\?\[2J' \
	'not a file of the queue'
mkdir "$Q/msg/v/dir"
found 'a foreign directory' msg/v/dir 'not a file of the queue'
echo x >"$Q/msg/v/000000000000000v.mess.part"
exits 'what an import writes is left alone' 0 "$ctl" fsck
touch -d '2 hours ago' "$Q/msg/v/000000000000000v.mess.part"
found 'until it is old' msg/v/000000000000000v.mess.part \
	'not a file of the queue'
ln -s /etc/passwd "$Q/msg/v/000000000000000v.env"
found 'a link' msg/v/000000000000000v.env 'not a plain file'
ok 'a link: nothing happened to its target' test -s /etc/passwd
echo x >"$Q/bounce/$old"
chown --reference="$Q/bounce" "$Q/bounce/$old"
chmod 640 "$Q/bounce/$old"
found 'notes alone' "bounce/$old" 'reasons of failures without a message'

# Nobody waits for a writer who never comes.
fifo()
{
	rm -f "$2"
	mkfifo "$2"
	for c in "show $id" "show -m $id" "why $id" queue "export $T/fifo" \
		'fsck -n' fsck; do
		# shellcheck disable=SC2086 # words
		timeout 60 "$ctl" $c >"$T/out" 2>"$T/err"
		isnt "$1: $c" $? 124
	done
	ok "$1: moved aside" test ! -e "$2"
}
# isnt NAME GOT UNWANTED
isnt()
{
	ok "$1" test "$2" != "$3"
}
put h@one.example u9@a.test
setmark "$(f "$id" env)" 0 M
fifo 'notes that are a fifo' "$Q/bounce/$id"
fifo 'a message that is a fifo' "$(f "$id" mess)"
put h@one.example u9@a.test
fifo 'an envelope that is a fifo' "$(f "$id" env)"
rm -rf "$T/fifo"
rm -f "$(f "$id" mess)"

# --- told of, and left -----------------------------------------------------------
put f@one.example u7@a.test u8@a.test
setmark "$(f "$id" env)" 0 X
setmark "$(f "$id" env)" 1 M
exits 'marks without notes' 1 "$ctl" fsck
like 'a failure without a reason' "$(cat "$T/out")" 'the reason is in no note'
like 'a relay that nobody knows' "$(cat "$T/out")" 'no note names the relay'
"$ctl" fsck -j | python3 -c '
import json, sys
n = [json.loads(l) for l in sys.stdin]
assert len(n) == 2 and all(set(f) == {"file", "problem", "action"} for f in n)'
is 'fsck -j is JSON' $? 0
rm "$(f "$id" env)" "$(f "$id" mess)"
mktestuser
usermod -a -G "$(stat -c %G "$Q")" "$testuser"
chmod 644 "$(f "$id2" mess)"
exits 'a member of group quill may look' 1 setpriv --reuid "$testuser" \
	--init-groups --regid "$testuser" "$ctl" fsck
like 'and is told who may repair' "$(cat "$T/err")" 'only root may repair'
chmod 640 "$(f "$id2" mess)"
rm -rf "$Q/lost"/*

# --- export ----------------------------------------------------------------------
put g@one.example v1@a.test v2@a.test v3@a.test v4@a.test
id3=$id
"$ctl" delete --to v2@a.test >"$T/out" 2>&1
"$ctl" bounce --to v3@a.test --text 'no more' >"$T/out" 2>&1
setmark "$(f "$id3" env)" 0 D
"$ctl" retry "$id3" >"$T/out" 2>&1 # what setmark did was no attempt
is 'the marks before' "$(marks "$(f "$id3" env)")" DRXT
# quill-clean must be able to sync the notes, whoever made them
notes()
{
	stat -c '%U %G %a' "$Q/bounce/$id3"
}
is 'notes made without quill-send: group quill reads them' "$(notes)" \
	"$(stat -c '%U %G' "$Q/bounce") 640"
exits 'and fsck has nothing to say' 0 "$ctl" fsck
chmod 600 "$Q/bounce/$id3"
found 'notes that the group cannot read' "bounce/$id3" 'wrong owner, group or mode'
is 'it can now' "$(notes)" "$(stat -c '%U %G' "$Q/bounce") 640"
touch -d 'now + 1 hour' "$(f "$id2" env)"
exits 'export to a directory' 0 "$ctl" export "$T/backup"
like 'says how many' "$(cat "$T/err")" 'messages exported: 2'
same 'the message is there' "$(f "$id3" mess)" \
	"$T/backup/msg/$(dir_of "$id3")/$id3.mess"
same 'its envelope' "$(f "$id3" env)" "$T/backup/msg/$(dir_of "$id3")/$id3.env"
same 'its notes' "$Q/bounce/$id3" "$T/backup/bounce/$id3"
is 'nobody else may read it' "$(stat -c %a "$T/backup")" 700
"$ctl" export - >"$T/backup.tar" 2>"$T/err"
is 'export as a tar file' $? 0
tar tf "$T/backup.tar" >"$T/out" 2>"$T/err"
is 'that tar reads' "$?$(grep -c . "$T/out")" 05
mkdir "$T/untar"
tar xf "$T/backup.tar" -C "$T/untar"
same 'and unpacks' "$(f "$id3" env)" "$T/untar/msg/$(dir_of "$id3")/$id3.env"
# delivered since: a backup that still had it would deliver it again
mkdir "$T/gone"
mv "$(f "$id2" env)" "$(f "$id2" mess)" "$T/gone"
cp -a "$T/backup" "$T/again"
exits 'export to the same place, later' 0 "$ctl" export "$T/again"
is 'what is gone from the queue is gone from there' \
	"$(find "$T/again" -name "$id2*")" ''
mv "$T/gone/$id2".* "$Q/msg/$(dir_of "$id2")"
mkdir "$T/mine"
echo precious >"$T/mine/file"
exits 'not into a directory of something else' 111 "$ctl" export "$T/mine"
exits 'nor without a place' 64 "$ctl" export

# --- import ----------------------------------------------------------------------
# empty it: the queue of another machine
empty()
{
	find "$Q/msg" "$Q/bounce" "$Q/lost" -type f -exec rm {} +
	rm -rf "$H/log/send" "$H/log/quillctl"
}
tree()
{
	(cd "$Q" && find msg bounce -type f -exec stat -c '%n %U %G %a %Y' {} + |
		sort && find msg bounce -type f -exec cksum {} + | sort)
}
tree >"$T/want"
for from in "$T/backup" "$T/backup.tar" "$T/untar" -; do
	empty
	if [ "$from" = - ]; then
		exits "import from $from" 0 "$ctl" import - <"$T/backup.tar"
	else
		exits "import from $from" 0 "$ctl" import "$from"
	fi
	like 'says how many' "$(cat "$T/out")" '^imported: 2, .*not imported: 0'
	tree >"$T/got"
	# only the time of an envelope means something
	sed '/\.env /!s/ [0-9]*$//' "$T/want" >"$T/want1"
	sed '/\.env /!s/ [0-9]*$//' "$T/got" >"$T/got1"
	same "all as before, from $from" "$T/got1" "$T/want1"
	exits 'fsck has nothing to say' 0 "$ctl" fsck
done
exits 'again: nothing is doubled' 0 "$ctl" import "$T/backup"
like 'and it says so' "$(cat "$T/out")" '^imported: 0, in the queue already: 2'
is 'never tried is still never tried' \
	"$("$ctl" queue --count --state new --from g@one.example)" 1

# a backup knows more than the queue, and less
setmark "$(f "$id3" env)" 0 T
exits 'marks are joined' 0 "$ctl" import "$T/backup"
is 'who was done there is done here' "$(marks "$(f "$id3" env)")" RRXT
setmark "$(f "$id3" env)" 3 D
exits 'and the other way round' 0 "$ctl" import "$T/backup"
is 'who is done here stays so' "$(marks "$(f "$id3" env)")" RRXD

# what logs know
empty
mkdir -p "$H/log/send" "$T/oldlog"
echo "@4000000069155f5a00000000 end msg $id3" >"$H/log/send/current"
{
	echo "@4000000069155f5a00000000 starting delivery 1: msg $id2 to remote u3@a.test"
	echo "@4000000069155f5b00000000 delivery 1: success: ok/ to=u3@a.test from=<b@one.example> relay=-"
} >"$T/oldlog/current"
exits 'what logs call done' 0 "$ctl" import -n --logs "$T/oldlog" "$T/backup"
like 'is left out' "$(cat "$T/out")" 'done already: 2'
# A died while it wrote this one: to whom it was delivered is not known
sed -i '$s/ to=.*//' "$T/oldlog/current"
exits 'a line that is cut' 0 "$ctl" import -n --logs "$T/oldlog" "$T/backup"
like 'is nobody delivered to' "$(cat "$T/out")" 'done already: 1'
exits 'without the other log' 0 "$ctl" import "$T/backup"
like 'only what this one knows' "$(cat "$T/out")" \
	'^imported: 1, .* done already: 1'
exits 'import -n changes nothing' 0 "$ctl" import -n "$T/backup"

# in a log _ stands for bytes that it cannot show: who may be meant is not done
empty
put f@one.example "$(printf '\303\244@a.test')" "$(printf '\303\266@a.test')" \
	x_y@a.test "$(printf '\303\274@b.test')"
exits 'export of names that look alike' 0 "$ctl" export "$T/alike"
alike=$id
empty
{
	n=0
	for to in __@a.test x_y@a.test __@b.test; do
		n=$((n + 1))
		echo "@4000000069155f5a00000000 starting delivery $n: msg $alike to remote $to"
		echo "@4000000069155f5b00000000 delivery $n: success: ok/ to=$to from=<f@one.example> relay=-"
	done
} >"$T/oldlog/current"
exits 'their import' 0 "$ctl" import --logs "$T/oldlog" "$T/alike"
is 'one of two that look alike is not the other' \
	"$(marks "$(f "$alike" env)")" TTDD

# of an import that was killed, or a quill-queue: a message without an envelope
empty
echo old >"$(f "$id3" mess)"
chown quillq "$(f "$id3" mess)"
exits 'import where a part of it is left' 0 "$ctl" import "$T/backup"
same 'the message is what was exported' "$(f "$id3" mess)" \
	"$T/backup/msg/$(dir_of "$id3")/$id3.mess"
exits 'fsck has nothing to say, again' 0 "$ctl" fsck

# What the owner of bounce/ may have linked there is not written to.
empty
if ln "$T/secret" "$Q/bounce/$id3" 2>/dev/null; then
	exits 'import where another name is' 111 "$ctl" import "$T/backup"
	is 'it is left as it was' "$(cat "$T/secret")" secret
	is 'and that message is not there' "$(find "$Q/msg" -name "$id3*")" ''
else
	skip 'import where another name is' 'it is another file system'
fi

# damage
empty
head -c 1500 "$T/backup.tar" >"$T/cut.tar"
exits 'a backup that was cut' 111 "$ctl" import "$T/cut.tar"
like 'is said' "$(cat "$T/err")" 'ends too early'
is 'and leaves nothing half' "$(find "$Q/msg" -type f | wc -l)" \
	"$(($("$ctl" queue --count) * 2))"
head -c 2000 /dev/urandom >"$T/junk.tar"
exits 'what is no tar file' 111 "$ctl" import "$T/junk.tar"
like 'is said' "$(cat "$T/err")" 'no tar file'
cp -a "$T/backup" "$T/bad"
printf X | dd of="$T/bad/msg/$(dir_of "$id3")/$id3.mess" bs=1 seek=2 \
	conv=notrunc 2>/dev/null
empty
exits 'a damaged message is not imported' 111 "$ctl" import "$T/bad"
like 'is said' "$(cat "$T/err")" "not imported: $id3: its message is not"
is 'the other one is' "$("$ctl" queue --count)" 1
mkdir -p "$T/evil/msg/v" "$T/evil/bounce"
ln -s /etc/shadow "$T/evil/msg/v/000000000000000v.env"
touch "$T/evil/msg/v/000000000000000v.mess"
exits 'links in a backup are not followed' 111 "$ctl" import "$T/evil"
python3 - "$T/evil.tar" <<'END'
import io, sys, tarfile
t = tarfile.open(sys.argv[1], 'w')
for name in '../../../etc/cron.d/x', '/msg/v/../../x', 'msg/v/x', \
		'msg/0/000000000000000v.mess', 'bounce/../x':
	i = tarfile.TarInfo(name)
	i.size = 3
	t.addfile(i, io.BytesIO(b'abc'))
t.close()
END
empty
exits 'names that lead elsewhere are passed over' 0 "$ctl" import "$T/evil.tar"
is 'and nothing came of them' "$(find "$Q/msg" -type f | wc -l)" 0
ok 'anywhere' test ! -e /etc/cron.d/x
exits 'only root imports' 111 setpriv --reuid "$testuser" --init-groups \
	--regid "$testuser" "$ctl" import - </dev/null
like 'as it says' "$(cat "$T/err")" 'only root may import'

# --- killed in the middle ---------------------------------------------------------
empty
n=0
while [ $n -lt 60 ]; do
	n=$((n + 1))
	printf 'Fk@one.example\0Tk%s@a.test\0\0' $n >"$T/env"
	printf 'Subject: k\n\nbody\n' | "$H/bin/quill-queue" 1<"$T/env"
done
ids()
{
	find "$Q/msg" -name '*.env' -printf '%f\n' | sort
}
ids >"$T/want"
"$ctl" export - >"$T/sixty.tar" 2>"$T/err"
empty
for after in 0.01 0.02 0.05 0.1 0.2; do
	"$ctl" import "$T/sixty.tar" >"$T/out" 2>&1 &
	importing=$!
	sleep $after
	kill -9 $importing 2>/dev/null
	wait $importing 2>/dev/null
	# every message that is there is whole, whenever it was
	"$ctl" fsck >"$T/out" 2>&1
	like "import killed after $after s: no damage" "$(cat "$T/out")" \
		' 0 findings, 0 messages in lost'
done
exits 'then it is given again' 0 "$ctl" import "$T/sixty.tar"
ids >"$T/got"
same 'and all are there' "$T/got" "$T/want"
is 'nothing is left of the others' "$(find "$Q/msg" -name '*.part')" ''

# --- ages ------------------------------------------------------------------------
empty
for d in a.test a.test b.test; do
	put x@one.example "u@$d" "v@$d"
done
is 'ages: busiest first' "$("$ctl" ages | sed -n 's/^\([a-z.]*\) *\([0-9]*\) .*/\1 \2/p' |
	grep test)" "a.test 4
b.test 2"
like 'ages: the sum' "$("$ctl" ages)" '^TOTAL +6 +6 +0'
like 'ages --bars' "$("$ctl" ages -b)" '^a.test +4 \|1{40}$'
is 'ages -j' "$("$ctl" ages -j | python3 -c '
import json, sys
print([(d["domain"], d["total"], d["5"]) for d in map(json.loads, sys.stdin)])')" \
	"[('a.test', 4, 4), ('b.test', 2, 2)]"
is 'ages of senders' "$("$ctl" ages -s | grep -c '^one.example  *6 ')" 1
like 'ages with a selector' "$("$ctl" ages --domain b.test)" '^TOTAL +2 '
exits 'one that fits nothing: exit 1' 1 "$ctl" ages --domain no.test
like 'and says so' "$(cat "$T/err")" 'nothing fits'
# aged ID SECONDS: an id tells when the message came; prints the new one
aged()
{
	aged_new=$(python3 -c '
import sys, time
us = int((time.time() - int(sys.argv[2])) * 1e6)
a = "0123456789abcdefghijklmnopqrstuv"
print("".join(a[us >> 5 * (10 - i) & 31] for i in range(11)) + sys.argv[1][11:])
' "$1" "$2")
	for aged_ext in mess env; do
		mv "$(f "$1" $aged_ext)" "$(f "$aged_new" $aged_ext)"
	done
	echo "$aged_new"
}
put x@two.example old@b.test
old=$(aged "$id" 90000)
put x@two.example mid@b.test
mid=$(aged "$id" 450)
like 'ages: who waits how long' "$("$ctl" ages)" \
	'^b.test +4 +2 +1 +0 +0 +0 +0 +0 +0 +0 +1$'
like 'ages: by columns with names' "$("$ctl" ages | head -n 1)" \
	' total +5 +10 +20 +40 +80 +160 +320 +640 +1280 +1280\+$'
like 'ages --bars: a character for each piece' "$("$ctl" ages -b)" \
	'^b.test +4 \|1{20}2{10}A{10}$'
is 'ages -j: names and numbers' "$("$ctl" ages -j --domain b.test | python3 -c '
import json, sys
d = json.load(sys.stdin)
print(d["total"], d["5"], d["10"], d["20"], d["1280+"])')" '4 2 1 0 1'
is '--older' "$("$ctl" queue -j --older 1h | grep -o "$old")" "$old"
is '--older, another unit' "$("$ctl" queue --older 5m --count)" 2
is '--younger' "$("$ctl" queue --younger 5m --count)" 3
is 'both' "$("$ctl" queue --older 5m --younger 1d -j | grep -o "$mid")" "$mid"
for i in "$old" "$mid"; do
	rm "$(f "$i" mess)" "$(f "$i" env)"
done

# --- status, top ------------------------------------------------------------------
exits 'status: not running' 1 "$ctl" status
like 'counts what is new' "$(cat "$T/out")" '^  new 3, active 0, waiting 0'
# one that is started again and again: as supervise tells it, by its status
mkdir -p "$T/services/send/supervise"
echo "exec $H/bin/quill-start ./Maildir/" >"$T/services/send/run"
service()
{
	python3 - "$@" >"$T/services/send/supervise/status" <<'END'
import struct, sys, time
age, pid, want = sys.argv[1:]
sys.stdout.buffer.write(struct.pack('>QI', 2**62 + 10 + int(time.time()) -
	int(age), 0) + struct.pack('<IBc', int(pid), 0, want.encode()))
END
	"$ctl" status --services "$T/services" >"$T/out"
	grep '^quill-send' "$T/out"
}
like 'status: it was started just now' "$(service 0 77 u)" \
	"^quill-send: starting, or restarting again and again: up [0-9] s, see $H/log/send/current\$"
like 'status: about to be started again' "$(service 0 0 u)" \
	'^quill-send: starting, or restarting again and again: down [0-9] s, see'
is 'status: not to be started' "$(service 0 0 d)" 'quill-send: not running'
is 'status: up for long, and does not run' "$(service 3600 77 u)" \
	'quill-send: not running'
"$ctl" status -j | python3 -c '
import json, sys
s = json.load(sys.stdin)
assert s["restarting"] is False
assert s["messages"] == 3 and s["running"] is False and s["new"] == 3, s
assert s["free_bytes"] > 0 and s["oldest_time"] > 0'
is 'status -j' $? 0
unlike 'no colour into a pipe' "$(TERM=xterm "$ctl" status | od -An -c)" 033
exits 'top, once, without a terminal' 0 "$ctl" top -n 1
like 'shows the queue' "$(cat "$T/out")" '^queue 3  new 3'
unlike 'and moves no cursor' "$(od -An -c "$T/out")" '033'
done_testing
