/* SPDX-License-Identifier: 0BSD */
#include "mail/sevenpart.h"

#include <string.h>

#include "mail/mimehead.h"

void
sevenpart_stop(struct sevenbit *s, enum sevenbit_why why)
{
	if (s->why == SEVENBIT_OK)
		s->why = why;
}

bool
sevenpart_signed(const struct sevenbit *s)
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
			sevenpart_stop(s, SEVENBIT_ODD);
	} else if (mine) {
		s->code = code;
		if (code == SEVENBIT_QP || code == SEVENBIT_BASE64)
			encoding = names[code];
	} else if (m->encoding == MIMEHEAD_8BIT && !sevenpart_signed(s)) {
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
		sevenpart_stop(s, SEVENBIT_ODD);
		return;
	}
	strcpy(l->boundary, m->boundary);
	l->n = strlen(l->boundary);
	l->is_signed = !strcmp(m->subtype, "signed");
	l->digest = !strcmp(m->subtype, "digest");
	s->depth++;
}

void
sevenpart_begin(struct sevenbit *s, bool blank)
{
	const char *encoding = NULL;
	struct mimehead m;

	mimehead_parse(&m, s->head.s, s->head.len);
	if (s->digest && !m.typed) {
		strcpy(m.type, "message");
		strcpy(m.subtype, "rfc822");
	}
	if ((m.encoding == MIMEHEAD_8BIT || m.encoding == MIMEHEAD_BINARY) &&
		!sevenpart_signed(s))
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

void
sevenpart_end(struct sevenbit *s)
{
	mimeenc_qpend(&s->out);
	mimeenc_base64end(&s->out);
	s->pending = false;
	s->code = SEVENBIT_AS_IS;
}
