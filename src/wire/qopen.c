/* SPDX-License-Identifier: 0BSD */
#include "wire/qopen.h"

#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

#include "lib/fd.h"

int
qopen(struct qid id, enum qfile f, int flags, struct stat *st)
{
	char path[QPATH_MAX];
	struct stat mine;
	int fd, saved;

	if (!st)
		st = &mine;
	qpath_fmt(path, id, f);
	fd = fd_open(path, flags | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY, 0);
	if (fd < 0) {
		saved = errno;
		if (lstat(path, st) == 0 && !S_ISREG(st->st_mode))
			errno = EINVAL;
		else /* a lease: O_NONBLOCK does not wait for it */
			errno = saved == EAGAIN ? EBUSY : saved;
		return -1;
	}
	if (fstat(fd, st) == 0) {
		if (S_ISREG(st->st_mode))
			return fd;
		errno = EINVAL;
	}
	saved = errno;
	close(fd);
	errno = saved;
	return -1;
}
