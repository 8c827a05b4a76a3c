/* SPDX-License-Identifier: 0BSD */
/* usage - how much an authenticated user sends: a stolen password is worth no
 * more than control/usermessages and control/userrcpts an hour */
#ifndef SMTPD_USAGE_H
#define SMTPD_USAGE_H

#include "smtpd/policy.h"

/* May p->user send one more message; to one more recipient? It counts. */
struct answer usage_message(struct policy *p);
struct answer usage_rcpt(struct policy *p);

#endif
