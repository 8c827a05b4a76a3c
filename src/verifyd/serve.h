/* SPDX-License-Identifier: 0BSD */
/* serve - the loop of quill-verifyd: clients on one side, quill-lspawn on the
 * other
 *
 * Each client has one question at a time; more wait in its socket. When there
 * are too many clients the one that has been silent longest is let go: it
 * comes back with its next question.
 */
#ifndef VERIFYD_SERVE_H
#define VERIFYD_SERVE_H

#include <poll.h>
#include <stdbool.h>
#include <stdint.h>

#include "mail/route.h"
#include "verifyd/lookups.h"
#include "verifyd/memo.h"
#include "wire/daemon.h"
#include "wire/routes.h"
#include "wire/site.h"

enum { SERVE_CLIENTS = 2000 };

struct serve_client {
	int fd;
	int lookup; /* slot it waits for; -1 it has no question */
	uint32_t number;
	int64_t deadline; /* of its question */
	int64_t used;
};

enum { SERVE_LSPAWN = DAEMON_FIRST, SERVE_FIRST };

struct serve {
	struct daemon d;
	/* set by main */
	int lspawn;
	struct site_ids ids;
	/* its own */
	struct routes routes;
	struct route route;
	uint64_t timeout; /* s */
	size_t max;	  /* clients */
	size_t n;
	struct serve_client client[SERVE_CLIENTS];
	struct pollfd poll[SERVE_FIRST + SERVE_CLIENTS];
	struct lookups lookups;
	struct memo memo;
	int null; /* goes in the place of a message */
	struct str out, job, routed;
};

/* Read the control files; false: one is bad, control_error() tells, and what
 * was read before stays. */
bool serve_read(struct serve *s);
/* Until SIGTERM. Ends the program when quill-lspawn is gone. */
void serve_run(struct serve *s);

#endif
