/* SPDX-License-Identifier: 0BSD */
#include "mail/sevenbit.h"

#include <string.h>

#include "mail/mimehead.h"
#include "mail/sevenpart.h"

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
		sevenpart_begin(s, false);
	sevenpart_end(s);
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
	if (sevenpart_signed(s))
		sevenpart_stop(s, SEVENBIT_SIGNED);
	else if (s->sealed)
		sevenpart_stop(s, SEVENBIT_ODD);
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
		sevenpart_begin(s, true);
		return true;
	}
	if (s->bol && !mimehead_isfield(p, n) &&
		!(s->head.len && n && (*p == ' ' || *p == '\t'))) {
		sevenpart_begin(s, false);
		return false;
	}
	str_put(&s->head, p, n);
	if (eol)
		str_puts(&s->head, s->eol);
	if (s->head.over)
		sevenpart_stop(s, SEVENBIT_ODD);
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
		sevenpart_stop(s, SEVENBIT_STOP);
	return s->why == SEVENBIT_OK;
}

bool
sevenbit_end(struct sevenbit *s)
{
	if (s->npiece)
		take(s, s->piece, s->npiece, false);
	if (s->state == SEVENBIT_HEAD && s->head.len)
		sevenpart_begin(s, false);
	if (s->pending) {
		mimeenc_base64(&s->out, '\r');
		mimeenc_base64(&s->out, '\n');
	}
	sevenpart_end(s);
	if (!mimeenc_end(&s->out))
		sevenpart_stop(s, SEVENBIT_STOP);
	return s->why == SEVENBIT_OK;
}
