/* SPDX-License-Identifier: 0BSD */
#include "lib/map.h"

#include <stdlib.h>
#include <string.h>
#include <sys/auxv.h>

#include "lib/rand.h"
#include "lib/str.h"

struct map_slot {
	uint64_t hash;
	char *key; /* key, value, NUL in one piece; NULL: free */
	size_t klen, vlen;
};

static uint64_t
rotl(uint64_t x, int n)
{
	return x << n | x >> (64 - n);
}

static void
sip_round(uint64_t v[4])
{
	v[0] += v[1];
	v[2] += v[3];
	v[1] = rotl(v[1], 13) ^ v[0];
	v[3] = rotl(v[3], 16) ^ v[2];
	v[0] = rotl(v[0], 32);
	v[2] += v[1];
	v[0] += v[3];
	v[1] = rotl(v[1], 17) ^ v[2];
	v[3] = rotl(v[3], 21) ^ v[0];
	v[2] = rotl(v[2], 32);
}

static uint64_t
little64(const unsigned char *p, size_t n)
{
	uint64_t x = 0;

	while (n--)
		x = x << 8 | p[n];
	return x;
}

static void
sip_word(uint64_t v[4], uint64_t word)
{
	v[3] ^= word;
	sip_round(v);
	sip_round(v);
	v[0] ^= word;
}

uint64_t
map_hash(const uint64_t seed[2], const void *p, size_t n)
{
	const unsigned char *s = p;
	uint64_t v[4] = { seed[0] ^ 0x736f6d6570736575,
		seed[1] ^ 0x646f72616e646f6d, seed[0] ^ 0x6c7967656e657261,
		seed[1] ^ 0x7465646279746573 };
	size_t left = n;

	for (; left >= 8; s += 8, left -= 8)
		sip_word(v, little64(s, 8));
	sip_word(v, little64(s, left) | (uint64_t)n << 56);
	v[2] ^= 0xff;
	for (int i = 0; i < 4; i++)
		sip_round(v);
	return v[0] ^ v[1] ^ v[2] ^ v[3];
}

/* The kernel gave every program 16 random bytes at exec, so that no system
 * call is needed; libc's stack guard is made of them too, so hash them. */
static void
make_seed(uint64_t seed[2])
{
	unsigned long at = getauxval(AT_RANDOM);
	uint64_t raw[2];

	if (at)
		memcpy(raw, (const void *)at, sizeof raw);
	else
		rand_bytes(raw, sizeof raw);
	seed[0] = map_hash(raw, "map 0", 5);
	seed[1] = map_hash(raw, "map 1", 5);
}

void
map_init(struct map *m)
{
	*m = (struct map){ 0 };
	make_seed(m->seed);
}

void
map_free(struct map *m)
{
	for (size_t i = 0; i < m->nslots; i++)
		free(m->slots[i].key);
	free(m->slots);
	m->slots = 0;
	m->nslots = m->count = 0;
}

/* The slot that holds the key, or the free one where it belongs. */
static struct map_slot *
find(const struct map *m, uint64_t hash, const void *key, size_t klen)
{
	size_t i = (size_t)hash & (m->nslots - 1);

	for (;; i = (i + 1) & (m->nslots - 1)) {
		struct map_slot *s = &m->slots[i];

		if (!s->key || (s->hash == hash && s->klen == klen &&
				       (!klen || !memcmp(s->key, key, klen))))
			return s;
	}
}

static void
grow(struct map *m)
{
	struct map bigger = *m;

	/* few at first: most lists have one or two entries, and for a larger
	 * piece of memory malloc asks the system */
	bigger.nslots = m->nslots ? m->nslots * 2 : 4;
	bigger.slots = xmalloc(bigger.nslots * sizeof *bigger.slots);
	memset(bigger.slots, 0, bigger.nslots * sizeof *bigger.slots);
	for (size_t i = 0; i < m->nslots; i++) {
		struct map_slot *s = &m->slots[i];

		if (s->key)
			*find(&bigger, s->hash, s->key, s->klen) = *s;
	}
	free(m->slots);
	*m = bigger;
}

void
map_put(struct map *m, const void *key, size_t klen, const void *val,
	size_t vlen)
{
	uint64_t hash = map_hash(m->seed, key, klen);
	struct map_slot *s;
	char *kv = xmalloc(klen + vlen + 1);

	if (klen)
		memcpy(kv, key, klen);
	if (vlen)
		memcpy(kv + klen, val, vlen);
	kv[klen + vlen] = 0;
	if (m->count >= m->nslots / 4 * 3)
		grow(m);
	s = find(m, hash, key, klen);
	if (!s->key)
		m->count++;
	free(s->key);
	*s = (struct map_slot){ hash, kv, klen, vlen };
}

void
map_remove(struct map *m, const void *key, size_t klen)
{
	struct map_slot *s, moved;
	size_t i;

	if (!m->count)
		return;
	s = find(m, map_hash(m->seed, key, klen), key, klen);
	if (!s->key)
		return;
	free(s->key);
	*s = (struct map_slot){ 0 };
	m->count--;
	/* what was put behind it because of it must be found again */
	for (i = (size_t)(s - m->slots);;) {
		i = (i + 1) & (m->nslots - 1);
		moved = m->slots[i];
		if (!moved.key)
			return;
		m->slots[i] = (struct map_slot){ 0 };
		*find(m, moved.hash, moved.key, moved.klen) = moved;
	}
}

const char *
map_get(const struct map *m, const void *key, size_t klen, size_t *vlen)
{
	const struct map_slot *s;

	if (!m->count)
		return 0;
	s = find(m, map_hash(m->seed, key, klen), key, klen);
	if (!s->key)
		return 0;
	if (vlen)
		*vlen = s->vlen;
	return s->key + s->klen;
}
