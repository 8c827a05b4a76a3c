/* SPDX-License-Identifier: 0BSD */
#include "tlsd/cache.h"

#include <string.h>
#include <sys/mman.h>

#include "lib/crc32c.h"
#include "lib/map.h"
#include "lib/rand.h"

struct slot {
	uint64_t key; /* hash */
	uint32_t sum; /* of key, len and data */
	uint32_t len; /* 0: empty */
	uint8_t data[CACHE_DATA];
};
_Static_assert(sizeof(struct slot) <= CACHE_SLOT_SIZE, "slots");

static struct slot *slots;
static uint64_t seed[2];

int
cache_init(void)
{
	void *p = mmap(NULL, CACHE_SLOTS * sizeof(struct slot),
		PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);

	if (p == MAP_FAILED)
		return -1;
	slots = p;
	rand_bytes(seed, sizeof seed);
	return 0;
}

static uint32_t
sum(const struct slot *s)
{
	uint32_t crc = crc32c(0, &s->key, sizeof s->key);

	crc = crc32c(crc, &s->len, sizeof s->len);
	return crc32c(crc, s->data, s->len);
}

void
cache_put(const char *key, const uint8_t *p, size_t n)
{
	struct slot s;

	if (!slots || !n || n > CACHE_DATA)
		return;
	s.key = map_hash(seed, key, strlen(key));
	s.len = (uint32_t)n;
	memcpy(s.data, p, n);
	s.sum = sum(&s);
	memcpy(&slots[s.key % CACHE_SLOTS], &s,
		offsetof(struct slot, data) + n);
}

size_t
cache_take(const char *key, uint8_t *out)
{
	uint64_t hash;
	struct slot s, *at;

	if (!slots)
		return 0;
	hash = map_hash(seed, key, strlen(key));
	at = &slots[hash % CACHE_SLOTS];
	/* A copy: the slot can change while it is looked at. */
	memcpy(&s, at, sizeof s);
	if (!s.len || s.len > CACHE_DATA || s.key != hash || s.sum != sum(&s))
		return 0;
	at->len = 0;
	memcpy(out, s.data, s.len);
	return s.len;
}
