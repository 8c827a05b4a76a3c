/* SPDX-License-Identifier: 0BSD */
/* walk - visit every message of the queue, oldest first in each directory
 *
 * Reads only; safe beside a running quill-send. A message that ends while it
 * is looked at is passed over.
 */
#ifndef QUILLCTL_WALK_H
#define QUILLCTL_WALK_H

#include <stdint.h>

#include "wire/env.h"
#include "wire/qpath.h"

struct walk_message {
	struct qid id;
	char name[QID_LEN + 1];
	int64_t tried; /* last attempt, s; 0 never */
	struct env env;
};

/* Number of messages, without those that are being written; -1 errno. */
int64_t walk_count(void);
/* Messages in queue/lost. -1 errno. */
int64_t walk_lost(void);
/* Decode each and call fn; those that are damaged or unfinished are counted in
 * *odd. 0; -1 errno. */
int walk_each(void (*fn)(const struct walk_message *m), uint64_t *odd);

#endif
