/* SPDX-License-Identifier: 0BSD */
#include "lib/usock.h"

#include <errno.h>
#include <fcntl.h>
#include <stddef.h>
#include <string.h>
#include <sys/file.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "lib/dial.h"
#include "lib/fd.h"

socklen_t
usock_address(struct sockaddr_storage *to, const char *dir, const char *name)
{
	struct sockaddr_un *un = (struct sockaddr_un *)to;
	size_t d = dir ? strlen(dir) + 1 : 0, n = strlen(name);

	if (d + n >= sizeof un->sun_path) {
		errno = ENAMETOOLONG;
		return 0;
	}
	memset(un, 0, sizeof *un);
	un->sun_family = AF_UNIX;
	if (d) {
		memcpy(un->sun_path, dir, d - 1);
		un->sun_path[d - 1] = '/';
	}
	memcpy(un->sun_path + d, name, n);
	return sizeof *un;
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
	struct sockaddr_storage to;
	socklen_t len = usock_address(&to, dir, name);

	return len ? dial(SOCK_SEQPACKET, &to, len, NULL, deadline) : -1;
}

int
usock_listen(const char *name, mode_t mode, int backlog, int *keep)
{
	struct sockaddr_storage sa;
	socklen_t len = usock_address(&sa, NULL, name);
	mode_t old;
	int fd, lock, r;

	if (!len)
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
	r = bind(fd, (const struct sockaddr *)&sa, len);
	umask(old);
	if (r < 0 || listen(fd, backlog) < 0) {
		close_errno(fd);
		return close_errno(lock);
	}
	if (keep)
		*keep = lock;
	return fd;
}

int
usock_accept(int listener, int flags, uid_t *uid)
{
	struct ucred who;
	socklen_t n = sizeof who;
	int fd = accept4(listener, NULL, NULL, SOCK_CLOEXEC | flags);

	if (fd < 0)
		return -1;
	if (getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &who, &n) < 0)
		return close_errno(fd);
	*uid = who.uid;
	return fd;
}
