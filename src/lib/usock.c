/* SPDX-License-Identifier: 0BSD */
#include "lib/usock.h"

#include <errno.h>
#include <fcntl.h>
#include <stddef.h>
#include <string.h>
#include <sys/file.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/time.h>
#include <sys/un.h>
#include <unistd.h>

#include "lib/fd.h"
#include "lib/stamp.h"

/* dir may be NULL. */
static int
name_it(struct sockaddr_un *sa, const char *dir, const char *name)
{
	size_t d = dir ? strlen(dir) + 1 : 0, n = strlen(name);

	memset(sa, 0, sizeof *sa);
	sa->sun_family = AF_UNIX;
	if (d + n >= sizeof sa->sun_path) {
		errno = ENAMETOOLONG;
		return -1;
	}
	if (d) {
		memcpy(sa->sun_path, dir, d - 1);
		sa->sun_path[d - 1] = '/';
	}
	memcpy(sa->sun_path + d, name, n);
	return 0;
}

static int
close_errno(int fd)
{
	int e = errno;

	close(fd);
	errno = e;
	return -1;
}

int
usock_connect(const char *dir, const char *name, int64_t deadline)
{
	struct sockaddr_un sa;
	int64_t left = deadline - stamp_mono();
	struct timeval tv = { 0 };
	int fd;

	if (name_it(&sa, dir, name) < 0)
		return -1;
	if (left <= 0) {
		errno = ETIMEDOUT;
		return -1;
	}
	fd = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0);
	if (fd < 0)
		return -1;
	/* connect(2) waits while the backlog is full; this bounds it */
	tv.tv_sec = (time_t)(left / 1000);
	tv.tv_usec = (suseconds_t)(left % 1000 * 1000);
	if (setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &tv, sizeof tv) < 0 ||
		connect(fd, (const struct sockaddr *)&sa, sizeof sa) < 0)
		return close_errno(fd);
	return fd;
}

int
usock_listen(const char *name, mode_t mode, int backlog)
{
	struct sockaddr_un sa;
	mode_t old;
	int fd, lock, r;

	if (name_it(&sa, NULL, name) < 0)
		return -1;
	lock = fd_open("lock", O_WRONLY | O_CREAT, 0600);
	if (lock < 0)
		return -1;
	if (flock(lock, LOCK_EX | LOCK_NB) < 0) {
		if (errno == EWOULDBLOCK)
			errno = EADDRINUSE;
		return close_errno(lock);
	}
	fd = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (fd < 0)
		return close_errno(lock);
	unlink(name);
	old = umask(~mode & 0777);
	r = bind(fd, (const struct sockaddr *)&sa, sizeof sa);
	umask(old);
	if (r < 0 || listen(fd, backlog) < 0) {
		close_errno(fd);
		return close_errno(lock);
	}
	return fd;
}

int
usock_accept(int listener, uid_t *uid)
{
	struct ucred who;
	socklen_t n = sizeof who;
	int fd = accept4(listener, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);

	if (fd < 0)
		return -1;
	if (getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &who, &n) < 0)
		return close_errno(fd);
	*uid = who.uid;
	return fd;
}
