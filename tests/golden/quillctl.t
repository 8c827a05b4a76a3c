#!/bin/sh
# SPDX-License-Identifier: 0BSD
# quillctl on a queue and logs that were made for it, without a quill-send:
# selectors, what is shown, orders while it is stopped, hostile text, usage.
. "$(dirname "$0")/../lib.sh"
need_root
need python3

quill_config quill.example
ctl=$H/bin/quillctl

# put SENDER RECIPIENT...: queue a message; $id
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
	find "$H/queue/msg" -name '*.env' | sort >"$T/before"
	printf 'Subject: s\n\nbody\n' | "$H/bin/quill-queue" 1<"$T/env" ||
		give_up "quill-queue"
	id=$(find "$H/queue/msg" -name '*.env' | sort | comm -13 "$T/before" - |
		sed 's/.*\///; s/\.env//')
}

env_of()
{
	echo "$H/queue/msg/$(echo "$1" | cut -c16)/$1.env"
}

# marks ID: the first bytes of its recipients
marks()
{
	python3 - "$(env_of "$1")" <<'END'
import sys
recs = open(sys.argv[1], 'rb').read().split(b'\0')
print(''.join(chr(r[0]) for r in recs[5:-1] if r[:1] in b'THMmDXR'))
END
}

# --- usage -------------------------------------------------------------------
exits 'no subcommand: usage' 64 "$ctl"
like 'usage names the subcommands' "$(cat "$T/err")" 'quillctl queue'
exits 'an unknown subcommand' 64 "$ctl" frobnicate
like 'is named' "$(cat "$T/err")" 'unknown subcommand frobnicate'
exits 'an unknown option' 64 "$ctl" queue --frob
like 'is named, too' "$(cat "$T/err")" 'unknown option --frob'
exits 'an unknown state' 64 "$ctl" queue --state tired
exits 'a bad age' 64 "$ctl" queue --older soon
like 'is named as well' "$(cat "$T/err")" 'not an age: soon'
exits 'a bad regular expression' 64 "$ctl" queue --match '('
exits 'no id' 64 "$ctl" queue 0123
exits 'an order without a selector' 64 "$ctl" delete
like 'asks which' "$(cat "$T/err")" 'which messages'
exits 'reroute without a relay' 64 "$ctl" reroute --all
exits 'reroute by none, even if it is not to be done' 64 "$ctl" reroute -n \
	--via relay.test:x --all
like 'says what is wrong' "$(cat "$T/err")" 'bad port of a relay: relay.test:x'
exits 'an unknown part' 64 "$ctl" check frob
like 'the known ones are named' "$(cat "$T/err")" 'services, system.*: frob'
is 'check takes no selector' "$(grep -c -e '--older' "$T/err")" 0
exits 'help for one' 0 "$ctl" help hold
is 'is of that one' "$(head -n 1 "$T/out")" 'usage: quillctl hold [-nj] SELECTOR'
exits 'asked for behind it' 0 "$ctl" dns -h
is 'is the same' "$(cut -c 1-19 "$T/out")" 'usage: quillctl dns'
exits 'help for what is not there' 64 "$ctl" help frob
like 'and says so' "$(cat "$T/err")" 'unknown subcommand frob'
exits 'an empty subcommand' 64 "$ctl" ''
exits '--text is for bounces' 64 "$ctl" hold --text x --all
exits 'show without id' 64 "$ctl" show
like 'asks which' "$(cat "$T/err")" 'which message'
exits 'why without one' 64 "$ctl" why
like 'asks which, too' "$(cat "$T/err")" 'which message'
exits 'why of neither' 64 "$ctl" why postmaster
exits 'a word too many' 64 "$ctl" status now
like 'is named as well' "$(cat "$T/err")" 'one word too many: now'
exits 'export to nowhere' 64 "$ctl" export
like 'says so' "$(cat "$T/err")" 'what is it about. export'
exits 'two that do not go together' 64 "$ctl" queue -j --count
like 'are named' "$(cat "$T/err")" 'either --json or --count'
exits 'help' 0 "$ctl" help
like 'is on the standard output' "$(cat "$T/out")" '^usage: quillctl '
exits 'queue, empty' 0 "$ctl" queue
is 'shows nothing' "$(cat "$T/out")" ''
exits 'nothing fits: exit 1' 1 "$ctl" queue --from a@b.example
like 'and says so' "$(cat "$T/err")" 'nothing fits'
exits 'an order that fits nothing: exit 1' 1 "$ctl" hold --all
like 'says so, too' "$(cat "$T/err")" 'nothing fits'
exits 'an id that is not there: exit 1' 1 "$ctl" show 0000000000000000
exits 'an order for one: exit 1' 1 "$ctl" retry 0000000000000000
like 'is named' "$(cat "$T/err")" 'no message 0000000000000000'
exits 'why of an unknown one: exit 1' 1 "$ctl" why 0000000000000000

# --- selectors ---------------------------------------------------------------
put alice@one.example u1@a.test u2@b.test
id1=$id
put bob@two.example u3@A.TEST u4@sub.a.test
id2=$id
put '' u5@c.test
id3=$id

# fits NAME IDS OPTION...
fits()
{
	fits_name=$1 fits_want=$2
	shift 2
	is "queue $fits_name" "$("$ctl" queue -j "$@" 2>"$T/err" |
		python3 -c 'import json, sys
print(" ".join(sorted(json.loads(l)["queue_id"] for l in sys.stdin)))')" \
		"$(for i in $fits_want; do echo "$i"; done | sort | tr '\n' ' ' |
			sed 's/ $//')"
}

fits 'all' "$id1 $id2 $id3"
fits 'by id' "$id2" "$id2"
fits 'by two ids' "$id2 $id1" "$id2" "$id1"
fits '--from' "$id1" --from ALICE@one.example
fits '--from a domain' "$id2" --from @two.example
fits '--from nobody' "$id3" --from ''
fits '--from <>' "$id3" --from '<>'
fits '--to' "$id2" --to u3@a.test
fits '--domain, any case' "$id1 $id2" --domain a.test
fits '--domain below' "$id2" --domain .a.test
fits '--older' '' --older 1h
fits '--younger' "$id1 $id2 $id3" --younger 1h
fits '--state new' "$id1 $id2 $id3" --state new
fits '--state waiting' '' --state waiting
fits '--state active, nothing runs' '' --state active
fits '--match a sender' "$id1" --match '^alice@'
fits '--match a recipient' "$id3" --match '^u[5-9]@'
fits 'two conditions' "$id1" --domain a.test --from @one.example
is 'queue --count with a selector' "$("$ctl" queue --count --domain a.test)" 2
is 'queue shows only the recipients that fit' \
	"$("$ctl" queue --domain b.test | grep -c u1@)" 0

# --- files that cannot be read -------------------------------------------------
mv "$(env_of "$id2")" "$T/away"
for what in mkfifo mkdir; do
	$what "$(env_of "$id2")"
	exits "an envelope by $what" 0 "$ctl" queue
	like 'is named' "$(cat "$T/err")" \
		"unable to read $H/queue/msg/./$id2.env: no plain file"
	is 'the others are shown' "$(grep -c "^[0-9a-v]\{16\} " "$T/out")" 2
	exits 'by status as well' 1 "$ctl" status
	like 'which counts them' "$(cat "$T/out")" \
		'^  new 2, active 0, waiting 0, held 0, damaged 1$'
	exits 'it is left alone' 0 "$ctl" hold -n --all
	is 'by orders' "$(grep -c '^would hold' "$T/out")" 2
	exits 'to be shown it cannot be' 111 "$ctl" show "$id2"
	exits 'nor held' 1 "$ctl" hold -n "$id2"
	like 'as it says' "$(cat "$T/err")" \
		"$id2: its envelope file is damaged or unfinished: quillctl fsck"
	rm -r "$(env_of "$id2")"
done
mv "$T/away" "$(env_of "$id2")"
mv "$H/queue/msg/c" "$H/queue/msg/away"
for a in status queue ages 'hold -n --all' 'top -n 1' metrics; do
	# shellcheck disable=SC2086 # words
	exits "$a: a directory is missing" 111 "$ctl" $a
	like 'which it says' "$(cat "$T/err")" \
		"unable to look into $H/queue/msg/c: No such file"
done
mv "$H/queue/msg/away" "$H/queue/msg/c"
mv "$H/queue/lock/send" "$H/queue/lock/away"
exits 'the lock is missing' 111 "$ctl" status
like 'as it says' "$(cat "$T/err")" "$H/queue/lock/send: No such file"
mv "$H/queue/lock/away" "$H/queue/lock/send"

# --- orders without quill-send ------------------------------------------------
exits 'a dry run' 0 "$ctl" delete -n --domain a.test
like 'says what it would do' "$(cat "$T/out")" "^would delete $id1 from"
is 'and leaves the queue alone' "$(marks "$id1")" TT
"$ctl" retry -n --domain a.test >"$T/out"
is 'all recipients of a message are tried at one time, and retry -n says so' \
	"$(grep -A 2 "^would retry $id1 " "$T/out" | cut -sf 3 | tr -d '\n')" \
	u1@a.testu2@b.test
env1=$(find "$H/queue/msg" -name "$id1.env")
touch -r "$env1" "$T/time"
touch "$env1"
like 'show: a recipient without a reply in the log' "$("$ctl" show "$id1")" \
	'down; now: quillctl explain u2@b.test'
printf '%s\n' 864000 b.test:1728000 a.test:172800 >"$H/control/queuelifetime"
like 'show: given up by the time of its domain' "$("$ctl" show "$id1")" \
	'given up: .*in (2 d|1 d 23 h)'
rm "$H/control/queuelifetime"
touch -r "$T/time" "$env1"
exits 'hold one domain' 0 "$ctl" hold --domain a.test
like 'says that quill-send does not run' "$(cat "$T/err")" 'not running'
like 'says what is held' "$(cat "$T/out")" "^$id1: held"
is 'only that recipient is held' "$(marks "$id1")" HT
is 'in each message' "$(marks "$id2")" HT
fits '--state held' "$id1 $id2" --state held
exits 'hold again: nothing to do' 1 "$ctl" hold --domain a.test
exits 'reroute keeps it held' 0 "$ctl" reroute --via relay.test:26 --to u1@a.test
is 'reroute: mark m' "$(marks "$id1")" mT
like 'show names the relay' "$("$ctl" show "$id1")" 'goes by relay.test:26'
exits 'reroute another' 0 "$ctl" reroute --via '[127.0.0.1]' --to u2@b.test
is 'reroute: mark M' "$(marks "$id1")" mM
is 'show names the relay of each' "$("$ctl" show "$id1" |
	sed -n 's/^ *goes by \([^ ]*\) .*/\1/p' | tr '\n' ' ')" \
	'relay.test:26 [127.0.0.1] '
like 'the log says where' "$(tail -n 1 "$H/log/quillctl/current")" \
	"order reroute msg $id1: .* via=\[127\.0\.0\.1\]\$"
like 'why says where' "$("$ctl" why "$id1")" 'ordered: reroute .* via=relay.test:26$'
exits 'hold the other one, too' 0 "$ctl" hold "$id1"
is 'held it still goes by the relay' "$(marks "$id1")" mm
exits 'release' 0 "$ctl" release "$id1"
is 'released it still goes by the relay' "$(marks "$id1")" MM
exits 'reroute --via -' 0 "$ctl" reroute --via - "$id1"
is 'goes as everybody' "$(marks "$id1")" TT
like 'why says so' "$("$ctl" why "$id1")" 'ordered: reroute .* via=-$'
touch -d "@$(($(date +%s) + 2))" "$(env_of "$id1")"
fits '--state waiting, when it was tried' "$id1" --state waiting
exits 'retry' 0 "$ctl" retry "$id1"
fits '--state waiting: it is due again' '' --state waiting
exits 'delete one recipient' 0 "$ctl" delete --to u4@sub.a.test
is 'mark R' "$(marks "$id2")" HR
exits 'bounce' 0 "$ctl" bounce --text 'so sorry' --to u2@b.test
is 'mark X' "$(marks "$id1")" TX
ok 'with its reason' grep -q 'so sorry' "$H/queue/bounce/$id1"
is 'which belongs to quills' "$(stat -c %U:%a "$H/queue/bounce/$id1")" \
	"$(stat -c %U "$H/queue/bounce"):640"
like 'show tells the reason' "$("$ctl" show "$id1")" 'last reply: so sorry'
ok 'orders are logged with the uid' grep -q \
	"order bounce msg $id1: uid=0 recipients=1" "$H/log/quillctl/current"
like 'why tells of them' "$("$ctl" why "$id1")" \
	"ordered: bounce .*uid=0"
python3 - "$H/queue/lock/send" "$ctl" "$id1" >"$T/out" 2>"$T/err" <<'EOF2'
import fcntl, struct, subprocess, sys
f = open(sys.argv[1], 'r+')
fcntl.fcntl(f, 37, struct.pack('hhqqi', fcntl.F_WRLCK, 0, 0, 0, 0))
sys.exit(subprocess.call([sys.argv[2], 'hold', sys.argv[3]]))
EOF2
is 'a quill-send that is there but silent: 111' $? 111
like 'is said' "$(cat "$T/err")" 'does not answer'
is 'and nothing changed' "$(marks "$id1")" TX

# --- permission ---------------------------------------------------------------
mktestuser
cp "$ctl" "$T/ctl"
exits 'a stranger may not look' 111 setpriv --reuid "$testuser" \
	--clear-groups --regid "$testuser" "$ctl" queue
like 'is told who may' "$(cat "$T/err")" 'only root and group quill may'

# --- logs ---------------------------------------------------------------------
tai()
{
	printf '@%016x%08x' $((0x4000000000000000 + 10 + $1)) "$2"
}
now=$(date +%s)
put carol@one.example 'u6@d.test' 'odd name@d.test'
id4=$id
touch -d "@$now" "$(env_of "$id4")"
mkdir -p "$H/log/send" "$H/log/smtp" "$T/elsewhere/send"
gone=0$(echo "$id4" | cut -c2-) # out of the queue
{
	echo "$(tai $((now - 90)) 0) info msg $gone: bytes 99 from <dave@one.example> qp 7 uid 0 nrcpt=1"
	echo "$(tai $((now - 90)) 1) starting delivery 3: msg $gone to remote u9@d.test"
	echo "$(tai $((now - 89)) 0) delivery 3: success: taken/ to=u9@d.test from=<dave@one.example> relay=mx.d.test[192.0.2.1]:25 delay=1 dsn=2.0.0 status=sent"
	echo "$(tai $((now - 89)) 1) end msg $gone"
	echo "$(tai $((now - 9)) 100) new msg $id4"
	echo "$(tai $((now - 9)) 200) info msg $id4: bytes 99 from <carol@one.example> qp 7 uid 0 nrcpt=2"
	echo "$(tai $((now - 8)) 100) starting delivery 7: msg $id4 to remote u6@d.test"
	echo "$(tai $((now - 8)) 200) starting delivery 8: msg $id4 to remote odd_name@d.test"
} >"$H/log/send/$(tai $((now - 7)) 0).s"
{
	echo "$(tai $((now - 6)) 100) delivery 7: deferral: greylisted_for_now/ to=u6@d.test from=<carol@one.example> relay=mx.d.test[192.0.2.1]:25 delay=1 dsn=4.7.1 status=deferred"
	echo "$(tai $((now - 6)) 200) delivery 8: deferral: no_such_\$(host)/ to=odd_name@d.test from=<carol@one.example> relay=- delay=1 dsn=4.4.1 status=deferred"
	echo "$(tai $((now - 5)) 0) delivery 9: success: nobody_knows_which/ to=u6@d.test relay=-"
} >"$H/log/send/current"
{
	echo "$(tai $((now - 9)) 0) quill-smtpd: accepted pid=9 ip=192.0.2.9 helo=c id=$id4 qp=7 from=<carol@one.example> nrcpt=2 bytes=99"
	echo "$(tai $((now - 7)) 0) quill-smtpd: of that mail, too: id=$id4"
	echo "$(tai $((now - 4)) 0) quill-smtpd: refused pid=9 ip=192.0.2.9 helo=c from=<carol@one.example> to=<x@e.test.example> code=551 text=\"5.7.1 no\""
	echo "$(tai $((now - 4)) 0) quill-smtpd: refused pid=9 ip=192.0.2.9 helo=c from=<carol@one.example> to=<x@e.test> code=550 text=\"5.7.1 no\""
} >"$H/log/smtp/current"
fits '--reason, from the log' "$id4" --reason 'greylist.* for now'
like 'queue tells the reason' "$("$ctl" queue "$id4")" 'greylisted for now'
is 'queue -j: delay_reason' "$("$ctl" queue -j "$id4" | python3 -c '
import json, sys
for l in sys.stdin:
	for r in json.loads(l)["recipients"]:
		print(r["address"], r["state"], r["delay_reason"], sep="|")')" \
	"u6@d.test|waits|greylisted for now
odd name@d.test|waits|no such \$(host)"
like 'show: last reply' "$("$ctl" show "$id4")" 'last reply: greylisted for now'
like 'show: from whom' "$("$ctl" show "$id4")" '4.7.1, from mx.d.test\[192'
like 'show: next attempt, without quill-send' "$("$ctl" show "$id4")" \
	'next attempt: .* not running'
"$ctl" why "$id4" >"$T/out" 2>"$T/err"
is 'why: the events in order' "$(sed 's/^[^ ]* //; s/:.*//' "$T/out" |
	tr '\n' ' ')" "smtp send send send send smtp send send queue "
like 'why: accepted from whom' "$(head -n 1 "$T/out")" 'accepted .*ip=192.0.2.9'
like 'why: what was answered' "$(cat "$T/out")" \
	'deferred u6@d.test: greylisted for now relay=mx.d.test'
unlike 'why: not of a number whose start is gone' "$(cat "$T/out")" 'nobody'
like 'why: of an address, its messages' "$("$ctl" why u6@d.test)" \
	"$id4 send: deferred u6@d.test"
like 'why: and its refusals' "$("$ctl" why x@e.test)" 'smtp: .*code=550'
unlike 'why: not those of others' "$("$ctl" why x@e.test)" 'code=551'
like 'why: mail to somebody that is gone' "$("$ctl" why u9@d.test)" \
	"$gone send: delivered u9@d.test: taken"
like 'why: or from somebody' "$("$ctl" why dave@one.example)" \
	"$gone send: done, out of the queue"
"$ctl" why -j "$id4" | python3 -c '
import json, sys
e = [json.loads(l)["event"] for l in sys.stdin]
sys.exit(e[-1] != "queue" or "deferred" not in e)'
is 'why -j is JSON' $? 0
cp "$H/log/send/current" "$T/elsewhere/send/current"
rm "$H"/log/send/*
like 'why: logs kept elsewhere' "$("$ctl" why "x@e.test" "$H/log/smtp")" 550
exits 'why: a directory that is not there' 0 "$ctl" why "$id4" "$T/none"
like 'is said' "$(cat "$T/err")" "unable to read the log $T/none"
unlike 'and no other' "$(cat "$T/err")" "$H/log"

# --- hostile text -------------------------------------------------------------
esc=$(printf '\033')
put "$(printf 'evil\033]0;x\007"\\@e.test')" "$(printf 'a\nb\033[31m\302\233<\377@f.test')"
id5=$id
echo "$(tai "$now" 5) starting delivery 1: msg $id5 to remote a_b_[31m__<_@f.test" \
	>"$H/log/send/current"
# what quill-send would never write, but somebody else may
printf '%s quill-x: %s \033[2J\302\233 "\\ \001\n' "$(tai "$now" 6)" "$id5" \
	>>"$H/log/send/current"
for cmd in "queue" "queue -j" "show $id5" "show -j $id5" "why $id5" \
	"why -j $id5" "hold -n --all" "hold -nj --all" "hold -j $id5"; do
	# shellcheck disable=SC2086
	"$ctl" $cmd >"$T/out" 2>"$T/err"
	ok "no terminal obeys: $cmd" python3 -c '
import sys
for f in sys.argv[1:]:
	t = open(f, "rb").read().decode()
	assert all(c in "\n\t" or (ord(c) >= 32 and not 127 <= ord(c) < 160)
		for c in t), t' "$T/out" "$T/err"
done
for cmd in "queue -j" "show -j $id5" "why -j $id5" "hold -nj --all"; do
	# shellcheck disable=SC2086
	"$ctl" $cmd >"$T/out" 2>"$T/err"
	ok "it is JSON: $cmd" python3 -c '
import json, sys
lines = open(sys.argv[1], encoding="utf-8").read().splitlines()
assert lines
for l in lines:
	json.loads(l)' "$T/out"
done
is 'JSON gives back the very address' "$("$ctl" show -j "$id5" | python3 -c '
import json, sys
print(ascii(json.load(sys.stdin)["sender"]))')" \
	"'evil\\x1b]0;x\\x07\"\\\\@e.test'"
ok 'show --message is the message' sh -c \
	"'$ctl' show --message $id5 | cmp - '${H}/queue/msg/$(echo "$id5" |
		cut -c16)/$id5.mess'"

# --- completion in bash ---------------------------------------------------------
cat >"$T/complete.bash" <<'EOF2'
. "$1"
COMP_WORDS=("${@:2}")
COMP_CWORD=$((${#COMP_WORDS[@]} - 1))
compopt() { echo "$*"; }
_quillctl
echo "${COMPREPLY[*]}"
EOF2
# completes NAME WANT WORD...: of the last word
completes()
{
	co_name=$1 co_want=$2
	shift 2
	if command -v bash >/dev/null; then
		is "completion: $co_name" "$(bash "$T/complete.bash" \
			"$H/doc/quillctl.bash" "$ctl" "$@" 2>&1)" "$co_want"
	else
		skip "completion: $co_name" 'bash is not installed'
	fi
}
completes 'subcommands' 'retry release reroute report' re
completes 'options' '--state' queue --st
completes 'options of a subcommand' '--via' reroute --v
completes 'none that it has not' '' show --v
completes 'parts' 'services system' check s
completes 'states' 'held' queue --state h
completes 'ids' "$id4" show "$(echo "$id4" | cut -c1-15)"
completes 'domains that wait' 'd.test' retry --domain d
mkdir "$T/names"
: >"$T/names/x\$(id).tar"
completes 'names of files, for readline to quote' "-o filenames
$T/names/x\$(id).tar" import "$T/names/x"

# --- a queue that does not fit into memory ---------------------------------------
if make -s -C "$TOP" B="${B#"$TOP"/}" R="$T/link" rhome="$H" "$T/link/manyq" \
	>"$T/out" 2>&1; then
	q=$(sed -n 's/^u quillq //p' "$H/users/ids")
	g=$(sed -n 's/^g quill //p' "$H/users/ids")
	exits '10,000 messages' 0 setpriv --reuid "$q" --regid "$g" \
		--clear-groups "$T/link/manyq" 10000 many.example
	# in 2 MB of addresses, unless the C library alone needs more
	# shellcheck disable=SC3045 # every sh has it
	lean()
	{
		(ulimit -v 2000 && "$ctl" "$@")
	}
	for a in 'queue' 'queue -j' 'ages' 'status' 'retry -n --domain .many.example'; do
		if lean help >/dev/null 2>&1; then
			# shellcheck disable=SC2086 # words
			lean $a >"$T/out" 2>"$T/err"
			is "$a: nothing to say in 2 MB" "$(cat "$T/err")" ''
		else
			skip "$a in 2 MB" 'not a static build'
		fi
	done
	is 'queue: each of them' "$("$ctl" queue --domain h7.many.example -j |
		wc -l)" 10
else
	diag "$(cat "$T/out")"
	fail 'manyq'
fi

done_testing
