/* SPDX-License-Identifier: 0BSD */
/* header - split the header of a message into fields (RFC 5322 2.2, 4.5)
 *
 * Works on bytes in memory, copies nothing and fails on nothing: whatever
 * does not look like a field ends the header. Lines end in LF or CRLF. A
 * field name is one or more bytes from ! to ~ without the colon; blanks
 * before the colon are tolerated (RFC 5322 4.5) and are no part of the name.
 * The colon must be within the first HEADER_NAME_MAX bytes of the line.
 * Lines that start with a blank or tab continue the field before them.
 */
#ifndef MAIL_HEADER_H
#define MAIL_HEADER_H

#include <stdbool.h>
#include <stddef.h>

enum { HEADER_NAME_MAX = 998 };

/* Pointers go into the block given to header_next. */
struct header_field {
	const char *name; /* not NUL-terminated */
	size_t namelen;
	const char *value; /* after the colon up to the last line end: leading
			    * blanks and folds (LF + blank) are still in it */
	size_t valuelen;
	const char *raw; /* the whole field with its line ends; the last one is
			  * missing when the block ends without LF */
	size_t rawlen;
};

/* The field at *pos of the n bytes at p; *pos moves behind it. false at the
 * empty line, at a line that is no field and at the end of the block; *pos
 * then stays there. Start with *pos = 0: a mbox separator ("From " or
 * ">From ") in the first line is skipped when a field follows it. */
bool header_next(const char *p, size_t n, size_t *pos, struct header_field *f);
/* For a header that comes in pieces, all of them kept in one block: true when
 * the header ends at *pos (the place where header_next would stop), false when
 * more bytes are needed to know. eof: there are no more. Start with *pos = 0
 * and call again with the longer block. */
bool header_scan(const char *p, size_t n, bool eof, size_t *pos);
/* Is it that field, without regard to case? */
bool header_is(const struct header_field *f, const char *name);
/* Offset of the body: behind the empty line, or of the first line that is no
 * field, or n. */
size_t header_end(const char *p, size_t n);
/* Length of the field name that the line of n bytes starts with; 0 when the
 * line cannot start a field. */
size_t header_name(const char *line, size_t n);
/* Is it the line (LF or CRLF alone) that ends the header? */
bool header_empty(const char *line, size_t n);

#endif
