/* SPDX-License-Identifier: 0BSD */
/* aliases - lists of recipients in sendmail's format; pure
 *
 * What stands behind the colon of an alias (mail/aliasfile.h), and what is in
 * .forward and :include: files, where items may also stand on lines of their
 * own (quill-aliases.5). The one parser of all of these.
 */
#ifndef MAIL_ALIASES_H
#define MAIL_ALIASES_H

#include <stdbool.h>
#include <stddef.h>

#include "lib/str.h"

enum {
	ALIASES_FILE_MAX = 16 << 20, /* bytes in a file */
	ALIASES_NAME_MAX = 200,	     /* bytes in the name of an alias */
	ALIASES_TEXT_MAX = 8000,     /* bytes in a command */
	ALIASES_PATH_MAX = 4000,     /* bytes in a path */
};

/* An item of a list, or an entry of a file. */
enum aliases_kind {
	ALIASES_END,
	ALIASES_BAD,	 /* why */
	ALIASES_NAME,	 /* an entry (mail/aliasfile.h) */
	ALIASES_ADDRESS, /* local, or local@domain, in quill's form */
	ALIASES_FINAL,	 /* \user: the address without the \ */
	ALIASES_PROGRAM, /* the command without the | */
	ALIASES_FILE,	 /* an absolute path; a Maildir when it ends in / */
	ALIASES_INCLUDE, /* an absolute path */
};

/* Where a list stands, and how far it was read. */
struct aliases {
	const char *p;
	size_t n, pos;
	size_t line; /* where the last item began, or of what is wrong */
	size_t at;   /* number of the line at pos */
	bool lines;  /* a line ends an item */
	bool start;  /* nothing but blanks on this line so far */
	const char *why;
	struct str text; /* the item */
};

/* line: the number of the first one. p is kept. aliases_free gives the
 * memory back. */
void aliases_init(
	struct aliases *l, const char *p, size_t n, size_t line, bool lines);
void aliases_free(struct aliases *l);
/* The next item in l->text, which holds no control character but TAB and is
 * not empty. A bad list is to be given up: after ALIASES_BAD comes the end. */
enum aliases_kind aliases_next(struct aliases *l);

#endif
