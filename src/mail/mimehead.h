/* SPDX-License-Identifier: 0BSD */
/* mimehead - what the header of a MIME entity says of its body (RFC 2045)
 *
 * Fields are lines joined by LF, folded ones with their continuations.
 */
#ifndef MAIL_MIMEHEAD_H
#define MAIL_MIMEHEAD_H

#include <stdbool.h>
#include <stddef.h>

enum mimehead_encoding {
	MIMEHEAD_NONE, /* no such field: 7bit */
	MIMEHEAD_7BIT,
	MIMEHEAD_8BIT,
	MIMEHEAD_BINARY,
	MIMEHEAD_QP,
	MIMEHEAD_BASE64,
	MIMEHEAD_UNKNOWN,
};

enum { MIMEHEAD_WORD = 80, MIMEHEAD_BOUNDARY = 250 };

struct mimehead {
	bool version; /* MIME-Version is there */
	bool typed;   /* Content-Type is there */
	char type[MIMEHEAD_WORD], subtype[MIMEHEAD_WORD]; /* lower case; "" when
	                                                   * malformed */
	char boundary[MIMEHEAD_BOUNDARY + 1]; /* "" none, or too long */
	enum mimehead_encoding encoding;
};

/* Is the line the beginning of a field? */
bool mimehead_isfield(const char *p, size_t n);
/* The length of the first field of n bytes, with its continuations. */
size_t mimehead_field(const char *p, size_t n);
/* Is it the field of that name? */
bool mimehead_named(const char *p, size_t n, const char *name);
/* Read all fields. The first of several equal ones counts. */
void mimehead_parse(struct mimehead *m, const char *p, size_t n);

#endif
