/* SPDX-License-Identifier: 0BSD */
#include "lib/ibuf.h"

#include <errno.h>
#include <poll.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "lib/fd.h"

void
ibuf_init(struct ibuf *i, int fd, char *buf, size_t cap)
{
	*i = (struct ibuf){ .fd = fd, .buf = buf, .cap = cap };
}

void
ibuf_tie(struct ibuf *i, struct obuf *o)
{
	i->tied = o;
}

void
ibuf_deadline(struct ibuf *i, int64_t deadline)
{
	i->deadline = deadline;
}

void
ibuf_late(struct ibuf *i, int64_t (*fn)(void *arg), void *arg)
{
	i->late = fn;
	i->latearg = arg;
}

/* Wait for input until the deadline, and what follows it. */
static int
wait_in(struct ibuf *i)
{
	while (fd_wait(i->fd, POLLIN, i->deadline) < 0) {
		int64_t more;

		if (errno != ETIMEDOUT || !i->late)
			return -1;
		more = i->late(i->latearg);
		if (!more) {
			errno = ETIMEDOUT;
			return -1;
		}
		i->deadline = more;
	}
	return 0;
}

size_t
ibuf_ready(const struct ibuf *i)
{
	return i->end - i->pos;
}

/* One read that does not outstay the deadline. In a bulk transfer the next
 * bytes are there already and a poll is saved; in a dialogue they are not, and
 * a failing recv is. */
static ssize_t
read_some(struct ibuf *i)
{
	if (!i->deadline)
		return read(i->fd, i->buf, i->cap);
	if (i->full && !i->notsock) {
		ssize_t r = recv(i->fd, i->buf, i->cap, MSG_DONTWAIT);

		if (r >= 0 || (errno != ENOTSOCK && errno != EAGAIN &&
				      errno != EWOULDBLOCK))
			return r;
		if (errno == ENOTSOCK)
			i->notsock = true;
	}
	if (wait_in(i) < 0)
		return -1;
	return read(i->fd, i->buf, i->cap);
}

/* Fill the empty buffer: >0, 0 end of file, -1 i->err. */
static int
fill(struct ibuf *i)
{
	ssize_t r;

	if (i->tied && obuf_flush(i->tied) < 0) {
		i->err = errno;
		return -1;
	}
	while ((r = read_some(i)) < 0) {
		if (errno == EINTR)
			continue;
		if ((errno == EAGAIN || errno == EWOULDBLOCK) &&
			wait_in(i) == 0)
			continue;
		i->err = errno;
		return -1;
	}
	i->pos = 0;
	i->end = (size_t)r;
	i->full = i->end == i->cap;
	i->eof = !r;
	return r > 0;
}

ssize_t
ibuf_peek(struct ibuf *i, char **p)
{
	if (i->pos == i->end) {
		if (i->err) {
			errno = i->err;
			return -1;
		}
		if (i->eof)
			return 0;
		if (fill(i) <= 0)
			return i->err ? -1 : 0;
	}
	*p = i->buf + i->pos;
	return (ssize_t)(i->end - i->pos);
}

void
ibuf_skip(struct ibuf *i, size_t n)
{
	i->pos += n < i->end - i->pos ? n : i->end - i->pos;
}

int
ibuf_getc(struct ibuf *i)
{
	char *p;

	if (i->pos == i->end && ibuf_peek(i, &p) <= 0)
		return -1;
	return (unsigned char)i->buf[i->pos++];
}

enum ibuf_line
ibuf_getline(struct ibuf *i, struct str *line, size_t max)
{
	bool too_long = false, any = false;

	str_clear(line);
	for (;;) {
		char *p, *lf;
		ssize_t r = ibuf_peek(i, &p);
		size_t n, keep = max - line->len;

		if (r < 0)
			return IBUF_ERROR;
		if (r == 0 && too_long)
			return IBUF_LONG;
		if (r == 0)
			return any ? IBUF_PART : IBUF_EOF;
		any = true;
		lf = memchr(p, '\n', (size_t)r);
		n = lf ? (size_t)(lf - p) + 1 : (size_t)r;
		if (n > keep)
			too_long = true;
		str_put(line, p, n < keep ? n : keep);
		ibuf_skip(i, n);
		if (lf)
			return too_long ? IBUF_LONG : IBUF_LINE;
	}
}

void
ibuf_discard(struct ibuf *i)
{
	i->pos = i->end = 0;
	i->full = false;
}
