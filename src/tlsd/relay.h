/* SPDX-License-Identifier: 0BSD */
/* relay - carry bytes between a TLS connection and a plain socket */
#ifndef TLSD_RELAY_H
#define TLSD_RELAY_H

#include <openssl/ssl.h>

enum {
	RELAY_IDLE_S = 7200, /* longer than any time-out of SMTP: RFC 5321 and
	                      * the programs at the plain end have their own */
	RELAY_DRAIN_S = 30,  /* for what a program wrote before it ended */
	RELAY_LINGER_S = 5,
};

/* Both sockets non-blocking. Until either end closes; what was read from one
 * end before is written to the other. The end of the connection without a
 * close_notify is an end like any other: SMTP has its own. */
void relay(SSL *ssl, int net, int plain);

#endif
