/* SPDX-License-Identifier: 0BSD */
#include "send/turn.h"

#include <stdlib.h>
#include <string.h>

#include "lib/str.h"

/* Recipients of one destination; its pass's cursor is behind them. */
struct part {
	struct part *next, *prev;   /* ready ones of a pass, or parked ones */
	struct part *snext, *sprev; /* of the same pass */
	struct pass *p;
	struct dest *dest;
	struct dest *limiter; /* where it is parked, or was offered; or NULL */
	bool offered;	      /* counted in limiter->offered */
	bool parked;
	size_t at, end;
};

static const struct turn_ops *ops;
static struct ring {
	struct pass *last[2]; /* of circular lists: [fresh] */
	unsigned turn;
} rings[NCHAN];
/* Destinations that can take from their lines; that went down with lines. */
static struct dest *wanting[NCHAN], *draining;

void
turn_init(const struct turn_ops *o)
{
	ops = o;
}

/* --- rings ---------------------------------------------------------------- */

static bool
has_work(const struct pass *p)
{
	return p->ready || p->at < p->n;
}

static void
enqueue(int chan, struct pass *p)
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

static int
chan_of(const struct part *q)
{
	return q->dest->chan;
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

/* --- parts ---------------------------------------------------------------- */

static void unpark(struct dest *d, int64_t now);

static void
add_ready(struct part *q, bool first)
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

static void
out_of_parked(struct part *q)
{
	struct dest *d = q->limiter;
	bool f = q->p->fresh;

	*(q->prev ? &q->prev->next : &d->parked[f].first) = q->next;
	*(q->next ? &q->next->prev : &d->parked[f].last) = q->prev;
	q->parked = false;
	d->nparked--;
}

/* It is counted with its limiter no more; others may be offered there. */
static void
let_go(struct part *q, int64_t now)
{
	struct dest *d = q->limiter;
	bool offered = q->offered;

	q->limiter = NULL;
	q->offered = false;
	if (!d)
		return;
	if (offered) {
		d->offered--;
		unpark(d, now);
	}
	dest_unref(d, now);
}

static void
free_part(struct part *q, int64_t now)
{
	struct pass *p = q->p;

	*(q->sprev ? &q->sprev->snext : &p->parts) = q->snext;
	if (q->snext)
		q->snext->sprev = q->sprev;
	let_go(q, now);
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
	q->dest = dest_get(chan, ops->destination(p, p->at), now);
	dest_ref(q->dest);
	while (end < p->n && ops->same(p, p->at, end))
		end++;
	q->end = p->at = end;
	if (p->parts)
		p->parts->sprev = q;
	p->parts = q;
	return q;
}

static void
ungrant(struct pass *p, int64_t now)
{
	struct dest *d = p->granted;

	if (!d)
		return;
	p->granted = NULL;
	d->offered--;
	unpark(d, now);
	dest_unref(d, now);
}

bool
turn_isover(const struct pass *p)
{
	return !p->parts && p->at == p->n;
}

void
turn_drop(struct pass *p, int64_t now)
{
	leave_ring(p);
	p->at = p->n;
	while (p->parts) {
		struct part *q = p->parts;

		if (q->parked)
			out_of_parked(q);
		else
			out_of_ready(q);
		free_part(q, now);
	}
	ungrant(p, now);
}

/* --- destinations --------------------------------------------------------- */

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

static int64_t
not_before(const struct dest *d, enum dest_may may)
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
static void
put_off(struct part *q, struct dest *limiter, int64_t until, int64_t now)
{
	struct pass *p = q->p;

	dest_ref(limiter);
	turn_waits(p, q->dest);
	ops->put_off(p, q->at, q->end, limiter, until);
	free_part(q, now);
	dest_unref(limiter, now);
}

static void
check_over(struct pass *p)
{
	if (turn_isover(p) && p->running == 0 && !p->queued)
		ops->over(p);
}

static void
put_off_parked(struct dest *d, int64_t now)
{
	int f;

	for (f = 0; f < 2; f++) {
		struct part *q;

		while ((q = d->parked[f].first)) {
			struct pass *p = q->p;

			out_of_parked(q);
			put_off(q, d, d->until, now);
			check_over(p);
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
static void
unpark(struct dest *d, int64_t now)
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
		out_of_parked(q);
		q->offered = true;
		d->offered++;
		add_ready(q, true);
		enqueue(chan_of(q), q->p);
	}
	dest_unref(d, now);
}

/* All that is left of it is parked: it need not stay loaded. */
static void
put_away(struct pass *p, struct dest *limiter, int chan, int64_t now)
{
	bool fresh = p->fresh;
	const struct part *q;
	uint32_t slot;

	if (limiter->nparked <= TURN_PARKED && !ops->crowded(chan))
		return;
	for (q = p->parts; q; q = q->snext)
		turn_waits(p, q->dest);
	dest_ref(limiter);
	if (ops->put_away(p, &slot))
		turn_line(limiter, slot, fresh);
	dest_unref(limiter, now);
}

static void
park(struct part *q, struct dest *limiter, int64_t now)
{
	struct pass *p = q->p;
	bool f = p->fresh;

	/* first to the new place, so that let_go does not offer it again */
	dest_ref(limiter);
	let_go(q, now);
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

/* --- turns ---------------------------------------------------------------- */

void
turn_add(int chan, struct pass *p)
{
	enqueue(chan, p);
}

/* A part of the pass to look at now, in no list; NULL when none is left. */
static struct part *
next_part(struct pass *p, int chan, int64_t now)
{
	struct part *q = p->ready;

	while (q) {
		out_of_ready(q);
		while (q->at < q->end && !ops->wanted(p, q->at))
			q->at++;
		if (q->at < q->end)
			return q;
		free_part(q, now);
		q = p->ready;
	}
	while (p->at < p->n && !ops->wanted(p, p->at))
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
	int64_t until = not_before(d, may);

	*where = NULL;
	if (may == DEST_GO) {
		*t = (struct turn){ p, q, q->dest, d, q->at, q->end - q->at };
		return true;
	}
	if (may == DEST_DOWN ||
		(may == DEST_RATE && until > now + TURN_RATE_MAX)) {
		put_off(q, d, until, now);
	} else {
		park(q, d, now);
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
		ungrant(p, now);
	p->running--;
	if (go)
		return true;
	if (has_work(p))
		enqueue(chan, p);
	else if (where && p->running == 0)
		put_away(p, where, chan, now);
	else
		check_over(p);
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
	let_go(q, now);
	ungrant(p, now);
	if (q->at < q->end)
		add_ready(q, false);
	else
		free_part(q, now);
	if (has_work(p))
		enqueue(chan, p);
}

void
turn_back(const struct turn *t, int64_t now)
{
	(void)now;
	add_ready(t->part, true);
	enqueue(chan_of(t->part), t->p);
}

void
turn_ended(struct pass *p, struct dest *limiter, int64_t now)
{
	if (p && has_work(p))
		enqueue(limiter->chan, p);
	unpark(limiter, now);
	dest_unref(limiter, now);
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
		ungrant(&none, now);
}

static void
drain(int64_t now)
{
	int i;

	for (i = 0; i < TURN_DRAIN && draining; i++) {
		struct dest *d = draining;

		if (line_waits(d) && d->until > now) {
			uint32_t slot = take_slot(d);

			ops->put_off_slot(slot, d);
			if (!line_waits(d))
				dest_unref(d, now);
			continue;
		}
		draining = d->drain;
		d->draining = false;
		unpark(d, now);
		dest_unref(d, now);
	}
}

void
turn_step(int64_t now)
{
	struct dest *d;

	drain(now);
	while ((d = dest_timeout(now)))
		unpark(d, now);
}

int64_t
turn_next_step(int64_t now)
{
	return draining ? now : dest_next();
}
