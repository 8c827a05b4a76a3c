/* SPDX-License-Identifier: 0BSD */
#include "tlsd/relay.h"

#include <errno.h>
#include <openssl/err.h>
#include <poll.h>
#include <stdbool.h>
#include <sys/socket.h>
#include <unistd.h>

#include "lib/fd.h"
#include "lib/stamp.h"

/* One direction: bytes [pos, end) wait to be written. */
struct flow {
	unsigned char buf[16384];
	size_t pos, end;
	bool eof;    /* nothing more will be read */
	bool broken; /* nothing more can be written */
};

struct relay {
	SSL *ssl;
	int net, plain;
	struct flow in, out; /* in: from the network */
	/* what the last round waits for */
	short want_net, want_plain;
	bool moved;
	bool gone; /* the program has closed its end */
	int64_t until;
};

static bool
empty(const struct flow *f)
{
	return f->pos == f->end;
}

/* What a TLS operation that did not succeed waits for; false: it is over. */
static bool
waits(struct relay *r, int result)
{
	switch (SSL_get_error(r->ssl, result)) {
	case SSL_ERROR_WANT_READ:
		r->want_net |= POLLIN;
		return true;
	case SSL_ERROR_WANT_WRITE:
		r->want_net |= POLLOUT;
		return true;
	default:
		ERR_clear_error();
		return false;
	}
}

static void
from_net(struct relay *r)
{
	struct flow *f = &r->in;
	int n;

	if (f->eof || !empty(f))
		return;
	n = SSL_read(r->ssl, f->buf, sizeof f->buf);
	if (n > 0) {
		f->pos = 0;
		f->end = (size_t)n;
		r->moved = true;
	} else if (!waits(r, n))
		f->eof = true;
}

static void
to_plain(struct relay *r)
{
	struct flow *f = &r->in;
	ssize_t n;

	while (!empty(f)) {
		n = send(r->plain, f->buf + f->pos, f->end - f->pos,
			MSG_NOSIGNAL);
		if (n > 0) {
			f->pos += (size_t)n;
			r->moved = true;
		} else if (errno == EAGAIN) {
			r->want_plain |= POLLOUT;
			return;
		} else if (errno != EINTR) {
			f->broken = true;
			f->pos = f->end;
		}
	}
}

static void
from_plain(struct relay *r)
{
	struct flow *f = &r->out;
	ssize_t n;

	if (f->eof || !empty(f))
		return;
	n = fd_read(r->plain, f->buf, sizeof f->buf);
	if (n > 0) {
		f->pos = 0;
		f->end = (size_t)n;
		r->moved = true;
	} else if (n < 0 && errno == EAGAIN)
		r->want_plain |= POLLIN;
	else
		f->eof = true;
}

static void
to_net(struct relay *r)
{
	struct flow *f = &r->out;
	int n;

	while (!empty(f)) {
		n = SSL_write(r->ssl, f->buf + f->pos, (int)(f->end - f->pos));
		if (n > 0) {
			f->pos += (size_t)n;
			r->moved = true;
		} else if (!waits(r, n)) {
			f->broken = true;
			f->pos = f->end;
		} else
			return;
	}
}

/* Tell the peer, and take what it still sends: closing a socket with unread
 * bytes would reset the connection, and destroy a last reply on its way. */
static void
farewell(struct relay *r)
{
	int64_t until = stamp_mono() + RELAY_LINGER_S * 1000;
	size_t taken = 0;
	ssize_t n;

	if (SSL_get_shutdown(r->ssl) == 0 && SSL_shutdown(r->ssl) < 0)
		ERR_clear_error();
	if (shutdown(r->net, SHUT_WR) < 0)
		return;
	while (taken < sizeof r->in.buf * 4 &&
		fd_wait(r->net, POLLIN, until) == 0) {
		n = fd_read(r->net, r->in.buf, sizeof r->in.buf);
		if (n == 0 || (n < 0 && errno != EAGAIN))
			return;
		taken += n > 0 ? (size_t)n : 0;
	}
}

/* Poll for what the last round waits for. A descriptor for which nothing is
 * waited for is left out, or its end would wake us again and again; but the
 * program's end is always watched: once it is gone, a peer that takes no more
 * of its last words does not keep us. false: it is over. */
static bool
wait_both(struct relay *r)
{
	bool watch = r->want_plain || !r->gone;
	struct pollfd p[2] = { { r->want_net ? r->net : -1, r->want_net, 0 },
		{ watch ? r->plain : -1, r->want_plain, 0 } };
	int64_t left = r->until - stamp_mono();

	if (left <= 0)
		return false;
	if (poll(p, 2, (int)left) < 0)
		return errno == EINTR;
	if ((p[1].revents & POLLHUP) && !r->gone) {
		r->gone = true;
		r->until = stamp_mono() + RELAY_DRAIN_S * 1000;
	}
	return true;
}

void
relay(SSL *ssl, int net, int plain)
{
	static struct relay r;

	r.ssl = ssl;
	r.net = net;
	r.plain = plain;
	r.until = stamp_mono() + RELAY_IDLE_S * 1000;
	for (;;) {
		r.want_net = r.want_plain = 0;
		r.moved = false;
		from_net(&r);
		to_plain(&r);
		from_plain(&r);
		to_net(&r);
		/* The network is gone: what it sent was passed on. The program
		 * is gone: its last words are out. */
		if ((r.in.eof && empty(&r.in)) || r.out.broken)
			return;
		if (r.out.eof && empty(&r.out)) {
			farewell(&r);
			return;
		}
		if (r.moved) {
			if (!r.gone)
				r.until = stamp_mono() + RELAY_IDLE_S * 1000;
		} else if (!wait_both(&r))
			return;
	}
}
