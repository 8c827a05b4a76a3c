/* SPDX-License-Identifier: 0BSD */
/* topk - the most frequent of any number of keys, in constant memory
 *
 * Space-saving (Metwally, Agrawal, El Abbadi 2005): TOPK counters, of which
 * the smallest is taken over, with its count, by a key that has none. So no
 * count is too small; it is too large by at most its own error, which is at
 * most (all that was counted) / TOPK, and 0 while there were no more keys than
 * counters. A key that is more than that fraction of all is in it for sure.
 */
#ifndef QUILLCTL_TOPK_H
#define QUILLCTL_TOPK_H

#include <stddef.h>
#include <stdint.h>

enum {
	TOPK = 2000,
	TOPK_KEY = 200, /* bytes of a key; what is longer is cut */
	TOPK_MORE = 3,
	TOPK_SLOTS = 4096,
};

struct topk_item {
	char key[TOPK_KEY + 1];
	uint64_t count, error;
	/* the caller's sums, since the key has had this counter */
	uint64_t more[TOPK_MORE];
	uint64_t hash;
	uint16_t next; /* with the same slot; TOPK: none */
	uint16_t at;   /* in heap */
};

struct topk {
	struct topk_item item[TOPK];
	uint16_t heap[TOPK]; /* of items, the smallest count first */
	uint16_t slot[TOPK_SLOTS];
	size_t n;
	uint64_t all; /* counted */
	uint64_t seed[2];
};

void topk_init(struct topk *t);
/* Count a key once; its counter, for more[]. */
struct topk_item *topk_add(struct topk *t, const char *key);
/* The items in order, the largest count first, equal ones by key; the counters
 * cannot be added to after that. */
void topk_sort(struct topk *t);

#endif
