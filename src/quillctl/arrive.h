/* SPDX-License-Identifier: 0BSD */
/* arrive - a message of a backup comes into this queue
 *
 * It is written aside, under names that no queue has, synced, and gets its
 * names with the envelope's last, so that a crash leaves a message or none.
 * cwd is the queue.
 */
#ifndef QUILLCTL_ARRIVE_H
#define QUILLCTL_ARRIVE_H

#include <stdbool.h>
#include <stdint.h>

#include "lib/str.h"
#include "wire/qpath.h"
#include "wire/site.h"

/* Is there that file of the message? */
bool arrive_is(struct qid id, enum qfile f);
/* A file to write the message to; -1 errno. */
int arrive_begin(struct qid id, const struct site_ids *ids);
/* All is written: sync it, with its envelope, last tried at mtime, and its
 * notes; then it is in the queue. 0; -1 errno, it is not. Either way mess
 * stays open until arrive_drop. */
int arrive_end(struct qid id, const struct site_ids *ids, int mess,
	const struct str *env, const struct str *notes, int64_t mtime);
/* Close it, and remove what is aside of it. */
void arrive_drop(struct qid id, int mess);
/* Remove what one that was cut off has left of it. */
void arrive_clean(struct qid id);

#endif
