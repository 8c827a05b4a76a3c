/* SPDX-License-Identifier: 0BSD */
#include "wire/handover.h"

#include <errno.h>
#include <poll.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include "lib/fd.h"
#include "lib/num.h"
#include "lib/stamp.h"
#include "lib/usock.h"
#include "wire/site.h"
#include "wire/status.h"

enum { DONE_LEN = QID_LEN + 1, FAILED_LEN = 2, READY_MAX = 1 + NUM_FMT };

bool
handover_own(void)
{
	struct stat st;

	return stat(site_queueprog, &st) == 0 && (st.st_mode & S_ISUID) &&
	       (st.st_mode & S_IXOTH);
}

static bool
is_ready(int sock, int64_t deadline, pid_t *pid)
{
	char p[READY_MAX];
	uint64_t n;
	ssize_t r;

	if (fd_wait(sock, POLLIN, deadline) == -1)
		return false;
	r = fd_recvs(sock, p, sizeof p, NULL, 0);
	if (r < 2 || p[0] != 'R' ||
		!num_parse(p + 1, (size_t)r - 1, INT32_MAX, &n))
		return false;
	*pid = (pid_t)n;
	return true;
}

int
handover_join(pid_t *pid)
{
	int64_t deadline = stamp_mono() + HANDOVER_READY;
	int sock = usock_connect(site_run, "queue/socket", deadline);

	if (sock == -1 || is_ready(sock, deadline, pid))
		return sock;
	close(sock);
	return -1;
}

int
handover_send(int sock, int mess, int env)
{
	const int fds[2] = { mess, env };

	return fd_sends(sock, "M", 1, fds, 2);
}

int
handover_result(int sock, struct qid *id)
{
	char p[DONE_LEN];
	ssize_t r = fd_recvs(sock, p, sizeof p, NULL, 0);

	if (r == DONE_LEN && p[0] == 'K' && qid_parse(p + 1, id))
		return STATUS_OK;
	if (r == FAILED_LEN && p[0] == 'X' && p[1] != STATUS_OK)
		return (unsigned char)p[1];
	return -1;
}

/* Nothing else: a socket can hold other descriptors open, the end of the caller
 * among them, and what is no pipe may take any time to be closed. */
static bool
is_pipe(int fd)
{
	struct stat st;

	return fstat(fd, &st) == 0 && S_ISFIFO(st.st_mode);
}

int
handover_recv(int sock, int *mess, int *env)
{
	int fds[2];
	char p[1];
	ssize_t r = fd_recvs(sock, p, sizeof p, fds, 2);

	if (r <= 0)
		return (int)r;
	if (p[0] != 'M' || !is_pipe(fds[0]) || !is_pipe(fds[1])) {
		close(fds[0]);
		close(fds[1]);
		errno = EINVAL;
		return -1;
	}
	*mess = fds[0];
	*env = fds[1];
	return 1;
}

bool
handover_attended(int sock)
{
	struct pollfd p = { .fd = sock, .events = POLLIN | POLLRDHUP };

	return poll(&p, 1, 0) == 0;
}

static int
answer(int sock, const char *p, size_t n)
{
	return send(sock, p, n, MSG_DONTWAIT | MSG_NOSIGNAL) == -1 ? -1 : 0;
}

int
handover_ready(int sock)
{
	char p[READY_MAX] = "R";

	return answer(sock, p, 1 + num_fmt(p + 1, (uint64_t)getpid()));
}

int
handover_done(int sock, struct qid id)
{
	char p[DONE_LEN + 1] = "K";

	qid_fmt(p + 1, id);
	return answer(sock, p, DONE_LEN);
}

int
handover_failed(int sock, int code)
{
	const char p[FAILED_LEN] = { 'X', (char)code };

	return answer(sock, p, sizeof p);
}
