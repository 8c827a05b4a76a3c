/* SPDX-License-Identifier: 0BSD */
#include "quillctl/html.h"

#include <stdbool.h>
#include <stdint.h>
#include <string.h>

#include "lib/num.h"
#include "lib/stamp.h"
#include "lib/utf8.h"

static const char *
reference(char c)
{
	switch (c) {
	case '&':
		return "&amp;";
	case '<':
		return "&lt;";
	case '>':
		return "&gt;";
	case '"':
		return "&quot;";
	case '\'':
		return "&#39;";
	default:
		return NULL;
	}
}

/* U+FDD0 to U+FDEF and U+xFFFE, U+xFFFF: no page may hold them. */
static bool
is_none(const char *s, size_t n)
{
	const uint8_t *b = (const uint8_t *)s;

	if (n == 3 && b[0] == 0xef && b[1] == 0xb7)
		return b[2] >= 0x90 && b[2] <= 0xaf;
	return n >= 3 && (b[n - 3] & 0x0f) == 0x0f && b[n - 2] == 0xbf &&
	       b[n - 1] >= 0xbe;
}

void
html_text(struct obuf *o, const char *s)
{
	const char *ref;
	size_t n;

	for (; *s; s += n) {
		n = utf8_len(s, strnlen(s, 4));
		ref = n == 1 ? reference(*s) : NULL;
		if (ref) {
			obuf_puts(o, ref);
		} else if (n == 0 || utf8_orders(s, n) || is_none(s, n)) {
			n = n ? n : 1;
			obuf_puts(o, "\357\277\275");
		} else {
			obuf_put(o, s, n);
		}
	}
}

void
html_number(struct obuf *o, uint64_t n)
{
	char num[NUM_FMT];
	size_t len = num_fmt(num, n), i;

	for (i = 0; i < len; i++) {
		if (i > 0 && (len - i) % 3 == 0)
			obuf_putc(o, ',');
		obuf_putc(o, num[i]);
	}
}

void
html_percent(struct obuf *o, uint64_t n, uint64_t of)
{
	char num[NUM_FMT];
	uint64_t milli = of ? n * 100000 / of : 0;
	size_t len = num_fmt0(num, milli % 1000, 3);

	obuf_putnum(o, milli / 1000);
	while (len && num[len - 1] == '0')
		len--;
	if (len)
		obuf_putc(o, '.');
	obuf_put(o, num, len);
	obuf_putc(o, '%');
}

void
html_span(struct obuf *o, unsigned hours)
{
	unsigned n = hours % 24 == 0 ? hours / 24 : hours;

	if (n > 1) {
		obuf_putnum(o, n);
		obuf_putc(o, ' ');
	}
	obuf_puts(o, hours % 24 == 0 ? "day" : "hour");
	if (n > 1)
		obuf_putc(o, 's');
}

void
html_date(struct obuf *o, int64_t t)
{
	char s[STAMP_FMT];

	stamp_rfc3339(s, t);
	obuf_put(o, s, 10);
	obuf_putc(o, ' ');
	obuf_put(o, s + 11, 5);
}
