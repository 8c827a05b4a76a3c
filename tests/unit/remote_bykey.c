/* SPDX-License-Identifier: 0BSD */
#include "remote/bykey.h"

#include "tap.h"

static const char *const lines[] = {
	"default",
	"Dest.example of-dest",
	".example \t of-suffix",
	"@Lists.example of-domain",
	"boss@lists.example of-sender and more",
	"a@b@c.example quoted",
	"@xn--mnchen-3ya.example of-umlaut",
	"j\303\266rg@x.example of-joerg",
};

static const struct {
	const char *sender, *dest, *want, *special;
} find[] = {
	{ NULL, NULL, "default", NULL },
	{ "", "other.org", "default", NULL },
	{ "x@y", "dest.example", "of-dest", "of-dest" },
	{ "x@y", "a.b.example", "of-suffix", "of-suffix" },
	{ "x@y", "example", "default", NULL },
	{ "X@LISTS.example", "dest.example", "of-domain", "of-domain" },
	{ "BOSS@lists.example", "dest.example", "of-sender and more",
		"of-sender and more" },
	{ "x@sub.lists.example", "other.org", "default", NULL },
	{ "a@b@c.example", "other.org", "quoted", "quoted" },
	{ "nodomain", "other.org", "default", NULL },
	{ "a@M\303\234nchen.example", "other.org", "of-umlaut", "of-umlaut" },
	{ "j\303\266rg@X.example", "other.org", "of-joerg", "of-joerg" },
	{ "a@\377", "other.org", "default", NULL },
};

int
main(void)
{
	static struct bykey b;
	char line[100], longest[2000];
	const char *key, *val;
	size_t i;

	bykey_init(&b);
	ok(!bykey_find(&b, "a@b", "c"), "nothing at all");
	for (i = 0; i < sizeof lines / sizeof *lines; i++) {
		strcpy(line, lines[i]);
		val = bykey_split(line, &key);
		b.line = i + 1;
		ok(!bykey_put(&b, key, val), "%s", lines[i]);
	}
	ok(bykey_put(&b, "m\303\274nchen.example", "x") != NULL,
		"a domain that is not ASCII");
	is_num(bykey_line(bykey_find(&b, NULL, NULL)), 1,
		"the line of the default");
	for (i = 0; i < sizeof find / sizeof *find; i++) {
		is_str(bykey_find(&b, find[i].sender, find[i].dest),
			find[i].want, "<%s> to %s",
			find[i].sender ? find[i].sender : "-",
			find[i].dest ? find[i].dest : "-");
		is_str(bykey_special(&b, find[i].sender, find[i].dest),
			find[i].special, "without the default");
	}
	memset(longest, 'x', sizeof longest);
	longest[sizeof longest - 1] = 0;
	is_str(bykey_find(&b, longest, "dest.example"), "of-dest",
		"a sender that is too long");
	return done_testing();
}
