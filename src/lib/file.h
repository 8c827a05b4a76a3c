/* SPDX-License-Identifier: 0BSD */
/* file - whole files: read one, replace one durably, sync a directory */
#ifndef LIB_FILE_H
#define LIB_FILE_H

#include <stddef.h>
#include <sys/types.h>

#include "lib/str.h"

/* Append the whole of an open file to s. 0; -1 errno; EFBIG when it is larger
 * than s's ceiling. */
int file_readfd(int fd, struct str *s);
/* The same by name; -1 with ENOENT when it does not exist. */
int file_read(const char *path, struct str *s);
/* Write a new file aside (path + ".tmp"), fsync, rename over path, fsync the
 * directory: a reader and a power cut see the old one or the new one, whole.
 * 0; -1 errno, the old file untouched and nothing left behind (only where the
 * directory cannot be synced, the new one is there but may not last). The file
 * gets mode exactly, whatever the umask. */
int file_replace(const char *path, const void *p, size_t n, mode_t mode);
/* Is the open file a plain one that has no other name? One that a directory's
 * owner could have linked there from elsewhere is not for root to change. 0;
 * -1 errno, EMLINK when it is not. */
int file_alone(int fd);
/* fsync a directory by name. */
int file_syncdir(const char *path);

#endif
