/* SPDX-License-Identifier: 0BSD */
/* The promises of send/turn.h and send/dest.h, with deliveries and a clock that
 * are made up here: who gets a turn, how limits grow and shrink, rates, probes,
 * lines. */
#include "send/turn.h"

#include "lib/str.h"
#include "tap.h"

enum { PASSES = 5000, RUNS = 64, SLOTS = 20000 };

/* A recipient is an index into names. */
static const char *const names[] = { "a.example", "b.example", "c.example",
	"d.example", "e.example" };

static struct pass passes[PASSES];
static bool done[PASSES], away[PASSES];
static size_t put_offs, ended;
static int64_t now;
static uint32_t cap, every;
static size_t slots = 20;
static bool crowded;

/* What runs. */
static struct run {
	struct pass *p;
	struct dest_run run;
	int64_t end;
	size_t n;
} runs[RUNS];
static size_t nruns;

static const char *
destination(const struct pass *p, size_t i)
{
	static char name[32];
	uint32_t r = p->order[i];

	if (r < sizeof names / sizeof *names)
		return names[r];
	snprintf(name, sizeof name, "n%u.example", (unsigned)r);
	return name;
}

static bool
same(const struct pass *p, size_t i, size_t k)
{
	return p->order[i] == p->order[k];
}

static bool
wanted(const struct pass *p, size_t i)
{
	return p->order[i] != 999999;
}

static void
put_off(struct pass *p, size_t at, size_t end, struct dest *limiter,
	int64_t until)
{
	(void)p, (void)limiter, (void)until;
	put_offs += end - at;
}

static size_t slot_put_offs;

static void
put_off_slot(uint32_t slot, struct dest *limiter)
{
	(void)slot, (void)limiter;
	slot_put_offs++;
}

static void
over(struct pass *p)
{
	done[p - passes] = true;
	ended++;
	turn_drop(p, now);
	p->on = false;
}

static bool
put_away(struct pass *p, uint32_t *slot)
{
	if (p->tried)
		return false;
	*slot = (uint32_t)(p - passes);
	away[*slot] = true;
	turn_drop(p, now);
	p->on = false;
	return true;
}

static bool
is_crowded(int chan)
{
	(void)chan;
	return crowded;
}

static const struct turn_ops ops = { destination, same, wanted, put_off,
	put_off_slot, over, put_away, is_crowded };

static void
limits(int chan, const char *name, uint32_t *c, uint32_t *e)
{
	(void)chan, (void)name;
	*c = cap;
	*e = every;
}

/* A message with n recipients: all at one destination, or each at its own. */
static void
add(size_t k, size_t n, uint32_t to, bool each, bool fresh)
{
	struct pass *p = &passes[k];

	free(p->order);
	*p = (struct pass){ .n = n, .fresh = fresh, .on = true };
	p->order = xmalloc(n * sizeof *p->order);
	for (size_t i = 0; i < n; i++)
		p->order[i] = each ? to + (uint32_t)i : to;
	done[k] = away[k] = false;
	turn_add(CHAN_REMOTE, p);
}

static size_t order, latest; /* of messages out of lines */

/* Load again what has waited in lines. */
static void
readmit(void)
{
	struct dest *limiter;
	uint32_t slot;

	while ((slot = turn_take(CHAN_REMOTE, now, &limiter)) != KNOWN_NONE) {
		struct pass *p = &passes[slot];
		uint32_t *o = p->order;

		order += slot < latest;
		latest = slot;
		*p = (struct pass){
			.n = p->n, .fresh = p->fresh, .on = true, .order = o
		};
		away[slot] = false;
		turn_add(CHAN_REMOTE, p);
		turn_grant(p, limiter, now);
	}
}

static int64_t slow_takes;
static uint32_t slow_first; /* of ten */

static bool
is_slow(const struct dest *d)
{
	char name[16];

	snprintf(name, sizeof name, "n%u", (unsigned)slow_first / 10);
	return strncmp(d->name, name, strlen(name)) == 0 &&
	       strlen(d->name) == strlen(name) + sizeof "0.example" - 1;
}

/* Start what can, each for that long; how many. */
static size_t
start(int64_t takes, size_t batch)
{
	struct turn t;
	size_t n = 0, k;

	readmit();
	while (nruns < slots &&
		turn_next(CHAN_REMOTE, now, slots - slots / 4, true, &t)) {
		k = t.n < batch ? t.n : batch;
		runs[nruns] = (struct run){ .p = t.p,
			.run = { .dest = t.dest, .limiter = t.limiter },
			.end = now + takes,
			.n = k };
		if (slow_takes && is_slow(t.dest))
			runs[nruns].end = now + slow_takes;
		dest_ref(t.dest);
		dest_start(&runs[nruns++].run, now);
		t.p->running++;
		turn_taken(&t, k, now);
		n++;
	}
	return n;
}

static void
end_one(size_t i, enum dest_news news)
{
	struct run r = runs[i];

	if (i >= nruns)
		return;
	memmove(runs + i, runs + i + 1, (--nruns - i) * sizeof *runs);
	dest_end(&r.run, news, "no", now);
	if (news != DEST_GOOD && news != DEST_TAKEN)
		turn_waits(r.p, r.run.dest);
	turn_ended(r.p, r.run.limiter, now);
	dest_unref(r.run.dest, now);
	if (--r.p->running == 0 && turn_isover(r.p) && r.p->on)
		over(r.p);
}

/* End what is due, oldest first; how many. */
static size_t
end_due(enum dest_news news)
{
	size_t n = 0, i = 0;

	while (i < nruns)
		if (runs[i].end <= now) {
			end_one(i, news);
			n++;
		} else {
			i++;
		}
	return n;
}

static size_t
running_of(const char *name)
{
	size_t n = 0;

	for (size_t i = 0; i < nruns; i++)
		n += strcmp(runs[i].run.dest->name, name) == 0;
	return n;
}

static struct dest *
dest_of(const char *name)
{
	return dest_get(CHAN_REMOTE, name, now);
}

/* Until nothing runs and nothing starts. */
static void
finish_all(void)
{
	for (int i = 0; i < 100000 &&
			(start(1, 100) || nruns || turn_wants(CHAN_REMOTE) ||
				turn_next_step(now) >= 0);
		i++) {
		now++;
		turn_step(now);
		end_due(DEST_GOOD);
	}
}

static void
limit_grows_and_shrinks(void)
{
	struct dest *d;
	size_t k, most = 0;

	cap = 15, every = 0;
	d = dest_of("a.example");
	for (k = 0; k < 1000; k++)
		add(k, 1, 0, false, true);
	is_num(start(10, 1), DEST_START, "starts small");
	for (int i = 0; i < 40; i++) {
		now += 10;
		end_due(DEST_GOOD);
		start(10, 1);
		most = nruns > most ? nruns : most;
	}
	is_num(most, 15, "grows to its cap, not over it");
	is_num(dest_limit(d), 15, "which is its limit");
	end_one(0, DEST_HARD);
	is_num(dest_limit(d), 14, "a failure: one less");
	end_one(0, DEST_GOOD);
	is_num(dest_limit(d), 14, "then it grows slowly");
	end_one(0, DEST_SOFT);
	ok(dest_limit(d) == 14 || dest_limit(d) == 13,
		"a deferral takes a part of one");
	finish_all();
	for (k = most = 0; k < 1000; k++)
		most += done[k];
	is_num(most, 1000, "all were delivered");
	is_num(nruns, 0, "all ended");
}

/* What is in a line comes back, in order, none is forgotten. */
static void
lines(void)
{
	size_t k, came = 0;

	order = latest = 0;
	cap = 2, every = 0;
	dest_relimit();
	for (k = 0; k < 200; k++)
		add(k, 1, 1, false, true);
	start(10, 1);
	is_num(nruns, 2, "two run");
	for (k = 0; k < 200; k++)
		came += away[k];
	is_num(came, 200 - 2 - TURN_PARKED, "most are put away");
	for (int i = 0; i < 2000 && (nruns || turn_wants(CHAN_REMOTE)); i++) {
		now += 10;
		end_due(DEST_GOOD);
		start(10, 1);
	}
	for (k = 0, came = 0; k < 200; k++)
		came += done[k];
	is_num(came, 200, "all were delivered in the end");
	is_num(order, 0, "first come, first served");
	is_num(nruns, 0, "nothing is left");
}

/* One list with very many recipients, and a single message after it. */
static void
list_and_single(bool each)
{
	size_t k, turns;

	cap = 15, every = 0, slots = 20;
	dest_relimit();
	add(0, SLOTS, each ? 1000 : 2, each, true);
	for (k = 0; k < 30; k++) {
		start(10, 1);
		now += 10;
		end_due(DEST_GOOD);
	}
	start(10, 1);
	is_num(nruns, 15, "a list leaves a quarter of the slots (%s)",
		each ? "many domains" : "one domain");
	add(1, 1, 3, false, true);
	add(2, 1, 2, false, true);
	start(10, 1);
	is_num(running_of("d.example"), 1, "a message elsewhere goes at once");
	for (turns = 0; turns < 10 && !done[2]; turns++) {
		now += 10;
		end_due(DEST_GOOD);
		start(10, 1);
	}
	ok(turns <= 2, "one to the same domain after %zu turns", turns);
	/* the rest of the list is dropped */
	while (nruns)
		end_one(0, DEST_GOOD);
	if (passes[0].on)
		turn_drop(&passes[0], now);
	passes[0].on = false;
}

/* A domain that does not answer: few slots, then one probe after the other. */
static void
dead_domain(void)
{
	struct dest *d;
	size_t k, tries = 0, others = 0;
	int64_t begun = now, last = 0, gap = 0, since;

	cap = 15, every = 0, slots = 20, put_offs = 0;
	dest_relimit();
	for (k = 0; k < 50; k++)
		add(k, 1, 4, false, true);
	start(60000, 1);
	is_num(running_of("e.example"), DEST_START,
		"a dead one holds no more than the start");
	for (k = 100; k < 150; k++)
		add(k, 1, 1000 + (uint32_t)k, false, true);
	others = start(10, 1);
	ok(others >= 15 - DEST_START, "others go on: %zu", others);
	now += 60000;
	for (k = nruns; k-- > 0;)
		end_one(k, strcmp(runs[k].run.dest->name, "e.example") == 0
				   ? DEST_HARD
				   : DEST_GOOD);
	d = dest_of("e.example");
	ok(d->until > now, "it is down");
	finish_all();
	ok(put_offs > 0, "what waited for it is put off: %zu", put_offs);
	/* a day of mail for it, one message a second */
	for (since = now; now < since + 86400000; now += 1000) {
		end_due(DEST_HARD);
		if (!passes[200].on)
			add(200, 1, 4, false, false);
		k = start(500, 1);
		tries += k;
		if (k && last)
			gap = now - last > gap ? now - last : gap;
		if (k)
			last = now;
		if (running_of("e.example") > 1)
			break;
	}
	ok(now >= since + 86400000, "never more than one probe");
	ok(tries >= 86400 / 1100 && tries <= 130, "%zu probes in a day", tries);
	ok(gap <= DEST_DOWN_MAX * 5 / 4, "the longest pause: %lld s",
		(long long)gap / 1000);
	/* it comes back */
	while (nruns)
		end_one(0, DEST_HARD);
	now += DEST_DOWN_MAX * 2;
	if (passes[200].on)
		turn_drop(&passes[200], now);
	for (k = 300; k < 340; k++)
		add(k, 1, 4, false, true);
	start(10, 1);
	is_num(running_of("e.example"), 1, "then one probe, no stampede");
	now += 10;
	end_due(DEST_GOOD);
	is_num(d->until, 0, "up again");
	start(10, 1);
	ok(running_of("e.example") <= 2, "with a small limit: %zu",
		running_of("e.example"));
	finish_all();
	(void)begun;
}

/* 100 dead domains share the probes. */
static void
many_dead(void)
{
	size_t k, most = 0;

	cap = 15, every = 0, slots = 20;
	for (k = 0; k < 100; k++) {
		char name[32];
		struct dest_run r = { 0 };

		snprintf(name, sizeof name, "n%u.example", 5000 + (unsigned)k);
		r.dest = r.limiter = dest_of(name);
		dest_ref(r.dest);
		r.dest->strikes = DEST_STRIKES;
		dest_start(&r, now);
		dest_end(&r, DEST_HARD, "no", now);
		dest_unref(r.dest, now);
		dest_unref(r.dest, now);
	}
	now += DEST_DOWN_MAX;
	for (k = 0; k < 100; k++)
		add(400 + k, 1, 5000 + (uint32_t)k, false, false);
	start(60000, 1);
	most = nruns;
	is_num(most, 6, "so many probes at once, the rest later");
	add(600, 1, 2, false, true);
	is_num(start(10, 1), 1, "there is room for others");
	now += 60000;
	while (nruns)
		end_one(0, DEST_HARD);
}

static size_t
running_slow(void)
{
	size_t n = 0;

	for (size_t i = 0; i < nruns; i++)
		n += is_slow(runs[i].run.dest);
	return n;
}

/* Ten domains that take five minutes for each delivery and then give that
 * answer, always with mail; the mail of others, one message a second, which
 * waits for no one. */
static void
slow_ones(uint32_t first, enum dest_news news, size_t most)
{
	size_t k, n, waited = 0, later = 0;

	cap = 15, every = 0, slots = 20, slow_takes = 300000;
	slow_first = first;
	dest_relimit();
	for (k = 0; k < 1000; k++)
		add(k, 1, first + (uint32_t)k / 100, false, true);
	start(1, 1);
	is_num(running_slow(), 17, "ten slow ones: four places, then one each");
	for (k = 0; k < 3600; k++) {
		n = 2000 + k % 100;
		add(n, 1, 20000 + (uint32_t)k % 50, false, true);
		if (!passes[k % 1000].on && !away[k % 1000])
			add(k % 1000, 1, first + (uint32_t)k % 10, false,
				false);
		start(500, 1);
		waited += passes[n].running == 0;
		if (k > 301 && running_slow() > later)
			later = running_slow();
		now += 1000;
		turn_step(now);
		for (n = nruns; n-- > 0;)
			if (runs[n].end <= now)
				end_one(n, is_slow(runs[n].run.dest)
						   ? news
						   : DEST_TAKEN);
	}
	is_num(waited, 0, "the mail of others does not wait");
	ok(later <= most && later > 0, "then they have %zu places", later);
	slow_takes = 0;
	for (n = nruns; n-- > 0;)
		end_one(n, DEST_TAKEN);
	finish_all();
	is_num(nruns, 0, "all ended");
}

/* Of a slow one, whose share is taken just when its line could be. */
static void
slow_line(void)
{
	struct dest *d = dest_of("n11000.example");
	struct dest_run r[10] = { 0 };
	size_t i;

	cap = 15, every = 0, slots = 20;
	dest_relimit();
	add(3100, 1, 11000, false, true);
	turn_drop(&passes[3100], now);
	away[3100] = true;
	turn_line(d, 3100, true);
	d->pace = DEST_WASSLOW;
	dest_ref(d);
	turn_ended(NULL, d, now);
	ok(turn_wants(CHAN_REMOTE), "a line that could be taken from");
	for (i = 0; i < 10; i++) {
		char name[32];

		snprintf(name, sizeof name, "n%zu.example", 11001 + i);
		r[i].dest = r[i].limiter = dest_of(name);
		r[i].dest->pace = DEST_WASSLOW;
		dest_start(&r[i], now);
	}
	start(1, 1);
	ok(away[3100] && !turn_wants(CHAN_REMOTE), "others were there first");
	for (i = 0; i < 10; i++) {
		dest_end(&r[i], DEST_TAKEN, "no", now);
		turn_ended(NULL, r[i].limiter, now);
	}
	finish_all();
	ok(done[3100], "then it is its turn");
}

static void
rates(void)
{
	size_t started = 0;
	int64_t begun = now, next;

	cap = 10, every = 600000, slots = 20; /* 100 a minute */
	dest_relimit();
	add(700, 1000, 6000, false, true);
	while (now < begun + 60000) {
		end_due(DEST_GOOD);
		turn_step(now);
		started += start(5, 1);
		next = turn_next_step(now);
		if (next < 0 && !nruns)
			break;
		now = nruns || next < 0 ? now + 5 : next > now ? next : now + 1;
	}
	ok(started >= 95 && started <= 103, "100/m: %zu in a minute", started);
	end_due(DEST_GOOD);
	turn_drop(&passes[700], now);
	while (nruns)
		end_one(0, DEST_GOOD);
	/* a rate so slow that nothing waits loaded for it */
	every = 3600000000u;
	dest_relimit();
	put_offs = 0;
	add(701, 1, 6001, false, true);
	add(702, 1, 6001, false, true);
	is_num(start(5, 1), 1, "1/h: one");
	is_num(put_offs, 1, "the other is put off");
	now += 5;
	end_due(DEST_GOOD);
	every = 0;
	dest_relimit();
}

/* First attempts get three turns of four, retries are never starved. */
static void
fresh_and_old(void)
{
	size_t k, fresh = 0, old = 0;

	cap = 5000, every = 0, slots = 1;
	dest_relimit();
	for (k = 0; k < 400; k++)
		add(1000 + k, 1, 7000 + (uint32_t)k, false, k % 2);
	for (k = 0; k < 200; k++) {
		start(1, 1);
		fresh += runs[0].p->fresh;
		old += !runs[0].p->fresh;
		end_one(0, DEST_GOOD);
	}
	is_num(fresh, 150, "three of four are new");
	is_num(old, 50, "one of four is not");
	finish_all();
	slots = 20;
}

/* Domains whose mail one host takes count as one. */
static void
groups(void)
{
	size_t k;

	cap = 3, every = 0;
	dest_relimit();
	for (k = 0; k < 20; k++) {
		char name[32];

		snprintf(name, sizeof name, "n%u.example", 8000 + (unsigned)k);
		dest_join(dest_of(name), "mx.big.example", now);
	}
	for (k = 0; k < 20; k++)
		add(2000 + k, 1, 8000 + (uint32_t)k, false, true);
	crowded = false;
	start(10, 1);
	is_num(nruns, 3, "one limit for all of them");
	finish_all();
}

static int64_t delivery_takes;

/* A delivery to d starts, d joins group (NULL: leaves), and it ends. */
static enum dest_change
deliver(struct dest *d, const char *group, enum dest_news news)
{
	struct dest_run r = { .dest = d, .limiter = dest_limiter(d) };
	enum dest_change c;

	dest_start(&r, now);
	now += delivery_takes;
	if (group)
		dest_join(d, group, now);
	else
		dest_leave(d, now);
	c = dest_end(&r, news, "no", now);
	dest_unref(r.limiter, now);
	return c;
}

/* Domains that give a big one's exchangers as theirs, to do it harm. */
static void
strangers(void)
{
	struct dest *good, *evil, *big;
	size_t k;

	cap = 10;
	dest_relimit();
	good = dest_of("good.example");
	evil = dest_of("evil.example");
	dest_ref(good);
	dest_ref(evil);
	deliver(good, "mx.good.example", DEST_TAKEN);
	big = dest_limiter(good);
	delivery_takes = DEST_QUICK;
	deliver(evil, "mx.good.example", DEST_GOOD);
	is_num(big->pace, DEST_WASQUICK, "a stranger's slow one: the same");
	deliver(good, "mx.good.example", DEST_TAKEN);
	is_num(big->pace, DEST_WASSLOW, "its own: it is slow");
	delivery_takes = 0;
	deliver(good, "mx.good.example", DEST_TAKEN);
	is_num(big->pace, DEST_WASQUICK, "and quick again");
	for (k = 0; k < 5; k++)
		deliver(evil, "mx.good.example", DEST_GOOD);
	for (k = 0; k < 20; k++)
		deliver(evil, "mx.good.example", DEST_SOFT);
	ok(!big->until && !big->strikes && dest_limit(big) > DEST_START,
		"deferred of a stranger: nothing against the group");
	for (k = 0; k < 5; k++) {
		deliver(evil, "mx.good.example", DEST_GOOD);
		deliver(evil, "mx.evil.example", DEST_HARD);
	}
	is_num(big->strikes, 0, "other exchangers by now: their failure");
	ok(dest_limiter(evil)->until, "which are down");
	for (k = 0; k < 5; k++) {
		deliver(evil, "mx.good.example", DEST_GOOD);
		deliver(evil, NULL, DEST_HARD);
	}
	is_num(big->strikes, 0, "exchangers cannot be found: its failure");
	ok(!evil->group && big->members == 1, "in no group");
	is_num(big->running, 0, "nothing runs");
	for (k = 0; k < 12; k++)
		deliver(good, "mx.good.example", DEST_SOFT);
	ok(big->until, "of one that it took mail for: it is down");
	/* a probe that becomes somebody else's */
	big->until = 1;
	dest_join(evil, "mx.good.example", now);
	deliver(evil, "mx.evil.example", DEST_GOOD);
	ok(big->until == 1 && !big->probing, "is no probe");
	is_num(deliver(good, "mx.good.example", DEST_TAKEN), DEST_UP, "is one");
	dest_unref(good, now);
	dest_unref(evil, now);
}

/* Recipients that are not wanted any more are passed over. */
static void
unwanted(void)
{
	cap = 15, every = 0;
	dest_relimit();
	ended = 0;
	add(3000, 3, 9000, false, true);
	passes[3000].order[0] = passes[3000].order[2] = 999999;
	is_num(start(1, 1), 1, "one of three");
	now++;
	end_due(DEST_GOOD);
	start(1, 1);
	is_num(ended, 1, "and it is over");
	add(3001, 2, 999999, false, true);
	is_num(start(1, 1), 0, "none of two");
	is_num(ended, 2, "over at once");
}

/* Idle destinations are forgotten, however many there were. */
static void
memory(void)
{
	const struct dest *d;
	size_t kept = 0;
	char name[32];

	for (unsigned i = 0; i < 3 * DEST_IDLE_MAX; i++) {
		snprintf(name, sizeof name, "x%u.example", i);
		dest_get(CHAN_REMOTE, name, now);
	}
	for (d = dest_from(0); d; d = dest_from(d->place + 1))
		kept++;
	ok(kept <= DEST_IDLE_MAX + 200, "%zu are kept", kept);
	now += DEST_IDLE + 1;
	for (unsigned i = 0; i < DEST_IDLE_MAX; i++) {
		snprintf(name, sizeof name, "y%u.example", i % 10);
		dest_get(CHAN_REMOTE, name, now);
		snprintf(name, sizeof name, "z%u.example", i);
		dest_get(CHAN_REMOTE, name, now);
	}
	ok(!dest_find(CHAN_REMOTE, dest_hash("x29999.example")),
		"old ones are gone");
	ok(dest_find(CHAN_REMOTE, dest_hash("z9999.example")), "new are not");
}

int
main(void)
{
	now = 1000000;
	dest_init(limits);
	dest_places(CHAN_REMOTE, 20);
	turn_init(&ops);
	limit_grows_and_shrinks();
	lines();
	list_and_single(false);
	list_and_single(true);
	dead_domain();
	many_dead();
	slow_ones(10000, DEST_HARD, 6);
	slow_ones(10010, DEST_TAKEN, 10);
	slow_line();
	rates();
	fresh_and_old();
	groups();
	strangers();
	unwanted();
	memory();
	return done_testing();
}
