/* SPDX-License-Identifier: 0BSD */
#include "send/known.h"

#include <string.h>

#include "lib/str.h"
#include "send/slots.h"

struct attachment {
	uint32_t slot;
	void *p;
};

struct slot *slots;
uint32_t nslots;
static uint32_t capslots, firstfree = KNOWN_NONE;
static size_t nlive;
static uint32_t *table; /* open addressing, slot + 1; 0 empty */
static size_t tablesize;
static size_t nheld;
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
	slots_relink(tablesize);
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
	slots[s].hash = 0;
	known_rest(s);
	nlive++;
	enter(s);
	slots_link(s);
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
	known_hold(slot, false);
	slots_unlink(slot);
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

size_t
known_nattached(void)
{
	return nattached;
}

/* --- flags ---------------------------------------------------------------- */

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

bool
known_isnew(uint32_t slot)
{
	return !(slots[slot].rnd & ASKED) && slots[slot].when[0] == KNOWN_NEVER;
}

void
known_hold(uint32_t slot, bool held)
{
	if (held == known_isheld(slot))
		return;
	slots[slot].rnd ^= HELD;
	nheld += held ? 1 : (size_t)-1;
}

bool
known_isheld(uint32_t slot)
{
	return slots[slot].rnd & HELD;
}

size_t
known_nheld(void)
{
	return nheld;
}

void
known_force(uint32_t slot, bool force)
{
	slots[slot].rnd =
		force ? slots[slot].rnd | FORCED : slots[slot].rnd & ~FORCED;
}

bool
known_isforced(uint32_t slot)
{
	return slots[slot].rnd & FORCED;
}
