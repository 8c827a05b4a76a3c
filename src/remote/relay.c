/* SPDX-License-Identifier: 0BSD */
#include "remote/relay.h"

#include <string.h>

#include "lib/ascii.h"
#include "lib/num.h"

/* "[...]", n bytes with the brackets */
static bool
literal(const char *p, size_t n, struct ipaddr *a)
{
	return ipaddr_parse_literal(p, n, a) || ipaddr_parse(p + 1, n - 2, a);
}

const char *
relay_parse(const char *s, struct relay *r)
{
	struct dnspkt_name name;
	const char *end = strchr(s, ':');
	uint64_t port;
	size_t n;

	memset(r, 0, sizeof *r);
	r->port = RELAY_PORT;
	if (s[0] == '[') {
		end = strchr(s, ']');
		if (!end || !literal(s, (size_t)(end + 1 - s), &r->ip))
			return "bad address of a relay";
		end++;
	} else {
		n = end ? (size_t)(end - s) : strlen(s);
		end = s + n;
		if (n >= sizeof r->host)
			return "name of the relay is too long";
		if (!ipaddr_parse(s, n, &r->ip))
			memcpy(r->host, s, n);
		ascii_tolower(r->host, n);
		if (!dnspkt_fromtext(&name, r->host) ||
			(n && !dnspkt_totext(&name, r->host)))
			return "bad name of a relay";
	}
	if (!*end)
		return NULL;
	if (*end != ':' || !num_parses(end + 1, 65535, &port) || !port)
		return "bad port of a relay";
	r->port = (uint16_t)port;
	return NULL;
}

const char *
relay_add(struct map *routes, char *entry, size_t n)
{
	/* the domain may be a literal with colons in it */
	char *from = entry[0] == '[' ? strchr(entry, ']') : entry, *colon;
	struct relay r;
	const char *why;

	colon = from ? strchr(from, ':') : NULL;
	if (!colon)
		return "no colon";
	why = relay_parse(colon + 1, &r);
	if (why)
		return why;
	ascii_tolower(entry, (size_t)(colon - entry));
	map_put(routes, entry, (size_t)(colon - entry), colon + 1,
		n - (size_t)(colon + 1 - entry));
	return NULL;
}

bool
relay_find(const struct map *routes, const char *domain, struct relay *r)
{
	const char *p = domain, *val = NULL;

	if (routes->count) {
		val = map_get(routes, domain, strlen(domain), NULL);
		while (!val && (p = strchr(p, '.'))) {
			val = map_get(routes, p, strlen(p), NULL);
			p++;
		}
		if (!val)
			val = map_get(routes, "", 0, NULL);
	}
	relay_parse(val ? val : "", r);
	return val != NULL;
}
