/* SPDX-License-Identifier: 0BSD */
#include "bounce/text.h"

#include <string.h>

#include "tap.h"

static const struct {
	const char *text;
	bool good;
} rows[] = {
	{ "", true },
	{ "plain", true },
	{ "\xc3\xa9", true },
	{ "\xe2\x82\xac", true },
	{ "\xf0\x9f\x98\x80", true },
	{ "\xf4\x8f\xbf\xbf", true },
	{ "\xed\x9f\xbf", true },
	{ "\x80", false },
	{ "a\xc3", false },
	{ "\xc3(", false },
	{ "\xc0\xaf", false },	       /* overlong / */
	{ "\xe0\x80\xaf", false },     /* the same */
	{ "\xf0\x80\x80\xaf", false }, /* and again */
	{ "\xed\xa0\x80", false },     /* a surrogate */
	{ "\xf4\x90\x80\x80", false }, /* above U+10FFFF */
	{ "\xf5\x80\x80\x80", false },
	{ "\xff", false },
};

/* What it writes, through a qclient that has no program. */
static const char *
utf8(const char *text, bool raw)
{
	static struct qclient q;
	static char out[sizeof q.buf + 1];

	obuf_init(&q.mess, -1, q.buf, sizeof q.buf);
	text_utf8(&q, text, strlen(text), raw);
	memcpy(out, q.buf, q.mess.len);
	out[q.mess.len] = 0;
	return out;
}

int
main(void)
{
	size_t i;

	for (i = 0; i < sizeof rows / sizeof *rows; i++)
		is_num(text_isutf8(rows[i].text, strlen(rows[i].text)),
			rows[i].good, "row %zu", i);
	ok(text_isascii("abc", 3) && !text_isascii("\xc3", 1), "ASCII");
	is_str(utf8("j\xc3\xb6@x", false), "j\\x{F6}@x", "two digits");
	is_str(utf8("\xce\xb1", false), "\\x{3B1}", "three");
	is_str(utf8("\xe2\x82\xac", false), "\\x{20AC}", "four");
	is_str(utf8("\xf0\x9f\x98\x80", false), "\\x{1F600}", "five");
	is_str(utf8("\xf4\x8f\xbf\xbf", false), "\\x{10FFFF}", "six");
	is_str(utf8("a+b=c\\ \xc3\xb6", true),
		"a\\x{2B}b\\x{3D}c\\x{5C}\\x{20}\xc3\xb6", "raw");
	is_str(utf8("\xff\n\xc2\x85x", false), "???x", "what is no text");
	return done_testing();
}
