/* SPDX-License-Identifier: 0BSD */
/* dotqmail - names and lines of .qmail files; pure: bytes in, entries out
 *
 * The one parser of the format (dot-qmail.5): .qmail files and the default
 * delivery, which is text of the same form, go through here.
 */
#ifndef LOCAL_DOTQMAIL_H
#define LOCAL_DOTQMAIL_H

#include <stdbool.h>
#include <stddef.h>

#include "lib/str.h"

enum {
	DOTQMAIL_MAX = 1 << 20,	     /* bytes in a file */
	DOTQMAIL_LINE_MAX = 1 << 16, /* bytes in a line */
	DOTQMAIL_PATH_MAX = 4000,    /* bytes in a path line */
};

enum dotqmail_kind {
	DOTQMAIL_END, /* no more lines */
	DOTQMAIL_BAD, /* dotqmail.why */
	DOTQMAIL_PROGRAM,
	DOTQMAIL_FORWARD,
	DOTQMAIL_MBOX,
	DOTQMAIL_MAILDIR, /* text ends in / */
	DOTQMAIL_LIST,	  /* +list */
};

struct dotqmail {
	const char *p; /* the file */
	size_t n, pos;
	size_t line;	 /* number of the last line read, from 1 */
	const char *why; /* what is wrong with it */
	/* dotqmail_check saw a program or a forward; a program or an mbox */
	bool sends, waits;
};

/* Not NUL-terminated, but holds no NUL; points into the file. */
struct dotqmail_entry {
	enum dotqmail_kind kind;
	const char *text; /* without | or & and trailing blanks */
	size_t len;	  /* > 0 but for DOTQMAIL_LIST */
};

void dotqmail_init(struct dotqmail *d, const char *p, size_t n);
/* Next entry, its kind returned as well; comments and blank lines are
 * skipped. After DOTQMAIL_BAD it may be called for the next line. */
enum dotqmail_kind dotqmail_next(struct dotqmail *d, struct dotqmail_entry *e);
/* Read the whole file before anything is done with it: false when a line is
 * bad, or is no forward where only forwards are allowed (forward_only from
 * the start, or after a +list line); line and why tell. */
bool dotqmail_check(struct dotqmail *d, bool forward_only);

/* The names under which the file may be, best first. */
struct dotqmail_search {
	const char *dash, *ext;
	size_t extlen, cut;
	bool started, done;
	struct str name; /* the name */
	/* Offset in ext of what "default" stands for in this name, or -1. */
	long deflt;
};

void dotqmail_search(
	struct dotqmail_search *s, const char *dash, const char *ext);
/* Set s->name; false when there are no more. */
bool dotqmail_search_next(struct dotqmail_search *s);
void dotqmail_search_end(struct dotqmail_search *s);
/* ".qmail" dash ext suffix with ext made safe: lower case, "." as ":" (so that
 * no ".." can be asked for), cut to extlen bytes. Replaces out. */
void dotqmail_name(struct str *out, const char *dash, const char *ext,
	size_t extlen, const char *suffix);

#endif
