#!/bin/sh
# SPDX-License-Identifier: 0BSD
# quill-local by hand: one row per rule of dot-qmail.5
#
# The text of single-quoted rows is for the shell of a program line:
# shellcheck disable=SC2016
. "$(dirname "$0")/../lib.sh"
need perl

# --- a quill-local whose control directory is ours -------------------------
Q=$T/q
U=$T/home
mkdir -p "$Q/control"
link_programs "$Q" quill-local maildirmake
L=$T/link/bin/quill-local
echo host.example >"$Q/control/me"

# What stands in for quill-queue keeps what it is given in $T/rec.
mkdir "$T/rec"
cat >"$T/queue" <<EOF
#!/bin/sh
exec 3<&1
cat >"$T/rec/mess"
cat <&3 | tr '\\0' '|' >"$T/rec/env"
[ ! -s "$T/rec/text" ] || cat "$T/rec/text" >&6
exit "\$(cat "$T/rec/rc")"
EOF
chmod 755 "$T/queue"
for v in $(env | sed -n 's/^\(LC_[A-Z]*\|LANG\)=.*/\1/p'); do
	unset "$v"
done
export LC_ALL=C QUILLQUEUE="$T/queue" NOT_FOR_PROGRAMS=1
echo 0 >"$T/rec/rc"

# --- helpers ---------------------------------------------------------------
# fresh: a new home with an empty Maildir, nothing recorded
fresh()
{
	chmod -R u+rwx "$U" 2>/dev/null
	rm -rf "$U" "$T/rec/mess" "$T/rec/env" "$T/rec/text"
	echo 0 >"$T/rec/rc"
	mkdir -m 755 "$U"
	mkdir "$U/Maildir" "$U/Maildir/tmp" "$U/Maildir/new" "$U/Maildir/cur"
}

# run DASH EXT [SENDER [DEFAULT]]: deliver $T/msg; $rc and $out
run()
{
	rc=0
	"$L" u "$U" "u$1$2" "$1" "$2" example.org "${3-s@x.org}" \
		"${4-./Maildir/}" <"$T/msg" >"$T/out" 2>"$T/err" || rc=$?
	out=$(cat "$T/out" "$T/err")
}

# row NAME CONTENT EXIT TEXT: .qmail-x with CONTENT (for printf) in a fresh home
row()
{
	fresh
	# shellcheck disable=SC2059
	printf "$2" >"$U/.qmail-x"
	run - x
	is "$1" "$rc $out" "$3 $4"
}

# forwarded NAME ENVELOPE: what the queue got, NUL as |
forwarded()
{
	is "$1" "$(cat "$T/rec/env" 2>/dev/null)" "$2"
}

# queued: the text after a forward with its process number taken out
did()
{
	out=$(printf '%s\n' "$out" | sed 's/^qp [0-9][0-9]*/qp N/')
	is "$1" "$rc $out" "$2"
}

new_count()
{
	find "$U/Maildir/new" -type f | wc -l | tr -d ' '
}

tmp_clean()
{
	is "$1: nothing left in tmp" "$(ls "$U/Maildir/tmp")" ""
}

# maildir_is NAME LOCAL: exactly one message in new, byte for byte
maildir_is()
{
	{
		printf 'Return-Path: <s@x.org>\nDelivered-To: %s@example.org\n' \
			"$2"
		cat "$T/msg"
	} >"$T/want"
	is "$1: one file" "$(new_count)" 1
	cat "$U/Maildir/new"/* >"$T/got"
	same "$1: its bytes" "$T/got" "$T/want"
	tmp_clean "$1"
}

# mbox_is NAME LOCAL: the mbox, after its From_ line, byte for byte
mbox_is()
{
	{
		printf 'Return-Path: <s@x.org>\nDelivered-To: %s@example.org\n' \
			"$2"
		perl -0777 -pe 's/^(>*From )/>$1/mg; $_ .= "\n" if length and !/\n\z/' \
			"$T/msg"
		echo
	} >"$T/want"
	like "$1: From_ line" "$(head -n 1 "$U/Mailbox")" \
		'^From s@x\.org [A-Z][a-z][a-z] [A-Z][a-z][a-z] [ 0-3][0-9] [0-2][0-9]:[0-5][0-9]:[0-6][0-9] 2[0-9][0-9][0-9]$'
	tail -n +2 "$U/Mailbox" >"$T/got"
	same "$1: its bytes" "$T/got" "$T/want"
}

mess()
{
	# shellcheck disable=SC2059
	printf "$@" >"$T/msg"
}
mess 'Subject: hello\n\nbody\n'

# --- messages, byte for byte -----------------------------------------------
# each to a Maildir, an mbox, a program and a forward
try()
{
	fresh
	printf './Maildir/\n./Mailbox\n|cat >copy\na@b.org\n' >"$U/.qmail-x"
	run - x
	did "$1: delivered" '0 did 2+1+1
qp N'
	maildir_is "$1: Maildir" u-x
	mbox_is "$1: mbox" u-x
	same "$1: program" "$U/copy" "$T/msg"
	{
		echo 'Delivered-To: u-x@example.org'
		cat "$T/msg"
	} >"$T/want"
	same "$1: forward" "$T/rec/mess" "$T/want"
}
try plain
mess 'S: \303\244\n\n\200\377\n'; try 8-bit
mess 'S: a\000b\n\n\000\n\000'; try NUL
mess 'S: x\n\nno final newline'; try 'no final newline'
mess 'From x\nS: y\n\nFrom a\n>From b\n>>From c\n From d\nFrom\nFro\n>\n>F\nxFrom \nFrom '
try 'From lines'
mess 'S: x\n\n>>Fro'; try 'end in the middle of a From line'
mess 'S: x\n\n>'; try 'end in a mark'
mess 'S: x\n\n.\n..\n.\n'; try 'dot lines'
mess 'S: x\n\n'; try 'empty body'
mess 'S: x\r\n\r\na\rb\r\n'; try 'carriage returns'
mess ''; try 'empty message'
mess '\n'; try 'one newline'
perl -e 'print "S: x\n\n", "a" x 100000, "\n", "From ", "b" x 100000, "\n"' >"$T/msg"
try 'lines of 100 kB'
for n in 65535 65536 65537 327680 327681; do
	perl -e 'my $s = "S: x\n\n" . ("From 123456789\n" x 30000);
		print substr($s, 0, shift)' "$n" >"$T/msg"
	try "$n bytes"
done
perl -e 'print "S: x\n\n"; print ">" x 70000, "From x\n", ">" x 70000' >"$T/msg"
try 'marks over the edge of a buffer'
mess 'Subject: hello\n\nbody\n'

# --- default delivery and the search for a file ----------------------------
fresh
run '' ''
is 'no .qmail: default delivery' "$rc $out" '0 did 1+0+0'
maildir_is 'no .qmail' u
like 'unique name' "$(ls "$U/Maildir/new")" \
	"^[0-9]{10}\.M[0-9]{1,6}P[0-9]+Q1\.host\.example,S=$(wc -c <"$T/want" | tr -d ' ')\$"
is 'mode of the file' "$(stat -c %a "$U/Maildir/new"/*)" 600
fresh
run '' '' s@x.org '# two lines
./Maildir/
|echo hi'
is 'default delivery of several lines' "$rc $out" '0 hi
did 1+0+1'
fresh
run '' '' s@x.org ''
is 'empty default delivery' "$rc $out" '111 No default delivery is set (#4.3.5)'
fresh
: >"$U/.qmail"
run '' ''
is 'empty .qmail: default delivery' "$rc $out" '0 did 1+0+0'
fresh
: >"$U/.qmail-x"
chmod 755 "$U/.qmail-x"
run - x
is 'empty .qmail-x, with x: default delivery' "$rc $out" '0 did 1+0+0'
fresh
run - x
is 'no .qmail-x' "$rc $out" '100 Sorry, no mailbox here by that name. (#5.1.1)'
is 'no .qmail-x: nothing delivered' "$(new_count)" 0
row 'comments only: nothing' '# nobody\n#\n' 0 'did 0+0+0'

# found NAME DASH EXT WANT: which file is used and $DEFAULT in it
for f in '' -a -a:b -a-default -default -a-b-c -l-default; do
	mkdir -p "$T/files"
	echo "|echo \"$f \${DEFAULT-unset}\"" >"$T/files/.qmail$f"
done
found()
{
	fresh
	cp "$T/files"/.qmail* "$U"
	run "$2" "$3"
	is "file for dash '$2' ext '$3'" "$rc $out" "0 $4
did 0+0+1"
}
found . '' '' ' unset'
found . - a '-a unset'
found . - A '-a unset'
found . - A.B '-a:b unset'
found . - a-b-c '-a-b-c unset'
found . - a-b-d '-a-default b-d'
found . - a-B.x '-a-default B.x'
found . - a- '-a-default '
found . - zz '-default zz'
found . - '' '-default '
found . - default '-default default'
found . - a-default '-a-default default'
found . -l- Q '-l-default Q'
found . - l-Q-r '-l-default Q-r'
found . - ../x '-default ../x'
found . - "$(printf '%0500d' 7)" "-default $(printf '%0500d' 7)"

# --- what keeps mail waiting -----------------------------------------------
fresh; chmod 757 "$U"; run '' ''
is 'home writable by others' "$rc $out" \
	"111 Home directory $U is writable by others (#4.7.0)"
fresh; chmod 1755 "$U"; run '' ''
is 'sticky home' "$rc $out" \
	"111 Home directory $U is sticky: the user is editing .qmail files (#4.2.1)"
fresh; rm -rf "$U"; run '' ''
is 'no home' "$rc $out" \
	"111 Unable to switch to $U: No such file or directory (#4.3.0)"
fresh; echo ./Maildir/ >"$U/.qmail-x"; chmod 646 "$U/.qmail-x"; run - x
is '.qmail-x writable by others' "$rc $out" \
	'111 .qmail-x is writable by others (#4.7.0)'
fresh; mkdir "$U/.qmail-x"; run - x
is '.qmail-x is a directory' "$rc $out" '111 .qmail-x is not a file (#4.3.0)'
fresh; mkfifo "$U/.qmail-x"; run - x
is '.qmail-x is a fifo' "$rc $out" '111 .qmail-x is not a file (#4.3.0)'
fresh; ln -s .qmail-x "$U/.qmail-x"; run - x
like '.qmail-x is a loop of links' "$rc $out" \
	'^111 Unable to open \.qmail-x: .* \(#4\.3\.0\)$'
fresh; echo ./Maildir/ >"$U/.qmail-x"; truncate -s 1048577 "$U/.qmail-x"; run - x
is '.qmail-x too large' "$rc $out" '111 .qmail-x is too large (#4.3.0)'
# Root can read and write everything: be somebody else for these.
as_user()
{
	chmod 755 "$T" "$T/link" "$T/link/bin"
	if [ "$(id -u)" = 0 ]; then
		set -- setpriv --reuid 65534 --regid 65534 --clear-groups "$@"
	fi
	rc=0
	"$@" <"$T/msg" >"$T/out" 2>&1 || rc=$?
	out=$(cat "$T/out")
}
fresh; : >"$U/.qmail-x"; chmod 0 "$U/.qmail-x"
as_user "$L" u "$U" u-x - x example.org s@x.org ./Maildir/
is 'unreadable .qmail-x' "$rc $out" \
	'111 Unable to open .qmail-x: Permission denied (#4.3.0)'
fresh; chmod 555 "$U/Maildir/tmp"
as_user "$L" u "$U" u '' '' example.org s@x.org ./Maildir/
like 'Maildir not writable' "$rc $out" \
	'^111 Unable to create \./Maildir/tmp/.*: Permission denied \(#4\.3\.0\)$'
fresh; chmod 0 "$U"
as_user "$L" u "$U" u '' '' example.org s@x.org ./Maildir/
is 'home not accessible' "$rc $out" \
	"111 Unable to switch to $U: Permission denied (#4.3.0)"
row 'first line blank' '\n./Maildir/\n' 111 \
	'.qmail-x line 1: first line is blank (#4.3.0)'
row 'NUL byte' './Maildir/\n#\n|ec\000ho\n' 111 '.qmail-x line 3: NUL byte (#4.3.0)'
is 'bad line further down: nothing is delivered' "$(new_count)" 0
row 'carriage return' './Maildir/\r\n' 111 \
	'.qmail-x line 1: line ends in a carriage return (#4.3.0)'
row 'empty command' '|\n' 111 '.qmail-x line 1: no command (#4.3.0)'
row 'unknown +' '+lost\n' 111 '.qmail-x line 1: unknown word after + (#4.3.0)'
fresh; run '' '' s@x.org '|'
is 'bad default delivery' "$rc $out" '111 default delivery line 1: no command (#4.3.0)'
fresh; exits 'message on a pipe' 111 sh -c 'echo hi | "$@"' sh \
	"$L" u "$U" u '' '' example.org s@x.org ./Maildir/
like 'message on a pipe: text' "$(cat "$T/out")" \
	'^Unable to read message: (Illegal|Invalid) seek \(#4\.3\.0\)$'

# --- lines -----------------------------------------------------------------
row 'no final newline' './Maildir/' 0 'did 1+0+0'
row 'blanks at the end' './Maildir/ \t \n \n' 0 'did 1+0+0'
row 'absolute Maildir' "$U/Maildir/\n" 0 'did 1+0+0'
is 'absolute Maildir: there' "$(new_count)" 1
row 'absolute mbox' "$U/m box\n" 0 'did 1+0+0'
ok 'absolute mbox: there' test -s "$U/m box"
row 'order' '|echo 1\n#\n\n|echo 2\n./Maildir/\n|ls Maildir/new | wc -l\n' 0 '1
2
1
did 1+0+3'
row 'first failure stops' '|echo 1\n|exit 1\n./Maildir/\n' 111 '1
Program exited 1 (#4.3.0)'
is 'first failure stops: nothing after it' "$(new_count)" 0

# --- forwards --------------------------------------------------------------
fresh; echo a@b.org >"$U/.qmail-x"; run - x
did 'forward' '0 did 0+1+0
qp N'
forwarded 'forward: envelope' 'Fs@x.org|Ta@b.org||'
fresh
printf '&a@b.org\n|echo p\nc\n#x@y\n& d@e \n' >"$U/.qmail-x"; run - x
did 'all forwards are one message, after the rest' '0 p
did 0+3+1
qp N'
forwarded 'all forwards: envelope' 'Fs@x.org|Ta@b.org|Tc|Td@e||'
fresh; printf 'a@b\n|exit 1\n' >"$U/.qmail-x"; run - x
forwarded 'no forward after a failure' ''
fresh; printf 'a@b\n|exit 99\nc@d\n./Maildir/\n' >"$U/.qmail-x"; run - x
did '99: the rest is skipped' '0 did 0+1+1
qp N'
forwarded '99: forwards above go' 'Fs@x.org|Ta@b||'
fresh; echo a@b >"$U/.qmail-x"; printf K0123456789abcdef >"$T/rec/text"; run - x
did 'id of the forward' '0 did 0+1+0
qp N id 0123456789abcdef'
fresh; echo a@b >"$U/.qmail-x"; run - x ''
forwarded 'null sender' 'F|Ta@b||'
fresh; echo a@b >"$U/.qmail-x"; echo 31 >"$T/rec/rc"; run - x
like 'refused for good' "$rc $out" '^100 Unable to forward message: .* \(#5\.[0-9]\.[0-9]\)$'
fresh; echo a@b >"$U/.qmail-x"; echo 53 >"$T/rec/rc"; run - x
like 'queue full' "$rc $out" '^111 Unable to forward message: .* \(#4\.[0-9]\.[0-9]\)$'
fresh; echo a@b >"$U/.qmail-x"; echo 82 >"$T/rec/rc"; echo 'Dno such luck' >"$T/rec/text"; run - x
like 'refused in its own words' "$rc $out" '^100 Unable to forward message: no such luck \(#5'
fresh; echo a@b >"$U/.qmail-x"
QUILLQUEUE=$T/nothing; run - x; QUILLQUEUE=$T/queue
like 'no queue program' "$rc $out" '^111 Unable to forward message: .* \(#4\.[0-9]\.[0-9]\)$'
fresh; printf './Maildir/\n|cat >copy\na@b\n' >"$U/.qmail-x"; chmod 744 "$U/.qmail-x"; run - x
is 'x mode: no deliveries' "$rc $out" \
	'111 .qmail-x line 1: only forwards are allowed in a list (#4.3.0)'
fresh; printf 'a@b\n' >"$U/.qmail-x"; chmod 744 "$U/.qmail-x"; run - x
did 'x mode: forwards' '0 did 0+1+0
qp N'
row '+list: no program' '+list\na@b\n|true\n' 111 \
	'.qmail-x line 3: only forwards are allowed in a list (#4.3.0)'
row '+list: no Maildir' '+list\n./Maildir/\n' 111 \
	'.qmail-x line 2: only forwards are allowed in a list (#4.3.0)'
fresh; printf '+list\na@b\n' >"$U/.qmail-x"; run - x
did '+list: forwards' '0 did 0+1+0
qp N'

# --- owner and VERP --------------------------------------------------------
owner()
{
	fresh
	printf 'a@b\n|echo $SENDER $NEWSENDER\n' >"$U/.qmail-x"
	for f in $3; do : >"$U/.qmail-x$f"; done
	run - x "$2"
	is "$1: exit and variables" "$rc $(head -n 1 "$T/out")" "0 $2 $4"
	forwarded "$1: envelope" "F$4|Ta@b||"
}
owner 'no owner' s@x.org '' s@x.org
owner 'owner' s@x.org -owner u-x-owner@example.org
owner 'owner-default' s@x.org '-owner -owner-default' u-x-owner-@example.org-@[]
owner 'owner-default alone' s@x.org -owner-default s@x.org
owner 'owner of a double bounce' '#@[]' '-owner -owner-default' '#@[]'
fresh; echo a@b >"$U/.qmail-x"; : >"$U/.qmail-x-owner"; run - x ''
forwarded 'owner, null sender' 'F|Ta@b||'

# --- programs --------------------------------------------------------------
for code in 64 65 70 76 77 78 100 112; do
	row "exit $code" "|exit $code\n" 100 "Program exited $code (#5.3.0)"
done
for code in 1 2 63 66 71 75 98 101 111 113 120 255; do
	row "exit $code" "|exit $code\n" 111 "Program exited $code (#4.3.0)"
done
row 'exit 99' '|exit 99\n|exit 1\n' 0 'did 0+0+1'
row 'exit 0' '|exit 0\n' 0 'did 0+0+1'
row 'signal' '|kill -9 $$\n' 111 'Program was ended by signal 9: .qmail-x line 1 (#4.3.0)'
row 'its own words' '|echo "no (#5.2.2)" >&2; exit 100\n' 100 'no (#5.2.2)'
row 'words without newline' '|printf yes\n' 0 'yes
did 0+0+1'
row 'NUL in its words' '|printf "a\\\\000b"; exit 1\n' 111 'a?b'
row 'unknown command' '|/nonexistent/x 2>/dev/null\n' 111 'Program exited 127 (#4.3.0)'
row 'directory, umask, shell' '|pwd; umask\n' 0 "$U
0077
did 0+0+1"
exec 7<"$T/msg" 9<"$T"
row 'descriptors' '|ls /proc/self/fd | tr "\\n" " "\n' 0 '0 1 2 3 
did 0+0+1'
exec 7<&- 9<&-
row 'each program reads from the start' '|cat >a\n|head -c 3 >b\n|cat >c\n' 0 'did 0+0+3'
same 'first program' "$U/a" "$T/msg"
same 'third program' "$U/c" "$T/msg"
row 'process group of its own' \
	'|[ "$(cut -d " " -f 5 /proc/$$/stat)" = $$ ] && echo own\n' 0 'own
did 0+0+1'
row 'SIGPIPE is at its default' '|kill -PIPE $$\n' 111 \
	'Program was ended by signal 13: .qmail-x line 1 (#4.3.0)'
row 'much output does not block' \
	'|head -c 1000000 /dev/zero | tr "\\000" x; exit 100\n' 100 "$(printf '%0600d' 0 | tr 0 x)"
row 'what it leaves behind is not waited for' '|(sleep 3; : >late) & echo up\n' 0 'up
did 0+0+1'
ok '... nor killed' wait_until 30 test -e "$U/late"
echo 1 >"$Q/control/timeoutprogram"
row 'time limit' '|sleep 50 & echo $! >pid; wait\n' 111 \
	'Program took too long: .qmail-x line 1 (#4.3.0)'
gone()
{
	! kill -0 "$1" || grep -q '^State:.Z' "/proc/$1/status"
}
ok 'time limit: the whole group is killed' \
	wait_until 30 gone "$(cat "$U/pid")"
row 'time limit, SIGTERM ignored by a child' \
	'|sh -c "trap \"\" TERM; echo \\$\\$ >pid; while :; do sleep 0.1; done" & wait\n' \
	111 'Program took too long: .qmail-x line 1 (#4.3.0)'
ok '... which is killed' wait_until 30 gone "$(cat "$U/pid")"
row 'time limit, SIGTERM ignored' \
	'|trap "" TERM; echo stuck; while :; do sleep 0.1; done\n' 111 \
	'stuck
Program took too long: .qmail-x line 1 (#4.3.0)'
echo many >"$Q/control/timeoutprogram"
row 'bad control value' './Maildir/\n|true\n' 111 \
	"$Q/control/timeoutprogram: line 1: not a number between 1 and 86400 (#4.3.5)"
is 'bad control value: nothing is delivered' "$(new_count)" 0
rm "$Q/control/timeoutprogram"
echo 1 >"$Q/control/timeoutlocal"
row 'time limit of the whole delivery' '# one\n\n|true\n|sleep 50\n' 111 \
	'Program took too long: .qmail-x line 4 (#4.3.0)'
rm "$Q/control/timeoutlocal"
# limits of programs: for good, and our own stay as they are
row 'no core files' '|ulimit -c\n' 0 '0
did 0+0+1'
printf 'cpu:77\n# more\nmemory:500000000\nfilesize:1048576\nfiles:50\nprocesses:5000\n' \
	>"$Q/control/programlimits"
limits='for o in -t -v -f -n; do ulimit -S $o; ulimit -H $o; done | tr "\\n" " "'
row 'limits' "|$limits\n./Maildir/\n|$limits\n" 0 \
	'77 77 488281 488281 2048 2048 50 50 
77 77 488281 488281 2048 2048 50 50 
did 1+0+2'
row 'limit on files' '|exec 2>&-; head -c 2000000 /dev/zero >big || true\n' 0 'did 0+0+1'
is '... holds' "$(stat -c %s "$U/big")" 1048576
echo cpu:1 >"$Q/control/programlimits"
row 'limit on CPU time' '|while :; do :; done\n' 111 \
	'Program was ended by signal 9: .qmail-x line 1 (#4.3.0)'
echo space:1 >"$Q/control/programlimits"
row 'unknown limit' './Maildir/\n|true\n' 111 \
	"$Q/control/programlimits: line 1: no such limit (#4.3.5)"
is 'unknown limit: nothing is delivered' "$(new_count)" 0
echo cpu:x >"$Q/control/programlimits"
row 'bad limit' '|true\n' 111 \
	"$Q/control/programlimits: line 1: not of the form limit:number (#4.3.5)"
rm "$Q/control/programlimits"
fresh
echo '|echo $$ >pid; exec sleep 50' >"$U/.qmail-x"
"$L" u "$U" u-x - x example.org s@x.org ./Maildir/ <"$T/msg" >"$T/out" 2>&1 &
pid=$!
wait_until 30 test -s "$U/pid"
kill "$pid"
rc=0
wait "$pid" || rc=$?
is 'told to end: so is the program' "$rc $(cat "$T/out")" \
	'111 Program was interrupted: .qmail-x line 1 (#4.3.0)'
ok 'told to end: program gone' wait_until 30 gone "$(cat "$U/pid")"

# --- a program that passes the message on ------------------------------------
row 'dsn=expanded is for quill-local' '|echo a; echo dsn=expanded\n' 0 'a
did 0+0+1'
row 'so it is alone' '|echo dsn=expanded\n' 0 'did 0+0+1'
row 'not without an end of line' '|printf "a dsn=expanded\\n"\n' 0 'a dsn=expanded
did 0+0+1'
row 'nor from who fails' '|echo dsn=expanded; exit 1\n' 111 'dsn=expanded'
row 'nor the words of another program' '|printf a\n|echo dsn=expanded\n' 0 'a
did 0+0+2'

# --- environment -----------------------------------------------------------
cat >"$T/vars" <<'EOF'
|env | grep -v -e ^PWD= -e ^PATH= -e ^_= -e ^SHLVL= -e ^OLDPWD= -e SAN_OPTIONS= | sort
EOF
fresh
cp "$T/vars" "$U/.qmail-default"
rc=0
"$L" u "$U" u-a-b-c-d-e - A-b-c-d-e m1.a.example.org 'x y@z' ./Maildir/ \
	<"$T/msg" >"$T/out" 2>&1 || rc=$?
sed 's/^\(UFLINE=From x-y@z \)... ... .. ..:..:.. ....$/\1DATE/' "$T/out" |
	grep -v '^$' >"$T/got"
sort >"$T/want" <<EOF
DEFAULT=A-b-c-d-e
DTLINE=Delivered-To: u-a-b-c-d-e@m1.a.example.org
EXT2=b-c-d-e
EXT3=c-d-e
EXT4=d-e
EXT=A-b-c-d-e
HOME=$U
HOST2=m1.a.example
HOST3=m1.a
HOST4=m1
HOST=m1.a.example.org
LC_ALL=C
LOCAL=u-a-b-c-d-e
LOGNAME=u
NEWSENDER=x y@z
QUILLQUEUE=$T/queue
RECIPIENT=u-a-b-c-d-e@m1.a.example.org
RPLINE=Return-Path: <"x y"@z>
SENDER=x y@z
SHELL=/bin/sh
TZ=UTC
UFLINE=From x-y@z DATE
USER=u
did 0+0+1
EOF
sort "$T/got" >"$T/got2"
same 'environment, and nothing else' "$T/got2" "$T/want"
fresh
printf '|printf "%%s" "$RPLINE$DTLINE$UFLINE" | wc -l; echo "${DEFAULT-none} $EXT,$EXT2,$HOST2"\n' \
	>"$U/.qmail-x"
rc=0
"$L" u "$U" u-x - x org 'a
b@c' ./Maildir/ <"$T/msg" >"$T/out" 2>&1 || rc=$?
is 'three lines, short host and ext' "$rc $(cat "$T/out")" '0 3
none x,,org
did 0+0+1'
for row in 's@x|<s@x>' '|<>' 'a.b@x|<a.b@x>' '.a@x|<".a"@x>' 'a..b@x|<"a..b"@x>' \
	'a"b@x|<"a\"b"@x>' 'a\b@x|<"a\\b"@x>' 'a@b@x|<"a@b"@x>' 'a b|<"a b">' \
	'<>@x|<"<>"@x>' '#@[]|<#@[]>' 'é@x|<é@x>' '@x|<""@x>'; do
	fresh
	echo '|printf %s "$RPLINE"' >"$U/.qmail-x"
	run - x "${row%%|*}"
	is "Return-Path of ${row%%|*}" "$(head -n 1 "$T/out")" \
		"Return-Path: ${row#*|}"
done

# --- loops -----------------------------------------------------------------
loops()
{
	fresh; echo ./Maildir/ >"$U/.qmail-x"; run - x
	is "$1: loop" "$rc $out" \
		'100 This message is looping: it already has my Delivered-To line. (#5.4.6)'
	is "$1: nothing delivered" "$(new_count)" 0
}
no_loop()
{
	fresh; echo ./Maildir/ >"$U/.qmail-x"; run - x
	is "$1: no loop" "$rc $out" '0 did 1+0+0'
}
mess 'Delivered-To: u-x@example.org\n\nx\n'; loops 'own Delivered-To'
perl -e 'print "Received: x\n y\n" x 100, "\nReceived: z\n"' >"$T/msg"
no_loop '100 Received lines'
perl -e 'print "received: x\n y\n" x 101, "\n"' >"$T/msg"
fresh; echo ./Maildir/ >"$U/.qmail-x"; run - x
is '101 Received lines' "$rc $out" \
	'100 This message is looping: too many Received lines. (#5.4.6)'
mess 'S: x\nDELIVERED-TO:   U-X@EXAMPLE.ORG \nT: y\n\nx\n'; loops 'other case'
mess 'S: x\r\nDelivered-To: u-x@example.org\r\n\r\nx\n'; loops 'CRLF'
mess 'S: x\nDelivered-To: u-x@example.org'; loops 'last line'
mess 'Delivered-To: u@example.org\nDelivered-To: u-xy@example.org\n\n'; no_loop 'others'
mess 'XDelivered-To: u-x@example.org\n\n'; no_loop 'other field'
mess 'S: x\n\nDelivered-To: u-x@example.org\n'; no_loop 'in the body'
mess 'S: x\r\n\r\nDelivered-To: u-x@example.org\n'; no_loop 'in the body, CRLF'
perl -e 'print "X: y\n" x 100000, "Delivered-To: u-x\@example.org\n\n"' >"$T/msg"
loops 'after 500 kB of header'
perl -e 'print "X: ", "y" x 65500, "\nDelivered-To: u-x\@example.org\n\n"' >"$T/msg"
loops 'over the edge of a buffer'
perl -e 'print "X: y\n" x 300000, "Delivered-To: u-x\@example.org\n\n"' >"$T/msg"
no_loop 'after 1.5 MB of header, which is not read'
mess 'Subject: hello\n\nbody\n'

# --- Maildirs that are not there -------------------------------------------
fresh; rm -rf "$U/Maildir"; echo ./Maildir/ >"$U/.qmail-x"; run - x
is 'missing Maildir of a .qmail file' "$rc $out" \
	'111 Not a Maildir, or not there: ./Maildir/ (#4.2.1)'
ok '... is not made' test ! -e "$U/Maildir"
fresh; rm -rf "$U/Maildir"; run '' ''
is 'missing Maildir of the default delivery' "$rc $out" '0 did 1+0+0'
maildir_is '... is made' u
is '... mode' "$(stat -c %a "$U/Maildir" "$U/Maildir"/*)" '700
700
700
700'
is '... nothing else' "$(ls "$U")" Maildir
echo 0 >"$Q/control/maildircreate"
fresh; rm -rf "$U/Maildir"; run '' ''
is 'maildircreate 0' "$rc $out" '111 Not a Maildir, or not there: ./Maildir/ (#4.2.1)'
echo 2 >"$Q/control/maildircreate"
fresh; rm -rf "$U/Maildir"; run '' ''
like 'maildircreate 2' "$rc $out" '^111 .*/control/maildircreate: line 1: .* \(#4\.3\.5\)$'
rm "$Q/control/maildircreate"
fresh; rm -rf "$U/Maildir"; ln -s gone "$U/Maildir"; run '' ''
is 'dangling link' "$rc $out" '111 Not a Maildir, or not there: ./Maildir/ (#4.2.1)'
fresh; rm -rf "$U/Maildir/new"; run '' ''
is 'no new in it' "$rc $out" '111 Not a Maildir, or not there: ./Maildir/ (#4.2.1)'
fresh; rm -rf "$U/Maildir/tmp"; run '' ''
is 'no tmp in it' "$rc $out" '111 Not a Maildir: ./Maildir/ (#4.2.1)'
fresh; rm -rf "$U/Maildir"; : >"$U/Maildir"; run '' ''
is 'a file' "$rc $out" '111 Not a Maildir, or not there: ./Maildir/ (#4.2.1)'
echo 'a/b:c' >"$Q/control/me"
fresh; run '' ''
like 'host with slash and colon' "$(ls "$U/Maildir/new")" '\.a\\057b\\072c,S='
echo host.example >"$Q/control/me"

# --- mbox ------------------------------------------------------------------
fresh
printf 'From x\n\ncut off' >"$U/Mailbox"
run '' '' s@x.org ./Mailbox
is 'mbox without final newline' "$rc $(sed -n '3p;4s/ s@.*//p' "$U/Mailbox")" '0 cut off
From'
fresh; run '' '' '' ./Mailbox
like 'From_ line of the null sender' "$(head -n 1 "$U/Mailbox")" '^From MAILER-DAEMON [A-Z]'
is 'mode of a new mbox' "$(stat -c %a "$U/Mailbox")" 600
run '' '' '' ./Mailbox
is 'second message' "$rc $(grep -c '^From ' "$U/Mailbox")" '0 2'
fresh; mkfifo "$U/Mailbox"; run '' '' s@x.org ./Mailbox
is 'mbox is a fifo' "$rc $out" '111 Not a plain file: ./Mailbox (#4.2.1)'
fresh; run '' '' s@x.org ./no/Mailbox
is 'no directory' "$rc $out" \
	'111 Unable to open ./no/Mailbox: No such file or directory (#4.3.0)'
fresh
printf 'From x\n\nold\n\n' >"$U/Mailbox"
cp "$U/Mailbox" "$T/old"
perl -e 'print "S: x\n\n", "x" x 9000, "\n"' >"$T/msg"
(
	ulimit -f 4
	run '' '' s@x.org ./Mailbox
	echo "$rc $out" >"$T/limited"
)
is 'file size limit' "$(cat "$T/limited")" \
	'111 Unable to write ./Mailbox: File too large (#4.3.0)'
same '... mbox cut back' "$U/Mailbox" "$T/old"
(
	ulimit -f 4
	run '' ''
	echo "$rc $out" >"$T/limited"
)
like 'file size limit, Maildir' "$(cat "$T/limited")" \
	'^111 Unable to write \./Maildir/tmp/.*: File too large \(#4\.3\.0\)$'
is '... new is empty' "$(new_count)" 0
tmp_clean '... Maildir'
mess 'Subject: hello\n\nbody\n'
echo 1 >"$Q/control/timeoutlock"
fresh
: >"$U/Mailbox"
cat >"$T/hold" <<'EOF'
use Fcntl;
open my $f, "+<", $ARGV[0] or die;
my $l = pack "s s l! l! i", F_WRLCK, 0, 0, 0, 0;
fcntl $f, F_SETLK, $l or die;
open my $r, ">", "$ARGV[0].held";
close $r;
sleep $ARGV[1];
EOF
bg perl "$T/hold" "$U/Mailbox" 30
wait_until 30 test -e "$U/Mailbox.held"
run '' '' s@x.org ./Mailbox
like 'mbox locked too long' "$rc $out" '^111 Unable to lock \./Mailbox: .* \(#4\.3\.0\)$'
ok '... untouched' test ! -s "$U/Mailbox"
# shellcheck disable=SC2154
bg_stop "$bg_pid"
rm "$Q/control/timeoutlock"
bg perl "$T/hold" "$U/Mailbox" 1
wait_until 30 test -e "$U/Mailbox.held"
run '' '' s@x.org ./Mailbox
is 'mbox locked for a while' "$rc $out" '0 did 1+0+0'

fresh
: >"$U/Mailbox.lock"
echo 1 >"$Q/control/timeoutlock"
run '' '' s@x.org ./Mailbox
like 'mbox with a lock file' "$rc $out" '^111 Unable to lock \./Mailbox: .* \(#4\.3\.0\)$'
ok '... untouched, the lock stays' sh -c "test ! -s '$U/Mailbox' -a -e '$U/Mailbox.lock'"
rm "$Q/control/timeoutlock"
(sleep 1; rm "$U/Mailbox.lock") &
run '' '' s@x.org ./Mailbox
is 'lock file for a while' "$rc $out" '0 did 1+0+0'
is '... none of ours is left' "$(ls -A "$U")" 'Mailbox
Maildir'
touch -d '6 minutes ago' "$U/Mailbox.lock"
run '' '' s@x.org ./Mailbox
is 'lock file of a crash' "$rc $out $(ls "$U")" '0 did 1+0+0 Mailbox
Maildir'
if strace -qq -o /dev/null true 2>/dev/null && [ -z "$SAN" ]; then
	strace -qq -o "$T/trace" "$L" u "$U" u '' '' example.org s@x.org \
		./Mailbox <"$T/msg" >"$T/out" 2>&1
	is 'locked while it is written' "$(sed -n \
		's/^fcntl.*F_SETLK.*F_WRLCK.*= 0$/fcntl/p
		s/.*Mailbox\.lock".*O_EXCL.*= [0-9]*$/lock/p
		s/^write([0-9]*, "From s@x.*/write/p
		s/^unlink.*Mailbox\.lock".*/unlock/p' "$T/trace" |
		tr '\n' ' ')" 'fcntl lock write unlock '
fi
fresh
mkdir "$U/box"
: >"$U/box/m"
chmod 666 "$U/box/m"
chmod 755 "$U" "$U/box"
as_user "$L" u "$U" u '' '' example.org s@x.org ./box/m
is 'no lock file can be made there: the kernel lock will do' "$rc $out" \
	'0 did 1+0+0'

# --- what crashes left in tmp ----------------------------------------------
fresh
touch -d '37 hours ago' "$U/Maildir/tmp/old" "$U/Maildir/tmp/.old"
touch "$U/Maildir/tmp/young"
touch -a "$U/Maildir/tmp/read"
touch -m -d '37 hours ago' "$U/Maildir/tmp/read"
mkdir "$U/Maildir/tmp/dir"
touch -d '37 hours ago' "$U/Maildir/tmp/dir" "$U/Maildir/new/old" \
	"$U/Maildir/cur/old"
run '' ''
is 'tmp is cleaned of what is older than 36 hours' \
	"$rc $(cd "$U/Maildir" && find tmp new cur ! -path '*M*' | sort |
		tr '\n' ' ')" \
	'0 cur cur/old new new/old tmp tmp/.old tmp/dir tmp/read tmp/young '

# --- failing disks ---------------------------------------------------------
# nth CALL ERE: which CALL of a Maildir delivery it is, the loader's counted
nth()
{
	fresh
	strace -qq -o "$T/trace" -e trace="$1" "$L" u "$U" u '' '' \
		example.org s@x.org ./Maildir/ <"$T/msg" >/dev/null
	grep -nE "$2" "$T/trace" | head -n 1 | cut -d: -f1
}

# inject NAME CALL ERROR WHEN DEFAULT TEXT: one call fails
inject()
{
	fresh
	[ ! -e "$T/old" ] || cp "$T/old" "$U/Mailbox"
	rc=0
	strace -qq -o "$T/trace" -e "inject=$2:error=$3:when=$4" "$L" u "$U" u \
		'' '' example.org s@x.org "$5" <"$T/msg" >"$T/out" 2>&1 || rc=$?
	like "$1: done" "$(cat "$T/trace")" INJECTED
	like "$1: text" "$rc $(cat "$T/out")" "$6"
	is "$1: new is empty" "$(new_count)" 0
	tmp_clean "$1"
	same "$1: mbox as before" "$U/Mailbox" "$T/old"
}
if [ -z "$SAN" ] && strace -qq -o /dev/null true 2>/dev/null; then
	inject 'sync of the file' fsync EIO 1 ./Maildir/ \
		'^111 Unable to write \./Maildir/tmp/.*(I/O|Input/output) error \(#4\.3\.0\)$'
	inject 'sync of new' fsync EIO 2 ./Maildir/ \
		'^111 Unable to sync \./Maildir/new/.*(I/O|Input/output) error \(#4\.3\.0\)$'
	inject 'write' writev ENOSPC 1 ./Maildir/ \
		'^111 Unable to write .*: No space left on device \(#4\.3\.1\)$'
	inject 'quota' writev EDQUOT 1 ./Maildir/ \
		'^111 Unable to write .*: .*[Qq]uota.* \(#4\.2\.2\)$'
	inject 'rename' renameat2 EACCES 1 ./Maildir/ \
		'^111 Unable to move message to \./Maildir/new/.*: Permission denied \(#4\.3\.0\)$'
	inject 'name taken in new' renameat2 EEXIST 1 ./Maildir/ \
		'^111 Unable to move message to \./Maildir/new/.*: File exists \(#4\.3\.0\)$'
	inject 'sync of the mbox' fsync EIO 1 ./Mailbox \
		'^111 Unable to write \./Mailbox: (I/O|Input/output) error \(#4\.3\.0\)$'
	inject 'reading' pread64 EIO "$(nth pread64 Subject)" ./Maildir/ \
		'^111 Unable to read message: (I/O|Input/output) error \(#4\.3\.0\)$'
	# in this order, and never over an existing name
	fresh
	exits 'calls of a delivery' 0 strace -qq -o "$T/trace" \
		-e trace=openat,open,fsync,renameat2 "$L" u "$U" u '' '' \
		example.org s@x.org ./Maildir/ <"$T/msg"
	is 'their order' "$(sed -n 's/.*Maildir\/new".*O_DIRECTORY.*/new/p
		s/.*Maildir\/tmp\/.*O_EXCL.*/tmp/p
		s/^fsync.*= 0$/fsync/p; s/^renameat2.*RENAME_NOREPLACE.*/rename/p' \
		"$T/trace" | tr '\n' ' ')" 'new tmp fsync rename fsync '
	fresh
	exits 'no renameat2: link and unlink' 0 strace -qq -o /dev/null \
		-e inject=renameat2:error=EINVAL "$L" u "$U" u '' '' \
		example.org s@x.org ./Maildir/ <"$T/msg"
	maildir_is 'no renameat2' u
	fresh
	exits 'directories that cannot be synced' 0 strace -qq -o /dev/null \
		-e inject=fsync:error=EINVAL:when=2 "$L" u "$U" u '' '' \
		example.org s@x.org ./Maildir/ <"$T/msg"
	n=$(nth openat O_EXCL)
	fresh
	exits 'name taken in tmp: another one' 0 strace -qq -o "$T/trace" \
		-e trace=openat -e "inject=openat:error=EEXIST:when=$n" "$L" \
		u "$U" u '' '' example.org s@x.org ./Maildir/ <"$T/msg"
	like '... another one' "$(sed -n '/O_EXCL/s/.*) = //p' "$T/trace" |
		tr '\n' ' ')" '^-1 EEXIST .* [0-9]+ $'
	maildir_is 'name taken in tmp' u
	exits 'all names taken' 111 strace -qq -o /dev/null \
		-e "inject=openat:error=EEXIST:when=$n+" "$L" \
		u "$U" u '' '' example.org s@x.org ./Maildir/ <"$T/msg"
else
	skip 'failing disks' 'no strace here, or sanitizers'
fi
if [ "$(id -u)" = 0 ] && unshare -m true 2>/dev/null; then
	fresh
	perl -e 'print "S: x\n\n", "x" x 200000, "\n"' >"$T/msg"
	printf 'From x\n\nold\n\n' >"$T/old"
	cat >"$T/full" <<'EOF'
mount -t tmpfs -o size=64k,mode=755 none "$2" || exit 99
mkdir "$2/Maildir" "$2/Maildir/tmp" "$2/Maildir/new" "$2/Maildir/cur"
cp "$4" "$2/Mailbox"
"$1" u "$2" u '' '' example.org s@x.org ./Maildir/ <"$3"
echo $?
"$1" u "$2" u '' '' example.org s@x.org ./Mailbox <"$3"
echo $?
cmp "$4" "$2/Mailbox" && find "$2/Maildir" -type f && echo same
EOF
	unshare -m sh "$T/full" "$L" "$U" "$T/msg" "$T/old" >"$T/out" 2>&1
	is 'full disk' "$(sed 's|tmp/[^:]*:|tmp/N:|' "$T/out")" \
		'Unable to write ./Maildir/tmp/N: No space left on device (#4.3.1)
111
Unable to write ./Mailbox: No space left on device (#4.3.1)
111
same'
	mess 'Subject: hello\n\nbody\n'
else
	skip 'full disk' 'needs root'
fi

# --- options ---------------------------------------------------------------
fresh
printf '# x\n./Maildir/\n|rm -rf /\na@b\n&c@d\n/mbox\n+list\n' >"$U/.qmail-x"
exits '-n' 0 "$L" -n u "$U" u-x - x example.org s@x.org ./Maildir/ </dev/null
is '-n: text' "$(cat "$T/out")" 'maildir ./Maildir/
program rm -rf /
forward a@b
forward c@d
mbox /mbox'
is '-n: nothing done' "$(new_count)" 0
exits '-n, no mailbox' 100 "$L" -n u "$U" u-y - y h s@x ./Maildir/ </dev/null
fresh
exits '-n, default delivery' 0 "$L" -n u "$U" u '' '' h s@x './Maildir/
|p' </dev/null
is '... text' "$(cat "$T/out")" 'maildir ./Maildir/
program p'
echo '&a@b' >"$U/.qmail-x-default"
printf '|p\n' >"$U/.qmail-y"
chmod 744 "$U/.qmail-y"
exits '-n, -default' 0 "$L" -n u "$U" u-x-z - x-z h s@x '' </dev/null
is '... text' "$(cat "$T/out")" 'forward a@b'
exits '-n, a program in a list' 111 "$L" -n u "$U" u-y - y h s@x '' </dev/null
like '... text' "$(cat "$T/out")" '^\.qmail-y line 1: only forwards '
chmod 1755 "$U"
exits '-n, sticky home' 0 "$L" -n u "$U" u-x-z - x-z h s@x '' </dev/null
is '... text' "$(cat "$T/out")" "home directory $U is sticky: mail would wait
forward a@b"
chmod 757 "$U"
exits '-n, home writable by others' 111 "$L" -n u "$U" u '' '' h s@x ./Mailbox \
	</dev/null

# -d: the default delivery, whatever there is; what was asked to be told is
# taken from the environment, and success is told by who runs us
# dsn SENDER RECIPIENT LINES
dsn()
{
	fresh
	echo '&not@this.one' >"$U/.qmail"
	rc=0
	DSNSENDER=$1 DSNRECIPIENT=$2 "$L" -d u "$U" u '' '' example.org \
		s@x.org "$3" <"$T/msg" >"$T/out" 2>&1 || rc=$?
	out=$(cat "$T/out")
}
dsn 'RET=HDRS ENVID=a+20b' 'NOTIFY=SUCCESS,FAILURE ORCPT=rfc822;c@d' '&a@b'
did '-d: one forward' '0 did 0+1+0
qp N
dsn=expanded'
forwarded '-d: its envelope' \
	'Fs@x.org|PRET=HDRS|PENVID=a+20b|Ta@b|PNOTIFY=FAILURE|PORCPT=rfc822;c@d||'
dsn '' 'NOTIFY=NEVER' '&a@b
&c@d'
forwarded '-d: two' \
	'Fs@x.org|Ta@b|PNOTIFY=NEVER|PORCPT=rfc822;u@example.org|Tc@d|PNOTIFY=NEVER|PORCPT=rfc822;u@example.org||'
dsn '  RET=what ENVID=a b NOTIFY=NEVER X=y RET' 'NOTIFY ORCPT=x ENVID=q NOTIFY=NO ' \
	'&a@b'
forwarded '-d: what is not of RFC 3461 is left out' 'Fs@x.org|PENVID=a|Ta@b||'
dsn RET=FULL NOTIFY=SUCCESS ./Maildir/
is '-d: no forward' "$rc $out" '0 did 1+0+0'
DSNSENDER=RET=HDRS
export DSNSENDER
fresh
echo 'a@b' >"$U/.qmail"
run '' ''
forwarded 'not without -d' 'Fs@x.org|Ta@b||'
unset DSNSENDER
exits '-N' 0 "$L" -N -- u "$U" u '' '' h s@x ./Maildir/ <"$T/msg"
exits 'too few arguments' 100 "$L" u "$U" u '' '' h s@x </dev/null
exits 'no arguments' 100 "$L" </dev/null
exits 'unknown option' 100 "$L" -x u "$U" u '' '' h s@x ./Maildir/ </dev/null

# --- maildirmake -----------------------------------------------------------
M=$T/link/bin/maildirmake
exits 'maildirmake' 0 "$M" "$T/md" "$T/md 2"
is 'maildirmake: modes' "$(stat -c '%a %F' "$T/md" "$T/md"/* "$T/md 2"/tmp | sort -u)" \
	'700 directory'
is 'maildirmake: names' "$(ls -A "$T/md")" 'cur
new
tmp'
exits 'maildirmake, existing' 111 "$M" "$T/md"
like 'maildirmake, existing: text' "$(cat "$T/err")" \
	"^maildirmake: alert: unable to create $T/md: File exists\$"
exits 'maildirmake, no arguments' 100 "$M"
exits 'maildirmake, option' 100 "$M" -x

done_testing
