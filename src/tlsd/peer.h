/* SPDX-License-Identifier: 0BSD */
/* peer - who is at the other end: what a client demands, what is known */
#ifndef TLSD_PEER_H
#define TLSD_PEER_H

#include <openssl/ssl.h>
#include <stdbool.h>

#include "tlsd/certs.h"
#include "wire/tls.h"

/* Set a client's connection up for what is asked. false: it cannot be done,
 * with outcome and error. */
bool peer_demand(SSL *ssl, const struct certs *c, const struct tls_ask *a,
	struct tls_state *s);
/* After a handshake: fill the state in. Outcome TLS_DONE, or TLS_UNTRUSTED. */
void peer_describe(SSL *ssl, const struct tls_ask *a, struct tls_state *s);
/* After a failed one; what: SSL_get_error's. Outcome and error. */
void peer_failed(SSL *ssl, int what, struct tls_state *s);

#endif
