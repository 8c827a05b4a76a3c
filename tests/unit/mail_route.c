/* SPDX-License-Identifier: 0BSD */
#include "mail/route.h"

#include <string.h>

#include "lib/map.h"
#include "tap.h"

static struct map maps[ROUTE_LISTS];

static void
put(enum route_list list, const char *k, const char *v)
{
	map_put(&maps[list], k, strlen(k), v, strlen(v));
}

static bool
find(void *arg, enum route_list list, const char *key, size_t n,
	struct str *val)
{
	struct map *m = arg;
	size_t len;
	const char *p = map_get(&m[list], key, n, &len);

	if (p && val) {
		str_clear(val);
		str_put(val, p, len);
	}
	return p != NULL;
}

int
main(void)
{
	static const struct {
		const char *addr;
		enum route_kind kind;
		const char *out;
	} rows[] = {
		{ "alice@here.test", ROUTE_LOCAL, "alice@here.test" },
		{ "Alice@HERE.test", ROUTE_LOCAL, "Alice@HERE.test" },
		{ "alice@far.test", ROUTE_REMOTE, "alice@far.test" },
		{ "alice", ROUTE_LOCAL, "alice@here.test" },
		{ "@here.test", ROUTE_LOCAL, "@here.test" },
		{ "a@b@here.test", ROUTE_LOCAL, "a@b@here.test" },
		{ "x@v.test", ROUTE_LOCAL, "vuser-x@v.test" },
		{ "x@V.TEST", ROUTE_LOCAL, "vuser-x@V.TEST" },
		{ "boss@v.test", ROUTE_LOCAL, "chief-boss@v.test" },
		{ "x@a.b.wild.test", ROUTE_LOCAL, "w-x@a.b.wild.test" },
		{ "x@wild.test", ROUTE_REMOTE, "x@wild.test" },
		{ "x@out.wild.test", ROUTE_REMOTE, "x@out.wild.test" },
		{ "x%v.test@hack.test", ROUTE_LOCAL, "vuser-x@v.test" },
		{ "x%y%far.test@hack.test", ROUTE_REMOTE, "x%y@far.test" },
		{ "x%far.test%hack.test@hack.test", ROUTE_REMOTE,
			"x@far.test" },
		{ "x@hack.test", ROUTE_REMOTE, "x@hack.test" },
		{ "x%far.test@here.test", ROUTE_LOCAL, "x%far.test@here.test" },
		{ "J\303\266@m\303\274nchen.test", ROUTE_LOCAL,
			"J\303\266@xn--mnchen-3ya.test" },
		{ "x@M\303\234NCHEN.test", ROUTE_LOCAL,
			"x@xn--mnchen-3ya.test" },
		{ "x@a.\303\274.test", ROUTE_LOCAL, "u-x@a.xn--tda.test" },
		{ "x@\303\244.test", ROUTE_REMOTE, "x@xn--4ca.test" },
		{ "x%m\303\274nchen.test@hack.test", ROUTE_LOCAL,
			"x@xn--mnchen-3ya.test" },
		{ "x%far.test@\303\266.test", ROUTE_REMOTE, "x@far.test" },
		{ "x@\377.test", ROUTE_REMOTE, "x@\377.test" },
	};
	struct route r;
	struct str out = STR_INIT(4000);
	char big[3000];
	size_t i;

	memset(&r, 0, sizeof(r));
	for (i = 0; i < ROUTE_LISTS; i++)
		map_init(&maps[i]);
	r.find = find;
	r.arg = maps;
	put(ROUTE_LOCALS, "here.test", "");
	put(ROUTE_LOCALS, "xn--mnchen-3ya.test", "");
	put(ROUTE_VIRTUALDOMAINS, ".xn--tda.test", "u");
	put(ROUTE_PERCENTHACK, "xn--nda.test", "");
	put(ROUTE_VIRTUALDOMAINS, "v.test", "vuser");
	put(ROUTE_VIRTUALDOMAINS, "boss@v.test", "chief");
	put(ROUTE_VIRTUALDOMAINS, ".wild.test", "w");
	put(ROUTE_VIRTUALDOMAINS, "out.wild.test", "");
	put(ROUTE_PERCENTHACK, "hack.test", "");
	str_puts(&r.envnoathost, "here.test");
	for (i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		is_num(route_address(&r, rows[i].addr, &out), rows[i].kind,
			"%s", rows[i].addr);
		is_str(str_c(&out), rows[i].out, "%s", rows[i].out);
	}
	put(ROUTE_VIRTUALDOMAINS, "", "all");
	route_address(&r, "x@far.test", &out);
	is_str(str_c(&out), "all-x@far.test", "catch-all");
	is_num(route_address(&r, "x@out.wild.test", &out), ROUTE_REMOTE,
		"an exception holds against the catch-all");
	memset(big, 'a', sizeof(big) - 1);
	big[1000] = '@';
	big[sizeof(big) - 1] = '\0';
	route_address(&r, big, &out);
	is_num(out.len, sizeof(big) - 1 + 4, "a host too long for any entry");
	is_str(route_host("a@b@c"), "c", "host after the last @");
	is_str(route_host("a"), "", "no host");
	for (i = 0; i < ROUTE_LISTS; i++)
		map_free(&maps[i]);
	str_free(&r.envnoathost);
	str_free(&out);
	return done_testing();
}
