/* SPDX-License-Identifier: 0BSD */
/* assign - a line of users/assign, and the record of users/cdb that it becomes
 * (quill-users.5)
 */
#ifndef WIRE_ASSIGN_H
#define WIRE_ASSIGN_H

#include <stdbool.h>
#include <stddef.h>

#include "lib/str.h"

enum { ASSIGN_LINE_MAX = 8000 };

struct assign {
	struct str key;	  /* as in users/cdb */
	const char *data; /* user uid gid home dash ext, with NULs between:
			   * points into the line */
	size_t len;
	bool prefix; /* a + line: key is ! and the prefix */
	bool root;   /* its mail will be refused */
};

/* a->key is ready to be used again by each line. */
void assign_init(struct assign *a);
/* Take the n bytes of a line without its end, changing them. NULL; or why it
 * is none. Comments and the dot at the end are the caller's. */
const char *assign_line(struct assign *a, char *line, size_t n);

#endif
