/* SPDX-License-Identifier: 0BSD */
#include <string.h>

#include "mail/addr.h"
#include "mail/addrlex.h"
#include "mail/addrlist.h"

struct parser {
	struct addrlex l;
	struct str *out;
	size_t copied; /* source bytes that are in out */
	addrlist_fn *fn;
	void *arg;
	bool group;
	struct addrlist_addr a;
};

/* Put the source up to "upto" out as it is. */
static void
copy(struct parser *s, size_t upto)
{
	if (s->out != NULL && upto > s->copied)
		str_put(s->out, s->l.p + s->copied, upto - s->copied);
	s->copied = upto;
}

/* The address in s->a stood between start and end: hand it to the caller, put
 * it out. */
static void
give(struct parser *s, size_t start, size_t end)
{
	struct addrlist_addr *a = &s->a;

	if (s->l.err != ADDRLIST_OK)
		return;
	if (a->local.over || a->domain.over ||
		a->local.len + 1 + a->domain.len > ADDRLIST_ADDR_MAX) {
		addrlex_fail(&s->l, ADDRLIST_LONG);
		return;
	}
	s->fn(s->arg, a);
	if (!a->changed || s->out == NULL)
		return;
	copy(s, start);
	addrlist_put(s->out, a);
	addrlex_comments(&s->l, start, end, s->out);
	s->copied = end;
}

static void
clear(struct addrlist_addr *a)
{
	str_clear(&a->local);
	str_clear(&a->domain);
	a->changed = false;
}

/* Domains are written as they are, never quoted: only what needs no quotes can
 * be part of one. */
static bool
domain_word(const struct addrlex *l)
{
	size_t i = l->start, end = l->end;

	if (l->token == ADDRLEX_QUOTED)
		return false;
	if (l->token == ADDRLEX_LITERAL) {
		i++;
		end--;
	}
	for (; i < end; i++)
		if (addrlex_isspace(l->p[i]) ||
			strchr("()<>[]\\\",;@", l->p[i]) != NULL)
			return false;
	return true;
}

/* One addr-spec, host optional, from the current token on, which stays at the
 * first one that is no part of it. A second @ makes what is before it part of
 * the local part. */
static void
parse_spec(struct parser *s, size_t start)
{
	struct addrlex *l = &s->l;
	struct addrlist_addr *a = &s->a;
	struct str *part = &a->local;
	bool word = false, at = false;
	size_t end = l->start;

	for (; l->err == ADDRLIST_OK; addrlex_next(l)) {
		if (l->token == ADDRLEX_AT) {
			if (at) {
				str_putc(&a->local, '@');
				str_put(&a->local, a->domain.s, a->domain.len);
				str_clear(&a->domain);
				a->changed = true;
			}
			at = true;
			part = &a->domain;
			word = false;
		} else if (l->token == ADDRLEX_DOT) {
			str_putc(part, '.');
			word = false;
		} else if (addrlex_isword(l)) {
			if (word)
				break;
			if (at ? !domain_word(l)
			       : l->token == ADDRLEX_LITERAL) {
				addrlex_fail(l, ADDRLIST_DOMAIN);
				return;
			}
			addrlex_put(l, part);
			word = true;
		} else {
			break;
		}
		end = l->end;
	}
	if (at && a->domain.len == 0)
		a->changed = true;
	if (a->local.len == 0 && l->err == ADDRLIST_OK)
		addrlex_fail(l, ADDRLIST_LOCAL);
	give(s, start, end);
}

/* What follows a <, up to and with the >. */
static void
parse_angle(struct parser *s)
{
	struct addrlex *l = &s->l;
	size_t start;

	clear(&s->a);
	addrlex_next(l);
	start = l->start;
	if (l->token == ADDRLEX_GT) {
		give(s, start, start);
	} else {
		if (l->token == ADDRLEX_AT || l->token == ADDRLEX_COMMA) {
			while (l->token == ADDRLEX_AT ||
				l->token == ADDRLEX_ATOM ||
				l->token == ADDRLEX_DOT ||
				l->token == ADDRLEX_COMMA ||
				l->token == ADDRLEX_LITERAL)
				addrlex_next(l);
			if (l->token != ADDRLEX_COLON) {
				addrlex_fail(
					l, l->err ? l->err : ADDRLIST_ROUTE);
				return;
			}
			s->a.changed = true;
			addrlex_next(l);
		}
		parse_spec(s, start);
		if (l->err != ADDRLIST_OK)
			return;
		if (addrlex_isword(l)) {
			addrlex_fail(l, ADDRLIST_WORDS);
			return;
		}
		if (l->token != ADDRLEX_GT) {
			addrlex_fail(l, ADDRLIST_ANGLE);
			return;
		}
	}
	addrlex_next(l);
	if (l->err == ADDRLIST_OK && l->token != ADDRLEX_END &&
		l->token != ADDRLEX_COMMA && l->token != ADDRLEX_SEMI)
		addrlex_fail(l, ADDRLIST_JUNK);
}

/* Addresses without angle brackets; a comma is missing between two of them. */
static void
parse_bare(struct parser *s)
{
	struct addrlex *l = &s->l;
	size_t end = 0;

	while (addrlex_isword(l) || l->token == ADDRLEX_DOT ||
		l->token == ADDRLEX_AT) {
		if (end > 0) {
			copy(s, end);
			if (s->out != NULL)
				str_putc(s->out, ',');
		}
		clear(&s->a);
		parse_spec(s, l->start);
		if (l->err != ADDRLIST_OK)
			return;
		/* l->start is behind blanks and comments: look back for the
		 * place where the comma belongs. */
		end = l->start;
		while (end > 0 && addrlex_isspace(l->p[end - 1]))
			end--;
	}
}

/* What stands between two commas: addresses, a name and <address>, or the
 * start or end of a group. */
static void
parse_element(struct parser *s)
{
	struct addrlex *l = &s->l, first = *l;

	while (addrlex_isword(l) || l->token == ADDRLEX_DOT ||
		l->token == ADDRLEX_AT)
		addrlex_next(l);
	if (l->err != ADDRLIST_OK)
		return;
	switch (l->token) {
	case ADDRLEX_LT:
		parse_angle(s);
		return;
	case ADDRLEX_COLON:
		if (s->group) {
			addrlex_fail(l, ADDRLIST_GROUP);
			return;
		}
		s->group = true;
		addrlex_next(l);
		return;
	case ADDRLEX_GT:
		addrlex_fail(l, ADDRLIST_ANGLE);
		return;
	default:
		*l = first;
		parse_bare(s);
	}
}

enum addrlist
addrlist_walk(
	const char *p, size_t n, struct str *out, addrlist_fn *fn, void *arg)
{
	struct parser s = {
		.l = { .p = p, .n = n }, .out = out, .fn = fn, .arg = arg
	};
	size_t before = out != NULL ? out->len : 0;

	str_init(&s.a.local, ADDRLIST_ADDR_MAX);
	str_init(&s.a.domain, ADDRLIST_ADDR_MAX);
	addrlex_next(&s.l);
	while (s.l.err == ADDRLIST_OK && s.l.token != ADDRLEX_END) {
		if (s.l.token == ADDRLEX_COMMA) {
			addrlex_next(&s.l);
		} else if (s.l.token == ADDRLEX_SEMI) {
			if (s.group)
				addrlex_next(&s.l);
			else
				addrlex_fail(&s.l, ADDRLIST_GROUP);
			s.group = false;
		} else {
			parse_element(&s);
		}
	}
	copy(&s, n);
	if (s.l.err != ADDRLIST_OK && out != NULL)
		str_cut(out, before);
	str_free(&s.a.local);
	str_free(&s.a.domain);
	return s.l.err;
}

const char *
addrlist_error(enum addrlist e)
{
	static const char *const text[] = {
		[ADDRLIST_OK] = "no error",
		[ADDRLIST_COMMENT] = "unbalanced ( )",
		[ADDRLIST_NEST] = "comments nested too deep",
		[ADDRLIST_QUOTE] = "\" without its end",
		[ADDRLIST_LITERAL] = "unbalanced [ ]",
		[ADDRLIST_ANGLE] = "unbalanced < >",
		[ADDRLIST_GROUP] = "misplaced : or ;",
		[ADDRLIST_ROUTE] = "malformed source route",
		[ADDRLIST_LOCAL] = "address without local part",
		[ADDRLIST_DOMAIN] = "malformed domain",
		[ADDRLIST_WORDS] = "blank inside an address",
		[ADDRLIST_JUNK] = "no comma after >",
		[ADDRLIST_CONTROL] = "control character in an address",
		[ADDRLIST_LONG] = "address too long",
	};

	return (size_t)e < sizeof text / sizeof text[0] ? text[e] : "?";
}

void
addrlist_join(struct str *out, const struct addrlist_addr *a)
{
	str_put(out, a->local.s, a->local.len);
	if (a->domain.len > 0) {
		str_putc(out, '@');
		str_put(out, a->domain.s, a->domain.len);
	}
}

void
addrlist_put(struct str *out, const struct addrlist_addr *a)
{
	struct str plain = STR_INIT(ADDRLIST_ADDR_MAX + 1);

	addrlist_join(&plain, a);
	/* Without blanks it might be taken for the end of an encoded-word. */
	if (a->local.len > 1 &&
		memmem(a->local.s, a->local.len, "?=", 2) != NULL) {
		str_putc(out, '"');
		for (size_t i = 0; i < a->local.len; i++) {
			if (a->local.s[i] == '"' || a->local.s[i] == '\\')
				str_putc(out, '\\');
			str_putc(out, a->local.s[i]);
		}
		str_putc(out, '"');
		str_put(out, plain.s + a->local.len, plain.len - a->local.len);
	} else {
		addr_quote(out, plain.s, plain.len);
	}
	str_free(&plain);
}
