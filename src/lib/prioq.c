/* SPDX-License-Identifier: 0BSD */
#include "lib/prioq.h"

#include <stdlib.h>

#include "lib/str.h"

void
prioq_free(struct prioq *q)
{
	free(q->items);
	*q = (struct prioq){ 0 };
}

void
prioq_push(struct prioq *q, struct prioq_item it)
{
	size_t i = q->count;

	if (i == q->cap) {
		q->cap = i ? i * 2 : 64;
		q->items = xrealloc(q->items, q->cap * sizeof *q->items);
	}
	q->count++;
	while (i) {
		size_t up = (i - 1) / 2;

		if (q->items[up].when <= it.when)
			break;
		q->items[i] = q->items[up];
		i = up;
	}
	q->items[i] = it;
}

const struct prioq_item *
prioq_min(const struct prioq *q)
{
	return q->count ? &q->items[0] : 0;
}

void
prioq_pop(struct prioq *q)
{
	struct prioq_item last;
	size_t i = 0, n;

	if (!q->count)
		return;
	n = --q->count;
	last = q->items[n];
	for (;;) {
		size_t kid = 2 * i + 1;

		if (kid >= n)
			break;
		if (kid + 1 < n && q->items[kid + 1].when < q->items[kid].when)
			kid++;
		if (last.when <= q->items[kid].when)
			break;
		q->items[i] = q->items[kid];
		i = kid;
	}
	if (n)
		q->items[i] = last;
}
