/* SPDX-License-Identifier: 0BSD */
#include "send/turn.h"

#include <stdlib.h>
#include <string.h>

#include "lib/str.h"
#include "send/part.h"

static struct ring {
	struct pass *last[2]; /* of circular lists: [fresh] */
	unsigned turn;
} rings[NCHAN];

/* --- rings ---------------------------------------------------------------- */

/* Is there something of p to be looked at? */
static bool
has_work(const struct pass *p)
{
	return p->ready || p->at < p->n;
}

void
part_enqueue(int chan, struct pass *p)
{
	struct pass **last = &rings[chan].last[p->fresh];

	if (p->queued)
		return;
	p->queued = true;
	if (*last) {
		p->next = (*last)->next;
		(*last)->next = p;
	} else {
		p->next = p;
	}
	*last = p;
}

static struct pass *
dequeue(struct pass **last)
{
	struct pass *p = (*last)->next;

	if (p == *last)
		*last = NULL;
	else
		(*last)->next = p->next;
	p->queued = false;
	return p;
}

static struct pass *
next_pass(struct ring *r, bool retries)
{
	bool fresh = ++r->turn % TURN_RETRIES != 0;

	if (!r->last[fresh])
		fresh = !fresh;
	if (!fresh && !retries)
		fresh = true;
	return r->last[fresh] ? dequeue(&r->last[fresh]) : NULL;
}

/* Out of its ring, wherever it stands; that is rare (an order, a shutdown). */
static void
leave_ring(struct pass *p)
{
	int c;

	for (c = 0; c < NCHAN && p->queued; c++) {
		struct pass **last = &rings[c].last[p->fresh], *q = *last;

		while (q && q->next != p && q->next != *last)
			q = q->next;
		if (!q || q->next != p)
			continue;
		q->next = p->next;
		if (*last == p)
			*last = q == p ? NULL : q;
		p->queued = false;
	}
}

/* --- parts of a pass ------------------------------------------------------ */

void
part_ready(struct part *q, bool first)
{
	struct pass *p = q->p;

	q->next = q->prev = NULL;
	if (!p->ready) {
		p->ready = p->readylast = q;
	} else if (first) {
		q->next = p->ready;
		p->ready->prev = q;
		p->ready = q;
	} else {
		q->prev = p->readylast;
		p->readylast->next = q;
		p->readylast = q;
	}
}

static void
out_of_ready(struct part *q)
{
	struct pass *p = q->p;

	*(q->prev ? &q->prev->next : &p->ready) = q->next;
	*(q->next ? &q->next->prev : &p->readylast) = q->prev;
}

void
part_free(struct part *q, int64_t now)
{
	struct pass *p = q->p;

	*(q->sprev ? &q->sprev->snext : &p->parts) = q->snext;
	if (q->snext)
		q->snext->sprev = q->sprev;
	park_letgo(q, now);
	dest_unref(q->dest, now);
	free(q);
}

/* The next destination of the pass. */
static struct part *
make_part(struct pass *p, int chan, int64_t now)
{
	struct part *q = xmalloc(sizeof(*q));
	size_t end = p->at + 1;

	*q = (struct part){ .p = p, .at = p->at, .snext = p->parts };
	q->dest = dest_get(chan, turn_ops->destination(p, p->at), now);
	dest_ref(q->dest);
	while (end < p->n && turn_ops->same(p, p->at, end))
		end++;
	q->end = p->at = end;
	if (p->parts)
		p->parts->sprev = q;
	p->parts = q;
	return q;
}

bool
turn_isover(const struct pass *p)
{
	return !p->parts && p->at == p->n;
}

void
part_checkover(struct pass *p)
{
	if (turn_isover(p) && !p->running && !p->unsure && !p->queued)
		turn_ops->over(p);
}

void
turn_drop(struct pass *p, int64_t now)
{
	leave_ring(p);
	p->at = p->n;
	while (p->parts) {
		struct part *q = p->parts;

		if (q->parked)
			park_out(q);
		else
			out_of_ready(q);
		part_free(q, now);
	}
	park_ungrant(p, now);
}

/* --- turns ---------------------------------------------------------------- */

static int
chan_of(const struct part *q)
{
	return q->dest->chan;
}

void
turn_add(int chan, struct pass *p)
{
	part_enqueue(chan, p);
}

/* A part of the pass to look at now, in no list; NULL when none is left. */
static struct part *
next_part(struct pass *p, int chan, int64_t now)
{
	struct part *q = p->ready;

	while (q) {
		out_of_ready(q);
		while (q->at < q->end && !turn_ops->wanted(p, q->at))
			q->at++;
		if (q->at < q->end)
			return q;
		part_free(q, now);
		q = p->ready;
	}
	while (p->at < p->n && !turn_ops->wanted(p, p->at))
		p->at++;
	return p->at < p->n ? make_part(p, chan, now) : NULL;
}

/* May it start, given what was promised to others? */
static enum dest_may
may_start(const struct part *q, struct dest *d, int64_t now)
{
	enum dest_may may = dest_may(d, now, q->p->forced);
	uint32_t promised = d->offered;

	promised -= q->offered && q->limiter == d;
	promised -= q->p->granted == d;
	if (may == DEST_GO && promised &&
		(d->every || d->running + promised >= dest_limit(d)))
		return DEST_WAIT;
	return may;
}

/* Can it start? If not it is parked at *where, or put off (NULL). */
static bool
try_part(struct part *q, int64_t now, struct turn *t, struct dest **where)
{
	struct pass *p = q->p;
	struct dest *d = dest_limiter(q->dest);
	enum dest_may may = may_start(q, d, now);
	int64_t until = park_until(d, may);

	*where = NULL;
	if (may == DEST_GO) {
		*t = (struct turn){ p, q, q->dest, d, q->at, q->end - q->at };
		return true;
	}
	if (may == DEST_DOWN ||
		(may == DEST_RATE && until > now + TURN_RATE_MAX)) {
		park_putoff(q, d, until, now);
	} else {
		park_part(q, d, now);
		*where = d;
	}
	return false;
}

/* One look at a pass, which is in no ring. */
static bool
look(struct pass *p, int chan, int64_t now, struct turn *t)
{
	struct dest *where = NULL;
	struct part *q;
	bool go;

	p->running++; /* it must not end while we are at it */
	q = next_part(p, chan, now);
	go = q && try_part(q, now, t, &where);
	if (!go)
		park_ungrant(p, now);
	p->running--;
	if (go)
		return true;
	if (has_work(p))
		part_enqueue(chan, p);
	else if (where && !p->running && !p->unsure)
		park_away(p, where, chan, now);
	else
		part_checkover(p);
	return false;
}

bool
turn_next(int chan, int64_t now, size_t most, bool retries, struct turn *t)
{
	struct pass *p;
	int i;

	for (i = 0; i < TURN_LOOKS; i++) {
		p = next_pass(&rings[chan], retries);
		if (!p)
			return false;
		/* turn_ended brings back what is left out here */
		if (p->running < most && look(p, chan, now, t))
			return true;
	}
	return false;
}

bool
turn_waiting(int chan, bool retries)
{
	return rings[chan].last[1] || (retries && rings[chan].last[0]);
}

void
turn_taken(const struct turn *t, size_t n, int64_t now)
{
	struct pass *p = t->p;
	struct part *q = t->part;
	int chan = chan_of(q);

	q->at += n;
	p->tried = true;
	park_letgo(q, now);
	park_ungrant(p, now);
	if (q->at < q->end)
		part_ready(q, false);
	else
		part_free(q, now);
	if (has_work(p))
		part_enqueue(chan, p);
}

void
turn_back(const struct turn *t, int64_t now)
{
	(void)now;
	part_ready(t->part, true);
	part_enqueue(chan_of(t->part), t->p);
}

void
turn_ended(struct pass *p, struct dest *limiter, int64_t now)
{
	if (p && has_work(p))
		part_enqueue(limiter->chan, p);
	park_unpark(limiter, now);
	if (limiter->group)
		park_unpark(limiter->group, now);
	dest_unref(limiter, now);
}
