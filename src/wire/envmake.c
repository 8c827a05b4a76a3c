/* SPDX-License-Identifier: 0BSD */
/* The parts of wire/env.h that quill-queue and quill-clean need: the encoder,
 * and what an envelope says of its message. */
#include <string.h>

#include "lib/crc32c.h"
#include "lib/num.h"
#include "wire/env.h"
#include "wire/envelope.h"
#include "wire/field.h"

/* A blank, the checksum, NUL. */
static void
put_sum(struct str *out, uint32_t crc)
{
	char text[1 + CRC32C_HEX + 1] = " ";

	crc32c_fmt(text + 1, crc);
	str_put(out, text, sizeof text);
}

static void
put_end(struct str *out, size_t start)
{
	size_t n = out->len - start;
	char num[NUM_FMT];
	uint32_t crc;

	if (out->over)
		return;
	crc = crc32c(0, out->s + start, n);
	num_fmt0(num, n, ENV_END_DIGITS);
	str_putc(out, 'E');
	str_put(out, num, ENV_END_DIGITS);
	put_sum(out, crc);
}

/* Is the message to be held from the start: has the sender a HOLD parameter? */
static bool
born_held(const char *envelope, size_t n)
{
	struct envelope_rec r;
	size_t pos = 0;

	while (envelope_next(envelope, n, &pos, &r) && r.kind != 'T')
		if (r.kind == 'P' && strncmp(r.text, "HOLD=", 5) == 0)
			return true;
	return false;
}

/* The n bytes of records at p: every recipient's mark is H. */
static void
hold(char *p, size_t n)
{
	struct envelope_rec r;
	size_t pos = 0, at;

	for (at = 0; envelope_next(p, n, &pos, &r); at = pos)
		if (r.kind == 'T')
			p[at] = ENV_HELD;
}

void
env_encode(struct str *out, const struct env_head *h, const char *envelope,
	size_t n)
{
	size_t start = out->len, records;

	str_put(out, "1", 2);
	field_putnum(out, 'B', h->birth);
	str_putc(out, 'S');
	str_putnum(out, h->bytes);
	put_sum(out, h->sum);
	str_putc(out, 'O');
	str_putnum(out, h->pid);
	str_putc(out, ' ');
	str_putnum(out, h->uid);
	str_putc(out, 0);
	/* the records are the same; the closing NUL becomes END */
	records = out->len;
	str_put(out, envelope, n - 1);
	put_end(out, start);
	if (!out->over && born_held(envelope, n))
		hold(out->s + records, n - 1);
}

/* The NUL of a record of that kind at p; NULL when there is none. */
static const char *
record_end(const char *p, const char *end, char kind)
{
	return p < end && *p == kind ? memchr(p, 0, (size_t)(end - p)) : NULL;
}

bool
env_message(const char *p, size_t n, uint64_t *bytes, uint32_t *sum)
{
	static const size_t hex = 1 + CRC32C_HEX;
	const char *end = p + n, *s = record_end(p, end, '1');

	s = s ? record_end(s + 1, end, 'B') : NULL;
	if (!s)
		return false;
	p = s + 1;
	s = record_end(p++, end, 'S');
	return s && (size_t)(s - p) > hex && s[-(ptrdiff_t)hex] == ' ' &&
	       crc32c_parse(s - CRC32C_HEX, sum) &&
	       num_parse(p, (size_t)(s - p) - hex, INT64_MAX, bytes);
}
