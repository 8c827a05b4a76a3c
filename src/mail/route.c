/* SPDX-License-Identifier: 0BSD */
#include "mail/route.h"

#include <string.h>

#include "lib/ascii.h"

enum { FOLDED_MAX = 1200 };

const char *
route_host(const char *addr)
{
	const char *at = strrchr(addr, '@');

	return at ? at + 1 : "";
}

/* Value of the n bytes at p, compared in lower case; NULL if not there. */
static const char *
lookup(const struct map *m, const char *p, size_t n)
{
	char folded[FOLDED_MAX];

	if (m->count == 0 || n > sizeof(folded))
		return NULL;
	memcpy(folded, p, n);
	ascii_tolower(folded, n);
	return map_get(m, folded, n, NULL);
}

/* user%dom@hack becomes user@dom, as often as the rule applies. */
static void
percents(const struct route *r, struct str *out)
{
	char *at, *percent;

	for (;;) {
		str_c(out);
		at = strrchr(out->s, '@');
		if (!at || !lookup(&r->percenthack, at + 1, strlen(at + 1)))
			return;
		*at = '\0';
		percent = strrchr(out->s, '%');
		*at = '@';
		if (!percent)
			return;
		*percent = '@';
		str_cut(out, (size_t)(at - out->s));
	}
}

/* The entry of virtualdomains that decides: address, host, each .suffix,
 * catch-all; NULL without. */
static const char *virtual(
	const struct route *r, const char *addr, const char *host)
{
	const char *v;
	const char *p;

	if (r->virtualdomains.count == 0)
		return NULL;
	v = lookup(&r->virtualdomains, addr, strlen(addr));
	if (!v)
		v = lookup(&r->virtualdomains, host, strlen(host));
	for (p = strchr(host, '.'); p && !v; p = strchr(p + 1, '.'))
		v = lookup(&r->virtualdomains, p, strlen(p));
	if (!v)
		v = lookup(&r->virtualdomains, "", 0);
	return v;
}

enum route_kind
route_address(const struct route *r, const char *addr, struct str *out)
{
	const char *host, *prepend;
	struct str whole = STR_INIT(0);

	str_clear(out);
	str_puts(out, addr);
	if (!strchr(addr, '@')) {
		str_putc(out, '@');
		if (r->envnoathost.len)
			str_put(out, r->envnoathost.s, r->envnoathost.len);
	}
	percents(r, out);
	host = route_host(str_c(out));
	if (lookup(&r->locals, host, strlen(host)))
		return ROUTE_LOCAL;
	prepend = virtual(r, out->s, host);
	if (!prepend || !*prepend)
		return ROUTE_REMOTE;
	str_puts(&whole, prepend);
	str_putc(&whole, '-');
	str_put(&whole, out->s, out->len);
	str_clear(out);
	str_put(out, whole.s, whole.len);
	str_free(&whole);
	return ROUTE_LOCAL;
}
