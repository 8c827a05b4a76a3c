/* SPDX-License-Identifier: 0BSD */
/* header: the bytes are a message; the first one tells where it is cut when it
 * comes in two pieces. */
#include "mail/header.h"

#include "fuzz/fuzz.h"

/* Where the fields end; they must follow each other without a gap. */
static size_t
fields(const char *p, size_t n)
{
	struct header_field f;
	size_t pos = 0, at = 0;

	while (header_next(p, n, &pos, &f)) {
		require(at == 0 || f.raw == p + at);
		require(f.raw >= p && f.raw + f.rawlen == p + pos && pos <= n);
		require(f.name == f.raw && f.namelen > 0);
		require(f.value > f.name && f.value[-1] == ':');
		require(f.value + f.valuelen <= f.raw + f.rawlen);
		require(header_name(f.raw, f.rawlen) == f.namelen);
		require(pos > at);
		at = pos;
	}
	require(pos == at || at == 0);
	return pos;
}

/* The same bytes in memory of their own, so that reading on is seen. */
static bool
scan(const char *p, size_t n, bool eof, size_t *pos)
{
	char *copy = malloc(n + (n == 0));
	bool end;

	require(copy != NULL);
	memcpy(copy, p, n);
	end = header_scan(copy, n, eof, pos);
	require(*pos <= n);
	free(copy);
	return end;
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const char *p = (const char *)data;
	size_t stop, end, cut, pos = 0;

	if (size == 0)
		return 0;
	cut = (size_t)(unsigned char)*p * 4;
	p++;
	size--;
	stop = fields(p, size);
	end = header_end(p, size);
	require(end >= stop && end <= stop + 2 && end <= size);
	if (cut > size)
		cut = size;
	if (!scan(p, cut, false, &pos))
		require(scan(p, size, true, &pos));
	require(pos == stop);
	return 0;
}
