#!/bin/sh
# SPDX-License-Identifier: 0BSD
# What strangers wrote, in all that quillctl prints: ESC, C1, what turns the
# direction of writing, line ends, what is no UTF-8, quotes and tags. They are in
# the queue, in logs, in control files, in names of files and in arguments.
. "$(dirname "$0")/../lib.sh"
own_net "$@"
need_root
need svscan tcpserver tcprules tcprulescheck python3

quill_config quill.example
mktestuser
u=$testuser
ctl=$H/bin/quillctl
esc=$(printf '\033')
# of each kind one; no blank, so that it can be a word of a log line
evil=$(printf '\033]0;x\007\302\233\233\342\200\256gnp\342\201\247\342\200\250\377\330\234"\\<script>&\047</script>')
[ "${#esc}" = 1 ] || give_up "printf"

# --- where it comes from -----------------------------------------------------------
# put SENDER RECIPIENT: queue a message; $id
put()
{
	find "$H/queue/msg" -name '*.env' | sort >"$T/before"
	printf 'Subject: %s\nMessage-ID: <%s>\n\n%s\n' "$evil" "$evil" "$evil" |
		queue_mail "$1" "$2" || give_up "quill-queue"
	id=$(find "$H/queue/msg" -name '*.env' | sort | comm -13 "$T/before" - |
		sed 's/.*\///; s/\.env//')
}
printf ':127.0.0.9:9\n' >"$H/control/smtproutes"
nl='
'
put "s$evil@from.example" "r$evil${nl}x@far.example"
id1=$id
put "s@from$evil.example" "r@far$evil.example"
id2=$id
put "held$evil@from.example" "$evil@far.example"
id3=$id
"$ctl" hold "$id3" >/dev/null 2>&1 || give_up "hold"
start_suite --smtp "127.0.0.1:$(free_port)"
ok "two are tried" wait_until 60 sh -c "
	cat '$H'/log/send/current | grep -c 'delivery.*deferral' | grep -q '[2-9]'"

tai=$(printf '@%016x%08x' $((0x4000000000000000 + 10 + $(date +%s))) 0)
log=$T/log$(printf %s "$evil" | tr / _)
mkdir "$log"
{
	echo "$tai new msg $id1$evil"
	echo "$tai info msg $id1: bytes 5 from <$evil@x.test> qp 1 uid 0 message-id=<$evil> nrcpt=1"
	echo "$tai starting delivery 1: msg $id1 to remote $evil@far.example"
	echo "$tai delivery 1: deferral: $evil/ to=$evil@far.example from=<$evil> relay=$evil delay=1.000 tls=$evil dsn=$evil status=deferred"
	echo "$tai delivery 1: failure: $evil/ to=$evil@$evil from=<$evil> relay=- delay=1.000 dsn=5.0.0 status=bounced"
	echo "$tai bounce msg $id1 dropped: $evil"
	echo "$tai order $evil msg $id1: uid=$evil"
	echo "$tai other: $id1 $evil"
	echo "$tai quill-smtpd: accepted pid=1 ip=$evil helo=$evil id=$id1 from=<$evil> to=<s$evil@from.example>"
	echo "$tai quill-smtpd: refused pid=1 ip=$evil helo=$evil from=<$evil> to=<s$evil@from.example> code=$evil text=\"$evil\" what=$evil"
} >"$log/current"

# --- what may come out -------------------------------------------------------------
cat >"$T/look.py" <<'END'
import json, sys
kind, out, err = sys.argv[1:]
orders = [0x61c, 0x200e, 0x200f, 0x2028, 0x2029, *range(0x202a, 0x202f),
          *range(0x2066, 0x206a)]
for name in out, err:
    text = open(name, "rb").read().decode()  # it is UTF-8
    for c in text:
        n = ord(c)
        assert (n >= 32 and not 127 <= n < 160 and n not in orders) or \
            c in "\n\t", (name, c, text)
lines = open(out, encoding="utf-8").read().split("\n")[:-1]
if kind == "json":
    assert lines, "nothing"
    for line in lines:
        assert isinstance(json.loads(line), dict), line
if kind == "html":
    assert "<script" not in "".join(lines)
    assert "&lt;script&gt;" in "".join(lines)
END

# shows KIND NAME ARGUMENT...: some of it must be there, in its harmless form,
# but with KIND quiet
shows()
{
	show_kind=$1 show_name=$2
	shift 2
	"$ctl" "$@" >"$T/out" 2>"$T/err"
	show_rc=$?
	if python3 "$T/look.py" "$show_kind" "$T/out" "$T/err" >"$T/why" 2>&1 &&
		{ [ "$show_kind" = quiet ] ||
			cat "$T/out" "$T/err" | grep -q script; } &&
		[ $show_rc -lt 128 ]; then
		pass "$show_name"
	else
		fail "$show_name"
		diag "exit $show_rc" "$(tail -n 3 "$T/why")"
		head -c 1500 "$T/out" "$T/err" | cat -v | sed 's/^/#   /'
	fi
}

# one line for each: KIND SUBCOMMAND AND ARGUMENTS; ID1 and EVIL stand for those
while read -r kind args; do
	[ "$kind" ] || continue
	set --
	for a in $args; do
		case $a in
		USER@*) a=$u@quill.example ;;
		ID1) a=$id1 ;;
		ID2) a=$id2 ;;
		ID3) a=$id3 ;;
		LOG) a=$log ;;
		*EVIL*) a=${a%EVIL*}$evil${a#*EVIL} ;;
		esac
		set -- "$@" "$a"
	done
	shows "$kind" "$args" "$@"
done <<'END'
plain status
json status -j
plain queue
json queue -j
plain queue --from sEVIL@from.example
plain ages
plain ages -s
plain ages -bs
json ages -js
quiet top -n 1
plain show ID1
plain show ID2 ID3
json show -j ID1
json show -j ID2 ID3
plain why ID1 LOG
json why -j ID1 LOG
plain why sEVIL@from.example LOG
json why -j sEVIL@from.example LOG
plain why ID1 LOG EVIL
plain why EVIL
plain why EVIL@nobody.example
plain explain EVIL@quill.example
json explain -j EVIL@quill.example
plain explain x@EVIL.example
json explain -j x@EVIL.example
quiet explain --as EVIL x@far.example
plain explain --from EVIL x@quill.example
plain explain --rules EVIL --from 192.0.2.1 EVIL@quill.example
plain explain --default |EVIL USER@quill.example
plain dns EVIL.example
plain dns --ip EVIL quill.example
plain dns --tlsa EVIL quill.example
plain check --no-dns EVIL
plain check --no-dns --services EVIL services
plain check --ip EVIL
plain hold -n --all
quiet hold -nj --all
plain bounce -n --text EVIL --all
plain bounce -nj --text EVIL --all
plain reroute -n --via EVIL --all
quiet reroute -n --via 192.0.2.1 --to sEVIL
plain retry -n --reason EVIL(
plain delete -n EVIL
plain release -n --state EVIL
plain queue --older EVIL
plain queue --match EVIL[
plain queue --EVIL
plain metrics --file EVIL/x
plain metrics --EVIL
html report LOG
plain report --days EVIL
plain report EVIL
plain report -o EVIL/x LOG
quiet fsck EVIL
plain import EVIL
plain import -n --logs EVIL EVIL
plain EVIL
quiet help EVIL
END

# --- what is in it, unharmed ---------------------------------------------------------
ok "JSON gives back the very address" python3 -c '
import json, subprocess, sys
ctl, name, evil = sys.argv[1:]
want = evil.encode("utf-8", "surrogateescape").decode("utf-8", "replace")
got = json.loads(subprocess.check_output([ctl, "show", "-j", name]))
assert got["recipients"][0]["address"] == want + "@far.example", got' \
	"$ctl" "$id3" "$evil"
"$ctl" show --message "$id1" >"$T/out"
ok "show --message into a pipe: as it is" grep -q "$esc" "$T/out"
ok "... on a terminal: nothing that it obeys" python3 -c '
import os, pty, sys
out = b""
pid, fd = pty.fork()
if pid == 0:
    os.execv(sys.argv[1], sys.argv[1:])
try:
    while True:
        d = os.read(fd, 4096)
        if not d:
            break
        out += d
except OSError:
    pass
os.waitpid(pid, 0)
assert b"script" in out and all(
    c in b"\r\n\t" or 32 <= c < 127 for c in out), out' \
	"$ctl" show --message "$id1"

# --- names of files, contents of control files ---------------------------------------
: >"$H/queue/msg/0/$(printf %s "$evil" | tr / _)"
shows plain "fsck: the name of a file" fsck -n
shows json "... in JSON" fsck -nj
"$ctl" export "$T/backup" >/dev/null 2>&1 || fail "export"
: >"$T/backup/$(printf %s "$evil" | tr / _)"
"$ctl" import -n "$T/backup" >"$T/out" 2>"$T/err"
ok "import: the name of a file" python3 "$T/look.py" plain "$T/out" "$T/err"
find "$H/queue/msg/0" -name '*script*' -delete
for f in smtproutes tlspolicy locals queuelifetime databytes "$(
	printf %s "$evil" | tr / _)"; do
	echo "$evil $evil" >"$H/control/$f"
	k=quiet j=quiet
	case $f in *script*) k=plain j=json ;; esac
	shows $k "check: control/${f%%"$esc"*}" check --no-dns control
	shows $j "... in JSON" check -j --no-dns control
	ok "... which it is" python3 "$T/look.py" json "$T/out" "$T/err"
	if [ "$f" != databytes ] && [ "${f#*script}" = "$f" ]; then
		"$ctl" explain x@far.example >"$T/out" 2>"$T/err"
		ok "... explain" python3 "$T/look.py" plain "$T/out" "$T/err"
	fi
	rm -f "$H/control/$f"
	[ "$f" != smtproutes ] || echo ':127.0.0.9:9' >"$H/control/smtproutes"
done
done_testing
