/* SPDX-License-Identifier: 0BSD */
/* batch - which recipients of a pass make the next job */
#ifndef SEND_BATCH_H
#define SEND_BATCH_H

#include "send/message.h"
#include "wire/job.h"

/* Fill *j, all but its number, from the pass: its next recipient and, in the
 * remote channel, those of the same host behind it. j points into memory that
 * lasts until the next call. The pass does not move; j->nrcpt tells. */
void batch_fill(struct job *j, const struct pass *p, int chan);

#endif
