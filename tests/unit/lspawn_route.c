/* SPDX-License-Identifier: 0BSD */
#include <fcntl.h>
#include <signal.h>
#include <sys/stat.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "lib/cdbmake.h"
#include "lib/fd.h"
#include "lib/log.h"
#include "lib/proc.h"
#include "lib/stamp.h"
#include "lspawn/route.h"
#include "tap.h"

static char path[] = "/tmp/quill-route-XXXXXX";
enum { ANSWER_MS = 30000 };

static struct route r;
static struct spawn_plan p;
static int getpw, mess;

static bool
plan(const char *rcpt, uint32_t token)
{
	static struct job j;

	memset(&p, 0, sizeof p);
	p.uid = PROC_KEEP;
	j.number = 9;
	j.sender = "s@example.org";
	j.nrcpt = 1;
	j.rcpt[0].addr = rcpt;
	return route_plan(&r, &j, mess, token, &p);
}

static void
make_cdb(void)
{
	char buf[1000];
	struct cdbmake c;
	int fd = open(path, O_RDWR | O_CREAT | O_TRUNC, 0600);

	cdbmake_start(&c, fd, buf, sizeof buf);
	cdbmake_add(&c, "!cdb\0", 5, "c\00050\00060\0/c\0\0", 12);
	cdbmake_add(&c, "!toor\0", 6, "toor\0000\0000\0/root\0\0", 16);
	cdbmake_add(&c, "!a@b\0", 5, "ab\00051\00061\0/ab\0\0", 14);
	cdbmake_add(&c, "", 0, "", 0);
	cdbmake_finish(&c);
	close(fd);
}

/* What getpw was asked, "none" when nothing. */
static const char *
question(void)
{
	static char buf[PWREQ_MAX];
	static char text[2000];
	const char *local;
	uint32_t number;
	ssize_t n;
	int passed;

	n = fd_recv(getpw, buf, sizeof buf, &passed);
	if (n <= 0 || !pwreq_question(buf, (size_t)n, &number, &local))
		return "none";
	snprintf(text, sizeof text, "%u %s", (unsigned)number, local);
	return text;
}

static void
reply(uint32_t number, unsigned uid, const char *trouble)
{
	struct str s = STR_INIT(0);
	struct pwanswer a = { .number = number,
		.found = !trouble,
		.text = trouble,
		.u = { .user = "u",
			.home = "/u",
			.dash = "-",
			.ext = "E",
			.uid = uid,
			.gid = 70 } };

	pwreq_answer(&s, &a);
	fd_send(getpw, s.s, s.len, -1);
	str_free(&s);
}

static int
answer(uint32_t *token)
{
	memset(&p, 0, sizeof p);
	return route_answer(&r, token, &p);
}

static void
test_cdb(void)
{
	size_t n;

	make_cdb();
	ok(plan("CDB@example.org", 1), "users/cdb answers at once");
	ok(!p.refuse && p.uid == 50 && p.gid == 60, "uid and gid");
	ok(p.user && strcmp(p.user->home, "/c") == 0, "home");
	ok(p.keylen > 0, "has a key");
	ok(plan("a@b@example.org", 1) && p.uid == 51, "the last @ counts");
	ok(plan("toor@example.org", 1), "uid 0 answers at once");
	is_num(p.refuse, 'D', "uid 0 is refused");
	ok(strstr(p.why, "(#5.7.0)"), "why");
	ok(plan("@example.org", 1) && p.refuse == 'D', "empty local part");
	ok(strstr(p.why, "(#5.1.1)"), "why");
	ok(truncate(path, 100) == 0 && plan("cdb@example.org", 1),
		"damaged file");
	is_num(p.refuse, 'Z', "is temporary");
	n = strlen(question());
	is_num(n, 4, "and getpw is not asked");
	unlink(path);
}

static void
test_getpw(void)
{
	uint32_t token;
	char big[10] = "N5";

	ok(!plan("Joe-X@example.org", 5), "getpw is asked");
	is_str(question(), "5 Joe-X", "the question");
	is_num(answer(&token), 0, "no answer yet");
	reply(5, 42, NULL);
	is_num(answer(&token), 1, "the answer");
	is_num(token, 5, "its token");
	ok(!p.refuse && p.uid == 42 && p.gid == 70, "uid and gid");
	is_str(p.user ? p.user->ext : NULL, "E", "ext");
	reply(6, 0, NULL);
	is_num(answer(&token), 1, "getpw says root");
	is_num(p.refuse, 'D', "refused");
	reply(7, 1, "later (#4.3.0)");
	is_num(answer(&token), 1, "getpw cannot say");
	is_num(p.refuse, 'Z', "temporary");
	is_str(p.why, "later (#4.3.0)", "why");
	fd_send(getpw, big, sizeof big, -1);
	reply(8, 3, NULL);
	is_num(answer(&token), 1, "rubbish is skipped");
	is_num(token, 8, "what follows is read");
}

static void
test_memo(void)
{
	struct str s = STR_INIT(0);
	struct pwanswer a = { .number = 20,
		.found = true,
		.u = { .user = "joe",
			.home = "/h/joe",
			.dash = "",
			.ext = "",
			.uid = 43,
			.gid = 71 } };
	uint32_t token;

	ok(!plan("Joe@example.org", 20), "an account, asked once");
	question();
	pwreq_answer(&s, &a);
	fd_send(getpw, s.s, s.len, -1);
	is_num(answer(&token), 1, "answered");
	ok(plan("JOE@example.org", 21), "the next time it is known");
	ok(!p.refuse && p.uid == 43 && p.gid == 71, "uid and gid");
	is_str(p.user ? p.user->home : NULL, "/h/joe", "home");
	ok(!plan("joe-x@example.org", 22), "joe-x may be another account");
	question();
	ok(!plan("Joe-X@example.org", 23), "its answer was not kept");
	question();
	for (size_t i = 0; i < ROUTE_MEMOS; i++)
		r.memo[i].until -= ROUTE_MEMO_MS + 1;
	ok(!plan("joe@example.org", 24), "asked again a second later");
	question();
	str_free(&s);
}

static void
test_trouble(void)
{
	uint32_t token;

	ok(!plan("a@b", 1), "asked");
	question();
	route_expired(&r);
	route_expired(&r);
	ok(plan("b@b", 2) && p.refuse == 'Z', "stuck: not asked again");
	is_str(question(), "none", "(really not)");
	r.getpw.asked -= ANSWER_MS;
	ok(!plan("c@b", 3), "after a while one question goes out");
	is_str(question(), "3 c", "(it does)");
	ok(plan("d@b", 4) && p.refuse == 'Z', "only one");
	reply(3, 9, NULL);
	is_num(answer(&token), 1, "it is back");
	ok(!plan("e@b", 5), "all is well again");
	question();
	close(getpw);
	is_num(answer(&token), -1, "getpw died");
	is_num(r.getpw.fd, -1, "it has no socket");
}

/* A quill-getpw that is this process's child, to be killed. */
static pid_t
sleeper(void)
{
	pid_t pid = fork();

	if (pid == 0) {
		alarm(20);
		for (;;)
			pause();
	}
	r.getpw.pid = pid;
	return pid;
}

static void
test_hang(void)
{
	int fds[2], status = 0;
	pid_t pid = sleeper();

	fd_seqpair(fds);
	fd_nonblock(fds[0]);
	r.getpw.fd = fds[0];
	getpw = fds[1];
	ok(!plan("a@b", 1), "asked");
	r.getpw.asked -= ANSWER_MS;
	route_expired(&r);
	ok(waitpid(pid, &status, WNOHANG) == 0, "late: not killed");
	ok(!plan("b@b", 2), "one question more");
	route_expired(&r);
	ok(waitpid(pid, &status, WNOHANG) == 0,
		"the end of an earlier one does not kill it");
	r.getpw.asked -= ANSWER_MS;
	route_expired(&r);
	ok(waitpid(pid, &status, 0) == pid && WIFSIGNALED(status) &&
			WTERMSIG(status) == SIGKILL,
		"late again: killed");
	route_ended(&r, pid, status);
	is_num(r.getpw.pid, 0, "its number is nobody's now");
}

static void
test_restart(void)
{
	getpw_ended(&r.getpw, r.getpw.pid, 0);
	close(r.getpw.fd);
	close(getpw);
	r.getpw.fd = -1;
	r.getpw.path = "/nonexistent";
	r.getpw.ever = true;
	r.getpw.started = stamp_mono();
	ok(plan("a@b", 1) && p.refuse == 'Z', "one that died at once");
	is_str(p.why, "quill-getpw is gone (#4.3.0)", "is not started again");
	is_num(r.getpw.fd, -1, "(really not)");
	r.getpw.started -= GETPW_RESTART_MS;
	ok(plan("a@b", 1) && p.refuse == 'Z', "later, but it cannot be run");
	ok(stamp_mono() - r.getpw.started < GETPW_RESTART_MS,
		"that was a start, too");
	is_num(r.getpw.fd, -1, "nothing is left of it");
}

static void
test_message(void)
{
	struct stat st;
	int fds[2];

	fstat(mess, &st);
	r.owner = st.st_uid + 1;
	make_cdb();
	ok(plan("cdb@example.org", 1) && p.refuse == 'Z',
		"a message of another owner");
	r.owner = st.st_uid;
	ok(plan("cdb@example.org", 1) && !p.refuse, "of the right one");
	if (pipe(fds) == 0) {
		mess = fds[0];
		ok(plan("cdb@example.org", 1) && p.refuse == 'Z', "a pipe");
	}
	unlink(path);
}

int
main(void)
{
	static const char *argv[SPAWN_ARGS];
	static const struct job j = { .user = "u",
		.home = "/u",
		.dash = "-",
		.ext = "E",
		.defaultdelivery = "./Maildir/",
		.sender = "s",
		.rcpt = { { .addr = "u-E@x@dom" } },
		.nrcpt = 1 };
	static const char *const want[] = { "--", "u", "/u", "u-E@x", "-", "E",
		"dom", "s", "./Maildir/" };
	char file[] = "/tmp/quill-mess-XXXXXX";
	int fds[2];

	log_init("lspawn_route");
	close(mkstemp(path));
	unlink(path);
	mess = mkstemp(file);
	unlink(file);
	fd_seqpair(fds);
	fd_nonblock(fds[0]);
	fd_nonblock(fds[1]);
	getpw = fds[1];
	memset(&r, 0, sizeof r);
	route_init(&r, geteuid(), path, "/nonexistent", ANSWER_MS);
	r.getpw.fd = fds[0];
	test_cdb();
	test_getpw();
	test_memo();
	test_trouble();
	test_hang();
	test_restart();
	test_message();
	is_num(route_argv(&j, argv), 10, "arguments by hand");
	for (size_t i = 0; i < 9; i++)
		is_str(argv[i + 1], want[i], "argument %zu", i + 1);
	return done_testing();
}
