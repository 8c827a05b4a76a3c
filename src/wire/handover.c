/* SPDX-License-Identifier: 0BSD */
#include "wire/handover.h"

#include <errno.h>
#include <sys/socket.h>
#include <unistd.h>

#include "lib/fd.h"
#include "wire/status.h"

enum { DONE_LEN = QID_LEN + 1, FAILED_LEN = 2 };

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

int
handover_recv(int sock, int *mess, int *env)
{
	int fds[2];
	char p[1];
	ssize_t r = fd_recvs(sock, p, sizeof p, fds, 2);

	if (r <= 0)
		return (int)r;
	if (p[0] != 'M') {
		close(fds[0]);
		close(fds[1]);
		errno = EINVAL;
		return -1;
	}
	*mess = fds[0];
	*env = fds[1];
	return 1;
}

static int
answer(int sock, const char *p, size_t n)
{
	return send(sock, p, n, MSG_DONTWAIT | MSG_NOSIGNAL) == -1 ? -1 : 0;
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
