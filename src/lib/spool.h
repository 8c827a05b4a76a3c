/* SPDX-License-Identifier: 0BSD */
/* spool - a file without a name in /tmp, for what must be read twice */
#ifndef LIB_SPOOL_H
#define LIB_SPOOL_H

#include <stdint.h>

/* A new, empty one, mode 0600, close-on-exec; -1 errno. */
int spool_open(void);
enum spool {
	SPOOL_OK,
	SPOOL_READ,  /* from could not be read: errno */
	SPOOL_WRITE, /* to could not be written: errno */
};
/* Copy all of from, adding the number of bytes to *size. */
enum spool spool_copy(int to, int from, uint64_t *size);

#endif
