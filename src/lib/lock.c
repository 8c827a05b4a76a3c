/* SPDX-License-Identifier: 0BSD */
#include "lib/lock.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdint.h>
#include <unistd.h>

#include "lib/stamp.h"

static int
lock_op(int fd, int op, struct flock *l)
{
	int r;

	*l = (struct flock){ .l_type = F_WRLCK, .l_whence = SEEK_SET };
	do
		r = fcntl(fd, op, l);
	while (r < 0 && errno == EINTR);
	if (r < 0 && errno == EACCES)
		errno = EWOULDBLOCK;
	return r;
}

int
lock_try(int fd)
{
	struct flock l;

	return lock_op(fd, F_OFD_SETLK, &l);
}

int
lock_held(int fd)
{
	struct flock l;

	if (lock_op(fd, F_OFD_GETLK, &l) < 0)
		return -1;
	return l.l_type != F_UNLCK;
}

int
lock_wait(int fd, long long deadline)
{
	struct flock l;
	int nap = 5;

	if (!deadline)
		return lock_op(fd, F_OFD_SETLKW, &l);
	/* The lock call has no time limit and an alarm would be the program's:
	 * ask again, at growing distances. */
	while (lock_try(fd) < 0) {
		int64_t now, left;

		if (errno != EWOULDBLOCK)
			return -1;
		now = stamp_mono();
		if (deadline <= now) {
			errno = ETIMEDOUT;
			return -1;
		}
		left = deadline - now;
		poll(0, 0, left < nap ? (int)left : nap);
		if (nap < 200)
			nap *= 2;
	}
	return 0;
}
