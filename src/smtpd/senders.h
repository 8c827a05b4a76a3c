/* SPDX-License-Identifier: 0BSD */
/* senders - which sender addresses an authenticated user may use
 *
 * control/senders has lines USER:ADDRESS,ADDRESS..., where an address may be
 * @DOMAIN for all of a domain, or * for any. A user who is not listed may use
 * what is delivered to the account, as quill-verifyd tells, and the user name
 * itself when it is an address.
 */
#ifndef SMTPD_SENDERS_H
#define SMTPD_SENDERS_H

#include "lib/str.h"
#include "smtpd/policy.h"

/* p->user sends as from, which is not empty. 421: a control file is bad. */
struct answer senders_answer(struct policy *p, struct str *from);

#endif
