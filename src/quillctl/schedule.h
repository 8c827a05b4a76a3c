/* SPDX-License-Identifier: 0BSD */
/* schedule - the control files that say when a message is tried again */
#ifndef QUILLCTL_SCHEDULE_H
#define QUILLCTL_SCHEDULE_H

#include <stdint.h>

struct schedule {
	uint64_t lifetime, local, remote;
};

/* What quill-send would read; a bad file is a warning, and its default. */
void schedule_read(struct schedule *s);

#endif
