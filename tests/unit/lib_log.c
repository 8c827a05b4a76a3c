/* SPDX-License-Identifier: 0BSD */
#include "lib/log.h"

#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "tap.h"

static int records;
static char got[8192];

/* One record is one write(2). */
static size_t
next(void)
{
	ssize_t n = recv(records, got, sizeof got - 1, MSG_DONTWAIT);

	got[n > 0 ? n : 0] = 0;
	return n > 0 ? (size_t)n : 0;
}

static void
test_lines(void)
{
	errno = 0;
	log_alert("unable to open ", "env/7");
	next();
	is_str(got, "quill-test: alert: unable to open env/7\n", "alert");
	errno = ENOSPC;
	log_alert_sys("unable to open ", "env/7");
	is_num(errno, ENOSPC, "errno is kept");
	next();
	is_str(got,
		"quill-test: alert: unable to open env/7: "
		"No space left on device\n",
		"alert with errno");
	errno = ENOENT;
	log_warning_sys("x");
	next();
	is_str(got, "quill-test: warning: x: No such file or directory\n",
		"warning with errno");
	log_warning("a", "b", "c", "d");
	next();
	is_str(got, "quill-test: warning: abcd\n", "one write, joined");
	is_num(next(), 0, "and no other");
	log_info("");
	next();
	is_str(got, "quill-test: info: \n", "empty");
}

static void
test_hostile(void)
{
	char long_text[5000];

	log_info("a\nquill-send: alert: forged\r\t\x1b[2J\x7f\x80\xff~");
	next();
	is_str(got, "quill-test: info: a?quill-send: alert: forged???[2J???~\n",
		"untrusted bytes");
	memset(long_text, 'x', sizeof long_text);
	long_text[sizeof long_text - 1] = 0;
	log_info(long_text, "more");
	is_num(next(), LOG_MAX, "cut at LOG_MAX");
	is_num(got[LOG_MAX - 1], '\n', "its last byte is LF");
	is_num(strchr(got, '\n') - got, LOG_MAX - 1, "the only one");
	long_text[LOG_MAX - 1 - strlen("quill-test: info: ")] = 0;
	log_info(long_text);
	is_num(next(), LOG_MAX, "exactly LOG_MAX");
	is_num(got[LOG_MAX - 2], 'x', "nothing lost");
}

static void
test_die(void)
{
	int status = 0;
	pid_t pid = fork();

	if (pid == 0) {
		errno = EACCES;
		log_die_sys(111, "cannot ", "go on");
	}
	waitpid(pid, &status, 0);
	next();
	is_str(got, "quill-test: alert: cannot go on: Permission denied\n",
		"last words");
	is_num(WIFEXITED(status) ? WEXITSTATUS(status) : -1, 111, "exit code");
	pid = fork();
	if (pid == 0)
		log_die(100, "bye");
	waitpid(pid, &status, 0);
	next();
	is_str(got, "quill-test: alert: bye\n", "without errno");
	is_num(WIFEXITED(status) ? WEXITSTATUS(status) : -1, 100, "exit code");
}

int
main(void)
{
	int fds[2];

	if (socketpair(AF_UNIX, SOCK_SEQPACKET, 0, fds) < 0 ||
		dup2(fds[0], 2) < 0)
		return 1;
	records = fds[1];
	log_info("early");
	next();
	is_str(got, "quill: info: early\n", "before log_init");
	log_init("quill-test");
	test_lines();
	test_hostile();
	test_die();
	close(2);
	errno = EPIPE;
	log_info("nobody");
	is_num(errno, EPIPE, "errno is kept when fd 2 is closed");
	return done_testing();
}
