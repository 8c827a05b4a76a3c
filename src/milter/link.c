/* SPDX-License-Identifier: 0BSD */
#include "milter/link.h"

#include <string.h>

#include "lib/stamp.h"

enum { PROGRESS_MAX = 1000 /* a filter that only ever thinks */ };

void
link_init(struct link *l, int fd, int64_t timeout)
{
	l->timeout = timeout;
	str_init(&l->packet, PACKET_MAX);
	ibuf_init(&l->in, fd, l->inbuf, sizeof l->inbuf);
	obuf_init(&l->out, fd, l->outbuf, sizeof l->outbuf);
	ibuf_tie(&l->in, &l->out);
}

static void
put_u32(struct obuf *o, uint32_t n)
{
	unsigned char b[4] = { (unsigned char)(n >> 24),
		(unsigned char)(n >> 16), (unsigned char)(n >> 8),
		(unsigned char)n };

	obuf_put(o, b, sizeof b);
}

void
link_put(struct link *l, char letter, const struct str *data)
{
	obuf_deadline(&l->out, stamp_mono() + l->timeout);
	put_u32(&l->out, (uint32_t)data->len + 1);
	obuf_putc(&l->out, letter);
	obuf_put(&l->out, data->s, data->len);
}

/* One packet: its letter, 0 when it is none. */
static char
read_packet(struct link *l)
{
	uint32_t left = 0;
	char letter, *p;
	int c;

	str_clear(&l->packet);
	for (int i = 0; i < 4; i++) {
		if ((c = ibuf_getc(&l->in)) < 0)
			return 0;
		left = left << 8 | (uint32_t)c;
	}
	if (left == 0 || left > PACKET_MAX || (c = ibuf_getc(&l->in)) <= 0)
		return 0;
	letter = (char)c;
	for (left--; left;) {
		ssize_t r = ibuf_peek(&l->in, &p);
		size_t n = r > 0 && (size_t)r < left ? (size_t)r : left;

		if (r <= 0)
			return 0;
		str_put(&l->packet, p, n);
		ibuf_skip(&l->in, n);
		left -= (uint32_t)n;
	}
	return letter;
}

char
link_get(struct link *l, int64_t ms)
{
	char letter = 0;

	for (int i = 0; i < PROGRESS_MAX; i++) {
		ibuf_deadline(&l->in, stamp_mono() + ms);
		letter = read_packet(l);
		if (letter != 'p')
			return letter;
	}
	return 0;
}

bool
link_number(const struct link *l, size_t at, uint32_t *n)
{
	const unsigned char *p;

	if (l->packet.len < 4 || at > l->packet.len - 4)
		return false;
	p = (const unsigned char *)l->packet.s + at;
	*n = (uint32_t)p[0] << 24 | (uint32_t)p[1] << 16 | (uint32_t)p[2] << 8 |
	     (uint32_t)p[3];
	return true;
}

const char *
link_string(const struct link *l, size_t *at)
{
	const char *s, *end;

	if (*at >= l->packet.len)
		return NULL;
	s = l->packet.s + *at;
	end = memchr(s, 0, l->packet.len - *at);
	if (!end)
		return NULL;
	*at += (size_t)(end - s) + 1;
	return s;
}
