/* SPDX-License-Identifier: 0BSD */
#include "authd/checker.h"

#include <signal.h>
#include <string.h>
#include <sys/prctl.h>
#include <unistd.h>

#include "lib/fd.h"
#include "lib/log.h"
#include "lib/proc.h"
#include "lib/sig.h"
#include "wire/status.h"

/* One check, to its end. */
static _Noreturn void
check(const struct backend *b, char *record, size_t n, int fd)
{
	struct str out = STR_INIT(AUTHREQ_RECORD_MAX);
	struct str user = STR_INIT(AUTHREQ_USER_MAX + 1);
	enum authreq_class class;
	struct authreq q;

	sig_default(SIGCHLD);
	/* behind the back end's own deadline */
	alarm((unsigned)(b->timeout / 1000) + 2);
	if (!authreq_decode(&q, record, n))
		_exit(STATUS_TEMP);
	class = b->check(b, &q, &user);
	authreq_answer(&out, class, str_c(&user));
	authreq_wipe(record, n);
	_exit(fd_send(fd, out.s, out.len, -1) < 0 ? STATUS_TEMP : STATUS_OK);
}

static _Noreturn void
loop(const struct backend *b, int sock)
{
	static char record[AUTHREQ_RECORD_MAX];
	ssize_t n;
	int fd;

	while ((n = fd_recv(sock, record, sizeof record, &fd)) > 0) {
		if (fd < 0)
			continue;
		switch (fork()) {
		case 0:
			close(sock);
			check(b, record, (size_t)n, fd);
		case -1:
			log_warning_sys("unable to start a check");
		}
		authreq_wipe(record, (size_t)n);
		close(fd);
	}
	_exit(STATUS_OK);
}

int
checker_start(struct backend *b, uint64_t timeout)
{
	int fds[2];

	b->timeout = (int64_t)timeout * 1000;
	if (fd_seqpair(fds) < 0)
		return -1;
	switch (fork()) {
	case -1:
		return -1;
	case 0:
		break;
	default:
		close(fds[1]);
		return fd_nonblock(fds[0]) < 0 ? -1 : fds[0];
	}
	close(fds[0]);
	if (b->uid != 0 && proc_drop(b->uid, b->gid) < 0)
		log_die_sys(STATUS_TEMP, "unable to become who checks"
					 " passwords");
	prctl(PR_SET_DUMPABLE, 0);
	/* nobody waits for them */
	sig_ignore(SIGCHLD);
	loop(b, fds[1]);
}
