/* SPDX-License-Identifier: 0BSD */
/* prioq - binary heap of (when, what) pairs, 8 bytes each */
#ifndef LIB_PRIOQ_H
#define LIB_PRIOQ_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct prioq_item {
	uint32_t when; /* smallest first */
	uint32_t what;
};

struct prioq {
	struct prioq_item *items;
	size_t count, cap;
};

void prioq_free(struct prioq *q);
void prioq_push(struct prioq *q, struct prioq_item it);
/* The smallest, without removing it; NULL when empty. */
const struct prioq_item *prioq_min(const struct prioq *q);
/* Remove the smallest. */
void prioq_pop(struct prioq *q);

#endif
