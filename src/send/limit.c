/* SPDX-License-Identifier: 0BSD */
/* How many deliveries a destination may have, and when. */
#include <stdlib.h>
#include <string.h>

#include "lib/prioq.h"
#include "lib/rand.h"
#include "lib/str.h"
#include "send/dest.h"

enum {
	TICK = 50, /* ms, of timers */
};

static struct prioq timers;
static uint32_t places[NCHAN];
/* Of them, taken by probes; by destinations that had that pace then. */
static uint32_t probes[NCHAN], paces[NCHAN][DEST_PACES];

void
dest_places(int chan, uint32_t n)
{
	places[chan] = n;
}

/* A few domains whose hosts let every delivery wait for each of its time-outs
 * could hold all places for hours. */
static uint32_t
half(int chan)
{
	return places[chan] - places[chan] / 2;
}

static bool
crowded(const struct dest *d)
{
	const uint32_t *n = paces[d->chan];

	return d->pace != DEST_WASQUICK &&
	       n[DEST_NEW] + n[DEST_WASSLOW] >= half(d->chan);
}

uint32_t
dest_limit(const struct dest *d)
{
	return d->until || crowded(d) ? 1 : d->window / DEST_ONE;
}

enum dest_may
dest_may(struct dest *d, int64_t now, bool forced)
{
	int64_t soon;

	dest_readlimits(d);
	if (d->until && (d->probing || d->running > 0))
		return DEST_WAIT; /* until it is known what becomes of them */
	if (d->until && d->until <= now && !forced &&
		probes[d->chan] > places[d->chan] / 4)
		d->until =
			now + DEST_PROBE_LATER + rand_below(DEST_PROBE_LATER);
	if (d->until > now && !forced)
		return DEST_DOWN;
	if (d->running >= dest_limit(d))
		return DEST_WAIT;
	/* several may be due within one tick */
	soon = (now + TICK) * 1000;
	if (d->next <= soon && d->pace == DEST_WASSLOW &&
		paces[d->chan][DEST_WASSLOW] >= half(d->chan))
		d->next = soon + 1000 * (DEST_SLOW_LATER +
						rand_below(DEST_SLOW_LATER));
	return d->next > soon ? DEST_RATE : DEST_GO;
}

bool
dest_isfull(struct dest *d, int64_t now)
{
	enum dest_may may = dest_may(d, now, false);

	return (may == DEST_WAIT || may == DEST_RATE) && d->nparked > 0;
}

void
dest_start(struct dest_run *r, int64_t now)
{
	struct dest *d = r->limiter;

	dest_ref(d);
	r->begun = now;
	r->pace = d->pace;
	r->probe = d->probing = d->until != 0;
	d->running++;
	probes[d->chan] += r->probe;
	paces[d->chan][r->pace]++;
	if (d->every) {
		/* a timer comes late by a tick or two: that is made up for */
		if (d->next + d->every + 2 * TICK * 1000 < now * 1000)
			d->next = now * 1000;
		d->next += d->every;
	}
}

static void
succeed(struct dest *d)
{
	uint32_t cap = d->cap * DEST_ONE;

	d->strikes = d->failures = 0;
	d->since = 0;
	d->window += d->hurt ? DEST_ONE * DEST_ONE / d->window : DEST_ONE;
	if (d->window > cap)
		d->window = cap;
	if (d->window < DEST_ONE)
		d->window = DEST_ONE;
}

static void
go_down(struct dest *d, int64_t now)
{
	if (d->backoff == 0)
		d->backoff = DEST_DOWN_MIN;
	else if (d->backoff < DEST_DOWN_MAX / 2)
		d->backoff *= 2;
	else
		d->backoff = DEST_DOWN_MAX;
	d->until = now + d->backoff + rand_below(d->backoff / 8);
	d->window = DEST_ONE;
}

static void
keep_text(struct dest *d, const char *text)
{
	size_t n = strnlen(text, DEST_TEXT);

	d->text = xrealloc(d->text, n + 1);
	memcpy(d->text, text, n);
	d->text[n] = '\0';
}

static void
fail(struct dest *d, enum dest_news news, const char *text, int64_t now)
{
	uint32_t less =
		news == DEST_HARD ? DEST_ONE : DEST_ONE * DEST_ONE / d->window;

	if (text)
		keep_text(d, text);
	if (d->failures++ == 0)
		d->since = now;
	d->strikes += news == DEST_HARD ? DEST_STRIKE_HARD : DEST_STRIKE_SOFT;
	d->hurt = true;
	d->window = d->window > less + DEST_ONE ? d->window - less : DEST_ONE;
}

/* News of d or of a member. */
static enum dest_change
learn(struct dest *d, bool probe, bool slow, enum dest_news news,
	const char *text, int64_t now)
{
	bool down = d->until != 0;

	if (news == DEST_TAKEN || news == DEST_GOOD) {
		succeed(d);
		if (!down)
			return DEST_SAME;
		d->until = 0;
		d->backoff = 0;
		d->hurt = false; /* from 1 it grows freely again */
		d->window = DEST_ONE;
		return DEST_UP;
	}
	fail(d, news, text, now);
	if (slow && news == DEST_HARD && d->pace != DEST_WASQUICK)
		d->strikes = DEST_STRIKES;
	if (down ? !probe : d->strikes < DEST_STRIKES)
		return DEST_SAME;
	go_down(d, now);
	return DEST_DOWNED;
}

static enum dest_change
learn_of(struct dest *d, bool probe, bool slow, enum dest_news news,
	const char *text, int64_t now)
{
	struct dest *limiter = dest_limiter(d);
	bool bad = news == DEST_SOFT || news == DEST_HARD;
	bool stranger = limiter->proven && !d->proven;
	enum dest_change change = DEST_SAME;

	if (news == DEST_TAKEN)
		d->proven = limiter->proven = true;
	if (!(bad && d->chan == CHAN_LOCAL) && !(news == DEST_SOFT && stranger))
		change = learn(limiter, probe, slow, news, text, now);
	if (!(slow && stranger))
		limiter->pace = slow ? DEST_WASSLOW : DEST_WASQUICK;
	return change;
}

enum dest_change
dest_end(const struct dest_run *r, enum dest_news news, const char *text,
	int64_t now)
{
	struct dest *limiter = r->limiter, *d = r->dest;
	bool probe = r->probe;

	paces[limiter->chan][r->pace]--;
	limiter->running--;
	if (limiter->moved) {
		limiter->moved--;
		limiter->group->running--;
	}
	if (probe) {
		limiter->probing = false;
		probes[limiter->chan]--;
	}
	if (news == DEST_NEUTRAL)
		return DEST_SAME;
	/* a probe of a group that d has left by now says nothing of it */
	probe = probe && (!limiter->isgroup || limiter == dest_limiter(d));
	return learn_of(
		d, probe, now - r->begun >= DEST_QUICK, news, text, now);
}

void
dest_hurry(struct dest *d)
{
	if (d->until)
		d->until = 1;
	d->backoff = 0;
}

void
dest_hurry_all(void)
{
	struct dest *d;
	uint32_t i;

	for (i = 0; (d = dest_from(i)); i = d->place + 1)
		dest_hurry(d);
}

/* --- timers --------------------------------------------------------------- */

void
dest_settimer(struct dest *d)
{
	uint32_t tick = (uint32_t)(d->next / 1000 / TICK) + 1;

	if (d->timer == tick)
		return;
	d->timer = tick;
	prioq_push(&timers, (struct prioq_item){ tick, d->place });
}

/* The first that is still meant. */
static const struct prioq_item *
first_timer(void)
{
	const struct prioq_item *it;
	const struct dest *d;

	while ((it = prioq_min(&timers))) {
		d = dest_from(it->what);
		if (d && d->place == it->what && d->timer == it->when)
			return it;
		prioq_pop(&timers);
	}
	return NULL;
}

struct dest *
dest_timeout(int64_t now)
{
	const struct prioq_item *it = first_timer();
	struct dest *d;

	if (!it || (int64_t)it->when * TICK > now)
		return NULL;
	d = dest_from(it->what);
	d->timer = 0;
	prioq_pop(&timers);
	return d;
}

int64_t
dest_next(void)
{
	const struct prioq_item *it = first_timer();

	return it ? (int64_t)it->when * TICK : -1;
}
