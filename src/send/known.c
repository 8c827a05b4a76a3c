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
#define HELD	 0x08000000u
#define FORCED	 0x04000000u

struct slot {
	uint64_t us; /* free slots: index of the next free one */
	uint32_t rnd;
	uint32_t when[NCHAN];
	uint32_t hash;	     /* known_for */
	uint32_t next, prev; /* of the same bucket; KNOWN_NONE */
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
static uint32_t *buckets; /* by hash: first slot; as many as table has */
static struct {
	bool on;
	uint32_t hash, at;
} walks[KNOWN_WALKS];
static size_t nwalks, nheld;
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
link_up(uint32_t slot)
{
	uint32_t *first = &buckets[slots[slot].hash & (tablesize - 1)];

	slots[slot].prev = KNOWN_NONE;
	slots[slot].next = *first;
	if (*first != KNOWN_NONE)
		slots[*first].prev = slot;
	*first = slot;
}

static void
unlink_from(uint32_t slot)
{
	struct slot *s = &slots[slot];
	size_t i;

	for (i = 0; nwalks && i < KNOWN_WALKS; i++)
		if (walks[i].on && walks[i].at == slot)
			walks[i].at = s->next;
	if (s->prev != KNOWN_NONE)
		slots[s->prev].next = s->next;
	else
		buckets[s->hash & (tablesize - 1)] = s->next;
	if (s->next != KNOWN_NONE)
		slots[s->next].prev = s->prev;
}

/* The buckets after the table grew; walks begin anew. */
static void
link_all(void)
{
	uint32_t s;
	size_t i;

	buckets = xrealloc(buckets, tablesize * sizeof(*buckets));
	memset(buckets, 0xff, tablesize * sizeof(*buckets));
	for (s = 0; s < nslots; s++)
		if (slots[s].rnd & LIVE)
			link_up(s);
	for (i = 0; i < KNOWN_WALKS; i++)
		walks[i].at = buckets[walks[i].hash & (tablesize - 1)];
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
	link_all();
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
	link_up(s);
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
	unlink_from(slot);
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

/* Orders to try something now leave stale items: they must not pile up. */
static void
tidy(void)
{
	uint32_t s;
	int c;

	if (waiting.count < 4 * nlive + 1024)
		return;
	prioq_free(&waiting);
	for (s = 0; s < nslots; s++)
		for (c = 0; c < NCHAN; c++)
			if ((slots[s].rnd & LIVE) &&
				slots[s].when[c] < KNOWN_INLINE)
				prioq_push(&waiting,
					(struct prioq_item){
						slots[s].when[c], s });
}

void
known_wait(uint32_t slot, int chan, int64_t when)
{
	uint32_t w = when < 0			     ? 0
		     : when >= (int64_t)KNOWN_INLINE ? KNOWN_NEVER
						     : (uint32_t)when;

	slots[slot].when[chan] = w;
	/* the item of an earlier time is found stale when it comes up */
	tidy();
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

size_t
known_nattached(void)
{
	return nattached;
}

/* --- what it waits for ---------------------------------------------------- */

void
known_for(uint32_t slot, uint32_t hash)
{
	if (slots[slot].hash == hash)
		return;
	unlink_from(slot);
	slots[slot].hash = hash;
	link_up(slot);
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
	if (i == KNOWN_WALKS || !tablesize)
		return -1;
	walks[i].on = true;
	walks[i].hash = hash;
	walks[i].at = buckets[hash & (tablesize - 1)];
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

bool
known_isnew(uint32_t slot)
{
	return !(slots[slot].rnd & ASKED) && slots[slot].when[0] == KNOWN_NEVER;
}

/* --- flags ---------------------------------------------------------------- */

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
