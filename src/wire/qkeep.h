/* SPDX-License-Identifier: 0BSD */
/* qkeep - a quill-queue for one message after the other
 *
 * To start a program costs as much as all else that is done to queue a small
 * message. So it is one that waits for callers, as long as quill-send runs and
 * they are not all busy. The other end is wire/handover.h.
 */
#ifndef WIRE_QKEEP_H
#define WIRE_QKEEP_H

#include <stdbool.h>
#include <sys/types.h>

#include "wire/qpath.h"

/* Start with QKEEP_INIT. */
struct qkeep {
	pid_t pid; /* -1: there is none */
	int sock;
	bool own; /* it is our child */
};
#define QKEEP_INIT                                                             \
	{                                                                      \
		.pid = -1, .sock = -1, .own = false                            \
	}

/* Give it the reading ends of message and envelope; where there is none, or
 * it has left, it is one that waits. When none does, one is started if alone is
 * false, which pays for who has several messages. The caller closes them. 1; 0:
 * there is none, or another program is HOME/bin/quill-queue, which may not know
 * how to be kept; -1 errno. */
int qkeep_give(struct qkeep *k, int mess, int env, bool alone);
/* Wait for its verdict on that message: a status code, -1 when a signal ended
 * it; id for STATUS_OK. After any other it is gone. */
int qkeep_verdict(struct qkeep *k, struct qid *id);
/* Let it go, and wait until it has. */
void qkeep_end(struct qkeep *k);

#endif
