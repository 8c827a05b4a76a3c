/* SPDX-License-Identifier: 0BSD */
#include "verifyd/memo.h"

#include <string.h>

#include "lib/map.h"
#include "lib/rand.h"

/* NULL: too long to be kept. */
static struct memo_slot *
slot_of(struct memo *m, const char *addr)
{
	size_t n = strlen(addr);

	if (n >= MEMO_ADDR)
		return NULL;
	if (!m->seed[0] && !m->seed[1])
		rand_bytes(m->seed, sizeof m->seed);
	return &m->slot[map_hash(m->seed, addr, n) % MEMO_SLOTS];
}

const struct verify_answer *
memo_get(struct memo *m, const char *addr, int64_t now)
{
	struct memo_slot *s = slot_of(m, addr);

	if (!s || s->until <= now || strcmp(s->addr, addr) != 0)
		return NULL;
	return &s->a;
}

void
memo_put(struct memo *m, const char *addr, const struct verify_answer *a,
	int64_t now)
{
	struct memo_slot *s = slot_of(m, addr);

	if (!s || (a->class != VERIFY_YES && a->class != VERIFY_NO))
		return;
	strcpy(s->addr, addr);
	s->a = *a;
	s->until =
		now + (a->class == VERIFY_YES ? VERIFY_FRESH_MS : MEMO_NO_MS);
}

void
memo_clear(struct memo *m)
{
	for (size_t i = 0; i < MEMO_SLOTS; i++)
		m->slot[i].until = 0;
}
