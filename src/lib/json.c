/* SPDX-License-Identifier: 0BSD */
#include "lib/json.h"

#include <stdbool.h>

/* Length of the well-formed UTF-8 sequence at s (RFC 3629), 0 if none. */
static size_t
utf8(const unsigned char *s)
{
	static const unsigned char low[] = { 0x80, 0xa0, 0x90 };
	size_t n, i;
	unsigned char lo = low[0], hi = 0xbf;

	if (s[0] < 0x80)
		return 1;
	n = s[0] >= 0xf0 ? 4 : s[0] >= 0xe0 ? 3 : 2;
	if (s[0] < 0xc2 || s[0] > 0xf4)
		return 0;
	if (s[0] == 0xe0)
		lo = low[1];
	else if (s[0] == 0xf0)
		lo = low[2];
	else if (s[0] == 0xed)
		hi = 0x9f;
	else if (s[0] == 0xf4)
		hi = 0x8f;
	if (s[1] < lo || s[1] > hi)
		return 0;
	for (i = 2; i < n; i++)
		if (s[i] < 0x80 || s[i] > 0xbf)
			return 0;
	return n;
}

/* C0, DEL, and C1 (U+0080 to U+009F), which terminals obey too. s is
 * well-formed there. */
static bool
is_control(const unsigned char *s)
{
	return *s < 32 || *s == 127 || (*s == 0xc2 && s[1] < 0xa0);
}

void
json_plain(struct obuf *o, const char *text)
{
	const unsigned char *s = (const unsigned char *)text;
	size_t n;

	for (; *s; s += n) {
		n = utf8(s);
		if (n == 0 || is_control(s)) {
			n = n ? n : 1;
			obuf_putc(o, '?');
		} else {
			obuf_put(o, s, n);
		}
	}
}

void
json_string(struct obuf *o, const char *text)
{
	static const char hex[] = "0123456789abcdef";
	const unsigned char *s = (const unsigned char *)text;
	size_t n;

	obuf_putc(o, '"');
	for (; *s; s += n) {
		n = utf8(s);
		if (n == 0) {
			n = 1;
			obuf_puts(o, "\\ufffd");
		} else if (is_control(s)) {
			unsigned char c = s[n - 1];

			obuf_puts(o, "\\u00");
			obuf_putc(o, hex[c >> 4]);
			obuf_putc(o, hex[c & 15]);
		} else {
			if (*s == '"' || *s == '\\')
				obuf_putc(o, '\\');
			obuf_put(o, s, n);
		}
	}
	obuf_putc(o, '"');
}
