/* SPDX-License-Identifier: 0BSD */
/* replies - what is known of a recipient besides its mark: the last reply,
 * from bounce/<id> and quill-send's log; and what quill-send is doing with it
 */
#ifndef QUILLCTL_REPLIES_H
#define QUILLCTL_REPLIES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "quillctl/walk.h"

struct reply {
	int64_t when; /* s since 1970, 0 unknown */
	const char *text, *relay, *dsn;
};

/* The last reply for recipient i. false: none is known. Reads the logs when it
 * is first called; says on fd 2, once, when that is not possible. Text is
 * valid until the next call. */
bool replies_get(const struct walk_message *m, size_t i, struct reply *r);
/* Is the message being delivered right now? Asks quill-send; false when it
 * does not run. */
bool replies_active(const char *id);

#endif
