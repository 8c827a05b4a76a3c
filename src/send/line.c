/* SPDX-License-Identifier: 0BSD */
#include "send/line.h"

#include <stdlib.h>

#include "lib/str.h"

void
line_put(struct line *l, uint32_t slot)
{
	if (line_count(l) == l->cap) {
		size_t n = l->cap ? l->cap * 2 : 4;
		uint32_t *new = xmalloc(n * sizeof(*new));
		size_t i;

		for (i = l->head; i != l->tail; i++)
			new[i % n] = l->slot[i % l->cap];
		free(l->slot);
		l->slot = new;
		l->cap = n;
	}
	l->slot[l->tail++ % l->cap] = slot;
}

uint32_t
line_take(struct line *l)
{
	uint32_t slot = l->slot[l->head++ % l->cap];

	if (l->head == l->tail) {
		free(l->slot);
		*l = (struct line){ 0 };
	}
	return slot;
}
