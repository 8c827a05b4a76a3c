/* SPDX-License-Identifier: 0BSD */
/* lines - a file of lines "KEY:...", or of keys alone, of which one is ours */
#ifndef DOMAIN_LINES_H
#define DOMAIN_LINES_H

#include <stdbool.h>

#include "lib/str.h"

enum { LINES_ROOM = 8000 }; /* bytes in our line */

struct lines {
	const char *path;
	char sep;	  /* 0: keys alone */
	bool dot;	  /* ends with a line that is a dot: users/assign */
	bool exists;	  /* there is such a file */
	bool found;	  /* with our line in it */
	struct str key;	  /* of our line, without sep; in any case */
	struct str value; /* of the last line that has the key */
	struct str text;
};

/* Read it; path, sep and dot are set. Exits when that is not possible. */
void lines_read(struct lines *l, const char *key, size_t n);
/* Write it durably, with our line, or without (value NULL); all others stay as
 * they are. Exits when that is not possible: the file is as it was. */
void lines_write(struct lines *l, const char *value);

#endif
