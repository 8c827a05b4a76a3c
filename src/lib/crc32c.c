/* SPDX-License-Identifier: 0BSD */
#include "lib/crc32c.h"

/* A process that checks one small file should not touch 8 KiB of tables: half
 * bytes do until enough bytes came by. */
#define CRC_POLY UINT32_C(0x82f63b78)
enum { CRC_WARM = 4096 };
static uint32_t crc_table[8][256];
static size_t crc_seen;

static void
crc_build(void)
{
	uint32_t i, c;
	int k;

	for (i = 0; i < 256; i++) {
		c = i;
		for (k = 0; k < 8; k++)
			c = c & 1 ? c >> 1 ^ CRC_POLY : c >> 1;
		crc_table[0][i] = c;
	}
	for (i = 0; i < 256; i++) {
		c = crc_table[0][i];
		for (k = 1; k < 8; k++) {
			c = c >> 8 ^ crc_table[0][c & 0xff];
			crc_table[k][i] = c;
		}
	}
}

static uint32_t
crc_small(uint32_t c, const unsigned char *p, size_t n)
{
	static const uint32_t half[16] = { 0x00000000, 0x105ec76f, 0x20bd8ede,
		0x30e349b1, 0x417b1dbc, 0x5125dad3, 0x61c69362, 0x7198540d,
		0x82f63b78, 0x92a8fc17, 0xa24bb5a6, 0xb21572c9, 0xc38d26c4,
		0xd3d3e1ab, 0xe330a81a, 0xf36e6f75 };

	while (n-- > 0) {
		c ^= *p++;
		c = c >> 4 ^ half[c & 15];
		c = c >> 4 ^ half[c & 15];
	}
	return c;
}

static uint32_t
crc_large(uint32_t c, const unsigned char *p, size_t n)
{
	const uint32_t(*t)[256] = (const uint32_t(*)[256])crc_table;

	for (; n >= 8; n -= 8, p += 8) {
		c ^= (uint32_t)p[0] | (uint32_t)p[1] << 8 |
		     (uint32_t)p[2] << 16 | (uint32_t)p[3] << 24;
		c = t[7][c & 0xff] ^ t[6][c >> 8 & 0xff] ^
		    t[5][c >> 16 & 0xff] ^ t[4][c >> 24] ^ t[3][p[4]] ^
		    t[2][p[5]] ^ t[1][p[6]] ^ t[0][p[7]];
	}
	while (n-- > 0)
		c = c >> 8 ^ t[0][(c ^ *p++) & 0xff];
	return c;
}

uint32_t
crc32c(uint32_t crc, const void *p, size_t n)
{
	if (crc_seen < CRC_WARM) {
		if (n < CRC_WARM - crc_seen) {
			crc_seen += n;
			return ~crc_small(~crc, p, n);
		}
		crc_seen = CRC_WARM;
		crc_build();
	}
	return ~crc_large(~crc, p, n);
}
