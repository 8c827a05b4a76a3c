/* SPDX-License-Identifier: 0BSD */
/* proxy - a private key that is not here: the library asks the signer */
#ifndef TLSD_PROXY_H
#define TLSD_PROXY_H

#include <openssl/evp.h>
#include <stddef.h>

/* Where the keys made by proxy_key ask; once, before the first of them. */
void proxy_init(int sock);
/* The key number index of the signer, whose public half this is: RSA or EC.
 * NULL: another kind, or no memory. */
EVP_PKEY *proxy_key(EVP_PKEY *public, size_t index);

/* This process asks no more. */
void proxy_done(void);

#endif
