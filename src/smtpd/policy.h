/* SPDX-License-Identifier: 0BSD */
/* policy - who may send what to whom
 *
 * Each list is read when the first question needs it and kept for the
 * session. A missing control/rcpthosts means the domains of locals and
 * virtualdomains, never every domain.
 */
#ifndef SMTPD_POLICY_H
#define SMTPD_POLICY_H

#include <stdbool.h>

#include "lib/cdb.h"
#include "lib/str.h"
#include "lib/table.h"
#include "smtpd/conf.h"
#include "smtpd/session.h"
#include "wire/verify.h"

/* A list that has been read, is known to be missing, or is still unread. */
struct policy_list {
	struct table table;
	bool read, there;
};

struct policy {
	const struct conf *conf;
	const char *user; /* who AUTH says it is; NULL: nobody */
	struct policy_list badhelo, badmailfrom, badrcptto, percenthack;
	struct policy_list rcpthosts, locals, virtualdomains, senders;
	struct cdb more;
	bool moreread;
	struct verify verify;
	bool downsaid, absent;	    /* quill-verifyd is: was logged, for good */
	char enhanced[12];	    /* for an answer */
	char text[100];		    /* the same */
	struct verify_answer heard; /* the last one of quill-verifyd */
};

/* c and the directory of control_init are kept. */
void policy_init(struct policy *p, const struct conf *c);
void policy_free(struct policy *p);
/* Read control/NAME, or know that it was; false: it is bad. */
bool policy_list(struct policy_list *l, const char *name, char sep);
/* 421 in an answer means that a control file is bad (control_error()). */
struct answer policy_helo(struct policy *p, const struct str *name);
struct answer policy_sender(struct policy *p, const struct str *from);
/* May rewrite rcpt: postmaster without a domain, our address as a literal,
 * RELAYCLIENT's suffix. */
struct answer policy_rcpt(struct policy *p, struct str *rcpt);

#endif
