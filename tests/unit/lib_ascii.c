/* SPDX-License-Identifier: 0BSD */
#include "lib/ascii.h"

#include "tap.h"

static const char lower[] = "abcdefghijklmnopqrstuvwxyz";
static const char upper[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZ";

static bool
in(const char *set, int c)
{
	return c && strchr(set, c);
}

static void
test_classes(void)
{
	int digit = 0, alpha = 0, alnum = 0, graph = 0, low = 0;

	for (int i = 0; i < 256; i++) {
		char c = (char)i, want = c;
		bool d = i < 128 && in("0123456789", i);
		bool a = i < 128 && (in(lower, i) || in(upper, i));

		if (i < 128 && in(upper, i))
			want = lower[strchr(upper, i) - upper];
		digit += ascii_isdigit(c) != d;
		alpha += ascii_isalpha(c) != a;
		alnum += ascii_isalnum(c) != (a || d);
		graph += ascii_isgraph(c) != (i > 32 && i < 127);
		low += ascii_lower(c) != want;
	}
	is_num(digit, 0, "isdigit of all bytes");
	is_num(alpha, 0, "isalpha of all bytes");
	is_num(alnum, 0, "isalnum of all bytes");
	is_num(graph, 0, "isgraph of all bytes");
	is_num(low, 0, "lower of all bytes");
}

static void
test_compare(void)
{
	/* '[' and '{', '@' and '`' differ in bit 5 only, like A and a */
	static const struct {
		const char *a, *b;
		bool is, starts; /* a starts with b */
	} t[] = {
		{ "", "", true, true },
		{ "a", "", false, true },
		{ "", "a", false, false },
		{ "MAIL From", "mail fROM", true, true },
		{ "MAILx", "mail", false, true },
		{ "mai", "mail", false, false },
		{ "[", "{", false, false },
		{ "@", "`", false, false },
		{ "Z", "z", true, true },
		{ "\xc4", "\xe4", false, false },
		{ "\xe4", "\xe4", true, true },
		{ "a\rb", "A-B", false, false },
	};

	for (size_t i = 0; i < sizeof t / sizeof *t; i++) {
		is_num(ascii_caseis(t[i].a, t[i].b), t[i].is, "caseis %zu", i);
		is_num(ascii_caseis(t[i].b, t[i].a), t[i].is, "caseis' %zu", i);
		is_num(ascii_casestarts(t[i].a, t[i].b), t[i].starts,
			"casestarts %zu", i);
	}
	ok(ascii_caseeqn("a\0B", "A\0b", 3), "caseeqn goes on after NUL");
	ok(!ascii_caseeqn("a\0B", "A\0c", 3), "and compares there");
	ok(ascii_caseeqn("abX", "ABy", 2), "caseeqn stops at n");
	ok(ascii_caseeqn("x", "y", 0), "nothing equals nothing");
}

static void
test_tolower(void)
{
	char s[] = "Az\0Z\xc4[@";

	ascii_tolower(s, 6);
	is_mem(s, 8, "az\0z\xc4[@", 8, "tolower in place");
	memcpy(s, "ABC", 3);
	ascii_tolower(s, 2);
	is_mem(s, 3, "abC", 3, "tolower stops at n");
}

static void
test_only(void)
{
	ok(ascii_only("", 0), "nothing is ASCII");
	ok(ascii_only("a\0\x7f", 3), "so are NUL and DEL");
	ok(!ascii_only("a\x80", 2), "80 is not");
	ok(ascii_only("a\x80", 1), "it stops at n");
}

static void
test_hexval(void)
{
	static const char small[] = "0123456789abcdef";
	static const char big[] = "0123456789ABCDEF";
	int c, wrong = 0;

	for (c = 1; c < 256; c++) {
		const char *l = strchr(small, c), *u = strchr(big, c);
		int want = l ? (int)(l - small) : u ? (int)(u - big) : -1;

		if (ascii_hexval((char)c) != want)
			wrong++;
	}
	is_num(wrong, 0, "hexadecimal digits, and no others");
	is_num(ascii_hexval(0), -1, "NUL is none");
}

int
main(void)
{
	test_only();
	test_hexval();
	test_classes();
	test_compare();
	test_tolower();
	return done_testing();
}
