/* SPDX-License-Identifier: 0BSD */
#include "mail/route.h"

#include <string.h>

#include "lib/ascii.h"
#include "mail/idna.h"

enum { FOLDED_MAX = 1200 };

const char *
route_host(const char *addr)
{
	const char *at = strrchr(addr, '@');

	return at ? at + 1 : "";
}

/* Is what the n bytes at p are in lower case in the list? */
static bool
lookup(const struct route *r, enum route_list list, const char *p, size_t n,
	struct str *val)
{
	char folded[FOLDED_MAX];

	if (n > sizeof(folded))
		return false;
	memcpy(folded, p, n);
	ascii_tolower(folded, n);
	return r->find(r->arg, list, folded, n, val);
}

/* The host in the form that the DNS has, if it has one. */
static void
ascii_host(struct str *out)
{
	struct str ascii = STR_INIT(IDNA_DOMAIN);
	const char *host = route_host(str_c(out));

	if (!ascii_only(host, strlen(host)) && idna_toascii(&ascii, host)) {
		str_cut(out, (size_t)(host - out->s));
		str_put(out, ascii.s, ascii.len);
		str_c(out);
	}
	str_free(&ascii);
}

/* user%dom@hack becomes user@dom, as often as the rule applies. Each host on
 * the way is in ASCII. */
static void
percents(const struct route *r, struct str *out)
{
	char *at, *percent;

	for (;;) {
		ascii_host(out);
		at = strrchr(out->s, '@');
		if (!at || !lookup(r, ROUTE_PERCENTHACK, at + 1, strlen(at + 1),
				   NULL))
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
 * catch-all. Its prepend; false without one. */
static bool
is_virtual(const struct route *r, const char *addr, const char *host,
	struct str *prepend)
{
	const enum route_list list = ROUTE_VIRTUALDOMAINS;
	const char *p;

	if (lookup(r, list, addr, strlen(addr), prepend) ||
		lookup(r, list, host, strlen(host), prepend))
		return true;
	for (p = strchr(host, '.'); p; p = strchr(p + 1, '.'))
		if (lookup(r, list, p, strlen(p), prepend))
			return true;
	return lookup(r, list, "", 0, prepend);
}

enum route_kind
route_address(const struct route *r, const char *addr, struct str *out)
{
	const char *host;
	struct str whole = STR_INIT(0);
	bool local;

	str_clear(out);
	str_puts(out, addr);
	if (!strchr(addr, '@')) {
		str_putc(out, '@');
		if (r->envnoathost.len)
			str_put(out, r->envnoathost.s, r->envnoathost.len);
	}
	percents(r, out);
	host = route_host(str_c(out));
	if (lookup(r, ROUTE_LOCALS, host, strlen(host), NULL))
		return ROUTE_LOCAL;
	local = is_virtual(r, out->s, host, &whole) && whole.len;
	if (local) {
		str_putc(&whole, '-');
		str_put(&whole, out->s, out->len);
		str_clear(out);
		str_put(out, whole.s, whole.len);
	}
	str_free(&whole);
	return local ? ROUTE_LOCAL : ROUTE_REMOTE;
}
