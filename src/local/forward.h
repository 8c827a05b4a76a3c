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
#include "wire/qpath.h"

/* The quill-queue that took it, and the id, "" unknown. */
struct forward_done {
	pid_t qp;
	char id[QID_LEN + 1];
};

/* to: addresses, each with its NUL; single: there is no other delivery than to
 * that one, so all that was asked of us goes with it. false: nothing was
 * queued, r says why. */
bool forward_send(const struct delivery *d, const struct vars *v,
	const struct message *m, const char *newsender, const struct str *to,
	bool single, struct forward_done *done, struct result *r);

#endif
