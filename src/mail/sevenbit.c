/* SPDX-License-Identifier: 0BSD */
#include "mail/sevenbit.h"

#include <string.h>

#include "mail/mimehead.h"

void
sevenbit_init(struct sevenbit *s, struct str *parts,
	bool (*put)(void *arg, const char *p, size_t n), void *arg)
{
	memset(s, 0, sizeof *s);
	mimeenc_init(&s->out, put, arg);
	s->parts = parts;
	parts->max = SEVENBIT_PARTS;
	s->learning = !put;
	if (!put)
		str_clear(parts);
	s->top = s->bol = true;
	str_init(&s->head, SEVENBIT_HEADER);
}

void
sevenbit_free(struct sevenbit *s)
{
	str_free(&s->head);
}

static void
stop(struct sevenbit *s, enum sevenbit_why why)
{
	if (s->why == SEVENBIT_OK)
		s->why = why;
}

/* --- parts ---------------------------------------------------------------- */
static bool
in_signed(const struct sevenbit *s)
{
	size_t i;

	for (i = 0; i < s->depth; i++)
		if (s->level[i].is_signed)
			return true;
	return false;
}

static bool
is_identity(enum mimehead_encoding e)
{
	return e == MIMEHEAD_NONE || e == MIMEHEAD_7BIT || e == MIMEHEAD_8BIT ||
	       e == MIMEHEAD_BINARY;
}

static bool
is_nested(const struct mimehead *m)
{
	return is_identity(m->encoding) && !strcmp(m->type, "message") &&
	       (!strcmp(m->subtype, "rfc822") || !strcmp(m->subtype, "news") ||
		       !strcmp(m->subtype, "global"));
}

/* How to convert a leaf that has 8-bit bytes; *sealed: not at all. */
static enum sevenbit_code
code_of(const struct mimehead *m, bool *sealed)
{
	bool message = !strcmp(m->type, "message");

	if (m->encoding == MIMEHEAD_QP)
		return SEVENBIT_MEND_QP;
	if (m->encoding == MIMEHEAD_BASE64)
		return SEVENBIT_MEND_64;
	/* RFC 2046 5.2.2, 5.2.3: these have no other encoding; and a multipart
	 * here is one without a boundary */
	*sealed = !is_identity(m->encoding) || !strcmp(m->type, "multipart") ||
		  (message && (!strcmp(m->subtype, "partial") ||
				      !strcmp(m->subtype, "external-body")));
	return message || !*m->type || !strcmp(m->type, "text")
		       ? SEVENBIT_QP
		       : SEVENBIT_BASE64;
}

/* Write the header with the encoding set to what the body will have. NULL:
 * nothing is changed. */
static void
put_head(struct sevenbit *s, const struct mimehead *m, const char *encoding,
	bool blank)
{
	const char *p = s->head.s;
	size_t n = s->head.len, len;

	for (; n; p += len, n -= len) {
		len = mimehead_field(p, n);
		if (!encoding ||
			!mimehead_named(p, len, "Content-Transfer-Encoding"))
			mimeenc_put(&s->out, p, len);
	}
	if (encoding && s->top && !m->version)
		mimeenc_puts(&s->out, "MIME-Version: 1.0\n");
	if (encoding && !m->typed && !s->digest && !m->version && s->top)
		mimeenc_puts(&s->out,
			"Content-Type: text/plain; charset=unknown-8bit\n");
	if (encoding) {
		mimeenc_puts(&s->out, "Content-Transfer-Encoding: ");
		mimeenc_puts(&s->out, encoding);
		mimeenc_puts(&s->out, "\n");
	}
	if (blank || encoding)
		mimeenc_puts(&s->out, blank ? s->eol : "\n");
}

static void
begin_leaf(struct sevenbit *s, const struct mimehead *m, bool blank)
{
	static const char *const names[] = {
		[SEVENBIT_QP] = "quoted-printable",
		[SEVENBIT_BASE64] = "base64",
	};
	bool mine = s->part < s->parts->len && s->parts->s[s->part];
	const char *encoding = NULL;
	enum sevenbit_code code;

	s->sealed = false;
	code = code_of(m, &s->sealed);
	s->code = SEVENBIT_AS_IS;
	s->state = SEVENBIT_LEAF;
	if (s->learning) {
		str_putc(s->parts, 0);
		if (s->parts->over)
			stop(s, SEVENBIT_ODD);
	} else if (mine) {
		s->code = code;
		if (code == SEVENBIT_QP || code == SEVENBIT_BASE64)
			encoding = names[code];
	} else if (m->encoding == MIMEHEAD_8BIT && !in_signed(s)) {
		encoding = "7bit";
	}
	s->part++;
	put_head(s, m, encoding, blank);
}

static void
push(struct sevenbit *s, const struct mimehead *m)
{
	struct sevenbit_level *l = &s->level[s->depth];

	if (s->depth == SEVENBIT_DEPTH) {
		stop(s, SEVENBIT_ODD);
		return;
	}
	strcpy(l->boundary, m->boundary);
	l->n = strlen(l->boundary);
	l->is_signed = !strcmp(m->subtype, "signed");
	l->digest = !strcmp(m->subtype, "digest");
	s->depth++;
}

/* The header is complete; blank: an empty line ended it. */
static void
begin_body(struct sevenbit *s, bool blank)
{
	const char *encoding = NULL;
	struct mimehead m;

	mimehead_parse(&m, s->head.s, s->head.len);
	if (s->digest && !m.typed) {
		strcpy(m.type, "message");
		strcpy(m.subtype, "rfc822");
	}
	if ((m.encoding == MIMEHEAD_8BIT || m.encoding == MIMEHEAD_BINARY) &&
		!in_signed(s))
		encoding = "7bit";
	if (is_identity(m.encoding) && !strcmp(m.type, "multipart") &&
		*m.boundary) {
		put_head(s, &m, encoding, blank);
		push(s, &m);
		s->state = SEVENBIT_BETWEEN;
	} else if (is_nested(&m) && blank) {
		put_head(s, &m, encoding, blank);
		s->state = SEVENBIT_HEAD;
	} else {
		begin_leaf(s, &m, blank);
	}
	s->top = s->digest = false;
	str_clear(&s->head);
	s->bol = true;
}

static void
end_leaf(struct sevenbit *s)
{
	mimeenc_qpend(&s->out);
	mimeenc_base64end(&s->out);
	s->pending = false;
	s->code = SEVENBIT_AS_IS;
}

/* --- lines ---------------------------------------------------------------- */
/* The level whose delimiter the line is; depth when it is none. */
static size_t
delimiter(const struct sevenbit *s, const char *p, size_t n, bool *closes)
{
	const struct sevenbit_level *l;
	size_t i, k;

	if (n < 3 || p[0] != '-' || p[1] != '-')
		return s->depth;
	for (i = 0; i < s->depth; i++) {
		l = &s->level[i];
		if (n < l->n + 2 || memcmp(p + 2, l->boundary, l->n) != 0)
			continue;
		k = l->n + 2;
		*closes = n >= k + 2 && p[k] == '-' && p[k + 1] == '-';
		if (*closes)
			k += 2;
		while (k < n && (p[k] == ' ' || p[k] == '\t'))
			k++;
		if (k == n)
			return i;
	}
	return s->depth;
}

static void
end_part(struct sevenbit *s, size_t level, bool closes)
{
	if (s->state == SEVENBIT_HEAD)
		begin_body(s, false);
	end_leaf(s);
	s->depth = closes ? level : level + 1;
	s->state = closes ? SEVENBIT_BETWEEN : SEVENBIT_HEAD;
	s->digest = !closes && s->level[level].digest;
}

static bool
has_eightbit(const char *p, size_t n)
{
	size_t i;

	for (i = 0; i < n; i++)
		if (p[i] & 0x80)
			return true;
	return false;
}

static void
learn(struct sevenbit *s, const char *p, size_t n)
{
	if (!has_eightbit(p, n))
		return;
	if (in_signed(s))
		stop(s, SEVENBIT_SIGNED);
	else if (s->sealed)
		stop(s, SEVENBIT_ODD);
	else if (s->part <= s->parts->len)
		s->parts->s[s->part - 1] = 1;
}

static void
leaf(struct sevenbit *s, const char *p, size_t n, bool eol)
{
	size_t i;

	if (s->learning)
		learn(s, p, n);
	if (s->pending) {
		mimeenc_base64(&s->out, '\r');
		mimeenc_base64(&s->out, '\n');
		s->pending = false;
	}
	for (i = 0; i < n && s->code != SEVENBIT_AS_IS; i++) {
		if (s->code == SEVENBIT_QP)
			mimeenc_qp(&s->out, p[i]);
		else if (s->code == SEVENBIT_BASE64)
			mimeenc_base64(&s->out, p[i]);
		else
			mimeenc_mend(
				&s->out, p[i], s->code == SEVENBIT_MEND_QP);
	}
	if (s->code == SEVENBIT_AS_IS)
		mimeenc_put(&s->out, p, n);
	if (!eol)
		return;
	if (s->code == SEVENBIT_QP)
		mimeenc_qpend(&s->out);
	if (s->code == SEVENBIT_BASE64)
		s->pending = true;
	else
		mimeenc_puts(&s->out, s->eol);
}

/* A piece of a header: true, or it is none and the body begins with it. */
static bool
head(struct sevenbit *s, const char *p, size_t n, bool eol)
{
	if (s->bol && eol && !n) {
		begin_body(s, true);
		return true;
	}
	if (s->bol && !mimehead_isfield(p, n) &&
		!(s->head.len && n && (*p == ' ' || *p == '\t'))) {
		begin_body(s, false);
		return false;
	}
	str_put(&s->head, p, n);
	if (eol)
		str_puts(&s->head, s->eol);
	if (s->head.over)
		stop(s, SEVENBIT_ODD);
	return true;
}

/* Part of a line, all of it when s->bol and eol; without the line end. */
static void
take(struct sevenbit *s, const char *p, size_t n, bool eol)
{
	bool closes = false;
	size_t i;

	if (s->bol && eol && (i = delimiter(s, p, n, &closes)) < s->depth) {
		end_part(s, i, closes);
		mimeenc_put(&s->out, p, n);
		mimeenc_puts(&s->out, s->eol);
		return;
	}
	if (s->state == SEVENBIT_HEAD && head(s, p, n, eol)) {
		s->bol = eol;
		return;
	}
	if (s->state == SEVENBIT_LEAF) {
		leaf(s, p, n, eol);
	} else {
		mimeenc_put(&s->out, p, n);
		if (eol)
			mimeenc_puts(&s->out, s->eol);
	}
	s->bol = eol;
}

static void
take_line(struct sevenbit *s)
{
	size_t n = s->npiece;

	s->eol = "\n";
	if (n && s->piece[n - 1] == '\r') {
		s->eol = "\r\n";
		n--;
	}
	s->npiece = 0;
	take(s, s->piece, n, true);
}

/* A line that is longer than a piece; the last byte may be the CR of its end
 * and stays. */
static void
take_part(struct sevenbit *s)
{
	size_t n = s->npiece - 1;
	char last = s->piece[n];

	take(s, s->piece, n, false);
	s->piece[0] = last;
	s->npiece = 1;
}

bool
sevenbit_feed(struct sevenbit *s, const char *p, size_t n)
{
	const char *lf;
	size_t len, room;

	while (n && s->why == SEVENBIT_OK && !s->out.stopped) {
		if (s->npiece == sizeof s->piece)
			take_part(s);
		lf = memchr(p, '\n', n);
		len = lf ? (size_t)(lf - p) : n;
		room = sizeof s->piece - s->npiece;
		if (len > room) {
			len = room;
			lf = NULL;
		}
		memcpy(s->piece + s->npiece, p, len);
		s->npiece += len;
		p += len;
		n -= len;
		if (!lf)
			continue;
		take_line(s);
		p++;
		n--;
	}
	if (s->out.stopped)
		stop(s, SEVENBIT_STOP);
	return s->why == SEVENBIT_OK;
}

bool
sevenbit_end(struct sevenbit *s)
{
	if (s->npiece)
		take(s, s->piece, s->npiece, false);
	if (s->state == SEVENBIT_HEAD && s->head.len)
		begin_body(s, false);
	if (s->pending) {
		mimeenc_base64(&s->out, '\r');
		mimeenc_base64(&s->out, '\n');
	}
	end_leaf(s);
	if (!mimeenc_end(&s->out))
		stop(s, SEVENBIT_STOP);
	return s->why == SEVENBIT_OK;
}
