/* SPDX-License-Identifier: 0BSD */
#include "mail/addr.h"

#include <string.h>

#include "lib/ascii.h"

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

bool
addr_isdomain(const char *p, size_t n)
{
	struct ipaddr ip;
	size_t label = 0;

	if (n && p[0] == '[')
		return ipaddr_parse_literal(p, n, &ip);
	if (!n || n > DOMAIN_MAX)
		return false;
	for (size_t i = 0; i < n; i++) {
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
	while (i < left && (islabelchar(c->p[i]) || c->p[i] == '.'))
		i++;
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
		if (!addr_isdomain(c->p, n))
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

	while (addr_isatext(peek(c)))
		c->p++;
	str_put(out, start, (size_t)(c->p - start));
	return c->p > start;
}

static bool
local_quoted(struct cursor *c, struct str *out)
{
	c->p++;
	for (;;) {
		char b = peek(c);

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
	if (!addr_isdomain(c->p, n))
		return ADDR_SYNTAX;
	str_putc(out, '@');
	str_put(out, c->p, n);
	c->p += n;
	return ADDR_OK;
}

static enum addr_result
verdict(enum addr_result r, const struct cursor *c, const struct str *out)
{
	if (r != ADDR_OK && c->p < c->end && (unsigned char)*c->p > 127)
		return ADDR_NONASCII;
	if (r == ADDR_OK && out->over)
		return ADDR_LONG;
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
	return verdict(r, &c, out);
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
	r = verdict(r, &c, out);
	if (r == ADDR_OK)
		*used = (size_t)(c.p + 1 - p);
	return r;
}

void
addr_quote(struct str *out, const char *addr, size_t n)
{
	size_t at = addr_at(addr, n), i = 0;

	while (i < at && addr_isatext(addr[i]))
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
