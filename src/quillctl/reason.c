/* SPDX-License-Identifier: 0BSD */
#include "quillctl/reason.h"

#include <string.h>

#include "lib/ascii.h"

enum { MIXED = 6 };

static const char left_out[] = "\342\200\246"; /* U+2026 */
static const char around[] = "\"'()<>[]{},;:.!?#=*";

/* "4.7.1", "250", "550-5.7.1" */
static bool
is_status(const char *s, size_t n)
{
	size_t i, dots = 0, digits = 0;

	if (n == 0 || n > 13)
		return false;
	for (i = 0; i < n; i++) {
		dots += s[i] == '.';
		digits += ascii_isdigit(s[i]);
		if (!ascii_isdigit(s[i]) && s[i] != '.' && s[i] != '-')
			return false;
	}
	return dots == 2 || (dots == 0 && digits <= 4);
}

/* A dot between letters or digits, or two colons and hexadecimal digits. */
static bool
is_host(const char *s, size_t n)
{
	size_t i, dots = 0, colons = 0, hex = 0;

	for (i = 0; i < n; i++) {
		if (i > 0 && i + 1 < n && s[i] == '.' &&
			ascii_isalnum(s[i - 1]) && ascii_isalnum(s[i + 1]))
			dots++;
		colons += s[i] == ':';
		hex += s[i] == ':' || ascii_isdigit(s[i]) ||
		       strchr("abcdefABCDEF", s[i]) != NULL;
	}
	return dots > 0 || (colons >= 2 && hex == n);
}

static bool
is_mixed(const char *s, size_t n)
{
	size_t i, digits = 0, others = 0;

	for (i = 0; i < n; i++) {
		digits += ascii_isdigit(s[i]);
		others += !ascii_isalnum(s[i]);
	}
	return digits > 0 && n - others >= MIXED;
}

static void
put_word(struct str *out, const char *s, size_t n)
{
	const char *url = n > 3 ? strstr(s, "://") : NULL;
	size_t before, len = n, host;

	before = strspn(s, around);
	if (before >= n) {
		str_put(out, s, n);
		return;
	}
	while (len > before && strchr(around, s[len - 1]))
		len--;
	if (url && url < s + n) {
		host = (size_t)(url - s) + 3;
		host += strcspn(s + host, "/?# ");
		str_put(out, s, host < len ? host : len);
		if (host < len) {
			str_putc(out, '/');
			str_puts(out, left_out);
			str_put(out, s + len, n - len);
		} else {
			str_put(out, s + len, n - len);
		}
		return;
	}
	str_put(out, s, before);
	if (!is_status(s + before, len - before) &&
		(memchr(s, '@', n) || is_host(s + before, len - before) ||
			is_mixed(s + before, len - before)))
		str_puts(out, left_out);
	else
		str_put(out, s + before, len - before);
	str_put(out, s + len, n - len);
}

void
reason_shape(struct str *out, const char *text)
{
	size_t n, start = out->len;

	for (;; text += n) {
		text += strspn(text, " \t\r\n/");
		n = strcspn(text, " \t\r\n");
		if (n == 0)
			return;
		if (out->len > start)
			str_putc(out, ' ');
		put_word(out, text, n);
	}
}

void
reason_sender(struct str *out, const char *a)
{
	const char *at = strrchr(a, '@'), *equals = strchr(a, '=');
	size_t start = out->len, n = 0;

	if (at && equals && equals < at) {
		n = (size_t)(equals - a);
		while (n && !strchr("-+", a[n - 1]))
			n--;
		/* and the number of the message, before it */
		while (n > 1 && strchr("-+0123456789", a[n - 2]))
			n--;
	}
	if (n) {
		str_put(out, a, n);
		str_puts(out, left_out);
		a = at;
	}
	str_puts(out, a);
	if (out->len > start)
		ascii_tolower(out->s + start, out->len - start);
}
