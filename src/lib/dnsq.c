/* SPDX-License-Identifier: 0BSD */
#include "lib/dnsq.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/auxv.h>
#include <sys/socket.h>
#include <unistd.h>

#include "lib/file.h"
#include "lib/rand.h"
#include "lib/resolvconf.h"
#include "lib/stamp.h"
#include "lib/str.h"

enum { DONE, UDP, TCP_CONNECT, TCP_WRITE, TCP_LENGTH, TCP_BODY };

static struct resolvconf conf;
static bool loaded;
/* the server that answered last: dead ones are waited for once a process */
static size_t preferred;

static void
load(void)
{
	struct str text = STR_INIT(65536);
	const char *file = NULL;

	if (!getauxval(AT_SECURE))
		file = getenv("QUILL_RESOLV");
	/* unreadable or absent means the default server, as resolv.conf(5)
	 * has it */
	file_read(file ? file : "/etc/resolv.conf", &text);
	resolvconf_parse(&conf, text.s ? text.s : "", text.len, file != NULL);
	str_free(&text);
	loaded = true;
}

void
dnsq_init(struct dnsq *q, const char *name, uint16_t type)
{
	memset(q, 0, sizeof *q);
	q->name = name;
	q->type = type;
	q->result = DNSQ_TEMP;
	q->why = "";
	q->fd = -1;
}

static void
hangup(struct dnsq *q)
{
	if (q->fd >= 0)
		close(q->fd);
	q->fd = -1;
}

static void
finish(struct dnsq *q, enum dnsq_result result)
{
	hangup(q);
	q->state = DONE;
	q->result = result;
	if (result != DNSQ_TEMP)
		q->why = "";
	q->ad = q->ad && result != DNSQ_TEMP;
}

static size_t
server_of(const struct dnsq *q)
{
	return (q->first + q->tries) % conf.nserver;
}

/* A connected socket: the kernel drops what comes from anybody else, and tells
 * of a closed port. The kernel's choice of the source port is random. */
static bool
dial(struct dnsq *q, int type)
{
	const struct resolvconf_server *s = &conf.server[server_of(q)];
	struct sockaddr_storage ss;
	socklen_t len = ipaddr_tosock(&s->ip, s->port, &ss);

	q->fd = socket(s->ip.family, type | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (q->fd < 0)
		return false;
	return !connect(q->fd, (struct sockaddr *)&ss, len) ||
	       (type == SOCK_STREAM && errno == EINPROGRESS);
}

static void
make_query(struct dnsq *q)
{
	unsigned flags = q->flags | (conf.trust_ad ? DNSPKT_WANTAD : 0);

	q->qlen = dnspkt_query(
		q->query + 2, &q->asked, q->type, (uint16_t)rand_u32(), flags);
	q->query[0] = (uint8_t)(q->qlen >> 8);
	q->query[1] = (uint8_t)q->qlen;
}

/* Ask, starting with the server of q->tries, until one can be asked. */
static void
ask(struct dnsq *q, int64_t deadline)
{
	int64_t now = stamp_mono();

	for (; q->tries < conf.nserver * conf.attempts; q->tries++) {
		hangup(q);
		make_query(q);
		if (dial(q, SOCK_DGRAM) &&
			send(q->fd, q->query + 2, q->qlen, MSG_NOSIGNAL) ==
				(ssize_t)q->qlen) {
			q->state = UDP;
			q->until = now + (int64_t)conf.timeout * 1000;
			if (q->until > deadline)
				q->until = deadline;
			return;
		}
		q->why = "name server unreachable";
	}
	finish(q, DNSQ_TEMP);
}

static void
next_server(struct dnsq *q, int64_t deadline, const char *why)
{
	q->why = why;
	q->tries++;
	ask(q, deadline);
}

/* Truncated: the same server by TCP, as long again. */
static void
by_tcp(struct dnsq *q, int64_t deadline)
{
	hangup(q);
	make_query(q);
	q->until = stamp_mono() + (int64_t)conf.timeout * 1000;
	if (q->until > deadline)
		q->until = deadline;
	q->at = 0;
	q->buf = xrealloc(q->buf, DNSPKT_MAX);
	q->state = TCP_CONNECT;
	if (!dial(q, SOCK_STREAM))
		next_server(q, deadline, "name server refuses TCP");
}

/* The alias leads out of what the server knows: ask for its target. */
static bool
chase(struct dnsq *q, int64_t deadline)
{
	if (!q->pkt.chain || q->pkt.soa || q->chased == DNSQ_CHASE)
		return false;
	q->chased++;
	q->asked = q->pkt.owner;
	q->tries = 0;
	ask(q, deadline);
	return true;
}

/* Judge a whole packet in q->buf. */
static void
judge(struct dnsq *q, size_t n, int64_t deadline)
{
	bool tcp = q->state != UDP;

	switch (dnspkt_parse(&q->pkt, q->buf, n, q->query + 2, q->qlen)) {
	case DNSPKT_ANSWER:
		break;
	case DNSPKT_NODATA:
		q->ad = q->ad && q->pkt.ad;
		preferred = server_of(q);
		if (!chase(q, deadline))
			finish(q, DNSQ_NODATA);
		return;
	case DNSPKT_NXDOMAIN:
		q->ad = q->ad && q->pkt.ad;
		preferred = server_of(q);
		finish(q, DNSQ_NXDOMAIN);
		return;
	case DNSPKT_CUT:
		if (tcp)
			next_server(q, deadline, "name server cuts answers");
		else
			by_tcp(q, deadline);
		return;
	case DNSPKT_FAILED:
		next_server(q, deadline, "name server failure");
		return;
	case DNSPKT_FORMERR:
		if (q->flags & DNSPKT_EDNS) {
			q->flags &= ~(unsigned)DNSPKT_EDNS;
			ask(q, deadline);
		} else {
			next_server(q, deadline, "name server failure");
		}
		return;
	case DNSPKT_FOREIGN:
		if (tcp)
			next_server(q, deadline, "name server talks nonsense");
		return; /* by UDP: go on waiting for the real one */
	case DNSPKT_BAD:
		next_server(q, deadline, "malformed answer");
		return;
	}
	q->ad = q->ad && q->pkt.ad;
	preferred = server_of(q);
	finish(q, DNSQ_OK);
}

static void
udp_read(struct dnsq *q, int64_t deadline)
{
	static uint8_t packet[DNSPKT_MAX];
	ssize_t r = recv(q->fd, packet, sizeof packet, 0);

	if (r >= 0) {
		q->buf = xrealloc(q->buf, (size_t)r + 1);
		memcpy(q->buf, packet, (size_t)r);
		judge(q, (size_t)r, deadline);
	} else if (errno != EAGAIN && errno != EINTR) {
		next_server(q, deadline, "name server unreachable");
	}
}

static void
tcp_write(struct dnsq *q, int64_t deadline)
{
	ssize_t r = send(
		q->fd, q->query + q->at, q->qlen + 2 - q->at, MSG_NOSIGNAL);

	if (r < 0) {
		if (errno != EAGAIN && errno != EINTR)
			next_server(q, deadline, "name server refuses TCP");
		return;
	}
	q->state = TCP_WRITE;
	q->at += (size_t)r;
	if (q->at == q->qlen + 2) {
		q->state = TCP_LENGTH;
		q->at = 0;
		q->want = 2;
	}
}

static void
tcp_read(struct dnsq *q, int64_t deadline)
{
	ssize_t r = recv(q->fd, q->buf + q->at, q->want - q->at, 0);

	if (r < 0 && (errno == EAGAIN || errno == EINTR))
		return;
	if (r <= 0) {
		next_server(q, deadline, "name server hung up");
		return;
	}
	q->at += (size_t)r;
	if (q->at < q->want)
		return;
	if (q->state == TCP_BODY) {
		judge(q, q->want, deadline);
		return;
	}
	q->want = (size_t)q->buf[0] << 8 | q->buf[1];
	q->at = 0;
	q->state = TCP_BODY;
	if (!q->want)
		next_server(q, deadline, "malformed answer");
}

static void
advance(struct dnsq *q, int64_t deadline)
{
	switch (q->state) {
	case UDP:
		udp_read(q, deadline);
		break;
	case TCP_CONNECT:
	case TCP_WRITE:
		tcp_write(q, deadline);
		break;
	case TCP_LENGTH:
	case TCP_BODY:
		tcp_read(q, deadline);
		break;
	}
}

static void
late(struct dnsq *q, int64_t now, int64_t deadline)
{
	if (now < q->until)
		return;
	if (now >= deadline) {
		q->why = "name servers do not answer";
		finish(q, DNSQ_TEMP);
	} else {
		next_server(q, deadline, "name servers do not answer");
	}
}

/* One poll for the n questions; false when all are done. */
static bool
round_trip(struct dnsq *q, size_t n, int64_t deadline)
{
	struct pollfd pfd[DNSQ_PARALLEL];
	int64_t now, until = deadline;
	bool writing;
	size_t i, open = 0;

	for (i = 0; i < n; i++) {
		writing = q[i].state == TCP_CONNECT || q[i].state == TCP_WRITE;
		pfd[i].fd = q[i].state == DONE ? -1 : q[i].fd;
		pfd[i].events = writing ? POLLOUT : POLLIN;
		pfd[i].revents = 0;
		if (q[i].state == DONE)
			continue;
		open++;
		if (q[i].until < until)
			until = q[i].until;
	}
	if (!open)
		return false;
	now = stamp_mono();
	if (poll(pfd, n, until > now ? (int)(until - now) : 0) < 0)
		memset(pfd, 0, sizeof pfd);
	now = stamp_mono();
	for (i = 0; i < n; i++) {
		if (q[i].state != DONE && pfd[i].revents)
			advance(&q[i], deadline);
		if (q[i].state != DONE)
			late(&q[i], now, deadline);
	}
	return true;
}

void
dnsq_ask(struct dnsq *q, size_t n, int64_t deadline)
{
	size_t i, part;

	if (!loaded)
		load();
	for (; n; q += part, n -= part) {
		part = n < DNSQ_PARALLEL ? n : DNSQ_PARALLEL;
		for (i = 0; i < part; i++) {
			q[i].flags = DNSPKT_EDNS;
			q[i].first = preferred;
			q[i].ad = conf.trust_ad;
			/* no name at all, for the DNS: nobody can have it */
			if (dnsname_fromtext(&q[i].asked, q[i].name))
				ask(&q[i], deadline);
			else
				finish(&q[i], DNSQ_NXDOMAIN);
		}
		while (round_trip(q, part, deadline))
			;
	}
}

bool
dnsq_next(struct dnsq *q, struct dnspkt_rr *rr)
{
	return q->result == DNSQ_OK && dnspkt_next(&q->pkt, rr);
}

void
dnsq_free(struct dnsq *q, size_t n)
{
	while (n--) {
		hangup(&q[n]);
		free(q[n].buf);
		q[n].buf = NULL;
	}
}
