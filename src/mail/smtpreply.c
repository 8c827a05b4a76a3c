/* SPDX-License-Identifier: 0BSD */
#include "mail/smtpreply.h"

#include <string.h>

#include "lib/ascii.h"

void
smtpreply_init(struct smtpreply *r)
{
	memset(r, 0, sizeof *r);
	str_init(&r->text, SMTPREPLY_TEXT_MAX);
}

void
smtpreply_clear(struct smtpreply *r)
{
	r->code = 0;
	r->lines = 0;
	str_clear(&r->text);
}

/* The code at the start of a line; 0: none. */
static unsigned
code_of(const char *p, size_t n)
{
	if (n < 3 || p[0] < '2' || p[0] > '5' || !ascii_isdigit(p[1]) ||
		!ascii_isdigit(p[2]))
		return 0;
	return (unsigned)(p[0] - '0') * 100 + (unsigned)(p[1] - '0') * 10 +
	       (unsigned)(p[2] - '0');
}

enum smtpreply_result
smtpreply_feed(struct smtpreply *r, const char *line, size_t n)
{
	unsigned code;
	size_t i;

	if (n && line[n - 1] == '\n')
		n--;
	if (n && line[n - 1] == '\r')
		n--;
	code = code_of(line, n);
	if (!code || (r->lines && code != r->code) ||
		(n > 3 && line[3] != ' ' && line[3] != '-') ||
		n > SMTPREPLY_LINE_MAX || r->lines == SMTPREPLY_LINES_MAX)
		return SMTPREPLY_BAD;
	r->code = code;
	/* over the ceiling only the wording is lost, never the verdict */
	if (r->lines++)
		str_putc(&r->text, '\n');
	for (i = 0; i < n; i++)
		str_putc(&r->text,
			line[i] >= ' ' && line[i] < 127 ? line[i] : '?');
	return n > 3 && line[3] == '-' ? SMTPREPLY_MORE : SMTPREPLY_DONE;
}

bool
smtpreply_line(const struct smtpreply *r, unsigned i, const char **p, size_t *n)
{
	const char *at = r->text.s, *end = at + r->text.len, *lf;

	if (!r->text.len)
		return false;
	for (;;) {
		lf = memchr(at, '\n', (size_t)(end - at));
		if (!i--)
			break;
		if (!lf)
			return false;
		at = lf + 1;
	}
	if (!lf)
		lf = end;
	*n = (size_t)(lf - at);
	*p = at + (*n < 4 ? *n : 4);
	*n -= *n < 4 ? *n : 4;
	return true;
}

/* Up to three digits at *p; false without. */
static bool
digits(const char **p, const char *end)
{
	const char *start = *p;

	while (*p < end && *p - start < 3 && ascii_isdigit(**p))
		++*p;
	return *p > start;
}

bool
smtpreply_status(const struct smtpreply *r, char out[SMTPREPLY_STATUS])
{
	const char *p, *at, *end;
	size_t n;

	out[0] = 0;
	if (!smtpreply_line(r, 0, &p, &n) || n < 5)
		return false;
	end = p + n;
	at = p + 2;
	if (p[0] != (char)('0' + r->code / 100) || p[1] != '.' ||
		!digits(&at, end) || at == end || *at++ != '.' ||
		!digits(&at, end) || (at < end && *at != ' '))
		return false;
	memcpy(out, p, (size_t)(at - p));
	out[at - p] = 0;
	return true;
}

bool
smtpreply_keyword(const char *p, size_t n, const char *keyword,
	const char **arg, size_t *argn)
{
	size_t k = strlen(keyword);

	if (n < k || !ascii_caseeqn(p, keyword, k) || (n > k && p[k] != ' '))
		return false;
	while (k < n && p[k] == ' ')
		k++;
	*arg = p + k;
	*argn = n - k;
	return true;
}
