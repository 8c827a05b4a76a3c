/* SPDX-License-Identifier: 0BSD */
/* loop - the descriptors of a session: lines and data in, replies out, the
 * queue program, policy, the log */
#ifndef SMTPD_LOOP_H
#define SMTPD_LOOP_H

#include <stdbool.h>
#include <stdint.h>

#include "lib/ibuf.h"
#include "lib/obuf.h"
#include "lib/str.h"
#include "smtpd/conf.h"
#include "smtpd/content.h"
#include "smtpd/crowd.h"
#include "smtpd/data.h"
#include "smtpd/limits.h"
#include "smtpd/patience.h"
#include "smtpd/policy.h"
#include "smtpd/session.h"
#include "wire/qclient.h"
#include "wire/tls.h"

enum {
	LOOP_IN = 65536, /* what one read takes of a large message */
	LOOP_OUT = 4096,
};

struct loop {
	const struct conf *conf;
	struct session s;
	struct limits limits;
	struct crowd crowd;
	struct patience patience;
	struct ibuf in;
	struct obuf out;
	struct str line;
	int link; /* to the process of quill-tlsd that waits for us, or -1 */
	bool queueing;		 /* queue is open */
	enum data_barelf barelf; /* of this client; BARELF_ASK: not known yet */
	bool recipient;		 /* this reply is to RCPT */
	bool batch;	   /* input is no socket: commands written ahead, for
			  * sendmail -bs, are nobody else's bytes */
	uint64_t octets;   /* read from the client */
	struct qkeep keep; /* a quill-queue, while messages come */
	struct data data;
	struct tls_state tls; /* TLS_DONE: what the connection is */
	struct policy policy;
	/* What every session uses is above, close together: each page that is
	 * touched costs two microseconds. */
	char outbuf[LOOP_OUT], inbuf[LOOP_IN];
	struct content content;
	struct qclient queue;
};

/* One session on fdin and fdout, until its end, logged. *l is large and needs
 * no initialisation; c is kept. */
void loop_run(struct loop *l, const struct conf *c, int fdin, int fdout);

/* For the files that carry out effects: count something of this session. */
void loop_count(struct loop *l, enum counters_smtpd which, uint64_t n);

#endif
