/* SPDX-License-Identifier: 0BSD */
#include "remote/tlspolicy.h"

#include "tap.h"

static const struct {
	const char *line;
	bool good;
} lines[] = {
	{ "none", true },
	{ "MAY", true },
	{ "a encrypt", true },
	{ "a verify", true },
	{ "a verify match=B.c,.D", true },
	{ "a verify  ca=x\tmatch=b", true },
	{ "a dane", true },
	{ "a dane-only", true },
	{ "a", false },
	{ "", false },
	{ "a maybe", false },
	{ "a may may", false },
	{ "a may match=b", false },
	{ "a verify match=", false },
	{ "a verify match=b,", true },
	{ "a verify match=,b", false },
	{ "a verify match=b..c", false },
	{ "a verify match=b/c", false },
	{ "a verify ca=", false },
	{ "a verify ca=../x", false },
	{ "a verify ca=a/b", false },
	{ "a verify match=a,b,c,d,e,f,g,h,i,j,k,l,m", false },
};

static const char *const table[] = {
	"dane",
	"x.example verify match=one.example,.two.example ca=ours",
	".example encrypt",
	"relay.net none",
};

static const struct {
	const char *relay, *dest;
	enum tls_level level;
	bool special;
} find[] = {
	{ NULL, "other.org", LEVEL_DANE, false },
	{ NULL, "x.example", LEVEL_VERIFY, true },
	{ NULL, "y.example", LEVEL_ENCRYPT, true },
	{ NULL, "relay.net", LEVEL_NONE, true },
	{ "relay.net", "x.example", LEVEL_NONE, true },
	{ "a.relay.net", "x.example", LEVEL_VERIFY, true },
	{ "r.example", "other.org", LEVEL_ENCRYPT, true },
};

static const char *
add(struct bykey *b, const char *text)
{
	char line[200];

	strcpy(line, text);
	b->line++;
	return tlspolicy_add(b, line);
}

int
main(void)
{
	struct tlspolicy p;
	static struct bykey first, b, none;
	bool special;
	size_t i;

	bykey_init(&first);
	for (i = 0; i < sizeof lines / sizeof *lines; i++) {
		const char *why = add(&first, lines[i].line);

		is_num(!why, lines[i].good, "\"%s\"", lines[i].line);
	}
	bykey_init(&b);
	tlspolicy_find(&b, "r", "d", &p, &special);
	ok(p.level == LEVEL_MAY && !special, "without a file: may");
	for (i = 0; i < sizeof table / sizeof *table; i++)
		ok(!add(&b, table[i]), "%s", table[i]);
	for (i = 0; i < sizeof find / sizeof *find; i++) {
		tlspolicy_find(&b, find[i].relay, find[i].dest, &p, &special);
		is_num(p.level, find[i].level, "%s by %s", find[i].dest,
			find[i].relay ? find[i].relay : "MX");
		is_num(special, find[i].special, "of its own");
	}
	tlspolicy_find(&b, NULL, "x.example", &p, &special);
	is_num(p.nmatch, 2, "two names");
	is_str(tlspolicy_match(&p, 0), "one.example", "one");
	is_str(tlspolicy_match(&p, 1), ".two.example", "two");
	is_str(p.ca, "ours", "CA");
	is_num(p.line, 2, "its line");
	tlspolicy_find(&b, NULL, "other.org", &p, &special);
	is_num(p.line, 1, "that of the default");
	is_str(tlspolicy_level(&p), "dane", "its name");
	bykey_init(&none);
	tlspolicy_find(&none, NULL, "x", &p, &special);
	is_num(p.line, 0, "no entry: no line");
	return done_testing();
}
