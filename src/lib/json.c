/* SPDX-License-Identifier: 0BSD */
#include "lib/json.h"

#include <stdint.h>
#include <string.h>

#include "lib/utf8.h"

/* Length of the character at s, 0 if it is none. */
static size_t
character(const char *s)
{
	return utf8_len(s, strnlen(s, 4));
}

void
json_plain(struct obuf *o, const char *s)
{
	size_t n;

	for (; *s; s += n) {
		n = character(s);
		if (n == 0 || utf8_orders(s, n)) {
			n = n ? n : 1;
			obuf_putc(o, '?');
		} else {
			obuf_put(o, s, n);
		}
	}
}

/* \uXXXX of a character of 1 to 3 bytes. */
static void
escape(struct obuf *o, const char *s, size_t n)
{
	static const char hex[] = "0123456789abcdef";
	static const uint8_t first[] = { 0, 0x7f, 0x1f, 0x0f };
	unsigned c = (uint8_t)*s & first[n];
	int shift;

	while (--n)
		c = c << 6 | ((uint8_t) * ++s & 0x3f);
	obuf_puts(o, "\\u");
	for (shift = 12; shift >= 0; shift -= 4)
		obuf_putc(o, hex[c >> shift & 15]);
}

void
json_string(struct obuf *o, const char *s)
{
	size_t n;

	obuf_putc(o, '"');
	for (; *s; s += n) {
		n = character(s);
		if (n == 0) {
			n = 1;
			obuf_puts(o, "\\ufffd");
		} else if (utf8_orders(s, n)) {
			escape(o, s, n);
		} else {
			if (*s == '"' || *s == '\\')
				obuf_putc(o, '\\');
			obuf_put(o, s, n);
		}
	}
	obuf_putc(o, '"');
}
