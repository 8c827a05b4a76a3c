/* SPDX-License-Identifier: 0BSD */
/* done - what the logs of quill-send say was delivered already */
#ifndef QUILLCTL_DONE_H
#define QUILLCTL_DONE_H

#include <stdbool.h>

#include "lib/map.h"
#include "wire/env.h"
#include "wire/qpath.h"

struct done {
	struct map map; /* "ID", or "ID address" as it stands in a log */
};

/* From HOME/log/send and, when not NULL, the directory more. A directory that
 * is not there says nothing; one that cannot be read is said on fd 2. */
void done_read(struct done *d, const char *more);
/* Has it left the queue? */
bool done_message(const struct done *d, struct qid id);
/* Recipients of a message that look alike in a log, where _ stands for several
 * bytes: a delivery to one of them is none to the other. */
void done_alike(struct map *alike, const struct env *e);
/* Was it delivered to that recipient, and to no other? */
bool done_rcpt(const struct done *d, struct qid id, const char *address,
	const struct map *alike);

#endif
