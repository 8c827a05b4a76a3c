/* SPDX-License-Identifier: 0BSD */
#include "quillctl/topk.h"

#include <stdlib.h>
#include <string.h>

#include "lib/map.h"

void
topk_init(struct topk *t)
{
	struct map m;
	size_t i;

	t->n = 0;
	t->all = 0;
	map_init(&m); /* a seed that strangers do not know */
	memcpy(t->seed, m.seed, sizeof(t->seed));
	map_free(&m);
	for (i = 0; i < TOPK_SLOTS; i++)
		t->slot[i] = TOPK;
}

/* --- the heap ------------------------------------------------------------- */

static uint64_t
count_at(const struct topk *t, size_t i)
{
	return t->item[t->heap[i]].count;
}

static void
place(struct topk *t, size_t i, uint16_t item)
{
	t->heap[i] = item;
	t->item[item].at = (uint16_t)i;
}

/* The count at i has grown. */
static void
sink(struct topk *t, size_t i)
{
	uint16_t item = t->heap[i];
	uint64_t count = t->item[item].count;
	size_t child;

	for (; (child = 2 * i + 1) < t->n; i = child) {
		if (child + 1 < t->n &&
			count_at(t, child + 1) < count_at(t, child))
			child++;
		if (count_at(t, child) >= count)
			break;
		place(t, i, t->heap[child]);
	}
	place(t, i, item);
}

/* A new item at the end, with count 0. */
static void
rise(struct topk *t, uint16_t item)
{
	size_t i = t->n++;

	for (; i > 0 && count_at(t, (i - 1) / 2) > 0; i = (i - 1) / 2)
		place(t, i, t->heap[(i - 1) / 2]);
	place(t, i, item);
}

/* --- keys ----------------------------------------------------------------- */

static uint16_t *
slot_of(struct topk *t, uint64_t hash)
{
	return &t->slot[hash % TOPK_SLOTS];
}

static void
forget(struct topk *t, uint16_t item)
{
	uint16_t *at = slot_of(t, t->item[item].hash);

	while (*at != item)
		at = &t->item[*at].next;
	*at = t->item[item].next;
}

static uint16_t
take(struct topk *t, const char *key, size_t len, uint64_t hash)
{
	uint16_t i = t->n < TOPK ? (uint16_t)t->n : t->heap[0];
	uint16_t *slot = slot_of(t, hash);
	struct topk_item *item = &t->item[i];

	if (t->n < TOPK) {
		item->count = 0;
		rise(t, i);
	} else {
		forget(t, i);
	}
	memcpy(item->key, key, len);
	item->key[len] = '\0';
	item->hash = hash;
	item->next = *slot;
	*slot = i;
	item->error = item->count;
	memset(item->more, 0, sizeof(item->more));
	return i;
}

struct topk_item *
topk_add(struct topk *t, const char *key)
{
	size_t len = strnlen(key, TOPK_KEY);
	uint64_t hash = map_hash(t->seed, key, len);
	struct topk_item *item;
	uint16_t i;

	for (i = *slot_of(t, hash); i != TOPK; i = t->item[i].next)
		if (t->item[i].hash == hash && !t->item[i].key[len] &&
			memcmp(t->item[i].key, key, len) == 0)
			break;
	if (i == TOPK)
		i = take(t, key, len, hash);
	item = &t->item[i];
	item->count++;
	t->all++;
	sink(t, item->at);
	return item;
}

static int
by_count(const void *p, const void *q)
{
	const struct topk_item *a = p, *b = q;

	if (a->count != b->count)
		return a->count > b->count ? -1 : 1;
	return strcmp(a->key, b->key);
}

void
topk_sort(struct topk *t)
{
	if (t->n)
		qsort(t->item, t->n, sizeof(*t->item), by_count);
}
