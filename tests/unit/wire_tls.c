/* SPDX-License-Identifier: 0BSD */
/* tls_start, with a quill-tlsd of all kinds at the other end of the link */
#include "wire/tls.h"

#include <fcntl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "lib/fd.h"
#include "lib/stamp.h"
#include "tap.h"
#include "wire/tlsrec.h"

/* Read the question, answer with p (n 0: hang up), pass fd; then be gone. */
static int
answered_with(const void *p, size_t n, int fd, struct tls_state *s)
{
	struct tls_ask a = { .role = TLS_AS_SERVER, .peer = "192.0.2.1" };
	int link[2], sock[2], plain, status;
	pid_t pid;

	if (fd_seqpair(link) < 0 || fd_seqpair(sock) < 0)
		return -2;
	pid = fork();
	if (pid == 0) {
		char q[1000];
		int passed = -1;

		close(link[0]);
		if (fd_recv(link[1], q, sizeof q, &passed) <= 0 || passed < 0)
			_exit(1);
		if (n && fd_send(link[1], p, n, fd) < 0)
			_exit(2);
		_exit(0);
	}
	close(link[1]);
	plain = tls_start(link[0], sock[0], &a, stamp_mono() + 30000, s);
	waitpid(pid, &status, 0);
	is_num(status, 0, "it was asked, with the socket");
	ok(fcntl(sock[0], F_GETFD) >= 0, "which stays the caller's");
	ok(fcntl(link[0], F_GETFD) < 0, "the link does not");
	close(sock[0]);
	close(sock[1]);
	return plain;
}

/* The number of open descriptors: none may be left behind. */
static int
open_fds(void)
{
	int n = 0;

	for (int fd = 0; fd < 200; fd++)
		n += fcntl(fd, F_GETFD) >= 0;
	return n;
}

static void
test_start(void)
{
	struct tls_state s,
		good = { .outcome = TLS_DONE, .version = "TLSv1.3" };
	struct tls_state bad = { .outcome = TLS_FAILED, .error = "why" };
	struct str done = STR_INIT(TLSREC_STATE_MAX),
		   failed = STR_INIT(TLSREC_STATE_MAX);
	int before, plain, fd = open("/dev/null", O_RDWR | O_CLOEXEC);

	tlsrec_answer(&done, &good);
	tlsrec_answer(&failed, &bad);
	before = open_fds();
	plain = answered_with(done.s, done.len, fd, &s);
	ok(plain >= 0, "done");
	is_num(s.outcome, TLS_DONE, "outcome");
	is_str(s.version, "TLSv1.3", "state");
	ok(fcntl(plain, F_GETFD) & FD_CLOEXEC, "close-on-exec");
	close(plain);
	is_num(answered_with(failed.s, failed.len, -1, &s), -1, "failed");
	is_num(s.outcome, TLS_FAILED, "outcome");
	is_str(s.error, "why", "why");
	is_num(answered_with(failed.s, failed.len, fd, &s), -1,
		"failed, with a socket all the same");
	is_num(s.outcome, TLS_BROKEN, "is not believed");
	is_num(answered_with(done.s, done.len, -1, &s), -1,
		"done, without a socket");
	is_num(s.outcome, TLS_BROKEN, "is not believed");
	is_num(answered_with(done.s, done.len - 1, fd, &s), -1, "cut");
	is_num(s.outcome, TLS_BROKEN, "is not believed");
	is_num(answered_with("", 0, -1, &s), -1, "hung up");
	is_num(s.outcome, TLS_BROKEN, "outcome");
	ok(s.error[0], "with a reason");
	is_num(open_fds(), before, "no descriptor is left behind");
	str_free(&done);
	str_free(&failed);
	close(fd);
}

static void
test_late(void)
{
	struct tls_ask a = { .role = TLS_AS_SERVER };
	struct tls_state s;
	int link[2];

	if (fd_seqpair(link) < 0)
		return;
	is_num(tls_start(link[0], 0, &a, stamp_mono() - 1, &s), -1,
		"a deadline that has passed");
	is_num(s.outcome, TLS_LATE, "is too late");
	close(link[1]);
	if (fd_seqpair(link) < 0)
		return;
	is_num(tls_start(link[0], 0, &a, stamp_mono() + 1, &s), -1,
		"one that hangs");
	is_num(s.outcome, TLS_LATE, "is late");
	close(link[1]);
}

int
main(void)
{
	test_start();
	test_late();
	return done_testing();
}
