/* SPDX-License-Identifier: 0BSD */
#include "remote/data.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "lib/fd.h"

static bool
has_eightbit(const char *p, size_t n)
{
	unsigned char any = 0;
	size_t i;

	for (i = 0; i < n; i++)
		any |= (unsigned char)p[i];
	return any & 0x80;
}

void
data_scan(struct data_scan *s, const char *p, size_t n)
{
	const char *end = p + n, *at;

	if (!n)
		return;
	s->eightbit = s->eightbit || has_eightbit(p, n);
	s->bytes += n;
	/* one more for each LF without its CR and each CR without its LF */
	if (s->cr)
		s->bytes += *p == '\n' ? 0 : 1;
	for (at = p; (at = memchr(at, '\n', (size_t)(end - at))); at++)
		s->bytes += !(at > p ? at[-1] == '\r' : s->cr);
	for (at = p; (at = memchr(at, '\r', (size_t)(end - at))); at++)
		s->bytes += at + 1 < end && at[1] != '\n';
	s->cr = end[-1] == '\r';
	s->bol = end[-1] == '\n';
}

void
data_scan_end(struct data_scan *s)
{
	if (s->cr)
		s->bytes += 1;
	else if (!s->bol)
		s->bytes += 2;
	s->cr = false;
	s->bol = true;
}

/* Length of the run up to the next LF or CR, or n. */
static size_t
run(const char *p, size_t n)
{
	const char *lf = memchr(p, '\n', n), *cr;

	if (lf)
		n = (size_t)(lf - p);
	cr = memchr(p, '\r', n);
	return cr ? (size_t)(cr - p) : n;
}

bool
data_stuff(struct data_stuff *s, const char *p, size_t n)
{
	size_t len;

	while (n) {
		if (s->cr || *p == '\n') {
			/* a CR, its LF or a bare one: the end of the line */
			if (*p == '\n') {
				p++;
				n--;
			}
			s->cr = false;
			s->bol = true;
			if (!s->put(s->arg, "\r\n", 2))
				return false;
			continue;
		}
		if (*p == '\r') {
			s->cr = true;
			p++;
			n--;
			continue;
		}
		if (s->bol && *p == '.' && !s->put(s->arg, ".", 1))
			return false;
		s->bol = false;
		len = run(p, n);
		if (!s->put(s->arg, p, len))
			return false;
		p += len;
		n -= len;
	}
	return true;
}

bool
data_stuff_end(struct data_stuff *s)
{
	if ((s->cr || !s->bol) && !s->put(s->arg, "\r\n", 2))
		return false;
	s->cr = false;
	s->bol = true;
	return s->put(s->arg, ".\r\n", 3);
}

void
data_open(struct data_source *d, int fd, uint64_t expect)
{
	static const struct data_scan fresh = DATA_SCAN_INIT;

	d->fd = fd;
	/* A job's descriptor may be shared by several deliveries: only pread,
	 * and from 0. By hand, standard input begins where it stands. */
	d->start = expect == UINT64_MAX ? lseek(fd, 0, SEEK_CUR) : 0;
	if (d->start < 0)
		d->start = 0; /* reading will say what is wrong */
	d->expect = expect;
	d->loaded = d->whole = d->seven = false;
	d->scan = fresh;
	d->have = 0;
}

/* Fill buf from offset off of the message; bytes, less at the end, -1 errno. */
static ssize_t
fill(struct data_source *d, off_t off, char *buf, size_t cap)
{
	size_t have = 0;
	ssize_t r;

	while (have < cap) {
		r = pread(d->fd, buf + have, cap - have,
			d->start + off + (off_t)have);
		if (r < 0 && errno == EINTR)
			continue;
		if (r < 0)
			return -1;
		if (!r)
			break;
		have += (size_t)r;
	}
	return (ssize_t)have;
}

/* Bytes over 127 before the first empty line, or in all of n bytes. */
static bool
header_eightbit(const char *p, size_t n)
{
	const char *end = p + n, *at = p, *lf;

	while ((lf = memchr(at, '\n', (size_t)(end - at)))) {
		if (lf == at || (lf == at + 1 && *at == '\r'))
			break;
		at = lf + 1;
	}
	return has_eightbit(p, lf ? (size_t)(at - p) : n);
}

bool
data_load(struct data_source *d)
{
	off_t off;
	ssize_t r;

	if (d->loaded)
		return true;
	r = fill(d, 0, d->buf, sizeof d->buf);
	if (r < 0)
		return false;
	d->have = (size_t)r;
	d->whole = d->have < sizeof d->buf;
	d->loaded = true;
	d->scan.header8 = header_eightbit(d->buf, d->have);
	data_scan(&d->scan, d->buf, d->have);
	for (off = (off_t)d->have; !d->whole; off += r) {
		d->have = 0; /* buf no longer holds the first block */
		r = fill(d, off, d->buf, sizeof d->buf);
		if (r < 0)
			return false;
		if (!r)
			break;
		data_scan(&d->scan, d->buf, (size_t)r);
	}
	data_scan_end(&d->scan);
	return true;
}

int
data_each(struct data_source *d, bool (*fn)(void *arg, const char *p, size_t n),
	void *arg)
{
	uint64_t total;
	ssize_t r;

	if (!d->loaded && !data_load(d))
		return -1;
	total = d->have;
	if (d->have && !fn(arg, d->buf, d->have))
		return 1;
	while (!d->whole) {
		r = fill(d, (off_t)total, d->buf, sizeof d->buf);
		d->have = 0;
		if (r < 0)
			return -1;
		if (!r)
			break;
		total += (uint64_t)r;
		if (!fn(arg, d->buf, (size_t)r))
			return 1;
	}
	if (d->expect != UINT64_MAX && total != d->expect) {
		errno = ESTALE;
		return -1;
	}
	return 0;
}

static bool
stuff(void *arg, const char *p, size_t n)
{
	return data_stuff(arg, p, n);
}

int
data_feed(struct data_source *d, struct data_stuff *s)
{
	return data_each(d, stuff, s);
}
