/* SPDX-License-Identifier: 0BSD */
/* cdbmake - write a constant database */
#ifndef LIB_CDBMAKE_H
#define LIB_CDBMAKE_H

#include <stddef.h>
#include <stdint.h>

#include "lib/obuf.h"

struct cdbmake_entry {
	uint32_t hash, pos;
};

struct cdbmake {
	struct obuf out;
	struct cdbmake_entry *entries;
	size_t count, cap;
	uint64_t pos;
};

/* Start writing at offset 0 of fd; buf of cap bytes is the caller's. */
int cdbmake_start(struct cdbmake *c, int fd, char *buf, size_t cap);
int cdbmake_add(struct cdbmake *c, const void *key, size_t klen,
	const void *val, size_t vlen);
/* Write the tables and the header; the caller syncs and renames. All return 0,
 * or -1 errno (EFBIG over 4 GiB). Memory is freed. */
int cdbmake_finish(struct cdbmake *c);
uint32_t cdb_hash(const void *key, size_t n);

#endif
