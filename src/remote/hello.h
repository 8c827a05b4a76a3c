/* SPDX-License-Identifier: 0BSD */
/* hello - all that comes before the first MAIL: connection, greeting, EHLO,
 * STARTTLS, AUTH */
#ifndef REMOTE_HELLO_H
#define REMOTE_HELLO_H

#include <stdbool.h>

#include "remote/sasl.h"
#include "remote/secure.h"
#include "remote/smtp.h"
#include "wire/dead.h"

/* How to present ourselves. */
struct hello {
	const char *name; /* in EHLO */
	struct ipaddr from;
	const struct sasl *auth; /* NULL: no AUTH */
	struct secure_plan tls;
};

struct hello_trouble {
	enum dead_reason dead; /* the address did not answer; 0 it did */
	bool no_tls;	       /* it is TLS that failed */
};

/* true: ready for MAIL. false: *why is a deferral, the connection is closed,
 * and *trouble says more. */
bool hello(struct smtp *s, const struct target *t, const struct hello *h,
	struct hello_trouble *trouble, struct verdict *why);

#endif
