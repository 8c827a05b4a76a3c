/* SPDX-License-Identifier: 0BSD */
/* conn - the process of one connection */
#ifndef TLSD_CONN_H
#define TLSD_CONN_H

#include <stdint.h>

#include "tlsd/certs.h"
#include "wire/tls.h"

enum { CONN_ASK_S = 300 }; /* a caller that reserved us makes up its mind */

/* Greet the caller at link, take its socket, do the handshake, answer, carry
 * bytes until either end is closed. handshake: most seconds for it. */
void conn_run(const struct certs *c, enum tls_role role, int link,
	uint64_t handshake);

#endif
