/* SPDX-License-Identifier: 0BSD */
/* File: 256 pairs (position, slots) of tables; records (key length, data
 * length, key, data); tables of (hash, position) slots. All numbers are 32-bit
 * little-endian. Nothing read from the file is trusted. */
#include "lib/cdb.h"

#include <errno.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "lib/cdbmake.h"

enum { HEADER = 2048, SLOT = 8 };

uint32_t
cdb_hash(const void *key, size_t n)
{
	const unsigned char *p = key;
	uint32_t h = 5381;

	while (n--)
		h = ((h << 5) + h) ^ *p++;
	return h;
}

static uint32_t
little32(const unsigned char *p)
{
	return (uint32_t)p[0] | (uint32_t)p[1] << 8 | (uint32_t)p[2] << 16 |
	       (uint32_t)p[3] << 24;
}

static int
damaged(void)
{
	errno = EBADMSG;
	return -1;
}

/* Read up to n and at least min bytes at pos; their number or -1. */
static ssize_t
read_at(const struct cdb *c, uint64_t pos, void *p, size_t n, size_t min)
{
	char *s = p;
	size_t have = 0;

	if (pos > c->size || min > c->size - pos)
		return damaged();
	if (n > c->size - pos)
		n = (size_t)(c->size - pos);
	do {
		ssize_t r =
			pread(c->fd, s + have, n - have, (off_t)(pos + have));

		if (r < 0 && errno == EINTR)
			continue;
		if (r < 0)
			return -1;
		if (r == 0)
			return have < min ? damaged() : (ssize_t)have;
		have += (size_t)r;
	} while (have < min);
	return (ssize_t)have;
}

int
cdb_init(struct cdb *c, int fd)
{
	struct stat st;

	if (fstat(fd, &st) < 0)
		return -1;
	if (!S_ISREG(st.st_mode) || st.st_size < HEADER ||
		st.st_size > UINT32_MAX)
		return damaged();
	c->fd = fd;
	c->size = (uint32_t)st.st_size;
	return 0;
}

/* Compare the key of the record at pos, of which head holds the first have
 * bytes, with key: 1 same, 0 not, -1 errno. */
static int
same_key(const struct cdb *c, uint64_t pos, const unsigned char *head,
	size_t have, const unsigned char *key, size_t klen)
{
	unsigned char buf[512];
	size_t n = have - 8 < klen ? have - 8 : klen;

	if (n && memcmp(head + 8, key, n) != 0)
		return 0;
	while (n < klen) {
		size_t want = klen - n < sizeof buf ? klen - n : sizeof buf;

		if (read_at(c, pos + 8 + n, buf, want, want) < 0)
			return -1;
		if (memcmp(buf, key + n, want) != 0)
			return 0;
		n += want;
	}
	return 1;
}

/* The record at pos into val if it has that key: 1, 0, -1 as cdb_get. */
static int
get_record(const struct cdb *c, uint32_t pos, const void *key, size_t klen,
	struct str *val)
{
	unsigned char head[512];
	ssize_t have = read_at(c, pos, head, sizeof head, 8);
	uint64_t data = (uint64_t)pos + 8 + klen;
	uint32_t dlen;
	size_t n;
	int r;

	if (have < 0)
		return -1;
	if (little32(head) != klen)
		return 0;
	dlen = little32(head + 4);
	if (data > c->size || dlen > c->size - data)
		return damaged();
	r = same_key(c, pos, head, (size_t)have, key, klen);
	if (r != 1)
		return r;
	str_clear(val);
	if (!str_room(val, dlen)) {
		errno = EFBIG;
		return -1;
	}
	if ((size_t)have > 8 + klen) {
		n = (size_t)have - 8 - klen;
		str_put(val, head + 8 + klen, n < dlen ? n : dlen);
	}
	n = dlen - val->len;
	if (n && read_at(c, data + val->len, val->s + val->len, n, n) < 0)
		return -1;
	val->len = dlen;
	return 1;
}

int
cdb_get(const struct cdb *c, const void *key, size_t klen, struct str *val)
{
	unsigned char buf[8 * SLOT];
	uint32_t h = cdb_hash(key, klen), table, slots, slot;

	if (klen > UINT32_MAX)
		return 0;
	if (read_at(c, (h & 255) * 8, buf, 8, 8) < 0)
		return -1;
	table = little32(buf);
	slots = little32(buf + 4);
	if (!slots)
		return 0;
	if (table < HEADER || table > c->size ||
		slots > (c->size - table) / SLOT)
		return damaged();
	slot = (h >> 8) % slots;
	for (uint32_t left = slots; left;) {
		/* up to the end of the table; then around */
		uint32_t n = slots - slot < left ? slots - slot : left;

		if (n > sizeof buf / SLOT)
			n = sizeof buf / SLOT;
		if (read_at(c, table + (uint64_t)slot * SLOT, buf, n * SLOT,
			    n * SLOT) < 0)
			return -1;
		for (uint32_t i = 0; i < n; i++) {
			uint32_t pos = little32(buf + i * SLOT + 4);
			int r = 0;

			if (!pos)
				return 0;
			if (little32(buf + i * SLOT) == h)
				r = get_record(c, pos, key, klen, val);
			if (r)
				return r;
		}
		left -= n;
		slot = (slot + n) % slots;
	}
	return 0;
}
