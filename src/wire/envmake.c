/* SPDX-License-Identifier: 0BSD */
/* The encoder of wire/env.h, by itself: quill-queue needs no more. */
#include <string.h>

#include "lib/crc32c.h"
#include "lib/num.h"
#include "wire/env.h"

static void
put_number(struct str *out, char kind, uint64_t n)
{
	str_putc(out, kind);
	str_putnum(out, n);
	str_putc(out, 0);
}

static void
put_end(struct str *out, size_t start)
{
	static const char hex[] = "0123456789abcdef";
	size_t n = out->len - start;
	char num[NUM_FMT], end[ENV_END_LEN];
	uint32_t crc;
	int i;

	if (out->over)
		return;
	crc = crc32c(0, out->s + start, n);
	num_fmt0(num, n, ENV_END_DIGITS);
	end[0] = 'E';
	memcpy(end + 1, num, ENV_END_DIGITS);
	end[1 + ENV_END_DIGITS] = ' ';
	for (i = ENV_END_HEX; i-- > 0; crc >>= 4)
		end[2 + ENV_END_DIGITS + i] = hex[crc & 15];
	end[ENV_END_LEN - 1] = 0;
	str_put(out, end, ENV_END_LEN);
}

void
env_encode(struct str *out, uint64_t birth, uint64_t bytes, uint64_t pid,
	uint64_t uid, const char *envelope, size_t n)
{
	size_t start = out->len;

	str_put(out, "1", 2);
	put_number(out, 'B', birth);
	put_number(out, 'S', bytes);
	str_putc(out, 'O');
	str_putnum(out, pid);
	str_putc(out, ' ');
	str_putnum(out, uid);
	str_putc(out, 0);
	/* the records are the same; the closing NUL becomes END */
	str_put(out, envelope, n - 1);
	put_end(out, start);
}
