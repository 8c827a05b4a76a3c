/* SPDX-License-Identifier: 0BSD */
#include "mail/addr.h"

#include <string.h>

#include "lib/ascii.h"
#include "lib/utf8.h"

enum { DOMAIN_MAX = 255, LABEL_MAX = 63 };

/* Where the parser is in its input. */
struct cursor {
	const char *p, *end;
};

static char
peek(const struct cursor *c)
{
	/* NUL never is part of an address, so it may stand for the end */
	return c->p < c->end ? *c->p : '\0';
}

bool
addr_isatext(char c)
{
	return ascii_isalnum(c) ||
	       (c && strchr("!#$%&'*+-/=?^_`{|}~.", c) != NULL);
}

static bool
islabelchar(char c)
{
	return ascii_isalnum(c) || c == '-' || c == '_';
}

/* Length of the character beyond ASCII at p, 0 when there is none. C1 control
 * characters are none: a terminal may obey them. */
static size_t
wide(const char *p, size_t n)
{
	size_t len = n && (unsigned char)*p > 127 ? utf8_len(p, n) : 0;

	if (len == 2 && (unsigned char)p[0] == 0xc2 &&
		(unsigned char)p[1] < 0xa0)
		return 0;
	return len;
}

/* utf8: labels may be U-labels, which have no limit of their own. */
static bool
isdomain(const char *p, size_t n, bool utf8)
{
	struct ipaddr ip;
	size_t label = 0;

	if (n && p[0] == '[')
		return ipaddr_parse_literal(p, n, &ip);
	if (!n || n > DOMAIN_MAX)
		return false;
	for (size_t i = 0; i < n; i++) {
		size_t w = utf8 ? wide(p + i, n - i) : 0;

		if (w) {
			i += w - 1;
			label = 1;
			continue;
		}
		if (p[i] == '.') {
			if (!label || p[i - 1] == '-')
				return false;
			label = 0;
			continue;
		}
		if (!islabelchar(p[i]) || (!label && p[i] == '-') ||
			++label > LABEL_MAX)
			return false;
	}
	return label && p[n - 1] != '-';
}

bool
addr_isdomain(const char *p, size_t n)
{
	return isdomain(p, n, false);
}

size_t
addr_at(const char *p, size_t n)
{
	for (size_t i = n; i-- > 0;)
		if (p[i] == '@')
			return i;
	return n;
}

/* The bytes of a domain or literal as far as they can go. */
static size_t
domain_span(const struct cursor *c)
{
	size_t left = (size_t)(c->end - c->p), i = 0;

	if (left && c->p[0] == '[') {
		const char *close = memchr(c->p, ']', left);

		return close ? (size_t)(close - c->p) + 1 : left;
	}
	while (i < left) {
		size_t w = wide(c->p + i, left - i);

		if (!w && (islabelchar(c->p[i]) || c->p[i] == '.'))
			w = 1;
		if (!w)
			break;
		i += w;
	}
	return i;
}

/* "@a,@b:" is read, checked and forgotten (RFC 5321 appendix C: a server
 * ignores a source route). */
static bool
skip_route(struct cursor *c)
{
	while (peek(c) == '@') {
		size_t n;

		c->p++;
		n = domain_span(c);
		if (!isdomain(c->p, n, true))
			return false;
		c->p += n;
		if (peek(c) == ':') {
			c->p++;
			return true;
		}
		if (peek(c) != ',')
			return false;
		c->p++;
	}
	return false;
}

/* Dots are taken anywhere: some providers gave out addresses like a..b@. */
static bool
local_atoms(struct cursor *c, struct str *out)
{
	const char *start = c->p;

	for (;;) {
		size_t n = wide(c->p, (size_t)(c->end - c->p));

		if (!n && addr_isatext(peek(c)))
			n = 1;
		if (!n)
			break;
		c->p += n;
	}
	str_put(out, start, (size_t)(c->p - start));
	return c->p > start;
}

static bool
local_quoted(struct cursor *c, struct str *out)
{
	c->p++;
	for (;;) {
		size_t n = wide(c->p, (size_t)(c->end - c->p));
		char b = peek(c);

		if (n) {
			str_put(out, c->p, n);
			c->p += n;
			continue;
		}
		if (b == '"') {
			c->p++;
			return true;
		}
		if (b == '\\') {
			c->p++;
			b = peek(c);
		}
		if (b < 32 || b > 126)
			return false;
		str_putc(out, b);
		c->p++;
	}
}

static enum addr_result
mailbox(struct cursor *c, struct str *out)
{
	size_t n;

	if (peek(c) == '"' ? !local_quoted(c, out) : !local_atoms(c, out))
		return ADDR_SYNTAX;
	/* "" alone would look like <>, and "a@b" alone like an address */
	if (!out->len)
		return ADDR_SYNTAX;
	if (peek(c) != '@')
		return memchr(out->s, '@', out->len) ? ADDR_SYNTAX : ADDR_OK;
	c->p++;
	n = domain_span(c);
	if (!isdomain(c->p, n, true))
		return ADDR_SYNTAX;
	str_putc(out, '@');
	str_put(out, c->p, n);
	c->p += n;
	return ADDR_OK;
}

/* r was found for the bytes from p to where c is. */
static enum addr_result
verdict(enum addr_result r, const char *p, const struct cursor *c,
	const struct str *out)
{
	if (r != ADDR_OK && c->p < c->end && (unsigned char)*c->p > 127)
		return ADDR_NONASCII;
	if (r == ADDR_OK && out->over)
		return ADDR_LONG;
	for (; r == ADDR_OK && p < c->p; p++)
		if ((unsigned char)*p > 127)
			r = ADDR_UTF8;
	return r;
}

enum addr_result
addr_mailbox(struct str *out, const char *p, size_t n)
{
	struct cursor c = { p, p + n };
	enum addr_result r;

	str_clear(out);
	r = mailbox(&c, out);
	if (r == ADDR_OK && c.p != c.end)
		r = ADDR_SYNTAX;
	return verdict(r, p, &c, out);
}

enum addr_result
addr_path(struct str *out, const char *p, size_t n, size_t *used)
{
	struct cursor c = { p, p + n };
	enum addr_result r = ADDR_OK;

	str_clear(out);
	if (peek(&c) != '<')
		return ADDR_SYNTAX;
	c.p++;
	if (peek(&c) != '>') {
		if (peek(&c) == '@' && !skip_route(&c))
			r = ADDR_SYNTAX;
		else
			r = mailbox(&c, out);
	}
	if (r == ADDR_OK && peek(&c) != '>')
		r = ADDR_SYNTAX;
	r = verdict(r, p, &c, out);
	if (r == ADDR_OK || r == ADDR_UTF8)
		*used = (size_t)(c.p + 1 - p);
	return r;
}

void
addr_quote(struct str *out, const char *addr, size_t n)
{
	size_t at = addr_at(addr, n), i = 0;

	while (i < at &&
		(addr_isatext(addr[i]) || (unsigned char)addr[i] > 127))
		i++;
	if (at && i == at) {
		str_put(out, addr, n);
		return;
	}
	str_putc(out, '"');
	for (i = 0; i < at; i++) {
		if (addr[i] == '"' || addr[i] == '\\')
			str_putc(out, '\\');
		str_putc(out, addr[i]);
	}
	str_putc(out, '"');
	str_put(out, addr + at, n - at);
}
