/* SPDX-License-Identifier: 0BSD */
#include "remote/hosts.h"

#include <string.h>

#include "lib/dnsq.h"
#include "lib/here.h"
#include "lib/log.h"
#include "lib/rand.h"
#include "lib/stamp.h"
#include "remote/self.h"
#include "wire/dead.h"

/* Would mail come back to us? Not when an entry of smtproutes names a relay, or
 * a port that is not that of our own smtpd. */
static bool
is_loop(const struct hosts *h, const struct ipaddr *a)
{
	return h->kind != HOSTS_RELAY && h->port == RELAY_PORT &&
	       here_address(a);
}

static int64_t
dns_deadline(const struct hosts *h)
{
	int64_t t = stamp_mono() + h->conf->timeout[PHASE_DNS];

	return t < h->limit ? t : h->limit;
}

/* A place for one more; what does not fit goes where nobody looks. */
static struct target *
add(struct hosts *h)
{
	static struct target nowhere;
	struct target *t = h->n < HOSTS_TRY_MAX ? &h->list[h->n++] : &nowhere;

	memset(t, 0, sizeof *t);
	t->port = h->port;
	return t;
}

/* A relay or literal without a name. */
static void
add_address(struct hosts *h, const struct ipaddr *ip)
{
	struct target *t = add(h);

	ipaddr_fmt(t->host, ip);
	t->ip = *ip;
	t->secure = true;
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
	h->secure = q.ad;
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
	self_init(h->conf);
	mx_arrange(&h->mx, rand_below, self_name);
	return h->mx.n || !h->mx.cut || loop(why, h->dest);
}

static bool
literal(struct hosts *h, struct verdict *why)
{
	struct ipaddr ip;

	h->kind = HOSTS_IMPLICIT;
	if (!ipaddr_parse_literal(h->dest, strlen(h->dest), &ip)) {
		verdict_set(why, MESSAGE_FAILED, "5.1.2", NULL, h->dest,
			" is not a valid address literal", NULL);
		return false;
	}
	if (is_loop(h, &ip))
		return loop(why, h->dest);
	add_address(h, &ip);
	return true;
}

bool
hosts_start(struct hosts *h, const char *dest, const char *via,
	const struct conf *conf, struct dead *dead, int64_t limit,
	struct verdict *why)
{
	const char *bad;

	mx_init(&h->mx);
	h->level = h->n = h->pos = h->nlast = h->poslast = h->given = h->lost =
		0;
	h->temporary = h->secure = false;
	h->dnswhy = NULL;
	h->conf = conf;
	h->dead = dead;
	h->dest = dest;
	h->limit = limit;
	if (via && (bad = relay_list(via, &h->relays))) {
		verdict_set(why, MESSAGE_DEFERRED, "4.3.5", NULL,
			"The relay that was ordered: ", bad, NULL);
		return false;
	}
	if (!via && relay_find(&conf->routes, dest, &h->relays) < 0) {
		verdict_set(why, MESSAGE_DEFERRED, "4.3.5", NULL,
			"Unable to read control/smtproutes.cdb: ",
			log_strerror(), NULL);
		return false;
	}
	h->port = h->relays.r[0].port;
	if (!relay_is_mx(&h->relays.r[0])) {
		h->kind = HOSTS_RELAY;
		return true;
	}
	return *dest == '[' ? literal(h, why) : find_mx(h, why);
}

/* One record of a host's. false: it is our own. */
static bool
take(struct hosts *h, struct dnsq *q, const char *host, bool *more)
{
	struct dnspkt_rr rr;
	struct target *t;

	*more = *more && dnsq_next(q, &rr);
	if (!*more)
		return true;
	if (is_loop(h, &rr.ip))
		return false;
	t = add(h);
	strcpy(t->host, host);
	if (q->pkt.chain || q->chased)
		dnsname_totext(&q->pkt.owner, t->alias);
	t->ip = rr.ip;
	t->secure = h->secure && q->ad;
	return true;
}

/* The addresses of one host, IPv6 and IPv4 in turn. */
static bool
merge(struct hosts *h, struct dnsq *a, struct dnsq *aaaa, const char *host)
{
	bool got6 = true, got4 = true;

	while (got4 || got6)
		if (!take(h, aaaa, host, &got6) || !take(h, a, host, &got4))
			return false;
	return true;
}

/* Look up n hosts at once. false: one of them is ours. */
static bool
look_up(struct hosts *h, const char *const *host, size_t n)
{
	static struct dnsq q[2 * HOSTS_LEVEL_MAX];
	bool ok = true;
	size_t i;

	for (i = 0; i < n; i++) {
		dnsq_init(&q[2 * i], host[i], DNS_A);
		dnsq_init(&q[2 * i + 1], host[i], DNS_AAAA);
	}
	dnsq_ask(q, 2 * n, dns_deadline(h));
	for (i = 0; i < 2 * n; i++) {
		if (q[i].result == DNSQ_TEMP) {
			h->temporary = true;
			h->dnswhy = q[i].why;
		}
	}
	for (i = 0; ok && i < n; i++)
		ok = merge(h, &q[2 * i], &q[2 * i + 1], host[i]);
	dnsq_free(q, 2 * n);
	return ok;
}

/* The hosts of the next preference. */
static void
next_mx(struct hosts *h)
{
	size_t first = h->level, end = mx_level(&h->mx, first), i, n;
	const char *host[HOSTS_LEVEL_MAX];

	n = end - first < HOSTS_LEVEL_MAX ? end - first : HOSTS_LEVEL_MAX;
	for (i = 0; i < n; i++)
		host[i] = h->mx.mx[first + i].host;
	h->level = end;
	if (!look_up(h, host, n)) {
		mx_cut(&h->mx, first);
		h->level = h->mx.n;
		h->n = 0;
	}
	/* a name server that does not answer is waited for, each time */
	h->lost += h->temporary && !h->n;
	if (h->lost == HOSTS_LOST_MAX)
		h->level = h->mx.n;
}

static void
next_relay(struct hosts *h)
{
	const struct relay *r = &h->relays.r[h->level++];
	const char *host = r->host;
	size_t i;

	h->port = r->port;
	h->secure = true;
	if (*r->path) {
		struct target *t = add(h);

		strcpy(t->host, "lmtp");
		strcpy(t->path, r->path);
	} else if (r->ip.family) {
		add_address(h, &r->ip);
	} else {
		look_up(h, &host, 1);
	}
	for (i = 0; i < h->n; i++) {
		h->list[i].lmtp = r->lmtp;
		h->list[i].tls = r->tls;
		h->list[i].routed = true;
	}
}

static size_t
levels(const struct hosts *h)
{
	return h->kind == HOSTS_RELAY ? h->relays.n : h->mx.n;
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

/* Put it off to the end. When there are too many, the best of them are kept. */
static void
put_off(struct hosts *h, const struct target *t)
{
	if (h->nlast < HOSTS_LAST_MAX)
		h->last[h->nlast++] = *t;
}

static bool
is_dead(struct hosts *h, const struct target *t)
{
	struct dead_entry e;

	return t->ip.family &&
	       dead_is(h->dead, &t->ip, t->port, stamp_now(), &e);
}

void
hosts_later(struct hosts *h, const struct target *t)
{
	struct target late = *t;

	late.hasty = false;
	late.again = true;
	put_off(h, &late);
}

bool
hosts_next(struct hosts *h, struct target *t, struct verdict *why)
{
	if (h->given == HOSTS_TRY_MAX)
		return false;
	for (;;) {
		while (h->pos == h->n && h->level < levels(h)) {
			h->n = h->pos = 0;
			if (h->kind == HOSTS_RELAY)
				next_relay(h);
			else
				next_mx(h);
		}
		if (h->pos == h->n)
			break;
		*t = h->list[h->pos++];
		if (is_dead(h, t)) {
			put_off(h, t);
			continue;
		}
		t->hasty = h->pos < h->n || h->level < levels(h);
		h->given++;
		return true;
	}
	if (h->poslast < h->nlast) {
		*t = h->last[h->poslast++];
		h->given++;
		return true;
	}
	if (!h->given)
		explain(h, why);
	return false;
}
