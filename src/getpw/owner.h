/* SPDX-License-Identifier: 0BSD */
/* owner - who owns a directory, without waiting for one that does not answer
 *
 * A home may lie on a file server, and stat(2) of it hangs, unkillable, for as
 * long as the server is away. So a child does it. One that has not answered
 * within the deadline is left alone with its question: until it comes back,
 * its mount (getpw/mounts.h) is said to hang without being asked again, and
 * another child looks at all others. So a mount that hangs costs everybody
 * else one deadline, once.
 */
#ifndef GETPW_OWNER_H
#define GETPW_OWNER_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

enum {
	OWNER_MS = 5000, /* for a server that is slow, but there */
	/* Mounts that hang at once; of more, the one that was left alone the
	 * longest ago may be asked again. */
	OWNER_STUCK = 8,
};

/* 1 and *uid; 0 there is no such directory; -1 errno: it cannot be said now,
 * ETIMEDOUT when its mount hangs. Logs, once, which mount hangs, and that it
 * answers again. */
int owner_of(const char *dir, uid_t *uid);
/* Is there a mount that hangs? */
bool owner_waits(void);

#endif
