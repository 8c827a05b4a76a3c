/* SPDX-License-Identifier: 0BSD */
/* program - a checkpassword program: user and password on descriptor 3, and a
 * program to run when they are right */
#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <unistd.h>

#include "authd/backend.h"
#include "lib/fd.h"
#include "lib/log.h"
#include "lib/num.h"
#include "lib/proc.h"
#include "lib/stamp.h"

enum { WORDS_MAX = 40, MESSAGE_MAX = 512 };

static const char *
own_path(void)
{
	static struct str s = STR_INIT(4096);

	str_clear(&s);
	str_puts(&s, site_bin);
	str_puts(&s, "/quill-authd");
	return str_c(&s);
}

/* Words of the command, then what it is to run. */
static bool
make_argv(const char **argv, char *command)
{
	size_t n = 0;

	for (char *p = command; *p && n < WORDS_MAX;) {
		while (*p == ' ' || *p == '\t')
			*p++ = 0;
		if (!*p)
			break;
		argv[n++] = p;
		while (*p && *p != ' ' && *p != '\t')
			p++;
	}
	if (!n || n == WORDS_MAX)
		return false;
	argv[n++] = own_path();
	argv[n++] = "-u";
	argv[n] = NULL;
	return true;
}

static pid_t
start(const struct backend *b, const struct authreq *q, int to[2], int from[2])
{
	static struct str ip = STR_INIT(128), service = STR_INIT(128);
	const char *argv[WORDS_MAX + 3];
	const char *envp[] = { "PATH=/usr/local/bin:/usr/bin:/bin", "PROTO=TCP",
		NULL, NULL, NULL };
	struct proc p = PROC_INIT;

	if (!make_argv(argv, xstrdup(b->arg))) {
		log_warning("control/passwords: no command");
		return -1;
	}
	str_puts(&ip, "TCPREMOTEIP=");
	str_puts(&ip, q->client);
	str_puts(&service, "SERVICE=");
	str_puts(&service, q->service);
	envp[2] = str_c(&ip);
	envp[3] = str_c(&service);
	p.path = argv[0];
	p.argv = argv;
	p.envp = envp;
	p.search = 1;
	p.newgroup = 1;
	p.fd[0] = (struct proc_fd){ 3, to[0] };
	p.fd[1] = (struct proc_fd){ 1, from[1] };
	p.nfd = 2;
	return proc_start(&p);
}

/* Read what there is until the end of file; false: the deadline came first. */
static bool
collect(int fd, struct str *out, int64_t deadline)
{
	char buf[300];
	ssize_t n;

	for (;;) {
		if (fd_wait(fd, POLLIN, deadline) < 0)
			return false;
		n = fd_read(fd, buf, sizeof buf);
		if (n <= 0)
			return n == 0;
		str_put(out, buf, (size_t)n);
	}
}

/* user NUL password NUL challenge NUL */
static bool
tell(int fd, const struct authreq *q)
{
	struct str s = STR_INIT(MESSAGE_MAX);

	str_room(&s, MESSAGE_MAX);
	str_put(&s, q->user, strlen(q->user) + 1);
	str_put(&s, q->password, strlen(q->password) + 1);
	str_putc(&s, 0);
	/* a pipe holds that much */
	return !s.over && fd_writeall(fd, s.s, s.len) == 0;
}

enum authreq_class
program_check(
	const struct backend *b, const struct authreq *q, struct str *user)
{
	struct str out = STR_INIT(AUTHREQ_USER_MAX);
	int64_t deadline = stamp_mono() + b->timeout;
	int to[2], from[2], status;
	char num[NUM_FMT];
	pid_t pid;
	bool ended;

	if (strlen(q->user) + strlen(q->password) + 3 > MESSAGE_MAX)
		return AUTHREQ_NO; /* by the protocol nobody can have it */
	if (fd_pipe(to) < 0 || fd_pipe(from) < 0 || !tell(to[1], q) ||
		(pid = start(b, q, to, from)) < 0) {
		log_warning_sys("unable to run ", b->arg);
		return AUTHREQ_TEMP;
	}
	close(to[0]);
	close(to[1]);
	close(from[1]);
	ended = collect(from[0], &out, deadline);
	if (!ended) {
		log_warning(b->arg, " does not end in time");
		kill(-pid, SIGKILL);
	}
	if (proc_wait(pid, &status) < 0 || !ended)
		return AUTHREQ_TEMP;
	switch (proc_code(status)) {
	case 0:
		str_puts(user, out.len && !out.over ? str_c(&out) : q->user);
		return AUTHREQ_YES;
	case 1:
		return AUTHREQ_NO;
	case -1:
		log_warning(b->arg, " crashed");
		return AUTHREQ_TEMP;
	}
	num_fmt(num, (uint64_t)proc_code(status));
	log_warning(b->arg, " exits ", num);
	return AUTHREQ_TEMP;
}
