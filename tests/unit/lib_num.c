/* SPDX-License-Identifier: 0BSD */
#include "lib/num.h"

#include "tap.h"

static void
test_parse(void)
{
	static const struct {
		const char *s;
		uint64_t max;
		bool good;
		uint64_t want;
	} t[] = {
		{ "", UINT64_MAX, false, 0 },
		{ "0", UINT64_MAX, true, 0 },
		{ "0", 0, true, 0 },
		{ "1", 0, false, 0 },
		{ "00", 0, true, 0 },
		{ "007", 7, true, 7 },
		{ "000000000000000000000000000001", 1, true, 1 },
		{ "9", 9, true, 9 },
		{ "10", 9, false, 0 },
		{ "255", 255, true, 255 },
		{ "256", 255, false, 0 },
		{ "260", 255, false, 0 },
		{ "1000", 255, false, 0 },
		{ "4294967296", UINT32_MAX, false, 0 },
		{ "18446744073709551615", UINT64_MAX, true, UINT64_MAX },
		{ "18446744073709551616", UINT64_MAX, false, 0 },
		{ "18446744073709551620", UINT64_MAX, false, 0 },
		{ "99999999999999999999", UINT64_MAX, false, 0 },
		{ "184467440737095516150", UINT64_MAX, false, 0 },
		{ "-1", UINT64_MAX, false, 0 },
		{ "+1", UINT64_MAX, false, 0 },
		{ " 1", UINT64_MAX, false, 0 },
		{ "1 ", UINT64_MAX, false, 0 },
		{ "1\n", UINT64_MAX, false, 0 },
		{ "0x1", UINT64_MAX, false, 0 },
		{ "1e3", UINT64_MAX, false, 0 },
		{ "1,0", UINT64_MAX, false, 0 },
		{ "/", UINT64_MAX, false, 0 },
		{ ":", UINT64_MAX, false, 0 },
		{ "\xb2", UINT64_MAX, false, 0 },
	};

	for (size_t i = 0; i < sizeof t / sizeof *t; i++) {
		uint64_t v = 4711;
		bool good = num_parses(t[i].s, t[i].max, &v);

		is_num(good, t[i].good, "parse \"%s\"", t[i].s);
		is_num(v, t[i].good ? t[i].want : 4711, "value \"%s\"", t[i].s);
	}
}

static void
test_length(void)
{
	uint64_t v = 0;

	ok(!num_parse("1\0", 2, 9, &v), "a NUL is not a digit");
	ok(num_parse("12345", 2, 99, &v) && v == 12, "stops at n");
}

static void
test_fmt(void)
{
	static const struct {
		uint64_t n;
		size_t width;
		const char *want;
	} t[] = {
		{ 0, 0, "0" },
		{ 0, 1, "0" },
		{ 7, 2, "07" },
		{ 42, 2, "42" },
		{ 123, 2, "123" },
		{ 10, 4, "0010" },
		{ 0, 20, "00000000000000000000" },
		{ UINT64_MAX, 0, "18446744073709551615" },
		{ UINT64_MAX, 20, "18446744073709551615" },
	};

	for (size_t i = 0; i < sizeof t / sizeof *t; i++) {
		char buf[NUM_FMT];
		size_t n = num_fmt0(buf, t[i].n, t[i].width);

		is_str(buf, t[i].want, "fmt0 %zu", i);
		is_num(n, strlen(t[i].want), "fmt0 %zu: length", i);
		if (t[i].width > 1)
			continue;
		is_num(num_fmt(buf, t[i].n), n, "fmt %zu: length", i);
		is_str(buf, t[i].want, "fmt %zu", i);
	}
}

int
main(void)
{
	test_parse();
	test_length();
	test_fmt();
	return done_testing();
}
