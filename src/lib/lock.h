/* SPDX-License-Identifier: 0BSD */
/* lock - exclusive lock on a whole open file (fcntl F_OFD_SETLK)
 *
 * It belongs to the open file and is gone with its last descriptor; it keeps
 * out the fcntl locks of other programs (mbox). fd must be open for writing.
 */
#ifndef LIB_LOCK_H
#define LIB_LOCK_H

/* 0 or -1 errno. lock_try gives EWOULDBLOCK at once when another holds it;
 * lock_wait sleeps until the stamp_mono() deadline (0 none), then ETIMEDOUT. */
int lock_try(int fd);
int lock_wait(int fd, long long deadline);
/* 1 when another open file holds it, 0 when none does, -1 errno. Takes
 * nothing. */
int lock_held(int fd);

#endif
