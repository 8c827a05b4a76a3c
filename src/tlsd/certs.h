/* SPDX-License-Identifier: 0BSD */
/* certs - what the process that starts the others makes of a bundle, once,
 * and all of them share: certificates, CAs, and a context for each role */
#ifndef TLSD_CERTS_H
#define TLSD_CERTS_H

#include <openssl/ssl.h>
#include <stdbool.h>

#include "lib/str.h"
#include "tlsd/bundle.h"

struct certs {
	SSL_CTX *server; /* finds certificates by the name that is asked for */
	SSL_CTX *client;
	const struct certs_name *name; /* bundle's order */
	size_t count;
	bool serving; /* there is a certificate */
};

/* Understand the bundle; keys are those of the signer behind proxy_init, and
 * each is tried out. false: why has one line. */
bool certs_load(struct certs *c, const struct bundle *b, struct str *why);
/* Warn in the log of certificates out of date. */
void certs_warn(const struct certs *c);
/* Append a line for each certificate: quill-tlsd(8), -n. host: the name that
 * the default one should have. */
void certs_tell(const struct certs *c, const char *host, struct str *out);
/* CAs of that name (control/tls/NAME/ca.pem); NULL: none. */
X509_STORE *certs_ca(const struct certs *c, const char *name);
/* New keys for the session tickets that servers give, from time to time. */
void certs_new_tickets(struct certs *c);

#endif
