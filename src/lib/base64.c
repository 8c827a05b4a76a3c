/* SPDX-License-Identifier: 0BSD */
#include "lib/base64.h"

#include <stdint.h>
#include <string.h>

static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
			     "abcdefghijklmnopqrstuvwxyz0123456789+/";

bool
base64_decode(struct str *out, const char *p, size_t n)
{
	if (n % 4)
		return false;
	for (size_t i = 0; i < n; i += 4) {
		size_t have = 4;
		uint32_t v = 0;

		if (i + 4 == n && p[i + 3] == '=')
			have = p[i + 2] == '=' ? 2 : 3;
		for (size_t k = 0; k < 4; k++) {
			const char *d = digits;

			if (k < have)
				d = p[i + k] ? strchr(digits, p[i + k]) : NULL;
			if (!d)
				return false;
			v = v << 6 | (uint32_t)(d - digits);
		}
		/* one text has one encoding */
		if (v & ((1u << 8 * (4 - have)) - 1))
			return false;
		for (size_t k = 0; k + 1 < have; k++)
			str_putc(out, (char)(v >> (16 - 8 * k)));
	}
	return true;
}

void
base64_encode(struct str *out, const void *p, size_t n)
{
	const uint8_t *b = p;

	for (size_t i = 0; i < n; i += 3) {
		size_t have = n - i < 3 ? n - i : 3;
		uint32_t v = 0;

		for (size_t k = 0; k < 3; k++)
			v = v << 8 | (k < have ? b[i + k] : 0u);
		for (size_t k = 0; k < 4; k++)
			str_putc(out, k <= have ? digits[v >> (18 - 6 * k) & 63]
						: '=');
	}
}
