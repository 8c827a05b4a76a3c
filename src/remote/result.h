/* SPDX-License-Identifier: 0BSD */
/* result - what became of a job: one verdict for the message and one for each
 * recipient, and its two forms, the report record (wire/report.h) and the
 * report by hand (wire/byhand.h)
 */
#ifndef REMOTE_RESULT_H
#define REMOTE_RESULT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "lib/str.h"
#include "mail/smtpreply.h"

/* Letters of the report by hand. */
enum {
	VERDICT_NONE = 0,
	RCPT_ACCEPTED = 'r',
	RCPT_FAILED = 'h',
	RCPT_DEFERRED = 's',
	RCPT_DELIVERED = 'd', /* not a letter: r, and the verdict is its own */
	MESSAGE_DONE = 'K',
	MESSAGE_FAILED = 'D',
	MESSAGE_DEFERRED = 'Z',
};

struct verdict {
	char class;
	bool crowded; /* refused as one too many in this transaction */
	bool final; /* of a recipient: nothing that happens later changes it */
	char status[SMTPREPLY_STATUS];
	struct str text;  /* one paragraph, lines of a reply joined by LF */
	struct str reply; /* the remote's words, "" none */
};

struct result {
	struct verdict message;
	struct verdict *rcpt; /* class NONE: the message's verdict holds */
	size_t nrcpt;
	const char *group;  /* hosts_group, or NULL */
	struct str relay;   /* host[ip]:port, "" nobody was reached */
	struct str tls;	    /* "none", "TLSv1.3/..." */
	bool dsn;	    /* the peer has DSN (RFC 3461) */
	int64_t connect_ms; /* until the peer would take commands */
	int64_t xfer_ms;    /* from MAIL to the end */
};

/* For nrcpt recipients; may be used again for the next job. */
void result_init(struct result *r, size_t nrcpt);
/* Set it: text is the strings up to NULL, then "(#status)", then the reply
 * when there is one, whose own enhanced code replaces the given status; the
 * first digit follows the class. */
void verdict_set(struct verdict *v, char class, const char *status,
	const struct smtpreply *reply, const char *first, ...)
	__attribute__((sentinel));
/* The message cannot be read: errno, ESTALE when it is shorter than it was. */
void verdict_unread(struct verdict *v);
void verdict_copy(struct verdict *to, char class, const struct verdict *from);
/* Forget what an attempt that decided nothing said of recipients. */
void result_forget(struct result *r);
/* The message's verdict becomes that of the recipients that were accepted:
 * another transaction, with a verdict of its own, follows or went before. */
void result_settle(struct result *r);
/* No more attempts: all recipients have their verdicts, and the message has
 * one that fits them. */
void result_finish(struct result *r);
/* One record. */
void result_record(struct str *out, uint32_t number, struct result *r);
void result_byhand(struct str *out, struct result *r);

#endif
