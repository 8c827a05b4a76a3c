#!/bin/sh
# SPDX-License-Identifier: 0BSD
# The real quill-lspawn, quill-rspawn, quill-getpw and quill-newu, with a
# quill-local and a quill-remote that only tell what they were given.
. "$(dirname "$0")/../lib.sh"
need_root
need python3
H=$T/home
mkdir -p "$H/bin" "$H/control" "$H/users" "$H/queue"
chown daemon "$H/queue"
export H
{
	for u in quilld quillq quills quillr quillp quilll games quillt \
		quilla quillv; do
		case $u in quillp) echo "u $u 65534" ;; *) echo "u $u 1" ;; esac
	done
	echo "g quill 1"
	echo "g nofiles 65534"
} >"$H/users/ids"
mktestuser
mktestuser "$testuser-b"
programs='quill-lspawn quill-rspawn quill-getpw quill-newu'
# shellcheck disable=SC2086
link_programs "$H" $programs
for p in $programs; do
	mv "$T/link/bin/$p" "$H/bin/"
done

cat >"$H/bin/quill-local" <<'PY'
#!/usr/bin/python3
import os, socket, sys, time
s = socket.socket(fileno=os.dup(0))
while True:
    job, fds, flags, addr = socket.recv_fds(s, 200000, 1)
    if not job:
        break
    f = {}
    for x in job.decode().split("\0"):
        f.setdefault(x[:1], []).append(x[1:])
    say = {
        "pid": os.getpid(),
        "argv": " ".join(sys.argv[1:]),
        "id": "%d:%d" % (os.getuid(), os.getgid()),
        "groups": " ".join(map(str, os.getgroups())),
        "cwd": os.getcwd(),
        "fds": " ".join(x for x in sorted(os.listdir("/proc/self/fd"))
            if x not in (str(s.fileno()), str(fds[0]))
            and os.path.exists("/proc/self/fd/" + x)),
        "out": os.readlink("/proc/self/fd/1") + " " +
            os.readlink("/proc/self/fd/2"),
        "env": " ".join(sorted(x for x in os.environ if x != "LC_CTYPE")),
        "user": "|".join(f[k][0] if k in f else "?" for k in "uhdea"),
        "rcpt": "|".join(f["T"]),
        "message": os.pread(fds[0], 99, 0).decode(),
    }
    os.close(fds[0])
    what = f["F"][0]
    if what == "hang":
        time.sleep(60)
    text = "RK2.0.0 %s\0" % say.get(what, what)
    s.send(("N%s\0" % f["N"][0] + text * len(f["T"])).encode())
PY
cp "$H/bin/quill-local" "$H/bin/quill-remote"
cat >"$H/bin/wrap" <<'SH'
#!/bin/sh
for a in "$@"; do printf '<%s>' "$a"; done
cat
id -u
exit 100
SH
cat >"$H/bin/wrapremote" <<'SH'
#!/bin/sh
echo 'a warning' >&2
printf 'r\0hno\0K'
for a in "$@"; do printf '<%s>' "$a"; done
cat
printf '\0'
SH
chmod 755 "$H/bin"/*

cat >"$T/driver.py" <<'PY'
import os, pwd, socket, time
H, T = os.environ["H"], os.environ["T"]

class Spawner:
    def __init__(self, name, args=(), uid=None, env=None):
        a, b = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        e = {"PATH": os.environ["PATH"], "LD_LIBRARY_PATH": "/x",
            "SECRET": "1", "TZ": "UTC"}
        for k in os.environ:
            if "SAN_OPTIONS" in k:
                e[k] = os.environ[k]
        e.update(env or {})
        self.pid = os.fork()
        if self.pid == 0:
            os.dup2(b.fileno(), 0)
            os.dup2(os.open(T + "/log", os.O_WRONLY | os.O_APPEND |
                os.O_CREAT, 0o666), 2)
            if uid:
                os.setgroups([])
                os.setgid(uid)
                os.setuid(uid)
            os.execve(H + "/bin/" + name, [name] + list(args), e)
        b.close()
        self.s = a
        self.s.settimeout(20)
        self.n = 0

    def job(self, what, rcpts, host=None, owner="daemon"):
        self.n += 1
        path = T + "/mess-" + owner
        if not os.path.exists(path):
            open(path, "w").write("hello")
            os.chown(path, pwd.getpwnam(owner).pw_uid, -1)
        f = ["N%d" % self.n, "I0123456789abcdef", "B1", "S5", "F" + what]
        if host:
            f.append("H" + host)
        f += ["T" + r for r in rcpts] + [""]
        fd = os.open(path, os.O_RDONLY)
        socket.send_fds(self.s, ["\0".join(f).encode() + b"\0"], [fd])
        os.close(fd)

    # per recipient class, status and text
    def report(self):
        r = self.s.recv(200000).decode().split("\0")
        if r[0] != "N%d" % self.n:
            return "wrong number: " + r[0]
        return "/".join(x[1:].strip() for x in r[1:]
            if x[:1] == "R").replace("\n", "/")

    def do(self, *a, **k):
        self.job(*a, **k)
        return self.report()

    def end(self):
        self.s.shutdown(socket.SHUT_WR)
        return self.exit()

    def exit(self):
        for i in range(200):
            p, st = os.waitpid(self.pid, os.WNOHANG)
            if p:
                return "exit %d" % os.waitstatus_to_exitcode(st)
            time.sleep(.05)
        os.kill(self.pid, 9)
        return "still there"

    def kill_getpws(self):
        for p in self.getpws():
            os.kill(p, 9)
        until(lambda: not self.getpws())

    # the quill-getpw processes that it has: its children that are nobody's
    def getpws(self):
        found = []
        for p in filter(str.isdigit, os.listdir("/proc")):
            try:
                st = open("/proc/%s/status" % p).read()
            except OSError:
                continue
            if ("\nPPid:\t%d\n" % self.pid in st and
                    "\nUid:\t65534" in st and "\nState:\tZ" not in st):
                found.append(int(p))
        return found

# a quill-getpw alone, and a question to it
def getpw(*args):
    a, b = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    pid = os.fork()
    if pid == 0:
        os.dup2(b.fileno(), 0)
        os.execv(H + "/bin/quill-getpw", ["quill-getpw", "games"] +
            list(args))
    b.close()
    a.settimeout(20)
    return a, pid

def until(what, seconds=60):
    for i in range(seconds * 20):
        if what():
            return True
        time.sleep(.05)
    return False

def say(name, value):
    print(name + ": " + str(value))
PY
# drive: run the driver with what comes on stdin; it says "name: value".
drive()
{
	cat "$T/driver.py" - >"$T/run.py"
	ok "driver" python3 "$T/run.py"
	mv "$T/ok.out" "$T/said"
}
says()
{
	is "$1" "$(sed -n "s|^$1: ||p" "$T/said")" "$2"
}
a=${testuser%-b} b=$testuser
uid=$(id -u "$a") gid=$(id -g "$a") uidb=$(id -u "$b") gidb=$(id -g "$b")
homea=${testhome%-b} homeb=$testhome
games=$H/alias # whatever home the account has: this quill's alias directory
export a b
M=./Maildir/

# --- quill-lspawn and quill-getpw -------------------------------------------
drive <<'PY'
a, b = os.environ["a"], os.environ["b"]
l = Spawner("quill-lspawn", ["./Maildir/"])
for k in ("id", "groups", "cwd", "fds", "out", "env", "argv", "user",
        "message", "rcpt"):
    say(k, l.do(k, [a + "@x.example"]))
p = l.do("pid", [a + "@x.example"])
say("same child", l.do("pid", [a + "-foo@x.example"]) == p)
say("other child", l.do("pid", [b + "@x.example"]) != p)
say("other id", l.do("id", [b.upper() + "-Foo@x.example"]))
say("other user", l.do("user", [b.upper() + "-Foo-Bar@x.example"]))
say("ext", l.do("user", [a + "-Foo@x.example"]))
say("nobody there", l.do("user", ["No-Body@x.example"]))
say("root", l.do("user", ["root@x.example"]))
say("empty", l.do("user", ["@x.example"]))
say("foreign", l.do("user", [a + "@x.example"], owner="root"))
say("two", l.do("user", [a + "@x.example"] * 2))
say("remote", l.do("user", [a + "@x.example"], host="x.example"))
say("end", l.end())
PY
says id "K2.0.0 $uid:$gid"
says groups "K2.0.0 $gid"
says cwd "K2.0.0 $H"
says fds "K2.0.0 0 1 2"
says out "K2.0.0 /dev/null /dev/null"
says env "K2.0.0 PATH TZ"
says argv "K2.0.0 -s"
says user "K2.0.0 $a|$homea|||$M"
says message "K2.0.0 hello"
says rcpt "K2.0.0 $a@x.example"
says "same child" True
says "other child" True
says "other id" "K2.0.0 $uidb:$gidb"
says "other user" "K2.0.0 $b|$homeb|-|Foo-Bar|$M"
says ext "K2.0.0 $a|$homea|-|Foo|$M"
says "nobody there" "K2.0.0 games|$games|-|No-Body|$M"
says root "K2.0.0 games|$games|-|root|$M"
says empty "D5.1.1 Sorry, an empty mailbox name is nobody's. (#5.1.1)"
says foreign "Z4.3.5 the message is not from the queue (#4.3.5)"
w="Z4.3.5 this is not a local delivery (#4.3.5)"
says two "$w/$w"
says remote "$w"
says end "exit 0"
unlike "without a word of that" "$(cat "$T/log")" getpw

# --- when quill-getpw comes and goes -----------------------------------------
echo 3 >"$H/control/timeoutlookup"
mv "$H/bin/quill-getpw" "$H/bin/getpw-real"
mkdir -m 777 "$T/state"
# what it does: the first line of state/do, each time one is started
cat >"$H/bin/quill-getpw" <<'SH'
#!/bin/sh
T=${0%/home/*}
echo x >>"$T/state/starts"
read -r what <"$T/state/do"
case $what in
real) exec "${0%/*}/getpw-real" "$1" ;;
brief) exec "${0%/*}/getpw-real" "$1" 1 ;;
hangs) exec sleep 100 ;;
deaf)
	# answers nothing and reads no more, but is there
	exec python3 -c 'import socket, time
s = socket.socket(fileno=0)
s.shutdown(socket.SHUT_RD)
time.sleep(100)' ;;
dies) exit 1 ;;
esac
SH
chmod 755 "$H/bin/quill-getpw"
: >"$T/log"
drive <<'PY'
a, b = os.environ["a"], os.environ["b"]
n = 0
# ask: a name that is not remembered
def ask():
    global n
    n += 1
    return l.do("user", ["no-body%d@x.example" % n])
def mode(what):
    with open(T + "/state/do", "w") as f:
        f.write(what + "\n")
def found():
    return ask().startswith("K")
def starts():
    return len(open(T + "/state/starts").read().split())

mode("real")
l = Spawner("quill-lspawn", ["./Maildir/"], env={"MARK": "m"})
say("without a question", l.getpws())
say("asked", until(found))
g = l.getpws()
say("then", len(g))
st = open("/proc/%d/status" % g[0]).read()
say("ids", " ".join(" ".join(x.split()[1:]) for x in st.split("\n")
    if x[:4] in ("Uid:", "Gid:", "Grou")))
say("its cwd", os.readlink("/proc/%d/cwd" % g[0]))
say("its fds", " ".join(sorted(os.listdir("/proc/%d/fd" % g[0]))))
say("its log", [os.readlink("/proc/%d/fd/%d" % (g[0], i)) for i in (1, 2)])
e = open("/proc/%d/environ" % g[0]).read().split("\0")
say("its environment", " ".join(sorted(x.split("=")[0] for x in e
    if "SAN_OPTIONS" not in x and x[:4] != "PWD=" and x)))
say("signals", [x.split()[1] for x in st.split("\n") if x[:6] == "SigBlk"])
before = starts()
for i in range(20):
    ask()
say("it stays", l.getpws() == g and starts() == before)

# it dies while a job waits for it: that waits, all others go on
os.kill(g[0], 19)
l.job("user", ["no-answer@x.example"])
os.kill(g[0], 9)
say("died", l.report())
say("and the next", until(found))
say("is another's", l.getpws() != g)

# it leaves
mode("brief")
l.kill_getpws()
say("again", until(found))
say("left", until(lambda: not l.getpws()))
mode("deaf")
before = starts()
say("deaf", until(lambda: ask() and starts() > before))
mode("real")
say("one that reads no more is not asked", until(found))

# it hangs, and goes on hanging
mode("hangs")
l.kill_getpws()
say("hangs", until(lambda: "took too long" in ask()))
g = l.getpws()
mode("real")
say("killed at last", until(found))
say("and gone", until(lambda: not set(g) & set(l.getpws())))

# it dies at once
mode("dies")
l.kill_getpws()
until(lambda: not found())
before, t = starts(), time.time()
said = {ask() for i in range(300)}
say("refused", all(x.startswith("Z4.3.0 ") for x in said) and
    "Z4.3.0 quill-getpw is gone (#4.3.0)" in said)
say("few starts", starts() - before <= (time.time() - t) / 5 + 1)
say("users/cdb", l.getpws())
os.unlink(H + "/bin/quill-getpw")
say("no program", until(lambda: "unable to run" in
    open(T + "/log").read() or found()))
say("still there", ask())
os.rename(H + "/users/ids", H + "/users/ids-")
say("no users/ids", until(lambda: "ids is missing" in
    open(T + "/log").read() or found()))
os.rename(H + "/users/ids-", H + "/users/ids")
os.rename(H + "/bin/getpw-real", H + "/bin/quill-getpw")
say("all is well", until(found))
say("end", l.end())

# alone
g, pid = getpw("1")
for i in range(3):
    g.send(b"N7\0no-body\0")
    say("answer", g.recv(1000).split(b"\0")[1].decode())
say("nothing asked", until(lambda: os.waitpid(pid, os.WNOHANG) == (pid, 0)))
PY
says "without a question" '[]'
says "asked" True
says "then" 1
says "ids" "65534 65534 65534 65534 65534 65534 65534 65534 65534"
says "its cwd" "$H"
says "its fds" "0 1 2"
says "its log" "['$T/log', '$T/log']"
says "its environment" "LD_LIBRARY_PATH MARK PATH SECRET TZ"
says "signals" "['0000000000000000']"
says "it stays" True
says "died" "Z4.3.0 the user look-up broke off (#4.3.0)"
says "and the next" True
says "is another's" True
says "again" True
says "left" True
says "deaf" True
says "one that reads no more is not asked" True
says "hangs" True
says "killed at last" True
says "and gone" True
says "refused" True
says "few starts" True
says "no program" True
says "still there" "Z4.3.0 quill-getpw is gone (#4.3.0)"
says "no users/ids" True
says "all is well" True
says end "exit 0"
says answer "$(printf '=games\n=games\n=games')"
says "nothing asked" True
like "what the log says of a death" "$(cat "$T/log")" \
	'^quill-lspawn: alert: quill-getpw is gone: the next question starts'
like "of one that hangs" "$(cat "$T/log")" \
	'^quill-lspawn: warning: quill-getpw does not answer$'
like "of no program" "$(cat "$T/log")" \
	"^quill-lspawn: alert: unable to run $H/bin/quill-getpw: No such"
like "of no users/ids" "$(cat "$T/log")" \
	'^quill-lspawn: alert: .*users/ids is missing: run make install$'
rm "$H/control/timeoutlookup"

# --- quill-newu and users/cdb ----------------------------------------------
# compiles NAME: users/assign is good
compiles()
{
	cat >"$H/users/assign"
	exits "$1" 0 "$H/bin/quill-newu"
}
compiles "users/assign compiles" <<E
# a comment
=joe:$a:$uid:$gid:/home/joe:::
+Joe-:$a:$uid:$gid:/home/joe:-::
+joe-list-:$b:$uidb:$gidb:/home/list:-:pre-:
=toor:root:0:0:/root:::
.
after the end
E
cat >"$T/want" <<E
!joe@->$a@$uid@$gid@/home/joe@@
!joe-->$a@$uid@$gid@/home/joe@-@
!joe-list-->$b@$uidb@$gidb@/home/list@-@pre-
!toor@->root@0@0@/root@@
->-
E
if command -v cdb >/dev/null; then
	cdb -d "$H/users/cdb" | tr '\000' @ | sed 's/^+[0-9]*,[0-9]*://' |
		sed '/^$/d' >"$T/got"
	same "as another cdb reader sees it" "$T/got" "$T/want"
else
	skip "as another cdb reader sees it" "no tinycdb"
fi
is "its mode" "$(stat -c %a "$H/users/cdb")" 644
cp "$H/users/cdb" "$T/cdb.old"
# refused LINE REASON TEXT: TEXT (printf %b) is no good as users/assign
refused()
{
	printf %b "$3" >"$H/users/assign"
	exits "refused: $2" 100 "$H/bin/quill-newu"
	is "why" "$(cat "$T/err")" \
		"quill-newu: alert: $H/users/assign: line $1: $2"
}
n="=joe:$a:1:2:/h:::\n"
dot="the file ends without a line that is a dot"
refused 2 "it starts with neither = nor +" "${n}joe:x:1:2:/h:::\n"
refused 2 "$dot" "$n"
refused 2 "$dot" "$n=jo"
refused 1 "$dot" ''
refused 2 "it is empty" "$n\n.\n"
refused 1 "there is no colon" '=joe\n'
refused 1 "the local part is empty" '=:x:1:2:/h:::\n'
refused 1 "fewer than seven fields, each with a colon" '=joe:x:1:2:/h::\n'
refused 1 "the user is empty" '=joe::1:2:/h:::\n'
refused 1 "the uid is not a number" '=joe:x:1a:2:/h:::\n'
refused 1 "the uid is not a number" '=joe:x:4294967295:2:/h:::\n'
refused 1 "the gid is not a number" '=joe:x:1:-2:/h:::\n'
refused 1 "the home directory does not start with /" '=joe:x:1:2:h:::\n'
refused 1 "there is a NUL in it" '=jo\000e:x:1:2:/h:::\n'
refused 1 "it is too long" "$(head -c 9000 /dev/zero | tr '\000' x)"
same "the old users/cdb stays" "$H/users/cdb" "$T/cdb.old"
is "nothing is left aside" "$(ls "$H/users")" "$(printf 'assign\ncdb\nids')"
rm "$H/users/assign"
exits "no users/assign" 111 "$H/bin/quill-newu"
mkdir "$T/dir"
echo . >"$T/dir/assign"
exits "another directory" 0 "$H/bin/quill-newu" "$T/dir"
ok "has its cdb" test -s "$T/dir/cdb"

drive <<'PY'
a = os.environ["a"]
l = Spawner("quill-lspawn", ["./Maildir/"])
say("cdb", l.do("user", ["Joe@x.example"]))
say("prefix", l.do("user", ["Joe-Foo@x.example"]))
say("longest", l.do("user", ["JOE-LIST-Bar@x.example"]))
say("its id", l.do("id", ["joe-list-x@x.example"]))
say("uid 0", l.do("user", ["toor@x.example"]))
say("not in it", l.do("user", [a + "@x.example"]))
with open(H + "/users/assign", "w") as f:
    f.write("=joe:new:77:78:/new:::\n.\n")
os.system(H + "/bin/quill-newu")
say("new one", l.do("user", ["joe@x.example"]))
say("new id", l.do("id", ["joe@x.example"]))
with open(H + "/users/cdb", "r+") as f:
    f.truncate(100)
say("damaged", l.do("user", ["joe@x.example"]))
os.unlink(H + "/users/cdb")
say("removed", l.do("user", [a + "@x.example"]))
say("end", l.end())
PY
says cdb "K2.0.0 $a|/home/joe|||$M"
says prefix "K2.0.0 $a|/home/joe|-|Foo|$M"
says longest "K2.0.0 $b|/home/list|-|pre-Bar|$M"
says "its id" "K2.0.0 $uidb:$gidb"
says "uid 0" "D5.7.0 Sorry, I do not deliver mail as root. (#5.7.0)"
says "not in it" "K2.0.0 $a|$homea|||$M"
says "new one" "K2.0.0 new|/new|||$M"
says "new id" "K2.0.0 77:78"
says damaged "Z4.3.0 unable to read users/cdb (#4.3.0)"
says removed "K2.0.0 $a|$homea|||$M"

# --- by hand, and limits ---------------------------------------------------
echo 1 >"$H/control/timeoutlocal"
drive <<'PY'
a = os.environ["a"]
l = Spawner("quill-lspawn", ["./Maildir/"],
    env={"QMAILLOCAL": H + "/bin/wrap"})
say("by hand", l.do("send@er.example", [a + "-Ext@x.example"]))
l.end()
l = Spawner("quill-lspawn", ["./Maildir/"])
say("hangs", l.do("hang", [a + "@x.example"]))
say("end", l.end())
PY
says "by hand" "D5.3.0 <--><$a><$homea><$a-Ext><-><Ext><x.example>\
<send@er.example><$M>hello$uid"
says hangs "Z4.3.0 quill-local was not done after 1 seconds and was killed \
(#4.3.0)"
says end "exit 0"
echo 1x >"$H/control/timeoutlocal"
drive <<'PY'
l = Spawner("quill-lspawn", ["./Maildir/"])
say("bad control file", l.exit())
PY
says "bad control file" "exit 111"
like "is named" "$(tail -n 1 "$T/log")" \
	'^quill-lspawn: alert: .*control/timeoutlocal: line 1: '

# --- quill-rspawn ----------------------------------------------------------
drive <<'PY'
r = Spawner("quill-rspawn", uid=65534)
say("id", r.do("id", ["a@x.example"], host="x.example"))
say("two", r.do("message", ["a@x.example", "b@x.example"],
    host="x.example"))
p = r.do("pid", ["a@x.example"], host="x.example")
say("same child", r.do("pid", ["b@x.example"], host="x.example") == p)
say("other child", r.do("pid", ["b@y.example"], host="y.example") != p)
long = "x" * 300
p = r.do("pid", ["a@x.example"], host=long)
say("long host", r.do("pid", ["a@x.example"], host=long) != p)
say("local", r.do("id", ["a@x.example"]))
say("end", r.end())
r = Spawner("quill-rspawn", uid=65534,
    env={"QUILLREMOTE": H + "/bin/wrapremote"})
say("by hand", r.do("s@x.example", ["a@x.example", "b@x.example"],
    host="mx.example"))
say("its end", r.end())
PY
says id "K2.0.0 65534:65534"
says two "K2.0.0 hello/K2.0.0 hello"
says "same child" True
says "other child" True
says "long host" True
says local "Z4.3.5 this is not a remote delivery (#4.3.5)"
says end "exit 0"
says "by hand" "K2.0.0 <mx.example><s@x.example><a@x.example><b@x.example>\
hello/D5.3.0 no"
says "its end" "exit 0"
done_testing
