/* SPDX-License-Identifier: 0BSD */
/* handdown - what the sender asked to be told (RFC 3461), for a program that
 * passes the message on, by way of quill-local -d or quill-queue
 *
 * $DSNSENDER holds RET= and ENVID=, $DSNRECIPIENT NOTIFY= and ORCPT=, each as
 * in SMTP with a blank between two; unset when there are none.
 */
#ifndef LOCAL_HANDDOWN_H
#define LOCAL_HANDDOWN_H

#include "lib/str.h"
#include "local/delivery.h"

/* The values; empty when there are none. What is not as RFC 3461 4 wants it is
 * left out. */
void handdown_sender(struct str *out, const struct delivery *d);
void handdown_recipient(struct str *out, const struct delivery *d);
/* From the environment into d's lists of parameters, for good. Success is not
 * asked for again: who ran us reports it. */
void handdown_take(struct delivery *d);

#endif
