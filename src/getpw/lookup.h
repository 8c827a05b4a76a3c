/* SPDX-License-Identifier: 0BSD */
/* lookup - from a local part to an account, by the rules of qmail sites
 *
 * The account is the one named by the whole local part, else by the part
 * before its last "-", the one before, and so on, lower-cased. An account
 * counts when it is not root and owns its home directory. Everything else
 * belongs to the alias user.
 */
#ifndef GETPW_LOOKUP_H
#define GETPW_LOOKUP_H

#include <stdbool.h>
#include <sys/types.h>

enum { LOOKUP_NAME_MAX = 32 }; /* longer names are not asked for */

struct account {
	const char *name, *home;
	uid_t uid;
	gid_t gid;
};

/* Where accounts come from: 1 yes, 0 no, -1 errno: it cannot be said now. */
struct lookup_ops {
	/* The account with that name; valid until the next call. */
	int (*account)(void *arg, const char *name, struct account *a);
	/* The owner of a directory. */
	int (*owner)(void *arg, const char *home, uid_t *uid);
	void *arg;
};

struct lookup_found {
	struct account a;
	const char *dash, *ext; /* ext points into local */
};

/* NULL and *f; or why it cannot be said now, one line with (#4.3.0). */
const char *lookup_account(const struct lookup_ops *ops, const char *alias,
	const char *local, struct lookup_found *f);

#endif
