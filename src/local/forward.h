/* SPDX-License-Identifier: 0BSD */
/* forward - send the message on to other addresses, as one new message */
#ifndef LOCAL_FORWARD_H
#define LOCAL_FORWARD_H

#include <stdbool.h>
#include <sys/types.h>

#include "local/delivery.h"
#include "local/message.h"
#include "local/result.h"
#include "local/vars.h"

/* to: n addresses, each with its NUL. *qp: pid of the quill-queue that took
 * it. false: nothing was queued, r says why. */
bool
forward_send(const struct delivery *d, const struct vars *v,
	const struct message *m, const char *newsender, const struct str *to,
	size_t n, pid_t *qp, struct result *r);

#endif
