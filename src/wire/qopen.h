/* SPDX-License-Identifier: 0BSD */
/* qopen - open what the queue says is a file of a message
 *
 * Names in msg/ are made by quillq's programs alone. Should one of them be made
 * to do what it should not, what it puts there must not hold up the others:
 * they follow no link, wait for no fifo, and use regular files only.
 */
#ifndef WIRE_QOPEN_H
#define WIRE_QOPEN_H

#include <sys/stat.h>

#include "wire/qpath.h"

/* Close-on-exec; flags: O_RDONLY or O_RDWR. st: of the file, or NULL. -1 errno:
 * EINVAL when it is no regular file, never EAGAIN. */
int qopen(struct qid id, enum qfile f, int flags, struct stat *st);

#endif
