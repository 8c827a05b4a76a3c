/* SPDX-License-Identifier: 0BSD */
/* checkdns - what the parts of quillctl check dns share: questions, and what
 * this host is */
#ifndef QUILLCTL_CHECKDNS_H
#define QUILLCTL_CHECKDNS_H

#include <stdbool.h>
#include <stddef.h>

#include "lib/dnsq.h"
#include "quillctl/dnsrec.h"

/* This host; ip: its public addresses, or those that its name has. */
extern struct dnsrec_site dns_site;

/* Ask. DNSQ_TEMP was said as a finding; the caller frees q. */
enum dnsq_result dns_ask(struct dnsq *q, const char *name, uint16_t type);
/* Its addresses of type A or AAAA into ip; how many. alias, unless NULL: set
 * when it is one. */
size_t dns_addresses(const char *name, uint16_t type, struct ipaddr *ip,
	size_t max, bool *alias);
/* Has the name that address (A or AAAA)? false, too, when that is not known. */
bool dns_has(const char *name, const struct ipaddr *a);
enum { DNS_UNKNOWN = -1 };
/* How many TXT records of the name begin with start (in any case); the first
 * of them replaces record. DNS_UNKNOWN: cannot be told now, which was said. */
int dns_txt(const char *name, const char *start, struct str *record);

/* The addresses of this host's names. false: there is no use in going on. */
bool dns_host(void);
bool dns_ours(const struct ipaddr *a);
/* The names of an address of ours. */
void dns_ptr(const struct ipaddr *a);
/* The record of the domain lets this host send from it. hint: what it could
 * be. */
void dns_spf(const char *domain, const char *hint);
void dns_dmarc(const char *domain, const char *hint);
void dns_tlsrpt(const char *name, const char *hint);
void dns_dkim(const char *domain);
void dns_mtasts(const char *domain);
void dns_tlsa(void);

#endif
