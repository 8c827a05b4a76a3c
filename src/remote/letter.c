/* SPDX-License-Identifier: 0BSD */
#include "remote/letter.h"

#include <string.h>

#include "lib/num.h"
#include "mail/addr.h"
#include "mail/idna.h"
#include "wire/job.h"
#include "wire/notify.h"
#include "wire/site.h"

bool
letter_eightbit(const char *s)
{
	for (; *s; s++)
		if (*s & 0x80)
			return true;
	return false;
}

/* Could it be put on a command line? Length counts with the quoting. */
static bool
sendable(const char *s)
{
	size_t n = strlen(s);

	if (n > ADDR_MAX)
		return false;
	for (; *s; s++)
		if ((unsigned char)*s < ' ' || *s == 127)
			return false;
	return true;
}

/* Append the address with a domain in ASCII; false: it has no such form. */
static bool
downgrade(struct str *out, const char *addr)
{
	size_t n = strlen(addr), at = addr_at(addr, n), i;

	for (i = 0; i < at; i++)
		if (addr[i] & 0x80)
			return false;
	if (at == n)
		return true;
	str_put(out, addr, at + 1);
	return idna_toascii(out, addr + at + 1);
}

enum letter_address
letter_address(const char *addr)
{
	struct str ascii = STR_INIT(2 * ADDR_MAX);
	bool good;

	if (!sendable(addr))
		return LETTER_BAD;
	if (!letter_eightbit(addr))
		return LETTER_ASCII;
	good = downgrade(&ascii, addr);
	str_free(&ascii);
	return good ? LETTER_ASCII : LETTER_UTF8;
}

/* A UTF-8 local part needs no quotes (RFC 6531 3.3), and is better understood
 * without. */
static bool
is_utf8_atext(const char *addr, size_t n)
{
	size_t i, at = addr_at(addr, n);

	for (i = 0; i < at; i++)
		if (!(addr[i] & 0x80) && !addr_isatext(addr[i]))
			return false;
	return at > 0;
}

static const char *
path(const char *addr, bool utf8)
{
	static struct str out, ascii;
	size_t n = strlen(addr);

	out.max = ascii.max = 2 * ADDR_MAX + 8;
	str_clear(&out);
	if (!utf8 && letter_eightbit(addr)) {
		str_clear(&ascii);
		downgrade(&ascii, addr);
		addr = str_c(&ascii);
		n = ascii.len;
	}
	str_putc(&out, '<');
	if (n && is_utf8_atext(addr, n))
		str_put(&out, addr, n);
	else if (n)
		addr_quote(&out, addr, n);
	str_putc(&out, '>');
	return str_c(&out);
}

/* What to ask a server for that has DSN (RFC 3461 5.2.1); NULL: nothing. A
 * value that is not what it should be would be a way to write commands. */
static const char *
asked(const struct smtp *s, const char *params, const char *key,
	bool (*good)(const char *v, size_t n))
{
	const char *v;

	if (!params || !(s->ext & SMTP_DSN))
		return NULL;
	v = job_param(params, key);
	return v && good(v, strlen(v)) ? v : NULL;
}

void
letter_mail(struct smtp *s, const struct letter *l, bool utf8)
{
	const struct data_source *d = l->data;
	const char *ret = asked(s, l->params, "RET", notify_isret);
	const char *envid = asked(s, l->params, "ENVID", notify_isenvid);
	bool size = s->ext & SMTP_SIZE;
	bool eightbit = s->ext & SMTP_8BITMIME && d->scan.eightbit;
	char bytes[NUM_FMT];

	num_fmt(bytes, d->seven ? d->sevenbytes : d->scan.bytes);
	smtp_command(s, "MAIL FROM:", path(l->sender, utf8),
		size ? " SIZE=" : "", size ? bytes : "",
		eightbit ? " BODY=8BITMIME" : "", utf8 ? " SMTPUTF8" : "",
		ret ? " RET=" : "", ret ? ret : "", envid ? " ENVID=" : "",
		envid ? envid : "", NULL);
}

static bool
is_notify(const char *v, size_t n)
{
	return notify_parse(v, n) != 0;
}

void
letter_rcpt(struct smtp *s, const struct letter *l, size_t i, bool utf8)
{
	const char *params = l->rcptparams ? l->rcptparams[i] : NULL;
	const char *notify = asked(s, params, "NOTIFY", is_notify);
	const char *orcpt = asked(s, params, "ORCPT", notify_isorcpt);

	smtp_command(s, "RCPT TO:", path(l->rcpt[i], utf8),
		notify ? " NOTIFY=" : "", notify ? notify : "",
		orcpt ? " ORCPT=" : "", orcpt ? orcpt : "", NULL);
}
