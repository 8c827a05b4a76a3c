/* SPDX-License-Identifier: 0BSD */
/* netstring - "5:hello," (D. J. Bernstein, 1997) */
#ifndef LIB_NETSTRING_H
#define LIB_NETSTRING_H

#include <stddef.h>
#include <stdint.h>

#include "lib/ibuf.h"

enum { NETSTRING_HEAD = 24 }; /* room for a length, its colon and a NUL */

/* "5:" and a NUL to head; returns the number of bytes before the NUL. */
size_t netstring_head(char head[NETSTRING_HEAD], uint64_t len);
/* Bytes that len bytes are as a netstring. */
uint64_t netstring_size(uint64_t len);

enum netstring {
	NETSTRING_OK,
	NETSTRING_LOST, /* end of file, or an error: i->err */
	NETSTRING_BAD,	/* not a netstring, or more than max bytes */
};
/* Read the length and its colon: no sign, no leading zero, at most max. used
 * (may be NULL) is increased by the bytes read. */
enum netstring netstring_start(
	struct ibuf *i, uint64_t max, uint64_t *len, uint64_t *used);
/* Read the comma at the end. */
enum netstring netstring_end(struct ibuf *i, uint64_t *used);

#endif
