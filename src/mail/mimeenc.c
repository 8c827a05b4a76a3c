/* SPDX-License-Identifier: 0BSD */
#include "mail/mimeenc.h"

#include <string.h>

#include "lib/base64.h"

enum { QP_LINE = 75 }; /* and "=", the mark of a soft line break */

static const char hex[] = "0123456789ABCDEF";

void
mimeenc_init(struct mimeenc *s, bool (*put)(void *arg, const char *p, size_t n),
	void *arg)
{
	memset(s, 0, sizeof *s);
	s->put = put;
	s->arg = arg;
}

static void
drain(struct mimeenc *s)
{
	if (s->nout && !s->stopped && !s->put(s->arg, s->out, s->nout))
		s->stopped = true;
	s->nout = 0;
}

bool
mimeenc_end(struct mimeenc *s)
{
	if (s->put)
		drain(s);
	return !s->stopped;
}

void
mimeenc_put(struct mimeenc *s, const char *p, size_t n)
{
	size_t part;

	if (!s->put)
		return;
	for (; n; p += part, n -= part) {
		part = sizeof s->out - s->nout;
		if (part > n)
			part = n;
		memcpy(s->out + s->nout, p, part);
		s->nout += part;
		if (s->nout == sizeof s->out)
			drain(s);
	}
}

void
mimeenc_puts(struct mimeenc *s, const char *text)
{
	mimeenc_put(s, text, strlen(text));
}

static void
token(struct mimeenc *s, const char *p, size_t n)
{
	if (s->col + n > QP_LINE) {
		mimeenc_put(s, "=\n", 2);
		s->col = 0;
	}
	mimeenc_put(s, p, n);
	s->col += n;
}

static void
escape(struct mimeenc *s, char c)
{
	unsigned char u = (unsigned char)c;
	char t[3] = { '=', hex[u >> 4], hex[u & 15] };

	token(s, t, 3);
}

void
mimeenc_qp(struct mimeenc *s, char c)
{
	/* a blank is safe when something follows it on the line */
	if (s->held)
		token(s, &s->held, 1);
	s->held = 0;
	if (c == ' ' || c == '\t')
		s->held = c;
	else if (c > ' ' && c < 127 && c != '=')
		token(s, &c, 1);
	else
		escape(s, c);
}

void
mimeenc_qpend(struct mimeenc *s)
{
	if (s->held)
		escape(s, s->held);
	s->held = 0;
	s->col = 0;
}

void
mimeenc_base64(struct mimeenc *s, char c)
{
	s->b64[s->nb64++] = c;
	if (s->nb64 == sizeof s->b64)
		mimeenc_base64end(s);
}

void
mimeenc_base64end(struct mimeenc *s)
{
	struct str line = STR_INIT(2 * MIMEENC_B64);

	if (!s->nb64)
		return;
	base64_encode(&line, s->b64, s->nb64);
	mimeenc_put(s, line.s, line.len);
	mimeenc_put(s, "\n", 1);
	str_free(&line);
	s->nb64 = 0;
}

void
mimeenc_mend(struct mimeenc *s, char c, bool qp)
{
	unsigned char u = (unsigned char)c;
	char t[3] = { '=', hex[u >> 4], hex[u & 15] };

	if (u < 128)
		mimeenc_put(s, &c, 1);
	else if (qp)
		mimeenc_put(s, t, 3);
}
