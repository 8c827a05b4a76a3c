/* SPDX-License-Identifier: 0BSD */
/* signer - the process that has the keys, and how it is asked
 *
 * It never sees a byte of a connection but the digests that are to be signed.
 * Question: the number of the name NUL, the RSA padding (0: none of ours, an
 * ECDSA key) NUL, then the bytes; attached, the socket for the answer: "=" and
 * the signature, or "!". Whoever can ask can have anything signed:
 * that is what a process of quill-tlsd is for; the key it never gets.
 */
#ifndef TLSD_SIGNER_H
#define TLSD_SIGNER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "tlsd/bundle.h"

enum {
	SIGNER_DATA = 1100, /* bytes to sign, and of a signature: RSA 8192 */
	SIGNER_RECORD = SIGNER_DATA + 32,
	SIGNER_WAIT_S = 20,
};

struct signer_ask {
	size_t index;
	int padding;
	const uint8_t *data;
	size_t n;
};

/* Pure: the record of a question. Length, 0 when it does not fit. */
size_t signer_encode(char *p, size_t size, const struct signer_ask *a);
/* false: refused. a points into p. */
bool signer_decode(struct signer_ask *a, const char *p, size_t n);

/* Be the signer, as the user it runs as now, until nobody is left who could
 * ask. Does not return. */
_Noreturn void signer_run(int sock, const struct bundle *b);
/* Ask. Length of the signature in out (SIGNER_DATA bytes), 0 when there is
 * none. */
size_t signer_sign(int sock, const struct signer_ask *a, uint8_t *out);

#endif
