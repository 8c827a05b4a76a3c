/* SPDX-License-Identifier: 0BSD */
/* dial - a connection, by a deadline */
#ifndef LIB_DIAL_H
#define LIB_DIAL_H

#include <stdint.h>
#include <sys/socket.h>

#include "lib/ipaddr.h"

/* Connect a new socket to an address. type: SOCK_STREAM, SOCK_SEQPACKET, with
 * SOCK_NONBLOCK for one that is to be non-blocking afterwards; one that is not
 * gives up a write (EAGAIN) that waits as long as the connection might have.
 * from: the address to connect from; NULL, or of another family than to: any.
 * Close-on-exec. -1 errno: ETIMEDOUT at the stamp_mono() deadline. A Unix
 * socket whose backlog is full is waited for until then. */
int dial(int type, const struct sockaddr_storage *to, socklen_t len,
	const struct ipaddr *from, int64_t deadline);

#endif
