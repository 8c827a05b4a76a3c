/* SPDX-License-Identifier: 0BSD */
/* aliasdb - HOME/users/aliases.cdb: what newaliases writes, and whoever asks
 * whether an alias exists, or what it means, reads (quill-aliases.5)
 *
 * A cdb. The empty key holds the version, "1". Every other key is the name of
 * an alias in lower case; its data are items, each a byte that says its kind,
 * its text, and a NUL.
 */
#ifndef WIRE_ALIASDB_H
#define WIRE_ALIASDB_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/stat.h>

#include "lib/cdb.h"
#include "lib/str.h"

enum {
	ALIASDB_DATA_MAX = 8 << 20, /* bytes of one alias */
	ALIASDB_DEPTH = 20,	    /* aliases inside aliases and includes */
};
#define ALIASDB_VERSION "1"

enum aliasdb_kind {
	ALIASDB_END = 0,
	ALIASDB_ADDRESS = '&',
	ALIASDB_FINAL = '\\', /* that local part, and no alias of its name */
	ALIASDB_PROGRAM = '|',
	ALIASDB_FILE = '/', /* the text begins with the slash again */
	ALIASDB_INCLUDE = ':',
	ALIASDB_DAMAGED = -1,
};

/* Append an item; text holds no NUL. */
void aliasdb_put(
	struct str *data, enum aliasdb_kind kind, const char *text, size_t n);
/* The item at *pos of data, NUL-terminated; *pos moves on. Nothing of it is
 * trusted: ALIASDB_DAMAGED is what does not come from aliasdb_put. */
enum aliasdb_kind aliasdb_next(
	const struct str *data, size_t *pos, const char **text);

/* Kept open; looked at again when the name leads to another file. */
struct aliasdb {
	const char *path;
	int fd; /* -1 not open */
	struct stat seen;
	struct cdb cdb;
	struct str key;
};

enum aliasdb_result {
	ALIASDB_FOUND,
	ALIASDB_NONE,	/* not there, or there is no database */
	ALIASDB_FAILED, /* unreadable or damaged (errno): temporary */
};

/* path NULL: HOME/users/aliases.cdb. Otherwise it is kept, not copied. */
void aliasdb_init(struct aliasdb *a, const char *path);
void aliasdb_close(struct aliasdb *a);
/* The alias of exactly that name, whatever its case. data is replaced. */
enum aliasdb_result aliasdb_find(
	struct aliasdb *a, const char *name, size_t n, struct str *data);
/* The alias that is meant by a local part: the one of that name; else, when
 * there is a + in it, the one of what stands before the first; else, for
 * each - from the right, the one of what stands before it and "-default".
 * *used gets the name that was found, in lower case: valid until the next
 * call. */
enum aliasdb_result aliasdb_match(struct aliasdb *a, const char *local,
	size_t n, struct str *data, const char **used);

#endif
