/* SPDX-License-Identifier: 0BSD */
/* conf - what quill-remote reads from control/, once */
#ifndef REMOTE_CONF_H
#define REMOTE_CONF_H

#include <stdbool.h>
#include <stdint.h>

#include "lib/ipaddr.h"
#include "lib/str.h"
#include "lib/table.h"
#include "remote/bykey.h"

/* Time-outs in ms. Those of RFC 5321 4.5.3.2 are at most timeoutremote. */
enum phase {
	PHASE_DNS,
	PHASE_CONNECT,
	PHASE_CONNECTFIRST, /* while there are other addresses to try */
	PHASE_GREETING,
	PHASE_GREETINGFIRST,
	PHASE_EHLO,
	PHASE_TLS, /* the handshake */
	PHASE_AUTH,
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
	struct str me;
	struct bykey helohost;	   /* has a default */
	struct bykey from4, from6; /* outgoingip */
	struct bykey tlspolicy;	   /* lines that were found good */
	struct bykey smtpauth;	   /* user NUL password */
	struct str mtasts;	   /* a socketmap; "" none */
	struct table routes;	   /* smtproutes */
	int64_t timeout[PHASES];
	uint64_t msgs; /* messages per connection */
	int64_t age;   /* ms a connection may live */
};

/* false: a bad value or none at all, see control_error(). */
bool conf_read(struct conf *c);
/* Who we are for a message: the name in EHLO. */
const char *conf_helo(
	const struct conf *c, const char *sender, const char *dest);
/* The address to connect from; family 0: the kernel's choice. */
struct ipaddr conf_from(
	const struct conf *c, int family, const char *sender, const char *dest);

#endif
