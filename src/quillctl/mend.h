/* SPDX-License-Identifier: 0BSD */
/* mend - what fsck does about damage: nothing is ever deleted or overwritten
 *
 * All paths are relative to the queue, cwd. */
#ifndef QUILLCTL_MEND_H
#define QUILLCTL_MEND_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/stat.h>

#include "wire/qpath.h"

/* Move to where nothing is; -1 errno (EEXIST). */
int mend_move(const char *from, const char *to);
/* Move to lost/NAME, or NAME.1, ... whichever is free. */
int mend_lose(const char *from, const char *name);
/* Give an open file or directory its owner and mode. 1 it was wrong and was
 * changed (with dry: would be), 0 it was right, -1 errno. */
int mend_owner(int fd, const struct stat *st, uid_t uid, gid_t gid, mode_t mode,
	bool dry);
/* Marks that are none of wire/env.h's, in an envelope file that decodes when
 * they are read as "to do": set them in data. The number of marks; 0 none, or
 * it is damaged otherwise. *off gets the place of the first. */
size_t mend_marks(char *data, size_t n, size_t *off);

#endif
