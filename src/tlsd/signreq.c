/* SPDX-License-Identifier: 0BSD */
#include "tlsd/signreq.h"

#include <string.h>

enum { PADDING_MAX = 16 };

size_t
signreq_encode(char p[SIGNREQ_MAX], const struct signreq *q)
{
	size_t n;

	if (!q->n || q->n > SIGNREQ_DATA || q->padding < 0)
		return 0;
	n = num_fmt(p, q->index) + 1;
	n += num_fmt(p + n, (uint64_t)q->padding) + 1;
	memcpy(p + n, q->data, q->n);
	return n + q->n;
}

/* A number and its NUL at *p. */
static bool
number(const char **p, const char *end, uint64_t max, uint64_t *n)
{
	const char *nul = *p < end ? memchr(*p, 0, (size_t)(end - *p)) : NULL;

	if (!nul || !num_parse(*p, (size_t)(nul - *p), max, n))
		return false;
	*p = nul + 1;
	return true;
}

bool
signreq_decode(struct signreq *q, const char *p, size_t n)
{
	const char *end = p + n;
	uint64_t index, padding;

	if (!number(&p, end, SIGNREQ_INDEX, &index) ||
		!number(&p, end, PADDING_MAX, &padding))
		return false;
	q->index = (size_t)index;
	q->padding = (int)padding;
	q->data = (const uint8_t *)p;
	q->n = (size_t)(end - p);
	return q->n > 0 && q->n <= SIGNREQ_DATA;
}
