/* SPDX-License-Identifier: 0BSD */
/* safefile - read a file whose words count, if nobody else can have written
 * them */
#ifndef LIB_SAFEFILE_H
#define LIB_SAFEFILE_H

#include <stdbool.h>
#include <sys/types.h>

#include "lib/str.h"

struct safefile {
	uid_t owner;	 /* of the file; or of a directory or link on the way
	                  * to it that is neither root's nor ours */
	bool group;	 /* its group may write */
	const char *why; /* what is wrong: "is writable by others" */
};

enum safefile_result {
	SAFEFILE_OK,
	SAFEFILE_ABSENT, /* no such file (why says that, too) */
	SAFEFILE_BAD,
};

/* Append the file to s. Not when it is no plain file, when others can write
 * into it or into a directory above it (but for sticky ones, where only the
 * owner can replace it), or when it is larger than s's ceiling. Does not wait
 * for a fifo. */
enum safefile_result safefile_read(
	struct safefile *f, const char *path, struct str *s);

#endif
