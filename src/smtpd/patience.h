/* SPDX-License-Identifier: 0BSD */
/* patience - how long a client is waited for
 *
 * Not longer than timeoutsmtpd for its next bytes, not longer than maxsession
 * in all; and since the start or its last accepted message not longer than
 *
 *	timeoutsmtpd + octets it sent / minrate
 *
 * in sum, so that a byte now and then does not hold a session, and a slow line
 * that delivers may take its time. Only waiting counts, not our own work. For
 * strangers in a crowd (smtpd/crowd.h) timeoutbusy stands for timeoutsmtpd,
 * also in waits that began before.
 *
 * A wait is looked after at intervals, so that a client that is quick costs
 * nothing but the clock.
 */
#ifndef SMTPD_PATIENCE_H
#define SMTPD_PATIENCE_H

#include <stdbool.h>
#include <stdint.h>

#include "smtpd/conf.h"
#include "smtpd/crowd.h"
#include "smtpd/limits.h"

struct patience {
	struct limits *limits;
	struct crowd *crowd;
	bool trusted;	 /* in a crowd, too */
	int64_t timeout; /* ms */
	int64_t interval;
	int64_t last;	 /* stamp_mono() of the session's end, 0 none */
	int64_t began;	 /* this wait */
	int64_t spent;	 /* in waits before it */
	uint64_t octets; /* read so far */
	uint64_t since;	 /* of them, before the last accepted message */
	/* why patience has ended, in the log: "timeout", "slow", "busy"; NULL
	 * while it has not */
	const char *why;
};

void patience_init(struct patience *p, const struct conf *conf,
	struct limits *l, struct crowd *c);
/* A wait begins: its first deadline. */
int64_t patience_begin(struct patience *p);
/* For ibuf_late and obuf_late, with the struct patience. */
int64_t patience_late(void *arg);
/* It is over; octets have been read so far, in the whole session. */
void patience_end(struct patience *p, uint64_t octets);
/* A message was accepted: all is forgiven. */
void patience_renew(struct patience *p);

#endif
