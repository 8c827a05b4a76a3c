/* SPDX-License-Identifier: 0BSD */
/* routes - the control files that say what is of this machine: locals,
 * virtualdomains, percenthack, envnoathost
 *
 * mail/route.h has the rules; here is what they are applied to, the same for
 * everybody who asks.
 */
#ifndef WIRE_ROUTES_H
#define WIRE_ROUTES_H

#include <stdbool.h>
#include <stddef.h>

#include "lib/str.h"
#include "lib/table.h"

/* In the order of enum route_list in mail/route.h. */
enum { ROUTES_LOCALS, ROUTES_VIRTUALDOMAINS, ROUTES_PERCENTHACK, ROUTES };

struct routes {
	struct table list[ROUTES];
	struct str envnoathost;
};

/* Read them below control_init's directory into *r, which is overwritten. 0;
 * -1 when one is bad: control_error() tells, and there is nothing to give
 * back. */
int routes_read(struct routes *r);
void routes_free(struct routes *r);
/* Is the key in that list? A compiled list that cannot be read any more is
 * replaced by its text; when that cannot be read either the program ends. */
bool routes_find(
	struct routes *r, int list, const char *key, size_t n, struct str *val);

#endif
