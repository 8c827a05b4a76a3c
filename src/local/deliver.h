/* SPDX-License-Identifier: 0BSD */
/* deliver - one delivery from its home directory to its result */
#ifndef LOCAL_DELIVER_H
#define LOCAL_DELIVER_H

#include "local/delivery.h"
#include "local/result.h"

/* Do it, as the user we already are, and replace *r by what became of it.
 * Changes the working directory to d->home. */
void deliver(const struct delivery *d, struct result *r);

#endif
