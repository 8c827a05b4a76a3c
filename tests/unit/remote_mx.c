/* SPDX-License-Identifier: 0BSD */
#include "remote/mx.h"

#include "tap.h"

/* No shuffling: the last stays the last. */
static uint32_t
last(uint32_t n)
{
	return n - 1;
}

static uint32_t state;

static uint32_t
dice(uint32_t n)
{
	state = state * 1664525 + 1013904223;
	return (state >> 16) % n;
}

static bool
is_me(const char *host)
{
	return !strcmp(host, "me");
}

/* "10 a, 20 b" */
static const char *
run(const char *const *in, struct mxlist *l)
{
	static char out[4000];
	size_t i;

	mx_init(l);
	for (; *in; in++)
		mx_add(l, (uint16_t)atoi(*in), strchr(*in, ' ') + 1);
	mx_arrange(l, last, is_me);
	out[0] = 0;
	for (i = 0; i < l->n; i++)
		sprintf(out + strlen(out), "%s%u %s", i ? ", " : "",
			(unsigned)l->mx[i].pref, l->mx[i].host);
	return out;
}

static const struct {
	const char *in[8];
	const char *out;
	bool cut, null;
} t[] = {
	{ { NULL }, "", false, false },
	{ { "10 a", NULL }, "10 a", false, false },
	{ { "20 b", "10 a", "65535 d", "0 z", NULL },
		"0 z, 10 a, 20 b, 65535 d", false, false },
	{ { "10 a", "20 a", "5 a", NULL }, "5 a", false, false },
	{ { "10 a", "20 me", "30 c", NULL }, "10 a", true, false },
	{ { "10 me", "20 b", NULL }, "", true, false },
	{ { "10 a", "10 me", "5 c", NULL }, "5 c", true, false },
	{ { "0 .", NULL }, "", false, true },
	{ { "0 .", "10 a", NULL }, "10 a", false, true },
	{ { "10 ", "20 b", NULL }, "20 b", false, false },
};

static void
shuffle(void)
{
	struct mxlist l;
	unsigned first[3] = { 0, 0, 0 }, i;
	bool sorted = true;

	for (i = 0; i < 300; i++) {
		mx_init(&l);
		mx_add(&l, 20, "z");
		mx_add(&l, 10, "a");
		mx_add(&l, 10, "b");
		mx_add(&l, 10, "c");
		mx_arrange(&l, dice, is_me);
		sorted = sorted && l.n == 4 && *l.mx[3].host == 'z';
		first[*l.mx[0].host - 'a']++;
	}
	ok(sorted, "preferences hold");
	ok(first[0] > 50 && first[1] > 50 && first[2] > 50,
		"equals are shuffled: %u %u %u", first[0], first[1], first[2]);
}

static void
full(void)
{
	struct mxlist l;
	char host[16];
	unsigned i;

	mx_init(&l);
	for (i = 0; i < 3 * MX_MAX; i++) {
		sprintf(host, "h%u", i);
		mx_add(&l, (uint16_t)(1000 - i), host);
	}
	mx_arrange(&l, dice, is_me);
	is_num(l.n, MX_MAX, "a full list");
	is_str(l.mx[0].host, host, "has the best first");
	is_num(l.mx[MX_MAX - 1].pref, 1000 - 2 * MX_MAX, "and only the best");
	mx_add(&l, 1000, "worse");
	is_num(l.mx[MX_MAX - 1].pref, 1000 - 2 * MX_MAX, "no worse one");
}

int
main(void)
{
	struct mxlist l;
	size_t i;

	for (i = 0; i < sizeof t / sizeof *t; i++) {
		is_str(run(t[i].in, &l), t[i].out, "list %zu", i);
		is_num(l.cut, t[i].cut, "cut");
		is_num(l.null, t[i].null, "null");
	}
	run((const char *const[]){ "1 a", "2 b", "2 c", "3 d", NULL }, &l);
	is_num(mx_level(&l, 0), 1, "one at the first level");
	is_num(mx_level(&l, 1), 3, "two at the second");
	mx_cut(&l, 2);
	is_num(l.n, 1, "cut before the level of an entry");
	shuffle();
	full();
	return done_testing();
}
