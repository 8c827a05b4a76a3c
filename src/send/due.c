/* SPDX-License-Identifier: 0BSD */
/* due - the part of known.h that is about time: who is to be tried next */
#include "lib/prioq.h"
#include "send/known.h"
#include "send/slots.h"

enum { STEP = 60 }; /* s: less is a clock that is being set right */

static struct prioq waiting;

/* Orders to try something now leave stale items: they must not pile up. */
static void
tidy(void)
{
	uint32_t s;
	int c;

	if (waiting.count < 4 * known_count() + 1024)
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

int64_t
known_clock(int64_t now, int64_t mono)
{
	static bool started;
	static int64_t ahead; /* of mono, ms: the most so far */
	int64_t a = now * 1000 - mono, back;
	uint32_t s;
	int c;

	if (!started || a > ahead)
		ahead = a;
	started = true;
	back = (ahead - a) / 1000;
	if (back < STEP)
		return 0;
	ahead = a;
	prioq_free(&waiting);
	for (s = 0; s < nslots; s++)
		for (c = 0; c < NCHAN; c++)
			if ((slots[s].rnd & LIVE) &&
				slots[s].when[c] < KNOWN_INLINE)
				known_wait(s, c, slots[s].when[c] - back);
	return back;
}
