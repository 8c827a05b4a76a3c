/* SPDX-License-Identifier: 0BSD */
/* lookup - users/cdb: who gets the mail for a local part
 *
 * Keys: "!" local NUL for one local part, "!" prefix for all that start with
 * it (the longest wins), both lower-cased; "" holds the set of last characters
 * of the prefixes. Data: user uid gid home dash ext with NULs between; to the
 * ext of a prefix the rest of the local part is added, case and all.
 */
#ifndef WIRE_LOOKUP_H
#define WIRE_LOOKUP_H

#include <stddef.h>
#include <sys/stat.h>

#include "lib/cdb.h"
#include "lib/str.h"
#include "wire/pwreq.h"

/* Kept open; looked at again when the name leads to another file. */
struct lookup {
	const char *path;
	int fd; /* -1 not open */
	struct stat seen;
	struct cdb cdb;
	struct str wild, key, val;
};

enum lookup_result {
	LOOKUP_FOUND,
	LOOKUP_NONE,   /* not there, or there is no file */
	LOOKUP_FAILED, /* unreadable or damaged (errno): temporary */
};

/* path is kept, not copied. */
void lookup_init(struct lookup *l, const char *path);
/* *u points into l until the next call. */
enum lookup_result lookup_find(
	struct lookup *l, const char *local, size_t n, struct pwuser *u);

#endif
