/* SPDX-License-Identifier: 0BSD */
/* relay - the entries of control/smtproutes
 *
 * domain:relay[:port], .suffix:relay, :relay. relay is a host name, an IPv4
 * address, [address] or [IPv6:address]; empty, with or without a port: the
 * mail exchangers of the domain.
 */
#ifndef REMOTE_RELAY_H
#define REMOTE_RELAY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "lib/dnspkt.h"
#include "lib/ipaddr.h"
#include "lib/map.h"

enum { RELAY_PORT = 25 };

struct relay {
	char host[DNSPKT_TEXT_MAX]; /* "" with an address, or for MX */
	struct ipaddr ip;	    /* family 0: none */
	uint16_t port;
};

/* The part after the domain. NULL, or the reason why it is bad. */
const char *relay_parse(const char *s, struct relay *r);
/* Put an entry (changed in place) into map: NULL, or why it is bad. */
const char *relay_add(struct map *routes, char *entry, size_t n);
/* The entry that rules for domain (lower case): the domain itself, then the
 * longest .suffix, then the default. false: none, *r says MX, port 25. */
bool relay_find(const struct map *routes, const char *domain, struct relay *r);

#endif
