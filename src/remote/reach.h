/* SPDX-License-Identifier: 0BSD */
/* reach - a connection to one address of a destination */
#ifndef REMOTE_REACH_H
#define REMOTE_REACH_H

#include <stdint.h>

#include "remote/hosts.h"
#include "wire/dead.h"

/* A connected, non-blocking socket; from: family 0 for any. -1 errno, and
 * *reason is why the address is to be called dead, or 0: it was not its
 * fault. */
int reach(const struct target *t, const struct ipaddr *from, int64_t deadline,
	enum dead_reason *reason);

#endif
