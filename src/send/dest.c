/* SPDX-License-Identifier: 0BSD */
#include "send/dest.h"

#include <stdlib.h>
#include <string.h>

#include "lib/map.h"
#include "lib/rand.h"
#include "lib/str.h"

static dest_limits_fn *limits;
static uint64_t seed[2];
static unsigned generation = 1;
static struct dest **table; /* of chains */
static size_t tablesize, ndests;
static struct dest **places; /* by index; NULL free */
static uint32_t nplaces, capplaces, firstfree;
static struct dest *oldest, *newest; /* idle ones */
static size_t nidle;

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

void
dest_readlimits(struct dest *d)
{
	if (d->generation == generation)
		return;
	d->generation = generation;
	limits(d->chan, d->name, &d->cap, &d->every);
	if (d->window > d->cap * DEST_ONE)
		d->window = d->cap * DEST_ONE;
	if (d->window < DEST_ONE)
		d->window = DEST_ONE;
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
	d->window = DEST_START * DEST_ONE;
	dest_readlimits(d);
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
	g->pace = d->pace;
	g->strikes = d->strikes;
	g->failures = d->failures;
	g->since = d->since;
	g->until = d->until;
	g->backoff = d->backoff;
	g->next = d->next;
	g->window =
		d->window < g->cap * DEST_ONE ? d->window : g->cap * DEST_ONE;
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
	d->proven = false;
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

void
dest_leave(struct dest *d, int64_t now)
{
	struct dest *old = d->group;

	if (!old)
		return;
	old->running -= d->moved;
	old->members--;
	d->moved = 0;
	d->group = NULL;
	d->proven = false;
	d->pace = DEST_NEW;
	/* what it did before it joined is long ago */
	d->strikes = d->failures = 0;
	d->until = 0;
	d->backoff = 0;
	dest_unref(old, now);
}

struct dest *
dest_from(uint32_t i)
{
	while (i < nplaces && !places[i])
		i++;
	return i < nplaces ? places[i] : NULL;
}
