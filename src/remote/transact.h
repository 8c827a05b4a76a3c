/* SPDX-License-Identifier: 0BSD */
/* transact - deliver a letter on an open connection
 *
 * One mail transaction, or several when the server does not take all
 * recipients in one (LIMITS RCPTMAX, 452).
 */
#ifndef REMOTE_TRANSACT_H
#define REMOTE_TRANSACT_H

#include "remote/letter.h"
#include "remote/result.h"
#include "remote/smtp.h"

enum transact {
	TRANSACT_STANDS, /* *r is the outcome */
	TRANSACT_NEXT,	 /* MAIL was not accepted: nothing is decided, but for
	                  * recipients whose verdict is final, and another
	                  * server may be asked; r->message says why */
	TRANSACT_MORE,	 /* at least one recipient more is done; for the others
	                  * this server wants a new connection */
};

/* Recipients that have a verdict are left alone. The connection may be closed
 * afterwards (s->fd). */
enum transact transact(
	struct smtp *s, const struct letter *l, struct result *r);

#endif
