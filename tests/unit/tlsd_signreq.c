/* SPDX-License-Identifier: 0BSD */
#include "tlsd/signreq.h"

#include "tap.h"
#include "unit/wire_hostile.h"

static bool
taken(char *p, size_t n)
{
	struct signreq q;

	return signreq_decode(&q, p, n) && q.n <= n;
}

static void
test_round(void)
{
	static uint8_t data[SIGNREQ_DATA + 1] = { 1, 0, 2 };
	struct signreq a = { 2000, 3, data, SIGNREQ_DATA }, b;
	char p[SIGNREQ_MAX];
	size_t n = signreq_encode(p, &a);

	ok(n > SIGNREQ_DATA, "the largest");
	ok(signreq_decode(&b, p, n), "is taken");
	is_num(b.index, 2000, "number");
	is_num(b.padding, 3, "padding");
	ok(b.n == a.n && !memcmp(b.data, data, b.n), "bytes");
	hostile_flip(taken, p, n);
	a.n++;
	is_num(signreq_encode(p, &a), 0, "one byte more is not sent");
	a.n = 0;
	is_num(signreq_encode(p, &a), 0, "nor none");
	a.n = 3;
	n = signreq_encode(p, &a);
	is_num(hostile_cut(taken, p, n), 2, "cut: what is left of the bytes");
}

static void
test_refused(void)
{
	static const struct {
		const char *record;
		size_t n;
		const char *why;
	} table[] = {
#define RECORD(text, why) { text, sizeof(text) - 1, why }
		RECORD("2001\0001\0x", "a number too large"),
		RECORD("-1\0001\0x", "one below none"),
		RECORD("1\00017\0x", "an unknown padding"),
		RECORD("\0001\0x", "no number"),
		RECORD("1\0001\0", "nothing to sign"),
		RECORD("1\0001", "no end"),
		RECORD("1 \0001\0x", "a blank"),
	};
	static char big[SIGNREQ_DATA + 5] = "1\0001\0";
	char p[40];

	for (size_t i = 0; i < sizeof table / sizeof *table; i++) {
		memcpy(p, table[i].record, table[i].n);
		ok(!taken(p, table[i].n), "%s", table[i].why);
	}
	ok(taken(big, sizeof big - 1), "as much as allowed");
	ok(!taken(big, sizeof big), "too much");
}

int
main(void)
{
	test_round();
	test_refused();
	return done_testing();
}
