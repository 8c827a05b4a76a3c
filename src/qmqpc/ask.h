/* SPDX-License-Identifier: 0BSD */
/* ask - one QMQP server, one message */
#ifndef QMQPC_ASK_H
#define QMQPC_ASK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "lib/ipaddr.h"
#include "lib/str.h"

struct server {
	struct ipaddr ip;
	uint16_t port;
	char text[IPADDR_FMT + 8]; /* for the log */
};

/* ADDRESS, ADDRESS:PORT or [ADDRESS]:PORT, n bytes. */
bool server_parse(
	struct server *s, const char *p, size_t n, uint16_t defaultport);

struct request {
	int fd; /* the message, seekable */
	uint64_t size;
	const struct str *env; /* checked: wire/envelope.h */
	int64_t timeout;       /* ms without progress */
};

struct answer {
	enum {
		ANSWER_NONE,	 /* it cannot have the message: ask another */
		ANSWER_UNKNOWN,	 /* it may have it, and did not say so */
		ANSWER_ACCEPTED, /* it has it */
		ANSWER_REFUSED,	 /* it said no */
	} outcome;
	char text[256]; /* its words, from the K, D or Z on */
	size_t len;
};

/* Connect, hand over, wait. Every failure is one log line. Parameters of the
 * envelope (P records) have no place in QMQP and are left out. */
void ask(const struct server *s, const struct request *q, struct answer *a);

#endif
