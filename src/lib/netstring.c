/* SPDX-License-Identifier: 0BSD */
#include "lib/netstring.h"

#include "lib/num.h"

size_t
netstring_head(char head[NETSTRING_HEAD], uint64_t len)
{
	size_t n = num_fmt(head, len);

	head[n++] = ':';
	head[n] = 0;
	return n;
}

uint64_t
netstring_size(uint64_t len)
{
	char head[NETSTRING_HEAD];

	return netstring_head(head, len) + len + 1;
}

enum netstring
netstring_start(struct ibuf *i, uint64_t max, uint64_t *len, uint64_t *used)
{
	char text[NUM_FMT];
	size_t n = 0;

	for (;;) {
		int c = ibuf_getc(i);

		if (c < 0)
			return NETSTRING_LOST;
		if (used)
			(*used)++;
		if (c == ':')
			break;
		if (c < '0' || c > '9' || n == sizeof text - 1)
			return NETSTRING_BAD;
		text[n++] = (char)c;
	}
	if ((n > 1 && text[0] == '0') || !num_parse(text, n, max, len))
		return NETSTRING_BAD;
	return NETSTRING_OK;
}

enum netstring
netstring_end(struct ibuf *i, uint64_t *used)
{
	int c = ibuf_getc(i);

	if (c < 0)
		return NETSTRING_LOST;
	if (used)
		(*used)++;
	return c == ',' ? NETSTRING_OK : NETSTRING_BAD;
}
