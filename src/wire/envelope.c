/* SPDX-License-Identifier: 0BSD */
#include "wire/envelope.h"

#include <string.h>

#include "wire/site.h"

/* The first byte of a record. */
static enum envelope_state
envelope_begin(struct envelope *e, char c)
{
	if (!e->started) {
		if (c != 'F')
			return ENVELOPE_BAD;
		e->started = true;
	} else if (c == 0) {
		return ENVELOPE_DONE;
	} else if (c == 'T') {
		e->nrcpt++;
	} else if (c != 'P' || e->nparam++ == PARAMS_MAX) {
		return ENVELOPE_BAD;
	}
	if (c != 'P')
		e->nparam = 0;
	e->kind = c;
	e->len = 0;
	e->key = false;
	return ENVELOPE_MORE;
}

/* n more bytes of a record's text, none of them NUL. */
static enum envelope_state
envelope_text(struct envelope *e, const char *p, size_t n)
{
	if (e->kind == 'P') {
		if (n > PARAM_MAX - e->len)
			return ENVELOPE_BAD;
		if (!e->key && memchr(p, '=', n)) {
			if (e->len == 0 && p[0] == '=')
				return ENVELOPE_BAD;
			e->key = true;
		}
	} else if (n > ADDR_MAX - e->len) {
		return ENVELOPE_LONG;
	}
	e->len += n;
	return ENVELOPE_MORE;
}

enum envelope_state
envelope_feed(struct envelope *e, const char *p, size_t n)
{
	const char *nul;
	size_t k;

	while (n > 0) {
		if (e->state == ENVELOPE_DONE)
			e->state = ENVELOPE_BAD;
		if (e->state != ENVELOPE_MORE)
			return e->state;
		if (!e->kind) {
			e->state = envelope_begin(e, *p++);
			n--;
			continue;
		}
		nul = memchr(p, 0, n);
		k = nul ? (size_t)(nul - p) : n;
		if (k > 0)
			e->state = envelope_text(e, p, k);
		if (!nul)
			break;
		if (e->state == ENVELOPE_MORE && e->kind == 'P' && !e->key)
			e->state = ENVELOPE_BAD;
		e->kind = 0;
		p += k + 1;
		n -= k + 1;
	}
	return e->state;
}

bool
envelope_next(const char *p, size_t n, size_t *pos, struct envelope_rec *r)
{
	const char *nul;

	if (*pos >= n || p[*pos] == 0)
		return false;
	r->kind = p[*pos];
	r->text = p + *pos + 1;
	nul = memchr(r->text, 0, n - *pos - 1);
	if (!nul)
		return false;
	r->len = (size_t)(nul - r->text);
	*pos += r->len + 2;
	return true;
}

void
envelope_end(struct str *s)
{
	str_putc(s, 0);
}
