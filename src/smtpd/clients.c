/* SPDX-License-Identifier: 0BSD */
#include "smtpd/clients.h"

#include <string.h>

#include "lib/ascii.h"
#include "lib/ipaddr.h"
#include "lib/num.h"

struct search {
	struct ipaddr ip;
	char text[IPADDR_FMT];
	bool known, found;
};

static bool
in_network(const struct ipaddr *a, const struct ipaddr *net, size_t bits)
{
	size_t bytes = bits / 8;
	uint8_t mask = (uint8_t)(0xff00 >> bits % 8);

	if (a->family != net->family || memcmp(a->b, net->b, bytes) != 0)
		return false;
	return bits % 8 == 0 || ((a->b[bytes] ^ net->b[bytes]) & mask) == 0;
}

/* What comes before the first bytes that do not belong there? */
static bool
is_prefix(const char *p, size_t n)
{
	if (p[n - 1] != '.' && p[n - 1] != ':')
		return false;
	for (size_t i = 0; i < n; i++)
		if (!p[i] || !strchr("0123456789abcdef.:", ascii_lower(p[i])))
			return false;
	return true;
}

static const char *
entry(void *arg, size_t line, char *p, size_t n)
{
	struct search *s = arg;
	struct ipaddr net;
	uint64_t bits;
	const char *slash = memchr(p, '/', n);
	size_t alen = slash ? (size_t)(slash - p) : n;

	(void)line;
	ascii_tolower(p, n);
	if (!slash && !ipaddr_parse(p, n, &net)) {
		if (!is_prefix(p, n))
			return "neither an address, nor the beginning of one, "
			       "nor a network";
		if (s->known && !strncmp(s->text, p, n))
			s->found = true;
		return NULL;
	}
	if (slash && !ipaddr_parse(p, alen, &net))
		return "not the address of a network";
	bits = net.family == AF_INET6 ? 128 : 32;
	if (slash && !num_parse(slash + 1, n - alen - 1, bits, &bits))
		return "not the length of a network's prefix";
	if (s->known && in_network(&s->ip, &net, bits))
		s->found = true;
	return NULL;
}

enum control
clients_has(const char *name, const char *ip, bool *found)
{
	struct search s = { .known = false };
	enum control got;

	if (ip && ipaddr_parse(ip, strlen(ip), &s.ip)) {
		s.known = true;
		ipaddr_fmt(s.text, &s.ip);
	}
	got = control_list(name, entry, &s);
	*found = got == CONTROL_OK && s.found;
	return got;
}
