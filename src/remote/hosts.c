/* SPDX-License-Identifier: 0BSD */
#include "remote/hosts.h"

#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "lib/ascii.h"
#include "lib/dnsq.h"
#include "lib/rand.h"
#include "lib/stamp.h"

static const struct conf *own;

static bool
is_self(const char *host)
{
	size_t n = strlen(host);

	return (n == own->me.len && ascii_caseeqn(host, own->me.s, n)) ||
	       (n == own->helohost.len &&
		       ascii_caseeqn(host, own->helohost.s, n));
}

/* Would a connection to a go to this machine? The kernel knows: it would come
 * from a itself, or, for all of 127.0.0.0/8, from 127.0.0.1. Nothing is
 * sent. */
static bool
is_local(const struct ipaddr *a)
{
	static const uint8_t zero[16];
	struct sockaddr_storage ss;
	struct ipaddr from;
	socklen_t len;
	uint16_t port;
	bool local = false;
	int fd;

	if (!memcmp(a->b, zero, a->family == AF_INET ? 4 : 16) ||
		(a->family == AF_INET && a->b[0] == 127))
		return true;
	fd = socket(a->family, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	if (fd < 0)
		return false;
	len = ipaddr_tosock(a, RELAY_PORT, &ss);
	if (!connect(fd, (struct sockaddr *)&ss, len)) {
		len = sizeof ss;
		local = !getsockname(fd, (struct sockaddr *)&ss, &len) &&
			ipaddr_fromsock(&ss, &from, &port) &&
			ipaddr_equal(&from, a);
	}
	close(fd);
	return local;
}

/* Would mail come back to us? Not when an entry of smtproutes names a relay, or
 * a port that is not that of our own smtpd. */
static bool
is_loop(const struct hosts *h, const struct ipaddr *a)
{
	return h->kind != HOSTS_RELAY && h->port == RELAY_PORT && is_local(a);
}

static int64_t
dns_deadline(const struct hosts *h)
{
	int64_t t = stamp_mono() + h->conf->timeout[PHASE_DNS];

	return t < h->limit ? t : h->limit;
}

static void
add(struct hosts *h, const char *host, const struct ipaddr *ip)
{
	struct target *t;

	if (h->n == HOSTS_TRY_MAX)
		return;
	t = &h->list[h->n++];
	strcpy(t->host, host);
	t->ip = *ip;
	t->port = h->port;
}

/* A relay or literal without a name. */
static void
add_address(struct hosts *h, const struct ipaddr *ip)
{
	char text[IPADDR_FMT];

	ipaddr_fmt(text, ip);
	add(h, text, ip);
}

static bool
loop(struct verdict *why, const char *dest)
{
	verdict_set(why, MESSAGE_FAILED, "5.4.6", NULL,
		"This host is the best mail exchanger of ", dest,
		", but it does not take mail for it: neither control/locals "
		"nor control/virtualdomains has it",
		NULL);
	return false;
}

static bool
lookup_failed(struct hosts *h, struct verdict *why)
{
	verdict_set(why, MESSAGE_DEFERRED, "4.4.3", NULL,
		"Unable to look up the mail exchangers of ", h->dest, ": ",
		h->dnswhy ? h->dnswhy : "no answer", NULL);
	return false;
}

static bool
no_such_host(const char *dest, struct verdict *why)
{
	verdict_set(why, MESSAGE_FAILED, "5.1.2", NULL,
		"There is no host named ", dest, NULL);
	return false;
}

/* The MX records of dest into h->mx. */
static bool
find_mx(struct hosts *h, struct verdict *why)
{
	struct dnspkt_rr rr;
	struct dnsq q;
	enum dnsq_result result;

	dnsq_init(&q, h->dest, DNS_MX);
	dnsq_ask(&q, 1, dns_deadline(h));
	while (dnsq_next(&q, &rr))
		mx_add(&h->mx, rr.pref, rr.name);
	result = q.result;
	h->dnswhy = q.why;
	dnsq_free(&q, 1);
	h->kind = HOSTS_MX;
	switch (result) {
	case DNSQ_OK:
		break;
	case DNSQ_NODATA:
		h->kind = HOSTS_IMPLICIT;
		mx_add(&h->mx, 0, h->dest);
		break;
	case DNSQ_NXDOMAIN:
		return no_such_host(h->dest, why);
	case DNSQ_TEMP:
		return lookup_failed(h, why);
	}
	if (!h->mx.n && h->mx.null) {
		verdict_set(why, MESSAGE_FAILED, "5.1.10", NULL, h->dest,
			" says in its DNS that it takes no mail", NULL);
		return false;
	}
	own = h->conf;
	mx_arrange(&h->mx, rand_below, is_self);
	return h->mx.n || !h->mx.cut || loop(why, h->dest);
}

bool
hosts_start(struct hosts *h, const char *dest, const struct conf *conf,
	int64_t limit, struct verdict *why)
{
	struct ipaddr ip;
	struct relay r;

	memset(h, 0, offsetof(struct hosts, mx));
	mx_init(&h->mx);
	h->level = h->n = h->pos = h->given = 0;
	h->temporary = false;
	h->dnswhy = NULL;
	h->conf = conf;
	h->dest = dest;
	h->limit = limit;
	relay_find(&conf->routes, dest, &r);
	h->port = r.port;
	if (r.ip.family || *r.host) {
		h->kind = HOSTS_RELAY;
		if (r.ip.family)
			add_address(h, &r.ip);
		else
			mx_add(&h->mx, 0, r.host);
		return true;
	}
	if (*dest != '[')
		return find_mx(h, why);
	h->kind = HOSTS_IMPLICIT;
	if (!ipaddr_parse_literal(dest, strlen(dest), &ip)) {
		verdict_set(why, MESSAGE_FAILED, "5.1.2", NULL, dest,
			" is not a valid address literal", NULL);
		return false;
	}
	if (is_loop(h, &ip))
		return loop(why, dest);
	add_address(h, &ip);
	return true;
}

/* The addresses of one host, IPv6 and IPv4 in turn. */
static bool
merge(struct hosts *h, struct dnsq *a, struct dnsq *aaaa, const char *host)
{
	struct dnspkt_rr rr;
	bool got6 = true, got4 = true;

	while (got4 || got6) {
		got6 = got6 && dnsq_next(aaaa, &rr);
		if (got6) {
			if (is_loop(h, &rr.ip))
				return false;
			add(h, host, &rr.ip);
		}
		got4 = got4 && dnsq_next(a, &rr);
		if (got4) {
			if (is_loop(h, &rr.ip))
				return false;
			add(h, host, &rr.ip);
		}
	}
	return true;
}

/* Look up the hosts of the next preference, all at once. */
static void
next_level(struct hosts *h)
{
	static struct dnsq q[2 * HOSTS_LEVEL_MAX];
	size_t first = h->level, end = mx_level(&h->mx, first), i, n;

	h->n = h->pos = 0;
	n = end - first < HOSTS_LEVEL_MAX ? end - first : HOSTS_LEVEL_MAX;
	for (i = 0; i < n; i++) {
		dnsq_init(&q[2 * i], h->mx.mx[first + i].host, DNS_A);
		dnsq_init(&q[2 * i + 1], h->mx.mx[first + i].host, DNS_AAAA);
	}
	dnsq_ask(q, 2 * n, dns_deadline(h));
	h->level = end;
	for (i = 0; i < 2 * n; i++) {
		if (q[i].result == DNSQ_TEMP) {
			h->temporary = true;
			h->dnswhy = q[i].why;
		}
	}
	for (i = 0; i < n; i++) {
		if (!merge(h, &q[2 * i], &q[2 * i + 1],
			    h->mx.mx[first + i].host)) {
			mx_cut(&h->mx, first);
			h->level = h->mx.n;
			h->n = 0;
			break;
		}
	}
	dnsq_free(q, 2 * n);
}

/* Nothing was ever found to try. */
static void
explain(struct hosts *h, struct verdict *why)
{
	if (h->temporary)
		lookup_failed(h, why);
	else if (h->mx.cut)
		loop(why, h->dest);
	else if (h->kind == HOSTS_IMPLICIT)
		no_such_host(h->dest, why);
	else if (h->kind == HOSTS_RELAY)
		/* the administrator can mend that: do not bounce all mail */
		verdict_set(why, MESSAGE_DEFERRED, "4.4.4", NULL,
			"The relay that control/smtproutes names for ", h->dest,
			" has no address", NULL);
	else
		verdict_set(why, MESSAGE_FAILED, "5.4.4", NULL,
			"None of the mail exchangers of ", h->dest,
			" has an address", NULL);
}

bool
hosts_next(struct hosts *h, struct target *t, struct verdict *why)
{
	if (h->given == HOSTS_TRY_MAX)
		return false;
	while (h->pos == h->n && h->level < h->mx.n)
		next_level(h);
	if (h->pos == h->n) {
		if (!h->given)
			explain(h, why);
		return false;
	}
	*t = h->list[h->pos++];
	h->given++;
	return true;
}
