/* SPDX-License-Identifier: 0BSD */
#include <stdbool.h>
#include <string.h>

#include "lib/ascii.h"
#include "mail/fullname.h"

/* An encoded-word has at most 75 characters (RFC 2047 2), of which
 * "=?unknown-8bit?q?" and "?=" take 19. */
enum { ENCODED_MAX = 75 - 19 };

/* Length of the UTF-8 character at p, 0 when it is none. */
static size_t
utf8_len(const char *p)
{
	unsigned char c = (unsigned char)*p;
	size_t n = c < 0x80		   ? 1
		   : c >= 0xc2 && c < 0xe0 ? 2
		   : c >= 0xe0 && c < 0xf0 ? 3
		   : c >= 0xf0 && c < 0xf5 ? 4
					   : 0;

	for (size_t i = 1; i < n; i++)
		if (((unsigned char)p[i] & 0xc0) != 0x80)
			return 0;
	return n;
}

static bool
is_utf8(const char *p)
{
	size_t n;

	for (; *p != '\0'; p += n) {
		n = utf8_len(p);
		if (n == 0)
			return false;
	}
	return true;
}

static bool
is_ascii(const char *p)
{
	while (*p != '\0' && (unsigned char)*p < 128)
		p++;
	return *p == '\0';
}

static char
clean(char c)
{
	return (unsigned char)c < 32 || c == 127 ? ' ' : c;
}

/* One byte in "Q" encoding. */
static void
put_q(struct str *out, char c)
{
	static const char hex[] = "0123456789ABCDEF";

	c = clean(c);
	if (ascii_isalnum(c)) {
		str_putc(out, c);
	} else if (c == ' ') {
		str_putc(out, '_');
	} else {
		str_putc(out, '=');
		str_putc(out, hex[(unsigned char)c >> 4]);
		str_putc(out, hex[(unsigned char)c & 15]);
	}
}

static void
put_encoded(struct str *out, const char *name)
{
	bool utf8 = is_utf8(name);
	size_t room = 0, n;

	for (const char *p = name; *p != '\0'; p += n) {
		/* A character must not be cut (RFC 2047 5). */
		n = utf8 ? utf8_len(p) : 1;
		if (room < 3 * n) {
			str_puts(out, p == name ? "" : "?= ");
			str_puts(
				out, utf8 ? "=?utf-8?q?" : "=?unknown-8bit?q?");
			room = ENCODED_MAX;
		}
		for (size_t i = 0; i < n; i++)
			put_q(out, p[i]);
		room -= 3 * n;
	}
	str_puts(out, "?=");
}

void
fullname_phrase(struct str *out, const char *name)
{
	bool plain = true;

	if (!is_ascii(name)) {
		put_encoded(out, name);
		return;
	}
	for (const char *p = name; *p != '\0' && plain; p++)
		plain = ascii_isalnum(*p) ||
			strchr(" !#$%&'*+-/=?^_`{|}~", *p) != NULL;
	if (plain) {
		str_puts(out, name);
		return;
	}
	str_putc(out, '"');
	for (const char *p = name; *p != '\0'; p++) {
		if (*p == '"' || *p == '\\')
			str_putc(out, '\\');
		str_putc(out, clean(*p));
	}
	str_putc(out, '"');
}

void
fullname_comment(struct str *out, const char *name)
{
	str_putc(out, '(');
	if (!is_ascii(name)) {
		put_encoded(out, name);
	} else {
		for (const char *p = name; *p != '\0'; p++) {
			if (*p == '(' || *p == ')' || *p == '\\')
				str_putc(out, '\\');
			str_putc(out, clean(*p));
		}
	}
	str_putc(out, ')');
}
