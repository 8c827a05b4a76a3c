/* SPDX-License-Identifier: 0BSD */
/* tell - what quill-bounce will tell the sender, noted in bounce/<id> */
#ifndef SEND_TELL_H
#define SEND_TELL_H

#include <stddef.h>

#include "send/message.h"

/* The reason why recipient i failed; to be synced before it is marked. 0 or -1
 * errno. */
int tell_failure(struct message *m, size_t i, const struct report_rcpt *r,
	const struct report *rep);
/* Recipient i, which has parameters, was delivered: noted when they ask for
 * it. Nothing is flushed: a power cut may lose a report of success, but none
 * of failure. */
void tell_success(struct message *m, int chan, size_t i,
	const struct report_rcpt *r, const struct report *rep);
/* It has to wait: noted when the message is old enough and was not warned
 * about before; m->warning is WARN_COLLECT then. */
void tell_delay(struct message *m, size_t i, const struct report_rcpt *r,
	const struct report *rep);
/* Make durable that this message is warned about: it never is again. 0 or -1
 * errno; m->warning is WARN_DONE. */
int tell_sync(struct message *m);

/* The relays that were ordered for recipients: m->via. 0 or -1 errno. */
int tell_relays(struct message *m);
void tell_forget(struct message *m);
/* From now on recipient i goes by that relay: to be synced before its mark is
 * changed. 0 or -1 errno. */
int tell_relay(struct message *m, size_t i, const char *relay);

#endif
