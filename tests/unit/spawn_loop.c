/* SPDX-License-Identifier: 0BSD */
/* The real loop with scripted children: this program again, run with -s (or as
 * a wrapper). What a child does is told by the sender of its job. */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "lib/fd.h"
#include "lib/log.h"
#include "lib/num.h"
#include "lib/proc.h"
#include "spawn/spawn.h"
#include "tap.h"
#include "wire/report.h"

static char self[PATH_MAX];

static void
nap(int ms)
{
	poll(NULL, 0, ms);
}

/* --- the child ------------------------------------------------------------ */

static void
say(uint32_t number, size_t nrcpt, const char *text)
{
	struct str out = STR_INIT(REPORT_RECORD_MAX);

	report_all(&out, number, nrcpt, 'K', NULL, text);
	fd_send(0, out.s, out.len, -1);
	str_free(&out);
}

static void
act(const struct job *j, int fdmess)
{
	const char *s = j->sender;
	char text[64] = "pid ";

	num_fmt(text + 4, (uint64_t)getpid());
	if (strcmp(s, "crash") == 0)
		raise(SIGKILL);
	else if (strcmp(s, "exit") == 0)
		_exit(3);
	else if (strcmp(s, "lie") == 0)
		say(j->number + 1, j->nrcpt, text);
	else if (strcmp(s, "count") == 0)
		say(j->number, j->nrcpt + 1, text);
	else if (strcmp(s, "garbage") == 0)
		fd_send(0, "hello", 5, -1);
	else if (strcmp(s, "hang") == 0)
		nap(60000);
	else if (strcmp(s, "hangup") == 0) {
		close(0);
		nap(60000);
	} else if (strcmp(s, "message") == 0) {
		ssize_t n = pread(fdmess, text, sizeof text - 1, 0);

		text[n > 0 ? n : 0] = '\0';
		say(j->number, j->nrcpt, text);
	} else if (strcmp(s, "user") == 0) {
		say(j->number, j->nrcpt, j->user ? j->home : "no user");
	} else if (strcmp(s, "twice") == 0) {
		say(j->number, j->nrcpt, text);
		say(j->number, j->nrcpt, text);
	} else if (strcmp(s, "leave") == 0) {
		say(j->number, j->nrcpt, text);
		_exit(0);
	} else if (strcmp(s, "deaf") == 0) {
		say(j->number, j->nrcpt, text);
		nap(400);
		_exit(0); /* without having read what came meanwhile */
	} else if (strcmp(s, "parting") == 0) {
		say(j->number, j->nrcpt, text);
		_exit(7);
	} else {
		if (strcmp(s, "slow") == 0)
			nap(150);
		say(j->number, j->nrcpt, text);
	}
}

static int
child_main(void)
{
	static char buf[JOB_RECORD_MAX];
	static struct job j;
	ssize_t n;
	int passed;

	while ((n = fd_recv(0, buf, sizeof buf, &passed)) > 0) {
		if (!job_decode(&j, buf, (size_t)n))
			_exit(9);
		act(&j, passed);
		close(passed);
	}
	return 0;
}

/* argv: host sender recipient... */
static int
wrapper_main(int argc, char **argv)
{
	const char *s = argv[2];
	char buf[64];
	ssize_t n = read(0, buf, sizeof buf);

	if (strcmp(s, "remote") == 0)
		fd_writeall(2, "# a warning\n", 12);
	if (strcmp(s, "remote") == 0)
		for (int i = 3; i < argc; i++)
			fd_writeall(1, i == 3 ? "rfine" : "hno (#5.1.1)",
				i == 3 ? 6 : 13);
	if (strcmp(s, "remote") == 0)
		fd_writeall(1, "Kaccepted", 10);
	else if (strcmp(s, "crash") == 0)
		raise(SIGKILL);
	else if (strcmp(s, "hang") == 0)
		nap(60000);
	else if (n > 0)
		fd_writeall(1, buf, (size_t)n);
	return s[0] == 'x' ? atoi(s + 1) : 0;
}

/* --- the spawner ---------------------------------------------------------- */

static int loop[2]; /* tokens of jobs that wait, to ourselves */

static void
fill(const struct job *j, struct spawn_plan *p)
{
	static struct pwuser u;

	if (strcmp(j->sender, "refuse") == 0) {
		p->refuse = 'D';
		strcpy(p->why, "refused (#5.7.1)");
	}
	if (strcmp(j->sender, "user") == 0) {
		u.user = "u";
		u.home = "/home/of/u";
		u.dash = u.ext = "";
		p->user = &u;
	}
	if (j->host == NULL)
		return;
	if (strcmp(j->sender, "nobody") == 0)
		p->uid = p->gid = 65534;
	p->keylen = strlen(j->host);
	memcpy(p->key, j->host, p->keylen);
}

static bool
plan(void *arg, const struct job *j, int fdmess, uint32_t token,
	struct spawn_plan *p)
{
	(void)arg;
	(void)fdmess;
	if (j->host != NULL && strncmp(j->host, "async", 5) == 0) {
		if (strcmp(j->sender, "broken") == 0)
			token = 0;
		if (strcmp(j->sender, "never") != 0)
			fd_send(loop[1], &token, sizeof token, -1);
		return false;
	}
	fill(j, p);
	return true;
}

static int
answer(void *arg, uint32_t *token, struct spawn_plan *p)
{
	int passed;

	(void)arg;
	if (fd_recv(loop[0], token, sizeof *token, &passed) <= 0)
		return 0;
	if (*token == 0)
		return -1;
	p->keylen = 5;
	memcpy(p->key, "async", 5);
	return 1;
}

static void
expired(void *arg)
{
	(void)arg;
}

static size_t
wrapper_argv(const struct job *j, const char **argv)
{
	size_t i;

	argv[1] = j->host;
	argv[2] = j->sender;
	for (i = 0; i < j->nrcpt; i++)
		argv[3 + i] = j->rcpt[i].addr;
	return 3 + i;
}

static struct spawn_ops defaults = {
	.childlog = 2,
	.defaultdelivery = "./Maildir/",
	.plan = plan,
	.answer = answer,
	.expired = expired,
	.wrapper_argv = wrapper_argv,
	.answer_ms = 300,
	.idle_ms = 2000,
	.max_idle = 20,
	.max_jobs = 1000,
	.job_ms = 10000,
};
static pid_t spawner;
static int sock;
static size_t fdlimit;

static void
begin(const struct spawn_ops *ops)
{
	int fds[2];

	socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, fds);
	spawner = fork();
	if (spawner == 0) {
		struct spawn_ops o = *ops;

		dup2(fds[0], 0);
		close(fds[0]);
		close(fds[1]);
		fd_seqpair(loop);
		fd_nonblock(loop[0]);
		o.fd = &loop[0];
		o.program = self;
		if (fdlimit) {
			struct rlimit r = { fdlimit, fdlimit };

			setrlimit(RLIMIT_NOFILE, &r);
		}
		log_init("spawner");
		_exit(spawn_run(&o) == 0 ? 0 : 1);
	}
	close(fds[0]);
	sock = fds[1];
}

/* No more jobs; the loop must end by itself. */
static void
end(const char *what)
{
	int status = -1, i;

	shutdown(sock, SHUT_WR);
	for (i = 0; i < 100 && waitpid(spawner, &status, WNOHANG) == 0; i++)
		nap(50);
	if (i == 100)
		kill(spawner, SIGKILL);
	is_num(status, 0, "%s: the loop ends", what);
	close(sock);
}

static void
job(uint32_t number, const char *host, const char *sender, size_t nrcpt)
{
	struct str out = STR_INIT(JOB_RECORD_MAX);
	struct job j = { .number = number,
		.id = "0123456789abcdef",
		.birth = 1,
		.bytes = 5,
		.sender = sender,
		.host = host,
		.nrcpt = nrcpt };
	char path[] = "/tmp/quill-spawn-XXXXXX";
	static int fd = -1;

	if (fd == -1) {
		fd = mkstemp(path);
		unlink(path);
		if (write(fd, "hello", 5) != 5)
			abort();
	}
	for (size_t i = 0; i < nrcpt; i++)
		j.rcpt[i].addr = "joe@example.org";
	job_encode(&out, &j);
	if (fd_send(sock, out.s, out.len, fd) == -1)
		diag("job not sent: %s", strerror(errno));
	str_free(&out);
}

/* The next report, as text: "7 K 2.0.0 pid 12" with a class and status for
 * each recipient. "none" when nothing comes. */
static const char *
next(void)
{
	static char buf[REPORT_RECORD_MAX + 1], text[4000];
	static struct report r;
	struct pollfd p = { .fd = sock, .events = POLLIN };
	ssize_t n;
	int passed, len;

	if (poll(&p, 1, 5000) <= 0)
		return "none";
	n = fd_recv(sock, buf, sizeof buf, &passed);
	if (n <= 0 || !report_decode(&r, buf, (size_t)n))
		return "bad";
	len = sprintf(text, "%u", (unsigned)r.number);
	for (size_t i = 0; i < r.nrcpt && len < 3000; i++)
		len += sprintf(text + len, " %c %.*s %s", r.rcpt[i].class,
			(int)r.rcpt[i].status_len, r.rcpt[i].status,
			r.rcpt[i].text);
	return text;
}

/* Do one job and return the pid that it was done by, 0 on failure. */
static long
worker(uint32_t number, const char *host, const char *sender)
{
	const char *text, *pid;

	job(number, host, sender, 1);
	text = next();
	pid = strstr(text, "pid ");
	if ((uint32_t)atol(text) != number || !pid)
		diag("%s", text);
	return (uint32_t)atol(text) == number && pid ? atol(pid + 4) : 0;
}

static long
millis(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

/* Descriptors that the spawner has open. */
static int
descriptors(void)
{
	char path[64];
	DIR *d;
	int n = 0;

	nap(100);
	sprintf(path, "/proc/%d/fd", (int)spawner);
	d = opendir(path);
	while (d && readdir(d))
		n++;
	if (d)
		closedir(d);
	return n;
}

/* --- tests ---------------------------------------------------------------- */

static void
test_outcomes(void)
{
	static const struct {
		const char *sender;
		size_t nrcpt;
		const char *want;
	} t[] = {
		{ "message", 1, "5 K 2.0.0 hello" },
		{ "user", 1, "5 K 2.0.0 /home/of/u" },
		{ "refuse", 2,
			"5 D 5.7.1 refused (#5.7.1) D 5.7.1 refused (#5.7.1)" },
		{ "crash", 1,
			"5 Z 4.3.0 spawn_loop was killed by signal 9 "
			"(#4.3.0)" },
		{ "exit", 1,
			"5 Z 4.3.0 spawn_loop exited with 3 and without a "
			"report (#4.3.0)" },
		{ "lie", 1,
			"5 Z 4.3.5 the delivery program gave a wrong report "
			"(#4.3.5)" },
		{ "count", 1,
			"5 Z 4.3.5 the delivery program gave a wrong report "
			"(#4.3.5)" },
		{ "garbage", 2,
			"5 Z 4.3.5 the delivery program gave a wrong report "
			"(#4.3.5) Z 4.3.5 the delivery program gave a wrong "
			"report (#4.3.5)" },
	};
	int fds;

	begin(&defaults);
	worker(1, "h", "ok");
	fds = descriptors();
	for (size_t i = 0; i < sizeof t / sizeof *t; i++) {
		job(5, strcmp(t[i].sender, "user") == 0 ? NULL : "h",
			t[i].sender, t[i].nrcpt);
		is_str(next(), t[i].want, "%s", t[i].sender);
		ok(worker(6, "h", "ok") > 0, "%s: the loop goes on",
			t[i].sender);
	}
	ok(worker(7, "h", "twice") > 0, "two reports: the first counts");
	nap(100);
	ok(worker(8, "h", "ok") > 0, "and the second does no harm");
	ok(worker(9, "h", "parting") > 0, "a report, then exit 7: counts");
	ok(worker(10, "h", "ok") > 0, "a new child after it");
	is_num(descriptors(), fds, "no descriptor was left open");
	end("outcomes");
}

static void
test_garbled(void)
{
	begin(&defaults);
	fd_send(sock, "N77\0what\0Ta\0Tb\0", 15, -1);
	is_str(next(),
		"77 Z 4.3.5 the delivery job is malformed (#4.3.5) Z 4.3.5 the "
		"delivery job is malformed (#4.3.5)",
		"a malformed job is answered");
	fd_send(sock, "rubbish", 7, -1);
	ok(worker(1, "h", "ok") > 0, "rubbish is dropped");
	end("garbled");
}

static void
test_limit(void)
{
	struct spawn_ops ops = defaults;
	long t = millis();

	ops.job_ms = 1000;
	begin(&ops);
	job(1, "h", "hang", 1);
	is_str(next(),
		"1 Z 4.3.0 spawn_loop was not done after 1 seconds and was "
		"killed (#4.3.0)",
		"a child that hangs is killed");
	t = millis() - t;
	ok(t >= 1000 && t < 30000, "in time (%ld ms)", t);
	job(2, "async", "never", 1);
	is_str(next(), "2 Z 4.3.0 the user look-up took too long (#4.3.0)",
		"a look-up that is not answered");
	ok(worker(3, "async", "ok") > 0, "and one that is");
	job(4, "async", "never", 1);
	job(5, "async", "broken", 1);
	t = millis();
	is_str(next(), "4 Z 4.3.0 the user look-up broke off (#4.3.0)",
		"nobody answers any more");
	is_str(next(), "5 Z 4.3.0 the user look-up broke off (#4.3.0)",
		"for all that wait");
	ok(millis() - t < 5000, "at once");
	ok(worker(6, "async", "ok") > 0, "the next is asked for again");
	end("limit");
}

static void
test_keep(void)
{
	struct spawn_ops ops = defaults;
	long a, b, c;

	ops.idle_ms = 400;
	ops.max_idle = 2;
	begin(&ops);
	a = worker(1, "a", "ok");
	is_num(worker(2, "a", "ok"), a, "the same key gets the same child");
	b = worker(3, "b", "ok");
	ok(b > 0 && b != a, "another key gets another child");
	is_num(worker(4, "a", "ok"), a, "the first one is still there");
	c = worker(5, "c", "ok");
	is_num(worker(6, "c", "ok"), c, "a third one");
	is_num(worker(7, "a", "ok"), a, "max_idle: the one used last stays");
	ok(worker(8, "b", "ok") != b, "max_idle: the oldest had to go");
	a = worker(9, "a", "ok");
	nap(700);
	ok(worker(10, "a", "ok") != a, "idle_ms: gone");
	ok(kill((pid_t)a, 0) == -1 && errno == ESRCH, "and reaped");

	/* (that user may not be able to run this program) */
	a = worker(10, "u", "ok");
	ok(worker(11, "u", "nobody") != a, "never a child of another user");

	a = worker(11, "l", "leave");
	nap(100);
	b = worker(12, "l", "ok");
	ok(b > 0 && a != b, "a child that left while idle is replaced");
	end("keep");
}

static void
test_unread(void)
{
	long a, b, t;

	begin(&defaults);
	a = worker(1, "h", "deaf");
	t = millis();
	b = worker(2, "h", "ok");
	ok(b > 0 && a != b, "a job that a leaving child never read is done");
	ok(millis() - t >= 200, "(it had been handed over)");
	a = worker(3, "h", "deaf");
	job(4, "h", "crash", 1);
	is_str(next(), "4 Z 4.3.0 spawn_loop was killed by signal 9 (#4.3.0)",
		"it is tried again only once");
	end("unread");
}

static void
test_many(void)
{
	struct spawn_ops ops = defaults;
	unsigned char seen[64] = { 0 };
	int good = 0;
	long t;

	ops.max_idle = 3;
	fdlimit = 40;
	begin(&ops);
	for (uint32_t i = 0; i < 60; i++) {
		char host[] = "h?";

		host[1] = (char)('A' + i);
		job(i, host, "slow", 1);
	}
	t = millis();
	for (int i = 0; i < 60; i++) {
		const char *text = next();
		long n = atol(text);

		if (strstr(text, " K 2.0.0 pid ") && n < 60 && !seen[n]++)
			good++;
		else
			diag("%s", text);
	}
	fdlimit = 0;
	is_num(good, 60, "60 jobs with 40 descriptors");
	diag("%ld ms", millis() - t);
	end("many");

	ops.max_jobs = 4;
	begin(&ops);
	for (uint32_t i = 0; i < 12; i++)
		job(i, "h", "slow", 1);
	t = millis();
	for (good = 0; good < 12 && strstr(next(), " K ");)
		good++;
	t = millis() - t;
	is_num(good, 12, "12 jobs, 4 at once");
	ok(t > 350, "took three rounds (%ld ms)", t);
	end("max_jobs");
}

static void
test_backlog(void)
{
	size_t good = 0, i;

	begin(&defaults);
	for (i = 0; i < 900; i++)
		job((uint32_t)i, "h", "refuse", 20);
	nap(100);
	for (i = 0; i < 900; i++)
		good += (size_t)atol(next()) == i;
	is_num(good, 900, "reports that nobody reads at once are kept");
	end("backlog");
}

static void
test_end(void)
{
	int status = -1;

	begin(&defaults);
	job(1, "a", "slow", 1);
	job(2, "b", "slow", 1);
	job(3, "async", "slow", 1);
	shutdown(sock, SHUT_WR);
	ok(strstr(next(), " K "), "first report after end of jobs");
	ok(strstr(next(), " K "), "second report after end of jobs");
	ok(strstr(next(), " K "), "third report after end of jobs");
	end("drained");

	begin(&defaults);
	job(1, "a", "slow", 1);
	job(2, "async", "never", 1);
	nap(50);
	close(sock);
	for (int i = 0; i < 60 && waitpid(spawner, &status, WNOHANG) == 0; i++)
		nap(50);
	if (status == -1)
		kill(spawner, SIGKILL);
	is_num(status, 0, "send died: the loop finishes and ends");
}

static void
test_hangup(void)
{
	struct spawn_ops ops = defaults;

	ops.job_ms = 60000;
	begin(&ops);
	job(1, "a", "hangup", 1);
	ok(worker(2, "b", "ok") > 0, "others go on meanwhile");
	is_str(next(), "1 Z 4.3.0 spawn_loop was killed by signal 9 (#4.3.0)",
		"a child that closed its socket and stays is killed");
	end("hangup");
}

static void
test_unable(void)
{
	struct spawn_ops ops = defaults;
	char keep[PATH_MAX];

	strcpy(keep, self);
	strcpy(self, "/nonexistent/quill-x");
	begin(&ops);
	job(1, "a", "ok", 1);
	is_str(next(), "1 Z 4.3.0 unable to run quill-x (#4.3.0)",
		"no such program");
	end("unable");
	strcpy(self, keep);
}

static void
test_wrapper(void)
{
	static const struct {
		const char *sender, *want;
	} t[] = {
		{ "x0", "1 K 2.0.0 hello" },
		{ "x99", "1 K 2.0.0 hello" },
		{ "x100", "1 D 5.3.0 hello" },
		{ "x64", "1 D 5.3.0 hello" },
		{ "x65", "1 D 5.3.0 hello" },
		{ "x70", "1 D 5.3.0 hello" },
		{ "x76", "1 D 5.3.0 hello" },
		{ "x77", "1 D 5.3.0 hello" },
		{ "x78", "1 D 5.3.0 hello" },
		{ "x112", "1 D 5.3.0 hello" },
		{ "x111", "1 Z 4.3.0 hello" },
		{ "x1", "1 Z 4.3.0 hello" },
		{ "crash", "1 Z 4.3.0 spawn_loop was killed by signal 9 "
			   "(#4.3.0)" },
		{ "hang", "1 Z 4.3.0 spawn_loop was not done after 1 seconds "
			  "and was killed (#4.3.0)" },
	};
	struct spawn_ops ops = defaults;

	ops.wrapper = self;
	ops.job_ms = 1000;
	begin(&ops);
	for (size_t i = 0; i < sizeof t / sizeof *t; i++) {
		job(1, "h", t[i].sender, 1);
		is_str(next(), t[i].want, "wrapper for local: %s", t[i].sender);
	}
	end("wrapper");

	ops.wrapper_remote = true;
	begin(&ops);
	job(1, "h", "remote", 2);
	is_str(next(), "1 K 2.0.0 accepted D 5.1.1 no (#5.1.1)",
		"wrapper for remote, whose warnings are not of its report");
	job(2, "h", "crash", 1);
	is_str(next(), "2 Z 4.3.0 spawn_loop was killed by signal 9 (#4.3.0)",
		"wrapper for remote that crashes");
	job(3, "h", "x0", 1);
	ok(strncmp(next(), "3 Z 4.", 6) == 0, "garbage from it is temporary");
	end("wrapper for remote");
}

int
main(int argc, char **argv)
{
	ssize_t n;

	if (argc == 2 && strcmp(argv[1], "-s") == 0)
		return child_main();
	if (argc > 3)
		return wrapper_main(argc, argv);
	n = readlink("/proc/self/exe", self, sizeof self - 1);
	if (n <= 0)
		return 99;
	self[n] = '\0';
	test_outcomes();
	test_garbled();
	test_limit();
	test_keep();
	test_unread();
	test_many();
	test_backlog();
	test_end();
	test_hangup();
	test_unable();
	test_wrapper();
	return done_testing();
}
