/* SPDX-License-Identifier: 0BSD */
/* dnspkt - make questions and read answers of the DNS (RFC 1035, RFC 6891)
 *
 * Pure: bytes in, values out. An answer is hostile input: every offset and
 * count in it is checked, compression pointers may only go backwards, alias
 * chains are bounded.
 */
#ifndef LIB_DNSPKT_H
#define LIB_DNSPKT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "lib/dnsname.h"
#include "lib/ipaddr.h"

enum {
	DNS_A = 1,
	DNS_CNAME = 5,
	DNS_SOA = 6,
	DNS_PTR = 12,
	DNS_MX = 15,
	DNS_TXT = 16,
	DNS_AAAA = 28,
	DNS_OPT = 41,
	DNS_TLSA = 52,
};

enum {
	DNSPKT_QUERY_MAX = 300, /* header, longest question, OPT */
	DNSPKT_UDP = 1232,	/* UDP payload size offered by EDNS */
	DNSPKT_MAX = 65535,
	DNSPKT_CHAIN_MAX = 12, /* CNAMEs followed within one answer */
};

enum { DNSPKT_EDNS = 1, DNSPKT_WANTAD = 2 };
/* Write a query to buf of DNSPKT_QUERY_MAX bytes; returns its length. */
size_t dnspkt_query(uint8_t *buf, const struct dnsname *n, uint16_t type,
	uint16_t id, unsigned flags);

enum dnspkt_kind {
	DNSPKT_ANSWER, /* at least one record of the type asked for */
	DNSPKT_NODATA, /* the name exists, or is an alias, without one */
	DNSPKT_NXDOMAIN,
	DNSPKT_CUT,	/* truncated: ask again by TCP */
	DNSPKT_FAILED,	/* the server cannot or will not (SERVFAIL, REFUSED, a
			 * referral) */
	DNSPKT_FORMERR, /* the server did not understand: no EDNS next time */
	DNSPKT_FOREIGN, /* not the answer to this query: ignore it */
	DNSPKT_BAD,	/* the answer to this query, but malformed */
};

struct dnspkt {
	const uint8_t *p; /* the caller's packet */
	size_t n;
	uint16_t type;
	struct dnsname owner; /* where the CNAME chain ends */
	unsigned chain;	      /* CNAMEs followed */
	bool soa;	      /* an SOA stood in the authority section */
	uint32_t negttl;      /* of it: min(TTL, minimum), s */
	bool ad;	      /* the server says: authentic */
	/* for dnspkt_next */
	size_t pos;
	unsigned left;
};

/* Judge the packet that came for query (as made by dnspkt_query). *d is filled
 * for ANSWER, NODATA and NXDOMAIN. NODATA with chain > 0 and no soa: the
 * server did not follow the alias, ask it for d->owner. */
enum dnspkt_kind dnspkt_parse(struct dnspkt *d, const uint8_t *p, size_t n,
	const uint8_t *query, size_t qlen);

struct dnspkt_rr {
	uint32_t ttl;
	struct ipaddr ip;	 /* A, AAAA (v4-mapped becomes IPv4) */
	uint16_t pref;		 /* MX */
	char name[DNSNAME_TEXT]; /* MX, CNAME, PTR: lower case; ""
	                             * if no host name can be like that */
	const uint8_t *data;	 /* TXT: the strings with their length bytes;
	                             * TLSA: usage, selector, matching, data */
	size_t len;
};
/* Next record of the type asked for at d->owner; false at the end. */
bool dnspkt_next(struct dnspkt *d, struct dnspkt_rr *rr);

#endif
