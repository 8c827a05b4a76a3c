/* SPDX-License-Identifier: 0BSD */
#include "lib/num.h"

#include <string.h>

#include "lib/ascii.h"

bool
num_parse(const char *p, size_t n, uint64_t max, uint64_t *out)
{
	uint64_t v = 0;

	if (!n)
		return false;
	for (; n; n--, p++) {
		unsigned d;

		if (!ascii_isdigit(*p))
			return false;
		d = (unsigned)(*p - '0');
		if (v > max / 10 || d > max - v * 10)
			return false;
		v = v * 10 + d;
	}
	*out = v;
	return true;
}

bool
num_parses(const char *s, uint64_t max, uint64_t *out)
{
	return num_parse(s, strlen(s), max, out);
}

size_t
num_fmt(char *buf, uint64_t n)
{
	return num_fmt0(buf, n, 1);
}

size_t
num_fmt0(char *buf, uint64_t n, size_t width)
{
	char digits[NUM_FMT];
	size_t i = sizeof digits, len;

	if (width >= NUM_FMT)
		width = NUM_FMT - 1;
	do {
		digits[--i] = (char)('0' + n % 10);
		n /= 10;
	} while (n);
	while (sizeof digits - i < width)
		digits[--i] = '0';
	len = sizeof digits - i;
	memcpy(buf, digits + i, len);
	buf[len] = 0;
	return len;
}
