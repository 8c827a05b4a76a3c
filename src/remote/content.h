/* SPDX-License-Identifier: 0BSD */
/* content - the message itself, between 354 and the reply to the final dot */
#ifndef REMOTE_CONTENT_H
#define REMOTE_CONTENT_H

#include "remote/data.h"
#include "remote/result.h"
#include "remote/smtp.h"

/* Send it, with the final dot. false: it was not sent whole, *v says why, and
 * the connection is closed without a final dot: what the peer has, it must
 * throw away. */
bool content_send(struct smtp *s, struct data_source *d, struct verdict *v);
/* Take one reply to the final dot. When that was no reply, the connection is
 * closed, and the message may arrive twice. */
void content_verdict(struct smtp *s, struct verdict *v);
/* The verdict of a reply of 400 or more in s->reply: label and words. */
void content_refused(struct smtp *s, const char *words, struct verdict *v);

#endif
