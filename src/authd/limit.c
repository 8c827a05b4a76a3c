/* SPDX-License-Identifier: 0BSD */
#include "authd/limit.h"

#include <string.h>

#include "lib/ipaddr.h"
#include "lib/map.h"
#include "lib/rand.h"

void
limit_key(uint8_t key[LIMIT_KEY], const char *client)
{
	size_t n = strlen(client);
	struct ipaddr a;

	memset(key, 0, LIMIT_KEY);
	if (ipaddr_parse(client, n, &a)) {
		key[0] = a.family == AF_INET ? 4 : 6;
		memcpy(key + 1, a.b, a.family == AF_INET ? 4 : 8);
		return;
	}
	key[0] = 1;
	memcpy(key + 1, client, n < LIMIT_KEY - 1 ? n : LIMIT_KEY - 1);
}

/* Forget what is old. */
static void
age(struct limit_entry *e, int64_t now)
{
	int64_t n = (now - e->since) / LIMIT_FORGET_MS;

	if (n <= 0)
		return;
	e->count = (int64_t)e->count > n ? e->count - (uint32_t)n : 0;
	e->since += n * LIMIT_FORGET_MS;
}

/* The client's entry; else NULL, or with make one that is free now. */
static struct limit_entry *
entry(struct limit *l, const char *client, int64_t now, bool make)
{
	struct limit_entry *set, *least;
	uint8_t key[LIMIT_KEY];

	if (!l->seed[0] && !l->seed[1])
		rand_bytes(l->seed, sizeof l->seed);
	limit_key(key, client);
	set = l->set[map_hash(l->seed, key, LIMIT_KEY) % LIMIT_SETS];
	least = set;
	for (int i = 0; i < LIMIT_WAYS; i++) {
		age(&set[i], now);
		if (set[i].count && memcmp(set[i].key, key, LIMIT_KEY) == 0)
			return &set[i];
		if (set[i].count < least->count)
			least = &set[i];
	}
	if (!make)
		return NULL;
	memcpy(least->key, key, LIMIT_KEY);
	least->count = 0;
	least->since = now;
	return least;
}

uint32_t
limit_count(struct limit *l, const char *client, int64_t now)
{
	const struct limit_entry *e = entry(l, client, now, false);

	return e ? e->count : 0;
}

void
limit_failed(struct limit *l, const char *client, int64_t now)
{
	struct limit_entry *e = entry(l, client, now, true);

	if (e->count < UINT32_MAX)
		e->count++;
}
