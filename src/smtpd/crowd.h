/* SPDX-License-Identifier: 0BSD */
/* crowd - this session among the others: how many there are, how much room
 * and time the host has for them, and what all of them have done
 *
 * What is shared is in HOME/run/count/smtpd/counters: wire/counters.h, then
 * wire/sessions.h, then what struct crowd_host says. Without it (sendmail -bs
 * of a user) a session is alone.
 *
 * A client that may relay, by its address or since AUTH, is trusted; all
 * others are strangers, and the first to be turned away.
 */
#ifndef SMTPD_CROWD_H
#define SMTPD_CROWD_H

#include <stdbool.h>
#include <stdint.h>

#include "smtpd/conf.h"
#include "smtpd/limits.h"
#include "smtpd/session.h"
#include "wire/counters.h"
#include "wire/sessions.h"

/* What one session has found out for all of them, for a few seconds. */
struct crowd_host {
	_Atomic int64_t when;	/* stamp_mono() */
	_Atomic uint64_t space; /* octets free for the queue */
	_Atomic uint64_t inodes;
	_Atomic uint64_t load; /* of a minute, in hundredths */
	/* as control files have them */
	_Atomic uint64_t minspace, mininodes, maxload;
};

struct crowd {
	const struct conf *conf;
	struct limits *limits;
	struct counters counters;
	struct sessions *sessions;
	struct crowd_host *host;
	struct sessions_slot *slot; /* NULL: not counted */
	uint64_t client;
	uint32_t service;
	uint64_t room; /* sessions of this service, 0 unknown */
};

enum crowd_welcome {
	CROWD_WELCOME,
	CROWD_CLIENT, /* too many sessions of this client */
	CROWD_FULL,   /* what room there is, is kept for trusted clients */
};

/* Enter and be counted; what is pointed at is kept. */
enum crowd_welcome crowd_enter(
	struct crowd *c, const struct conf *conf, struct limits *l);
void crowd_leave(struct crowd *c);
/* Is the service nearly full, or the host overloaded? Then strangers have
 * less time. */
bool crowd_busy(struct crowd *c);
/* May a message of size octets (0 unknown) be taken now? */
struct answer crowd_mail(struct crowd *c, bool trusted, uint64_t size);

#endif
