/* SPDX-License-Identifier: 0BSD */
/* smtpreply: the bytes are what a server says, line by line. */
#include "mail/smtpreply.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void
require(bool cond)
{
	if (!cond)
		abort();
}

static void
inspect(const struct smtpreply *r)
{
	char status[SMTPREPLY_STATUS];
	const char *p, *arg;
	size_t n, argn, i;
	unsigned k;

	require(r->code >= 200 && r->code <= 599);
	require(r->lines >= 1 && r->lines <= SMTPREPLY_LINES_MAX);
	for (i = 0; i < r->text.len; i++)
		require(r->text.s[i] == '\n' ||
			(r->text.s[i] >= ' ' && r->text.s[i] < 127));
	for (k = 0; smtpreply_line(r, k, &p, &n); k++) {
		require(p >= r->text.s && p + n <= r->text.s + r->text.len);
		require(!memchr(p, '\n', n));
		if (smtpreply_keyword(p, n, "SIZE", &arg, &argn))
			require(arg + argn == p + n);
	}
	require(k && k <= r->lines);
	if (smtpreply_status(r, status))
		require(status[0] - '0' == (int)(r->code / 100) &&
			strlen(status) >= 5);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const char *p = (const char *)data, *end = p + size, *lf;
	struct smtpreply r;
	enum smtpreply_result got;
	size_t n;

	smtpreply_init(&r);
	while (p < end) {
		lf = memchr(p, '\n', (size_t)(end - p));
		n = (size_t)((lf ? lf + 1 : end) - p);
		got = smtpreply_feed(&r, p, n);
		p += n;
		if (got == SMTPREPLY_BAD) {
			smtpreply_clear(&r);
			continue;
		}
		inspect(&r);
		if (got == SMTPREPLY_DONE)
			smtpreply_clear(&r);
	}
	str_free(&r.text);
	return 0;
}
