/* SPDX-License-Identifier: 0BSD */
/* cdb - read constant databases (D. J. Bernstein's format, up to 4 GiB) */
#ifndef LIB_CDB_H
#define LIB_CDB_H

#include <stddef.h>
#include <stdint.h>

#include "lib/str.h"

struct cdb {
	int fd;
	uint32_t size; /* of the file when opened */
};

/* 0; -1 errno (EBADMSG: not a cdb). The caller owns fd. Reads by pread only, so
 * that a file cut short under us is an error and not a signal. */
int cdb_init(struct cdb *c, int fd);
/* 1 found: data of the first record with that key replaces val; 0 not there;
 * -1 errno (EBADMSG: damaged, EFBIG: data larger than val's ceiling). */
int cdb_get(const struct cdb *c, const void *key, size_t klen, struct str *val);

#endif
