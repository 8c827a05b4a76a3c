/* SPDX-License-Identifier: 0BSD */
#include "wire/notify.h"

#include <string.h>

#include "lib/ascii.h"

static const struct {
	const char *word;
	unsigned flag;
} words[] = {
	{ "NEVER", NOTIFY_NEVER },
	{ "SUCCESS", NOTIFY_SUCCESS },
	{ "FAILURE", NOTIFY_FAILURE },
	{ "DELAY", NOTIFY_DELAY },
};

enum { WORDS = sizeof words / sizeof *words };

static unsigned
flag_of(const char *p, size_t n)
{
	for (size_t i = 0; i < WORDS; i++)
		if (strlen(words[i].word) == n &&
			ascii_caseeqn(words[i].word, p, n))
			return words[i].flag;
	return 0;
}

unsigned
notify_parse(const char *p, size_t n)
{
	unsigned flags = 0, flag;
	size_t len;

	for (;;) {
		const char *comma = n ? memchr(p, ',', n) : NULL;

		len = comma ? (size_t)(comma - p) : n;
		flag = flag_of(p, len);
		if (!flag)
			return 0;
		flags |= flag;
		if (!comma)
			break;
		p += len + 1;
		n -= len + 1;
	}
	/* NEVER stands alone */
	if ((flags & NOTIFY_NEVER) && flags != NOTIFY_NEVER)
		return 0;
	return flags;
}

unsigned
notify_of(const char *value)
{
	unsigned flags = value ? notify_parse(value, strlen(value)) : 0;

	return flags ? flags : NOTIFY_DEFAULT;
}

void
notify_fmt(char out[NOTIFY_FMT], unsigned flags)
{
	if (!(flags & ~(unsigned)NOTIFY_NEVER))
		flags = NOTIFY_NEVER;
	out[0] = 0;
	for (size_t i = 0; i < WORDS; i++)
		if (flags & words[i].flag) {
			if (out[0])
				strcat(out, ",");
			strcat(out, words[i].word);
		}
}

bool
notify_isret(const char *p, size_t n)
{
	return n == 4 &&
	       (ascii_caseeqn(p, "FULL", 4) || ascii_caseeqn(p, "HDRS", 4));
}

/* RFC 3461 4: hexchar is a plus and two digits, A to F in upper case. */
static int
hex(char c)
{
	return c >= '0' && c <= '9'   ? c - '0'
	       : c >= 'A' && c <= 'F' ? c - 'A' + 10
				      : -1;
}

static bool
is_xchar(char c)
{
	return c > ' ' && c < 127 && c != '+' && c != '=';
}

static bool
is_xtext(const char *p, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		if (is_xchar(p[i]))
			continue;
		if (p[i] != '+' || n - i < 3 || hex(p[i + 1]) < 0 ||
			hex(p[i + 2]) < 0)
			return false;
		i += 2;
	}
	return true;
}

bool
notify_isenvid(const char *p, size_t n)
{
	return n > 0 && n <= ENVID_MAX && is_xtext(p, n);
}

bool
notify_isorcpt(const char *p, size_t n)
{
	size_t i = 0;

	while (i < n && (ascii_isalnum(p[i]) || p[i] == '-'))
		i++;
	return n <= ORCPT_MAX && i > 0 && n - i >= 2 && p[i] == ';' &&
	       is_xtext(p + i + 1, n - i - 1);
}

void
notify_encode(struct str *out, const char *p, size_t n)
{
	static const char digits[] = "0123456789ABCDEF";

	for (size_t i = 0; i < n; i++) {
		unsigned char c = (unsigned char)p[i];

		if (is_xchar(p[i])) {
			str_putc(out, p[i]);
			continue;
		}
		str_putc(out, '+');
		str_putc(out, digits[c >> 4]);
		str_putc(out, digits[c & 15]);
	}
}

bool
notify_decode(struct str *out, const char *p, size_t n)
{
	if (!is_xtext(p, n))
		return false;
	for (size_t i = 0; i < n; i++) {
		char c = p[i];

		if (c == '+') {
			c = (char)(hex(p[i + 1]) << 4 | hex(p[i + 2]));
			i += 2;
		}
		str_putc(out, c);
	}
	return true;
}
