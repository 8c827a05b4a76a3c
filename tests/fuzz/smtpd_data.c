/* SPDX-License-Identifier: 0BSD */
/* smtpd_data: the first byte is a seed for splits and says what is done with
 * bare LFs, the rest is message data. The decoder must give, for any split, what
 * a plain reading of the rules on the whole gives. */
#include "smtpd/data.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void
require(bool cond)
{
	if (!cond)
		abort();
}

/* Where the end of data ends, 0 without one: CRLF.CRLF, of which the first
 * CRLF may be the one of the DATA command. */
static size_t
find_end(const char *p, size_t n)
{
	if (n >= 3 && !memcmp(p, ".\r\n", 3))
		return 3;
	for (size_t i = 0; i + 5 <= n; i++)
		if (!memcmp(p + i, "\r\n.\r\n", 5))
			return i + 5;
	return 0;
}

/* Is what ends at the end of data free of bare CR, bare LF and NUL? */
static bool
is_clean(const char *p, size_t n, bool lf)
{
	for (size_t i = 0; i < n; i++) {
		if (!p[i] ||
			(!lf && p[i] == '\n' && (!i || p[i - 1] != '\r')) ||
			(p[i] == '\r' && (i + 1 == n || p[i + 1] != '\n')))
			return false;
	}
	return true;
}

/* The text of clean data without its last ".CRLF". */
static size_t
decode(char *out, const char *p, size_t n)
{
	size_t len = 0;
	bool bol = true;

	for (size_t i = 0; i + 3 < n; i++) {
		if ((bol && p[i] == '.') || p[i] == '\r') {
			bol = false;
			continue;
		}
		bol = p[i] == '\n';
		out[len++] = p[i];
	}
	return len;
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	uint32_t seed = size ? data[0] : 0;
	const char *in = (const char *)data + 1;
	size_t n = size ? size - 1 : 0, pos = 0, len = 0, end;
	char *out = malloc(n + 1), *want = malloc(n + 1);
	enum data_barelf barelf = seed % 3, verdict = BARELF_BAD;
	struct data d;

	if (barelf == BARELF_LINE || seed & 128)
		verdict = BARELF_LINE;
	data_init(&d, 0, 100);
	d.barelf = barelf;
	if (barelf != BARELF_ASK)
		verdict = barelf;
	while (pos < n && d.state != DATA_END) {
		size_t step, used, got;
		char *piece;

		seed = seed * 1664525 + 1013904223;
		step = seed < 1u << 31 ? 1 + (seed >> 20) % 7 : n;
		if (step > n - pos)
			step = n - pos;
		piece = malloc(step);
		memcpy(piece, in + pos, step);
		got = data_feed(&d, piece, step, &used);
		require(got <= used && used <= step);
		require(used == step || d.state == DATA_END || d.asks);
		memcpy(out + len, piece, got);
		len += got;
		pos += used;
		free(piece);
		require(!d.asks || (d.barelf == BARELF_ASK && in[pos] == '\n'));
		if (d.asks)
			d.barelf = verdict;
	}
	end = find_end(in, n);
	require((d.state == DATA_END) == (end != 0));
	if (end) {
		require(pos == end);
		require(is_clean(in, end, verdict == BARELF_LINE) ==
			!(d.bad & ~(unsigned)DATA_LOOP));
	}
	if (end && !d.bad) {
		require(decode(want, in, end) == len &&
			!memcmp(out, want, len));
		require(d.octets <= 2 * (end - 3));
	}
	free(out);
	free(want);
	return 0;
}
