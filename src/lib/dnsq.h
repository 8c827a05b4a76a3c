/* SPDX-License-Identifier: 0BSD */
/* dnsq - stub resolver: ask the name servers of /etc/resolv.conf
 *
 * Names are taken as they are: no search list, no hosts file, no name-service
 * switch. UDP from a random port with a random id on a connected socket, TCP
 * for truncated answers, EDNS with a retry without. resolv.conf is read once,
 * at the first question. $QUILL_RESOLV names another file, except in a program
 * that was started with more privilege than its caller.
 */
#ifndef LIB_DNSQ_H
#define LIB_DNSQ_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "lib/dnspkt.h"

enum {
	DNSQ_PARALLEL = 32, /* questions on the way at once */
	DNSQ_CHASE = 4,	    /* aliases the server did not follow itself */
};

enum dnsq_result {
	DNSQ_OK,       /* at least one record: dnsq_next */
	DNSQ_NXDOMAIN, /* no such name */
	DNSQ_NODATA,   /* the name has no record of that type */
	DNSQ_TEMP,     /* nobody could or would say: why tells */
};

struct dnsq {
	/* set by the caller, see dnsq_init */
	const char *name;
	uint16_t type;
	/* the outcome */
	enum dnsq_result result;
	const char *why; /* DNSQ_TEMP: constant text, else "" */
	bool ad;	 /* authentic, says a server that is trusted with
	                  * "options trust-ad" */
	struct dnspkt pkt;
	/* dnsq's own */
	uint8_t *buf; /* the answer */
	int fd;
	int state;
	size_t first; /* server of the first try */
	unsigned tries, chased, flags;
	int64_t until;
	struct dnsname asked;
	uint8_t query[2 + DNSPKT_QUERY_MAX]; /* with TCP's length before it */
	size_t qlen, at, want;
};

/* name is kept, not copied. */
void dnsq_init(struct dnsq *q, const char *name, uint16_t type);
/* Ask n questions, in parallel, until the stamp_mono() deadline (not 0). Every
 * one has its result then. */
void dnsq_ask(struct dnsq *q, size_t n, int64_t deadline);
/* Next record of a DNSQ_OK answer; rr points into q until dnsq_free. */
bool dnsq_next(struct dnsq *q, struct dnspkt_rr *rr);
void dnsq_free(struct dnsq *q, size_t n);

#endif
