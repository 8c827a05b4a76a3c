/* SPDX-License-Identifier: 0BSD */
#include "mail/addrlist.h"

#include "tap.h"

#define S(lit) lit, sizeof(lit) - 1

/* Each address is listed as local@domain, in | |. An address without domain
 * gets "h" in the rewritten text. */
static const struct {
	const char *in;
	size_t n;
	enum addrlist err;
	const char *addrs;
	const char *out; /* NULL: as in */
} table[] = {
	{ S(""), ADDRLIST_OK, "", NULL },
	{ S(" \n\t"), ADDRLIST_OK, "", NULL },
	{ S(" a@b"), ADDRLIST_OK, "|a@b|", NULL },
	{ S("a@b,c@d"), ADDRLIST_OK, "|a@b||c@d|", NULL },
	{ S(",,a@b, ,\n c@d,"), ADDRLIST_OK, "|a@b||c@d|", NULL },
	/* without host */
	{ S("a"), ADDRLIST_OK, "|a@h|", "a@h" },
	{ S(" a , b"), ADDRLIST_OK, "|a@h||b@h|", " a@h , b@h" },
	{ S("a@"), ADDRLIST_OK, "|a@h|", "a@h" },
	{ S("<a>"), ADDRLIST_OK, "|a@h|", "<a@h>" },
	/* names, comments, quotes stay */
	{ S("Joe <a@b>"), ADDRLIST_OK, "|a@b|", NULL },
	{ S("Joe Q. Public <a>"), ADDRLIST_OK, "|a@h|", "Joe Q. Public <a@h>" },
	{ S("\"Doe, Joe\" <a>"), ADDRLIST_OK, "|a@h|", "\"Doe, Joe\" <a@h>" },
	{ S("x@y <a@b>"), ADDRLIST_OK, "|a@b|", NULL },
	{ S("[list] <a@b>"), ADDRLIST_OK, "|a@b|", NULL },
	{ S("J\303\266rg <a@b>, J\366rg <c@d>"), ADDRLIST_OK, "|a@b||c@d|",
		NULL },
	{ S("=?utf-8?Q?Doe,_Joe_(x?= <a@b>"), ADDRLIST_OK, "|a@b|", NULL },
	{ S("=?utf-8?B?RG9l?=\n =?x?q?a:b?= <a>"), ADDRLIST_OK, "|a@h|",
		"=?utf-8?B?RG9l?=\n =?x?q?a:b?= <a@h>" },
	{ S("a (Joe, (Q) \\) Public)"), ADDRLIST_OK, "|a@h|",
		"a@h (Joe, (Q) \\) Public)" },
	{ S("(x) a (y) @ (z) b (w)"), ADDRLIST_OK, "|a@b|", NULL },
	{ S("(x) a (y) @ (z)"), ADDRLIST_OK, "|a@h|", "(x) a@h (y) (z)" },
	{ S("<(x) a (y) >"), ADDRLIST_OK, "|a@h|", "<(x) a@h (y) >" },
	{ S("Joe\n <a@b>,\r\n c"), ADDRLIST_OK, "|a@b||c@h|",
		"Joe\n <a@b>,\r\n c@h" },
	{ S("a . b @ c . d"), ADDRLIST_OK, "|a.b@c.d|", NULL },
	{ S("a(x).b(y)"), ADDRLIST_OK, "|a.b@h|", "a.b@h (x)(y)" },
	/* quoted local parts */
	{ S("\"a b\"@c"), ADDRLIST_OK, "|a b@c|", NULL },
	{ S("\"a b\""), ADDRLIST_OK, "|a b@h|", "\"a b\"@h" },
	{ S("\"a\".b@c"), ADDRLIST_OK, "|a.b@c|", NULL },
	{ S("\"a\\\"b\\\\\""), ADDRLIST_OK, "|a\"b\\@h|", "\"a\\\"b\\\\\"@h" },
	{ S("\"a\n b\"@c"), ADDRLIST_OK, "|a b@c|", NULL },
	{ S("a\\,b"), ADDRLIST_OK, "|a,b@h|", "\"a,b\"@h" },
	{ S("\"a@b\"@c"), ADDRLIST_OK, "|a@b@c|", NULL },
	{ S("a@b@c"), ADDRLIST_OK, "|a@b@c|", "\"a@b\"@c" },
	{ S("\"\"@c"), ADDRLIST_LOCAL, "", NULL },
	/* dots, other atoms, literals */
	{ S("a..b.@c"), ADDRLIST_OK, "|a..b.@c|", NULL },
	{ S(".a@c."), ADDRLIST_OK, "|.a@c.|", NULL },
	{ S("a!b%c+d=e/f@x"), ADDRLIST_OK, "|a!b%c+d=e/f@x|", NULL },
	{ S("a@[127.0.0.1]"), ADDRLIST_OK, "|a@[127.0.0.1]|", NULL },
	{ S("a@[IPv6:::1]"), ADDRLIST_OK, "|a@[IPv6:::1]|", NULL },
	{ S("a-@b-@[]"), ADDRLIST_OK, "|a-@b-@[]|", "\"a-@b-\"@[]" },
	{ S("#@[]"), ADDRLIST_OK, "|#@[]|", NULL },
	{ S("a@b.\303\244"), ADDRLIST_OK, "|a@b.\303\244|", NULL },
	/* the null address */
	{ S("<>"), ADDRLIST_OK, "||", NULL },
	{ S("x <>, a"), ADDRLIST_OK, "|||a@h|", "x <>, a@h" },
	/* routes */
	{ S("<@x:a@b>"), ADDRLIST_OK, "|a@b|", "<a@b>" },
	{ S("J <@x,@y.z:a@b> (c)"), ADDRLIST_OK, "|a@b|", "J <a@b> (c)" },
	{ S("<@[1.2.3.4]:a@b>"), ADDRLIST_OK, "|a@b|", "<a@b>" },
	{ S("<@x(c):a>"), ADDRLIST_OK, "|a@h|", "<a@h (c)>" },
	{ S("<@x>"), ADDRLIST_ROUTE, "", NULL },
	{ S("<@x;:a@b>"), ADDRLIST_ROUTE, "", NULL },
	{ S("<,:a@b>"), ADDRLIST_OK, "|a@b|", "<a@b>" },
	/* groups */
	{ S("x:;"), ADDRLIST_OK, "", NULL },
	{ S("recipient list not shown: ;"), ADDRLIST_OK, "", NULL },
	{ S("undisclosed-recipients:"), ADDRLIST_OK, "", NULL },
	{ S("x: a, B <b@c>;, d"), ADDRLIST_OK, "|a@h||b@c||d@h|",
		"x: a@h, B <b@c>;, d@h" },
	{ S("x: a; y: b;"), ADDRLIST_OK, "|a@h||b@h|", "x: a@h; y: b@h;" },
	{ S("\"x y\": a;"), ADDRLIST_OK, "|a@h|", "\"x y\": a@h;" },
	{ S("x: y: a;;"), ADDRLIST_GROUP, "", NULL },
	{ S("a; b"), ADDRLIST_GROUP, "|a@h|", NULL },
	/* no commas */
	{ S("a b"), ADDRLIST_OK, "|a@h||b@h|", "a@h, b@h" },
	{ S("a@b c@d"), ADDRLIST_OK, "|a@b||c@d|", "a@b, c@d" },
	{ S("a (x) b@c (y)"), ADDRLIST_OK, "|a@h||b@c|", "a@h (x), b@c (y)" },
	{ S("a@b\n c"), ADDRLIST_OK, "|a@b||c@h|", "a@b,\n c@h" },
	{ S("<a@b> c"), ADDRLIST_JUNK, "|a@b|", NULL },
	{ S("<a@b> <c@d>"), ADDRLIST_JUNK, "|a@b|", NULL },
	{ S("<a@b>: c"), ADDRLIST_JUNK, "|a@b|", NULL },
	/* broken */
	{ S("(a"), ADDRLIST_COMMENT, "", NULL },
	{ S("a (b\\)"), ADDRLIST_COMMENT, "", NULL },
	{ S("a)"), ADDRLIST_COMMENT, "", NULL },
	{ S("a, \"b"), ADDRLIST_QUOTE, "|a@h|", NULL },
	{ S("a@[b"), ADDRLIST_LITERAL, "", NULL },
	{ S("a]"), ADDRLIST_LITERAL, "", NULL },
	{ S("<a"), ADDRLIST_ANGLE, "|a@h|", NULL },
	{ S("<a@b, c@d"), ADDRLIST_ANGLE, "|a@b|", NULL },
	{ S("a>"), ADDRLIST_ANGLE, "", NULL },
	{ S("<a b@c>"), ADDRLIST_WORDS, "|a@h|", NULL },
	{ S("<mailto:a@b>"), ADDRLIST_ANGLE, "|mailto@h|", NULL },
	{ S("@b"), ADDRLIST_LOCAL, "", NULL },
	{ S("<@>"), ADDRLIST_ROUTE, "", NULL },
	{ S("[x]@b"), ADDRLIST_DOMAIN, "", NULL },
	{ S("a@\"b\""), ADDRLIST_DOMAIN, "", NULL },
	{ S("a@b\\c"), ADDRLIST_DOMAIN, "", NULL },
	{ S("a@=?u?q?b,c?="), ADDRLIST_DOMAIN, "", NULL },
	/* an encoded-word must not come into being */
	{ S("=?u?q?e,..\n?= @"), ADDRLIST_OK, "|=?u?q?e@h||..?=@h|",
		"=?u?q?e@h,\"..?=\"@h" },
	{ S("=?u?q?e:f .?= @;"), ADDRLIST_OK, "|f.?=@h|",
		"=?u?q?e:\"f.?=\"@h;" },
	{ S("=?u?q?e,f?="), ADDRLIST_OK, "|=?u?q?e,f?=@h|",
		"\"=?u?q?e,f?=\"@h" },
	{ S("a@[1 2]"), ADDRLIST_DOMAIN, "", NULL },
	{ S("a@[1\\]2]"), ADDRLIST_DOMAIN, "", NULL },
	{ S("a\0b@c"), ADDRLIST_CONTROL, "", NULL },
	{ S("\"a\0b\"@c"), ADDRLIST_CONTROL, "", NULL },
	{ S("a@b\177"), ADDRLIST_CONTROL, "", NULL },
	{ S("a\0b <c@d>"), ADDRLIST_OK, "|c@d|", NULL },
	{ S("a\\"), ADDRLIST_OK, "|a\\@h|", "\"a\\\\\"@h" },
};

static void
collect(void *arg, struct addrlist_addr *a)
{
	struct str *s = arg;

	if (a->local.len > 0 && a->domain.len == 0) {
		str_puts(&a->domain, "h");
		a->changed = true;
	}
	str_putc(s, '|');
	addrlist_join(s, a);
	str_putc(s, '|');
}

/* The text in a block of its own size, so that reading on is seen. */
static enum addrlist
walk(const char *p, size_t n, struct str *out, struct str *addrs)
{
	char *copy = malloc(n + (n == 0));
	enum addrlist e;

	memcpy(copy, p, n);
	e = addrlist_walk(copy, n, out, collect, addrs);
	free(copy);
	return e;
}

/* A test's name: the text on one line. */
static const char *
label(const char *in)
{
	static char out[100];
	size_t i = 0;

	for (; *in != '\0' && i < sizeof out - 1; in++)
		out[i++] = *in < 32 || *in == '#' ? '_' : *in;
	out[i] = '\0';
	return out;
}

static void
row(size_t i)
{
	struct str out = STR_INIT(0), addrs = STR_INIT(0), again = STR_INIT(0);
	const char *in = label(table[i].in);
	enum addrlist e;

	str_puts(&out, "x");
	e = walk(table[i].in, table[i].n, &out, &addrs);
	is_str(addrlist_error(e), addrlist_error(table[i].err), "%s: outcome",
		in);
	is_str(str_c(&addrs), table[i].addrs, "%s: addresses", in);
	if (e != ADDRLIST_OK) {
		is_num(out.len, 1, "%s: nothing put out", in);
		str_free(&out);
		str_free(&addrs);
		return;
	}
	if (table[i].out != NULL)
		is_mem(out.s + 1, out.len - 1, table[i].out,
			strlen(table[i].out), "%s: text", in);
	else
		is_mem(out.s + 1, out.len - 1, table[i].in, table[i].n,
			"%s: as it was", in);
	/* What comes out must mean the same. */
	str_clear(&addrs);
	e = walk(out.s + 1, out.len - 1, &again, &addrs);
	is_num(e, ADDRLIST_OK, "%s: can be read again", in);
	is_str(str_c(&addrs), table[i].addrs, "%s: same addresses", in);
	is_mem(again.s, again.len, out.s + 1, out.len - 1, "%s: same text", in);
	str_free(&out);
	str_free(&addrs);
	str_free(&again);
}

static enum addrlist
repeated(const char *head, char c, size_t n, const char *tail)
{
	struct str in = STR_INIT(8 << 20), addrs = STR_INIT(64 << 20);
	enum addrlist e;

	str_puts(&in, head);
	for (size_t i = 0; i < n; i++)
		str_putc(&in, c);
	str_puts(&in, tail);
	e = addrlist_walk(in.s, in.len, NULL, collect, &addrs);
	str_free(&in);
	str_free(&addrs);
	return e;
}

static void
limits(void)
{
	struct str in = STR_INIT(8 << 20), out = STR_INIT(64 << 20),
		   addrs = STR_INIT(64 << 20);

	is_num(repeated("", 'a', 998, ""), ADDRLIST_OK, "998 bytes and @h");
	is_num(repeated("", 'a', 1000, ""), ADDRLIST_LONG, "1000 bytes and @h");
	is_num(repeated("a@", 'b', 998, ""), ADDRLIST_OK, "1000 bytes");
	is_num(repeated("a@", 'b', 999, ""), ADDRLIST_LONG, "1001 bytes");
	is_num(repeated("", '.', 2000, "@b"), ADDRLIST_LONG, "2000 dots");
	is_num(repeated("a", '@', 2000, "b"), ADDRLIST_LONG, "2000 times @");
	is_num(repeated("", 'x', 4000000, " <a@b>"), ADDRLIST_OK,
		"the name may be long");
	is_num(repeated("", '(', 101, "x"), ADDRLIST_NEST, "nested too deep");
	is_num(repeated("", '(', 4000000, ""), ADDRLIST_NEST, "much too deep");
	is_num(repeated("a(", 'x', 4000000, ")"), ADDRLIST_OK,
		"a comment may be long");
	is_num(repeated("", '<', 4000000, ""), ADDRLIST_LOCAL, "many <");
	is_num(repeated("", ',', 4000000, ""), ADDRLIST_OK, "many commas");
	is_num(repeated("", '"', 4000000, ""), ADDRLIST_LOCAL, "many quotes");
	is_num(repeated("x <a@b>, ", '=', 4000000, "?"), ADDRLIST_LONG,
		"many signs of an encoded-word");
	for (int i = 0; i < 500000; i++)
		str_puts(&in, i % 2 ? "a " : "=?x ");
	is_num(addrlist_walk(in.s, in.len, &out, collect, &addrs), ADDRLIST_OK,
		"half a million addresses");
	is_num(out.len, 500000 / 2 * (7 + 5) - 1, "all of them");
	str_free(&in);
	str_free(&out);
	str_free(&addrs);
}

int
main(void)
{
	for (size_t i = 0; i < sizeof table / sizeof table[0]; i++)
		row(i);
	limits();
	for (int e = 0; e <= ADDRLIST_LONG + 1; e++)
		ok(addrlist_error((enum addrlist)e) != NULL, "error %d", e);
	return done_testing();
}
