/* SPDX-License-Identifier: 0BSD */
/* route - is a recipient of this machine or of another?
 *
 * The rules of control/locals, virtualdomains, percenthack and envnoathost.
 * The caller fills the maps (keys in lower case) and owns them.
 */
#ifndef MAIL_ROUTE_H
#define MAIL_ROUTE_H

#include "lib/map.h"
#include "lib/str.h"

struct route {
	struct map locals;	   /* host names; values empty */
	struct map virtualdomains; /* user@dom, dom, .dom or "": prepend */
	struct map percenthack;	   /* host names */
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
