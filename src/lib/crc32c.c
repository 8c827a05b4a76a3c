/* SPDX-License-Identifier: 0BSD */
#include "lib/crc32c.h"

#include <string.h>

/* Eight bytes a step, by tables made by the compiler: a process that checks one
 * small file should neither compute tables nor have pages of its own for them.
 * Table k is for a byte that has k more behind it. The sum of two inputs is the
 * sum of theirs, so the entries of single bits (bit 0 first) make the rest. */
#define BIT(i, b, x) ((i) >> (b)&1 ? (x) : 0)
#define ENTRY(i, x0, x1, x2, x3, x4, x5, x6, x7)                               \
	BIT(i, 0, x0) ^ BIT(i, 1, x1) ^ BIT(i, 2, x2) ^ BIT(i, 3, x3) ^        \
		BIT(i, 4, x4) ^ BIT(i, 5, x5) ^ BIT(i, 6, x6) ^ BIT(i, 7, x7)
#define ENTRIES4(i, ...)                                                       \
	ENTRY(i, __VA_ARGS__), ENTRY(i + 1, __VA_ARGS__),                      \
		ENTRY(i + 2, __VA_ARGS__), ENTRY(i + 3, __VA_ARGS__)
#define ENTRIES16(i, ...)                                                      \
	ENTRIES4(i, __VA_ARGS__), ENTRIES4(i + 4, __VA_ARGS__),                \
		ENTRIES4(i + 8, __VA_ARGS__), ENTRIES4(i + 12, __VA_ARGS__)
#define ENTRIES64(i, ...)                                                      \
	ENTRIES16(i, __VA_ARGS__), ENTRIES16(i + 16, __VA_ARGS__),             \
		ENTRIES16(i + 32, __VA_ARGS__), ENTRIES16(i + 48, __VA_ARGS__)
#define TABLE(...)                                                             \
	{                                                                      \
		ENTRIES64(0, __VA_ARGS__), ENTRIES64(64, __VA_ARGS__),         \
			ENTRIES64(128, __VA_ARGS__),                           \
			ENTRIES64(192, __VA_ARGS__)                            \
	}

static const uint32_t table[8][256] = {
	TABLE(0xf26b8303, 0xe13b70f7, 0xc79a971f, 0x8ad958cf, 0x105ec76f,
		0x20bd8ede, 0x417b1dbc, 0x82f63b78),
	TABLE(0x13a29877, 0x274530ee, 0x4e8a61dc, 0x9d14c3b8, 0x3fc5f181,
		0x7f8be302, 0xff17c604, 0xfbc3faf9),
	TABLE(0xa541927e, 0x4f6f520d, 0x9edea41a, 0x38513ec5, 0x70a27d8a,
		0xe144fb14, 0xc76580d9, 0x8b277743),
	TABLE(0xdd45aab8, 0xbf672381, 0x7b2231f3, 0xf64463e6, 0xe964b13d,
		0xd725148b, 0xaba65fe7, 0x52a0c93f),
	TABLE(0x38116fac, 0x7022df58, 0xe045beb0, 0xc5670b91, 0x8f2261d3,
		0x1ba8b557, 0x37516aae, 0x6ea2d55c),
	TABLE(0xef306b19, 0xdb8ca0c3, 0xb2f53777, 0x6006181f, 0xc00c303e,
		0x85f4168d, 0x0e045beb, 0x1c08b7d6),
	TABLE(0x68032cc8, 0xd0065990, 0xa5e0c5d1, 0x4e2dfd53, 0x9c5bfaa6,
		0x3d5b83bd, 0x7ab7077a, 0xf56e0ef4),
	TABLE(0x493c7d27, 0x9278fa4e, 0x211d826d, 0x423b04da, 0x847609b4,
		0x0d006599, 0x1a00cb32, 0x34019664),
};

uint32_t
crc32c(uint32_t crc, const void *data, size_t n)
{
	const unsigned char *p = data;
	uint32_t c = ~crc;

	for (; n >= 8; n -= 8, p += 8) {
		c ^= (uint32_t)p[0] | (uint32_t)p[1] << 8 |
		     (uint32_t)p[2] << 16 | (uint32_t)p[3] << 24;
		c = table[7][c & 0xff] ^ table[6][c >> 8 & 0xff] ^
		    table[5][c >> 16 & 0xff] ^ table[4][c >> 24] ^
		    table[3][p[4]] ^ table[2][p[5]] ^ table[1][p[6]] ^
		    table[0][p[7]];
	}
	while (n-- > 0)
		c = c >> 8 ^ table[0][(c ^ *p++) & 0xff];
	return ~c;
}

static const char hex[] = "0123456789abcdef";

void
crc32c_fmt(char out[CRC32C_HEX], uint32_t crc)
{
	size_t i;

	for (i = CRC32C_HEX; i-- > 0; crc >>= 4)
		out[i] = hex[crc & 15];
}

bool
crc32c_parse(const char *p, uint32_t *crc)
{
	const char *d;
	size_t i;

	*crc = 0;
	for (i = 0; i < CRC32C_HEX; i++) {
		d = memchr(hex, p[i], sizeof hex - 1);
		if (!d)
			return false;
		*crc = *crc << 4 | (uint32_t)(d - hex);
	}
	return true;
}
