/* SPDX-License-Identifier: 0BSD */
/* batch - where recipients go, and which of them make the next job */
#ifndef SEND_BATCH_H
#define SEND_BATCH_H

#include "send/message.h"
#include "wire/job.h"

/* The channel of recipient i, and in out the address it goes to. */
int batch_route(const struct message *m, size_t i, struct str *out);
/* The relay that was ordered for it, or NULL. */
const char *batch_via(const struct message *m, size_t i);

/* Of a pass: order[k]'s destination (send/turn.h), a relay, domain or user;
 * the same as that of order[l]? Is it to be tried (still)? */
const char *batch_destination(const struct pass *p, size_t k);
bool batch_same(const struct pass *p, size_t k, size_t l);
bool batch_wanted(const struct pass *p, size_t k);

/* Fill *j, all but its number, with order[at] and, in the remote channel, those
 * of the same host behind it, at most max: j->nrcpt tells. j points into memory
 * that lasts until the next call. */
void batch_fill(
	struct job *j, const struct pass *p, int chan, size_t at, size_t max);

#endif
