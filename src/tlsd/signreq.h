/* SPDX-License-Identifier: 0BSD */
/* signreq - what a process of a connection asks the signer, and is told
 *
 * Question: the number of the name NUL, the RSA padding (0: none of ours, an
 * ECDSA key) NUL, then the bytes to sign; attached, the socket for the answer:
 * "=" and the signature, or "!".
 */
#ifndef TLSD_SIGNREQ_H
#define TLSD_SIGNREQ_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "lib/num.h"

enum {
	SIGNREQ_INDEX = 2000, /* largest number of a name */
	SIGNREQ_DATA = 1100,  /* bytes to sign, and of a signature: RSA 8192 */
	SIGNREQ_MAX = 2 * NUM_FMT + SIGNREQ_DATA,
};

struct signreq {
	size_t index;
	int padding;
	const uint8_t *data;
	size_t n;
};

/* Pure: the record, in SIGNREQ_MAX bytes. Its length; 0: it does not fit. */
size_t signreq_encode(char p[SIGNREQ_MAX], const struct signreq *q);
/* false: refused. q points into p. */
bool signreq_decode(struct signreq *q, const char *p, size_t n);

#endif
