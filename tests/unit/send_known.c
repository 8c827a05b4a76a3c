/* SPDX-License-Identifier: 0BSD */
#include "send/known.h"

#include <stdlib.h>

#include "tap.h"

static struct qid
make(uint64_t us, uint32_t rnd)
{
	struct qid id = { us, rnd };

	return id;
}

static void
one_message(void)
{
	struct qid id = make(1000000, 7);
	uint32_t s;
	int thing;

	ok(known_find(id) == KNOWN_NONE, "unknown before it is added");
	s = known_add(id);
	ok(known_find(id) == s, "found after");
	ok(qid_equal(known_id(s), id), "its id comes back");
	ok(known_find(make(1000000, 8)) == KNOWN_NONE,
		"same time, other message: not found");
	is_num(known_next(), KNOWN_NEVER, "it waits for nothing");
	known_wait(s, CHAN_REMOTE, 500);
	known_wait(s, CHAN_LOCAL, 400);
	is_num(known_next(), 400, "the earlier channel counts");
	ok(known_due(399) == KNOWN_NONE, "not due before");
	ok(known_due(400) == s, "due then");
	known_wait(s, CHAN_LOCAL, KNOWN_NEVER);
	is_num(known_next(), 500, "then the other channel");
	known_hurry(10);
	is_num(known_next(), 10, "hurried: due now");
	ok(known_when(s, CHAN_LOCAL) == KNOWN_NEVER,
		"a channel that did not wait still does not");
	known_wait(s, CHAN_REMOTE, -5);
	is_num(known_next(), 0, "before 1970 is at once");
	known_wait(s, CHAN_REMOTE, (int64_t)1 << 40);
	is_num(known_next(), KNOWN_NEVER, "after 2106 is never");
	known_line(s, CHAN_REMOTE);
	is_num(known_next(), KNOWN_NEVER, "in line: waits for no time");
	known_hurry(10);
	ok(known_when(s, CHAN_REMOTE) == KNOWN_INLINE,
		"hurried: still in line");
	known_wait(s, CHAN_REMOTE, KNOWN_INLINE);
	ok(known_when(s, CHAN_REMOTE) == KNOWN_NEVER, "no time means in line");
	ok(known_first(s) && !known_first(s), "the first time is told once");
	ok(!known_trusted(s), "no trust at first");
	known_trust(s);
	ok(known_trusted(s), "trusted when told");
	is_num(known_id(s).rnd, id.rnd, "the id is still right");
	ok(!known_attached(s), "nothing attached");
	known_attach(s, &thing);
	ok(known_attached(s) == &thing, "attached");
	known_forget(s);
	ok(known_find(id) == KNOWN_NONE, "forgotten");
	s = known_add(id);
	ok(!known_trusted(s), "added again: trusted no more");
	known_forget(s);
	is_num(known_count(), 0, "none left");
}

static void
many_messages(void)
{
	enum { N = 20000 };
	static uint32_t slot[N];
	uint32_t i, wrong = 0, last = 0, got;

	for (i = 0; i < N; i++) {
		slot[i] = known_add(make(i / 4, i));
		known_wait(slot[i], i & 1, (i * 7919u) % 100000 + 1);
	}
	is_num(known_count(), N, "all counted");
	/* forget every third: what is left must still be found */
	for (i = 0; i < N; i += 3)
		known_forget(slot[i]);
	for (i = 0; i < N; i++)
		wrong += (known_find(make(i / 4, i)) == KNOWN_NONE) !=
			 (i % 3 == 0);
	is_num(wrong, 0, "the forgotten are gone, the others found");
	for (i = 0; i < N; i += 3)
		known_add(make(1000000 + i, 1));
	is_num(known_count(), N, "slots are used again");
	for (i = 0, wrong = 0; (got = known_next()) != KNOWN_NEVER; i++) {
		uint32_t s = known_due(got);

		wrong += got < last || s == KNOWN_NONE;
		last = got;
		known_wait(s, CHAN_LOCAL, KNOWN_NEVER);
		known_wait(s, CHAN_REMOTE, KNOWN_NEVER);
	}
	is_num(i, N - (N + 2) / 3, "each that waited came up once");
	is_num(wrong, 0, "in order of time");
}

/* Slots are found by what they wait for, whatever happens meanwhile. */
static void
walks(void)
{
	enum { N = 3000 };
	static uint32_t slot[N];
	uint32_t i, s, n = 0, wrong = 0;
	int w, v;

	for (i = 0; i < N; i++) {
		slot[i] = known_add(make(9000000 + i, i));
		known_for(slot[i], 1 + i % 3 * 1024);
	}
	w = known_walk(1);
	v = known_walk(2049);
	while ((s = known_walk_next(w)) != KNOWN_NONE) {
		wrong += known_hash(s) != 1;
		/* one that was seen goes elsewhere, the next is forgotten */
		known_for(s, 77);
		if (++n == 500)
			for (i = 0; i < N; i += 3)
				if (known_hash(slot[i]) == 1 && i % 2)
					known_forget(slot[i]);
	}
	is_num(wrong, 0, "only those with that hash");
	ok(n >= 500 && n < 1000, "%u seen, some were forgotten", n);
	for (n = 0; (s = known_walk_next(v)) != KNOWN_NONE; n++)
		wrong += known_hash(s) != 2049;
	is_num(n, 1000, "another walk, of the same bucket, sees all of its");
	is_num(wrong, 0, "and no other");
	for (i = 0; i < KNOWN_WALKS; i++)
		ok(known_walk(5000 + i) >= 0, "walk %u", i);
	is_num(known_walk(1), -1, "not one more");
}

static void
flags(void)
{
	uint32_t s = known_add(make(99, 1)), t = known_add(make(99, 2));

	known_hold(s, true);
	known_hold(s, true);
	known_hold(t, true);
	is_num(known_nheld(), 2, "two are held");
	known_hold(t, false);
	is_num(known_nheld(), 1, "one");
	known_forget(s);
	is_num(known_nheld(), 0, "none when it is forgotten");
	known_force(t, true);
	known_trust(t);
	ok(known_isforced(t) && known_trusted(t) && !known_isheld(t),
		"each flag its own");
	is_num(known_id(t).rnd, 2, "and not the id's");
	known_force(t, false);
	ok(!known_isforced(t), "taken back");
}

static void
clock_put_back(void)
{
	enum { T = 1700000000, HOUR = 3600, M = 5000 };
	uint32_t s = known_add(make(77, 1)), t = known_add(make(77, 2));

	known_wait(s, CHAN_REMOTE, T + HOUR);
	known_line(t, CHAN_LOCAL);
	is_num(known_clock(T, M), 0, "the clock, for the first time");
	is_num(known_clock(T + 100, M + 100000), 0, "it goes on");
	is_num(known_clock(T + 100 - 40, M + 100000), 0, "a small correction");
	is_num(known_clock(T + 101 - 59, M + 101000), 0, "and more of it");
	is_num(known_when(s, CHAN_REMOTE), T + HOUR, "change nothing");
	is_num(known_clock(T + 102 - 60, M + 102000), 60, "a minute by now");
	is_num(known_when(s, CHAN_REMOTE), T + HOUR - 60, "counts");
	is_num(known_clock(T + 102 - 60, M + 102000), 0, "once");
	is_num(known_clock(T + 9 * HOUR, M + 103000), 0, "put forward");
	is_num(known_when(s, CHAN_REMOTE), T + HOUR - 60, "changes nothing");
	is_num(known_clock(T, M + 103000), 9 * HOUR, "and back");
	is_num(known_when(s, CHAN_REMOTE), T - 8 * HOUR - 60, "counts too");
	is_num(known_when(t, CHAN_LOCAL), KNOWN_INLINE, "who is in line stays");
	is_num(known_when(t, CHAN_REMOTE), KNOWN_NEVER, "never stays never");
	is_num(known_next(), T - 8 * HOUR - 60, "it is found by the new time");
	is_num(known_due(T), s, "and due");
	is_num(known_due(T), KNOWN_NONE, "once");
	is_num(known_clock(T - 2000000000, M + 103000), 2000000000, "to 1960");
	known_forget(s);
	known_forget(t);
}

int
main(void)
{
	clock_put_back();
	one_message();
	many_messages();
	flags();
	walks();
	return done_testing();
}
