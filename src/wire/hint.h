/* SPDX-License-Identifier: 0BSD */
/* hint - the fifo from quill-queue to quill-send, both ends
 *
 * Each hint is an id and a LF in one write, which is atomic. It is a hint
 * only: a lost one costs time until the next scan, never a message.
 */
#ifndef WIRE_HINT_H
#define WIRE_HINT_H

#include <stdbool.h>
#include <stddef.h>

#include "wire/qpath.h"

/* cwd is the queue. Never blocks, never fails visibly; SIGPIPE is ignored or
 * caught by the caller. */
void hint_send(struct qid id);
/* The same into its writing end, opened with O_NONBLOCK. */
void hint_write(int fd, struct qid id);

struct hint {
	int fd;
	size_t have;
	size_t full; /* bytes waiting from which on a writer may have failed */
	char buf[(QID_LEN + 1) * 256];
};
/* Open the reading end (and hold the writing end open, so that it never shows
 * end of file). 0 or -1 errno. */
int hint_open(struct hint *h);
/* Is the fifo that is open still the one that quill-queue would find? */
bool hint_current(const struct hint *h);
/* Next id; false when none is waiting. *lost is set, and never cleared, when
 * the fifo was found full (a hint may have been dropped) or held bytes that
 * are no id (they are skipped): scan. */
bool hint_next(struct hint *h, struct qid *id, bool *lost);

#endif
