/* SPDX-License-Identifier: 0BSD */
/* pwfile - HOME/users/passwd: users of this quill alone, and their hashes
 *
 * Lines "user:hash"; what follows another colon is not ours (Dovecot's
 * passwd-file has more fields). Blank lines and those that start with # are
 * skipped. Users are in lower case, a user's first line counts.
 */
#ifndef WIRE_PWFILE_H
#define WIRE_PWFILE_H

#include <stdbool.h>
#include <stddef.h>

#include "lib/str.h"
#include "wire/site.h"

enum { PWFILE_MAX = 64 << 20, PWFILE_LINE_MAX = 2000, PWFILE_USER_MAX = 255 };

struct pwfile_line {
	size_t at, len;			/* of the whole line, with its LF */
	char user[PWFILE_USER_MAX + 1]; /* "": none, a comment or no line */
	char hash[PWFILE_LINE_MAX];
};

/* The path: "users/passwd" below the home. */
const char *pwfile_path(void);
/* Whose it may be, and how: NULL, or why nobody can log in while it is so:
 * only root, owner (quilla) and a group that may read it know the hashes. */
const char *pwfile_check(int fd, uid_t owner);
/* Fill *l with the line at *pos and move it on; false at the end. */
bool pwfile_next(const struct str *text, size_t *pos, struct pwfile_line *l);
/* The user's line; false without. user is in lower case. */
bool pwfile_find(
	const struct str *text, const char *user, struct pwfile_line *l);
/* Lower-case a name into out (PWFILE_USER_MAX + 1 bytes); false: it cannot be
 * the name of a user (empty, too long, colon, blank or control characters,
 * starts with #). */
bool pwfile_user(char *out, const char *name);

#endif
