/* SPDX-License-Identifier: 0BSD */
#include "lib/resolvconf.h"

#include <net/if.h>
#include <string.h>

#include "lib/num.h"

struct word {
	const char *p;
	size_t n;
};

/* Next word of a line, from *at; n 0 at its end. */
static struct word
next(const char *p, size_t n, size_t *at)
{
	struct word w;

	while (*at < n && (p[*at] == ' ' || p[*at] == '\t' || p[*at] == '\r'))
		++*at;
	w.p = p + *at;
	while (*at < n && p[*at] != ' ' && p[*at] != '\t' && p[*at] != '\r')
		++*at;
	w.n = (size_t)(p + *at - w.p);
	return w;
}

static bool
word_is(struct word w, const char *s)
{
	return w.n == strlen(s) && !memcmp(w.p, s, w.n);
}

/* "fe80::1%eth0": the part behind % is an interface name or number. */
static bool
address(struct word w, struct ipaddr *a)
{
	const char *percent = memchr(w.p, '%', w.n);
	char name[IF_NAMESIZE];
	size_t n = percent ? (size_t)(percent - w.p) : w.n, len;
	uint64_t index;

	if (!ipaddr_parse(w.p, n, a))
		return false;
	if (!percent)
		return true;
	len = w.n - n - 1;
	if (!len || len >= sizeof name)
		return false;
	memcpy(name, percent + 1, len);
	name[len] = 0;
	if (!num_parse(name, len, UINT32_MAX, &index))
		index = if_nametoindex(name);
	a->scope = (uint32_t)index;
	return index != 0;
}

static void
server(struct resolvconf *r, struct word w, bool ports)
{
	struct resolvconf_server *s = &r->server[r->nserver];
	const char *end;
	uint64_t port = 53;

	if (r->nserver == RESOLVCONF_SERVERS || !w.n)
		return;
	if (ports && w.p[0] == '[') {
		end = memchr(w.p, ']', w.n);
		if (!end || w.n - (size_t)(end - w.p) < 3 || end[1] != ':' ||
			!num_parse(end + 2, w.n - (size_t)(end + 2 - w.p),
				65535, &port))
			return;
		w.p++;
		w.n = (size_t)(end - w.p);
	}
	if (!address(w, &s->ip))
		return;
	s->port = (uint16_t)port;
	r->nserver++;
}

static bool
number(struct word w, const char *key, uint64_t *out)
{
	size_t k = strlen(key);

	return w.n > k && !memcmp(w.p, key, k) &&
	       num_parse(w.p + k, w.n - k, 1000000, out);
}

static void
option(struct resolvconf *r, struct word w)
{
	uint64_t v;

	if (word_is(w, "trust-ad"))
		r->trust_ad = true;
	else if (number(w, "timeout:", &v))
		r->timeout = v < 1 ? 1
			     : v > RESOLVCONF_TIMEOUT_MAX
				     ? RESOLVCONF_TIMEOUT_MAX
				     : (unsigned)v;
	else if (number(w, "attempts:", &v))
		r->attempts = v < 1 ? 1
			      : v > RESOLVCONF_ATTEMPTS_MAX
				      ? RESOLVCONF_ATTEMPTS_MAX
				      : (unsigned)v;
}

static void
line(struct resolvconf *r, const char *p, size_t n, bool ports)
{
	size_t at = 0;
	struct word w = next(p, n, &at);

	if (word_is(w, "nameserver")) {
		server(r, next(p, n, &at), ports);
	} else if (word_is(w, "options")) {
		while ((w = next(p, n, &at)).n)
			option(r, w);
	}
}

void
resolvconf_parse(struct resolvconf *r, const char *p, size_t n, bool ports)
{
	const char *end = p + n, *lf;

	memset(r, 0, sizeof *r);
	r->timeout = 5;
	r->attempts = 2;
	while (p < end) {
		lf = memchr(p, '\n', (size_t)(end - p));
		if (!lf)
			lf = end;
		line(r, p, (size_t)(lf - p), ports);
		p = lf == end ? end : lf + 1;
	}
	if (!r->nserver) {
		ipaddr_parse("127.0.0.1", 9, &r->server[0].ip);
		r->server[0].port = 53;
		r->nserver = 1;
	}
}
