/* SPDX-License-Identifier: 0BSD */
/* idset - a set of message ids with a ceiling, 8 bytes each
 *
 * They are kept as hashes of 64 bits: of a million ids two are taken for one
 * with a chance of 1 to 37 million.
 */
#ifndef QUILLCTL_IDSET_H
#define QUILLCTL_IDSET_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { IDSET_MAX = 3 << 19 }; /* ids; 16 MiB */

struct idset {
	uint64_t *slot; /* 0: free */
	size_t nslots;	/* power of two or 0 */
	size_t n;
	uint64_t seed[2];
};

void idset_init(struct idset *s);
void idset_free(struct idset *s);
/* IDSET_FULL: it is not there, and there is no room for it. */
enum idset_added { IDSET_NEW, IDSET_KNOWN, IDSET_FULL };
enum idset_added idset_add(struct idset *s, const char *id);
/* false: it was not there. */
bool idset_remove(struct idset *s, const char *id);

#endif
