/* SPDX-License-Identifier: 0BSD */
#include "lib/lock.h"

#include <errno.h>
#include <poll.h>
#include <stdint.h>
#include <sys/file.h>

#include "lib/stamp.h"

static int
lock_op(int fd, int op)
{
	int r;

	do
		r = flock(fd, op);
	while (r < 0 && errno == EINTR);
	return r;
}

int
lock_try(int fd)
{
	return lock_op(fd, LOCK_EX | LOCK_NB);
}

int
lock_wait(int fd, long long deadline)
{
	int nap = 5;

	if (!deadline)
		return lock_op(fd, LOCK_EX);
	/* flock has no time limit and an alarm would be the program's: ask
	 * again, at growing distances. */
	while (lock_try(fd) < 0) {
		int64_t left = deadline - stamp_mono();

		if (errno != EWOULDBLOCK)
			return -1;
		if (left <= 0) {
			errno = ETIMEDOUT;
			return -1;
		}
		poll(0, 0, left < nap ? (int)left : nap);
		if (nap < 200)
			nap *= 2;
	}
	return 0;
}
