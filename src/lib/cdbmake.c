/* SPDX-License-Identifier: 0BSD */
#include "lib/cdbmake.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "lib/str.h"

enum { TABLES = 256, HEADER = TABLES * 8 };

static void
pack32(char *p, uint32_t v)
{
	for (int i = 0; i < 4; i++, v >>= 8)
		p[i] = (char)(v & 255);
}

/* Count n more bytes; -1 (sticky) when the file would pass 4 GiB. */
static int
advance(struct cdbmake *c, uint64_t n)
{
	if (c->out.err) {
		errno = c->out.err;
		return -1;
	}
	if (n > UINT32_MAX - c->pos) {
		errno = c->out.err = EFBIG;
		return -1;
	}
	c->pos += n;
	return 0;
}

static int
put_pair(struct cdbmake *c, uint32_t a, uint32_t b)
{
	char buf[8];

	pack32(buf, a);
	pack32(buf + 4, b);
	return obuf_put(&c->out, buf, sizeof buf);
}

int
cdbmake_start(struct cdbmake *c, int fd, char *buf, size_t cap)
{
	static const char zeros[HEADER];

	*c = (struct cdbmake){ .pos = HEADER };
	obuf_init(&c->out, fd, buf, cap);
	if (lseek(fd, 0, SEEK_SET) < 0) {
		c->out.err = errno;
		return -1;
	}
	return obuf_put(&c->out, zeros, sizeof zeros);
}

int
cdbmake_add(struct cdbmake *c, const void *key, size_t klen, const void *val,
	size_t vlen)
{
	uint32_t pos = (uint32_t)c->pos;

	if (klen > UINT32_MAX || vlen > UINT32_MAX)
		klen = vlen = UINT32_MAX; /* cannot fit: advance says so */
	if (advance(c, (uint64_t)klen + vlen + 8) < 0)
		return -1;
	if (c->count == c->cap) {
		c->cap = c->cap ? c->cap * 2 : 256;
		c->entries = xrealloc(c->entries, c->cap * sizeof *c->entries);
	}
	c->entries[c->count].hash = cdb_hash(key, klen);
	c->entries[c->count++].pos = pos;
	put_pair(c, (uint32_t)klen, (uint32_t)vlen);
	obuf_put(&c->out, key, klen);
	return obuf_put(&c->out, val, vlen);
}

/* Write the table of n entries, which is twice as big, so that a look-up of
 * what is not there ends soon. slots has room. */
static int
put_table(struct cdbmake *c, const struct cdbmake_entry *e, size_t n,
	struct cdbmake_entry *slots)
{
	size_t size = 2 * n;

	if (advance(c, (uint64_t)size * 8) < 0)
		return -1;
	memset(slots, 0, size * sizeof *slots);
	for (size_t i = 0; i < n; i++) {
		size_t at = (e[i].hash >> 8) % size;

		while (slots[at].pos)
			at = (at + 1) % size;
		slots[at] = e[i];
	}
	for (size_t i = 0; i < size; i++)
		if (put_pair(c, slots[i].hash, slots[i].pos) < 0)
			return -1;
	return 0;
}

/* Group the entries by table, in the order they were added. */
static void
sort_entries(const struct cdbmake *c, struct cdbmake_entry *to,
	size_t first[TABLES + 1])
{
	size_t next[TABLES];

	memset(first, 0, (TABLES + 1) * sizeof *first);
	for (size_t i = 0; i < c->count; i++)
		first[(c->entries[i].hash & 255) + 1]++;
	for (size_t t = 0; t < TABLES; t++) {
		first[t + 1] += first[t];
		next[t] = first[t];
	}
	for (size_t i = 0; i < c->count; i++)
		to[next[c->entries[i].hash & 255]++] = c->entries[i];
}

static int
write_header(int fd, const char *p, size_t n)
{
	off_t pos = 0;

	while (n) {
		ssize_t r = pwrite(fd, p, n, pos);

		if (r < 0 && errno == EINTR)
			continue;
		if (r < 0)
			return -1;
		p += r;
		n -= (size_t)r;
		pos += r;
	}
	return 0;
}

int
cdbmake_finish(struct cdbmake *c)
{
	struct cdbmake_entry *sorted, *slots;
	size_t first[TABLES + 1];
	char header[HEADER];
	int r = 0, saved;

	sorted = xmalloc(c->count * sizeof *sorted);
	slots = xmalloc(2 * c->count * sizeof *slots);
	sort_entries(c, sorted, first);
	for (size_t t = 0; t < TABLES && r == 0; t++) {
		size_t n = first[t + 1] - first[t];

		pack32(header + 8 * t, (uint32_t)c->pos);
		pack32(header + 8 * t + 4, (uint32_t)(2 * n));
		r = put_table(c, sorted + first[t], n, slots);
	}
	if (r == 0)
		r = obuf_flush(&c->out);
	if (r == 0)
		r = write_header(c->out.fd, header, sizeof header);
	saved = errno;
	free(sorted);
	free(slots);
	free(c->entries);
	c->entries = 0;
	c->count = c->cap = 0;
	errno = saved;
	return r;
}
