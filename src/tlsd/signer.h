/* SPDX-License-Identifier: 0BSD */
/* signer - the process that has the keys, and how it is asked
 *
 * It never sees a byte of a connection but the digests that are to be signed.
 * Whoever can ask can have anything signed: that is what a process of
 * quill-tlsd is for; the key it never gets. Records: tlsd/signreq.h.
 */
#ifndef TLSD_SIGNER_H
#define TLSD_SIGNER_H

#include <stddef.h>
#include <stdint.h>

#include "tlsd/bundle.h"
#include "tlsd/signreq.h"

enum { SIGNER_WAIT_S = 20 };

/* Be the signer, as the user it runs as now, until nobody is left who could
 * ask. Does not return. */
_Noreturn void signer_run(int sock, const struct bundle *b);
/* Ask. Length of the signature in out (SIGNREQ_DATA bytes), 0 when there is
 * none. */
size_t signer_sign(int sock, const struct signreq *q, uint8_t *out);

#endif
