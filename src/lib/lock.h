/* SPDX-License-Identifier: 0BSD */
/* lock - flock(2) on an open file; gone with the last descriptor */
#ifndef LIB_LOCK_H
#define LIB_LOCK_H

/* 0 or -1 errno. lock_try gives EWOULDBLOCK at once when another holds it;
 * lock_wait sleeps until the stamp_mono() deadline (0 none), then ETIMEDOUT. */
int lock_try(int fd);
int lock_wait(int fd, long long deadline);

#endif
