/* SPDX-License-Identifier: 0BSD */
/* How often clients of quill-authd have failed. */
#include "authd/limit.h"

#include "tap.h"

static struct limit l;

static bool
same(const char *a, const char *b)
{
	uint8_t x[LIMIT_KEY], y[LIMIT_KEY];

	limit_key(x, a);
	limit_key(y, b);
	return memcmp(x, y, LIMIT_KEY) == 0;
}

static void
test_key(void)
{
	ok(same("192.0.2.1", "192.0.2.1"), "one address");
	ok(!same("192.0.2.1", "192.0.2.2"), "two");
	ok(same("192.0.2.1", "::ffff:192.0.2.1"), "a mapped one");
	ok(same("2001:db8::1", "2001:db8:0:0:ffff::2"), "one /64");
	ok(!same("2001:db8::1", "2001:db8:0:1::1"), "two");
	ok(!same("0.0.0.0", "::"), "two kinds");
	ok(same("-", "-") && !same("-", ""), "no address");
	ok(!same("4", "0.0.0.0"), "text is no address");
	ok(same("a-name-longer-than-that-x", "a-name-longer-than-that-y"),
		"long text is cut");
}

static void
test_count(void)
{
	const int64_t t = 1000000;

	is_num(limit_count(&l, "192.0.2.1", t), 0, "never failed");
	for (int i = 0; i < 5; i++)
		limit_failed(&l, "192.0.2.1", t);
	is_num(limit_count(&l, "192.0.2.1", t), 5, "five times");
	is_num(limit_count(&l, "192.0.2.2", t), 0, "another did not");
	is_num(limit_count(&l, "192.0.2.1", t + LIMIT_FORGET_MS - 1), 5,
		"not forgotten yet");
	is_num(limit_count(&l, "192.0.2.1", t + LIMIT_FORGET_MS), 4, "one is");
	limit_failed(&l, "192.0.2.1", t + LIMIT_FORGET_MS + 1);
	is_num(limit_count(&l, "192.0.2.1", t + 3 * LIMIT_FORGET_MS), 3,
		"one more, two forgotten");
	is_num(limit_count(&l, "192.0.2.1", t + 1000 * LIMIT_FORGET_MS), 0,
		"all are");
}

/* Many clients, more than there is room for: who failed most stays. */
static void
test_full(void)
{
	const int64_t t = 1LL << 40;
	char ip[40];

	for (int i = 0; i < 10; i++)
		limit_failed(&l, "198.51.100.7", t);
	for (int i = 0; i < 100000; i++) {
		snprintf(ip, sizeof ip, "10.%d.%d.%d", i >> 16, i >> 8 & 255,
			i & 255);
		limit_failed(&l, ip, t);
	}
	is_num(limit_count(&l, "198.51.100.7", t), 10,
		"a flood of others does not hide it");
}

int
main(void)
{
	test_key();
	test_count();
	test_full();
	return done_testing();
}
