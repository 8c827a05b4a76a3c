/* SPDX-License-Identifier: 0BSD */
#include "remote/reach.h"

#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>

#include "lib/dial.h"
#include "lib/usock.h"

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
address(const struct target *t, struct sockaddr_storage *to)
{
	return t->ip.family ? ipaddr_tosock(&t->ip, t->port, to)
			    : usock_address(to, NULL, t->path);
}

int
reach(const struct target *t, const struct ipaddr *from, int64_t deadline,
	enum dead_reason *reason)
{
	struct sockaddr_storage to;
	socklen_t len = address(t, &to);
	int fd = -1, one = 1;

	*reason = 0;
	if (len)
		fd = dial(
			SOCK_STREAM | SOCK_NONBLOCK, &to, len, from, deadline);
	if (!t->ip.family)
		return fd;
	/* commands and blocks are written whole: nothing to wait for */
	if (fd >= 0)
		setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
	else
		*reason = reason_of(errno);
	return fd;
}
