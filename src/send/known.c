/* SPDX-License-Identifier: 0BSD */
#include "send/known.h"

#include <string.h>

#include "lib/prioq.h"
#include "lib/str.h"

/* rnd has 25 bits; the rest of that word are flags. */
#define RND_MASK 0x1ffffffu
#define LIVE	 0x80000000u
#define ATTACHED 0x40000000u
#define ASKED	 0x20000000u /* known_first */
#define TRUSTED	 0x10000000u

struct slot {
	uint64_t us; /* free slots: index of the next free one */
	uint32_t rnd;
	uint32_t when[NCHAN];
};

struct attachment {
	uint32_t slot;
	void *p;
};

static struct slot *slots;
static uint32_t nslots, capslots, firstfree = KNOWN_NONE;
static size_t nlive;
static uint32_t *table; /* open addressing, slot + 1; 0 empty */
static size_t tablesize;
static struct prioq waiting;
/* few: as many as messages are being worked on */
static struct attachment *attached;
static size_t nattached, capattached;

static size_t
home(uint64_t us, uint32_t rnd)
{
	uint64_t h = (us ^ ((uint64_t)rnd << 32)) * 0x9e3779b97f4a7c15u;

	return (size_t)(h >> 20) & (tablesize - 1);
}

static void
enter(uint32_t slot)
{
	size_t i = home(slots[slot].us, slots[slot].rnd & RND_MASK);

	while (table[i])
		i = (i + 1) & (tablesize - 1);
	table[i] = slot + 1;
}

static void
grow(void)
{
	uint32_t s;

	tablesize = tablesize ? tablesize * 2 : 1024;
	table = xrealloc(table, tablesize * sizeof(*table));
	memset(table, 0, tablesize * sizeof(*table));
	for (s = 0; s < nslots; s++)
		if (slots[s].rnd & LIVE)
			enter(s);
}

static size_t
position(struct qid id)
{
	size_t i = home(id.us, id.rnd);

	for (; table[i]; i = (i + 1) & (tablesize - 1)) {
		const struct slot *s = &slots[table[i] - 1];

		if (s->us == id.us && (s->rnd & RND_MASK) == id.rnd)
			return i;
	}
	return tablesize;
}

uint32_t
known_find(struct qid id)
{
	size_t i;

	if (!tablesize)
		return KNOWN_NONE;
	i = position(id);
	return i == tablesize ? KNOWN_NONE : table[i] - 1;
}

uint32_t
known_add(struct qid id)
{
	uint32_t s = firstfree;

	if ((nlive + 1) * 4 > tablesize * 3)
		grow();
	if (s != KNOWN_NONE) {
		firstfree = (uint32_t)slots[s].us;
	} else {
		if (nslots == capslots) {
			capslots = capslots ? capslots + capslots / 2 : 256;
			slots = xrealloc(slots, capslots * sizeof(*slots));
		}
		s = nslots++;
	}
	slots[s].us = id.us;
	slots[s].rnd = id.rnd | LIVE;
	known_rest(s);
	nlive++;
	enter(s);
	return s;
}

/* Linear probing: what follows the hole moves up, so there are no
 * tombstones. */
static void
leave(size_t hole)
{
	size_t i = hole;

	for (;;) {
		const struct slot *s;
		size_t h;

		table[hole] = 0;
		do {
			i = (i + 1) & (tablesize - 1);
			if (!table[i])
				return;
			s = &slots[table[i] - 1];
			h = home(s->us, s->rnd & RND_MASK);
			/* stays when its home lies cyclically in (hole, i] */
		} while (hole <= i ? (hole < h && h <= i)
				   : (hole < h || h <= i));
		table[hole] = table[i];
		hole = i;
	}
}

void
known_forget(uint32_t slot)
{
	known_attach(slot, NULL);
	leave(position(known_id(slot)));
	slots[slot].rnd = 0;
	known_rest(slot);
	slots[slot].us = firstfree;
	firstfree = slot;
	nlive--;
}

struct qid
known_id(uint32_t slot)
{
	struct qid id = { .us = slots[slot].us,
		.rnd = slots[slot].rnd & RND_MASK };

	return id;
}

size_t
known_count(void)
{
	return nlive;
}

void
known_wait(uint32_t slot, int chan, int64_t when)
{
	uint32_t w = when < 0			     ? 0
		     : when >= (int64_t)KNOWN_INLINE ? KNOWN_NEVER
						     : (uint32_t)when;

	slots[slot].when[chan] = w;
	/* the item of an earlier time is found stale when it comes up */
	if (w != KNOWN_NEVER)
		prioq_push(&waiting, (struct prioq_item){ w, slot });
}

uint32_t
known_when(uint32_t slot, int chan)
{
	return slots[slot].when[chan];
}

void
known_line(uint32_t slot, int chan)
{
	slots[slot].when[chan] = KNOWN_INLINE;
}

bool
known_first(uint32_t slot)
{
	bool first = !(slots[slot].rnd & ASKED);

	slots[slot].rnd |= ASKED;
	return first;
}

void
known_trust(uint32_t slot)
{
	slots[slot].rnd |= TRUSTED;
}

bool
known_trusted(uint32_t slot)
{
	return slots[slot].rnd & TRUSTED;
}

void
known_rest(uint32_t slot)
{
	int c;

	for (c = 0; c < NCHAN; c++)
		slots[slot].when[c] = KNOWN_NEVER;
}

/* Drop items whose slot is gone or was given another time. */
static const struct prioq_item *
front(void)
{
	const struct prioq_item *it;

	while ((it = prioq_min(&waiting))) {
		const struct slot *s = &slots[it->what];

		if ((s->rnd & LIVE) &&
			(s->when[CHAN_LOCAL] == it->when ||
				s->when[CHAN_REMOTE] == it->when))
			return it;
		prioq_pop(&waiting);
	}
	return NULL;
}

uint32_t
known_due(int64_t now)
{
	const struct prioq_item *it = front();
	uint32_t slot;

	if (!it || it->when > now)
		return KNOWN_NONE;
	slot = it->what;
	prioq_pop(&waiting);
	return slot;
}

uint32_t
known_next(void)
{
	const struct prioq_item *it = front();

	return it ? it->when : KNOWN_NEVER;
}

void
known_hurry(int64_t now)
{
	uint32_t s;
	int c;

	prioq_free(&waiting);
	for (s = 0; s < nslots; s++)
		for (c = 0; c < NCHAN; c++)
			if ((slots[s].rnd & LIVE) &&
				slots[s].when[c] < KNOWN_INLINE)
				known_wait(s, c, now);
}

static struct attachment *
attachment(uint32_t slot)
{
	size_t i;

	for (i = 0; i < nattached; i++)
		if (attached[i].slot == slot)
			return &attached[i];
	return NULL;
}

void
known_attach(uint32_t slot, void *p)
{
	struct attachment *a;

	if (slots[slot].rnd & ATTACHED) {
		a = attachment(slot);
		slots[slot].rnd &= ~ATTACHED;
		*a = attached[--nattached];
	}
	if (!p)
		return;
	if (nattached == capattached) {
		capattached = capattached ? capattached * 2 : 64;
		attached = xrealloc(attached, capattached * sizeof(*attached));
	}
	attached[nattached++] = (struct attachment){ slot, p };
	slots[slot].rnd |= ATTACHED;
}

void *
known_attached(uint32_t slot)
{
	return slots[slot].rnd & ATTACHED ? attachment(slot)->p : NULL;
}
