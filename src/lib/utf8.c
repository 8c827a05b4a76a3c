/* SPDX-License-Identifier: 0BSD */
#include "lib/utf8.h"

#include <stdint.h>
#include <string.h>

/* By first byte: how many follow, and what the first of those may be (the
 * table of RFC 3629 4; later ones are 80 to BF). */
static const struct row {
	uint8_t from, to, more, low, high;
} rows[] = {
	{ 0x00, 0x7f, 0, 0, 0 },
	{ 0xc2, 0xdf, 1, 0x80, 0xbf },
	{ 0xe0, 0xe0, 2, 0xa0, 0xbf },
	{ 0xe1, 0xec, 2, 0x80, 0xbf },
	{ 0xed, 0xed, 2, 0x80, 0x9f },
	{ 0xee, 0xef, 2, 0x80, 0xbf },
	{ 0xf0, 0xf0, 3, 0x90, 0xbf },
	{ 0xf1, 0xf3, 3, 0x80, 0xbf },
	{ 0xf4, 0xf4, 3, 0x80, 0x8f },
};

size_t
utf8_len(const char *p, size_t n)
{
	const uint8_t *b = (const uint8_t *)p;
	const struct row *r = rows;
	const struct row *end = rows + sizeof rows / sizeof *rows;

	if (!n)
		return 0;
	while (r < end && (b[0] < r->from || b[0] > r->to))
		r++;
	if (r == end || r->more >= n)
		return 0;
	for (size_t i = 1; i <= r->more; i++)
		if (b[i] < (i == 1 ? r->low : 0x80) ||
			b[i] > (i == 1 ? r->high : 0xbf))
			return 0;
	return (size_t)r->more + 1;
}

bool
utf8_orders(const char *p, size_t n)
{
	static const char orders[][4] = { "\330\234", /* U+061C */
		"\342\200\216",			      /* U+200E */
		"\342\200\217", "\342\200\250",	      /* U+2028 */
		"\342\200\251", "\342\200\252", "\342\200\253", "\342\200\254",
		"\342\200\255", "\342\200\256", "\342\201\246", /* U+2066 */
		"\342\201\247", "\342\201\250", "\342\201\251" };
	uint8_t c = (uint8_t)*p;

	if (n == 1)
		return c < 32 || c == 127;
	if (n == 2 && c == 0xc2)
		return (uint8_t)p[1] < 0xa0;
	for (size_t i = 0; i < sizeof orders / sizeof *orders; i++)
		if (strlen(orders[i]) == n && memcmp(p, orders[i], n) == 0)
			return true;
	return false;
}

bool
utf8_bom(const char *p, size_t n)
{
	return n >= UTF8_BOM && memcmp(p, "\357\273\277", UTF8_BOM) == 0;
}
