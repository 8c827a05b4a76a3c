#!/bin/sh
# SPDX-License-Identifier: 0BSD
# make install, make check-install, quill-config, quill-service.
. "$(dirname "$0")/../lib.sh"
need_root
need svscan tcpserver setuidgid

installer()
{
	BIN=$T/link/bin sh "$TOP/src/tools/install.sh" "$@"
}

# What changed below a directory since the marker, times included.
mark()
{
	sleep 0.02
	: >"$T/mark"
	sleep 0.02
}
changed()
{
	find "$1" -cnewer "$T/mark"
}

# --- install ---------------------------------------------------------------
quill_home
exits "check-install is content" 0 installer check "$H"
mark
exits "a second install" 0 installer install "$H"
like "says that there is nothing to do" "$(cat "$T/out")" 'nothing to do'
is "and changes nothing" "$(changed "$H")" ''

echo own.example >"$H/control/me"
echo '.' >"$H/users/assign"
echo '# mine' >"$H/alias/.qmail-root"
setuidgid quillq sh -c "echo x >'$H/queue/msg/7/0000000000000007.mess'"
cp -a "$H" "$T/copy"
exits "install over a home in use" 0 installer install "$H"
for d in control users alias queue; do
	ok "keeps $d" diff -r "$T/copy/$d" "$H/$d" -x lock
done
rm -f "$H/control/me" "$H/alias/.qmail-root" "$H/users/assign" \
	"$H/queue/msg/7/0000000000000007.mess"

is "quill-queue is setuid quillq, and only runnable" \
	"$(stat -c '%a %U %G' "$H/bin/quill-queue")" '4711 quillq quill'
is "32 splits" "$(find "$H/queue/msg" -mindepth 1 -type d | wc -l)" 32
is "nothing below is writable by everybody" \
	"$(find "$H" ! -type l -perm -2)" ''
is "users/ids names twelve roles" "$(cut -d' ' -f1 "$H/users/ids" | sort |
	uniq -c | tr -s ' \n' ' ')" ' 2 g 10 u '
ok "the home is compiled in" grep -qF "$H" "$H/bin/quill-queue"
nok()
{
	! "$@"
}
ok "and no other" nok grep -qF /var/quill "$H/bin/quill-queue"

# damage NAME WHAT-CHECK-SAYS CMD...: CMD is noticed, named, and put right.
damage()
{
	damage_name=$1 damage_says=$2
	shift 2
	"$@" || fail "cannot do the damage: $*"
	exits "check-install notices: $damage_name" 1 installer check "$H"
	like "and says so" "$(cat "$T/out")" "$damage_says"
	exits "install puts it right" 0 installer install "$H"
	exits "so that check-install is content" 0 installer check "$H"
}

damage "setuid bit gone" '^bin/quill-queue: mode is 755' \
	chmod 755 "$H/bin/quill-queue"
damage "wrong owner" '^bin/quill-queue: owner is 0' sh -c \
	"chown 0 '$H/bin/quill-queue' && chmod 4711 '$H/bin/quill-queue'"
damage "wrong group" '^queue/bounce: group is 0' chgrp 0 "$H/queue/bounce"
damage "open queue" '^queue/msg: mode is 2777' chmod 2777 "$H/queue/msg"
damage "a split is missing" '^queue/msg/v: no such directory' \
	rmdir "$H/queue/msg/v"
damage "no fifo" '^queue/lock/hint: no such fifo' rm "$H/queue/lock/hint"
damage "no lock" '^queue/lock/send: missing' rm "$H/queue/lock/send"
damage "a program is missing" '^bin/quill-send: missing' \
	rm "$H/bin/quill-send"
damage "a link is missing" '^bin/mailq: should be a link' rm "$H/bin/mailq"
damage "a page is missing" '^man/man5/quill-control.5: missing' \
	rm "$H/man/man5/quill-control.5"
damage "wrong numbers" '^users/ids: does not agree' \
	sed -i 's/^u \([^ ]*\) .*/u \1 4321/' "$H/users/ids"
damage "writable control" '^control: mode is 777' chmod 777 "$H/control"

# A link in a directory that quillq owns must not lead root astray.
mkdir "$T/victim"
chmod 700 "$T/victim"
rmdir "$H/queue/msg/3"
setuidgid quillq ln -s "$T/victim" "$H/queue/msg/3"
exits "check-install sees a planted link" 1 installer check "$H"
exits "install does not follow it" 1 installer install "$H"
is "its target is untouched" "$(stat -c '%a %u' "$T/victim")" '700 0'
rm "$H/queue/msg/3"
mv "$H/queue/msg" "$T/msg"
setuidgid quillq ln -s "$T/victim" "$H/queue/msg"
exits "nor does it follow one above" 1 installer install "$H"
is "nothing is made there" "$(find "$T/victim" -mindepth 1)" ''
rm "$H/queue/msg"
mv "$T/msg" "$H/queue/msg"
# nor one that comes and goes
(cd "$T/victim" && mkdir 0 1 2 3 4 5 6 7 8 9 a b c d e f)
look()
{
	find "$T/victim" -exec stat -c '%n %i %a %u %g' {} + | sort
}
look >"$T/before"
cp -a "$H/queue" "$T/queue.saved"
ln -s "$T/victim" "$T/swapped"
bg python3 "$TOP/tests/swap.py" "$H/queue/msg" "$T/swapped" "$T/swaps"
if wait_until 60 test -e "$T/swaps"; then
	for n in 1 2 3; do
		installer install "$H" >"$T/out" 2>&1
	done
	look >"$T/after"
	same "nor one that comes and goes" "$T/before" "$T/after"
else
	skip "nor one that comes and goes" 'no renameat2'
fi
bg_stop "$bg_pid"
rm -rf "$T/swapped" "$H/queue"
mv "$T/queue.saved" "$H/queue"
exits "without it all is well" 0 installer install "$H"

# Programs are replaced in one step: who runs the old one keeps it.
ln "$H/bin/quill-config" "$T/old"
cp "$T/old" "$T/old.copy"
echo '# new' >>"$T/link/bin/quill-config"
exits "a new version" 0 installer install "$H"
same "does not write into the old file" "$T/old" "$T/old.copy"
same "but is there" "$T/link/bin/quill-config" "$H/bin/quill-config"
is "and leaves nothing else" "$(find "$H" -name '.new*')" ''

for bad in relative / /a/../b '/a b' /a/ ''; do
	exits "home '$bad' is refused" 111 installer install "$bad"
done
exits "check of a home that is not there" 1 installer check "$T/none"

# By nobody in particular: a home to look at.
mkdir "$T/nobody"
chown nobody "$T/nobody"
exits "install by somebody else" 0 setuidgid nobody env BIN="$T/link/bin" \
	sh "$TOP/src/tools/install.sh" install "$T/nobody/q"
like "says that it is only to be looked at" "$(cat "$T/out")" \
	'NOTE: this was not run by root'
exits "and its owner finds all as it should be" 0 setuidgid nobody env \
	BIN="$T/link/bin" sh "$TOP/src/tools/install.sh" check "$T/nobody/q"
exits "but root does not" 1 installer check "$T/nobody/q"
like "and says why" "$(cat "$T/out")" 'belongs to uid .*, not to root'

# Accounts that are missing, under names of this test's own.
mkdir -p "$T/tree/src"
cp -R "$TOP"/src/tools "$T/tree/src/"
cp -R "$TOP"/conf-* "$TOP/man" "$TOP/README" "$TOP/INSTALL" "$TOP/LICENSE" \
	"$T/tree/"
for r in d q s r p l a t h v; do
	echo "qu$$$r" | tee -a "$T/.users"
done >"$T/tree/conf-users"
printf 'qg%sq\nqg%sn\n' $$ $$ >"$T/tree/conf-groups"
other()
{
	BIN=$T/link/bin sh "$T/tree/src/tools/install.sh" "$1" "$T/other"
}
exits "install with accounts that do not exist" 0 other install
is "makes twelve of them" \
	"$(grep -cE '^(user|group) .* created' "$T/out")" 12
exits "check-install is content with them" 0 other check
line=$(getent passwd "qu$$q")
like "no login shell, the home is HOME" "$line" ":$T/other:.*(nologin|false)\$"
like "alias lives in HOME/alias" "$(getent passwd "qu$$a")" ":$T/other/alias:"
is "quillq is in the group of the queue" "$(id -gn "qu$$q")" "qg$$q"
is "quilld is not" "$(id -Gn "qu$$d")" "qg$$n"
is "users/ids has their numbers" "$(sed -n 2p "$T/other/users/ids")" \
	"u qu$$q $(id -u "qu$$q")"
sed -i '/^u /{8,$d}' "$T/other/users/ids"
exits "once more, over one of an older version" 0 other install
is "has the newer ones" "$(grep -c '^u ' "$T/other/users/ids")" 10
mark
exits "once more" 0 other install
is "changes nothing" "$(changed "$T/other")" ''
sed -i "2s/.*/qu$$d/" "$T/tree/conf-users"
exits "two roles in one account are refused" 111 other install
sed -i "2s/.*/root/" "$T/tree/conf-users"
exits "root as a role is refused" 111 other install
while read -r u; do
	userdel "$u" >/dev/null 2>&1
done <"$T/.users"
: >"$T/.users"
groupdel "qg$$q"
groupdel "qg$$n"

# --- quill-config ----------------------------------------------------------
for bad in localhost 1.2.3.4 .a.b a..b a.b. x.-a.b a-.b a_b.c 'a b.c' \
	"$(printf %070d 1).example"; do
	exits "quill-config '$bad' is refused" 1 "$H/bin/quill-config" "$bad"
done
exits "two lines are refused" 1 "$H/bin/quill-config" 'a.b
c.d'
exits "without a name: usage" 100 "$H/bin/quill-config"
exits "with two: usage" 100 "$H/bin/quill-config" a.b c.d
exits "an unknown option: usage" 100 "$H/bin/quill-config" --what a.b
for bad in x @y.z x@ x@y 'x@y.z|id'; do
	exits "--admin '$bad' is refused" 1 \
		"$H/bin/quill-config" --admin "$bad" a.b
done
for f in control/me control/locals control/rcpthosts control/defaultdomain \
	control/plusdomain alias/.qmail-postmaster alias/.qmail-mailer-daemon \
	alias/.qmail-root alias/.qmail-abuse; do
	echo mine >"$H/$f"
	mark
	exits "an existing $f is refused" 1 "$H/bin/quill-config" a.b.example
	like "and named" "$(cat "$T/err")" "$H/$f"
	is "with nothing changed" "$(changed "$H")" ''
	rm "$H/$f"
done
ln -s "$T/elsewhere" "$H/control/me"
exits "so is a dangling link" 1 "$H/bin/quill-config" a.b.example
rm "$H/control/me"

sys=qs$$
mktestuser
mkdir "$T/sys-c"
for n in .a -B -c; do
	useradd --badname -r -M -d "$T/sys$n" "$sys$n" 2>/dev/null ||
		useradd --badnames -r -M -d "$T/sys$n" "$sys$n" ||
		fail "useradd $sys$n"
	echo "$sys$n" >>"$T/.users"
done
chown "$sys-c:" "$T/sys-c"
exits "quill-config" 0 "$H/bin/quill-config" Mail.Quill.Example
cp "$T/out" "$T/said"
is "me" "$(cat "$H/control/me")" mail.quill.example
is "locals" "$(cat "$H/control/locals")" 'mail.quill.example
localhost'
is "rcpthosts" "$(cat "$H/control/rcpthosts")" mail.quill.example
is "defaultdomain" "$(cat "$H/control/defaultdomain")" quill.example
is "plusdomain" "$(cat "$H/control/plusdomain")" quill.example
for f in "$H"/control/* "$H"/alias/.qmail-*; do
	ok "it says that it wrote ${f#"$H"/}" grep -qF "$f: " "$T/said"
	is "owner and mode" "$(stat -c '%a %U' "$f")" \
		"644 $(case $f in */alias/*) echo alias ;; *) echo root ;; esac)"
done
# accounts of the system; one that owns its home cannot have an alias
ok "it says that it wrote the aliases" grep -q "^$H/alias/aliases: " "$T/said"
is "their owner and mode" "$(stat -c '%a %U' "$H/alias/aliases")" '644 root'
is "daemon's mail is root's" "$("$H/bin/quill-newaliases" -q daemon)" root
is "as is that of all" "$(grep -v '^#' "$H/alias/aliases" | cut -d: -f2 |
	sort -u)" ' root'
ok "a dot in the name" grep -qx "$sys.a: root" "$H/alias/aliases"
ok "capitals in the name" grep -qx "$sys-b: root" "$H/alias/aliases"
is "one that owns its home has none, nor has a person, nor root" \
	"$(grep -cE "^($sys-c|$testuser|root):" "$H/alias/aliases")" 0
exits "--check" 0 "$H/bin/quill-config" --check
like "says what to do for the former" "$(cat "$T/out")" \
	"^note: system accounts .* no Maildir:.* $sys-c .$T/sys-c.( |\$)"
sed -i "/^$sys\.a:/d" "$H/alias/aliases"
"$H/bin/newaliases"
exits "--check, without one of them" 1 "$H/bin/quill-config" --check
like "says which" "$(cat "$T/out")" "^warning: system accounts .* bounces: $sys\.a\$"
cp -p "$H/alias/aliases" "$T/aliases"
is "alias has a Maildir" "$(stat -c '%a %U' "$H/alias/Maildir/new")" '700 alias'
mark
exits "a second time" 1 "$H/bin/quill-config" mail.quill.example
is "changes nothing" "$(changed "$H")" ''
rm "$H"/control/* "$H"/alias/.qmail-*
exits "with --admin" 0 "$H/bin/quill-config" --admin joe@quill.example \
	a.b.quill.example
is "forwards to it" "$(cat "$H"/alias/.qmail-* | sort -u)" \
	'&joe@quill.example'
same "a file of aliases that is there is kept" "$H/alias/aliases" "$T/aliases"
is "plusdomain of a longer name" "$(cat "$H/control/plusdomain")" quill.example
rm "$H"/control/* "$H"/alias/.qmail-*
exits "a name of two labels" 0 "$H/bin/quill-config" quill.example
is "is its own default domain" "$(cat "$H/control/defaultdomain")" \
	quill.example

# --- quill-service: what it writes -----------------------------------------
svc_do()
{
	"$H/bin/quill-service" "$@"
}
D=$T/sv
for bad in 25 1.2.3.4 1.2.3.4:0 1.2.3.4:65536 1.2.3.4:x a.b.c.d:25 \
	'1.2.3.4:25;id' ::1:25 '[::1]' '[x]:25'; do
	exits "--smtp '$bad' is refused" 1 svc_do "$D" --smtp "$bad"
done
exits "without DIR: usage" 100 svc_do --smtp 127.0.0.1:25
exits "an unknown option: usage" 100 svc_do "$D" --what
exits "a word that is neither yes nor no" 1 svc_do "$D" --verify maybe
exits "a missing value: usage" 100 svc_do "$D" --smtp
exits "the same port twice" 1 svc_do "$D" --smtp 127.0.0.1:25 \
	--submission 127.0.0.1:25
exits "the defaults" 0 svc_do "$D"
is "are send, smtp and verify" "$(cd "$D" && echo *)" 'send smtp verify'
like "on 0.0.0.0:25" "$(cat "$D/smtp/run")" '^	*0\.0\.0\.0 25 '
is "with ./Maildir/" "$(cat "$D/send/env/DEFAULT")" ./Maildir/
rm -rf "$D"
exits "only send" 0 svc_do "$D" --smtp none
is "is there" "$(cd "$D" && echo *)" send
exits "and verify, when it is asked for" 0 svc_do "$D" --smtp none \
	--verify yes
is "is there" "$(cd "$D" && echo *)" 'send verify'
exits "which stays" 0 svc_do "$D"
like "unasked" "$(cat "$T/out")" 'nothing to do'
exits "until it is not wanted" 0 svc_do "$D" --verify no
like "then it is said how to end it" "$(cat "$T/out")" \
	'verify: not asked for any more.*svc -dx'
rm -rf "$D"
exits "a listener without it" 0 svc_do "$D" --verify no
is "is possible" "$(cd "$D" && echo *)" 'send smtp'
rm -rf "$D"

exits "several listeners" 0 svc_do "$D" --smtp 127.0.0.1:2501 \
	--smtp 127.0.0.2:2501 --submission 127.0.0.1:2502 \
	--tls-submission=127.0.0.1:2503 --default '|exit 99
./Mailbox'
tls=''
[ ! -x "$H/bin/quill-tlsd" ] || tls=' tls'
is "have names" "$(cd "$D" && echo *)" \
	"auth send smtp smtp-2 submission submissions$tls verify"
if [ "$tls" ]; then
	ok "the one for TLS is up" test ! -e "$D/submissions/down"
	like "with TLS first" "$(cat "$D/submissions/run")" 'quill-smtpd -s -t'
	is "control/tls is root's alone" \
		"$(stat -c '%a %U' "$H/control/tls")" '700 root'
else
	ok "the one for TLS is down" test -e "$D/submissions/down"
	exits "--tls without quill-tlsd" 1 svc_do "$D" --tls
fi
# shellcheck disable=SC2016
is "a delivery of two lines arrives" \
	"$(cd "$D/send" && envdir ./env sh -c 'echo "$DEFAULT"')" '|exit 99
./Mailbox'
for s in send smtp smtp-2 submission submissions verify auth $tls; do
	ok "$s can be run" test -x "$D/$s/run" -a -x "$D/$s/log/run"
	ok "$s: sh can read it" sh -n "$D/$s/run"
	is "log/$s belongs to quilll" "$(stat -c '%a %U' "$H/log/$s")" \
		'750 quilll'
done
mark
exits "a second run" 0 svc_do "$D"
like "has nothing to do" "$(cat "$T/out")" 'nothing to do'
is "and changes nothing" "$(changed "$D"; changed "$H")" ''

echo 7 >"$D/smtp/env/CONCURRENCY"
rm "$D/smtp/env/RULES"
echo 2 >"$D/smtp/env/MINE"
echo '# my own' >>"$D/smtp-2/run"
echo '# mine too' >>"$H/control/tcp.smtp"
exits "another address, after edits" 0 svc_do "$D" --smtp 127.0.0.3:2504 \
	--smtp 127.0.0.4:2504
is "an env value is kept" "$(cat "$D/smtp/env/CONCURRENCY")" 7
ok "a removed one stays away" test ! -e "$D/smtp/env/RULES"
is "a foreign file is kept" "$(cat "$D/smtp/env/MINE")" 2
like "what was not edited is changed" "$(cat "$D/smtp/run")" '127\.0\.0\.3 2504'
like "what was is not" "$(cat "$D/smtp-2/run")" '127\.0\.0\.2 2501'
like "and that is said" "$(cat "$T/out")" 'smtp-2/run: kept, it was edited'
ok "the rules are compiled again" test ! "$H/control/tcp.smtp" -nt \
	"$H/control/tcp.smtp.cdb"
exits "--default is obeyed" 0 svc_do "$D" --default ./Maildir/
is "when it is given" "$(cat "$D/send/env/DEFAULT")" ./Maildir/
mkdir "$D/foreign"
mark
exits "a directory of somebody else" 0 svc_do "$D"
is "is left alone" "$(changed "$D/foreign")" ''
mkdir "$T/sv2" "$T/sv2/send"
echo mine >"$T/sv2/send/run"
mark
exits "a send of somebody else is refused" 1 svc_do "$T/sv2" --smtp none
is "with nothing written" "$(changed "$T/sv2")" ''
if timeout 1 tcpserver -RHl0 ::1 0 true 2>/dev/null; [ $? != 124 ]; then
	exits "IPv6 with a tcpserver that cannot" 1 svc_do "$D" \
		--smtp '[::1]:25'
	like "names the package" "$(cat "$T/err")" ucspi-tcp-ipv6
fi
rm -rf "$D" "$H/control/tls"

# --- quill-service: what it wrote works ------------------------------------
start_suite
p1=$(svstat "$S/send" | sed 's/.*pid \([0-9]*\).*/\1/')
is "send/run becomes quill-send" "$(cat "/proc/$p1/comm")" quill-send
is "which is quills" "$(stat -c %U "/proc/$p1")" quills
p=$(svstat "$S/smtp" | sed 's/.*pid \([0-9]*\).*/\1/')
is "smtp/run becomes tcpserver" "$(cat "/proc/$p/comm")" tcpserver
is "which is quilld" "$(stat -c %U "/proc/$p")" quilld
like "with its tunables" "$(tr '\0' ' ' <"/proc/$p/cmdline")" \
	"-vRHl0 -b 200 -U -c 40 -x $H/control/tcp.smtp.cdb"
p=$(svstat "$S/smtp/log" | sed 's/.*pid \([0-9]*\).*/\1/')
is "multilog is quilll" "$(stat -c '%U' "/proc/$p")" quilll

send_pid()
{
	svstat "$S/send" | sed -n 's/.*: up (pid \([0-9]*\)).*/\1/p'
}
other_pid()
{
	[ "$(send_pid)" ] && [ "$(send_pid)" != "$1" ]
}
svc -h "$S/send"
svc -a "$S/send"
sleep 1
is "svc -h and -a leave it running" "$(send_pid)" "$p1"
ok "quillctl status: it runs" "$H/bin/quillctl" status
svc -t "$S/send"
ok "svc -t ends it and supervise starts another" wait_until 10 other_pid "$p1"
wait_until 10 "$H/bin/quillctl" status
svc -d "$S/send"
ok "svc -d ends it" wait_until 10 sh -c "svstat '$S/send' | grep -q ': down '"
# Processes that run a program of this home.
of_home()
{
	for proc in /proc/[0-9]*; do
		case $(readlink "$proc/exe") in "$H"/bin/*) echo "$proc" ;; esac
	done
}
none_of_home()
{
	[ -z "$(of_home)" ]
}
ok "and its helpers with it" wait_until 10 none_of_home
exits "quillctl status: it does not run" 1 "$H/bin/quillctl" status
svc -u "$S/send"
ok "svc -u starts it again" wait_until 10 "$H/bin/quillctl" status

# Tunables and rules count.
echo 3 >"$S/smtp/env/CONCURRENCY"
printf '127.0.0.9:deny\n:allow\n' >"$H/control/tcp.smtp"
"$H/bin/quill-service" "$S" >/dev/null
svc -t "$S/smtp"
greeting()
{
	tcpclient -RHl0 -i "$1" 127.0.0.1 "$SMTP_PORT" sh -c \
		'head -n 1 <&6' 2>/dev/null
}
greets()
{
	greeting 127.0.0.8 | grep -q ^220
}
limit_3()
{
	p=$(svstat "$S/smtp" | sed 's/.*pid \([0-9]*\).*/\1/')
	tr '\0' ' ' <"/proc/$p/cmdline" | grep -q '^tcpserver .* -c 3 '
}
ok "the new limit" wait_until 10 limit_3
ok "it listens again" wait_until 10 greets
is "the rules refuse a client" "$(greeting 127.0.0.9)" ''
stop_suite
is "nothing is left running" "$(of_home)" ''

# Links, as from /etc/service.
mkdir "$T/etc-service"
ln -s "$S/send" "$T/etc-service/quill-send"
ln -s "$S/smtp" "$T/etc-service/quill-smtp"
S=$T/etc-service
svscan_start
ok "it works through links" wait_until 20 suite_up
ok "with their logs" wait_until 10 log_has 'status: local 0/' send
stop_suite

# --- make install ----------------------------------------------------------
maker()
{
	(
		unset MAKEFLAGS MFLAGS MAKELEVEL
		make -s -j2 -C "$TOP" B="$T/build" SAN="$SAN" "$@"
	)
}
exits "make install home=" 0 maker install home="$T/made"
exits "make check-install home=" 0 maker check-install home="$T/made"
mark
exits "make install again" 0 maker install home="$T/made"
is "changes nothing" "$(changed "$T/made")" ''
exits "another home" 0 maker install home="$T/made2"
ok "relinks" grep -qF "$T/made2" "$T/made2/bin/quill-queue"
ok "the first is as it was" grep -qF "$T/made/" "$T/made/bin/quill-queue"
chmod 777 "$T/made/queue"
exits "make check-install fails" 2 maker check-install home="$T/made"
like "and says why" "$(cat "$T/out")" '^queue: mode is 777'
done_testing
