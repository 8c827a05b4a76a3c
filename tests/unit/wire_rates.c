/* SPDX-License-Identifier: 0BSD */
/* wire/rates: rates of keys, in a table of fixed size */
#include "wire/rates.h"

#include <sys/wait.h>
#include <unistd.h>

#include "tap.h"

static char path[] = "/tmp/quill-rates.XXXXXX";
static struct rates r;
static uint64_t now = 1000000000000000;

enum { SIZE = sizeof(struct shared_head) + RATES_KEYS * 16 };

static void
table(void)
{
	shared_open(&r.file, path, "quill r1", SIZE);
	r.slots = r.file.p;
}

static bool
take(const char *key, uint32_t amount, uint32_t *wait)
{
	return rates_take_at(&r, now, "msg", key, amount, 10, 3600, wait);
}

static int
many(const char *key, int n)
{
	int got = 0;

	for (int i = 0; i < n; i++)
		got += take(key, 1, NULL);
	return got;
}

int
main(void)
{
	uint32_t wait = 99;
	int status, n = 0;
	uint64_t start;

	close(mkstemp(path));
	table();
	ok(!r.file.alone, "there is a table");
	is_num(many("joe", 30), 10, "ten at once, and no more");
	is_num(many("ann", 30), 10, "each key by itself");
	ok(rates_take_at(&r, now, "rcpt", "joe", 5, 10, 3600, NULL),
		"and each kind");
	ok(!take("joe", 1, &wait) && wait == 360, "an hour's tenth to wait");
	now += 359 * 1000000;
	ok(!take("joe", 0, &wait) && wait == 1, "asking, a second early");
	now += 1000000;
	ok(take("joe", 0, &wait) && take("joe", 0, NULL),
		"asking takes nothing");
	is_num(many("joe", 30), 1, "one has leaked, refusals did not count");
	start = now;
	while (now < start + 10 * 3600 * 1000000ull) {
		now += 60 * 1000000;
		n += take("joe", 1, NULL);
	}
	is_num(n, 100, "ten an hour in the long run");
	now += 3600 * 1000000ull;
	ok(!take("joe", 11, &wait) && wait == 0, "more than the limit: never");
	ok(take("joe", 4, NULL) && take("joe", 6, NULL) &&
			!take("joe", 1, NULL),
		"amounts");
	now += 86400ull * 1000000 * 400;
	is_num(many("joe", 30), 10, "no credit is saved up");

	now -= 86400ull * 1000000 * 30;
	ok(!take("joe", 1, &wait) && wait <= 3600,
		"a clock set back blocks for no longer than a clock that is "
		"not");
	now += 2 * 3600 * 1000000ull;
	ok(take("joe", 1, NULL), "and no longer than that");

	if (!fork()) {
		table();
		_exit(many("bob", 4) != 4);
	}
	wait = 0;
	waitpid(-1, &status, 0);
	is_num(status, 0, "another process");
	is_num(many("bob", 30), 6, "counts in the same table");

	/* a flood of keys, of which each is used once */
	is_num(many("vip", 10), 10, "a user at the limit");
	for (int i = 0; i < 3 * RATES_KEYS; i++) {
		char key[20];

		snprintf(key, sizeof key, "k%d", i);
		if (!take(key, 1, NULL))
			n = 0;
	}
	is_num(n, 100, "a flood: each new key may");
	is_num(many("vip", 1), 0, "and pushes nobody out who is at his limit");
	ok(rates_take_at(&r, now, "x", "y", UINT32_MAX, UINT32_MAX, UINT32_MAX,
		   NULL) &&
			!rates_take_at(&r, now, "x", "y", 1, 1, 1, NULL),
		"the largest numbers");
	for (int i = 0; i < 100; i++)
		n += rates_take_at(
			&r, now, "large", "y", 50000, 5000000, 3600, NULL);
	is_num(n, 200, "as many as five million an hour");
	ok(!rates_take_at(&r, now, "large", "y", 1, 5000000, 3600, &wait) &&
			wait == 1,
		"and not one more");
	unlink(path);
	return done_testing();
}
