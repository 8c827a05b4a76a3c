/* SPDX-License-Identifier: 0BSD */
/* tlspolicy - the entries of control/tlspolicy
 *
 * LEVEL [OPTION...], the default, or KEY LEVEL [OPTION...]; KEY is a
 * destination, .suffix, or a relay of smtproutes. Options: match=NAME,... are
 * the names one of which the certificate must have (".example.org": any below
 * it) and ca=NAME the CAs of control/tls/NAME (wire/tls.h), both for verify.
 */
#ifndef REMOTE_TLSPOLICY_H
#define REMOTE_TLSPOLICY_H

#include <stdbool.h>
#include <stddef.h>

#include "remote/bykey.h"

enum tls_level {
	LEVEL_NONE,
	LEVEL_MAY,     /* if it is offered, whoever it is; else plain */
	LEVEL_ENCRYPT, /* whoever it is, but never plain */
	LEVEL_VERIFY,  /* a CA vouches for the name */
	LEVEL_DANE,    /* fits the TLSA records; without any that are secure, as
	             * LEVEL_MAY */
	LEVEL_DANE_ONLY, /* fits them, and they must be there */
};

enum { TLSPOLICY_TEXT = 256, TLSPOLICY_MATCH = 12 };

struct tlspolicy {
	enum tls_level level;
	char match[TLSPOLICY_TEXT]; /* names with NULs between them */
	size_t nmatch;
	char ca[64]; /* "" the usual ones */
	size_t line; /* of the entry, 0 none */
	bool given;  /* there was an entry of its own, or a default */
};

/* Put a line, changed in place, into b: NULL, or why it is bad. */
const char *tlspolicy_add(struct bykey *b, char *line);
/* The entry of relay (NULL: none), else of dest, else the default, else
 * LEVEL_MAY. special: an entry for this relay or destination was there. */
void tlspolicy_find(const struct bykey *b, const char *relay, const char *dest,
	struct tlspolicy *p, bool *special);
/* "encrypt" and so on. */
const char *tlspolicy_level(const struct tlspolicy *p);
/* Name number i of match. */
const char *tlspolicy_match(const struct tlspolicy *p, size_t i);

#endif
