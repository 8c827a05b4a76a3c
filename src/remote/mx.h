/* SPDX-License-Identifier: 0BSD */
/* mx - which mail exchangers to use, in which order (RFC 5321 5.1, RFC 7505)
 */
#ifndef REMOTE_MX_H
#define REMOTE_MX_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "lib/dnspkt.h"

enum { MX_MAX = 64 }; /* exchangers looked at; the best are kept */

struct mx {
	uint16_t pref;
	char host[DNSNAME_TEXT];
};

struct mxlist {
	struct mx mx[MX_MAX];
	size_t n;
	bool null; /* a null MX: "takes no mail" */
	bool cut;  /* this host was in the list: it ends before it */
};

void mx_init(struct mxlist *l);
/* Add a record. A name that is no host name is left out; when the list is full
 * the worst goes. */
void mx_add(struct mxlist *l, uint16_t pref, const char *host);
/* Sort by preference, put equals in random order (below: see rand_below), drop
 * names that come twice, and end the list before the preference of a host for
 * which self is true. */
void mx_arrange(struct mxlist *l, uint32_t (*below)(uint32_t n),
	bool (*self)(const char *host));
/* End the list before the preference of entry i. */
void mx_cut(struct mxlist *l, size_t i);
/* One past the last entry with the preference of entry i. */
size_t mx_level(const struct mxlist *l, size_t i);

#endif
