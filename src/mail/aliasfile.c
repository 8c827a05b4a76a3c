/* SPDX-License-Identifier: 0BSD */
#include "mail/aliasfile.h"

#include <string.h>

#include "lib/ascii.h"
#include "lib/utf8.h"

static bool
is_blank(char c)
{
	return c == ' ' || c == '\t' || c == '\r';
}

void
aliasfile_init(struct aliasfile *a, const char *p, size_t n)
{
	*a = (struct aliasfile){ .p = p, .n = n, .line = 1, .at = 1 };
	if (utf8_bom(p, n))
		a->pos = UTF8_BOM;
	str_init(&a->name, ALIASES_NAME_MAX);
}

void
aliasfile_free(struct aliasfile *a)
{
	str_free(&a->name);
}

/* Length of the line at p, with its LF. */
static size_t
line_len(const char *p, size_t n)
{
	const char *lf = memchr(p, '\n', n);

	return lf ? (size_t)(lf - p) + 1 : n;
}

/* Blank, or a comment? */
static bool
says_nothing(const char *p, size_t n)
{
	size_t i = 0;

	while (i < n && (is_blank(p[i]) || p[i] == '\n'))
		i++;
	return i == n || p[i] == '#';
}

/* Does the line, of n > 0 bytes, hide its end with a backslash? */
static bool
goes_on(const char *p, size_t n)
{
	if (p[n - 1] == '\n')
		n--;
	return n && p[n - 1] == '\\';
}

/* The lines of the entry at pos, which moves behind them. */
static size_t
take_lines(struct aliasfile *a)
{
	size_t begin = a->pos, end = a->pos;
	bool joined = false;

	do {
		const char *p = a->p + a->pos;
		size_t n = line_len(p, a->n - a->pos);
		bool more = !says_nothing(p, n);

		a->pos += n;
		a->at++;
		if (more) {
			end = a->pos;
			joined = goes_on(p, n);
		}
	} while (a->pos < a->n &&
		 (joined || a->p[a->pos] == ' ' || a->p[a->pos] == '\t' ||
			 says_nothing(a->p + a->pos,
				 line_len(a->p + a->pos, a->n - a->pos))));
	return end - begin;
}

/* The name before the colon; its length with the colon, 0 and why. */
static size_t
take_name(struct aliasfile *a, const char *p, size_t n)
{
	size_t i = 0;

	str_clear(&a->name);
	if (*p == '"') {
		for (i = 1; i < n && p[i] != '"' && p[i] != '\n'; i++) {
			if (p[i] == '\\' && i + 1 < n)
				i++;
			str_putc(&a->name, p[i]);
		}
		if (i >= n || p[i] != '"') {
			a->why = "\" without its end";
			return 0;
		}
		i++;
	} else {
		while (i < n && p[i] != ':' && !is_blank(p[i]) && p[i] != '\n')
			str_putc(&a->name, p[i++]);
	}
	while (i < n && is_blank(p[i]))
		i++;
	if (i < n && p[i] == ':')
		return i + 1;
	a->why = "no colon after the name";
	return 0;
}

static const char *
name_fault(const struct str *name)
{
	if (!name->len)
		return "no name before the colon";
	if (name->over)
		return "name too long";
	if (memchr(name->s, '@', name->len))
		return "a name with a domain: aliases are local";
	if (name->s[0] == '|' || name->s[0] == '/' || name->s[0] == ':')
		return "a name that begins with | or / or :";
	for (size_t i = 0; i < name->len; i++)
		if ((unsigned char)name->s[i] < 32 || name->s[i] == 127)
			return "control character in the name";
	return NULL;
}

enum aliases_kind
aliasfile_next(struct aliasfile *a)
{
	const char *p;
	size_t n, used;

	while (a->pos < a->n) {
		p = a->p + a->pos;
		n = line_len(p, a->n - a->pos);
		if (!says_nothing(p, n))
			break;
		a->pos += n;
		a->at++;
	}
	a->line = a->at;
	if (a->pos >= a->n)
		return ALIASES_END;
	p = a->p + a->pos;
	n = take_lines(a);
	if (is_blank(*p)) {
		a->why = "a line that goes on, and nothing before it";
		return ALIASES_BAD;
	}
	used = take_name(a, p, n);
	if (!used)
		return ALIASES_BAD;
	a->why = name_fault(&a->name);
	if (a->why)
		return ALIASES_BAD;
	ascii_tolower(a->name.s, a->name.len);
	a->list = p + used;
	a->len = n - used;
	return ALIASES_NAME;
}
