/* SPDX-License-Identifier: 0BSD */
/* schedule - the control files that say when a message is tried again */
#ifndef QUILLCTL_SCHEDULE_H
#define QUILLCTL_SCHEDULE_H

#include <stdint.h>

#include "quillctl/walk.h"
#include "wire/bydomain.h"

struct schedule {
	struct bydomain lifetimes;
	uint64_t local, remote;
};

/* What quill-send would read; a bad file is a warning, and its default. */
void schedule_read(struct schedule *s);
/* Seconds that the first of its recipients, of those to do, is kept. */
uint64_t schedule_lifetime(
	const struct schedule *s, const struct walk_message *m);

#endif
