/* SPDX-License-Identifier: 0BSD */
#include "remote/relay.h"

#include "tap.h"

static const struct {
	const char *in;
	bool good;
	const char *to; /* host or address */
	unsigned port;
} parse[] = {
	{ "", true, "", 25 },
	{ ":2525", true, "", 2525 },
	{ "Relay.Example", true, "relay.example", 25 },
	{ "relay.example.:587", true, "relay.example", 587 },
	{ "192.0.2.1", true, "192.0.2.1", 25 },
	{ "192.0.2.1:26", true, "192.0.2.1", 26 },
	{ "[192.0.2.1]:26", true, "192.0.2.1", 26 },
	{ "[2001:db8::1]", true, "2001:db8::1", 25 },
	{ "[IPv6:2001:db8::1]:26", true, "2001:db8::1", 26 },
	{ "2001:db8::1", false, NULL, 0 },
	{ "[2001:db8::1", false, NULL, 0 },
	{ "[]", false, NULL, 0 },
	{ "[x]", false, NULL, 0 },
	{ "[192.0.2.1]26", false, NULL, 0 },
	{ "relay:", false, NULL, 0 },
	{ "relay:0", false, NULL, 0 },
	{ "relay:65536", false, NULL, 0 },
	{ "relay:x", false, NULL, 0 },
	{ "re lay", false, NULL, 0 },
	{ "re..lay", false, NULL, 0 },
};

static const char *const entries[] = {
	"x.Example:exact",
	".example:suffix",
	".b.example:longer",
	"mx.example:",
	"[192.0.2.9]:literal",
	"[IPv6:2001:db8::9]:literal6:26",
	":default",
};

static const struct {
	const char *domain, *host;
} find[] = {
	{ "x.example", "exact" },
	{ "y.example", "suffix" },
	{ "a.x.example", "suffix" },
	{ "example", "default" },
	{ "a.b.example", "longer" },
	{ "b.example", "suffix" },
	{ "mx.example", "" },
	{ "[192.0.2.9]", "literal" },
	{ "[ipv6:2001:db8::9]", "literal6" },
	{ "notexample", "default" },
	{ "", "default" },
};

static const char *
add(struct map *m, const char *entry)
{
	char buf[2100];

	strcpy(buf, entry);
	return relay_add(m, buf, strlen(buf));
}

int
main(void)
{
	struct relay r;
	struct map m;
	char text[IPADDR_FMT], longest[300];
	size_t i;

	for (i = 0; i < sizeof parse / sizeof *parse; i++) {
		const char *why = relay_parse(parse[i].in, &r);

		is_num(!why, parse[i].good, "relay \"%s\"", parse[i].in);
		if (why)
			continue;
		if (r.ip.family)
			ipaddr_fmt(text, &r.ip);
		is_str(r.ip.family ? text : r.host, parse[i].to, "to");
		is_num(r.port, parse[i].port, "port");
	}
	memset(longest, 'x', sizeof longest);
	longest[299] = 0;
	ok(relay_parse(longest, &r), "a name that is too long");

	map_init(&m);
	ok(!relay_find(&m, "x.example", &r) && !*r.host && r.port == 25,
		"no routes at all");
	for (i = 0; i < sizeof entries / sizeof *entries; i++)
		ok(!add(&m, entries[i]), "entry \"%s\"", entries[i]);
	ok(add(&m, "no colon"), "entry without a colon");
	ok(add(&m, "[1.2.3.4:x"), "entry with half a literal");
	ok(add(&m, "x:y:z"), "entry with a bad relay");
	for (i = 0; i < sizeof find / sizeof *find; i++) {
		ok(relay_find(&m, find[i].domain, &r), "\"%s\" is found",
			find[i].domain);
		is_str(r.host, find[i].host, "goes to");
	}
	map_free(&m);
	return done_testing();
}
