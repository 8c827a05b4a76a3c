/* SPDX-License-Identifier: 0BSD */
/* What waits for destinations: parked parts, and lines of messages. */
#include <string.h>

#include "send/part.h"
#include "send/turn.h"

const struct turn_ops *turn_ops;
/* Destinations that can take from their lines; that went down with lines. */
static struct dest *wanting[NCHAN], *draining;

void
turn_init(const struct turn_ops *o)
{
	turn_ops = o;
}

void
park_out(struct part *q)
{
	struct dest *d = q->limiter;
	bool f = q->p->fresh;

	*(q->prev ? &q->prev->next : &d->parked[f].first) = q->next;
	*(q->next ? &q->next->prev : &d->parked[f].last) = q->prev;
	q->parked = false;
	d->nparked--;
}

/* It is counted with its limiter no more; others may be offered there. */
void
park_letgo(struct part *q, int64_t now)
{
	struct dest *d = q->limiter;
	bool offered = q->offered;

	q->limiter = NULL;
	q->offered = false;
	if (!d)
		return;
	if (offered) {
		d->offered--;
		park_unpark(d, now);
	}
	dest_unref(d, now);
}

static void
want(struct dest *d)
{
	if (d->listed)
		return;
	d->listed = true;
	d->want = wanting[d->chan];
	wanting[d->chan] = d;
	dest_ref(d);
}

static bool
line_waits(const struct dest *d)
{
	return line_count(&d->line[0]) || line_count(&d->line[1]);
}

/* Of two queues, the one whose turn it is. */
static bool
pick_fresh(struct dest *d, bool retry_waits, bool fresh_waits)
{
	if (!retry_waits || !fresh_waits)
		return fresh_waits;
	return ++d->turn % TURN_RETRIES != 0;
}

int64_t
park_until(const struct dest *d, enum dest_may may)
{
	return may == DEST_DOWN ? d->until : d->next / 1000;
}

void
turn_waits(struct pass *p, const struct dest *d)
{
	p->many |= p->hash && p->hash != d->hash;
	p->hash = d->hash;
}

/* The destination is not tried until then: so is the part. q is freed. */
void
park_putoff(struct part *q, struct dest *limiter, int64_t until, int64_t now)
{
	struct pass *p = q->p;

	dest_ref(limiter);
	turn_waits(p, q->dest);
	turn_ops->put_off(p, q->at, q->end, limiter, until);
	part_free(q, now);
	dest_unref(limiter, now);
}

static void
put_off_parked(struct dest *d, int64_t now)
{
	int f;

	for (f = 0; f < 2; f++) {
		struct part *q;

		while ((q = d->parked[f].first)) {
			struct pass *p = q->p;

			park_out(q);
			park_putoff(q, d, d->until, now);
			part_checkover(p);
		}
	}
	if (line_waits(d) && !d->draining) {
		d->draining = true;
		d->drain = draining;
		draining = d;
		dest_ref(d);
	}
}

/* Give back to their passes as many parts as may start. */
void
park_unpark(struct dest *d, int64_t now)
{
	dest_ref(d);
	while (d->nparked || line_waits(d)) {
		enum dest_may may = dest_may(d, now, false);
		struct part *q;
		bool f;

		if (may == DEST_DOWN) {
			put_off_parked(d, now);
			break;
		}
		if (may == DEST_RATE)
			dest_settimer(d);
		if (may != DEST_GO || d->running + d->offered >= dest_limit(d))
			break;
		if (d->every && d->offered)
			break; /* one by one */
		if (!d->nparked) {
			want(d);
			break;
		}
		f = pick_fresh(d, d->parked[0].first, d->parked[1].first);
		q = d->parked[f].first;
		park_out(q);
		q->offered = true;
		d->offered++;
		part_ready(q, true);
		part_enqueue(q->dest->chan, q->p);
	}
	dest_unref(d, now);
}

/* All that is left of it is parked: it need not stay loaded. */
void
park_away(struct pass *p, struct dest *limiter, int chan, int64_t now)
{
	bool fresh = p->fresh;
	const struct part *q;
	uint32_t slot;

	if (limiter->nparked <= TURN_PARKED && !turn_ops->crowded(chan))
		return;
	for (q = p->parts; q; q = q->snext)
		turn_waits(p, q->dest);
	dest_ref(limiter);
	if (turn_ops->put_away(p, &slot))
		turn_line(limiter, slot, fresh);
	dest_unref(limiter, now);
}

void
park_part(struct part *q, struct dest *limiter, int64_t now)
{
	struct pass *p = q->p;
	bool f = p->fresh;

	/* first to the new place, so that let_go does not offer it again */
	dest_ref(limiter);
	park_letgo(q, now);
	q->limiter = limiter;
	q->parked = true;
	q->next = NULL;
	q->prev = limiter->parked[f].last;
	*(q->prev ? &q->prev->next : &limiter->parked[f].first) = q;
	limiter->parked[f].last = q;
	limiter->nparked++;
	if (dest_may(limiter, now, false) == DEST_RATE)
		dest_settimer(limiter);
}

void
park_ungrant(struct pass *p, int64_t now)
{
	struct dest *d = p->granted;

	if (!d)
		return;
	p->granted = NULL;
	d->offered--;
	park_unpark(d, now);
	dest_unref(d, now);
}

/* --- lines ---------------------------------------------------------------- */

void
turn_line(struct dest *d, uint32_t slot, bool fresh)
{
	if (!line_waits(d))
		dest_ref(d);
	line_put(&d->line[fresh], slot);
}

static uint32_t
take_slot(struct dest *d)
{
	bool fresh =
		pick_fresh(d, line_count(&d->line[0]), line_count(&d->line[1]));

	return line_take(&d->line[fresh]);
}

bool
turn_wants(int chan)
{
	return wanting[chan] != NULL;
}

uint32_t
turn_take(int chan, int64_t now, struct dest **limiter)
{
	while (wanting[chan]) {
		struct dest *d = wanting[chan];
		uint32_t slot;

		if (line_waits(d) && !d->nparked &&
			dest_may(d, now, false) == DEST_GO &&
			d->running + d->offered < dest_limit(d) &&
			!(d->every && d->offered)) {
			dest_ref(d);
			d->offered++;
			slot = take_slot(d);
			if (!line_waits(d))
				dest_unref(d, now);
			*limiter = d;
			return slot;
		}
		wanting[chan] = d->want;
		d->listed = false;
		if (dest_may(d, now, false) == DEST_RATE)
			dest_settimer(d);
		dest_unref(d, now);
	}
	return KNOWN_NONE;
}

void
turn_grant(struct pass *p, struct dest *limiter, int64_t now)
{
	struct pass none = { .granted = limiter };

	if (p && !p->granted)
		p->granted = limiter;
	else
		park_ungrant(&none, now);
}

static void
drain(int64_t now)
{
	int i;

	for (i = 0; i < TURN_DRAIN && draining; i++) {
		struct dest *d = draining;

		if (line_waits(d) && d->until > now) {
			uint32_t slot = take_slot(d);

			turn_ops->put_off_slot(slot, d);
			if (!line_waits(d))
				dest_unref(d, now);
			continue;
		}
		draining = d->drain;
		d->draining = false;
		park_unpark(d, now);
		dest_unref(d, now);
	}
}

void
turn_step(int64_t now)
{
	struct dest *d;

	drain(now);
	while ((d = dest_timeout(now)))
		park_unpark(d, now);
}

int64_t
turn_next_step(int64_t now)
{
	return draining ? now : dest_next();
}
