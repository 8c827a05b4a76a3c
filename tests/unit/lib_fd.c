/* SPDX-License-Identifier: 0BSD */
#include "lib/fd.h"

#include <dirent.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <unistd.h>

#include "lib/stamp.h"
#include "tap.h"

static size_t
count_open(void)
{
	DIR *d = opendir("/proc/self/fd");
	size_t n = 0;

	while (d && readdir(d))
		n++;
	if (d)
		closedir(d);
	return n;
}

static volatile sig_atomic_t alarms;

static void
on_alarm(int sig)
{
	(void)sig;
	alarms++;
}

/* An interrupting signal every 5 ms, or none. */
static void
interrupt(bool on)
{
	struct itimerval it = { { 0, on ? 5000 : 0 }, { 0, on ? 5000 : 0 } };
	struct sigaction sa = { .sa_handler = on_alarm };

	sigaction(SIGALRM, &sa, NULL);
	alarms = 0;
	setitimer(ITIMER_REAL, &it, NULL);
}

static void
nap(int ms)
{
	int64_t end = stamp_mono() + ms;

	while (stamp_mono() < end)
		poll(NULL, 0, 5);
}

static void
test_flags(void)
{
	int fds[2];

	is_num(fd_pipe(fds), 0, "pipe");
	is_num(fcntl(fds[0], F_GETFD), FD_CLOEXEC, "close-on-exec");
	is_num(fcntl(fds[1], F_GETFD), FD_CLOEXEC, "both ends");
	is_num(fd_nonblock(fds[0]), 0, "nonblock");
	ok(fcntl(fds[0], F_GETFL) & O_NONBLOCK, "it is");
	is_num(fd_nonblock(fds[0]), 0, "nonblock again");
	is_errno(read(fds[0], fds, 1), EAGAIN, "and does not block");
	is_num(fcntl(fds[0], F_GETFL) & O_ACCMODE, O_RDONLY, "mode is kept");
	fcntl(fds[0], F_SETFD, 0);
	is_num(fd_cloexec(fds[0]), 0, "cloexec");
	is_num(fcntl(fds[0], F_GETFD), FD_CLOEXEC, "it is");
	close(fds[0]);
	close(fds[1]);
	is_errno(fd_cloexec(fds[0]), EBADF, "cloexec of a closed one");
	is_errno(fd_nonblock(fds[0]), EBADF, "nonblock of a closed one");
}

/* A child that reads slowly, or writes slowly in small pieces. */
static pid_t
slow_peer(int fd, bool writes, size_t total)
{
	pid_t pid = fork();
	char buf[3000];

	if (pid)
		return pid;
	memset(buf, 'z', sizeof buf);
	for (size_t n = 0; n < total;) {
		size_t k = total - n < sizeof buf ? total - n : sizeof buf;
		ssize_t r = writes ? write(fd, buf, k) : read(fd, buf, k);

		if (r <= 0)
			_exit(1);
		n += (size_t)r;
		if (n / 30000 != (n - (size_t)r) / 30000)
			nap(5);
	}
	_exit(0);
}

static int
reap(pid_t pid)
{
	int status = -1;

	while (waitpid(pid, &status, 0) < 0 && errno == EINTR)
		;
	return status;
}

static void
test_all(bool nonblock)
{
	static char big[300000];
	const char *how = nonblock ? "non-blocking" : "interrupted";
	int fds[2];
	pid_t pid;

	fd_pipe(fds);
	if (nonblock) {
		fd_nonblock(fds[1]);
	}
	pid = slow_peer(fds[0], false, sizeof big);
	close(fds[0]);
	interrupt(!nonblock);
	is_num(fd_writeall(fds[1], big, sizeof big), 0, "%s: write", how);
	ok(nonblock || alarms, "%s: really", how);
	interrupt(false);
	is_num(reap(pid), 0, "%s: all arrived", how);
	close(fds[1]);

	fd_pipe(fds);
	if (nonblock)
		fd_nonblock(fds[0]);
	pid = slow_peer(fds[1], true, sizeof big);
	close(fds[1]);
	interrupt(!nonblock);
	is_num(fd_readall(fds[0], big, sizeof big - 1), 0, "%s: read", how);
	interrupt(false);
	ok(big[0] == 'z' && big[sizeof big - 2] == 'z' && !big[sizeof big - 1],
		"%s: as much as was asked for", how);
	is_errno(fd_readall(fds[0], big, 2), EPIPE, "%s: early end", how);
	reap(pid);
	close(fds[0]);
}

static void
test_errors(void)
{
	int full = open("/dev/full", O_WRONLY), fds[2];
	char c;

	is_errno(fd_writeall(full, "x", 1), ENOSPC, "full disk");
	is_num(fd_writeall(full, "x", 0), 0, "nothing to write");
	is_errno(fd_writeall(-1, "x", 1), EBADF, "write to -1");
	is_errno(fd_readall(-1, &c, 1), EBADF, "read from -1");
	is_errno(fd_readall(full, &c, 1), EBADF, "write-only");
	is_num(fd_readall(full, &c, 0), 0, "nothing to read");
	close(full);
	fd_pipe(fds);
	close(fds[1]);
	is_num(fd_read(fds[0], &c, 1), 0, "end of file");
	is_errno(fd_readall(fds[0], &c, 1), EPIPE, "end of file");
	close(fds[0]);
	fd_pipe(fds);
	close(fds[0]);
	signal(SIGPIPE, SIG_IGN);
	is_errno(fd_writeall(fds[1], "x", 1), EPIPE, "nobody reads");
	signal(SIGPIPE, SIG_DFL);
	close(fds[1]);
}

static void
test_read_eintr(void)
{
	int fds[2];
	char c = 0;
	pid_t pid;

	fd_pipe(fds);
	pid = fork();
	if (pid == 0) {
		nap(60);
		_exit(write(fds[1], "y", 1) != 1);
	}
	interrupt(true);
	is_num(fd_read(fds[0], &c, 1), 1, "read across signals");
	ok(alarms > 1, "there were some");
	interrupt(false);
	is_num(c, 'y', "the byte");
	reap(pid);
	close(fds[0]);
	close(fds[1]);
}

static void
test_wait(void)
{
	int fds[2];
	int64_t start;

	fd_pipe(fds);
	interrupt(true);
	start = stamp_mono();
	is_errno(fd_wait(fds[0], POLLIN, start + 100), ETIMEDOUT, "silence");
	ok(stamp_mono() - start >= 100, "not too early, signals or not");
	ok(stamp_mono() - start < 3000, "nor too late");
	interrupt(false);
	is_errno(fd_wait(fds[0], POLLIN, 1), ETIMEDOUT, "long over");
	is_errno(fd_wait(fds[0], POLLIN, INT64_MIN), ETIMEDOUT, "negative");
	is_num(fd_wait(fds[1], POLLOUT, 0), 0, "writable");
	is_num(fd_wait(fds[1], POLLOUT, INT64_MAX), 0, "a far deadline");
	is_num(write(fds[1], "x", 1), 1, "write");
	is_num(fd_wait(fds[0], POLLIN, 0), 0, "readable");
	is_num(fd_wait(fds[0], POLLIN, 1), 0, "late, but ready");
	fd_readall(fds[0], &start, 1);
	close(fds[1]);
	is_num(fd_wait(fds[0], POLLIN, 0), 0, "end of file is ready");
	close(fds[0]);
	is_errno(fd_wait(fds[0], POLLIN, 0), EBADF, "closed");
}

static void
test_records(void)
{
	int s[2], passed = 7;
	char buf[16];

	is_num(fd_seqpair(s), 0, "seqpair");
	is_num(fcntl(s[0], F_GETFD) & fcntl(s[1], F_GETFD), FD_CLOEXEC,
		"close-on-exec");
	is_num(fd_send(s[0], "one", 3, -1), 0, "send");
	is_num(fd_send(s[0], "t\0wo", 4, -1), 0, "send another");
	is_num(fd_recv(s[1], buf, sizeof buf, &passed), 3, "one record");
	is_mem(buf, 3, "one", 3, "its bytes");
	is_num(passed, -1, "no descriptor");
	is_num(fd_recv(s[1], buf, 4, &passed), 4, "one that just fits");
	is_mem(buf, 4, "t\0wo", 4, "with its NUL");
	is_errno(fd_send(s[0], "", 0, -1), EINVAL, "an empty one is refused");
	fd_nonblock(s[1]);
	is_errno(fd_recv(s[1], buf, 16, &passed), EAGAIN, "nothing there");
	is_num(passed, -1, "no descriptor");
	fd_send(s[0], "12345", 5, -1);
	fd_send(s[0], "next", 4, -1);
	is_errno(fd_recv(s[1], buf, 4, &passed), EMSGSIZE, "too long");
	is_num(fd_recv(s[1], buf, 4, &passed), 4, "it is gone whole");
	is_mem(buf, 4, "next", 4, "the next one");
	close(s[0]);
	is_num(fd_recv(s[1], buf, 4, &passed), 0, "end of file");
	/* SIGPIPE would end the test */
	is_errno(fd_send(s[1], "x", 1, -1), EPIPE, "peer is gone");
	close(s[1]);
	is_errno(fd_recv(s[1], buf, 4, &passed), EBADF, "closed");
}

static void
test_full(void)
{
	int s[2], sent = 0, got = 0, passed;
	char buf[1000] = { 0 };

	fd_seqpair(s);
	fd_nonblock(s[0]);
	fd_nonblock(s[1]);
	while (sent < 10000 && fd_send(s[0], buf, sizeof buf, -1) == 0)
		sent++;
	is_num(errno, EAGAIN, "a full socket");
	ok(sent > 1 && sent < 10000, "after %d records", sent);
	while (fd_recv(s[1], buf, sizeof buf, &passed) == sizeof buf)
		got++;
	is_num(got, sent, "all of them arrive");
	is_num(fd_send(s[0], buf, 1, -1), 0, "and there is room again");
	close(s[0]);
	close(s[1]);
}

/* A record with n descriptors, as fd_send never makes it. */
static int
send_many(int sock, size_t len, int fd, int n)
{
	union {
		struct cmsghdr h;
		char buf[CMSG_SPACE(50 * sizeof(int))];
	} u;
	char bytes[64] = "many";
	struct iovec iov = { bytes, len };
	struct msghdr m = { .msg_iov = &iov, .msg_iovlen = 1 };

	memset(&u, 0, sizeof u);
	m.msg_control = u.buf;
	m.msg_controllen = CMSG_SPACE((size_t)n * sizeof(int));
	u.h.cmsg_level = SOL_SOCKET;
	u.h.cmsg_type = SCM_RIGHTS;
	u.h.cmsg_len = CMSG_LEN((size_t)n * sizeof(int));
	for (int i = 0; i < n; i++)
		memcpy(CMSG_DATA(&u.h) + (size_t)i * sizeof fd, &fd, sizeof fd);
	return sendmsg(sock, &m, MSG_NOSIGNAL) < 0 ? -1 : 0;
}

static void
test_pass_two(void)
{
	static const int wrong[] = { 0, 1, 3, 4, 5, 50 };
	int s[2], p[2], got[2];
	char buf[16], c = 0;
	size_t before;

	fd_seqpair(s);
	fd_pipe(p);
	before = count_open();
	is_num(fd_sends(s[0], "two", 3, p, 2), 0, "send two descriptors");
	is_num(fd_recvs(s[1], buf, sizeof buf, got, 2), 3, "receive them");
	is_num(fcntl(got[0], F_GETFD) & fcntl(got[1], F_GETFD), FD_CLOEXEC,
		"both close-on-exec");
	is_num(write(got[1], "q", 1), 1, "the second one is the second");
	is_num(fd_read(got[0], &c, 1), 1, "the first one is the first");
	close(got[0]);
	close(got[1]);
	is_num(count_open(), before, "two came");
	for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
		send_many(s[0], 4, p[0], wrong[i]);
		got[0] = got[1] = 7;
		is_errno(fd_recvs(s[1], buf, 16, got, 2), EMSGSIZE,
			"%d for two are refused", wrong[i]);
		ok(got[0] == -1 && got[1] == -1, "%d: none is given", wrong[i]);
		is_num(count_open(), before, "%d: none is left open", wrong[i]);
	}
	fd_sends(s[0], "x", 1, p, 1);
	is_errno(fd_recvs(s[1], buf, 16, NULL, 0), EMSGSIZE, "one for none");
	is_num(count_open(), before, "none is left open");
	fd_sends(s[0], "x", 1, NULL, 0);
	is_num(fd_recvs(s[1], buf, 16, NULL, 0), 1, "none for none");
	is_errno(fd_sends(s[0], "x", 1, (int[]){ 0, 0, 0 }, 3), EINVAL,
		"three are not sent");
	close(s[0]);
	is_num(fd_recvs(s[1], buf, 16, got, 2), 0, "end of file");
	ok(got[0] == -1 && got[1] == -1, "with none");
	close(s[1]);
	close(p[0]);
	close(p[1]);
}

static void
test_pass(void)
{
	static const int many[] = { 2, 3, 4, 5, 50 };
	int s[2], p[2], got = -1;
	char buf[16], c = 0;
	size_t before;

	fd_seqpair(s);
	fd_pipe(p);
	before = count_open();
	is_num(fd_send(s[0], "job", 3, p[0]), 0, "send a descriptor");
	is_num(fd_recv(s[1], buf, sizeof buf, &got), 3, "receive it");
	ok(got >= 0 && got != p[0], "it came");
	is_num(fcntl(got, F_GETFD), FD_CLOEXEC, "close-on-exec");
	is_num(write(p[1], "q", 1), 1, "write to its other end");
	is_num(fd_read(got, &c, 1), 1, "read from it");
	is_num(c, 'q', "the same pipe");
	close(got);
	is_num(count_open(), before, "one descriptor came");

	is_errno(fd_send(s[0], "x", 1, 999), EBADF, "send a closed one");
	for (size_t i = 0; i < sizeof many / sizeof *many; i++) {
		is_num(send_many(s[0], 4, p[0], many[i]), 0, "send %d",
			many[i]);
		got = 7;
		is_errno(fd_recv(s[1], buf, 16, &got), EMSGSIZE,
			"%d are refused", many[i]);
		is_num(got, -1, "%d: none is given", many[i]);
		is_num(count_open(), before, "%d: none is left open", many[i]);
	}
	send_many(s[0], 20, p[0], 1);
	is_errno(fd_recv(s[1], buf, 16, &got), EMSGSIZE, "long, with one");
	is_num(got, -1, "long: none is given");
	send_many(s[0], 20, p[0], 2);
	is_errno(fd_recv(s[1], buf, 16, &got), EMSGSIZE, "long, with two");
	is_num(count_open(), before, "long: none is left open");
	send_many(s[0], 0, p[0], 1);
	is_num(fd_recv(s[1], buf, 16, &got), 0, "empty, with one");
	is_num(got, -1, "empty: none is given");
	is_num(count_open(), before, "empty: none is left open");
	is_num(fd_send(s[0], "ok", 2, p[1]), 0, "the socket still works");
	is_num(fd_recv(s[1], buf, 16, &got), 2, "in both directions");
	ok(got >= 0, "with a descriptor");
	close(got);
	close(s[0]);
	close(s[1]);
	close(p[0]);
	close(p[1]);
}

static void
test_recv_eintr(void)
{
	int s[2], got;
	char buf[4];
	pid_t pid;

	fd_seqpair(s);
	pid = fork();
	if (pid == 0) {
		nap(40);
		_exit(fd_send(s[0], "late", 4, 0) != 0);
	}
	interrupt(true);
	is_num(fd_recv(s[1], buf, 4, &got), 4, "receive across signals");
	ok(alarms > 0, "there were some");
	interrupt(false);
	ok(got >= 0, "with its descriptor");
	close(got);
	is_num(reap(pid), 0, "sender");
	close(s[0]);
	close(s[1]);
}

static void
test_sane(void)
{
	/* bit n: fd n is closed before */
	for (int closed = 0; closed < 8; closed++) {
		int status = -1;
		pid_t pid = fork();

		if (pid == 0) {
			size_t before, after;

			for (int fd = 0; fd < 3; fd++) {
				if (fcntl(fd, F_GETFD) < 0)
					open("/dev/null", O_RDWR);
				if (closed >> fd & 1)
					close(fd);
			}
			before = count_open() +
				 (size_t)__builtin_popcount((unsigned)closed);
			if (fd_sane() != closed)
				_exit(1);
			for (int fd = 0; fd < 3; fd++)
				if (fcntl(fd, F_GETFD) != 0)
					_exit(2);
			after = count_open();
			_exit(before == after ? 0 : 3);
		}
		waitpid(pid, &status, 0);
		is_num(WEXITSTATUS(status), 0, "sane, closed %d", closed);
	}
}

int
main(void)
{
	setvbuf(stdout, NULL, _IOLBF, 0);
	test_flags();
	test_all(true);
	test_all(false);
	test_errors();
	test_read_eintr();
	test_wait();
	test_records();
	test_full();
	test_pass();
	test_pass_two();
	test_recv_eintr();
	test_sane();
	return done_testing();
}
