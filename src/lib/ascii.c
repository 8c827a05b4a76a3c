/* SPDX-License-Identifier: 0BSD */
#include "lib/ascii.h"

bool
ascii_isdigit(char c)
{
	return c >= '0' && c <= '9';
}

bool
ascii_isalpha(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

bool
ascii_isalnum(char c)
{
	return ascii_isdigit(c) || ascii_isalpha(c);
}

bool
ascii_isgraph(char c)
{
	return c >= 0x21 && c <= 0x7e;
}

char
ascii_lower(char c)
{
	return c >= 'A' && c <= 'Z' ? (char)(c | 0x20) : c;
}

int
ascii_hexval(char c)
{
	if (ascii_isdigit(c))
		return c - '0';
	c = ascii_lower(c);
	return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

void
ascii_tolower(char *p, size_t n)
{
	for (; n; n--, p++)
		*p = ascii_lower(*p);
}

bool
ascii_only(const char *p, size_t n)
{
	for (; n; n--, p++)
		if (*p & 0x80)
			return false;
	return true;
}

bool
ascii_caseis(const char *a, const char *b)
{
	for (; ascii_lower(*a) == ascii_lower(*b); a++, b++)
		if (!*a)
			return true;
	return false;
}

bool
ascii_caseeqn(const char *a, const char *b, size_t n)
{
	for (; n; n--)
		if (ascii_lower(*a++) != ascii_lower(*b++))
			return false;
	return true;
}

bool
ascii_casestarts(const char *s, const char *prefix)
{
	for (; *prefix; s++, prefix++)
		if (ascii_lower(*s) != ascii_lower(*prefix))
			return false;
	return true;
}
