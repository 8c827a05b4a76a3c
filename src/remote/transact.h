/* SPDX-License-Identifier: 0BSD */
/* transact - one mail transaction on an open connection */
#ifndef REMOTE_TRANSACT_H
#define REMOTE_TRANSACT_H

#include <stddef.h>

#include "remote/data.h"
#include "remote/result.h"
#include "remote/smtp.h"

/* What a job asks for; the strings are the caller's. */
struct letter {
	const char *host; /* lower case */
	const char *sender;
	const char *const *rcpt;
	size_t nrcpt;
	const char *params;	       /* of the sender (wire/job.h), NULL */
	const char *const *rcptparams; /* of each recipient; NULL: of none */
	struct data_source *data;
};

enum transact {
	TRANSACT_STANDS, /* *r is the outcome */
	TRANSACT_NEXT,	 /* MAIL was not accepted, nothing is decided: another
	                  * server may be asked; r->message says why */
};

/* The connection may be closed afterwards (s->fd). */
enum transact transact(
	struct smtp *s, const struct letter *l, struct result *r);

#endif
