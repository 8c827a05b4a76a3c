/* SPDX-License-Identifier: 0BSD */
#include "wire/relay.h"

#include <errno.h>
#include <string.h>

#include "lib/ascii.h"
#include "lib/num.h"

const char *
relay_check(const char *key, size_t n)
{
	const char *why = table_ascii(key, n);
	struct relays l;

	return why ? why : relay_list(key + n + 1, &l);
}

const struct table_kind relay_kind = { ':', relay_check };

/* "[...]", n bytes with the brackets */
static bool
literal(const char *p, size_t n, struct ipaddr *a)
{
	return ipaddr_parse_literal(p, n, a) || ipaddr_parse(p + 1, n - 2, a);
}

static bool
is_lmtp(const char *s, size_t n)
{
	uint64_t port;

	/* "lmtp:25" is a host of that name */
	return n > 5 && ascii_caseeqn(s, "lmtp:", 5) &&
	       !num_parse(s + 5, n - 5, 65535, &port);
}

static const char *
socket_path(const char *s, size_t n, struct relay *r)
{
	if (n >= sizeof r->path)
		return "path of a socket is too long";
	memcpy(r->path, s, n);
	r->path[n] = 0;
	return NULL;
}

/* A host name, or an address without brackets. */
static const char *
name(const char *s, size_t n, struct relay *r)
{
	struct dnsname wire;

	if (n >= sizeof r->host)
		return "name of the relay is too long";
	if (ipaddr_parse(s, n, &r->ip))
		return NULL;
	if (n && *s == '/')
		return "a socket without lmtp:";
	memcpy(r->host, s, n);
	r->host[n] = 0;
	ascii_tolower(r->host, n);
	if (!dnsname_fromtext(&wire, r->host) ||
		(n && !dnsname_totext(&wire, r->host)))
		return "bad name of a relay";
	return NULL;
}

const char *
relay_parse(const char *s, size_t n, struct relay *r)
{
	const char *end = s + n, *after, *why = NULL;
	uint64_t port;

	memset(r, 0, sizeof *r);
	r->port = RELAY_PORT;
	if (is_lmtp(s, n)) {
		r->lmtp = true;
		r->port = RELAY_PORT_LMTP;
		s += 5;
		if (*s == '/')
			return socket_path(s, (size_t)(end - s), r);
	}
	n = (size_t)(end - s);
	if (n && *s == '[') {
		after = memchr(s, ']', n);
		if (!after || !literal(s, (size_t)(after + 1 - s), &r->ip))
			return "bad address of a relay";
		after++;
	} else {
		after = n ? memchr(s, ':', n) : NULL;
		if (!after)
			after = end;
		why = name(s, (size_t)(after - s), r);
	}
	if (why || after == end)
		return why;
	if (*after != ':' ||
		!num_parse(
			after + 1, (size_t)(end - after - 1), 65535, &port) ||
		!port)
		return "bad port of a relay";
	r->port = (uint16_t)port;
	r->tls = port == RELAY_PORT_TLS && !r->lmtp;
	return r->lmtp && relay_is_mx(r) ? "bad name of a relay" : NULL;
}

bool
relay_is_mx(const struct relay *r)
{
	return !r->ip.family && !*r->host && !*r->path;
}

static bool
is_blank(char c)
{
	return c == ' ' || c == '\t';
}

const char *
relay_list(const char *s, struct relays *l)
{
	const char *why;
	size_t n;

	for (l->n = 0;;) {
		while (is_blank(*s))
			s++;
		for (n = 0; s[n] && !is_blank(s[n]);)
			n++;
		if (!n && l->n)
			return NULL;
		if (l->n == RELAY_MAX)
			return "too many relays";
		why = relay_parse(s, n, &l->r[l->n]);
		if (why)
			return why;
		l->n++;
		if (l->n > 1 &&
			(relay_is_mx(&l->r[0]) || relay_is_mx(&l->r[l->n - 1])))
			return "bad name of a relay";
		s += n;
	}
}

static int
find(const struct table *routes, const char *domain, struct str *w,
	const char **key)
{
	const char *p = domain;
	int r;

	*key = NULL;
	if (!routes->compiled && !routes->map.count)
		return 0;
	r = table_get(routes, *key = p, strlen(p), w);
	while (!r && (p = strchr(p, '.'))) {
		r = table_get(routes, *key = p, strlen(p), w);
		p++;
	}
	return r ? r : table_get(routes, *key = "", 0, w);
}

int
relay_where(const struct table *routes, const char *domain, struct str *w)
{
	const char *key;

	str_clear(w);
	return find(routes, domain, w, &key);
}

const char *
relay_key(const struct table *routes, const char *domain)
{
	const char *key;

	return find(routes, domain, NULL, &key) == 1 ? key : NULL;
}

int
relay_find(const struct table *routes, const char *domain, struct relays *l)
{
	struct str val = STR_INIT(CONTROL_LINE_MAX);
	int r = relay_where(routes, domain, &val);

	if (relay_list(r == 1 ? str_c(&val) : "", l)) {
		/* only in a compiled file that was not made by quill-cdb */
		errno = EINVAL;
		r = -1;
	}
	str_free(&val);
	return r;
}
