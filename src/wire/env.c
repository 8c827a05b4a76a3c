/* SPDX-License-Identifier: 0BSD */
#include "wire/env.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "lib/ascii.h"
#include "lib/num.h"
#include "wire/site.h"

/* E, 10 digits, blank, 8 hex digits, NUL */
enum {
	END_DIGITS = 10,
	END_HEX = 8,
	END_LEN = 1 + END_DIGITS + 1 + END_HEX + 1
};
enum { HEAD_RECORDS = 5 };

static const char head_kinds[HEAD_RECORDS + 1] = "1BSOF";

/* --- checksum: polynomial 0x1EDC6F41, reflected --------------------------- */

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
env_crc(uint32_t crc, const void *p, size_t n)
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

/* --- encoding ------------------------------------------------------------- */

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
	char num[NUM_FMT], end[END_LEN];
	uint32_t crc;
	int i;

	if (out->over)
		return;
	crc = env_crc(0, out->s + start, n);
	num_fmt0(num, n, END_DIGITS);
	end[0] = 'E';
	memcpy(end + 1, num, END_DIGITS);
	end[1 + END_DIGITS] = ' ';
	for (i = END_HEX; i-- > 0; crc >>= 4)
		end[2 + END_DIGITS + i] = hex[crc & 15];
	end[END_LEN - 1] = 0;
	str_put(out, end, END_LEN);
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

/* --- decoding ------------------------------------------------------------- */

static bool
is_mark(char c)
{
	return c == ENV_TODO || c == ENV_DONE || c == ENV_FAILED;
}

static bool
ishex(char c)
{
	return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f');
}

static bool
end_shape(const char *p)
{
	size_t i;

	if (p[0] != 'E' || p[1 + END_DIGITS] != ' ' || p[END_LEN - 1] != 0)
		return false;
	for (i = 0; i < END_DIGITS; i++)
		if (!ascii_isdigit(p[1 + i]))
			return false;
	for (i = 0; i < END_HEX; i++)
		if (!ishex(p[2 + END_DIGITS + i]))
			return false;
	return true;
}

static uint32_t
end_crc(const char *p)
{
	uint32_t v = 0;
	size_t i;
	char c;

	for (i = 0; i < END_HEX; i++) {
		c = p[2 + END_DIGITS + i];
		v = v << 4 | (uint32_t)(c <= '9' ? c - '0' : c - 'a' + 10);
	}
	return v;
}

/* Could these bytes be what a write that never finished left? Some beginning
 * of an envelope file that nobody has marked yet, then perhaps zeros (a size
 * that reached the disk before the data). Everything else was whole once. */
static bool
is_beginning(const char *p, size_t size)
{
	size_t n = size, i = 0, len;
	const char *nul, *end;

	if (size == 0)
		return true;
	while (n > 0 && p[n - 1] == 0)
		n--;
	for (end = p + n; p < end; p += len + 1, i++) {
		nul = memchr(p, 0, (size_t)(end - p));
		len = nul ? (size_t)(nul - p) : (size_t)(end - p);
		if (i < HEAD_RECORDS ? *p != head_kinds[i]
				     : *p != 'T' && *p != 'P' && *p != 'E')
			return false;
		if (i >= HEAD_RECORDS && *p == 'E' &&
			(nul || n != size || len >= END_LEN))
			return false;
	}
	return true;
}

static bool
head_number(struct env *e, char kind, const char *p, size_t n)
{
	const char *sp;

	switch (kind) {
	case '1':
		return n == 0;
	case 'B':
		return num_parse(p, n, INT64_MAX, &e->birth);
	case 'S':
		return num_parse(p, n, INT64_MAX, &e->bytes);
	case 'O':
		sp = memchr(p, ' ', n);
		return sp &&
		       num_parse(p, (size_t)(sp - p), UINT32_MAX, &e->pid) &&
		       num_parse(sp + 1, n - (size_t)(sp - p) - 1, UINT32_MAX,
			       &e->uid);
	default: /* F */
		e->sender = p;
		return n <= ADDR_MAX;
	}
}

static bool
param_fits(const char *p, size_t n)
{
	return n > 0 && n <= PARAM_MAX && p[0] != '=' && memchr(p, '=', n);
}

/* Records of the first n bytes, which end in NUL. With e->rcpt NULL the
 * recipients are only counted. */
static bool
parse_records(struct env *e, size_t n)
{
	size_t pos, len, i = 0;
	const char *p, *nul;

	e->nrcpt = 0;
	for (pos = 0; pos < n; pos += len + 2, i++) {
		p = e->data + pos + 1;
		nul = memchr(e->data + pos, 0, n - pos);
		if (!nul || nul < p)
			return false;
		len = (size_t)(nul - p);
		if (i < HEAD_RECORDS) {
			if (p[-1] != head_kinds[i] ||
				!head_number(e, p[-1], p, len))
				return false;
		} else if (is_mark(p[-1]) && len <= ADDR_MAX) {
			if (e->rcpt) {
				e->rcpt[e->nrcpt].off = (uint32_t)pos;
				e->rcpt[e->nrcpt].nparam = 0;
			}
			e->nrcpt++;
		} else if (p[-1] == 'P' && param_fits(p, len)) {
			if (e->nrcpt == 0 && !e->sender_param)
				e->sender_param = pos;
			else if (e->nrcpt > 0 && e->rcpt)
				e->rcpt[e->nrcpt - 1].nparam++;
		} else {
			return false;
		}
	}
	return i >= HEAD_RECORDS;
}

static uint32_t
crc_unmarked(const struct env *e, size_t n)
{
	uint32_t crc = 0;
	size_t pos = 0, i;

	for (i = 0; i < e->nrcpt; i++) {
		if (e->data[e->rcpt[i].off] == ENV_TODO)
			continue;
		crc = env_crc(crc, e->data + pos, e->rcpt[i].off - pos);
		crc = env_crc(crc, "T", 1);
		pos = e->rcpt[i].off + 1;
	}
	return env_crc(crc, e->data + pos, n - pos);
}

enum env_result
env_decode(struct env *e, const char *data, size_t size)
{
	const char *end;
	uint64_t bytes;
	size_t n;

	memset(e, 0, sizeof *e);
	e->data = data;
	e->size = size;
	n = size > END_LEN ? size - END_LEN : 0;
	end = data + n;
	if (n == 0 || !end_shape(end))
		return is_beginning(data, size) ? ENV_UNFINISHED : ENV_DAMAGED;
	if (n > UINT32_MAX || end[-1] != 0 ||
		!num_parse(end + 1, END_DIGITS, UINT64_MAX, &bytes) ||
		bytes != n || !parse_records(e, n))
		return ENV_DAMAGED;
	if (e->nrcpt > 0) {
		e->rcpt = xmalloc(e->nrcpt * sizeof e->rcpt[0]);
		parse_records(e, n);
	}
	if (crc_unmarked(e, n) != end_crc(end)) {
		env_free(e);
		return ENV_DAMAGED;
	}
	return ENV_OK;
}

void
env_free(struct env *e)
{
	free(e->rcpt);
	e->rcpt = NULL;
	e->nrcpt = 0;
}

/* --- access --------------------------------------------------------------- */

const char *
env_rcpt(const struct env *e, size_t i)
{
	return e->data + e->rcpt[i].off + 1;
}

enum env_mark
env_mark(const struct env *e, size_t i)
{
	return (enum env_mark)e->data[e->rcpt[i].off];
}

/* The P records of i, NULL without; a byte that is no P ends them. */
static const char *
params_of(const struct env *e, size_t i)
{
	const char *p;

	if (i == ENV_SENDER)
		return e->sender_param ? e->data + e->sender_param : NULL;
	if (e->rcpt[i].nparam == 0)
		return NULL;
	p = env_rcpt(e, i);
	return p + strlen(p) + 1;
}

const char *
env_param(const struct env *e, size_t i, size_t k)
{
	const char *p = params_of(e, i);

	for (; p && *p == 'P'; p += strlen(p) + 1)
		if (k-- == 0)
			return p + 1;
	return NULL;
}

const char *
env_value(const struct env *e, size_t i, const char *key)
{
	const char *p = params_of(e, i);
	size_t n = strlen(key);

	for (; p && *p == 'P'; p += strlen(p) + 1)
		if (ascii_caseeqn(p + 1, key, n) && p[1 + n] == '=')
			return p + n + 2;
	return NULL;
}

int
env_setmark(struct env *e, int fd, size_t i, enum env_mark m)
{
	char c = (char)m;
	ssize_t r;

	do
		r = pwrite(fd, &c, 1, (off_t)e->rcpt[i].off);
	while (r == -1 && errno == EINTR);
	if (r != 1) {
		if (r == 0)
			errno = EIO;
		return -1;
	}
	/* the contract: data is the caller's writable memory */
	*(char *)(uintptr_t)(e->data + e->rcpt[i].off) = c;
	return 0;
}
