/* SPDX-License-Identifier: 0BSD */
/* admit - which messages are loaded: new ones, those that are due, those whose
 * destination has room, as many as descriptors and turns allow */
#ifndef SEND_ADMIT_H
#define SEND_ADMIT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "wire/qpath.h"

/* A hint, or a scan, told of id: make it known, if it is not, and queue it as
 * new. */
void admit_new(struct qid id);
/* Start what is new or due, as far as there is room. */
void admit_run(int64_t now);
/* When admit_run will have work, s: 0 at once, KNOWN_NEVER when it waits for a
 * running message to end, or for nothing. */
uint32_t admit_next(void);
/* New ones that wait to be loaded, for the status. */
size_t admit_nnew(void);

/* For send/message.h. Is there room for another pass in a channel? Are there so
 * many that none should wait loaded? */
bool admit_hasroom(int chan, bool fresh);
bool admit_iscrowded(int chan);
/* A pass begins, or ends. */
void admit_count(int chan, bool fresh, bool on);
/* There is no room: it is loaded again when there is. */
void admit_wait(int chan, bool fresh, uint32_t slot);

#endif
