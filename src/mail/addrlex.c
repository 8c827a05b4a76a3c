/* SPDX-License-Identifier: 0BSD */
#include <string.h>

#include "lib/ascii.h"
#include "mail/addrlex.h"

/* A token that is one character. */
static enum addrlex_token
special(char c)
{
	switch (c) {
	case ',':
		return ADDRLEX_COMMA;
	case ';':
		return ADDRLEX_SEMI;
	case ':':
		return ADDRLEX_COLON;
	case '<':
		return ADDRLEX_LT;
	case '>':
		return ADDRLEX_GT;
	case '@':
		return ADDRLEX_AT;
	case '.':
		return ADDRLEX_DOT;
	default:
		return ADDRLEX_END;
	}
}

bool
addrlex_isspace(char c)
{
	return c == ' ' || c == '\t' || c == '\n' || c == '\r';
}

static bool
is_atom(char c)
{
	return !addrlex_isspace(c) && special(c) == ADDRLEX_END && c != '(' &&
	       c != ')' && c != '[' && c != ']' && c != '"';
}

/* Position behind the comment that starts at i; 0 and l->err if it has no
 * end. */
static size_t
skip_comment(struct addrlex *l, size_t i)
{
	size_t depth = 0;

	for (; i < l->n; i++) {
		if (l->p[i] == '\\') {
			i++;
		} else if (l->p[i] == '(') {
			if (++depth > ADDRLIST_NEST_MAX) {
				l->err = ADDRLIST_NEST;
				return 0;
			}
		} else if (l->p[i] == ')' && --depth == 0) {
			return i + 1;
		}
	}
	l->err = ADDRLIST_COMMENT;
	return 0;
}

/* Position behind the quoted string or literal that starts at i; 0 if it has
 * no end. */
static size_t
skip_quoted(const struct addrlex *l, size_t i, char close)
{
	for (i++; i < l->n; i++) {
		if (l->p[i] == '\\')
			i++;
		else if (l->p[i] == close)
			return i + 1;
	}
	return 0;
}

/* Position behind the encoded-word "=?charset?q?text?=" at i, or i. Its text
 * may hold characters that are special elsewhere (RFC 2047 5 forbids most, yet
 * they are common), but none that belong to an address. */
static size_t
skip_encoded(const struct addrlex *l, size_t i)
{
	size_t j = i + 2;

	if (l->n - i < 2 || l->p[i] != '=' || l->p[i + 1] != '?')
		return i;
	while (j < l->n &&
		(ascii_isalnum(l->p[j]) ||
			(l->p[j] != '\0' && strchr("-_.*+", l->p[j]) != NULL)))
		j++;
	if (j == i + 2 || l->n - j < 3 || l->p[j] != '?' ||
		strchr("QqBb", l->p[j + 1]) == NULL || l->p[j + 2] != '?')
		return i;
	for (j += 3; j < l->n && ascii_isgraph(l->p[j]) &&
		     strchr("?<>@\"", l->p[j]) == NULL;
		j++)
		;
	return l->n - j >= 2 && l->p[j] == '?' && l->p[j + 1] == '=' ? j + 2
								     : i;
}

static size_t
skip_atom(const struct addrlex *l, size_t i)
{
	size_t j;

	while (i < l->n && is_atom(l->p[i])) {
		j = skip_encoded(l, i);
		if (j > i)
			i = j;
		else if (l->p[i] == '\\' && i + 1 < l->n)
			i += 2;
		else
			i++;
	}
	return i;
}

void
addrlex_fail(struct addrlex *l, enum addrlist err)
{
	l->err = err;
	l->token = ADDRLEX_END;
	l->start = l->end = l->n;
}

void
addrlex_next(struct addrlex *l)
{
	size_t i = l->end;
	char c;

	while (i < l->n && (addrlex_isspace(l->p[i]) || l->p[i] == '(')) {
		if (l->p[i] != '(') {
			i++;
			continue;
		}
		i = skip_comment(l, i);
		if (i == 0) {
			addrlex_fail(l, l->err);
			return;
		}
	}
	l->start = l->end = i;
	l->token = ADDRLEX_END;
	if (i >= l->n)
		return;
	c = l->p[i];
	l->token = special(c);
	l->end = i + 1;
	if (l->token != ADDRLEX_END)
		return;
	if (c == '"') {
		l->token = ADDRLEX_QUOTED;
		l->end = skip_quoted(l, i, '"');
		if (l->end == 0)
			addrlex_fail(l, ADDRLIST_QUOTE);
	} else if (c == '[') {
		l->token = ADDRLEX_LITERAL;
		l->end = skip_quoted(l, i, ']');
		if (l->end == 0)
			addrlex_fail(l, ADDRLIST_LITERAL);
	} else if (c == ')') {
		addrlex_fail(l, ADDRLIST_COMMENT);
	} else if (c == ']') {
		addrlex_fail(l, ADDRLIST_LITERAL);
	} else {
		l->token = ADDRLEX_ATOM;
		l->end = skip_atom(l, i);
	}
}

void
addrlex_put(struct addrlex *l, struct str *s)
{
	size_t i = l->start, end = l->end;

	if (l->token == ADDRLEX_QUOTED) {
		i++;
		end--;
	}
	for (; i < end; i++) {
		if (l->p[i] == '\r' || l->p[i] == '\n')
			continue;
		if (l->p[i] == '\\' && i + 1 < end)
			i++;
		if ((unsigned char)l->p[i] < 32 || l->p[i] == 127) {
			l->err = ADDRLIST_CONTROL;
			return;
		}
		str_putc(s, l->p[i]);
	}
}

bool
addrlex_isword(const struct addrlex *l)
{
	return l->token == ADDRLEX_ATOM || l->token == ADDRLEX_QUOTED ||
	       l->token == ADDRLEX_LITERAL;
}

void
addrlex_comments(
	const struct addrlex *from, size_t start, size_t end, struct str *out)
{
	struct addrlex l = { .p = from->p, .n = end };
	size_t i = start, j;

	while (i < end) {
		if (l.p[i] == '"' || l.p[i] == '[') {
			j = skip_quoted(&l, i, l.p[i] == '"' ? '"' : ']');
			i = j > 0 ? j : end;
		} else if (l.p[i] == '(') {
			j = skip_comment(&l, i);
			if (j == 0)
				return;
			str_putc(out, ' ');
			str_put(out, l.p + i, j - i);
			i = j;
		} else {
			i += l.p[i] == '\\' ? 2 : 1;
		}
	}
}
