/* SPDX-License-Identifier: 0BSD */
#include "wire/handover.h"

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "lib/fd.h"
#include "lib/usock.h"
#include "tap.h"
#include "wire/site.h"
#include "wire/status.h"

const char site_run[] = "run";
const char site_queueprog[] = "/tmp/handover.program";

static const char text[] = "0123456789abcdef";
static int s[2], bad;

static void
test_message(void)
{
	int a[2], b[2], mess = -1, env = -1;
	char c = 0;

	fd_pipe(a);
	fd_pipe(b);
	is_num(handover_send(s[0], a[0], b[0]), 0, "send");
	is_num(handover_recv(s[1], &mess, &env), 1, "receive");
	ok(write(a[1], "m", 1) == 1 && write(b[1], "e", 1) == 1, "write");
	ok(fd_read(mess, &c, 1) == 1 && c == 'm', "the message");
	ok(fd_read(env, &c, 1) == 1 && c == 'e', "the envelope");
	close(mess);
	close(env);
	/* each is refused, and nothing stays open */
	mess = dup(0);
	close(mess);
	for (int i = 0; i < 256; i++) {
		c = (char)i;
		if (c == 'M')
			continue;
		fd_sends(s[0], &c, 1, a, 2);
		if (handover_recv(s[1], &mess, &env) != -1)
			bad++;
	}
	is_num(bad, 0, "any other letter");
	fd_sends(s[0], "MM", 2, a, 2);
	is_num(handover_recv(s[1], &mess, &env), -1, "a longer record");
	fd_sends(s[0], "M", 1, a, 1);
	is_num(handover_recv(s[1], &mess, &env), -1, "one descriptor");
	fd_send(s[0], "M", 1, -1);
	is_num(handover_recv(s[1], &mess, &env), -1, "none");
	for (int i = 0; i < 2; i++) {
		const int mixed[] = { i ? a[0] : s[0], i ? s[0] : a[0] };

		fd_sends(s[0], "M", 1, mixed, 2);
		is_num(handover_recv(s[1], &mess, &env), -1, "no pipe");
	}
	env = dup(0);
	is_num(env, mess, "nothing stays open");
	close(env);
	for (int i = 0; i < 2; i++) {
		close(a[i]);
		close(b[i]);
	}
}

static void
test_answer(void)
{
	struct qid id, got;
	char p[32];

	qid_parse(text, &id);
	is_num(handover_done(s[1], id), 0, "done");
	is_num(handover_result(s[0], &got), STATUS_OK, "is heard");
	ok(qid_equal(id, got), "with its id");
	for (int i = 1; i < 256; i++) {
		handover_failed(s[1], i);
		if (handover_result(s[0], &got) != i)
			bad++;
	}
	is_num(bad, 0, "every code");
	/* nothing else is taken for a success, nor for a code */
	for (size_t n = 1; n <= 18; n++) {
		snprintf(p, sizeof p, "K%s0", text);
		fd_send(s[1], p, n, -1);
		if (handover_result(s[0], &got) != (n == 17 ? STATUS_OK : -1))
			bad++;
	}
	is_num(bad, 0, "cut anywhere");
	for (size_t i = 0; i < 17 * 8; i++) {
		snprintf(p, sizeof p, "K%s", text);
		p[i / 8] = (char)(p[i / 8] ^ 1 << i % 8);
		fd_send(s[1], p, 17, -1);
		if (handover_result(s[0], &got) == STATUS_OK &&
			(p[0] != 'K' || !qid_parse(p + 1, &id)))
			bad++;
	}
	is_num(bad, 0, "any bit");
	fd_send(s[1], "X\0", 2, -1);
	is_num(handover_result(s[0], &got), -1, "no failure with code 0");
	fd_send(s[1], "X12", 3, -1);
	is_num(handover_result(s[0], &got), -1, "a longer one");
	snprintf(p, sizeof p, "K%s", text);
	fd_send(s[1], p, 17, 0);
	is_num(handover_result(s[0], &got), -1, "with a descriptor");
}

static void
test_end(void)
{
	struct qid id = { 0, 0 };
	int mess, env, n = 0;

	/* an answer that nobody takes is not waited for */
	while (n < 100000 && handover_done(s[1], id) == 0)
		n++;
	ok(n > 0 && n < 100000, "no room after %d", n);
	is_num(shutdown(s[1], SHUT_RD), 0, "no more");
	is_errno(handover_send(s[0], 0, 1), EPIPE, "is not taken");
	is_num(handover_recv(s[1], &mess, &env), 0, "the end");
	close(s[1]);
	while (handover_result(s[0], &id) == STATUS_OK)
		n--;
	is_num(n, 0, "what was said before is heard");
	is_num(handover_result(s[0], &id), -1, "then the end");
	is_errno(handover_send(s[0], 0, 1), EPIPE, "nobody there");
	close(s[0]);
}

/* What one that waits may say first, and whether it is taken; NULL: nothing. */
static const struct {
	const char *said;
	pid_t pid; /* -1: it is not */
	const char *name;
} first[] = {
	{ "R4711", 4711, "a process id" },
	{ "", -1, "the end" },
	{ "R", -1, "none" },
	{ "R12x", -1, "not a number" },
	{ "R-1", -1, "a sign" },
	{ "R4294967296", -1, "too large" },
	{ "R000000000000000000000000001", -1, "too long" },
	{ "r12", -1, "another letter" },
	{ "K0123456789abcdef", -1, "an answer" },
	{ NULL, -1, "nothing" },
	{ "R1", 1, "the next one" },
};

static void
answer_all(int listener)
{
	int silent = -1;

	for (size_t i = 0; i < sizeof first / sizeof *first; i++) {
		int fd = accept(listener, NULL, NULL);

		if (!first[i].said)
			silent = fd;
		else if (*first[i].said)
			fd_send(fd, first[i].said, strlen(first[i].said), -1);
		if (fd != silent)
			close(fd);
	}
	_exit(0);
}

static void
test_join(void)
{
	char dir[] = "/tmp/handover.XXXXXX";
	int listener, sock;
	pid_t pid, child;

	if (!mkdtemp(dir) || chdir(dir) == -1)
		exit(1);
	is_num(handover_join(&pid), -1, "nobody");
	mkdir("run", 0755);
	mkdir("run/queue", 0755);
	if (chdir("run/queue") == -1)
		exit(1);
	listener = usock_listen("socket", 0600, 5, NULL);
	if (chdir(dir) == -1 || fcntl(listener, F_SETFL, 0) == -1)
		exit(1);
	child = fork();
	if (child == 0)
		answer_all(listener);
	close(listener);
	for (size_t i = 0; i < sizeof first / sizeof *first; i++) {
		pid = -1;
		sock = handover_join(&pid);
		ok((sock != -1) == (first[i].pid != -1) && pid == first[i].pid,
			"%s", first[i].name);
		close(sock);
	}
	waitpid(child, NULL, 0);
	is_num(handover_join(&pid), -1, "nobody any more");
	unlink("run/queue/socket");
	unlink("run/queue/lock");
	rmdir("run/queue");
	rmdir("run");
	ok(chdir("/") == 0 && rmdir(dir) == 0, "nothing else was made");
}

static void
test_own(void)
{
	static const struct {
		mode_t mode;
		bool own;
	} row[] = { { 04711, true }, { 0755, false }, { 04710, false },
		{ 04755, true }, { 0711, false } };

	unlink(site_queueprog);
	ok(!handover_own(), "no program");
	close(open(site_queueprog, O_WRONLY | O_CREAT, 0600));
	for (size_t i = 0; i < sizeof row / sizeof *row; i++) {
		chmod(site_queueprog, row[i].mode);
		ok(handover_own() == row[i].own, "mode %o", row[i].mode);
	}
	unlink(site_queueprog);
}

int
main(void)
{
	fd_seqpair(s);
	test_join();
	test_own();
	test_message();
	test_answer();
	test_end();
	return done_testing();
}
