/* SPDX-License-Identifier: 0BSD */
/* route - is a recipient of this machine or of another?
 *
 * The rules of control/locals, virtualdomains, percenthack and envnoathost. A
 * host that is not ASCII has its ASCII form (mail/idna.h) from here on, and the
 * lists have no other.
 * Where the lists are, and of what kind, is the caller's.
 */
#ifndef MAIL_ROUTE_H
#define MAIL_ROUTE_H

#include <stdbool.h>
#include <stddef.h>

#include "lib/str.h"

enum route_list {
	ROUTE_LOCALS,	      /* host names */
	ROUTE_VIRTUALDOMAINS, /* user@dom, dom, .dom or "": prepend */
	ROUTE_PERCENTHACK,    /* host names */
	ROUTE_LISTS,
};

/* Is the key, which is in lower case, in that list? Then val, when not NULL,
 * is replaced by its value. A list that cannot be read is the caller's to deal
 * with: there is no third answer. */
typedef bool route_find_fn(void *arg, enum route_list list, const char *key,
	size_t n, struct str *val);

struct route {
	route_find_fn *find;
	void *arg;
	struct str envnoathost;
};

enum route_kind { ROUTE_LOCAL, ROUTE_REMOTE };

/* Where addr goes. out is replaced by the address to use from here on: host
 * completed, percents resolved, for a virtual domain "prepend-" put before
 * the local part. */
enum route_kind route_address(
	const struct route *r, const char *addr, struct str *out);
/* What follows the last @ of an address; "" without. */
const char *route_host(const char *addr);

#endif
