/* SPDX-License-Identifier: 0BSD */
/* dotlock - lock a file by making FILE.lock, as programs that do not know the
 * kernel's locks, or do not trust a network file system with them, do it */
#ifndef LIB_DOTLOCK_H
#define LIB_DOTLOCK_H

#include <stdint.h>

enum { DOTLOCK_STALE = 300 }; /* s after which a lock was left behind */

/* Make path.lock; waits for it until the stamp_mono() deadline. A lock of that
 * age is removed: it outlived a crash. 1 made, 0 no file can be made there (no
 * permission, read-only, name too long: nobody else locks so either), -1 errno,
 * ETIMEDOUT when it is somebody's for too long. */
int dotlock_take(const char *path, int64_t deadline);
/* Remove path.lock that was made. */
void dotlock_drop(const char *path);

#endif
