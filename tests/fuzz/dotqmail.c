/* SPDX-License-Identifier: 0BSD */
/* dotqmail: the bytes are a .qmail file; the first two lines, up to a NUL, are
 * dash and ext of a search as well. */
#include "local/dotqmail.h"

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
lines(const char *p, size_t n)
{
	struct dotqmail d;
	struct dotqmail_entry e;
	size_t last = 0;

	dotqmail_init(&d, p, n);
	while (dotqmail_next(&d, &e) != DOTQMAIL_END) {
		require(d.line > last && d.pos <= n);
		last = d.line;
		if (e.kind == DOTQMAIL_BAD) {
			require(d.why);
			continue;
		}
		require(e.text >= p && e.text + e.len <= p + n && e.len);
		require(!memchr(e.text, 0, e.len));
		require(!memchr(e.text, '\n', e.len));
		require((e.kind == DOTQMAIL_MAILDIR) ==
			((*e.text == '.' || *e.text == '/') &&
				e.text[e.len - 1] == '/' &&
				e.kind != DOTQMAIL_PROGRAM &&
				e.kind != DOTQMAIL_FORWARD));
	}
	for (int only = 0; only < 2; only++) {
		dotqmail_init(&d, p, n);
		require(dotqmail_check(&d, only) == !d.why);
	}
}

static void
search(const char *p, size_t n)
{
	char dash[64], ext[1200];
	const char *lf = memchr(p, '\n', n);
	size_t k = lf ? (size_t)(lf - p) : n, count = 0;
	struct dotqmail_search s;

	memset(dash, 0, sizeof dash);
	memset(ext, 0, sizeof ext);
	memcpy(dash, p, k < sizeof dash ? k : sizeof dash - 1);
	n -= lf ? k + 1 : n;
	if (n)
		memcpy(ext, lf + 1, n < sizeof ext ? n : sizeof ext - 1);
	dotqmail_search(&s, dash, ext);
	while (dotqmail_search_next(&s)) {
		require(++count <= strlen(ext) + 2);
		require(s.deflt >= -1 && s.deflt <= (long)strlen(ext));
		require(!memchr(s.name.s + 6 + strlen(dash), '.',
			s.name.len - 6 - strlen(dash)));
	}
	dotqmail_search_end(&s);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const char *p = (const char *)data;

	if (size > DOTQMAIL_MAX)
		return 0;
	lines(p, size);
	if (size)
		search(p, size);
	return 0;
}
