/* SPDX-License-Identifier: 0BSD */
#include <string.h>

#include "remote/hosts.h"

/* By preference, then by name. */
static bool
before(const struct mx *a, const struct mx *b)
{
	return a->pref != b->pref ? a->pref < b->pref
				  : strcmp(a->host, b->host) < 0;
}

/* All names, the best first, in an order that does not change. */
static void
put_mx(struct str *out, const struct mxlist *l)
{
	const struct mx *last = NULL, *next;
	size_t i, n;

	for (n = 0; n < l->n && !out->over; n++) {
		next = NULL;
		for (i = 0; i < l->n; i++)
			if ((!last || before(last, &l->mx[i])) &&
				(!next || before(&l->mx[i], next)))
				next = &l->mx[i];
		if (!next)
			return;
		if (last)
			str_putc(out, ',');
		str_puts(out, next->host);
		last = next;
	}
}

const char *
hosts_group(const struct hosts *h)
{
	static struct str out = STR_INIT(HOSTS_GROUP - 1);
	const struct relay *r = &h->relays.r[0];
	char ip[IPADDR_FMT];

	str_clear(&out);
	if (h->kind != HOSTS_RELAY) {
		put_mx(&out, &h->mx);
	} else if (*r->path) {
		str_puts(&out, r->path);
	} else {
		if (r->ip.family)
			ipaddr_fmt(ip, &r->ip);
		str_puts(&out, r->ip.family ? ip : r->host);
	}
	/* no exchanger has a colon in its name */
	if (h->kind == HOSTS_RELAY && !*r->path && r->port != RELAY_PORT) {
		str_putc(&out, ':');
		str_putnum(&out, r->port);
	}
	return out.len && !out.over ? str_c(&out) : NULL;
}
