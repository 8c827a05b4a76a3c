/* SPDX-License-Identifier: 0BSD */
/* line - slots of messages, first come, first served; 4 bytes each */
#ifndef SEND_LINE_H
#define SEND_LINE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Zero-initialise. */
struct line {
	uint32_t *slot;
	size_t cap, head, tail;
};

static inline size_t
line_count(const struct line *l)
{
	return l->tail - l->head;
}

void line_put(struct line *l, uint32_t slot);
/* The first; there must be one. The last one gives the memory back. */
uint32_t line_take(struct line *l);

#endif
