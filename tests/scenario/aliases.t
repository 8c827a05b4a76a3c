#!/bin/sh
# SPDX-License-Identifier: 0BSD
# Aliases from end to end: newaliases, deliveries by the alias user's
# instance, .forward files.
# The text of single-quoted rows is for the shell of a program line:
# shellcheck disable=SC2016
. "$(dirname "$0")/../lib.sh"
need_root
need svscan tcpserver setuidgid swaks

quill_config quill.example
mktestuser
joe=$testuser joehome=$testhome
mktestuser
ann=$testuser annhome=$testhome
A=$H/alias
alias_user=$(stat -c %U "$A")
start_suite

# --- helpers ---------------------------------------------------------------
aliases()
{
	# shellcheck disable=SC2059
	printf "$@" >"$A/aliases"
}

# compiled NAME FORMAT...: newaliases takes these aliases
compiled()
{
	c_name=$1
	shift
	aliases "$@"
	exits "$c_name: newaliases" 0 "$H/bin/newaliases"
}

# refused NAME TEXT FORMAT...: newaliases says TEXT (ERE), and the database is
# what it was
refused()
{
	r_name=$1 r_text=$2
	shift 2
	aliases "$@"
	cp -p "$H/users/aliases.cdb" "$T/before"
	exits "$r_name: refused" 65 "$H/bin/newaliases"
	like "$r_name: says so" "$(cat "$T/err")" "$r_text"
	same "$r_name: the old database stays" "$T/before" \
		"$H/users/aliases.cdb"
	is "$r_name: nothing is left behind" "$(ls "$H/users")" "$users_ls"
}

# means LOCAL: what quill-local would do with mail for LOCAL, on one line
means()
{
	m_rc=0
	setuidgid "$alias_user" "$H/bin/quill-local" -n alias "$A" "$1" - "$1" \
		quill.example "${2-s@x.org}" '' >"$T/means" 2>&1 || m_rc=$?
	sed '/^did /d' "$T/means" | tr '\n' ';'
	[ $m_rc = 0 ] || echo "exit $m_rc"
}

# send LOCAL [SENDER]: a message with a subject of its own by quill-inject;
# $subject
send()
{
	sent=$((${sent:-0} + 1))
	subject=n$sent
	printf 'Subject: %s\nTo: x\n\nbody\n' "$subject" |
		"$H/bin/quill-inject" -a -f "${2-sender@quill.example}" "$1"
}

# copies DIR: how many of the messages in new have the last subject
copies()
{
	grep -lx "Subject: $subject" "$1"/new/* 2>/dev/null | wc -l | tr -d ' '
}

has_copy()
{
	[ "$(copies "$1")" -ge 1 ]
}

# --- before there is a database --------------------------------------------
rm "$A/aliases" "$H/users/aliases.cdb" # quill-config's
aliases 'info: %s\n' "$joe"
is "no database: no alias" "$(means info)" \
	'Sorry, no mailbox here by that name. (#5.1.1);exit 100'
rm "$A/aliases"
exits "no file of aliases" 75 "$H/bin/sendmail" -bi
like "is named" "$(cat "$T/err")" 'alias/aliases: No such file'
users_before=$(ls "$H/users")
is "nothing is left behind" "$users_before" ids

# --- every form of an alias ------------------------------------------------
echo 'eve@far.example, bob' >"$T/list"
printf 'eve@far.example\n# nobody\n\\carl\n' >"$T/list2"
chmod 644 "$T/list" "$T/list2"
compiled "all forms" '# the aliases
info: %s, %s
Sales: Joe <joe@far.example>, ann@far.example,
	# more
	"x y"@far.example
"a b": joe@far.example
one: two
two: three, four@far.example
three: joe@far.example
dup: two, joe@far.example, joe@Far.Example, four@FAR.example, carl, Carl
file: /var/mail/x, "/var/mail/a b", /home/Maildir/
null: /dev/null
prog: "|/bin/cat -n >x, y", |/bin/cat
incl: :include:%s
incl2: :include:%s, zoe
final: \\one
list: one, ann@far.example
owner-list: boss@far.example
outer: list, zoe@far.example
owner-outer: outerboss
help-default: joe@far.example
root-alias: root@far.example
' "$joe" "$ann" "$T/list" "$T/list2"
users_ls=$(ls "$H/users")
is "the database is root's and readable" \
	"$(stat -c '%a %u' "$H/users/aliases.cdb")" '644 0'
while read -r name want; do
	is "alias $name" "$(means "$name")" "$want"
done <<END
info forward $joe;forward $ann;
INFO forward $joe;forward $ann;
sales forward joe@far.example;forward ann@far.example;forward x y@far.example;
one forward joe@far.example;forward four@far.example;
dup forward joe@far.example;forward four@far.example;forward carl;
file mbox /var/mail/x;mbox /var/mail/a b;maildir /home/Maildir/;
null 
prog program /bin/cat -n >x, y;program /bin/cat;
incl forward eve@far.example;forward bob;
incl2 forward eve@far.example;forward carl;forward zoe;
final forward one;
one+detail forward joe@far.example;forward four@far.example;
help-me-now forward joe@far.example;
outer forward zoe@far.example;forward joe@far.example;forward four@far.example;forward ann@far.example;
END
is "quoted name" "$(means 'a b')" 'forward joe@far.example;'
is "name-ext is no alias of name" "$(means info-x)" \
	'Sorry, no mailbox here by that name. (#5.1.1);exit 100'
exits "newaliases -q" 0 "$H/bin/quill-newaliases" -q Info+x
is "says what it is" "$(tr '\n' ' ' <"$T/out")" "$joe $ann "
exits "-q of no alias" 100 "$H/bin/quill-newaliases" -q nobody

echo '&exact@far.example' >"$A/.qmail-one"
is "a .qmail file of the very name comes first" "$(means one)" \
	'forward exact@far.example;'
is "but not for name+detail" "$(means one+x)" \
	'forward joe@far.example;forward four@far.example;'
echo '&default@far.example' >"$A/.qmail-default"
is "-default files come after" "$(means two)" \
	'forward joe@far.example;forward four@far.example;'
is "for who has no alias" "$(means other)" 'forward default@far.example;'
rm "$A/.qmail-one" "$A/.qmail-default"
printf ':include:%s\n' "$T/list2" >"$T/list"
is "an include inside an include, as it is now" "$(means incl)" \
	'forward eve@far.example;forward carl;'

# --- delivered -------------------------------------------------------------
prog=$T/prog
mkdir -m 777 "$prog"
chmod 711 "$T"
cat >"$prog/owner" <<'END'
boss
END
compiled "delivered" 'info: %s, %s, %s
both: info, %s
whoami: "|id -un >%s/id; printf %%s \\"$NEWSENDER\\" >%s/sender"
box: %s/box, %s/dir/
list: %s
owner-list: %s
bad: "|exit 100"
soft: "|exit 75", %s
many: "|echo 1 >>%s/many; exit 99", "|echo 2 >>%s/many"
' "$joe" "$ann" "$joe" "$ann" "$prog" "$prog" "$prog" "$prog" "$joe" "$ann" \
	"$joe" "$prog" "$prog"
setuidgid "$alias_user" "$H/bin/maildirmake" "$prog/dir"
send both
ok "joe gets it" wait_until 30 has_copy "$joehome/Maildir"
ok "ann gets it" wait_until 30 has_copy "$annhome/Maildir"
is "joe once" "$(copies "$joehome/Maildir")" 1
is "ann once" "$(copies "$annhome/Maildir")" 1
like "Delivered-To the alias" "$(cat "$joehome/Maildir/new"/*)" \
	'^Delivered-To: both@quill.example'
send whoami
ok "a program runs" wait_until 30 test -s "$prog/sender"
is "as the alias user" "$(cat "$prog/id")" "$alias_user"
is "with the sender" "$(cat "$prog/sender")" sender@quill.example
send box
ok "a file" wait_until 30 grep -qx "Subject: $subject" "$prog/box"
is "is the alias user's" "$(stat -c %U "$prog/box")" "$alias_user"
ok "a Maildir" wait_until 30 has_copy "$prog/dir"
send list
ok "a list with an owner" wait_until 30 has_copy "$joehome/Maildir"
like "has the owner as its sender" \
	"$(grep -lx "Subject: $subject" "$joehome/Maildir/new"/* | xargs cat)" \
	'^Return-Path: <owner-list@quill.example>'
send list ''
ok "a bounce to a list" wait_until 30 has_copy "$joehome/Maildir"
like "keeps its null sender" \
	"$(grep -lx "Subject: $subject" "$joehome/Maildir/new"/* | xargs cat)" \
	'^Return-Path: <>'
send owner-list
ok "the owner gets mail" wait_until 30 has_copy "$annhome/Maildir"
send many
ok "exit 99 skips nothing in an alias" wait_until 30 \
	grep -qx 2 "$prog/many"
send soft
ok "a program that fails for now defers" wait_until 30 \
	log_has 'deferral: .*Program_exited_75'
is "before anything is forwarded" "$(copies "$joehome/Maildir")" 0
send bad "$ann@quill.example"
bounced()
{
	grep -l 'bad@quill.example' "$annhome/Maildir/new"/* >/dev/null 2>&1
}
ok "a program that fails for good bounces" wait_until 30 bounced

# --- loops through the queue -----------------------------------------------
compiled "loop by address" 'a: b@quill.example\nb: a@quill.example\n'
send a "$ann@quill.example"
ok "is ended by Delivered-To" wait_until 30 log_has 'failure: .*looping'
compiled "final to itself" 'self: \\self\n'
send self "$ann@quill.example"
ok "is ended, too" wait_until 30 log_has \
	'failure: .*looping.* to=self from='

# --- what newaliases refuses -----------------------------------------------
refused "unclosed quote" 'aliases: line 2: " without its end' \
	'a: b\nc: "|x\nd: e\n'
refused "unclosed quote in a name" 'line 1: " without its end' '"a: b\n'
refused "no colon" 'line 3: no colon' '# x\na: b\nc d\n'
refused "nothing in it" 'line 1: nothing follows the colon' 'a:\nb: c\n'
refused "text that is no address" 'line 2: no comma between two addr' \
	'a: b,\n c d\n'
refused "a loop" 'line 2: a loop: b -> c -> a -> b|a loop: a -> b -> c -> a' \
	'a: b\nb: x, c\nc: a\n'
refused "a loop of one" 'line 1: a loop: a -> a' 'a: a, b\n'
refused "a loop by +detail" 'a loop: a -> a' 'a: a+x\n'
echo a >"$T/list"
refused "a loop by an include" 'a loop: a -> :/.*list -> a' \
	'a: :include:%s\n' "$T/list"
echo ":include:$T/list" >"$T/list"
refused "an include of itself" 'a loop: :/.*list -> :/.*list' \
	'a: :include:%s\n' "$T/list"
refused "an include that is missing" \
	'line 2: :include:/nonexistent/x No such file' \
	'b: c\na: :include:/nonexistent/x\n'
echo joe >"$T/list"
chmod 666 "$T/list"
refused "an include that others can write" \
	'line 1: :include:.*list is writable by others' \
	'a: :include:%s\n' "$T/list"
chmod 640 "$T/list"
refused "an include that alias cannot read" 'Permission denied' \
	'a: :include:%s\n' "$T/list"
chmod 644 "$T/list"
echo '|id' >"$T/list"
chown "$joe" "$T/list"
refused "a program in somebody's include" \
	"list: line 1: only addresses may be" 'a: :include:%s\n' "$T/list"
chown root "$T/list"
printf 'joe\n"x\n' >"$T/list"
refused "a bad line in an include" 'list: line 2: " without' \
	'a: :include:%s\n' "$T/list"
mkfifo "$T/fifo"
refused "an include that is a fifo" 'is not a plain file' \
	'a: :include:%s\n' "$T/fifo"
n=1
deep=
while [ $n -le 20 ]; do
	deep="${deep}a$n: a$((n + 1))\\n"
	n=$((n + 1))
done
compiled "20 levels" "$deep"
is "are followed" "$(means a1)" 'forward a21;'
users_ls=$(ls "$H/users")
refused "21 levels" 'nested too deep' "${deep}a21: x\\n"
aliases 'a: b\n'
chmod 666 "$A/aliases"
exits "a file that others can write" 65 "$H/bin/newaliases"
like "is named" "$(cat "$T/err")" 'aliases: is writable by others'
chmod 644 "$A/aliases"
# root's eyes are not lent to the alias user
printf 'secret: x\n' >"$T/secret"
chmod 600 "$T/secret"
rm "$A/aliases"
ln -s "$T/secret" "$A/aliases"
exits "a link to what alias cannot read" 65 "$H/bin/newaliases"
like "is not followed" "$(cat "$T/err")" 'Permission denied'
rm "$A/aliases"
compiled "twice the same name" 'a: b\nA: c\n'
like "is a warning" "$(cat "$T/err")" 'line 2: a is there already'
is "the first one counts" "$(means a)" 'forward b;'
exits "not by everybody" 75 setuidgid "$joe" "$H/bin/newaliases"
exits "usage" 100 "$H/bin/quill-newaliases" -x

# several files
echo 'more: ann@far.example' >"$T/more"
chmod 644 "$T/more"
printf 'aliases\n%s\n' "$T/more" >"$H/control/aliases"
compiled "two files" 'a: b\n'
is "the second one counts" "$(means more)" 'forward ann@far.example;'
rm "$H/control/aliases"

# --- trouble at delivery ---------------------------------------------------
echo joe >"$T/list"
compiled "an include" 'a: :include:%s\nsub: a\n' "$T/list"
chmod 666 "$T/list"
like "that becomes writable by others waits" "$(means a)" \
	'is writable by others \(#4.3.5\);exit 111'
rm "$T/list"
like "that is gone waits" "$(means sub)" \
	":include:$T/list No such file or directory \\(#4.3.5\\);exit 111"
echo a >"$T/list"
like "that makes a loop waits" "$(means a)" 'is in a loop by way of a'
printf '"x\n' >"$T/list"
like "with a bad line waits" "$(means a)" \
	'list line 1: " without its end \(#4.3.5\);exit 111'
echo '|id' >"$T/list"
is "programs of root's include" "$(means a)" 'program id;'
# What ann links her list to is ann's word, though the file be root's: the
# command line of a setuid program that she runs is.
echo bob >"$annhome/list"
chown -h "$ann" "$annhome/list"
chmod 755 "$annhome"
compiled "ann's include" 'a: :include:%s\nsub: a\nb: :include:%s\n' \
	"$T/list" "$annhome/list"
# shellcheck disable=SC2016
bg setuidgid "$ann" perl -e '$^F = 9; pipe(R, W); open(STDIN, "<&R");
	exec {$ARGV[0]} "|id\n#"' "$H/bin/quill-queue"
wait_until 60 grep -q '|id' "/proc/$bg_pid/cmdline"
setuidgid "$ann" ln -sf "/proc/$bg_pid/cmdline" "$annhome/list"
like "her words in a file of root's" "$(means b)" 'exit 111'
bg_stop "$bg_pid"
echo '|id' >"$T/roots"
setuidgid "$ann" ln -sf "$T/roots" "$annhome/list"
like "her link to a file of root's" "$(means b)" \
	'only addresses may be.*exit 111'
rm "$annhome/list"
chmod 664 "$T/list"
like "none where a group can write" "$(means a)" 'only addresses.*exit 111'
chmod 644 "$T/list"
cp "$H/users/aliases.cdb" "$T/good"
: >"$H/users/aliases.cdb"
like "a damaged database: mail waits" "$(means a)" 'Unable to read.*exit 111'
cp "$T/good" "$H/users/aliases.cdb"

# --- quill-config --check --------------------------------------------------
lonely()
{
	sed -n 's/^warning: system accounts .* bounces://p' "$T/out" | tr ' ' '\n'
}
compiled "no system account has an alias" '%s: bob\nBin: root\n' "$joe"
exits "check finds something" 1 "$H/bin/quill-config" --check
like "an alias of an account" "$(cat "$T/out")" \
	"^warning: $joe: an alias that is never asked for"
like "system accounts without an alias" "$(lonely)" '^daemon$'
unlike "but those that have one" "$(lonely)" '^bin$'
unlike "root has a .qmail file" "$(cat "$T/out")" '^error: root@'
mv "$A/.qmail-root" "$T/.qmail-root"
exits "check" 2 "$H/bin/quill-config" --check
like "root has none" "$(cat "$T/out")" '^error: root@.*: its mail bounces'
touch -d '1 minute' "$A/aliases"
echo . >"$H/users/assign"
exits "check" 2 "$H/bin/quill-config" --check
like "a change that was not compiled" "$(cat "$T/out")" \
	'aliases: was changed after it was compiled'
like "users that were not" "$(cat "$T/out")" \
	'users/assign: was never compiled'
ok "they are" "$H/bin/quill-newu"
aliases 'root: ann@far.example\nbin: root\n'
sh -c "$(sed -n 's/^\tdo: \(for .*\)/\1/p' "$T/out")"
exits "what it says to do" 0 "$H/bin/newaliases"
exits "helps" 0 "$H/bin/quill-config" --check
mv "$T/.qmail-root" "$A/.qmail-root"

# --- .forward --------------------------------------------------------------
F=$joehome/.forward
printf '|quill-dotforward .forward\n./Maildir/\n' >"$joehome/.qmail"
chown "$joe" "$joehome/.qmail"
# forward FORMAT...: joe's .forward
forward()
{
	# shellcheck disable=SC2059
	printf "$@" >"$F"
	chown "$joe" "$F"
	chmod 644 "$F"
}
# the programs are found where quill's are
mkdir "$T/path"
ln -s "$H/bin/quill-dotforward" "$T/path/quill-dotforward"
# try: deliver to joe by hand
cat >"$T/queue" <<END
#!/bin/sh
exec 3<&1
cat >"$prog/mess"
cat <&3 | tr '\\0' '|' >"$prog/env"
END
chmod 755 "$T/queue"
printf 'Subject: by hand\n\nbody\n' >"$T/msg"
chmod 644 "$T/msg"
try()
{
	rm -rf "$joehome/Maildir/new"/* "$prog/mess" "$prog/env"
	try_rc=0
	env PATH="$T/path:$PATH" QUILLQUEUE="$T/queue" setuidgid "$joe" \
		"$H/bin/quill-local" "$joe" "$joehome" "$joe" '' '' \
		quill.example s@x.org ./Maildir/ <"$T/msg" >"$T/try" 2>&1 ||
		try_rc=$?
	echo "$try_rc $(maildir_count "$joehome/Maildir") $(cat "$prog/env" \
		2>/dev/null)"
}
# row NAME WANT FORMAT...: exit code, messages in the Maildir, envelope
row()
{
	row_name=$1 row_want=$2
	shift 2
	forward "$@"
	is ".forward: $row_name" "$(try)" "$row_want"
}
rm -f "$F"
is "no .forward" "$(try)" '0 1 '
row "empty" '0 1 ' ''
row "only comments" '0 1 ' '# gone\n\n'
row "one address" '0 0 Fs@x.org|Tann@far.example||' 'ann@far.example\n'
row "two lines, a comma, a name" \
	'0 0 Fs@x.org|Ta@b.example|Tc@d.example|Te@f.example||' \
	'a@b.example, Cee <c@d.example>\n# x\ne@f.example'
row "the same twice" '0 0 Fs@x.org|Ta@b.example||' 'a@b.example,a@b.example\n'
row "a copy in the own mailbox" '0 1 Fs@x.org|Ta@b.example||' \
	'\\%s, a@b.example\n' "$joe"
row "\\user alone" '0 1 ' '\\%s\n' "$joe"
row "the own name" '0 1 ' '%s\n' "$joe"
row "the own address" '0 1 ' '%s@Quill.example\n' "$joe"
row "another user's mailbox" "0 0 Fs@x.org|T$ann||" '\\%s\n' "$ann"
row "/dev/null" '0 0 ' '/dev/null\n'
row "a program" '0 0 ' '"|cat >%s/out; id -un >%s/id2"\n' "$prog" "$prog"
same "a program gets the message" "$prog/out" "$T/msg"
is "as the user" "$(cat "$prog/id2")" "$joe"
row "a program in the other notation" '0 1 ' '|"cat >%s/out2"\n\\%s\n' \
	"$prog" "$joe"
same "gets the message" "$prog/out2" "$T/msg"
row "vacation's form" '0 1 ' '\\%s, "|exit 0"\n' "$joe"
row "a program that fails for now" '111 0 ' '\\%s, "|exit 75"\n' "$joe"
row "a program that fails for good" '100 0 ' '"|echo go away; exit 100"\n'
like "its words" "$(cat "$T/try")" '^go away$'
row "a program before an address" '111 0 ' '"|exit 1", a@b.example\n'
row "a file" '0 0 ' '%s/fbox\n' "$prog"
like "gets the message" "$(cat "$prog/fbox")" '^Delivered-To: '
echo 'x@y.example' >"$joehome/mylist"
row "an include" '0 0 Fs@x.org|Tx@y.example||' ':include:%s/mylist\n' \
	"$joehome"
echo '"|id"' >"$joehome/mylist"
chown "$ann" "$joehome/mylist"
row "a program in somebody's include" '111 0 ' ':include:%s/mylist\n' \
	"$joehome"
row "a missing include" '111 0 ' ':include:%s/nothere\n' "$joehome"
like "is named" "$(cat "$T/try")" 'nothere No such file or directory \(#4.3.5'
echo ":include:$joehome/mylist" >"$joehome/mylist"
chown root "$joehome/mylist"
row "an include in a loop" '111 0 ' ':include:%s/mylist\n' "$joehome"
like "is said" "$(cat "$T/try")" 'nested too deep, or in a loop'
row "an unclosed quote" '111 0 ' 'a@b.example\n"|x\n'
like "is named" "$(cat "$T/try")" '^\.forward line 2: " without its end'
forward 'a@b.example\n'
chmod 666 "$F"
is ".forward writable by others" "$(try)" '111 0 '
like "is said" "$(cat "$T/try")" '^\.forward is writable by others \(#4.3.5\)'
chmod 664 "$F"
is ".forward writable by a group" "$(try)" '111 0 '
chmod 644 "$F"
chown "$ann" "$F"
is ".forward of another user" "$(try)" '111 0 '
like "is said" "$(cat "$T/try")" 'belongs to another user'
chown "$joe" "$F"
chmod 000 "$F"
is ".forward that cannot be read" "$(try)" '111 0 '
chmod 644 "$F"
chmod 720 "$joehome"
is "home writable by a group" "$(try)" '111 0 '
like "is said" "$(cat "$T/try")" '^Home directory .* is writable by others'
chmod 702 "$joehome"
is "home writable by others" "$(try)" '111 0 '
chmod 700 "$joehome"
rm "$F"
mkdir "$F"
is "a directory" "$(try)" '111 0 '
rmdir "$F"
mkfifo "$F"
chown "$joe" "$F"
is "a fifo" "$(try)" '111 0 '
rm "$F"
forward 'a@b.example\n'
printf 'Delivered-To: %s@quill.example\n\nx\n' "$joe" >"$T/msg"
is "a message that comes back" "$(try)" '100 0 '
exits "by hand, without an environment" 111 env -i "$H/bin/quill-dotforward" \
	.forward

# as the default delivery, with the suite
rm "$joehome/.qmail"
stop_suite
rm -rf "$S"
start_suite --smtp "127.0.0.1:$SMTP_PORT" \
	--default "|$H/bin/quill-dotforward .forward
./Maildir/"
forward '\\%s, %s\n' "$joe" "$ann"
send "$joe"
ok "default delivery: own mailbox" wait_until 30 has_copy "$joehome/Maildir"
ok "and the forward" wait_until 30 has_copy "$annhome/Maildir"
forward '%s\n' "$ann"
printf '%s\n' "$joe" >"$annhome/.forward"
chown "$ann" "$annhome/.forward"
send "$joe" sender@quill.example
ok "two that forward to each other end" wait_until 30 \
	log_has "failure: .*looping.* to=$joe from="

# --- quill-cdb -------------------------------------------------------------
C=$H/control
cdb_file()
{
	exits "quill-cdb $1" 0 "$H/bin/quill-cdb" "$1"
	is "$1.cdb: root's, readable" "$(stat -c '%a %u' "$C/$1.cdb")" '644 0'
	is "$1.cdb: as old as its text" "$(stat -c %Y "$C/$1.cdb")" \
		"$(stat -c %Y "$C/$1")"
}
smtp()
{
	swaks -s "127.0.0.1:$SMTP_PORT" -f a@b.example -t "$1" \
		--header "Subject: $subject" >"$T/swaks" 2>&1
}
svc -d "$S/send"
wait_until 30 sh -c "svstat $S/send | grep -q ': down'"
# nobody may relay
echo ':allow' | tcprules "$C/tcp.smtp.cdb" "$C/tcp.smtp.tmp"
rm -f "$joehome/.forward" "$annhome/.forward"
echo 'quill.example
cdb.example' >"$C/locals"
printf 'V.example:bob\nv.example:%s\n.v.example:shop\n' "$ann" \
	>"$C/virtualdomains"
echo '.V.example
v.example
Cdb.example' >"$C/rcpthosts"
touch -d '2 minutes ago' "$C/locals" "$C/virtualdomains" "$C/rcpthosts"
printf '&%s\n' "$ann" >"$annhome/.qmail-x"
chown "$ann" "$annhome/.qmail-x"
for f in locals virtualdomains rcpthosts; do
	cdb_file $f
done
# what is in the text now is not looked at: its time is the old one
for f in locals virtualdomains rcpthosts; do
	echo "nothing.example:" >"$C/$f"
	touch -d '3 minutes ago' "$C/$f"
done
svc -u "$S/send"
subject=cdb1
ok "rcpthosts.cdb lets in" smtp "$joe@cdb.EXAMPLE"
ok "locals.cdb: is local" wait_until 30 has_copy "$joehome/Maildir"
subject=cdb2
ok "rcpthosts.cdb, .suffix" smtp x@v.example
ok "virtualdomains.cdb: the last of equal keys" wait_until 30 has_copy \
	"$annhome/Maildir"
aliases 'shop-x: %s\nowner-shop-x: %s\n' "$joe" "$ann"
exits "aliases of a virtual domain" 0 "$H/bin/newaliases"
subject=cdb3
ok "take mail" smtp x@sub.v.example
ok "are followed" wait_until 30 has_copy "$joehome/Maildir"
like "an owner's address leads back here" \
	"$(grep -lx "Subject: $subject" "$joehome/Maildir/new"/* | xargs cat)" \
	'^Return-Path: <owner-shop-x@quill.example>'
exits "not in rcpthosts.cdb" 24 swaks -s "127.0.0.1:$SMTP_PORT" \
	-f a@b.example -t x@nothing.example
echo 'cdb.example' >"$C/rcpthosts"
exits "a stale rcpthosts.cdb is not used" 24 swaks \
	-s "127.0.0.1:$SMTP_PORT" -f a@b.example -t x@v.example
ok "its text is" smtp "$joe@cdb.example"
ok "the log says so" wait_until 30 log_has \
	'rcpthosts.cdb is not used: .* was changed since; run quill-cdb' smtp
echo 'quill.example' >"$C/locals"
svc -h "$S/send"
ok "send's log, too" wait_until 30 log_has 'locals.cdb is not used: '
rm "$C/virtualdomains"
svc -h "$S/send"
ok "no text: not used" wait_until 30 log_has \
	'virtualdomains.cdb is not used: there is no '
echo 'bad name.example' >"$C/locals"
cp -p "$C/locals.cdb" "$T/before"
exits "a bad line" 100 "$H/bin/quill-cdb" locals
like "is named" "$(cat "$T/err")" 'control/locals: line 1: not a host name'
same "the old file stays" "$T/before" "$C/locals.cdb"
is "nothing is left behind" "$(find "$C" -name '*.tmp')" ''
echo 'nosep' >"$C/virtualdomains"
exits "no colon" 100 "$H/bin/quill-cdb" virtualdomains
rm "$C/locals"
exits "no such file" 111 "$H/bin/quill-cdb" locals
exits "no such list" 100 "$H/bin/quill-cdb" me
echo 'more.example' >"$C/morercpthosts"
exits "morercpthosts" 0 "$H/bin/quill-cdb" morercpthosts
echo 'quill.example' >"$C/locals"
ok "lets in" smtp x@more.example
done_testing
