/* SPDX-License-Identifier: 0BSD */
/* walk - visit every message of the queue, oldest first in each directory
 *
 * Reads only; safe beside a running quill-send. A message that ends while it
 * is looked at is passed over; fn must not walk itself. Memory is that of one
 * directory's ids and one envelope, however many messages there are.
 */
#ifndef QUILLCTL_WALK_H
#define QUILLCTL_WALK_H

#include <stdbool.h>
#include <stdint.h>

#include "wire/env.h"
#include "wire/qpath.h"

struct walk_message {
	struct qid id;
	char name[QID_LEN + 1];
	int64_t tried; /* last attempt, s; 0 never */
	struct env env;
	enum env_result result; /* other than ENV_OK: env is empty */
};

typedef void walk_fn(void *arg, const struct walk_message *m);

/* Say on fd 2 why a call gave -1: what of the queue, and errno. */
void walk_trouble(void);
/* For others: it is because of that path of the queue, or of a directory on the
 * way (quillctl/below.h). */
void walk_failed(const char *path);
/* Number of messages, without those that are being written; -1 errno. */
int64_t walk_count(void);
/* Messages in queue/lost. -1 errno. */
int64_t walk_lost(void);
/* The ids with a file of that kind in directory n, sorted, until the next
 * call; -1 errno. Empty envelopes are left out. */
int64_t walk_ids(unsigned n, enum qfile f, const struct qid **ids);
/* Decode each and call fn, odd for those that are damaged or unfinished (NULL:
 * they are passed over) or cannot be read, which is said on fd 2; 0; -1
 * errno. */
int walk_each(walk_fn *fn, walk_fn *odd, void *arg);
/* The same for one: 1 fn or odd was called, 0 not in the queue, -1 errno. */
int walk_one(struct qid id, walk_fn *fn, walk_fn *odd, void *arg);

#endif
