/* SPDX-License-Identifier: 0BSD */
#include "send/dest.h"

#include <stdlib.h>
#include <string.h>

#include "lib/map.h"
#include "lib/prioq.h"
#include "lib/rand.h"
#include "lib/str.h"

enum {
	ONE = 256, /* a delivery, in the unit of window */
	TICK = 50, /* ms, of timers */
};

static dest_limits_fn *limits;
static uint64_t seed[2];
static unsigned generation = 1;
static struct dest **table; /* of chains */
static size_t tablesize, ndests;
static struct dest **places; /* by index; NULL free */
static uint32_t nplaces, capplaces, firstfree;
static struct dest *oldest, *newest; /* idle ones */
static size_t nidle;
static struct prioq timers;
static uint32_t probes[NCHAN], probes_max[NCHAN]; /* at once */

void
dest_init(dest_limits_fn *fn)
{
	limits = fn;
	rand_bytes(seed, sizeof(seed));
}

void
dest_relimit(void)
{
	generation++;
}

void
dest_probes(int chan, uint32_t most)
{
	probes_max[chan] = most;
}

uint32_t
dest_hash(const char *name)
{
	/* keyed: names are strangers' */
	uint32_t h = (uint32_t)map_hash(seed, name, strlen(name));

	return h ? h : 1;
}

/* --- the table ------------------------------------------------------------ */

static void
grow(void)
{
	size_t n = tablesize ? tablesize * 2 : 256, i;
	struct dest **new = xmalloc(n * sizeof(*new)), *d;

	memset(new, 0, n * sizeof(*new));
	for (i = 0; i < tablesize; i++)
		while ((d = table[i])) {
			table[i] = d->chain;
			d->chain = new[d->hash & (n - 1)];
			new[d->hash & (n - 1)] = d;
		}
	free(table);
	table = new;
	tablesize = n;
}

static void
place(struct dest *d)
{
	uint32_t i = firstfree;

	while (i < nplaces && places[i])
		i++;
	if (i == nplaces) {
		if (nplaces == capplaces) {
			capplaces = capplaces ? capplaces * 2 : 256;
			places = xrealloc(places, capplaces * sizeof(*places));
		}
		nplaces++;
	}
	places[i] = d;
	d->place = i;
	firstfree = i + 1;
}

static void
out_of_idle(struct dest *d)
{
	*(d->older ? &d->older->newer : &oldest) = d->newer;
	*(d->newer ? &d->newer->older : &newest) = d->older;
	d->newer = d->older = NULL;
	d->idle = false;
	nidle--;
}

static void
forget(struct dest *d)
{
	struct dest **p = &table[d->hash & (tablesize - 1)];
	struct dest *group = d->group;

	out_of_idle(d);
	while (*p != d)
		p = &(*p)->chain;
	*p = d->chain;
	places[d->place] = NULL;
	if (d->place < firstfree)
		firstfree = d->place;
	ndests--;
	free(d->text);
	if (group) {
		group->members--;
		dest_unref(group, d->used);
	}
	free(d);
}

/* Of those that nothing refers to. */
static void
forget_old(int64_t now)
{
	int i;

	for (i = 0; i < 4 && oldest; i++) {
		if (nidle <= DEST_IDLE_MAX && oldest->used + DEST_IDLE > now)
			return;
		forget(oldest);
	}
}

static void
read_limits(struct dest *d)
{
	if (d->generation == generation)
		return;
	d->generation = generation;
	limits(d->chan, d->name, &d->cap, &d->every);
	if (d->window > d->cap * ONE)
		d->window = d->cap * ONE;
	if (d->window < ONE)
		d->window = ONE;
}

static struct dest *
look_up(int chan, uint32_t hash, const char *name, bool isgroup)
{
	struct dest *d = tablesize ? table[hash & (tablesize - 1)] : NULL;

	for (; d; d = d->chain)
		if (d->hash == hash && d->chan == chan &&
			d->isgroup == isgroup &&
			(!name || strcmp(d->name, name) == 0))
			break;
	return d;
}

static void
make_idle(struct dest *d, int64_t now)
{
	d->used = now;
	d->idle = true;
	d->newer = NULL;
	d->older = newest;
	*(newest ? &newest->newer : &oldest) = d;
	newest = d;
	nidle++;
}

static struct dest *
get(int chan, const char *name, bool isgroup, int64_t now)
{
	uint32_t hash = dest_hash(name);
	struct dest *d = look_up(chan, hash, name, isgroup);
	size_t n = strlen(name) + 1;

	if (d)
		return d;
	forget_old(now);
	if (ndests >= tablesize)
		grow();
	d = xmalloc(sizeof(*d) + n);
	memset(d, 0, sizeof(*d));
	memcpy(d->name, name, n);
	d->hash = hash;
	d->chan = (uint8_t)chan;
	d->isgroup = isgroup;
	d->window = DEST_START * ONE;
	read_limits(d);
	place(d);
	d->chain = table[hash & (tablesize - 1)];
	table[hash & (tablesize - 1)] = d;
	ndests++;
	make_idle(d, now);
	return d;
}

/* Whose programs an address runs is known for certain only when one has ended:
 * until then it is what is before the first "-". */
static void
guess_user(struct dest *d, int64_t now)
{
	size_t n = strcspn(d->name, "-");
	char *user = xmalloc(n + 1);

	memcpy(user, d->name, n);
	user[n] = '\0';
	dest_join(d, user, now);
	free(user);
}

struct dest *
dest_get(int chan, const char *name, int64_t now)
{
	struct dest *d = get(chan, name, false, now);

	if (chan == CHAN_LOCAL && !d->group)
		guess_user(d, now);
	return d;
}

struct dest *
dest_find(int chan, uint32_t hash)
{
	return look_up(chan, hash, NULL, false);
}

struct dest *
dest_limiter(struct dest *d)
{
	return d->group ? d->group : d;
}

void
dest_ref(struct dest *d)
{
	if (d->idle)
		out_of_idle(d);
	d->refs++;
}

void
dest_unref(struct dest *d, int64_t now)
{
	if (--d->refs == 0)
		make_idle(d, now);
}

/* What d has learned by itself is what is known of its group. */
static void
teach(struct dest *g, struct dest *d)
{
	g->hurt = d->hurt;
	g->strikes = d->strikes;
	g->failures = d->failures;
	g->since = d->since;
	g->until = d->until;
	g->backoff = d->backoff;
	g->next = d->next;
	g->window = d->window < g->cap * ONE ? d->window : g->cap * ONE;
	free(g->text);
	g->text = d->text;
	d->text = NULL;
	d->strikes = d->failures = 0;
	d->until = 0;
}

void
dest_join(struct dest *d, const char *group, int64_t now)
{
	struct dest *g = get(d->chan, group, true, now), *old = d->group;

	if (g == old)
		return;
	dest_ref(g);
	g->members++;
	d->group = g;
	if (old)
		old->running -= d->moved;
	d->moved = old ? 0 : d->running;
	g->running += d->moved;
	if (!old && g->members == 1)
		teach(g, d);
	if (!old)
		return; /* what waits there stays */
	old->members--;
	dest_unref(old, now);
}

struct dest *
dest_from(uint32_t i)
{
	while (i < nplaces && !places[i])
		i++;
	return i < nplaces ? places[i] : NULL;
}

size_t
dest_count(void)
{
	return ndests;
}

/* --- limits --------------------------------------------------------------- */

uint32_t
dest_limit(const struct dest *d)
{
	return d->until ? 1 : d->window / ONE;
}

enum dest_may
dest_may(struct dest *d, int64_t now, bool forced)
{
	read_limits(d);
	if (d->until && (d->probing || d->running > 0))
		return DEST_WAIT; /* until it is known what becomes of them */
	if (d->until && d->until <= now && !forced &&
		probes[d->chan] >= probes_max[d->chan])
		d->until =
			now + DEST_PROBE_LATER + rand_below(DEST_PROBE_LATER);
	if (d->until > now && !forced)
		return DEST_DOWN;
	if (d->running >= dest_limit(d))
		return DEST_WAIT;
	/* several may be due within one tick */
	if (d->every && d->next > (now + TICK) * 1000)
		return DEST_RATE;
	return DEST_GO;
}

bool
dest_isfull(struct dest *d, int64_t now)
{
	enum dest_may may = dest_may(d, now, false);

	return (may == DEST_WAIT || may == DEST_RATE) && d->nparked > 0;
}

bool
dest_start(struct dest *d, int64_t now)
{
	dest_ref(d);
	d->running++;
	d->probing = d->until != 0;
	probes[d->chan] += d->probing;
	if (d->every) {
		/* a timer comes late by a tick or two: that is made up for */
		if (d->next + d->every + 2 * TICK * 1000 < now * 1000)
			d->next = now * 1000;
		d->next += d->every;
	}
	return d->probing;
}

static void
succeed(struct dest *d)
{
	uint32_t cap = d->cap * ONE;

	d->strikes = d->failures = 0;
	d->since = 0;
	d->window += d->hurt ? ONE * ONE / d->window : ONE;
	if (d->window > cap)
		d->window = cap;
	if (d->window < ONE)
		d->window = ONE;
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
	d->window = ONE;
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
	uint32_t less = news == DEST_HARD ? ONE : ONE * ONE / d->window;

	if (text)
		keep_text(d, text);
	if (d->failures++ == 0)
		d->since = now;
	d->strikes += news == DEST_HARD ? DEST_STRIKE_HARD : DEST_STRIKE_SOFT;
	d->hurt = true;
	d->window = d->window > less + ONE ? d->window - less : ONE;
}

/* News of d or of a member. */
static enum dest_change
learn(struct dest *d, bool probe, enum dest_news news, const char *text,
	int64_t now)
{
	bool down = d->until != 0;

	if (news == DEST_GOOD) {
		succeed(d);
		if (!down)
			return DEST_SAME;
		d->until = 0;
		d->backoff = 0;
		d->hurt = false; /* from 1 it grows freely again */
		d->window = ONE;
		return DEST_UP;
	}
	fail(d, news, text, now);
	if (down ? !probe : d->strikes < DEST_STRIKES)
		return DEST_SAME;
	go_down(d, now);
	return DEST_DOWNED;
}

enum dest_change
dest_end(struct dest *d, bool probe, enum dest_news news, const char *text,
	int64_t now)
{
	d->running--;
	if (d->moved) {
		d->moved--;
		d->group->running--;
	}
	if (probe) {
		d->probing = false;
		probes[d->chan]--;
	}
	if (news == DEST_NEUTRAL ||
		(d->chan == CHAN_LOCAL && news != DEST_GOOD))
		return DEST_SAME;
	/* it may have joined since it was counted */
	return learn(dest_limiter(d), probe, news, text, now);
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
		d = places[it->what];
		if (d && d->timer == it->when)
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
	d = places[it->what];
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
