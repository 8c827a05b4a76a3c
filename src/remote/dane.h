/* SPDX-License-Identifier: 0BSD */
/* dane - TLSA records of a host (RFC 7672), if the DNS can be believed */
#ifndef REMOTE_DANE_H
#define REMOTE_DANE_H

#include <stdbool.h>
#include <stdint.h>

#include "lib/dnsq.h"
#include "wire/tls.h"

enum dane_result {
	DANE_NONE,     /* no records, or none that are authentic */
	DANE_UNUSABLE, /* authentic ones that SMTP cannot use: TLS is a must,
	                * but nobody can be verified (RFC 7672 2.2) */
	DANE_USABLE,
	DANE_TEMP, /* it could not be found out: this host must not be used */
};

struct dane {
	enum dane_result result;
	const char *why;	 /* DANE_TEMP */
	char base[DNSNAME_TEXT]; /* the name the records are at, without
	                             * _port._tcp. */
	struct tls_tlsa tlsa[TLS_TLSA_MAX];
	size_t n;
	struct dnsq q; /* owns the data of tlsa */
	bool asked;
};

/* One record's data: false when SMTP has no use for it (RFC 7672 3.1). */
bool dane_usable(const uint8_t *rdata, size_t n, struct tls_tlsa *t);
/* Ask for host, or for alias, where its address was found, "" when that is the
 * same. Both names must be authentic. */
void dane_ask(struct dane *d, const char *host, const char *alias,
	uint16_t port, int64_t deadline);
void dane_free(struct dane *d);

#endif
