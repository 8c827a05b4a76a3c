/* SPDX-License-Identifier: 0BSD */
/* recipient - is there such a recipient? Asked of quill-verifyd, and of the
 * program in $RCPTCHECK */
#ifndef SMTPD_RECIPIENT_H
#define SMTPD_RECIPIENT_H

#include "lib/str.h"
#include "smtpd/policy.h"

/* For a recipient that policy_rcpt takes. */
struct answer recipient_answer(
	struct policy *p, struct str *from, struct str *rcpt);
/* For VRFY and EXPN: code 0 when it exists. */
struct answer recipient_vrfy(struct policy *p, struct str *rcpt);
/* For whom else asks quill-verifyd: what it says is in p->heard. That it is
 * down is logged, once. */
enum verify_class recipient_ask(struct policy *p, const char *addr);

#endif
