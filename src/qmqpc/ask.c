/* SPDX-License-Identifier: 0BSD */
#include "qmqpc/ask.h"

#include <errno.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "lib/dial.h"
#include "lib/ibuf.h"
#include "lib/log.h"
#include "lib/netstring.h"
#include "lib/num.h"
#include "lib/obuf.h"
#include "lib/stamp.h"
#include "wire/envelope.h"

enum { CONNECT_MS = 10000 };

bool
server_parse(struct server *s, const char *p, size_t n, uint16_t defaultport)
{
	const char *end = p + n, *colon = memchr(p, ':', n), *ip = p;
	size_t ipn = n;
	uint64_t port = defaultport;

	if (n > IPADDR_FMT)
		return false;
	if (n && *p == '[') {
		const char *close = memchr(p, ']', n);

		if (!close || (close + 1 < end && close[1] != ':'))
			return false;
		ip = p + 1;
		ipn = (size_t)(close - ip);
		colon = close + 1 < end ? close + 1 : NULL;
	} else if (colon && memchr(colon + 1, ':', (size_t)(end - colon - 1))) {
		colon = NULL; /* a bare IPv6 address */
	} else if (colon) {
		ipn = (size_t)(colon - p);
	}
	if (colon && (!num_parse(colon + 1, (size_t)(end - colon - 1), 65535,
			      &port) ||
			     port == 0))
		return false;
	if (!ipaddr_parse(ip, ipn, &s->ip))
		return false;
	s->port = (uint16_t)port;
	memcpy(s->text, p, n);
	s->text[n] = 0;
	return true;
}

static int
connect_to(const struct server *s)
{
	struct sockaddr_storage to;
	socklen_t len = ipaddr_tosock(&s->ip, s->port, &to);

	return dial(SOCK_STREAM | SOCK_NONBLOCK, &to, len, NULL,
		stamp_mono() + CONNECT_MS);
}

static void
put_head(struct obuf *o, uint64_t len)
{
	char head[NETSTRING_HEAD];

	obuf_put(o, head, netstring_head(head, len));
}

static uint64_t
envelope_size(const struct str *env)
{
	struct envelope_rec r;
	uint64_t n = 0;
	size_t pos = 0;

	while (envelope_next(env->s, env->len, &pos, &r))
		if (r.kind != 'P')
			n += netstring_size(r.len);
	return n;
}

/* One netstring that holds netstrings: the message, the sender, each
 * recipient. 0; -1 errno. */
static int
hand_over(struct obuf *o, const struct request *q)
{
	char buf[32768];
	struct envelope_rec r;
	uint64_t left = q->size;
	size_t pos = 0;

	obuf_deadline(o, stamp_mono() + q->timeout);
	put_head(o, netstring_size(q->size) + envelope_size(q->env));
	put_head(o, q->size);
	while (left) {
		size_t want = left < sizeof buf ? (size_t)left : sizeof buf;
		ssize_t n = pread(q->fd, buf, want, (off_t)(q->size - left));

		if (n <= 0) {
			errno = n ? errno : EIO;
			return -1;
		}
		obuf_deadline(o, stamp_mono() + q->timeout);
		if (obuf_put(o, buf, (size_t)n) < 0)
			return -1;
		left -= (uint64_t)n;
	}
	obuf_putc(o, ',');
	while (envelope_next(q->env->s, q->env->len, &pos, &r)) {
		if (r.kind == 'P')
			continue;
		obuf_deadline(o, stamp_mono() + q->timeout);
		put_head(o, r.len);
		obuf_put(o, r.text, r.len);
		obuf_putc(o, ',');
	}
	obuf_putc(o, ',');
	return obuf_flush(o);
}

/* Its answer: a netstring that begins with K, Z or D. */
static bool
listen_to(int fd, const struct request *q, struct answer *a)
{
	char buf[512];
	struct ibuf in;
	uint64_t len, i;

	ibuf_init(&in, fd, buf, sizeof buf);
	ibuf_deadline(&in, stamp_mono() + q->timeout);
	if (netstring_start(&in, 1000, &len, NULL) != NETSTRING_OK)
		return false;
	for (i = 0; i < len; i++) {
		int c = ibuf_getc(&in);

		if (c < 0)
			return false;
		if (i < sizeof a->text)
			a->text[a->len++] = (char)c;
	}
	if (netstring_end(&in, NULL) != NETSTRING_OK || len == 0)
		return false;
	switch (a->text[0]) {
	case 'K':
		a->outcome = ANSWER_ACCEPTED;
		return true;
	case 'Z':
	case 'D':
		a->outcome = ANSWER_REFUSED;
		return true;
	default:
		return false;
	}
}

void
ask(const struct server *s, const struct request *q, struct answer *a)
{
	char buf[32768];
	struct obuf o;
	int fd = connect_to(s);

	a->outcome = ANSWER_NONE;
	a->len = 0;
	if (fd < 0) {
		log_warning_sys("unable to connect to ", s->text);
		return;
	}
	obuf_init(&o, fd, buf, sizeof buf);
	if (hand_over(&o, q) < 0) {
		/* a server that has not got the last byte has no message, but
		 * may have said why it hung up */
		if (errno != EPIPE || !listen_to(fd, q, a) ||
			a->outcome == ANSWER_ACCEPTED) {
			a->outcome = ANSWER_NONE;
			log_warning(
				"lost ", s->text, ": ", log_strerror(), NULL);
		}
	} else {
		a->outcome = ANSWER_UNKNOWN;
		if (!listen_to(fd, q, a)) {
			a->outcome = ANSWER_UNKNOWN;
			log_warning(s->text,
				" has the message and did not say what it "
				"did with it: possible duplicate",
				NULL);
		}
	}
	close(fd);
}
