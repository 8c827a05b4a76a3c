/* SPDX-License-Identifier: 0BSD */
#include "mail/addr.h"

#include "tap.h"

#define S(s) s, sizeof s - 1

static const struct path {
	const char *in;
	size_t n;
	enum addr_result r;
	const char *out;
	size_t used;
} paths[] = {
	{ S("<>"), ADDR_OK, "", 2 },
	{ S("<a@b>"), ADDR_OK, "a@b", 5 },
	{ S("<a@b> SIZE=1"), ADDR_OK, "a@b", 5 },
	{ S("<a>"), ADDR_OK, "a", 3 },
	{ S("<A.b+c=d/e@B.example>"), ADDR_OK, "A.b+c=d/e@B.example", 21 },
	{ S("<a..b.@c>"), ADDR_OK, "a..b.@c", 9 },
	{ S("<\"a b\"@c>"), ADDR_OK, "a b@c", 9 },
	{ S("<\"a\\\"\\b@\"@c>"), ADDR_OK, "a\"b@@c", 12 },
	{ S("<\">\"@c>"), ADDR_OK, ">@c", 7 },
	{ S("<\"\"@c>"), ADDR_SYNTAX, NULL, 0 },
	{ S("<\"\">"), ADDR_SYNTAX, NULL, 0 },
	{ S("<\"a@b\">"), ADDR_SYNTAX, NULL, 0 },
	{ S("<@r:\"\">"), ADDR_SYNTAX, NULL, 0 },
	{ S("<@r:a@b>"), ADDR_OK, "a@b", 8 },
	{ S("<@r,@s.t:a@b>"), ADDR_OK, "a@b", 13 },
	{ S("<@[192.0.2.1]:a@b>"), ADDR_OK, "a@b", 18 },
	{ S("<a@[192.0.2.1]>"), ADDR_OK, "a@[192.0.2.1]", 15 },
	{ S("<a@[IPv6:2001:db8::1]>"), ADDR_OK, "a@[IPv6:2001:db8::1]", 22 },
	{ S("<a@x_y.b>"), ADDR_OK, "a@x_y.b", 9 },
	{ S(""), ADDR_SYNTAX, NULL, 0 },
	{ S("<"), ADDR_SYNTAX, NULL, 0 },
	{ S("a@b"), ADDR_SYNTAX, NULL, 0 },
	{ S("<a@b"), ADDR_SYNTAX, NULL, 0 },
	{ S("<a@>"), ADDR_SYNTAX, NULL, 0 },
	{ S("<@b>"), ADDR_SYNTAX, NULL, 0 },
	{ S("<@r:>"), ADDR_SYNTAX, NULL, 0 },
	{ S("<@r,:a@b>"), ADDR_SYNTAX, NULL, 0 },
	{ S("<@r;a@b>"), ADDR_SYNTAX, NULL, 0 },
	{ S("<a b@c>"), ADDR_SYNTAX, NULL, 0 },
	{ S("<a@b c>"), ADDR_SYNTAX, NULL, 0 },
	{ S("<a@b@c>"), ADDR_SYNTAX, NULL, 0 },
	{ S("<a\\b@c>"), ADDR_SYNTAX, NULL, 0 },
	{ S("<\"a@c>"), ADDR_SYNTAX, NULL, 0 },
	{ S("<\"a\"b@c>"), ADDR_SYNTAX, NULL, 0 },
	{ S("<\"a\\"), ADDR_SYNTAX, NULL, 0 },
	{ S("<\"a\tb\"@c>"), ADDR_SYNTAX, NULL, 0 },
	{ S("<\"a\0b\"@c>"), ADDR_SYNTAX, NULL, 0 },
	{ S("<a\0b@c>"), ADDR_SYNTAX, NULL, 0 },
	{ S("<a@b..c>"), ADDR_SYNTAX, NULL, 0 },
	{ S("<a@.b>"), ADDR_SYNTAX, NULL, 0 },
	{ S("<a@b.>"), ADDR_SYNTAX, NULL, 0 },
	{ S("<a@-b>"), ADDR_SYNTAX, NULL, 0 },
	{ S("<a@b-.c>"), ADDR_SYNTAX, NULL, 0 },
	{ S("<a@[]>"), ADDR_SYNTAX, NULL, 0 },
	{ S("<a@[1.2.3]>"), ADDR_SYNTAX, NULL, 0 },
	{ S("<a@[1.2.3.4>"), ADDR_SYNTAX, NULL, 0 },
	{ S("<\303\251@c>"), ADDR_UTF8, "\303\251@c", 6 },
	{ S("<a@\303\251.c>"), ADDR_UTF8, "a@\303\251.c", 8 },
	{ S("<a\303\251b@c>"), ADDR_UTF8, "a\303\251b@c", 8 },
	{ S("<\"\303\251 \"@c>"), ADDR_UTF8, "\303\251 @c", 9 },
	{ S("<\351@c>"), ADDR_NONASCII, NULL, 0 },
	{ S("<a@\351>"), ADDR_NONASCII, NULL, 0 },
	{ S("<\"\303\"@c>"), ADDR_NONASCII, NULL, 0 },
	{ S("<a\302\233@c>"), ADDR_NONASCII, NULL, 0 },
	{ S("<a@b\355\240\200>"), ADDR_NONASCII, NULL, 0 },
	{ S("<0123456789012345678901234567890123456789@c>"), ADDR_LONG, NULL,
		0 },
};

static void
test_paths(void)
{
	for (size_t i = 0; i < sizeof paths / sizeof *paths; i++) {
		const struct path *t = &paths[i];
		struct str out = STR_INIT(40);
		size_t used = 0;
		/* at the end of its memory, for the sanitizer */
		char *in = malloc(t->n + 1);
		enum addr_result r;

		memcpy(in, t->in, t->n);
		r = addr_path(&out, in, t->n, &used);
		is_num(r, t->r, "path %zu: %s", i, t->in);
		if (t->out) {
			is_str(str_c(&out), t->out, "path %zu: address", i);
			is_num(used, t->used, "path %zu: used", i);
		}
		free(in);
		str_free(&out);
	}
}

static void
test_mailbox(void)
{
	struct str out = STR_INIT(100);

	is_num(addr_mailbox(&out, S("a@b")), ADDR_OK, "mailbox");
	is_num(addr_mailbox(&out, S("a@b ")), ADDR_SYNTAX,
		"mailbox: all of it");
	is_num(addr_mailbox(&out, S("")), ADDR_SYNTAX, "mailbox: not empty");
	is_num(addr_mailbox(&out, S("\"x\"@b")), ADDR_OK, "mailbox: quoted");
	is_str(str_c(&out), "x@b", "mailbox: unquoted");
	str_free(&out);
}

static void
test_domains(void)
{
	char label[70], name[300];
	static const struct {
		const char *d;
		bool good;
	} t[] = { { "a", true }, { "a.b.c", true }, { "0.1", true },
		{ "a-b.c", true }, { "xn--x.c", true }, { "", false },
		{ ".", false }, { "a.", false }, { ".a", false },
		{ "a b", false }, { "a\x80", false }, { "a/b", false },
		{ "[::1]", false }, { "[IPv6:::1]", true },
		{ "[127.0.0.1]", true }, { "[127.0.0.1]x", false } };

	for (size_t i = 0; i < sizeof t / sizeof *t; i++)
		is_num(addr_isdomain(t[i].d, strlen(t[i].d)), t[i].good,
			"domain \"%s\"", t[i].d);
	memset(label, 'x', sizeof label);
	is_num(addr_isdomain(label, 63), 1, "label of 63");
	is_num(addr_isdomain(label, 64), 0, "label of 64");
	for (size_t i = 0; i < sizeof name; i++)
		name[i] = i % 50 == 49 ? '.' : 'a';
	is_num(addr_isdomain(name, 255), 1, "domain of 255");
	is_num(addr_isdomain(name, 256), 0, "domain of 256");
	is_num(addr_at("a@b@c", 5), 3, "the last @");
	is_num(addr_at("abc", 3), 3, "no @");
}

static void
test_quote(void)
{
	static const struct {
		const char *in, *out;
	} t[] = {
		{ "a@b", "a@b" },
		{ "a b@c", "\"a b\"@c" },
		{ "a@b@c", "\"a@b\"@c" },
		{ "a\"\\@c", "\"a\\\"\\\\\"@c" },
		{ "a", "a" },
		{ "a b", "\"a b\"" },
		{ "\303\251@b", "\303\251@b" },
		{ "\303\251 @b", "\"\303\251 \"@b" },
	};

	for (size_t i = 0; i < sizeof t / sizeof *t; i++) {
		struct str q = STR_INIT(100), back = STR_INIT(100);

		addr_quote(&q, t[i].in, strlen(t[i].in));
		is_str(str_c(&q), t[i].out, "quote %s", t[i].in);
		is_num(addr_mailbox(&back, q.s, q.len),
			t[i].in[0] < 0 ? ADDR_UTF8 : ADDR_OK, "it parses");
		is_str(str_c(&back), t[i].in, "and gives what was quoted");
		str_free(&q);
		str_free(&back);
	}
}

int
main(void)
{
	test_paths();
	test_mailbox();
	test_domains();
	test_quote();
	return done_testing();
}
