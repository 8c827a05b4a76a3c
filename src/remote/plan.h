/* SPDX-License-Identifier: 0BSD */
/* plan - a mail transaction under way, of transact.c and answer.c
 *
 * Commands have positions: RSET, MAIL, a RCPT for each recipient of the round,
 * DATA. Replies come in the same order, with PIPELINING long after.
 */
#ifndef REMOTE_PLAN_H
#define REMOTE_PLAN_H

#include <stdbool.h>
#include <stddef.h>

#include "remote/letter.h"
#include "remote/result.h"
#include "remote/smtp.h"
#include "remote/transact.h"

enum { AT_RSET, AT_MAIL, AT_RCPT };

struct plan {
	struct smtp *s;
	const struct letter *l;
	struct result *r;
	size_t *ask; /* recipients to name, as indices */
	size_t nask;
	size_t n;	/* ... in this transaction */
	size_t at_data; /* position of DATA */
	size_t accepted;
	size_t crowded; /* refused as too many for one transaction */
	bool mail_ok;	/* the sender was accepted */
	bool over;	/* send no more commands */
	bool utf8;
	enum transact end;
};

/* Take the reply in p->s to the command at a position. */
void answer_take(struct plan *p, size_t at);
/* The connection is of no more use, p->r->message says why: all recipients
 * from position at on have the message's verdict. */
void answer_broken(struct plan *p, size_t at);

#endif
