#!/bin/sh
# SPDX-License-Identifier: 0BSD
# quill-authd with each of its back ends, and quill-passwd.
. "$(dirname "$0")/../lib.sh"
need_root
need svscan python3 setuidgid cc dovecot

quill_config quill.example
C=$H/control
echo 1 >"$C/authdelay"

# --- quill-passwd --------------------------------------------------------------
pw()
{
	"$H/bin/quill-passwd" "$@"
}
# with PASSWORD VERB...
with()
{
	printf '%s\n' "$1" >"$T/typed"
	shift
	pw "$@" <"$T/typed"
}
P=$H/users/passwd
exits "add" 0 with 'se cret' add Joe@Quill.example
is "a line, in lower case" "$(cut -d: -f1 "$P")" joe@quill.example
# shellcheck disable=SC2016
like "with a strong hash" "$(cut -d: -f2 "$P")" '^\$(y|6)\$'
is "for quilla alone" "$(stat -c '%a %U' "$P")" '600 quilla'
exits "the password is right" 0 with 'se cret' check joe@quill.example
exits "another one is not" 1 with 'se creT' check joe@quill.example
exits "once more is refused" 1 with x add joe@quill.example
like "with the reason" "$(cat "$T/err")" 'exists already'
exits "another" 0 with two add ann
exits "list" 0 pw list
is "both" "$(cat "$T/out")" 'joe@quill.example
ann'
sed -i 's/^joe.*/&:1000:1000::\/home\/joe/' "$P"
printf '# mine\nbob:!' >>"$P"
exits "change" 0 with three change joe@quill.example
exits "counts" 0 with three check joe@quill.example
exits "the old one does not" 1 with 'se cret' check joe@quill.example
like "other fields stay" "$(sed -n 1p "$P")" ':1000:1000::/home/joe$'
exits "a locked user has no password" 1 with '!' check bob
exits "add behind a line without end" 0 with z add carl
is "all lines are whole" "$(cut -d: -f1 "$P" | tr '\n' ' ')" \
	'joe@quill.example ann # mine bob carl '
exits "delete" 0 pw delete carl
exits "and it is gone" 1 pw delete carl
like "the comment is not" "$(cat "$P")" '^# mine'
chgrp daemon "$P"
chmod 640 "$P"
exits "change, with a group" 0 with three change joe@quill.example
is "which stays" "$(stat -c '%a %U %G' "$P")" '640 quilla daemon'
for bad in '' 'a b' 'a:b' '#a' "$(printf 'a\tb')" "$(printf %0256d 1)"; do
	exits "name '$bad'" 100 with x add "$bad"
done
exits "an empty password" 100 with '' add dora
exits "one too long" 100 with "$(printf %0501d 1)" add dora
exits "nothing on standard input" 100 sh -c \
	"'$H/bin/quill-passwd' add dora </dev/null"
exits "a password is no argument" 100 pw add dora secret
exits "somebody else may not" 111 setuidgid nobody "$H/bin/quill-passwd" \
	list
is "nothing is left behind" "$(find "$H/users" -name '*.tmp')" ''
# typed: no echo
python3 - "$H/bin/quill-passwd" >"$T/out" 2>&1 <<'END'
import os, pty, select, sys
def typed(args, answers):
    pid, fd = pty.fork()
    if pid == 0:
        os.execv(sys.argv[1], [sys.argv[1]] + args)
    out = b""
    todo = list(answers)
    while True:
        r, _, _ = select.select([fd], [], [], 60)
        assert r, out
        try:
            b = os.read(fd, 1000)
        except OSError:
            break
        if not b:
            break
        out += b
        if todo and out.endswith(todo[0][0]):
            os.write(fd, todo.pop(0)[1])
    return os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]), out
rc, out = typed(["add", "typist"], [(b"Password: ", b"hush\n"),
                                    (b"Once more: ", b"hush\n")])
assert rc == 0 and b"hush" not in out, (rc, out)
rc, out = typed(["change", "typist"], [(b"Password: ", b"hush\n"),
                                       (b"Once more: ", b"huch\n")])
assert rc == 100 and b"not the same" in out, (rc, out)
rc, out = typed(["check", "typist"], [(b"Password: ", b"hush\n")])
assert rc == 0, (rc, out)
print("fine")
END
is "typed, without echo, twice" "$(cat "$T/out")" fine
i=0
while [ $i -lt 8 ]; do
	i=$((i + 1))
	echo "p$i" >"$T/p$i"
	bg sh -c "'$H/bin/quill-passwd' add many$i <'$T/p$i'"
	adders="${adders:-} $bg_pid"
done
for p in $adders; do
	wait "$p"
done
is "eight at the same time: none is lost" "$(grep -c '^many' "$P")" 8

# --- the daemon, with this file --------------------------------------------------
start_suite --smtp none --auth yes
A=$S/auth
ask()
{
	python3 "$TOP/tests/ask.py" auth "$H" "$@"
}
# backend WORD: from now on
backend()
{
	echo "$1" >"$C/passwords"
	backend_p=$(daemon_pid)
	svc -t "$A"
	wait_until 60 backend_up || fail "quill-authd does not come up"
}
daemon_pid()
{
	svstat "$A" | sed 's/.*pid \([0-9]*\).*/\1/'
}
backend_up()
{
	[ "$(daemon_pid)" != "$backend_p" ] && svstat "$A" | grep -q ': up ' &&
		log_has "passwords: ${1:-$(cut -d: -f1 "$C/passwords")}" auth &&
		setuidgid quilld python3 -c "import socket, sys
s = socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET)
s.connect(sys.argv[1])" "$H/run/auth/socket"
}
# each NAME USER GOOD: what every back end must say of a user and password
each()
{
	is "$1: the password" "$(ask "$2" "$3" 192.0.2.10)" "yes $2"
	is "$1: another" "$(ask "$2" "x$3" 192.0.2.11)" 'no '
	is "$1: none" "$(ask "$2" '' 192.0.2.11)" 'no '
	is "$1: another user" "$(ask "not-$2" "$3" 192.0.2.12)" 'no '
	is "$1: no user" "$(ask '' "$3" 192.0.2.12)" 'no '
	is "$1: odd bytes" "$(ask "$(printf '%s\t\n\001:/é"%%' "$2")" \
		"$(printf '\t\n\001:/é"%%')" 192.0.2.13)" 'no '
	is "$1: a long password" "$(ask "$2" "$(printf %01024d 1)" \
		192.0.2.13)" 'no '
	is "$1: and a longer user" "$(ask "$(printf %0255d 1)" \
		"$(printf %01024d 1)" 192.0.2.13)" 'no '
	is "$1: the password, again" "$(ask "$2" "$3" 192.0.2.10)" "yes $2"
}
each file ann two
is "a name in capitals is the same user" "$(ask ANN two)" 'yes ann'
is "a locked user" "$(ask bob '!')" 'no '
like "logged" "$(cat "$H/log/auth/current")" \
	'info: auth status=ok ip=192\.0\.2\.10 service=submission tls=yes user=ann$'
like "a failure, too" "$(cat "$H/log/auth/current")" \
	'info: auth status=failed ip=192\.0\.2\.11 service=submission tls=yes user=ann$'
like "a user in one word" "$(cat "$H/log/auth/current")" \
	'ip=192\.0\.2\.13 service=submission tls=yes user=ann___:/__"_$'
unlike "a password never" "$(cat "$H/log/auth/current")" 'two'
exits "a new user" 0 with four add dora
is "counts at once" "$(ask dora four)" 'yes dora'
chmod 644 "$P"
is "a file that everybody can read: later" "$(ask dora four)" 'temp '
ok "which is logged" wait_until 60 log_has \
	'passwd is readable by everybody' auth
chmod 600 "$P"
is "put right" "$(ask dora four)" 'yes dora'
mv "$P" "$P.away"
is "no file, no user" "$(ask dora four)" 'no '
mv "$P.away" "$P"

# --- who it is -------------------------------------------------------------------
p=$(daemon_pid)
is "it runs as quilla" "$(awk '/^Uid/ { print $2 }' "/proc/$p/status")" \
	"$(id -u quilla)"
as()
{
	setuidgid "$1" python3 "$TOP/tests/ask.py" auth "$H" ann two 2>&1
}
is "quilld may ask" "$(as quilld)" 'yes ann'
like "nobody may not" "$(as nobody)" PermissionError
unlike "nor alias, of the same group" "$(as alias)" '^yes'
ok "which is logged" wait_until 60 log_has 'a client was turned away' auth
is "the file cannot be read by alias" "$(setuidgid alias cat "$P" 2>&1 |
	grep -c .)$(setuidgid alias cat "$P" 2>/dev/null)" 1

# --- limits ------------------------------------------------------------------------
echo 3 >"$C/authfailures"
svc -h "$A"
ok "HUP" wait_until 60 log_has 'control files reread' auth
for i in 1 2 3; do
	is "failure $i" "$(ask ann wrong 2001:db8::$i)" 'no '
done
is "too many: also the right one has to wait" "$(ask ann two 2001:db8::9)" \
	'temp '
is "but not from elsewhere" "$(ask ann two 2001:db8:0:1::9)" 'yes ann'
like "which is logged" "$(cat "$H/log/auth/current")" \
	'auth status=limited ip=2001:db8::9 .* user=ann$'
echo many >"$C/authfailures"
svc -h "$A"
ok "a bad value is named" wait_until 60 log_has \
	'alert: .*/control/authfailures: .*nothing is changed' auth
rm "$C/authfailures"
svc -h "$A"
# a no takes as long whoever it is; a yes does not
python3 - "$TOP/tests/ask.py" "$H" >"$T/out" 2>&1 <<'END'
import subprocess, sys, time
def took(user, password, ip):
    t = time.monotonic()
    subprocess.run([sys.executable, sys.argv[1], "auth", sys.argv[2], user,
                    password, ip], check=True, stdout=subprocess.DEVNULL)
    return time.monotonic() - t
assert took("ann", "wrong", "192.0.2.50") >= 1
assert took("nobody", "wrong", "192.0.2.51") >= 1
assert took("", "", "192.0.2.52") >= 1
print("fine")
END
is "a no costs authdelay" "$(cat "$T/out")" fine
python3 - "$H/run/auth/socket" >"$T/out" 2>&1 <<'END'
import socket, sys
def connect():
    s = socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    s.connect(sys.argv[1])
    s.settimeout(60)
    return s
def question(user, password, ip):
    return b"\0".join((b"1", user, password, ip, b"smtp", b"P", b""))
for bad in (b"x", b"1\0", b"2\0a\0b\0c\0d\0T\0", b"1\0a\0b\0c\0d\0X\0",
            question(b"a" * 256, b"b", b"c"), question(b"a", b"b" * 1025, b"c"),
            b"1\0" + b"a" * 100000):
    s = connect()
    s.send(bad)
    assert s.recv(100) == b"", bad
# many at once, from one address and from others: all are answered
many = []
for i in range(40):
    s = connect()
    s.send(question(b"ann", b"two", b"192.0.2.%d" % (60 if i % 2 else i)))
    many.append(s)
for s in many:
    assert s.recv(2000) == b"=ann\0"
# who goes without waiting
for i in range(30):
    s = connect()
    s.send(question(b"ann", b"no", b"198.51.100.%d" % i))
    s.close()
# more than it serves at a time: who asks nothing has to go
idle = [connect() for i in range(520)]
s = connect()
s.send(question(b"ann", b"two", b"192.0.2.99"))
assert s.recv(2000) == b"=ann\0"
print("fine")
END
is "strange clients" "$(cat "$T/out")" fine

# --- the system's accounts -----------------------------------------------------------
mktestuser
user=$testuser
echo "$user:sys secret" | chpasswd
backend shadow
each shadow "$user" 'sys secret'
is "its checks run in group shadow" "$(for p in $(pgrep -P "$(daemon_pid)"); do
	awk '/^(Uid|Gid)/ { print $2 }' "/proc/$p/status"
done | tr '\n' ' ')" "$(id -u quilla) $(stat -c %g /etc/shadow) "
is "root is nobody" "$(ask root x)" 'no '
usermod -L "$user"
is "a locked account" "$(ask "$user" 'sys secret')" 'no '
usermod -U "$user"
is "unlocked" "$(ask "$user" 'sys secret')" "yes $user"
chage -E 1 "$user"
is "an expired account" "$(ask "$user" 'sys secret')" 'no '
chage -E -1 "$user"
chage -d 0 "$user"
is "a password that must be changed" "$(ask "$user" 'sys secret')" 'no '

# --- a checkpassword program ------------------------------------------------------
cat >"$T/chkpw.c" <<'END'
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
/* the protocol: user, password, challenge on descriptor 3 */
int
main(int argc, char **argv)
{
	char b[513], *pass, *stamp;
	size_t n = 0;
	ssize_t r;

	while ((r = read(3, b + n, sizeof b - n)) > 0)
		n += (size_t)r;
	close(3);
	if (argc < 3 || n < 3 || n > 512 || b[n - 1])
		return 2;
	pass = b + strlen(b) + 1;
	stamp = pass + strlen(pass) + 1;
	if (stamp + strlen(stamp) + 1 != b + n)
		return 2;
	if (!strcmp(b, "busy"))
		return 111;
	if (!strcmp(b, "slow")) {
		fork(); /* a helper of its own */
		sleep(1000);
	}
	if (!strcmp(b, "crash"))
		abort();
	if (strcmp(argv[1], "sesame"))
		return 2;
	if (!strcmp(b, "whoami"))
		return getuid() == 0 ? 1 : 111;
	if (strcmp(pass, "open") || strncmp(b, "ali", 3))
		return 1;
	setenv("USER", strcmp(b, "ali") ? "alibaba" : b, 1);
	execvp(argv[2], argv + 2);
	return 111;
}
END
cc -o "$T/chkpw" "$T/chkpw.c" || fail "cc"
echo 5 >"$C/timeoutauth"
backend "checkpassword:$T/chkpw sesame"
each checkpassword ali open
is "the program may say who it is" "$(ask ali-2 open)" 'yes alibaba'
is "exit 111: later" "$(ask busy open)" 'temp '
is "a crash: later" "$(ask crash open)" 'temp '
ask slow open >"$T/slow" &
slow=$!
is "one that hangs does not hold up others" "$(ask ali open)" 'yes ali'
wait $slow
is "and is given up" "$(cat "$T/slow")" 'temp '
ok "which is logged" wait_until 60 log_has 'chkpw.* does not end in time' auth
is "nothing of it is left" "$(pgrep -f "^$T/chkpw")" ''
python3 - "$H/run/auth/socket" >"$T/out" 2>&1 <<'END'
import select, socket, sys
def ask(user, password, ip):
    s = socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    s.connect(sys.argv[1])
    s.settimeout(60)
    s.send(b"\0".join((b"1", user, password, ip, b"smtp", b"P", b"")))
    return s
slow = [ask(b"slow", b"x", b"198.51.100.9") for i in range(30)]
s = ask(b"ali", b"open", b"198.51.100.10")
assert s.recv(2000) == b"=ali\0"
# before any of those ended, all of which that are under way began before it
assert not select.select(slow, [], [], 0)[0]
print("fine")
END
is "checks for one address leave room for others" "$(cat "$T/out")" fine
is "it runs as quilla" "$(ask whoami open)" 'temp '
backend "rootcheckpassword:$T/chkpw sesame"
is "or as root" "$(ask whoami open)" 'no '
is "the daemon is quilla all the same" \
	"$(awk '/^Uid/ { print $2 }' "/proc/$(daemon_pid)/status")" \
	"$(id -u quilla)"
backend "checkpassword:$T/chkpw wrong"
is "exit 2, misuse: later" "$(ask ali open)" 'temp '
backend "checkpassword:$T/none"
is "no such program: later" "$(ask ali open)" 'temp '
rm "$C/timeoutauth"

# --- Dovecot -----------------------------------------------------------------------
D=$T/dovecot
mkdir -p "$D/run"
echo 'dove:{PLAIN}coo::::::' >"$D/passwd"
# dovecot_start ARGS: with that passwd-file as its users
dovecot_start()
{
	cat >"$D/conf" <<-END
	base_dir = $D/run
	state_dir = $D/run
	log_path = $D/log
	protocols =
	ssl = no
	passdb {
	  driver = passwd-file
	  args = $1
	}
	userdb {
	  driver = passwd-file
	  args = $1
	}
	service auth {
	  unix_listener $D/quill {
	    mode = 0600
	    user = quilla
	  }
	}
	service stats {
	  unix_listener stats-writer {
	    mode = 0
	  }
	}
	END
	bg dovecot -F -c "$D/conf"
	dovecot_pid=$bg_pid
	wait_until 60 test -S "$D/quill" ||
		diag "dovecot: $(cat "$D/log" "$T/bg.log")"
}
dovecot_start "$D/passwd"
chmod 755 "$D"
backend "dovecot:$D/quill"
each dovecot dove coo
is "as Dovecot calls him" "$(ask DOVE coo)" 'yes dove'
is "in the clear, too" "$(ask dove coo 192.0.2.10 smtp P)" 'yes dove'
bg_stop "$dovecot_pid"
rm -f "$D/quill"
is "Dovecot is down: later" "$(ask dove coo)" 'temp '
ok "which is logged" wait_until 60 log_has "dovecot at $D/quill: " auth
# the other way: Dovecot reads our file
chgrp dovecot "$P"
chmod 640 "$P"
dovecot_start "scheme=CRYPT username_format=%Lu $P"
is "users of quill-passwd, by Dovecot" "$(ask ann two)" 'yes ann'
is "and their passwords" "$(ask ann three)" 'no '
exits "a change by quill-passwd" 0 with five change ann
is "counts at once" "$(ask ann five)" 'yes ann'
bg_stop "$dovecot_pid"

# --- what cannot be --------------------------------------------------------------
for bad in nothing file:x checkpassword checkpassword: dovecot 'shadow:'; do
	echo "$bad" >"$C/passwords"
	exits "control/passwords '$bad'" 111 "$H/bin/quill-authd"
	like "is named" "$(cat "$T/err")" 'control/passwords: line 1: must be'
done
rm "$C/passwords"
exits "a second one does not start" 111 "$H/bin/quill-authd"
done_testing
