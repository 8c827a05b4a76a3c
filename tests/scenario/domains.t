#!/bin/sh
# SPDX-License-Identifier: 0BSD
# Accounts that own domains: quill-domain, quill-mailbox, and where the mail
# goes; quill-pw2u.
. "$(dirname "$0")/../lib.sh"
need_root
need svscan tcpserver setuidgid swaks python3

quill_config quill.example
mktestuser
joe=$testuser joehome=$testhome
mktestuser
ann=$testuser annhome=$testhome
C=$H/control
start_suite
# nobody may relay
echo ':allow' | tcprules "$C/tcp.smtp.cdb" "$C/tcp.smtp.tmp"
J=$joehome/domains/one.example
W=$annhome/domains/_.last.example

# --- helpers ---------------------------------------------------------------
domain()
{
	"$H/bin/quill-domain" "$@"
}

# mbox ...: by root; as USER ...: by that user
mbox()
{
	"$H/bin/quill-mailbox" "$@"
}

as()
{
	as_user=$1
	shift
	setuidgid "$as_user" "$H/bin/quill-mailbox" "$@"
}

# smtp ADDRESS: a message with a subject of its own; $subject
smtp()
{
	sent=$((${sent:-0} + 1))
	subject=n$sent
	swaks -s "127.0.0.1:$SMTP_PORT" -f a@b.example -t "$1" \
		--header "Subject: $subject" >"$T/swaks" 2>&1
}

has_copy()
{
	grep -qlx "Subject: $subject" "$1"/new/* 2>/dev/null
}

# arrives ADDRESS MAILDIR
arrives()
{
	ok "mail for $1 is taken" smtp "$1"
	ok "mail for $1 goes to ${2##*/}" wait_until 30 has_copy "$2"
}

# control_reads: how often send was told to read them
control_reads()
{
	grep -c 'control files read' "$H/log/send/current"
}

# all of control/ and users/ that the programs change
state()
{
	cat "$C/virtualdomains" "$C/rcpthosts" "$H/users/assign" 2>/dev/null
}

# --- domains ---------------------------------------------------------------
is "no domain" "$(domain list)" ''
exits "add a domain" 0 domain add One.Example "$joe"
is "is silent" "$(cat "$T/out" "$T/err")" ''
exits "another, of the same account" 0 domain add two.example "$joe"
exits "all names below one" 0 domain add .last.example "$ann"
exits "one of these, of another account" 0 domain add first.1.last.example \
	"$joe"
is "they are listed in order" "$(domain list)" \
	".last.example $ann $W
first.1.last.example $joe $joehome/domains/first.1.last.example
one.example $joe $J
two.example $joe $joehome/domains/two.example"
is "those of an account" "$(domain list "$ann")" ".last.example $ann $W"
is "as JSON" "$(domain list --json | python3 -c '
import json, sys
for line in sys.stdin:
    d = json.loads(line)
    print(sorted(d), d["domain"], d["account"], d["directory"])
    break')" "['account', 'directory', 'domain'] .last.example $ann $W"
is "everybody may list" "$(setuidgid "$ann" "$H/bin/quill-domain" list |
	wc -l)" 4
is "virtualdomains" "$(cat "$C/virtualdomains")" \
	'one.example:one.example
two.example:two.example
.last.example:.last.example
first.1.last.example:first.1.last.example'
like "rcpthosts" "$(cat "$C/rcpthosts")" '^\.last\.example$'
is "modes" "$(stat -c '%a %U' "$C/virtualdomains" "$C/rcpthosts" \
	"$H/users/assign" "$J" "$J/mail")" "644 root
644 root
644 root
700 $joe
700 $joe"
before=$(state)
exits "add again" 1 domain add one.example "$joe"
like "says so" "$(cat "$T/err")" 'one.example: exists already'
exits "to somebody else" 1 domain add one.example "$ann"
exits "no such account" 1 domain add three.example "nobody-$$"
exits "root" 64 domain add three.example root
exits "one of control/locals" 1 domain add quill.example "$joe"
for d in '' x a..b .. 'a/../b.c' 'a b.c' 'a:b.c' '-a.b' 'a@b.c' "x
y.z"; do
	exits "no domain name" 64 domain add "$d" "$joe"
done
exits "no arguments" 64 domain
exits "too few" 64 domain add three.example
exits "unknown command" 64 domain remove one.example
exits "not root" 77 setuidgid "$joe" "$H/bin/quill-domain" add three.example \
	"$joe"
exits "del of one that is not there" 1 domain del three.example
is "none of these changed a thing" "$(state)" "$before"
is "nothing is left behind" "$(find "$C" "$H/users" -name '*.tmp')" ''

# --- mailboxes -------------------------------------------------------------
exits "add, by root" 0 mbox add Bob@One.example
exits "add, by the owner" 0 as "$joe" add bob.smith@one.example
is "all is the owner's" "$(find "$J" ! -user "$joe" -o -perm /077)" ''
is "the file" "$(cat "$J/.qmail-bob:smith")" './mail/bob.smith/'
exits "add again" 1 mbox add bob@one.example
like "says so" "$(cat "$T/err")" 'bob@one.example: exists already'
exits "another user" 77 as "$ann" add eve@one.example
like "says whose it is" "$(cat "$T/err")" "one.example: belongs to $joe"
exits "a domain of nobody" 1 mbox add bob@three.example
for a in default x-default a/b ../b .b a..b b. -b 'a b' a:b "a
b" '' 'a@b' 'x*'; do
	exits "no local part" 64 mbox add "$a@one.example"
done
arrives bob@one.example "$J/mail/bob"
arrives Bob.SMITH@ONE.example "$J/mail/bob.smith"
ok "send's log has the address" wait_until 30 log_has \
	'delivery [0-9]+: success.* to=bob@one.example '
exits "an alias" 0 as "$joe" alias info@one.example bob@one.example \
	"ann@quill.example"
exits "again" 1 mbox alias info@one.example bob@one.example
exits "to be replaced" 0 mbox alias --replace info@one.example \
	bob@one.example bob.smith@one.example
exits "an alias of nothing" 64 mbox alias sales@one.example
for a in bob 'a b@c.d' "a@b.c
|id" '&a@b.c' a@b /tmp/x '|id'; do
	exits "no target" 64 mbox alias sales@one.example "$a"
done
ok "mail for the alias is taken" smtp info@one.example
ok "goes to one" wait_until 30 has_copy "$J/mail/bob"
ok "and to the other" wait_until 30 has_copy "$J/mail/bob.smith"
ok "a local part that nobody has" smtp nobody@one.example
ok "bounces" wait_until 30 log_has \
	'failure: .*no_mailbox.* to=nobody@one.example '
exits "catch-all" 0 as "$joe" add '*@one.example'
arrives nobody@one.example "$J/mail/default"
arrives bob@one.example "$J/mail/bob"
exits "catch-all of a prefix" 0 mbox add 'bob-*@one.example'
arrives bob-x@one.example "$J/mail/bob-default"
exits "the same in two domains" 0 mbox add bob@two.example
arrives bob@two.example "$joehome/domains/two.example/mail/bob"

# --- roots -----------------------------------------------------------------
exits "a mailbox of all below" 0 as "$ann" add bob@.last.example
exits "one of the exception" 0 as "$joe" add bob@first.1.last.example
arrives bob@first.2.last.example "$W/mail/bob"
arrives bob@first.1.last.example \
	"$joehome/domains/first.1.last.example/mail/bob"
ok "the root itself is not below" sh -c "! swaks -s 127.0.0.1:$SMTP_PORT \
	-f a@b.example -t bob@last.example"
# a part of them on another machine: INSTALL 13
echo 'first.3.last.example:' >>"$C/virtualdomains"
echo "first.3.last.example:[127.0.0.1]:$(free_port)" >>"$C/smtproutes"
reads=$(control_reads)
svc -h "$S/send"
wait_until 30 sh -c "[ \$(grep -c 'control files read' \
	$H/log/send/current) -gt $reads ]"
ok "one on another machine" smtp bob@first.3.last.example
ok "is remote" wait_until 30 log_has \
	'starting delivery .* to remote bob@first.3.last.example'
is "and is not listed" "$(domain list | grep -c first.3)" 0
exits "nor made somebody's" 1 domain add first.3.last.example "$joe"

# --- list ------------------------------------------------------------------
echo '|true' >"$J/.qmail-prog"
ln -s /etc/passwd "$J/.qmail-link"
mkfifo "$J/.qmail-fifo"
chown -h "$joe" "$J"/.qmail-*
is "list, sorted" "$(mbox list one.example)" \
	"*@one.example mailbox $J/mail/default/
bob@one.example mailbox $J/mail/bob/
bob-*@one.example mailbox $J/mail/bob-default/
bob.smith@one.example mailbox $J/mail/bob.smith/
fifo@one.example other $J/.qmail-fifo
info@one.example alias bob@one.example bob.smith@one.example
link@one.example other $J/.qmail-link
prog@one.example other $J/.qmail-prog"
rm "$J/.qmail-prog" "$J/.qmail-link" "$J/.qmail-fifo"
is "by the owner: the same" "$(as "$joe" list one.example)" \
	"$(mbox list one.example)"
exits "by another" 77 as "$ann" list one.example
is "all of an account" "$(as "$ann" list)" \
	"bob@.last.example mailbox $W/mail/bob/"
is "all, by root" "$(mbox list | wc -l)" 8
mbox list --json >"$T/json"
is "as JSON" "$(python3 -c '
import json, sys
for line in open(sys.argv[1]):
    m = json.loads(line)
    print(m["address"], m["kind"], m.get("targets", m.get("maildir")))' \
	"$T/json" | sed -n '1p;/^info/p')" \
	"bob@.last.example mailbox $W/mail/bob/
info@one.example alias ['bob@one.example', 'bob.smith@one.example']"

# --- del -------------------------------------------------------------------
kept=$(maildir_count "$J/mail/bob.smith")
exits "del" 0 as "$joe" del bob.smith@one.example
is "keeps the mail" "$(maildir_count "$J/mail/bob.smith")" "$kept"
exits "del again" 1 mbox del bob.smith@one.example
exits "by another" 77 as "$ann" del bob@one.example
exits "add finds the mail again" 0 mbox add bob.smith@one.example
is "all of it" "$(maildir_count "$J/mail/bob.smith")" "$kept"
exits "del --purge" 0 as "$joe" del --purge bob.smith@one.example
is "leaves nothing" "$(find "$J" -name '*smith*' -o -name '.purge*')" ''
exits "del" 0 mbox del '*@one.example'
exits "purge later" 0 mbox del --purge '*@one.example'
ok "leaves nothing" test ! -e "$J/mail/default"
exits "del of an alias" 0 mbox del info@one.example

# --- root is not led astray ------------------------------------------------
mkdir -m 755 "$T/roots"
ln -s "$T/roots" "$J/mail/sue"
ln -s "$T/roots/x" "$J/.qmail-tom"
exits "a Maildir that is a link to root's" 111 mbox add sue@one.example
exits "a file that is a link" 1 mbox add tom@one.example
exits "alias in the place of a link" 0 mbox alias --replace tom@one.example \
	a@b.example
is "root's directory is as it was" "$(ls -A "$T/roots")" ''
exits "the link is removed, not what it leads to" 0 mbox del --purge \
	sue@one.example
ok "which is still there" test -d "$T/roots"
mv "$joehome/domains" "$joehome/old"
ln -s "$T/roots" "$joehome/domains"
exits "the directory of domains as a link" 111 domain add four.example "$joe"
is "root's directory is as it was" "$(ls -A "$T/roots")" ''
is "no domain" "$(domain list | grep -c four)" 0
rm "$joehome/domains"
mv "$joehome/old" "$joehome/domains"

# --- several at once, killed in the middle ---------------------------------
for i in 1 2 3 4; do
	domain add "p$i.example" "$ann" &
	mbox add "p$i@one.example" &
	pids="${pids:-} $!"
done
# shellcheck disable=SC2086
wait $pids
ok "four domains at once" wait_until 30 sh -c \
	"[ \$($H/bin/quill-domain list | grep -c '^p[1-4]') = 4 ]"
is "four mailboxes at once" "$(mbox list one.example | grep -c '^p[1-4]@')" 4
for i in 1 2; do
	mbox add "same@two.example" >"$T/same.$i" 2>&1 &
	pids="${pids:-} $!"
done
# shellcheck disable=SC2086
wait $pids
is "one of two that add the same" \
	"$(cat "$T"/same.[12] | grep -c 'exists already')" 1
cp "$C/virtualdomains" "$T/good"

# killed SYSCALL WHEN CMD...: end it there by SIGKILL
killed()
{
	k_call=$1 k_when=$2
	shift 2
	strace -qq -o "$T/strace" -e trace="$k_call" \
		-e inject="$k_call:signal=SIGKILL:when=$k_when" "$@" \
		>/dev/null 2>&1
}
if ! command -v strace >/dev/null || ! strace -o /dev/null true; then
	skip "killed in the middle" "no strace"
else
	for c in openat:1 openat:2 write:1 fsync:1 fsync:2 fsync:4 \
		rename:1 mkdir:1 mkdir:3; do
		killed "${c%:*}" "${c#*:}" "$H/bin/quill-mailbox" add \
			k@two.example
		f=$joehome/domains/two.example/.qmail-k
		[ ! -e "$f" ] || is "add killed at $c: all written" \
			"$(cat "$f")" ./mail/k/
		mbox add k@two.example >/dev/null 2>&1
		exits "add killed at $c is completed" 1 mbox add k@two.example
		is "as it must be" "$(cat "$f")" ./mail/k/
		mbox del --purge k@two.example
	done
	n=0
	for c in fsync:1 fsync:2 fsync:3 write:2 kill:1 rename:1 rename:2 \
		rename:3; do
		n=$((n + 1))
		killed "${c%:*}" "${c#*:}" "$H/bin/quill-domain" add \
			"k$n.example" "$joe"
		is "add of a domain killed at $c: whole lines" \
			"$(grep -vxE '([a-z0-9.]+):(\1)?' "$C/virtualdomains")" \
			''
		is "users/assign is whole" "$(tail -n 1 "$H/users/assign")" .
		if grep -qx "k$n.example" "$C/rcpthosts"; then
			like "who is accepted is somebody's" "$(domain list)" \
				"^k$n\.example "
		fi
		domain add "k$n.example" "$joe" >/dev/null 2>&1
		exits "is completed" 1 domain add "k$n.example" "$joe"
		like "by the same command" "$(domain list)" "^k$n\.example "
	done
	while [ $n -gt 0 ]; do
		ok "del k$n.example" domain del "k$n.example"
		n=$((n - 1))
	done
fi
same "all others are as they were" "$T/good" "$C/virtualdomains"

# --- compiled lists, broken ones -------------------------------------------
exits "quill-cdb" 0 "$H/bin/quill-cdb" virtualdomains
exits "quill-cdb" 0 "$H/bin/quill-cdb" rcpthosts
exits "a domain" 0 domain add five.example "$ann"
is "is compiled" "$(grep -ac five.example "$C/virtualdomains.cdb" \
	"$C/rcpthosts.cdb" | grep -c ':[1-9]')" 2
exits "its mailbox" 0 mbox add bob@five.example
arrives bob@five.example "$annhome/domains/five.example/mail/bob"
cp -p "$H/users/assign" "$T/assign"
before=$(state | grep -v '^broken')
sed -i '1s/^/broken\n/' "$H/users/assign"
exits "users/assign is broken" 111 domain add six.example "$ann"
like "says where" "$(cat "$T/err")" 'assign: line 1: '
is "nothing is changed" "$(state | grep -v '^broken')" "$before"
sed '$d' "$T/assign" >"$H/users/assign"
exits "users/assign without its end" 111 domain add six.example "$ann"
cp -p "$T/assign" "$H/users/assign"

# --- del of a domain -------------------------------------------------------
exits "del" 0 domain del five.example
is "is nowhere any more" "$(state | grep -c five)" 0
ok "mail for it is refused" sh -c "! swaks -s 127.0.0.1:$SMTP_PORT \
	-f a@b.example -t bob@five.example"
is "its mail is kept" \
	"$(maildir_count "$annhome/domains/five.example/mail/bob")" 1
exits "its mailboxes cannot be changed" 1 as "$ann" add x@five.example
exits "del again" 1 domain del five.example
exits "add again" 0 domain add five.example "$ann"
arrives bob@five.example "$annhome/domains/five.example/mail/bob"

# --- quill-pw2u ------------------------------------------------------------
U=$H/users
pw2u()
{
	"$H/bin/quill-pw2u" "$@" <"$T/passwd"
}
mkdir -m 755 "$T/h" "$T/h/a" "$T/h/b" "$T/h/c"
chown 7001 "$T/h/a"
chown 7002 "$T/h/b"
cat >"$T/passwd" <<END
# a comment
root:x:0:0:root:/root:/bin/sh
a:x:7001:70:A:$T/h/a:/bin/sh
b:x:7002:70:B:$T/h/b:/bin/sh
notmine:x:7003:70::$T/h/c:/bin/sh
Upper:x:7001:70::$T/h/a:/bin/sh
gone:x:7004:70::$T/h/gone:/bin/sh
+::::::
END
alias_line=$(sed -n 's/^u alias[^ ]* //p' "$U/ids"):$(sed -n \
	's/^g nofiles[^ ]* //p' "$U/ids")
catchall="+:$(stat -c %U "$H/alias"):$alias_line:$H/alias:-::"
is "pw2u" "$(pw2u)" "$catchall
=a:a:7001:70:$T/h/a:::
+a-:a:7001:70:$T/h/a:-::
=b:b:7002:70:$T/h/b:::
+b-:b:7002:70:$T/h/b:-::
."
is "-H -C -u" "$(pw2u -HCu | cut -d: -f1)" '+
=a
=b
=notmine
=Upper
=gone
.'
exits "-h" 111 pw2u -h
like "names it" "$(cat "$T/err")" 'h/gone, the home of gone: No such file'
unlike "has no end" "$(cat "$T/out")" '^\.$'
is "-c + -/" "$(pw2u -c + -/ | sed -n 3p)" "+a+:a:7001:70:$T/h/a:-/::"
printf 'a\nb\n' >"$U/include"
echo b >"$U/exclude"
echo 'a:ann::a.n' >"$U/mailnames"
printf 'sales:a:shop:\nx:b:y:\n' >"$U/subusers"
echo '=z:z:7009:70:/z:::' >"$U/append"
is "the files of users/" "$(pw2u)" "$catchall
=ann:a:7001:70:$T/h/a:::
+ann-:a:7001:70:$T/h/a:-::
=a.n:a:7001:70:$T/h/a:::
+a.n-:a:7001:70:$T/h/a:-::
=sales:a:7001:70:$T/h/a:-:shop:
+sales-:a:7001:70:$T/h/a:-:shop-:
=z:z:7009:70:/z:::
."
exits "a domain is put into users/append, too" 0 domain add six.example "$ann"
exits "users/assign of it all" 0 sh -c "$H/bin/quill-pw2u </etc/passwd \
	>$U/assign.new && mv $U/assign.new $U/assign && $H/bin/quill-newu"
like "has the domain" "$(domain list)" "^six.example $ann "
exits "del" 0 domain del six.example
is "takes it out of both" "$(cat "$U/assign" "$U/append" | grep -c six)" 0
echo 'a:x:y:70::/:' >"$T/passwd"
exits "a broken line" 100 pw2u
like "is named" "$(cat "$T/err")" 'input: line 1: the uid or gid'
exits "an unknown option" 100 pw2u -x
done_testing
