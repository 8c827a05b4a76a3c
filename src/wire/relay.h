/* SPDX-License-Identifier: 0BSD */
/* relay - the entries of control/smtproutes
 *
 * domain:WHERE, .suffix:WHERE, :WHERE. WHERE is one relay or several, divided
 * by blanks and tried in that order; each is a host name, an IPv4 address,
 * [address] or [IPv6:address], with or without :port. Nothing, or a port
 * alone, means the mail exchangers of the domain. lmtp:/path is a Unix socket
 * that speaks LMTP, lmtp:host[:port] the same by TCP. Port 465 speaks TLS from
 * the start (RFC 8314).
 */
#ifndef WIRE_RELAY_H
#define WIRE_RELAY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "lib/dnspkt.h"
#include "lib/ipaddr.h"
#include "lib/table.h"

enum {
	RELAY_PORT = 25,
	RELAY_PORT_LMTP = 24,
	RELAY_PORT_TLS = 465,
	RELAY_MAX = 8,	  /* relays of one entry */
	RELAY_PATH = 108, /* of a Unix socket, with NUL */
};

struct relay {
	char host[DNSNAME_TEXT]; /* "" with an address or path, or for MX */
	struct ipaddr ip;	 /* family 0: none */
	uint16_t port;
	bool lmtp;
	bool tls; /* from the first byte */
	char path[RELAY_PATH];
};

struct relays {
	struct relay r[RELAY_MAX];
	size_t n; /* at least 1 */
};

/* How lib/table.h reads the file; its check of a line. */
extern const struct table_kind relay_kind;
const char *relay_check(const char *key, size_t n);

/* One relay, n bytes. NULL, or the reason why it is bad. */
const char *relay_parse(const char *s, size_t n, struct relay *r);
/* All of WHERE. */
const char *relay_list(const char *s, struct relays *l);
/* Is it "the mail exchangers"? */
bool relay_is_mx(const struct relay *r);
/* WHERE for domain, as relay_find finds it; "" none. */
int relay_where(const struct table *routes, const char *domain, struct str *w);
/* The key of that entry: domain, a suffix of it, or "" for the default. NULL:
 * there is none. */
const char *relay_key(const struct table *routes, const char *domain);
/* The entry that rules for domain (lower case): the domain itself, then the
 * longest .suffix, then the default. 1; 0 none, *l says MX, port 25; -1 errno:
 * the compiled file cannot be read. */
int relay_find(
	const struct table *routes, const char *domain, struct relays *l);

#endif
