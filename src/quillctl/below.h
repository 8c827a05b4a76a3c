/* SPDX-License-Identifier: 0BSD */
/* below - files below the queue, for root
 *
 * quillq, and in bounce/ quills, can put a symbolic link in the place of any
 * name at any moment; whoever follows it does elsewhere what was meant for the
 * queue. So no other function of quillctl opens, makes or changes a name there.
 *
 * A path is one of wire/qpath.h, relative to the queue, which is cwd: a
 * directory, and one name. The directory is opened once, no link on the way
 * is followed, and the name is taken in what was opened. Nor is a link of that
 * name followed.
 */
#ifndef QUILLCTL_BELOW_H
#define QUILLCTL_BELOW_H

#include <dirent.h>
#include <stdbool.h>
#include <sys/stat.h>
#include <sys/types.h>

#include "lib/str.h"

/* All: -1 errno. ENOTDIR: a link, or a file, in the place of a directory; its
 * path is what below_where gives after a failure. */
const char *below_where(void);

/* List a directory ("msg/v"); its names are taken in this one from now on. */
DIR *below_list(const char *dir);
/* openat(2), close-on-exec; never waits for the other end of a fifo. */
int below_open(const char *path, int flags, mode_t mode);
/* A plain file, to be read; EINVAL when it is something else. */
int below_plain(const char *path);
/* Append all of a plain file to s, as file_readfd. 0. */
int below_read(const char *path, struct str *s);
/* Of a link itself. 0. */
int below_stat(const char *path, struct stat *st);
/* Is there that name, whatever it is? */
bool below_exists(const char *path);
/* 0. link(2), which overwrites nothing, and rename(2). */
int below_link(const char *from, const char *to);
int below_rename(const char *from, const char *to);
int below_remove(const char *path);
int below_mkdir(const char *path);
int below_mkfifo(const char *path);
int below_syncdir(const char *dir);

#endif
