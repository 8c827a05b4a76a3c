/* SPDX-License-Identifier: 0BSD */
#include "lib/ibuf.h"

#include <fcntl.h>
#include <signal.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <unistd.h>

#include "lib/fd.h"
#include "lib/stamp.h"
#include "tap.h"

enum { MAX = 6 };

static const struct {
	const char *in;
	size_t n;
	struct {
		enum ibuf_line kind;
		const char *line;
		size_t n;
	} want[4];
} lines[] = {
	{ "", 0, { { IBUF_EOF, "", 0 } } },
	{ "\n", 1, { { IBUF_LINE, "\n", 1 }, { IBUF_EOF, "", 0 } } },
	{ "a\nb\n", 4,
		{ { IBUF_LINE, "a\n", 2 }, { IBUF_LINE, "b\n", 2 },
			{ IBUF_EOF, "", 0 } } },
	{ "a\nb", 3,
		{ { IBUF_LINE, "a\n", 2 }, { IBUF_PART, "b", 1 },
			{ IBUF_EOF, "", 0 } } },
	{ "a\r\n\r", 4,
		{ { IBUF_LINE, "a\r\n", 3 }, { IBUF_PART, "\r", 1 },
			{ IBUF_EOF, "", 0 } } },
	{ "\0\n\0", 3,
		{ { IBUF_LINE, "\0\n", 2 }, { IBUF_PART, "\0", 1 },
			{ IBUF_EOF, "", 0 } } },
	/* just fits; one over; the next line is not touched */
	{ "12345\nx\n", 8,
		{ { IBUF_LINE, "12345\n", 6 }, { IBUF_LINE, "x\n", 2 },
			{ IBUF_EOF, "", 0 } } },
	{ "123456\nx\n", 9,
		{ { IBUF_LONG, "123456", 6 }, { IBUF_LINE, "x\n", 2 },
			{ IBUF_EOF, "", 0 } } },
	{ "1234567890123456789\nx", 21,
		{ { IBUF_LONG, "123456", 6 }, { IBUF_PART, "x", 1 },
			{ IBUF_EOF, "", 0 } } },
	{ "123456", 6, { { IBUF_PART, "123456", 6 }, { IBUF_EOF, "", 0 } } },
	{ "1234567", 7, { { IBUF_LONG, "123456", 6 }, { IBUF_EOF, "", 0 } } },
	{ "1234567\n1234567\n\n", 17,
		{ { IBUF_LONG, "123456", 6 }, { IBUF_LONG, "123456", 6 },
			{ IBUF_LINE, "\n", 1 }, { IBUF_EOF, "", 0 } } },
};

static void
test_lines(size_t cap, int64_t deadline)
{
	struct str line = STR_INIT(MAX);
	struct ibuf in;
	char buf[64];

	for (size_t i = 0; i < sizeof lines / sizeof *lines; i++) {
		int p[2];

		fd_pipe(p);
		fd_writeall(p[1], lines[i].in, lines[i].n);
		close(p[1]);
		ibuf_init(&in, p[0], buf, cap);
		ibuf_deadline(&in, deadline);
		for (size_t k = 0; k < 4; k++) {
			enum ibuf_line got = ibuf_getline(&in, &line, MAX);

			is_num(got, lines[i].want[k].kind,
				"cap %zu, lines %zu.%zu: kind", cap, i, k);
			is_mem(line.s, line.len, lines[i].want[k].line,
				lines[i].want[k].n,
				"cap %zu, lines %zu.%zu: bytes", cap, i, k);
			ok(!line.over, "within the ceiling");
			if (lines[i].want[k].kind == IBUF_EOF)
				break;
		}
		is_num(ibuf_getline(&in, &line, MAX), IBUF_EOF, "EOF stays");
		close(p[0]);
	}
	str_free(&line);
}

static void
test_bytes(void)
{
	struct ibuf in;
	char buf[4], *p = NULL;
	int fds[2];

	fd_pipe(fds);
	fd_writeall(fds[1], "\xff\0abcdef", 8);
	close(fds[1]);
	ibuf_init(&in, fds[0], buf, sizeof buf);
	is_num(ibuf_ready(&in), 0, "nothing is read ahead of the first call");
	is_num(ibuf_getc(&in), 255, "byte 255 is not the end of file");
	is_num(ibuf_getc(&in), 0, "nor is NUL");
	is_num(ibuf_ready(&in), 2, "ready");
	is_num(ibuf_peek(&in, &p), 2, "peek");
	is_mem(p, 2, "ab", 2, "its bytes");
	is_num(ibuf_peek(&in, &p), 2, "peek consumes nothing");
	ibuf_skip(&in, 1);
	is_num(ibuf_getc(&in), 'b', "skip does");
	is_num(ibuf_peek(&in, &p), 4, "the next buffer");
	ibuf_skip(&in, 100);
	is_num(ibuf_ready(&in), 0, "skip stops at what is there");
	is_num(ibuf_peek(&in, &p), 0, "end of file");
	is_num(ibuf_getc(&in), -1, "getc at the end of file");
	is_num(in.err, 0, "which is no error");
	close(fds[0]);
}

/* A file that grows after its end was seen. */
static void
test_end(void)
{
	char path[] = "/tmp/lib_ibuf.XXXXXX", buf[8], *p;
	int fd = mkstemp(path);
	struct ibuf in;

	unlink(path);
	fd_writeall(fd, "x", 1);
	lseek(fd, 0, SEEK_SET);
	ibuf_init(&in, fd, buf, sizeof buf);
	is_num(ibuf_getc(&in), 'x', "the byte");
	is_num(ibuf_getc(&in), -1, "the end");
	is_num(pwrite(fd, "y", 1, 1), 1, "more is written");
	is_num(ibuf_peek(&in, &p), 0, "the end is the end");
	close(fd);
}

static void
test_errors(void)
{
	struct str line = STR_INIT(10);
	int dir = open("/", O_RDONLY), null;
	struct ibuf in;
	char buf[10], *p;

	ibuf_init(&in, dir, buf, sizeof buf);
	is_errno(ibuf_peek(&in, &p), EISDIR, "read error");
	is_num(in.err, EISDIR, "is kept");
	null = open("/dev/null", O_RDONLY);
	in.fd = null;
	is_errno(ibuf_peek(&in, &p), EISDIR, "and sticky");
	errno = 0;
	is_num(ibuf_getline(&in, &line, 10), IBUF_ERROR, "getline");
	is_num(errno, EISDIR, "its errno");
	is_num(ibuf_getc(&in), -1, "getc");
	close(dir);
	close(null);
	str_free(&line);
}

enum peer { SOCKET, SOCKET_NB, PIPE, PIPE_NB };

static const char *const peer_name[] = { "socket", "non-blocking socket",
	"pipe", "non-blocking pipe" };

static void
connect_peer(enum peer kind, int p[2])
{
	if (kind == PIPE || kind == PIPE_NB)
		fd_pipe(p);
	else
		socketpair(AF_UNIX, SOCK_STREAM, 0, p);
	if (kind == SOCKET_NB || kind == PIPE_NB)
		fd_nonblock(p[0]);
}

/* A silent peer, and one that sends a byte now and then: an absolute deadline
 * is not moved by either. first: bytes that are there at once (a full buffer
 * makes ibuf expect more). */
static void
test_deadline(enum peer kind, bool drip, size_t first)
{
	struct str line = STR_INIT(1000);
	const char *name = peer_name[kind];
	int64_t start, took;
	struct ibuf in;
	char buf[4];
	pid_t pid = 0;
	int p[2];

	connect_peer(kind, p);
	fd_writeall(p[1], "abcdefgh", first);
	if (drip && (pid = fork()) == 0) {
		close(p[0]);
		signal(SIGPIPE, SIG_DFL);
		for (int i = 0; i < 100; i++) {
			usleep(20000);
			if (write(p[1], "x", 1) < 1)
				break;
		}
		_exit(0);
	}
	ibuf_init(&in, p[0], buf, sizeof buf);
	start = stamp_mono();
	ibuf_deadline(&in, start + 150);
	is_num(ibuf_getline(&in, &line, 1000), IBUF_ERROR,
		"%s, drip %d, first %zu: late", name, drip, first);
	is_num(in.err, ETIMEDOUT, "its errno");
	took = stamp_mono() - start;
	ok(took >= 150 && took < 900, "at its time (%d)", (int)took);
	close(p[0]);
	close(p[1]);
	if (pid > 0)
		waitpid(pid, NULL, 0);
	str_free(&line);
}

/* A slow sender in pieces: with and without deadline all arrives, also on
 * non-blocking descriptors and across signals. */
static volatile sig_atomic_t alarms;

static void
on_alarm(int sig)
{
	(void)sig;
	alarms++;
}

static void
test_slow(enum peer kind, bool deadline)
{
	struct itimerval it = { { 0, 3000 }, { 0, 3000 } }, off = { 0 };
	struct sigaction sa = { .sa_handler = on_alarm };
	struct str line = STR_INIT(200);
	struct ibuf in;
	char buf[16];
	pid_t pid;
	int p[2];

	connect_peer(kind, p);
	pid = fork();
	if (pid == 0) {
		close(p[0]);
		for (int i = 0; i < 10; i++) {
			usleep(8000);
			fd_writeall(p[1], "sixteen bytes...", 16);
		}
		fd_writeall(p[1], "\n", 1);
		_exit(0);
	}
	close(p[1]);
	sigaction(SIGALRM, &sa, NULL);
	setitimer(ITIMER_REAL, &it, NULL);
	ibuf_init(&in, p[0], buf, sizeof buf);
	if (deadline)
		ibuf_deadline(&in, stamp_mono() + 20000);
	is_num(ibuf_getline(&in, &line, 200), IBUF_LINE,
		"%s, deadline %d: slow line", peer_name[kind], deadline);
	is_num(line.len, 161, "all of it");
	is_num(ibuf_getline(&in, &line, 200), IBUF_EOF, "then the end");
	setitimer(ITIMER_REAL, &off, NULL);
	ok(alarms, "with signals");
	close(p[0]);
	while (waitpid(pid, NULL, 0) < 0 && errno == EINTR)
		;
	str_free(&line);
}

static void
test_tied(void)
{
	struct str line = STR_INIT(100);
	char ib[64], ob[64], got[64];
	int in_pipe[2], out_pipe[2];
	struct ibuf in;
	struct obuf out;

	fd_pipe(in_pipe);
	fd_pipe(out_pipe);
	fd_nonblock(out_pipe[0]);
	ibuf_init(&in, in_pipe[0], ib, sizeof ib);
	obuf_init(&out, out_pipe[1], ob, sizeof ob);
	ibuf_tie(&in, &out);
	fd_writeall(in_pipe[1], "one\ntwo\nthr", 11);
	ibuf_getline(&in, &line, 100);
	obuf_puts(&out, "1");
	ibuf_getline(&in, &line, 100);
	ok(str_is(&line, "two\n"), "the second line is there already");
	is_errno(read(out_pipe[0], got, 64), EAGAIN, "so nothing is flushed");
	obuf_puts(&out, "2");
	fd_writeall(in_pipe[1], "ee\n", 3);
	ibuf_getline(&in, &line, 100);
	ok(str_is(&line, "three\n"), "the third needs a read");
	is_num(read(out_pipe[0], got, 64), 2, "flushed before it, in one");
	is_mem(got, 2, "12", 2, "both replies");
	/* a reply that cannot be sent ends the dialogue */
	close(out_pipe[1]);
	out.fd = open("/dev/full", O_WRONLY);
	obuf_puts(&out, "3");
	fd_writeall(in_pipe[1], "four\n", 5);
	is_num(ibuf_getline(&in, &line, 100), IBUF_ERROR, "flush fails");
	is_num(in.err, ENOSPC, "with the writer's errno");
	close(out.fd);
	close(in_pipe[0]);
	close(in_pipe[1]);
	close(out_pipe[0]);
	str_free(&line);
}

static void
test_discard(void)
{
	struct str line = STR_INIT(100);
	struct ibuf in;
	char buf[64];
	int p[2];

	fd_pipe(p);
	fd_writeall(p[1], "STARTTLS\r\nMAIL FROM:<injected>\r\n", 32);
	ibuf_init(&in, p[0], buf, sizeof buf);
	ibuf_getline(&in, &line, 100);
	ok(ibuf_ready(&in) > 0, "more was read");
	ibuf_discard(&in);
	is_num(ibuf_ready(&in), 0, "and is thrown away");
	fd_writeall(p[1], "EHLO\r\n", 6);
	ibuf_getline(&in, &line, 100);
	is_str(str_c(&line), "EHLO\r\n", "what comes later is read");
	close(p[0]);
	close(p[1]);
	str_free(&line);
}

/* A deadline that is looked after: put off twice, with input at the second
 * time, then for good. */
static struct late {
	int calls, from, until;
	int fd; /* gets input at the second call */
} late;

static int64_t
put_off(void *arg)
{
	struct late *l = arg;

	l->calls++;
	if (l->calls == l->from)
		fd_writeall(l->fd, "ine\n", 4);
	return l->calls < l->until ? stamp_mono() + 20 : 0;
}

static void
test_late(enum peer kind)
{
	struct str line = STR_INIT(1000);
	const char *name = peer_name[kind];
	struct ibuf in;
	char buf[4];
	int p[2];

	connect_peer(kind, p);
	fd_writeall(p[1], "a l", 3);
	ibuf_init(&in, p[0], buf, sizeof buf);
	ibuf_deadline(&in, stamp_mono());
	late = (struct late){ .from = 2, .until = 5, .fd = p[1] };
	ibuf_late(&in, put_off, &late);
	is_num(ibuf_getline(&in, &line, 1000), IBUF_LINE, "%s, late: a line",
		name);
	is_str(str_c(&line), "a line\n", "whole");
	is_num(late.calls, 2, "asked twice");
	is_num(ibuf_getline(&in, &line, 1000), IBUF_ERROR, "then none");
	is_num(in.err, ETIMEDOUT, "its errno");
	is_num(late.calls, 5, "asked until it was told so");
	close(p[0]);
	close(p[1]);
	str_free(&line);
}

int
main(void)
{
	static const size_t caps[] = { 1, 2, 3, 6, 7, 64 };

	signal(SIGPIPE, SIG_IGN);
	for (size_t i = 0; i < sizeof caps / sizeof *caps; i++) {
		test_lines(caps[i], 0);
		test_lines(caps[i], stamp_mono() + 60000);
	}
	test_bytes();
	test_end();
	test_errors();
	for (int kind = SOCKET; kind <= PIPE_NB; kind++) {
		test_deadline((enum peer)kind, false, 0);
		test_deadline((enum peer)kind, false, 8);
		test_deadline((enum peer)kind, true, 3);
		test_slow((enum peer)kind, false);
		test_slow((enum peer)kind, true);
		test_late((enum peer)kind);
	}
	test_tied();
	test_discard();
	return done_testing();
}
