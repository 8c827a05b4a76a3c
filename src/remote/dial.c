/* SPDX-License-Identifier: 0BSD */
#include "remote/dial.h"

#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "lib/fd.h"

/* What an errno of connect says of the other side. No network or no address of
 * that family is our own trouble. */
static enum dead_reason
reason_of(int err)
{
	switch (err) {
	case ETIMEDOUT:
		return DEAD_TIMEOUT;
	case ECONNREFUSED:
	case ECONNRESET:
		return DEAD_REFUSED;
	case EHOSTUNREACH:
	case EHOSTDOWN:
		return DEAD_UNREACHABLE;
	default:
		return 0;
	}
}

static socklen_t
address(const struct target *t, struct sockaddr_storage *ss)
{
	struct sockaddr_un *un = (struct sockaddr_un *)ss;

	if (t->ip.family)
		return ipaddr_tosock(&t->ip, t->port, ss);
	memset(un, 0, sizeof *un);
	un->sun_family = AF_UNIX;
	strcpy(un->sun_path, t->path);
	return sizeof *un;
}

static int
finish(int fd, int64_t deadline)
{
	socklen_t len = sizeof(int);
	int err;

	if (fd_wait(fd, POLLOUT, deadline) < 0 ||
		getsockopt(fd, SOL_SOCKET, SO_ERROR, &err, &len) < 0)
		return -1;
	errno = err;
	return err ? -1 : 0;
}

int
dial(const struct target *t, const struct ipaddr *from, int64_t deadline,
	enum dead_reason *reason)
{
	struct sockaddr_storage ss;
	socklen_t len;
	int fd, err, one = 1;

	*reason = 0;
	len = address(t, &ss);
	fd = socket(
		ss.ss_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (fd < 0)
		return -1;
	if (from->family && t->ip.family == from->family) {
		struct sockaddr_storage own;
		socklen_t ownlen = ipaddr_tosock(from, 0, &own);

		if (bind(fd, (struct sockaddr *)&own, ownlen) < 0)
			goto fail;
	}
	if (connect(fd, (struct sockaddr *)&ss, len) < 0 &&
		(errno != EINPROGRESS || finish(fd, deadline) < 0)) {
		if (t->ip.family)
			*reason = reason_of(errno);
		goto fail;
	}
	/* commands and blocks are written whole: nothing to wait for */
	if (t->ip.family)
		setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
	return fd;
fail:
	err = errno;
	close(fd);
	errno = err;
	return -1;
}
