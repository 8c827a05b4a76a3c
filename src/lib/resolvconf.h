/* SPDX-License-Identifier: 0BSD */
/* resolvconf - read the text of a resolv.conf(5) */
#ifndef LIB_RESOLVCONF_H
#define LIB_RESOLVCONF_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "lib/ipaddr.h"

enum {
	RESOLVCONF_SERVERS = 3,
	RESOLVCONF_TIMEOUT_MAX = 30, /* s */
	RESOLVCONF_ATTEMPTS_MAX = 5,
};

struct resolvconf {
	struct resolvconf_server {
		struct ipaddr ip;
		uint16_t port;
	} server[RESOLVCONF_SERVERS];
	size_t nserver;
	unsigned timeout;  /* s, one try; default 5 */
	unsigned attempts; /* rounds over all servers; default 2 */
	bool trust_ad;
};

/* Fills *r; what it does not know (search, domain, other options) is skipped,
 * as is a server that is no address. Without any server: 127.0.0.1. With
 * ports, "nameserver [address]:port" is understood too. */
void resolvconf_parse(
	struct resolvconf *r, const char *p, size_t n, bool ports);

#endif
