/* SPDX-License-Identifier: 0BSD */
#include "lib/map.h"

#include "tap.h"

enum { MANY = 100000 };

/* SipHash-2-4 of 00 01 02 ... under the key 00 01 .. 0f: the first and some
 * others of the published vectors. */
static void
test_siphash(void)
{
	static const struct {
		size_t n;
		uint64_t want;
	} t[] = {
		{ 0, 0x726fdb47dd0e0e31 },
		{ 1, 0x74f839c593dc67fd },
		{ 7, 0xab0200f58b01d137 },
		{ 8, 0x93f5f5799a932462 },
		{ 15, 0xa129ca6149be45e5 },
		{ 63, 0x958a324ceb064572 },
	};
	static const uint64_t key[2] = { 0x0706050403020100,
		0x0f0e0d0c0b0a0908 };
	unsigned char in[64];

	for (size_t i = 0; i < sizeof in; i++)
		in[i] = (unsigned char)i;
	for (size_t i = 0; i < sizeof t / sizeof *t; i++)
		is_num(map_hash(key, in, t[i].n), t[i].want,
			"SipHash of %zu bytes", t[i].n);
}

static void
test_keys(void)
{
	static const struct {
		const char *key;
		size_t klen;
		const char *val;
		size_t vlen;
	} t[] = {
		{ "", 0, "empty key", 9 },
		{ "\0", 1, "one NUL", 7 },
		{ "\0\0", 2, "two", 3 },
		{ "a", 1, "", 0 },
		{ "a\0", 2, "a NUL", 5 },
		{ "A", 1, "\0v\0", 3 },
		{ "\xff\xfe", 2, "high", 4 },
	};
	struct map m;
	size_t n = 0;

	map_init(&m);
	ok(!map_get(&m, "a", 1, &n), "nothing in an empty map");
	for (size_t i = 0; i < sizeof t / sizeof *t; i++)
		map_put(&m, t[i].key, t[i].klen, t[i].val, t[i].vlen);
	for (size_t i = 0; i < sizeof t / sizeof *t; i++) {
		const char *v = map_get(&m, t[i].key, t[i].klen, &n);

		is_mem(v, v ? n : 0, t[i].val, t[i].vlen, "key %zu", i);
		ok(v && v[n] == 0, "key %zu: NUL beyond", i);
	}
	ok(!map_get(&m, "\0\0\0", 3, NULL), "three NULs are not there");
	ok(!map_get(&m, "b", 1, NULL), "b is not there");
	is_num(m.count, sizeof t / sizeof *t, "count");
	map_put(&m, NULL, 0, NULL, 0);
	is_str(map_get(&m, "", 0, NULL), "", "NULL key and value are empty");
	map_free(&m);
	ok(!map_get(&m, "a", 1, NULL), "nothing after free");
	map_put(&m, "a", 1, "b", 1);
	is_str(map_get(&m, "a", 1, NULL), "b", "usable after free");
	map_free(&m);
}

/* Half of many, so that there are runs of full slots around each. */
static void
test_remove(void)
{
	uint32_t i, found = 0, gone = 0;
	struct map m;

	map_init(&m);
	map_remove(&m, "a", 1);
	for (i = 0; i < MANY; i++)
		map_put(&m, &i, sizeof i, &i, sizeof i);
	for (i = 0; i < MANY; i += 2)
		map_remove(&m, &i, sizeof i);
	map_remove(&m, "a", 1);
	is_num(m.count, MANY / 2, "half are left");
	for (i = 0; i < MANY; i++) {
		const char *v = map_get(&m, &i, sizeof i, NULL);

		if (i % 2)
			found += v && memcmp(v, &i, sizeof i) == 0;
		else
			gone += !v;
	}
	is_num(found, MANY / 2, "the others are found");
	is_num(gone, MANY / 2, "those removed are not");
	for (i = 1; i < MANY; i += 2)
		map_remove(&m, &i, sizeof i);
	is_num(m.count, 0, "none");
	map_free(&m);
}

static void
test_replace(void)
{
	struct map m;

	map_init(&m);
	map_put(&m, "k", 1, "first", 5);
	map_put(&m, "k", 1, "second value", 12);
	is_str(map_get(&m, "k", 1, NULL), "second value", "replaced");
	is_num(m.count, 1, "counted once");
	map_put(&m, "k", 1, map_get(&m, "k", 1, NULL), 6);
	is_str(map_get(&m, "k", 1, NULL), "second", "replaced from itself");
	map_free(&m);
}

static void
test_many(void)
{
	struct map m;
	char key[40], val[40];
	size_t bad = 0;

	map_init(&m);
	for (int i = 0; i < MANY; i++) {
		int k = sprintf(key, "user%d@example.org", i);
		int v = sprintf(val, "%d", i * 3);

		map_put(&m, key, (size_t)k, val, (size_t)v);
	}
	is_num(m.count, MANY, "%d keys", MANY);
	for (int i = 0; i < MANY; i++) {
		int k = sprintf(key, "user%d@example.org", i);
		const char *got = map_get(&m, key, (size_t)k, NULL);

		sprintf(val, "%d", i * 3);
		bad += !got || strcmp(got, val) != 0;
		k = sprintf(key, "user%d@example.com", i);
		bad += map_get(&m, key, (size_t)k, NULL) != NULL;
	}
	is_num(bad, 0, "all found, and no others");
	ok(m.nslots >= m.count + m.count / 4, "a quarter of the slots is free");
	is_num(m.nslots & (m.nslots - 1), 0, "slots are a power of two");
	map_free(&m);
}

int
main(void)
{
	struct map a;

	test_siphash();
	test_keys();
	test_remove();
	test_replace();
	test_many();
	map_init(&a);
	ok(a.seed[0] && a.seed[1] && a.seed[0] != a.seed[1], "seeded");
	return done_testing();
}
