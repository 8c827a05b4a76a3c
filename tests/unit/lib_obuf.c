/* SPDX-License-Identifier: 0BSD */
#include "lib/obuf.h"

#include <fcntl.h>
#include <signal.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <unistd.h>

#include "lib/fd.h"
#include "lib/stamp.h"
#include "tap.h"

static char big[400000];

/* Puts of all kinds through a small buffer come out in order. */
static void
test_order(size_t cap)
{
	char buf[64], got[600], want[600];
	size_t n = 0;
	struct obuf o;
	ssize_t r;
	int p[2];

	fd_pipe(p);
	obuf_init(&o, p[1], buf, cap);
	for (size_t len = 0; len < 20; len++) {
		memset(want + n, 'a' + (int)len, len);
		is_num(obuf_put(&o, want + n, len), 0, "put");
		n += len;
	}
	obuf_puts(&o, "puts");
	obuf_puts(&o, "");
	obuf_putc(&o, 0);
	obuf_putnum(&o, UINT64_MAX);
	memcpy(want + n, "puts\00018446744073709551615", 25);
	n += 25;
	is_num(obuf_flush(&o), 0, "cap %zu: flush", cap);
	is_num(o.len, 0, "cap %zu: empty", cap);
	r = read(p[0], got, sizeof got);
	is_mem(got, r < 0 ? 0 : r, want, n, "cap %zu: bytes", cap);
	is_num(obuf_flush(&o), 0, "cap %zu: flush nothing", cap);
	close(p[0]);
	close(p[1]);
}

/* Nothing is written before it must be: on a socket that keeps records each
 * write(2) can be counted. */
static void
test_writes(void)
{
	char buf[8], got[100];
	struct obuf o;
	int s[2];

	fd_seqpair(s);
	fd_nonblock(s[1]);
	obuf_init(&o, s[0], buf, sizeof buf);
	obuf_puts(&o, "1234");
	obuf_puts(&o, "5678");
	is_errno(read(s[1], got, 100), EAGAIN, "a full buffer can wait");
	obuf_putc(&o, '9');
	is_num(read(s[1], got, 100), 8, "one more byte and it is written");
	obuf_flush(&o);
	is_num(read(s[1], got, 100), 1, "the rest");
	obuf_put(&o, big, 50);
	is_num(read(s[1], got, 100), 50, "a large piece is not copied");
	obuf_flush(&o);
	is_errno(read(s[1], got, 100), EAGAIN, "an empty flush writes nothing");
	close(s[0]);
	close(s[1]);
}

static void
test_sticky(void)
{
	int full = open("/dev/full", O_WRONLY), null;
	struct obuf o;
	char buf[8];

	obuf_init(&o, full, buf, sizeof buf);
	is_num(obuf_puts(&o, "1234"), 0, "buffered");
	is_errno(obuf_flush(&o), ENOSPC, "full disk");
	is_num(o.err, ENOSPC, "is remembered");
	null = open("/dev/null", O_WRONLY);
	o.fd = null;
	is_errno(obuf_putc(&o, 'x'), ENOSPC, "putc after it");
	is_errno(obuf_put(&o, big, 100), ENOSPC, "put after it");
	is_errno(obuf_puts(&o, ""), ENOSPC, "puts of nothing after it");
	is_errno(obuf_putnum(&o, 1), ENOSPC, "putnum after it");
	is_errno(obuf_flush(&o), ENOSPC, "flush after it");
	obuf_init(&o, full, buf, sizeof buf);
	is_errno(obuf_put(&o, big, 100), ENOSPC, "a large put");
	obuf_init(&o, full, buf, sizeof buf);
	obuf_puts(&o, "12345678");
	is_errno(obuf_putc(&o, '9'), ENOSPC, "when the buffer overflows");
	obuf_init(&o, full, buf, sizeof buf);
	obuf_deadline(&o, stamp_mono() + 1000);
	obuf_putc(&o, 'x');
	is_errno(obuf_flush(&o), ENOSPC, "with a deadline");
	close(full);
	close(null);
}

enum peer { SOCKET, SOCKET_NB, PIPE, PIPE_NB };

static const char *const peer_name[] = { "socket", "non-blocking socket",
	"pipe", "non-blocking pipe" };

static void
connect_peer(enum peer kind, int p[2])
{
	int s[2];

	if (kind == PIPE || kind == PIPE_NB) {
		fd_pipe(p);
	} else {
		socketpair(AF_UNIX, SOCK_STREAM, 0, s);
		p[0] = s[0];
		p[1] = s[1];
	}
	if (kind == SOCKET_NB || kind == PIPE_NB)
		fd_nonblock(p[1]);
}

/* A peer that never reads; a peer that reads too slowly, so that each write
 * gets somewhere. */
static void
test_deadline(enum peer kind, bool drip)
{
	const char *name = peer_name[kind];
	int64_t start, took;
	struct obuf o;
	char buf[512];
	pid_t pid = 0;
	int p[2];

	connect_peer(kind, p);
	obuf_init(&o, p[1], buf, sizeof buf);
	if (drip && (pid = fork()) == 0) {
		close(p[1]);
		for (int i = 0; i < 100; i++) {
			usleep(10000);
			if (read(p[0], big, 1000) <= 0)
				break;
		}
		_exit(0);
	}
	start = stamp_mono();
	obuf_deadline(&o, start + 150);
	/* a small piece first, so that both paths meet a full pipe */
	obuf_puts(&o, "small");
	is_errno(obuf_put(&o, big, sizeof big), ETIMEDOUT, "%s, drip %d: late",
		name, drip);
	took = stamp_mono() - start;
	ok(took >= 150 && took < 900, "%s, drip %d: at its time (%d)", name,
		drip, (int)took);
	is_num(o.err, ETIMEDOUT, "%s, drip %d: sticky", name, drip);
	obuf_deadline(&o, 0);
	is_errno(
		obuf_flush(&o), ETIMEDOUT, "%s, drip %d: for good", name, drip);
	close(p[0]);
	close(p[1]);
	if (pid > 0)
		waitpid(pid, NULL, 0);
}

static volatile sig_atomic_t alarms;

static void
on_alarm(int sig)
{
	(void)sig;
	alarms++;
}

/* A slow reader gets everything, signals or not. */
static void
test_slow(enum peer kind, bool deadline)
{
	struct itimerval it = { { 0, 2000 }, { 0, 2000 } }, off = { 0 };
	struct sigaction sa = { .sa_handler = on_alarm };
	size_t total = 0, bad = 0;
	int p[2], q[2], status = -1;
	char buf[100];
	struct obuf o;
	pid_t pid;

	connect_peer(kind, p);
	fd_pipe(q);
	pid = fork();
	if (pid == 0) {
		char in[7000];
		ssize_t r;

		close(p[1]);
		while ((r = read(p[0], in, sizeof in)) > 0) {
			for (ssize_t i = 0; i < r; i++)
				bad += in[i] !=
				       (char)((total + (size_t)i) % 253);
			if (total / 70000 != (total + (size_t)r) / 70000)
				usleep(10000);
			total += (size_t)r;
		}
		_exit(bad || total != sizeof big);
	}
	close(p[0]);
	for (size_t i = 0; i < sizeof big; i++)
		big[i] = (char)(i % 253);
	obuf_init(&o, p[1], buf, sizeof buf);
	if (deadline)
		obuf_deadline(&o, stamp_mono() + 20000);
	sigaction(SIGALRM, &sa, NULL);
	setitimer(ITIMER_REAL, &it, NULL);
	is_num(obuf_put(&o, big, 30), 0, "%s: a little", peer_name[kind]);
	is_num(obuf_put(&o, big + 30, sizeof big - 40), 0, "%s: a lot",
		peer_name[kind]);
	obuf_put(&o, big + sizeof big - 10, 10);
	is_num(obuf_flush(&o), 0, "%s: flush", peer_name[kind]);
	setitimer(ITIMER_REAL, &off, NULL);
	ok(alarms > 1, "with signals");
	close(p[1]);
	waitpid(pid, &status, 0);
	is_num(status, 0, "%s, deadline %d: all came", peer_name[kind],
		deadline);
	close(q[0]);
	close(q[1]);
}

static void
test_hangup(void)
{
	struct obuf o;
	char buf[10];
	int p[2];

	connect_peer(SOCKET, p);
	close(p[0]);
	obuf_init(&o, p[1], buf, sizeof buf);
	obuf_deadline(&o, stamp_mono() + 1000);
	obuf_putc(&o, 'x');
	/* SIGPIPE would end the test */
	is_errno(obuf_flush(&o), EPIPE, "peer is gone, deadline");
	close(p[1]);
	signal(SIGPIPE, SIG_IGN);
	connect_peer(PIPE, p);
	close(p[0]);
	obuf_init(&o, p[1], buf, sizeof buf);
	obuf_putc(&o, 'x');
	is_errno(obuf_flush(&o), EPIPE, "peer is gone");
	close(p[1]);
	signal(SIGPIPE, SIG_DFL);
}

/* A deadline that is looked after: put off while nobody reads, until somebody
 * does, then for good. */
static struct {
	int calls, fd;
} late;

static int64_t
put_off(void *arg)
{
	static char drain[1 << 16];

	(void)arg;
	late.calls++;
	if (late.calls == 2)
		while (read(late.fd, drain, sizeof drain) > 0)
			;
	return late.calls < 4 ? stamp_mono() + 20 : 0;
}

static void
test_late(enum peer kind)
{
	const char *name = peer_name[kind];
	static const char data[512];
	struct obuf o;
	char buf[512];
	size_t n = 0;
	int p[2];

	connect_peer(kind, p);
	fd_nonblock(p[0]);
	late.calls = 0;
	late.fd = p[0];
	obuf_init(&o, p[1], buf, sizeof buf);
	obuf_deadline(&o, stamp_mono());
	obuf_late(&o, put_off, NULL);
	while (late.calls < 2 && obuf_put(&o, data, sizeof data) == 0 &&
		n < 1 << 26)
		n += sizeof buf;
	ok(!o.err && late.calls == 2, "%s, late: it went on when it could",
		name);
	while (obuf_put(&o, data, sizeof data) == 0 && n < 1 << 26)
		n += sizeof buf;
	is_num(o.err, ETIMEDOUT, "then it could not");
	is_num(late.calls, 4, "asked until it was told so");
	close(p[0]);
	close(p[1]);
}

int
main(void)
{
	test_order(1);
	test_order(2);
	test_order(7);
	test_order(64);
	test_writes();
	test_sticky();
	for (int kind = SOCKET; kind <= PIPE_NB; kind++) {
		test_deadline((enum peer)kind, false);
		test_deadline((enum peer)kind, true);
		test_slow((enum peer)kind, false);
		test_slow((enum peer)kind, true);
		test_late((enum peer)kind);
	}
	test_hangup();
	return done_testing();
}
