/* SPDX-License-Identifier: 0BSD */
/* logdir - lines of one multilog directory, the oldest first
 *
 * The rotated files (@...) in order, then current. Only reads; a file that is
 * rotated meanwhile is read once.
 */
#ifndef QUILLCTL_LOGDIR_H
#define QUILLCTL_LOGDIR_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "lib/ibuf.h"
#include "lib/str.h"

enum { LOGDIR_LINE = 65536 }; /* bytes of a line at most */

struct logdir {
	const char *name; /* of the directory, its last part */
	/* the line that is being looked at, if there is one */
	bool have;
	bool torn;	  /* the end of a file, without LF: not all of it */
	const char *text; /* behind its time stamp, without LF */
	int64_t us;  /* since 1970; without a stamp that of the one before */
	bool failed; /* a file could not be read, or not to its end */
	/* its own */
	bool complain, open;
	int dir;
	char *path;
	char **file; /* the rotated ones, sorted */
	size_t nfiles, at;
	int current; /* opened before the directory was listed, or -1 */
	ino_t current_ino;
	struct ibuf in;
	const char *reading; /* the name of the file that in is */
	char buf[32768];
	struct str line;
};

/* NULL: it cannot be read, errno. complain: a file of it that cannot is said on
 * fd 2. */
struct logdir *logdir_open(const char *path, bool complain);
/* Before the first logdir_next: pass over the rotated files that were finished
 * before us, by their names. */
void logdir_since(struct logdir *s, int64_t us);
/* Look at the next line; have is false at the end. */
void logdir_next(struct logdir *s);
/* The time of its last line; -1 none is known. */
int64_t logdir_last(const struct logdir *s);
void logdir_close(struct logdir *s);

#endif
