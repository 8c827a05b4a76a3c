/* SPDX-License-Identifier: 0BSD */
/* map - from byte strings to byte strings, in memory, constant time
 *
 * Keys are hashed with a random seed, so hostile keys cannot make it slow.
 * Case matters; lower-case first where it should not.
 */
#ifndef LIB_MAP_H
#define LIB_MAP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct map_slot;
struct map {
	struct map_slot *slots;
	size_t nslots; /* power of two or 0 */
	size_t count;
	uint64_t seed[2];
};

void map_init(struct map *m);
void map_free(struct map *m);
/* Set key to value (both copied); replaces an older value. */
void map_put(struct map *m, const void *key, size_t klen, const void *val,
	size_t vlen);
/* Nothing happens when it is not there. */
void map_remove(struct map *m, const void *key, size_t klen);
/* The value, NUL-terminated beyond its length, or NULL; vlen may be NULL.
 * Valid until the map changes. */
const char *map_get(
	const struct map *m, const void *key, size_t klen, size_t *vlen);
/* SipHash-2-4 of n bytes, for other tables with hostile keys. */
uint64_t map_hash(const uint64_t seed[2], const void *p, size_t n);

#endif
