/* SPDX-License-Identifier: 0BSD */
#include "lib/dial.h"

#include <fcntl.h>
#include <netinet/in.h>
#include <poll.h>
#include <signal.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <unistd.h>

#include "lib/stamp.h"
#include "lib/usock.h"
#include "tap.h"

enum { STREAM = SOCK_STREAM | SOCK_NONBLOCK, LONG_MS = 60000, SHORT_MS = 100 };

struct place {
	struct sockaddr_storage at;
	socklen_t len;
	int listener;
};

static int
to(const struct place *p, int type, int64_t ms)
{
	return dial(type, &p->at, p->len, NULL, stamp_mono() + ms);
}

static struct ipaddr
ip(const char *text)
{
	struct ipaddr a;

	if (!ipaddr_parse(text, strlen(text), &a))
		exit(1);
	return a;
}

/* Somebody who listens, and takes one connection before others wait. */
static void
begin(struct place *p, int type)
{
	p->listener = socket(p->at.ss_family, type | SOCK_CLOEXEC, 0);
	if (p->listener < 0 ||
		bind(p->listener, (struct sockaddr *)&p->at, p->len) < 0 ||
		listen(p->listener, 0) < 0 ||
		getsockname(p->listener, (struct sockaddr *)&p->at, &p->len) <
			0)
		exit(1);
}

static void
begin_inet(struct place *p)
{
	struct ipaddr home = ip("127.0.0.1");

	p->len = ipaddr_tosock(&home, 0, &p->at);
	begin(p, SOCK_STREAM);
}

static void
begin_unix(struct place *p, const char *name, int type)
{
	unlink(name);
	p->len = usock_address(&p->at, NULL, name);
	begin(p, type);
}

static void
tick(int sig)
{
	(void)sig;
}

/* A signal every 5 ms, or none. */
static void
interrupt(bool on)
{
	struct itimerval it = { { 0, on ? 5000 : 0 }, { 0, on ? 5000 : 0 } };
	struct sigaction sa = { .sa_handler = tick };

	sigaction(SIGALRM, &sa, NULL);
	setitimer(ITIMER_REAL, &it, NULL);
}

/* Take two connections in a while. */
static pid_t
accept_late(const struct place *p)
{
	pid_t pid = fork();

	if (pid)
		return pid;
	poll(NULL, 0, 200);
	_exit(accept(p->listener, NULL, NULL) < 0 ||
		accept(p->listener, NULL, NULL) < 0);
}

/* The first connection fills the backlog. */
static void
test_full(struct place *p, int type, const char *what)
{
	int first = to(p, type, LONG_MS), fd, status = -1;
	pid_t pid;

	ok(first >= 0, "%s: there is room for one", what);
	is_errno(to(p, type, SHORT_MS), ETIMEDOUT, "%s: not for two", what);
	pid = accept_late(p);
	interrupt(true);
	fd = to(p, type, LONG_MS);
	interrupt(false);
	ok(fd >= 0, "%s: there is room after a while", what);
	waitpid(pid, &status, 0);
	is_num(status, 0, "%s: both were accepted", what);
	close(first);
	close(fd);
}

static void
test_refused(struct place *p, const char *what)
{
	close(p->listener);
	is_errno(to(p, STREAM, LONG_MS), ECONNREFUSED, "%s: nobody listens",
		what);
}

static void
test_flags(struct place *p)
{
	int a = to(p, STREAM, LONG_MS), b;

	close(accept(p->listener, NULL, NULL));
	b = to(p, SOCK_STREAM, LONG_MS);
	close(accept(p->listener, NULL, NULL));
	is_num(fcntl(a, F_GETFL) & O_NONBLOCK, O_NONBLOCK, "non-blocking");
	is_num(fcntl(b, F_GETFL) & O_NONBLOCK, 0, "blocking");
	is_num(fcntl(a, F_GETFD), FD_CLOEXEC, "close-on-exec");
	is_num(fcntl(b, F_GETFD), FD_CLOEXEC, "the other one, too");
	close(a);
	close(b);
}

/* The address that the other side sees, connecting from one. */
static const char *
seen(struct place *p, const char *from)
{
	static char text[IPADDR_FMT];
	struct sockaddr_storage ss = { .ss_family = AF_UNSPEC };
	socklen_t len = sizeof ss;
	struct ipaddr own = ip(from), a;
	uint16_t port;
	int fd = dial(STREAM, &p->at, p->len, &own, stamp_mono() + LONG_MS);
	int peer = accept(p->listener, (struct sockaddr *)&ss, &len);

	close(fd);
	close(peer);
	if (ipaddr_fromsock(&ss, &a, &port))
		ipaddr_fmt(text, &a);
	else
		text[0] = 0;
	return text;
}

static void
test_from(struct place *p)
{
	struct ipaddr foreign = ip("192.0.2.1");

	is_str(seen(p, "127.0.0.2"), "127.0.0.2", "from an address");
	is_str(seen(p, "::1"), "127.0.0.1", "not from another family's");
	is_errno(dial(STREAM, &p->at, p->len, &foreign, stamp_mono() + LONG_MS),
		EADDRNOTAVAIL, "from an address that is not ours");
}

int
main(void)
{
	char dir[] = "/tmp/dial.XXXXXX", longer[200];
	struct place p;
	int a;

	alarm(300);
	if (!mkdtemp(dir) || chdir(dir) < 0)
		return 1;
	begin_inet(&p);
	test_flags(&p);
	test_from(&p);
	is_errno(to(&p, STREAM, 0), ETIMEDOUT, "it was too late before");
	test_full(&p, STREAM, "TCP");
	test_refused(&p, "TCP");

	memset(longer, 'a', sizeof longer);
	longer[sizeof longer - 1] = 0;
	is_num(usock_address(&p.at, "x", longer), 0, "a name too long");
	is_num(errno, ENAMETOOLONG, "and why");
	p.len = usock_address(&p.at, dir, "s");
	is_errno(to(&p, STREAM, LONG_MS), ENOENT, "no such socket");
	begin_unix(&p, "s", SOCK_STREAM);
	test_full(&p, STREAM, "Unix");
	test_refused(&p, "Unix");
	begin_unix(&p, "s", SOCK_SEQPACKET);
	test_full(&p, SOCK_SEQPACKET, "records");
	is_errno(to(&p, STREAM, LONG_MS), EPROTOTYPE, "another type");
	a = open("/dev/null", O_RDONLY);
	close(a);
	is_num(a, p.listener + 1, "nothing is left open");
	unlink("s");
	rmdir(dir);
	return done_testing();
}
