/* SPDX-License-Identifier: 0BSD */
/* mailbox - what maildir2mbox and mbox2maildir share: an mbox that is locked,
 * files as bytes in memory, and how flags are written in both formats
 *
 *	Maildir	  new	cur	S	R	F	T	D
 *	mbox	  -	O	R	A	F	D	T
 *		   (of Status)	   (of X-Status)
 */
#ifndef TOOLS_MAILBOX_H
#define TOOLS_MAILBOX_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/stat.h>

#include "lib/str.h"

enum { MAILBOX_WAIT = 30000 }; /* ms for a lock */

/* Open with these flags of open(2) and lock, by the kernel and by a lock file.
 * The file is a plain one and still has that name. The program ends with
 * STATUS_TEMP when that cannot be. */
int mailbox_lock(const char *path, int flags, struct stat *st);
/* Close it; all locks go. */
void mailbox_unlock(const char *path, int fd);

struct mailbox_view {
	const char *p;
	size_t n, pos;
};
/* The whole of an open file, until mailbox_unmap. false: errno. */
bool mailbox_map(struct mailbox_view *v, int fd, size_t size);
void mailbox_unmap(struct mailbox_view *v);
/* Next line, with its LF if it has one. false at the end. */
bool mailbox_line(struct mailbox_view *v, const char **line, size_t *n);

/* Is it a line of the form >...>From ? The number of marks; -1 it is not. */
long mailbox_marks(const char *line, size_t n);
/* Does the line begin a Status ('S') or X-Status ('X') field? Else 0. */
char mailbox_field(const char *line, size_t n);
/* Append the Maildir flags that the value of such a field stands for. *old is
 * set when it says that the message is not new. */
void mailbox_flags(
	struct str *flags, bool *old, char field, const char *line, size_t n);
/* Append the fields for Maildir flags (with their LF). */
void mailbox_fields(struct str *out, bool old, const char *flags);
/* Seconds since 1970 of the date of a From_ line, -1 it has none. */
int64_t mailbox_date(const char *line, size_t n);

#endif
