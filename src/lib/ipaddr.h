/* SPDX-License-Identifier: 0BSD */
/* ipaddr - IPv4 and IPv6 addresses as values */
#ifndef LIB_IPADDR_H
#define LIB_IPADDR_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/socket.h>

struct ipaddr {
	int family;	/* AF_INET, AF_INET6; 0 unset */
	uint8_t b[16];	/* network order; 4 or 16 used */
	uint32_t scope; /* IPv6 link-local interface index, else 0 */
};

enum { IPADDR_FMT = 64 };

/* Textual address (RFC 4291; dotted quad with exactly four decimals, no
 * leading zeros), n bytes. ::ffff:a.b.c.d becomes AF_INET. */
bool ipaddr_parse(const char *p, size_t n, struct ipaddr *a);
/* RFC 5952 text and a NUL; returns the length. */
size_t ipaddr_fmt(char buf[IPADDR_FMT], const struct ipaddr *a);
/* SMTP address literal (RFC 5321 4.1.3): "[192.0.2.1]" or "[IPv6:...]". */
bool ipaddr_parse_literal(const char *p, size_t n, struct ipaddr *a);
bool ipaddr_equal(const struct ipaddr *a, const struct ipaddr *b);
bool ipaddr_isloopback(const struct ipaddr *a);
/* Fill a sockaddr; returns its length. */
socklen_t ipaddr_tosock(
	const struct ipaddr *a, uint16_t port, struct sockaddr_storage *ss);
bool ipaddr_fromsock(
	const struct sockaddr_storage *ss, struct ipaddr *a, uint16_t *port);

#endif
