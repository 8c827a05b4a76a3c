/* SPDX-License-Identifier: 0BSD */
/* addrlist - address lists of header fields (RFC 5322 3.4, 4.4)
 *
 * Takes what people and programs really write: groups, nested comments, quoted
 * strings, source routes, domain literals, blanks around dots and @, dots at
 * odd places, 8-bit bytes, encoded-words (RFC 2047) with commas in them, a bare
 * @ in a display name, addresses without host, and addresses without a comma
 * between them. Copies everything but the addresses that the caller changes.
 */
#ifndef MAIL_ADDRLIST_H
#define MAIL_ADDRLIST_H

#include <stdbool.h>
#include <stddef.h>

#include "lib/str.h"

enum {
	ADDRLIST_ADDR_MAX = 1000, /* bytes in local part, @ and domain */
	ADDRLIST_NEST_MAX = 100,  /* comments inside comments */
};

enum addrlist {
	ADDRLIST_OK,
	ADDRLIST_COMMENT, /* ( without ), or ) without ( */
	ADDRLIST_NEST,	  /* comments nested too deep */
	ADDRLIST_QUOTE,	  /* " without " */
	ADDRLIST_LITERAL, /* [ without ], or ] without [ */
	ADDRLIST_ANGLE,	  /* < without >, or > without < */
	ADDRLIST_GROUP,	  /* ; outside a group, or a group inside a group */
	ADDRLIST_ROUTE,	  /* malformed source route */
	ADDRLIST_LOCAL,	  /* no local part */
	ADDRLIST_DOMAIN,  /* malformed domain */
	ADDRLIST_WORDS,	  /* blank inside <an address> */
	ADDRLIST_JUNK,	  /* no comma after > */
	ADDRLIST_CONTROL, /* control character in an address */
	ADDRLIST_LONG,	  /* address over ADDRLIST_ADDR_MAX */
};

struct addrlist_addr {
	struct str local;  /* without quotes */
	struct str domain; /* without comments and blanks; a literal has its
			    * brackets; empty when there was none */
	bool changed;	   /* write this address anew; set before the call when
			    * something (a route) was taken away */
};

/* Called for each address in order. It may change domain, and then sets
 * changed. Both parts are empty for <>. The address is gone afterwards. */
typedef void addrlist_fn(void *arg, struct addrlist_addr *a);

/* Walk over the n bytes of a field's value. out, when not NULL, gets the value
 * appended with changed addresses in place of old ones (comments from inside
 * such an address come after it) and missing commas filled in; out is cut back
 * to where it was unless ADDRLIST_OK. After an error some addresses may have
 * been seen already. */
enum addrlist addrlist_walk(
	const char *p, size_t n, struct str *out, addrlist_fn *fn, void *arg);
/* What is wrong, in words: "( without )". */
const char *addrlist_error(enum addrlist e);
/* Append local@domain in quill's form (mail/addr.h), without quoting. */
void addrlist_join(struct str *out, const struct addrlist_addr *a);
/* Append local@domain as it must stand in a header. */
void addrlist_put(struct str *out, const struct addrlist_addr *a);

#endif
