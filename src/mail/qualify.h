/* SPDX-License-Identifier: 0BSD */
/* qualify - complete the host names of addresses
 *
 * An address without host gets the default host. Then a host that ends in +
 * gets the plus domain in place of the +, and one without a dot gets the
 * default domain. Dots at the end are taken away. Left alone are domain
 * literals, the null address and "[]" (the mark of a VERP sender).
 */
#ifndef MAIL_QUALIFY_H
#define MAIL_QUALIFY_H

#include "mail/addrlist.h"

enum qualify_host {
	QUALIFY_DEFAULTHOST,
	QUALIFY_DEFAULTDOMAIN,
	QUALIFY_PLUSDOMAIN,
	QUALIFY_IDHOST, /* right side of Message-IDs */
};

struct qualify {
	/* Asked only for what is needed; never gives NULL or "". */
	const char *(*host)(void *arg, enum qualify_host which);
	void *arg;
};

/* Complete a->domain; sets a->changed when it did. */
void qualify_addr(const struct qualify *q, struct addrlist_addr *a);
/* Make an address of a user and a host (NULL: none) and complete it. Control
 * characters become "_". The caller frees both parts. */
void qualify_user(const struct qualify *q, struct addrlist_addr *a,
	const char *user, const char *host);

#endif
