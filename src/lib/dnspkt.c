/* SPDX-License-Identifier: 0BSD */
#include "lib/dnspkt.h"

#include <string.h>

#include "lib/ascii.h"

enum {
	HEADER = 12,
	CLASS_IN = 1,
	FLAG_QR = 0x80, /* byte 2 */
	FLAG_AA = 0x04,
	FLAG_TC = 0x02,
	FLAG_RD = 0x01,
	FLAG_RA = 0x80, /* byte 3 */
	FLAG_AD = 0x20,
	OPCODE = 0x78,
	RCODE = 0x0f,
	RCODE_FORMERR = 1,
	RCODE_NXDOMAIN = 3,
	RCODE_NOTIMP = 4,
};

/* One record as it stands in the packet. */
struct raw {
	struct dnsname owner;
	uint16_t type, class;
	uint32_t ttl;
	size_t data, len; /* rdata: offset and length, inside the packet */
};

static uint16_t
get16(const uint8_t *p)
{
	return (uint16_t)(p[0] << 8 | p[1]);
}

static uint32_t
get32(const uint8_t *p)
{
	return (uint32_t)get16(p) << 16 | get16(p + 2);
}

static void
put16(uint8_t *p, unsigned v)
{
	p[0] = (uint8_t)(v >> 8);
	p[1] = (uint8_t)v;
}

size_t
dnspkt_query(uint8_t *buf, const struct dnsname *n, uint16_t type, uint16_t id,
	unsigned flags)
{
	size_t at = HEADER;

	memset(buf, 0, HEADER);
	put16(buf, id);
	buf[2] = FLAG_RD;
	/* RFC 6840 5.7: AD in a query asks for AD in the answer */
	buf[3] = flags & DNSPKT_WANTAD ? FLAG_AD : 0;
	buf[5] = 1;
	memcpy(buf + at, n->w, n->len);
	at += n->len;
	put16(buf + at, type);
	put16(buf + at + 2, CLASS_IN);
	at += 4;
	if (flags & DNSPKT_EDNS) {
		buf[11] = 1;
		memset(buf + at, 0, 11);
		put16(buf + at + 1, DNS_OPT);
		put16(buf + at + 3, DNSPKT_UDP);
		at += 11;
	}
	return at;
}

static bool
raw_get(const uint8_t *p, size_t n, size_t *pos, struct raw *r)
{
	if (!dnsname_get(p, n, pos, &r->owner) || n - *pos < 10)
		return false;
	r->type = get16(p + *pos);
	r->class = get16(p + *pos + 2);
	r->ttl = get32(p + *pos + 4);
	r->len = get16(p + *pos + 8);
	r->data = *pos + 10;
	if (n - r->data < r->len)
		return false;
	*pos = r->data + r->len;
	return true;
}

/* A name that fills the rest of the rdata from offset skip. */
static bool
rdata_name(const uint8_t *p, size_t n, const struct raw *r, size_t skip,
	struct dnsname *out)
{
	size_t pos = r->data + skip;

	return r->len > skip && dnsname_get(p, n, &pos, out) &&
	       pos == r->data + r->len;
}

static bool
txt_ok(const uint8_t *p, size_t n)
{
	if (!n)
		return false;
	while (n) {
		size_t one = 1 + (size_t)*p;

		if (one > n)
			return false;
		p += one;
		n -= one;
	}
	return true;
}

/* Decode the rdata; false when it is not what its type says. */
static bool
rdata_get(const uint8_t *p, size_t n, const struct raw *r, struct dnspkt_rr *rr)
{
	static const uint8_t mapped[12] = { [10] = 0xff, [11] = 0xff };
	struct dnsname name;

	memset(rr, 0, sizeof *rr);
	rr->ttl = r->ttl;
	rr->data = p + r->data;
	rr->len = r->len;
	switch (r->type) {
	case DNS_A:
		rr->ip.family = AF_INET;
		memcpy(rr->ip.b, rr->data, r->len == 4 ? 4 : 0);
		return r->len == 4;
	case DNS_AAAA:
		if (r->len != 16)
			return false;
		rr->ip.family = AF_INET6;
		memcpy(rr->ip.b, rr->data, 16);
		if (!memcmp(rr->data, mapped, sizeof mapped)) {
			memset(&rr->ip, 0, sizeof rr->ip);
			rr->ip.family = AF_INET;
			memcpy(rr->ip.b, rr->data + 12, 4);
		}
		return true;
	case DNS_MX:
		if (!rdata_name(p, n, r, 2, &name))
			return false;
		rr->pref = get16(rr->data);
		dnsname_totext(&name, rr->name);
		return true;
	case DNS_CNAME:
	case DNS_PTR:
		if (!rdata_name(p, n, r, 0, &name))
			return false;
		dnsname_totext(&name, rr->name);
		return true;
	case DNS_TXT:
		return txt_ok(rr->data, rr->len);
	case DNS_TLSA:
		return rr->len > 3;
	default:
		return true;
	}
}

/* Find the first record of type at owner among count records from pos:
 * 1 found, 0 not there, -1 malformed. */
static int
find(const struct dnspkt *d, size_t pos, unsigned count, uint16_t type,
	struct raw *r)
{
	while (count--) {
		if (!raw_get(d->p, d->n, &pos, r))
			return -1;
		if (r->type == type && r->class == CLASS_IN &&
			dnsname_same(&r->owner, &d->owner))
			return 1;
	}
	return 0;
}

/* Move d->owner along the CNAMEs of the answer section at d->pos. */
static bool
follow(struct dnspkt *d)
{
	struct raw r;
	int got;

	if (d->type == DNS_CNAME)
		return true;
	while ((got = find(d, d->pos, d->left, DNS_CNAME, &r)) == 1) {
		if (++d->chain > DNSPKT_CHAIN_MAX ||
			!rdata_name(d->p, d->n, &r, 0, &d->owner))
			return false;
	}
	return got == 0;
}

/* All records of the type asked for at the owner must be sound; their number,
 * or -1. */
static int
check(const struct dnspkt *d, size_t *end)
{
	struct dnspkt_rr rr;
	struct raw r;
	unsigned left;
	int found = 0;

	*end = d->pos;
	for (left = d->left; left; left--) {
		if (!raw_get(d->p, d->n, end, &r))
			return -1;
		if (r.type != d->type || r.class != CLASS_IN ||
			!dnsname_same(&r.owner, &d->owner))
			continue;
		if (!rdata_get(d->p, d->n, &r, &rr))
			return -1;
		found++;
	}
	return found;
}

/* Authority and additional sections: an SOA, and the upper bits of the code in
 * an OPT (RFC 6891 6.1.3). What is malformed here ends the reading only. */
static unsigned
rest(struct dnspkt *d, size_t pos)
{
	unsigned ns = get16(d->p + 8), ar = get16(d->p + 10), upper = 0;
	struct dnsname name;
	struct raw r;
	size_t at;

	for (; ns + ar; ns ? ns-- : ar--) {
		if (!raw_get(d->p, d->n, &pos, &r))
			break;
		if (!ns && r.type == DNS_OPT)
			upper = r.ttl >> 24;
		if (!ns || r.type != DNS_SOA || r.class != CLASS_IN)
			continue;
		at = r.data;
		if (!dnsname_get(d->p, d->n, &at, &name) ||
			!dnsname_get(d->p, d->n, &at, &name) ||
			at + 20 != r.data + r.len)
			break;
		d->soa = true;
		d->negttl = get32(d->p + at + 16);
		if (r.ttl < d->negttl)
			d->negttl = r.ttl;
	}
	return upper;
}

static bool
same_question(const uint8_t *p, const uint8_t *query, size_t n)
{
	return ascii_caseeqn((const char *)p, (const char *)query, n);
}

enum dnspkt_kind
dnspkt_parse(struct dnspkt *d, const uint8_t *p, size_t n, const uint8_t *query,
	size_t qlen)
{
	size_t pos = HEADER, qend, end;
	unsigned rcode;
	int found;

	memset(d, 0, sizeof *d);
	d->p = p;
	d->n = n;
	/* the question of our own query ends before its OPT */
	if (!dnsname_get(query, qlen, &pos, &d->owner) || qlen - pos < 4)
		return DNSPKT_BAD;
	d->type = get16(query + pos);
	qend = pos + 4;
	if (n < HEADER || memcmp(p, query, 2) || !(p[2] & FLAG_QR) ||
		p[2] & OPCODE)
		return DNSPKT_FOREIGN;
	rcode = p[3] & RCODE;
	/* some servers leave the question out when they cannot read it */
	if (rcode == RCODE_FORMERR && !get16(p + 4))
		return DNSPKT_FORMERR;
	/* and a name may not be compressed there: no difference but in case */
	if (get16(p + 4) != 1 || n < qend ||
		!same_question(p + HEADER, query + HEADER, qend - HEADER))
		return DNSPKT_FOREIGN;
	if (rcode == RCODE_FORMERR || rcode == RCODE_NOTIMP)
		return DNSPKT_FORMERR;
	if (p[2] & FLAG_TC)
		return DNSPKT_CUT;
	if (rcode && rcode != RCODE_NXDOMAIN)
		return DNSPKT_FAILED;
	d->ad = p[3] & FLAG_AD;
	d->pos = qend;
	d->left = get16(p + 6);
	if (!follow(d) || (found = check(d, &end)) < 0)
		return DNSPKT_BAD;
	if (rest(d, end))
		return DNSPKT_FAILED;
	if (rcode == RCODE_NXDOMAIN)
		return DNSPKT_NXDOMAIN;
	if (found)
		return DNSPKT_ANSWER;
	/* A server that is not recursive refers us to others: that is not "no
	 * such record", for which mail would be returned. */
	if (!d->chain && !d->soa && !(p[2] & FLAG_AA) && !(p[3] & FLAG_RA))
		return DNSPKT_FAILED;
	return DNSPKT_NODATA;
}

bool
dnspkt_next(struct dnspkt *d, struct dnspkt_rr *rr)
{
	struct raw r;

	while (d->left) {
		d->left--;
		if (!raw_get(d->p, d->n, &d->pos, &r)) {
			d->left = 0;
			return false;
		}
		if (r.type == d->type && r.class == CLASS_IN &&
			dnsname_same(&r.owner, &d->owner) &&
			rdata_get(d->p, d->n, &r, rr))
			return true;
	}
	return false;
}
