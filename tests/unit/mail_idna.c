/* SPDX-License-Identifier: 0BSD */
#include "mail/idna.h"

#include "tap.h"

static const struct {
	const char *in, *out; /* NULL: refused */
} cases[] = {
	{ "example.org", "example.org" },
	{ "Example.ORG", "Example.ORG" },
	{ "[IPv6:::1]", "[IPv6:::1]" },
	{ "", "" },
	{ "m\xc3\xbcnchen.de", "xn--mnchen-3ya.de" },
	{ "M\xc3\x9cNCHEN.De", "xn--mnchen-3ya.de" },
	{ "b\xc3\xbc"
	  "cher.b\xc3\xbc"
	  "cher",
		"xn--bcher-kva.xn--bcher-kva" },
	{ "stra\xc3\x9f"
	  "e.de",
		"xn--strae-oqa.de" },
	{ "\xc3\xa4\xc3\xb6\xc3\xbc.de.", "xn--4ca0bs.de" },
	{ "\xd0\xbf\xd1\x80\xd0\xb8\xd0\xbc\xd0\xb5\xd1\x80.\xd1\x80\xd1\x84",
		"xn--e1afmkfd.xn--p1ai" },
	{ "\xd0\x9f\xd0\xa0\xd0\x98\xd0\x9c\xd0\x95\xd0\xa0.\xd0\xa0\xd0\xa4",
		"xn--e1afmkfd.xn--p1ai" },
	{ "\xce\xb2\xcf\x8c\xce\xbb\xce\xbf\xcf\x82.com", "xn--nxasmm1c.com" },
	/* RFC 3492 7.1 */
	{ "\xe4\xbb\x96\xe4\xbb\xac\xe4\xb8\xba\xe4\xbb\x80\xe4\xb9\x88\xe4\xb8"
	  "\x8d\xe8\xaf\xb4\xe4\xb8\xad\xe6\x96\x87",
		"xn--ihqwcrb4cv8a8dqg056pqjye" },
	{ "3\xe5\xb9\xb4"
	  "b\xe7\xb5\x84\xe9\x87\x91\xe5\x85\xab\xe5\x85\x88\xe7"
	  "\x94\x9f",
		"xn--3b-ww4c5e180e575a65lsy2b" },
	{ "\xe4\xbe\x8b\xe3\x80\x82\xe4\xbe\x8b", "xn--fsq.xn--fsq" },
	{ "a\xf0\x9f\x98\x80.x", "xn--a-jv3s.x" },
	{ "\xc3.x", NULL },
	{ "\xc3\xa4..x", NULL },
	{ ".\xc3\xa4", NULL },
	{ "\xc3\xa4 b.x", NULL },
	{ "\xe2\x80\x8b"
	  "a.x",
		NULL },
	{ "\xed\xa0\x80.x", NULL },
	{ "\xc0\xaf.x", NULL },
};

int
main(void)
{
	static struct str out = STR_INIT(2000), in = STR_INIT(2000);
	size_t i;

	for (i = 0; i < sizeof cases / sizeof *cases; i++) {
		bool good;

		str_clear(&out);
		good = idna_toascii(&out, cases[i].in);
		is_num(good, cases[i].out != NULL, "\"%s\"", cases[i].in);
		if (cases[i].out)
			is_str(str_c(&out), cases[i].out, "becomes");
	}
	str_clear(&out);
	for (i = 0; i < 63; i++)
		str_puts(&in, "\xc3\xa4");
	ok(!idna_toascii(&out, str_c(&in)), "a label that gets too long");
	str_clear(&in);
	str_clear(&out);
	for (i = 0; i < 40; i++)
		str_puts(&in, "\xc3\xa4.");
	str_puts(&in, "x");
	ok(!idna_toascii(&out, str_c(&in)), "a domain that gets too long");
	return done_testing();
}
