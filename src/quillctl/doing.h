/* SPDX-License-Identifier: 0BSD */
/* doing - what becomes of a message next: by quill-send's word, or, while that
 * does not run, by the message itself */
#ifndef QUILLCTL_DOING_H
#define QUILLCTL_DOING_H

#include <stdbool.h>
#include <stdint.h>

#include "quillctl/schedule.h"
#include "quillctl/walk.h"

struct doing {
	bool known;	       /* quill-send has answered; else all is 0 */
	int64_t local, remote; /* next attempt, 0 none */
	int64_t until;	       /* what it waits for may come then */
	char state[20], wait_for[300];
};

void doing_ask(struct doing *d, const char *id);
/* The earliest next attempt that is known; 0 none. */
int64_t doing_next(const struct doing *d, const struct walk_message *m,
	const struct schedule *s);
/* The relay that an administrator gave recipient i, until the next call; ""
 * none. */
const char *doing_relay(const struct walk_message *m, size_t i);

#endif
