/* SPDX-License-Identifier: 0BSD */
#include <string.h>

#include "mail/qualify.h"

void
qualify_addr(const struct qualify *q, struct addrlist_addr *a)
{
	struct str *d = &a->domain;

	if (a->local.len == 0 || (d->len > 0 && d->s[0] == '['))
		return;
	while (d->len > 0 && d->s[d->len - 1] == '.') {
		str_cut(d, d->len - 1);
		a->changed = true;
	}
	if (d->len == 0) {
		str_puts(d, q->host(q->arg, QUALIFY_DEFAULTHOST));
		a->changed = true;
	}
	if (d->len > 0 && d->s[d->len - 1] == '+') {
		str_cut(d, d->len - 1);
		if (d->len > 0)
			str_putc(d, '.');
		str_puts(d, q->host(q->arg, QUALIFY_PLUSDOMAIN));
		a->changed = true;
	} else if (d->len > 0 && d->s[0] != '[' &&
		   memchr(d->s, '.', d->len) == NULL) {
		str_putc(d, '.');
		str_puts(d, q->host(q->arg, QUALIFY_DEFAULTDOMAIN));
		a->changed = true;
	}
}

static void
put_clean(struct str *s, const char *p)
{
	for (; *p != '\0'; p++)
		str_putc(s, (unsigned char)*p < 32 || *p == 127 ? '_' : *p);
}

void
qualify_user(const struct qualify *q, struct addrlist_addr *a, const char *user,
	const char *host)
{
	str_init(&a->local, ADDRLIST_ADDR_MAX);
	str_init(&a->domain, ADDRLIST_ADDR_MAX);
	a->changed = false;
	put_clean(&a->local, user);
	if (host != NULL)
		put_clean(&a->domain, host);
	qualify_addr(q, a);
}
