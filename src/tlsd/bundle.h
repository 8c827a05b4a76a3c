/* SPDX-License-Identifier: 0BSD */
/* bundle - the bytes of control/tls: read by root, understood by others
 *
 * One directory for each name below control/tls: a host name, or "default".
 *	cert.pem	its certificate, then those between it and the root
 *	key.pem		the key of it; nobody but its owner may read it
 *	clients.pem	CAs whose clients are asked for a certificate
 *	ca.pem		CAs that servers are verified by: see tls_ask's ca
 */
#ifndef TLSD_BUNDLE_H
#define TLSD_BUNDLE_H

#include <stdbool.h>
#include <stddef.h>

#include "lib/str.h"

enum {
	BUNDLE_NAMES = 2000,
	BUNDLE_FILE_MAX = 2 << 20, /* bytes in one file */
	BUNDLE_MAX = 128 << 20,	   /* in all of them */
};

struct bundle_name {
	char *name;
	/* NULL: there is no such file. NUL-terminated for nobody. */
	struct str *cert, *key, *clients, *ca;
	bool systems; /* ca is */
};

struct bundle {
	struct bundle_name *name; /* sorted by name */
	size_t count;
	size_t bytes;
	bool server; /* there is a certificate */
};

/* Read all of dir; the system's CAs become those of "default" when there are
 * none. A missing directory is an empty one. false: why has one line. */
bool bundle_read(struct bundle *b, const char *dir, struct str *why);
/* Forget the keys, in memory too. */
void bundle_wipe(struct bundle *b);
void bundle_free(struct bundle *b);

#endif
