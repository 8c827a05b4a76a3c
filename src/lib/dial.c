/* SPDX-License-Identifier: 0BSD */
#include "lib/dial.h"

#include <errno.h>
#include <sys/time.h>
#include <unistd.h>

#include "lib/fd.h"
#include "lib/stamp.h"

/* connect(2) waits no longer than a write would. */
static int
bound(int fd, int64_t deadline)
{
	int64_t left = deadline - stamp_mono();
	struct timeval tv = { .tv_sec = (time_t)(left / 1000),
		.tv_usec = (suseconds_t)(left % 1000 * 1000) };

	if (left <= 0) {
		errno = ETIMEDOUT;
		return -1;
	}
	return setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &tv, sizeof tv);
}

static int
bind_to(int fd, const struct ipaddr *from)
{
	struct sockaddr_storage own;
	socklen_t len = ipaddr_tosock(from, 0, &own);

	return bind(fd, (const struct sockaddr *)&own, len);
}

static int
reach(int fd, const struct sockaddr_storage *to, socklen_t len,
	int64_t deadline)
{
	/* after a signal the second call waits for what the first began */
	do {
		if (bound(fd, deadline) < 0)
			return -1;
		if (connect(fd, (const struct sockaddr *)to, len) == 0)
			return 0;
	} while (errno == EINTR);
	if (errno == EINPROGRESS || errno == EALREADY ||
		(errno == EAGAIN && to->ss_family == AF_UNIX))
		errno = ETIMEDOUT;
	return -1;
}

int
dial(int type, const struct sockaddr_storage *to, socklen_t len,
	const struct ipaddr *from, int64_t deadline)
{
	int fd, err;

	fd = socket(to->ss_family, (type & ~SOCK_NONBLOCK) | SOCK_CLOEXEC, 0);
	if (fd < 0)
		return -1;
	if ((!from || from->family != to->ss_family || !bind_to(fd, from)) &&
		reach(fd, to, len, deadline) == 0 &&
		(!(type & SOCK_NONBLOCK) || fd_nonblock(fd) == 0))
		return fd;
	err = errno;
	close(fd);
	errno = err;
	return -1;
}
