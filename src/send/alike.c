/* SPDX-License-Identifier: 0BSD */
/* alike - the part of known.h that finds messages by what they wait for */
#include <string.h>

#include "lib/str.h"
#include "send/known.h"
#include "send/slots.h"

static uint32_t *buckets; /* by hash: first slot */
static size_t nbuckets;
static struct {
	bool on;
	uint32_t hash, at;
} walks[KNOWN_WALKS];
static size_t nwalks;

void
slots_link(uint32_t slot)
{
	uint32_t *first = &buckets[slots[slot].hash & (nbuckets - 1)];

	slots[slot].prev = KNOWN_NONE;
	slots[slot].next = *first;
	if (*first != KNOWN_NONE)
		slots[*first].prev = slot;
	*first = slot;
}

void
slots_unlink(uint32_t slot)
{
	struct slot *s = &slots[slot];
	size_t i;

	for (i = 0; nwalks && i < KNOWN_WALKS; i++)
		if (walks[i].on && walks[i].at == slot)
			walks[i].at = s->next;
	if (s->prev != KNOWN_NONE)
		slots[s->prev].next = s->next;
	else
		buckets[s->hash & (nbuckets - 1)] = s->next;
	if (s->next != KNOWN_NONE)
		slots[s->next].prev = s->prev;
}

void
slots_relink(size_t n)
{
	uint32_t s;
	size_t i;

	nbuckets = n;
	buckets = xrealloc(buckets, nbuckets * sizeof(*buckets));
	memset(buckets, 0xff, nbuckets * sizeof(*buckets));
	for (s = 0; s < nslots; s++)
		if (slots[s].rnd & LIVE)
			slots_link(s);
	for (i = 0; i < KNOWN_WALKS; i++)
		walks[i].at = buckets[walks[i].hash & (nbuckets - 1)];
}

void
known_for(uint32_t slot, uint32_t hash)
{
	if (slots[slot].hash == hash)
		return;
	slots_unlink(slot);
	slots[slot].hash = hash;
	slots_link(slot);
}

uint32_t
known_hash(uint32_t slot)
{
	return slots[slot].hash;
}

int
known_walk(uint32_t hash)
{
	int i;

	for (i = 0; i < KNOWN_WALKS && walks[i].on; i++)
		;
	if (i == KNOWN_WALKS || !nbuckets)
		return -1;
	walks[i].on = true;
	walks[i].hash = hash;
	walks[i].at = buckets[hash & (nbuckets - 1)];
	nwalks++;
	return i;
}

uint32_t
known_walk_next(int walk)
{
	uint32_t s;

	/* others share the bucket */
	while ((s = walks[walk].at) != KNOWN_NONE) {
		walks[walk].at = slots[s].next;
		if (slots[s].hash == walks[walk].hash)
			return s;
	}
	walks[walk].on = false;
	nwalks--;
	return KNOWN_NONE;
}
