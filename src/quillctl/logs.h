/* SPDX-License-Identifier: 0BSD */
/* logs - lines of multilog directories, the oldest first
 *
 * Directories (quillctl/logdir.h) merged by time. Lines without a time stamp
 * count as those before them.
 */
#ifndef QUILLCTL_LOGS_H
#define QUILLCTL_LOGS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "quillctl/logdir.h"

enum { LOGS_DIRS = 64 };

struct logs;

struct logs_line {
	int64_t us;	  /* since 1970; 0 unknown */
	const char *name; /* of the directory, its last part: "send" */
	const char *text; /* behind the time stamp, without LF */
	bool torn;	  /* the end of a file, without LF: not all of it */
};

/* The n directories; with n 0 all that are in HOME/log, or only HOME/log/
 * only when that is given. One that cannot be read, or a file of it, is said on
 * fd 2 when complain. NULL: none of them can be (errno: the last reason). */
struct logs *logs_open(
	int n, char *const *dirs, const char *only, bool complain);
/* Before the first logs_next: pass over the rotated files that were finished
 * before us, by their names; older lines of others still come. */
void logs_since(struct logs *l, int64_t us);
/* The time of the last line of each directory, the latest; 0 none is known. */
int64_t logs_last(const struct logs *l);
/* Directory i, its last part; NULL: there are no more. */
const char *logs_dir(const struct logs *l, size_t i);
/* How many directories could not be read, or not all of their files so far. */
size_t logs_unread(const struct logs *l);
/* The next; valid until the one after. false at the end. */
bool logs_next(struct logs *l, struct logs_line *line);
void logs_close(struct logs *l);

#endif
