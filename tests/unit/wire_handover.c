/* SPDX-License-Identifier: 0BSD */
#include "wire/handover.h"

#include <fcntl.h>
#include <sys/socket.h>
#include <unistd.h>

#include "lib/fd.h"
#include "tap.h"
#include "wire/status.h"

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

int
main(void)
{
	fd_seqpair(s);
	test_message();
	test_answer();
	test_end();
	return done_testing();
}
