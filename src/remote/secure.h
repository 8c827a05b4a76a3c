/* SPDX-License-Identifier: 0BSD */
/* secure - what TLS has to do on the way to one address
 *
 * Put together from control/tlspolicy, DANE, MTA-STS, and whether a password
 * is to be sent.
 */
#ifndef REMOTE_SECURE_H
#define REMOTE_SECURE_H

#include <stdbool.h>
#include <stdint.h>

#include "remote/conf.h"
#include "remote/dane.h"
#include "remote/hosts.h"
#include "remote/result.h"
#include "remote/sts.h"
#include "remote/tlspolicy.h"
#include "wire/tls.h"

/* For one job; what was asked for is kept until the next. */
struct secure {
	const struct conf *conf;
	const char *dest;
	bool sts_asked;
	enum sts_result sts;
	struct str patterns; /* or why it could not be had */
	struct dane dane;
	char dane_host[DNSNAME_TEXT]; /* whose records are in dane */
	uint16_t dane_port;
	struct tlspolicy policy;
};

enum secure_use {
	SECURE_NONE, /* plain */
	SECURE_TRY,  /* TLS if it can be had, plain otherwise */
	SECURE_MUST,
};

/* The outcome for one address; points into the struct secure. */
struct secure_plan {
	enum secure_use use;
	struct tls_ask ask;
	const char
		*by; /* what vouches, for the log; NULL: as quill-tlsd says */
};

void secure_init(struct secure *x, const struct conf *conf);
/* Begin a job. dest is kept. */
void secure_start(struct secure *x, const char *dest);
/* What to do for t. auth: a password is to be sent. false: mail must not go
 * there now, *why says so. */
bool secure_plan(struct secure *x, const struct target *t, bool auth,
	int64_t limit, struct secure_plan *p, struct verdict *why);

#endif
