/* SPDX-License-Identifier: 0BSD */
#include <string.h>

#include "lib/ascii.h"
#include "lib/stamp.h"
#include "mail/addr.h"
#include "smtpd/session.h"

enum {
	HOST_MAX = 255,
	RECEIVED_FOR_MAX = 500, /* a longer recipient is left out */
};

/* The client's word for itself, of which only what may stand in a domain or a
 * literal is repeated. */
static void
put_helo(struct str *out, const struct str *helo)
{
	for (size_t i = 0; i < helo->len; i++) {
		char c = helo->s[i];

		str_putc(out, ascii_isalnum(c) || (c && strchr(".-_:[]", c))
				      ? c
				      : '?');
	}
}

/* "[192.0.2.1]" or "[IPv6:2001:db8::1]" (RFC 5321 4.1.3). */
static void
put_ip(struct str *out, const char *ip)
{
	struct ipaddr a;
	char text[IPADDR_FMT];

	if (!ipaddr_parse(ip, strlen(ip), &a)) {
		str_puts(out, "[unknown]");
		return;
	}
	ipaddr_fmt(text, &a);
	str_puts(out, a.family == AF_INET6 ? "[IPv6:" : "[");
	str_puts(out, text);
	str_putc(out, ']');
}

/* "from HELO (HOST [IP])", which a user may not want told. */
static void
put_from(const struct session *s, struct str *out)
{
	const struct conf *c = s->conf;
	struct str host = STR_INIT(HOST_MAX);

	if (c->hideclient && s->user.len)
		return;
	str_puts(out, "from ");
	put_helo(out, &s->helo);
	if (c->remoteip) {
		str_puts(out, " (");
		if (c->remotehost) {
			str_puts(&host, c->remotehost);
			put_helo(out, &host);
			str_putc(out, ' ');
		}
		put_ip(out, c->remoteip);
		str_putc(out, ')');
	}
	str_puts(out, "\n  ");
	str_free(&host);
}

/* "with ESMTPSA (TLSv1.3 ...)": the keywords of RFC 3848 and RFC 6531 4.3. */
static void
put_with(const struct session *s, struct str *out)
{
	str_puts(out, " with ");
	if (s->utf8)
		str_puts(out, "UTF8SMTP");
	else
		str_puts(out, s->esmtp ? "ESMTP" : "SMTP");
	if (s->tls && s->esmtp)
		str_putc(out, 'S');
	if (s->user.len)
		str_putc(out, 'A');
	if (!s->tls)
		return;
	str_puts(out, "\n  (");
	for (size_t i = 0; i < s->cipher.len; i++) {
		char b = s->cipher.s[i];

		str_putc(out,
			b >= 32 && b < 127 && !strchr("()\\", b) ? b : '?');
	}
	str_putc(out, ')');
}

void
session_received(const struct session *s, int64_t now, struct str *out)
{
	const struct conf *c = s->conf;
	char date[STAMP_FMT];

	str_puts(out, "Received: ");
	put_from(s, out);
	str_puts(out, "by ");
	str_put(out, c->me.s, c->me.len);
	put_with(s, out);
	if (s->nrcpt == 1 && s->rcpts.len <= RECEIVED_FOR_MAX) {
		str_puts(out, "\n  for <");
		addr_quote(out, s->rcpts.s, s->rcpts.len - 1);
		str_putc(out, '>');
	}
	str_puts(out, "; ");
	str_put(out, date, stamp_date(date, now));
	str_putc(out, '\n');
}
