/* SPDX-License-Identifier: 0BSD */
/* bydomain - control files that give a value to domains
 *
 * Lines domain:value, .suffix:value (every name below suffix), :value (all
 * others). The domain itself counts first, then the longest suffix.
 */
#ifndef WIRE_BYDOMAIN_H
#define WIRE_BYDOMAIN_H

#include <stdbool.h>
#include <stdint.h>

#include "lib/control.h"
#include "lib/map.h"

struct bydomain {
	struct map map;
	uint64_t shortest; /* bydomain_lifetime */
};

void bydomain_free(struct bydomain *b);
/* The line of the file that rules for a domain in lower case; 0 none. */
size_t bydomain_line(const struct bydomain *b, const char *domain);
/* The files there are:
 * queuelifetime: seconds */
enum control bydomain_lifetime(struct bydomain *b);
/* s; without a line for it 604800. */
uint64_t bydomain_seconds(const struct bydomain *b, const char *domain);
/* The shortest of all. */
uint64_t bydomain_shortest(const struct bydomain *b);
/* concurrencydomain: deliveries[:N/s, N/m or N/h] */
enum control bydomain_concurrency(struct bydomain *b);
/* Has a line that names it, or a suffix of it? */
bool bydomain_names(const struct bydomain *b, const char *domain);
/* false: no line. *most 0: it has none; *every: us from one delivery to the
 * next, 0 without a rate. */
bool bydomain_limits(const struct bydomain *b, const char *domain,
	uint32_t *most, uint32_t *every);

#endif
