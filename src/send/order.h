/* SPDX-License-Identifier: 0BSD */
/* order - what an administrator orders about messages, step by step
 *
 * An order for one message: it is loaded, what the order needs is written
 * (reasons, relays), synced by quill-clean, the marks are changed, synced, and
 * then the outcome is told. Killed at any time, a recipient has its old mark
 * or its new one, and a mark never comes before what it needs.
 */
#ifndef SEND_ORDER_H
#define SEND_ORDER_H

#include <stdbool.h>
#include <stddef.h>

#include "wire/ctl.h"

enum { ORDERS = 64 }; /* at once */

/* Called once for an order; arg as given, NULL when order_forget was called. */
typedef void order_told_fn(void *arg, const struct ctl_outcome *o);

/* Is there room for another one? */
bool order_room(void);
/* Begin: q is the request, the id and its recipients at rcpts. */
void order_begin(const struct ctl_asked *q, struct qid id, size_t rcpts,
	unsigned long uid, order_told_fn *told, void *arg);
/* Nobody wants to know any more. */
void order_forget(void *arg);
/* quill-clean has answered that request. */
void order_answered(size_t ticket, bool done);
size_t order_running(void);

#endif
