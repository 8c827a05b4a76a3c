/* SPDX-License-Identifier: 0BSD */
#include "mail/header.h"

#include "lib/str.h"
#include "tap.h"

#define S(lit) lit, sizeof(lit) - 1

static const struct {
	const char *what, *in;
	size_t n;
	const char *fields; /* name=value| of each; bytes as they are */
	size_t end;	    /* header_end */
	size_t stop;	    /* where header_next stops */
} table[] = {
	{ "nothing", S(""), "", 0, 0 },
	{ "two fields", S("A: b\nC: d\n\nbody"), "A= b|C= d|", 11, 10 },
	{ "no value", S("A:\n\n"), "A=|", 4, 3 },
	{ "empty line first", S("\nA: b\n"), "", 1, 0 },
	{ "CRLF empty line first", S("\r\nA: b\n"), "", 2, 0 },
	{ "fold", S("A: b\n c\n\td\nE:f\n\n"), "A= b\n c\n\td|E=f|", 16, 15 },
	{ "fold with nothing in it", S("A: b\n \nC:d\n"), "A= b\n |C=d|", 11,
		11 },
	{ "fold first", S(" A: b\nC: d\n"), "", 0, 0 },
	{ "CRLF", S("A: b\r\nC: d\r\n e\r\n\r\nx"), "A= b|C= d\r\n e|", 18,
		16 },
	{ "bare CR is data", S("A: b\rc\n\n"), "A= b\rc|", 8, 7 },
	{ "a CR alone", S("A:\r\n\r"), "A=|", 4, 4 },
	{ "blanks before the colon", S("A \t: b\n\n"), "A= b|", 8, 7 },
	{ "blank inside the name", S("A B: c\n\n"), "", 0, 0 },
	{ "no name", S(": c\n\n"), "", 0, 0 },
	{ "8-bit name", S("\344: c\n\n"), "", 0, 0 },
	{ "text in the header", S("A: b\nhello world\nC: d\n"), "A= b|", 5, 5 },
	{ "no last LF", S("A: b\nC: d"), "A= b|C= d|", 9, 9 },
	{ "no last LF in a fold", S("A: b\n d"), "A= b\n d|", 7, 7 },
	{ "NUL in a value", S("A: b\0c\n\n"), "A= b?c|", 8, 7 },
	{ "odd name", S("!~-_.(): x\n"), "!~-_.()= x|", 11, 11 },
	{ "colons in a value", S("A: b: c\n"), "A= b: c|", 8, 8 },
	{ "mbox line", S("From a Thu\nA: b\n\n"), "A= b|", 17, 16 },
	{ "quoted mbox line", S(">From a Thu\nA: b\n\n"), "A= b|", 18, 17 },
	{ "mbox line alone", S("From a Thu\n"), "", 0, 0 },
	{ "text like a mbox line", S("From here on\nit goes\n"), "", 0, 0 },
	{ "mbox line, empty line", S("From here on\n\nA: b"), "", 0, 0 },
	{ "From : is a field", S("From : x\nA: b\n\n"), "From= x|A= b|", 15,
		14 },
	{ "mbox line later", S("A: b\nFrom a Thu\nC: d\n"), "A= b|", 5, 5 },
};

static void
fields(struct str *out, const char *p, size_t n, size_t *pos)
{
	struct header_field f;
	size_t before = *pos;

	while (header_next(p, n, pos, &f)) {
		ok(*pos > before && *pos <= n && f.raw >= p &&
				f.raw + f.rawlen == p + *pos &&
				f.value + f.valuelen <= p + *pos,
			"the field lies in the block");
		before = *pos;
		str_put(out, f.name, f.namelen);
		str_putc(out, '=');
		for (size_t i = 0; i < f.valuelen; i++)
			str_putc(out, f.value[i] ? f.value[i] : '?');
		str_putc(out, '|');
	}
}

/* Feed the block in two pieces, cut everywhere: the answer must be the same,
 * and never given too early. */
static void
pieces(const char *what, const char *p, size_t n, size_t want)
{
	bool good = true;

	for (size_t cut = 0; cut <= n; cut++) {
		/* its own memory, so that reading on is seen */
		char *part = xmalloc(cut + 1);
		size_t pos = 0;
		bool end;

		memcpy(part, p, cut);
		end = header_scan(part, cut, false, &pos);
		if (end && pos != want)
			good = false;
		free(part);
		if (end)
			continue;
		if (pos > cut)
			good = false;
		if (!header_scan(p, n, true, &pos) || pos != want)
			good = false;
		if (!good) {
			diag("cut at %zu: %zu", cut, pos);
			break;
		}
	}
	ok(good, "%s: scanned in pieces", what);
}

static void
long_lines(void)
{
	struct str s = STR_INIT(1 << 20);
	size_t pos = 0;

	for (int i = 0; i < 100000; i++)
		str_putc(&s, 'x');
	ok(!header_scan(s.s, HEADER_NAME_MAX - 1, false, &pos),
		"a short word may yet become a field");
	ok(header_scan(s.s, s.len, false, &pos) && pos == 0,
		"a long line without a colon is no field");
	str_puts(&s, ": y\n");
	is_num(header_name(s.s, s.len), 0, "nor with a late one");
	str_clear(&s);
	str_puts(&s, "A: ");
	for (int i = 0; i < 100000; i++)
		str_putc(&s, 'x');
	pos = 0;
	ok(!header_scan(s.s, s.len, false, &pos) && pos == 0,
		"a long field goes on");
	str_puts(&s, "\n\n");
	ok(header_scan(s.s, s.len, false, &pos) && pos == s.len - 1,
		"until its line ends");
	str_clear(&s);
	str_puts(&s, "From ");
	for (int i = 0; i < 100000; i++)
		str_putc(&s, 'x');
	pos = 0;
	ok(header_scan(s.s, s.len, false, &pos) && pos == 0,
		"an endless mbox line is none");
	str_puts(&s, "\nA: b\n");
	is_num(header_end(s.s, s.len), 0, "in a whole block too");
	str_free(&s);
}

int
main(void)
{
	struct str out = STR_INIT(0);
	struct header_field f;
	size_t pos;

	for (size_t i = 0; i < sizeof table / sizeof table[0]; i++) {
		str_clear(&out);
		pos = 0;
		fields(&out, table[i].in, table[i].n, &pos);
		is_str(str_c(&out), table[i].fields, "%s: fields",
			table[i].what);
		is_num(pos, table[i].stop, "%s: stop", table[i].what);
		is_num(header_end(table[i].in, table[i].n), table[i].end,
			"%s: end", table[i].what);
		pieces(table[i].what, table[i].in, table[i].n, table[i].stop);
	}
	pos = 0;
	header_next(S("deLIVERED-to: x\n"), &pos, &f);
	ok(header_is(&f, "Delivered-To"), "names without case");
	ok(!header_is(&f, "Delivered-T") && !header_is(&f, "Delivered-To:"),
		"and whole");
	long_lines();
	str_free(&out);
	return done_testing();
}
