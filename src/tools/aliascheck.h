/* SPDX-License-Identifier: 0BSD */
/* aliascheck - what quill-newaliases has written, before it counts: no loops,
 * not nested too deep, and includes that can be read and hold what they may
 */
#ifndef TOOLS_ALIASCHECK_H
#define TOOLS_ALIASCHECK_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

#include "lib/map.h"

struct aliascheck {
	/* Say what is wrong, where, and end; code as in wire/status.h. */
	void (*die)(int code, const char *where, const char *why,
		const char *more) __attribute__((noreturn));
	/* Includes are read as the alias user. */
	void (*become_alias)(bool yes);
	uid_t alias;
};

/* Look into all aliases of the database at path: names, each with its NUL, n
 * bytes in all. where: name to "file: line N". Returns when all is well. */
void aliascheck(const struct aliascheck *how, const char *path,
	const struct map *where, const char *names, size_t n);

/* "file: line N", until the next call. */
const char *aliascheck_line(const char *file, size_t line);

#endif
