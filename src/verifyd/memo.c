/* SPDX-License-Identifier: 0BSD */
#include "verifyd/memo.h"

#include <string.h>

#include "lib/map.h"
#include "lib/rand.h"

/* MEMO_SLOTS: too long to be kept. */
static size_t
slot_of(struct memo *m, const char *addr)
{
	size_t n = strlen(addr);

	if (n >= MEMO_ADDR)
		return MEMO_SLOTS;
	if (!m->seed[0] && !m->seed[1])
		rand_bytes(m->seed, sizeof m->seed);
	return map_hash(m->seed, addr, n) % MEMO_SLOTS;
}

const struct verify_answer *
memo_get(struct memo *m, const char *addr, int64_t now)
{
	size_t i = slot_of(m, addr);

	if (i == MEMO_SLOTS || m->until[i] <= now ||
		strcmp(m->slot[i].addr, addr) != 0)
		return NULL;
	return &m->slot[i].a;
}

void
memo_put(struct memo *m, const char *addr, const struct verify_answer *a,
	int64_t now)
{
	size_t i = slot_of(m, addr);

	if (i == MEMO_SLOTS ||
		(a->class != VERIFY_YES && a->class != VERIFY_NO))
		return;
	strcpy(m->slot[i].addr, addr);
	m->slot[i].a = *a;
	m->until[i] =
		now + (a->class == VERIFY_YES ? VERIFY_FRESH_MS : MEMO_NO_MS);
}

void
memo_clear(struct memo *m)
{
	memset(m->until, 0, sizeof m->until);
}
