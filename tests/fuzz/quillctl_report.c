/* SPDX-License-Identifier: 0BSD */
/* quillctl report: lines of logs become a page that holds no tag and no order
 * of theirs */
#include "lib/utf8.h"
#include "quillctl/counts.h"
#include "quillctl/html.h"
#include "quillctl/pagetables.h"
#include "quillctl/reason.h"

#include "fuzz/fuzz.h"

enum { T0 = 1700000000 / 3600 * 3600 };

struct obuf out; /* of quillctl/say.c */
static char page[1 << 20];

/* Outside of tags there is no <, in what comes out nothing that gives orders.
 */
static void
harmless(const char *p, size_t n)
{
	static const char *const ours[] = { "section", "/section", "h2", "/h2",
		"p", "/p", "div", "/div", "table", "/table", "thead", "/thead",
		"tbody", "/tbody", "tr", "/tr", "th", "/th", "td", "/td", "bdi",
		"/bdi", "svg", "/svg", "rect", "br", "small", "/small" };
	size_t i, k, len, word;

	for (i = 0; i < n; i += len) {
		len = utf8_len(p + i, n - i);
		require(len > 0);
		require(p[i] == '\n' || !utf8_orders(p + i, len));
		if (p[i] != '<')
			continue;
		word = strcspn(p + i + 1, " >");
		for (k = 0; k < sizeof ours / sizeof *ours; k++)
			if (strlen(ours[k]) == word &&
				memcmp(p + i + 1, ours[k], word) == 0)
				break;
		require(k < sizeof ours / sizeof *ours);
	}
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static char text[4097];
	static struct counts c;
	struct logs_line l = { .name = "x" };
	struct obuf o;
	char *p, *end;
	size_t i;

	if (size >= sizeof text)
		return 0;
	memcpy(text, data, size);
	for (i = 0; i < size; i++)
		if (!text[i])
			text[i] = '?';
	text[size] = 0;
	counts_init(&c, T0, T0 + 7200);
	for (p = text; p < text + size; p = end + 1) {
		end = p + strcspn(p, "\n");
		*end = 0;
		l.text = p;
		l.us = (int64_t)(T0 + (*p & 3) * 1800) * 1000000;
		counts_line(&c, &l);
	}
	counts_end(&c, true);
	require(c.hours == 1 || c.hours == 2);
	obuf_init(&o, -1, page, sizeof page - 1);
	pagetables_write(&o, &c);
	html_text(&o, text);
	require(o.err == 0);
	page[o.len] = 0;
	harmless(page, o.len);
	counts_free(&c);
	return 0;
}
