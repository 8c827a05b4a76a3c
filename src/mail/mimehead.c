/* SPDX-License-Identifier: 0BSD */
#include "mail/mimehead.h"

#include <string.h>

#include "lib/ascii.h"

static bool
is_blank(char c)
{
	return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

bool
mimehead_isfield(const char *p, size_t n)
{
	size_t i = 0;

	while (i < n && p[i] > ' ' && p[i] < 127 && p[i] != ':')
		i++;
	if (!i)
		return false;
	while (i < n && (p[i] == ' ' || p[i] == '\t'))
		i++;
	return i < n && p[i] == ':';
}

size_t
mimehead_field(const char *p, size_t n)
{
	size_t at = 0;
	const char *lf;

	do {
		lf = memchr(p + at, '\n', n - at);
		if (!lf)
			return n;
		at = (size_t)(lf - p) + 1;
	} while (at < n && (p[at] == ' ' || p[at] == '\t'));
	return at;
}

bool
mimehead_named(const char *p, size_t n, const char *name)
{
	size_t len = strlen(name);

	if (n <= len || !ascii_caseeqn(p, name, len))
		return false;
	p += len;
	n -= len;
	while (n && (*p == ' ' || *p == '\t')) {
		p++;
		n--;
	}
	return n && *p == ':';
}

/* A reader of structured field bodies: blanks and comments are skipped. */
struct reader {
	const char *p, *end;
};

static void
skip(struct reader *r)
{
	size_t deep = 0;

	for (; r->p < r->end; r->p++) {
		if (*r->p == '(')
			deep++;
		else if (deep && *r->p == ')')
			deep--;
		else if (deep && *r->p == '\\' && r->p + 1 < r->end)
			r->p++;
		else if (!deep && !is_blank(*r->p))
			return;
	}
}

static bool
is_token(char c)
{
	return c > ' ' && c < 127 && !strchr("()<>@,;:\\\"/[]?=", c);
}

/* A token, or with quotes a quoted-string; its bytes to out, lower case when
 * lowered. false: there is none, or it does not fit (out is "" then). */
static bool
word(struct reader *r, char *out, size_t size, bool quotes, bool lowered)
{
	size_t n = 0;
	bool quoted, fits = true;

	skip(r);
	quoted = quotes && r->p < r->end && *r->p == '"';
	if (quoted)
		r->p++;
	for (; r->p < r->end; r->p++) {
		if (quoted ? *r->p == '"' : !is_token(*r->p))
			break;
		if (quoted && *r->p == '\\' && r->p + 1 < r->end)
			r->p++;
		else if (quoted && (*r->p == '\r' || *r->p == '\n'))
			continue;
		if (n + 1 < size)
			out[n++] = *r->p;
		else
			fits = false;
	}
	if (quoted && r->p < r->end)
		r->p++;
	out[fits ? n : 0] = 0;
	if (lowered)
		ascii_tolower(out, strlen(out));
	return fits && (n || quoted);
}

static bool
mark(struct reader *r, char c)
{
	skip(r);
	if (r->p == r->end || *r->p != c)
		return false;
	r->p++;
	return true;
}

static void
content_type(struct mimehead *m, struct reader *r)
{
	char name[MIMEHEAD_WORD], value[MIMEHEAD_BOUNDARY + 1];
	size_t n;

	m->typed = true;
	if (!word(r, m->type, sizeof m->type, false, true) || !mark(r, '/') ||
		!word(r, m->subtype, sizeof m->subtype, false, true)) {
		m->type[0] = m->subtype[0] = 0;
		return;
	}
	for (;;) {
		/* what is malformed is passed over up to the next one */
		while (r->p < r->end && !mark(r, ';'))
			if (r->p < r->end)
				r->p++;
		if (r->p == r->end)
			return;
		if (!word(r, name, sizeof name, false, true) || !mark(r, '=') ||
			!word(r, value, sizeof value, true, false))
			continue;
		if (strcmp(name, "boundary") != 0 || *m->boundary)
			continue;
		for (n = strlen(value); n && is_blank(value[n - 1]);)
			value[--n] = 0;
		strcpy(m->boundary, value);
	}
}

static enum mimehead_encoding
encoding(struct reader *r)
{
	static const struct {
		const char *name;
		enum mimehead_encoding is;
	} known[] = {
		{ "7bit", MIMEHEAD_7BIT },
		{ "8bit", MIMEHEAD_8BIT },
		{ "binary", MIMEHEAD_BINARY },
		{ "quoted-printable", MIMEHEAD_QP },
		{ "base64", MIMEHEAD_BASE64 },
	};
	char name[MIMEHEAD_WORD];
	size_t i;

	if (!word(r, name, sizeof name, false, true))
		return MIMEHEAD_UNKNOWN;
	for (i = 0; i < sizeof known / sizeof *known; i++)
		if (!strcmp(name, known[i].name))
			return known[i].is;
	return MIMEHEAD_UNKNOWN;
}

void
mimehead_parse(struct mimehead *m, const char *p, size_t n)
{
	const char *colon;
	struct reader r;
	size_t len;

	memset(m, 0, sizeof *m);
	for (; n; p += len, n -= len) {
		len = mimehead_field(p, n);
		colon = memchr(p, ':', len);
		if (!colon)
			continue;
		r.p = colon + 1;
		r.end = p + len;
		if (mimehead_named(p, len, "MIME-Version"))
			m->version = true;
		else if (!m->typed && mimehead_named(p, len, "Content-Type"))
			content_type(m, &r);
		else if (m->encoding == MIMEHEAD_NONE &&
			 mimehead_named(p, len, "Content-Transfer-Encoding"))
			m->encoding = encoding(&r);
	}
}
