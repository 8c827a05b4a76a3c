/* SPDX-License-Identifier: 0BSD */
/* serve - the process that has no keys and no privilege: it waits for callers
 * and forks a process for each */
#ifndef TLSD_SERVE_H
#define TLSD_SERVE_H

#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "tlsd/bundle.h"

enum { SERVE_WHY_MAX = 1000 }; /* bytes of "!" and why not */

struct serve {
	const struct bundle *bundle;
	int listener[2]; /* by enum tls_role, non-blocking */
	int signer;
	int leash; /* to the parent: "=" when ready, or "!" and why not; its end
	            * of file ends us, when the connections have ended */
	const char *tell;   /* -n: say what is there on fd 1; control/me */
	uint64_t limit;	    /* connections of each role */
	uint64_t handshake; /* s */
	/* connections of each role that run, in memory that we share with
	 * those who serve before and after us */
	_Atomic uint32_t *running;
};

_Noreturn void serve_run(const struct serve *s);

#endif
