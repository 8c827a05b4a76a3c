/* SPDX-License-Identifier: 0BSD */
/* conf - what quill-remote reads from control/, once */
#ifndef REMOTE_CONF_H
#define REMOTE_CONF_H

#include <stdint.h>

#include "lib/ipaddr.h"
#include "lib/map.h"
#include "lib/str.h"

/* Time-outs in ms. Those of RFC 5321 4.5.3.2 are at most timeoutremote. */
enum phase {
	PHASE_DNS,
	PHASE_CONNECT,
	PHASE_GREETING,
	PHASE_EHLO,
	PHASE_MAIL,
	PHASE_RCPT,
	PHASE_DATA,  /* until 354 */
	PHASE_BLOCK, /* to get one block of the message out */
	PHASE_DOT,   /* from the final dot to the reply */
	PHASE_QUIT,
	PHASE_JOB, /* the whole job, whatever happens */
	PHASES,
};

struct conf {
	struct str me, helohost;
	struct ipaddr from4, from6; /* outgoingip; family 0: any */
	struct map routes;	    /* smtproutes */
	int64_t timeout[PHASES];
	uint64_t msgs; /* messages per connection */
	int64_t age;   /* ms a connection may live */
};

/* false: a bad value or none at all, see control_error(). */
bool conf_read(struct conf *c);

#endif
