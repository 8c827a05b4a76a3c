/* SPDX-License-Identifier: 0BSD */
#include "lib/obuf.h"

#include <errno.h>
#include <limits.h>
#include <poll.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "lib/fd.h"
#include "lib/num.h"

enum { KIND_UNKNOWN, KIND_SOCKET, KIND_OTHER };

void
obuf_init(struct obuf *o, int fd, char *buf, size_t cap)
{
	*o = (struct obuf){ .fd = fd, .buf = buf, .cap = cap };
}

void
obuf_deadline(struct obuf *o, int64_t deadline)
{
	o->deadline = deadline;
}

void
obuf_late(struct obuf *o, int64_t (*fn)(void *arg), void *arg)
{
	o->late = fn;
	o->latearg = arg;
}

/* Wait for room until the deadline, and what follows it. */
static int
wait_out(struct obuf *o)
{
	while (fd_wait(o->fd, POLLOUT, o->deadline) < 0) {
		int64_t more;

		if (errno != ETIMEDOUT || !o->late)
			return -1;
		more = o->late(o->latearg);
		if (!more) {
			errno = ETIMEDOUT;
			return -1;
		}
		o->deadline = more;
	}
	return 0;
}

/* One write that does not outstay the deadline. A socket is asked not to
 * block. After POLLOUT a pipe takes PIPE_BUF bytes without blocking. */
static ssize_t
write_some(struct obuf *o, const char *p, size_t n)
{
	if (!o->deadline)
		return write(o->fd, p, n);
	if (o->kind != KIND_OTHER) {
		ssize_t r = send(o->fd, p, n, MSG_DONTWAIT | MSG_NOSIGNAL);

		if (r >= 0 || errno != ENOTSOCK)
			return r;
		o->kind = KIND_OTHER;
	}
	if (wait_out(o) < 0)
		return -1;
	return write(o->fd, p, n < PIPE_BUF ? n : PIPE_BUF);
}

static int
write_out(struct obuf *o, const char *p, size_t n)
{
	while (n) {
		ssize_t r = write_some(o, p, n);

		if (r >= 0) {
			p += r;
			n -= (size_t)r;
			continue;
		}
		if (errno == EINTR)
			continue;
		if ((errno == EAGAIN || errno == EWOULDBLOCK) &&
			wait_out(o) == 0)
			continue;
		o->err = errno;
		return -1;
	}
	return 0;
}

int
obuf_flush(struct obuf *o)
{
	size_t n = o->len;

	if (o->err) {
		errno = o->err;
		return -1;
	}
	o->len = 0;
	return n ? write_out(o, o->buf, n) : 0;
}

int
obuf_put(struct obuf *o, const void *p, size_t n)
{
	const char *s = p;

	if (o->err) {
		errno = o->err;
		return -1;
	}
	while (n) {
		size_t k = o->cap - o->len;

		if (!o->len && n >= o->cap)
			return write_out(o, s, n);
		if (!k) {
			if (obuf_flush(o) < 0)
				return -1;
			continue;
		}
		if (k > n)
			k = n;
		memcpy(o->buf + o->len, s, k);
		o->len += k;
		s += k;
		n -= k;
	}
	return 0;
}

int
obuf_puts(struct obuf *o, const char *s)
{
	return obuf_put(o, s, strlen(s));
}

int
obuf_putc(struct obuf *o, char c)
{
	return obuf_put(o, &c, 1);
}

int
obuf_putnum(struct obuf *o, uint64_t n)
{
	char buf[NUM_FMT];

	return obuf_put(o, buf, num_fmt(buf, n));
}
