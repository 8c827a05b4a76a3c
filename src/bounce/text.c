/* SPDX-License-Identifier: 0BSD */
#include "bounce/text.h"

#include <stdint.h>
#include <string.h>

#include "lib/str.h"
#include "mail/addr.h"
#include "wire/site.h"

bool
text_isascii(const char *p, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (p[i] & 0x80)
			return false;
	return true;
}

/* Bytes of the character at p, 0 when there is none (RFC 3629): no overlong
 * form, no surrogate, nothing above U+10FFFF. */
static size_t
character(const char *p, size_t n, uint32_t *point)
{
	static const uint32_t least[] = { 0, 0, 0x80, 0x800, 0x10000 };
	unsigned char c = (unsigned char)*p;
	size_t len = c < 0x80	? 1
		     : c < 0xc2 ? 0
		     : c < 0xe0 ? 2
		     : c < 0xf0 ? 3
		     : c < 0xf5 ? 4
				: 0;

	if (!len || len > n)
		return 0;
	*point = len == 1 ? c : c & (0xffu >> (len + 1));
	for (size_t i = 1; i < len; i++) {
		c = (unsigned char)p[i];
		if ((c & 0xc0) != 0x80)
			return 0;
		*point = *point << 6 | (c & 0x3fu);
	}
	if (*point < least[len] || *point > 0x10ffff ||
		(*point >= 0xd800 && *point < 0xe000))
		return 0;
	return len;
}

bool
text_isutf8(const char *p, size_t n)
{
	uint32_t point;
	size_t len;

	for (; n; p += len, n -= len)
		if (!(len = character(p, n, &point)))
			return false;
	return true;
}

void
text_put(struct qclient *q, const char *s)
{
	qclient_put(q, s, strlen(s));
}

/* C1 controls are not for a terminal either. */
static bool
is_control(uint32_t point)
{
	return point < 32 || (point >= 127 && point < 160);
}

/* One character, or a ? for what is none; what it took of p. */
static size_t
put_character(struct qclient *q, const char *p, size_t n)
{
	uint32_t point;
	size_t len = character(p, n, &point);

	if (!len || is_control(point))
		text_put(q, "?");
	else
		qclient_put(q, p, len);
	return len ? len : 1;
}

void
text_line(struct qclient *q, const char *p, size_t n)
{
	size_t len;

	while (n && p[n - 1] == '\n')
		n--;
	for (; n; p += len, n -= len) {
		len = 1;
		if (*p == '\n' || *p == '\t')
			text_put(q, " ");
		else
			len = put_character(q, p, n);
	}
}

void
text_lines(struct qclient *q, const char *s)
{
	size_t n = strlen(s), len;
	char last = '\n';

	for (; n; s += len, n -= len) {
		len = 1;
		if (*s == '\n' || *s == '\t')
			qclient_put(q, s, 1);
		else
			len = put_character(q, s, n);
		last = *s;
	}
	if (last != '\n')
		text_put(q, "\n");
}

/* RFC 6533 3: in an address of type utf-8, backslash, plus and = are written
 * as numbers in either form. */
static void
put_number(struct qclient *q, uint32_t point)
{
	static const char digits[] = "0123456789ABCDEF";
	char out[12] = "\\x{";
	size_t n = 3;
	int shift = point > 0xffff ? 20 : point > 0xff ? 12 : 4;

	if (shift == 20 && point < 0x100000)
		shift = 16;
	if (shift == 12 && point < 0x1000)
		shift = 8;
	for (; shift >= 0; shift -= 4)
		out[n++] = digits[point >> shift & 15];
	out[n++] = '}';
	qclient_put(q, out, n);
}

void
text_utf8(struct qclient *q, const char *p, size_t n, bool raw)
{
	uint32_t point;
	size_t len;

	for (; n; p += len, n -= len) {
		len = character(p, n, &point);
		if (!len || is_control(point))
			text_put(q, "?");
		else if (point < 0x80 ? strchr(" \\+=", *p) != NULL : !raw)
			put_number(q, point);
		else
			qclient_put(q, p, len);
		if (!len)
			len = 1;
	}
}

void
text_address(struct qclient *q, const char *p, size_t n, bool raw)
{
	struct str s = STR_INIT(3 * ADDR_MAX);

	if (text_isascii(p, n)) {
		addr_quote(&s, p, n);
		text_put(q, "rfc822;");
		text_line(q, str_c(&s), s.len);
	} else {
		text_put(q, "utf-8;");
		text_utf8(q, p, n, raw);
	}
	str_free(&s);
}
