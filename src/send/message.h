/* SPDX-License-Identifier: 0BSD */
/* message - the messages that are being worked on
 *
 * A message is loaded when it is new or due, goes through one pass per
 * channel that has recipients to try, and is unloaded when both are over:
 * finished, or waiting for its next attempt.
 */
#ifndef SEND_MESSAGE_H
#define SEND_MESSAGE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "send/known.h"
#include "wire/env.h"
#include "wire/report.h"

struct pass {
	struct pass *next; /* in the channel's ring of passes with work left */
	struct message *m;
	uint32_t *order; /* recipients to try, those of one host together */
	size_t n, at;	 /* at: next of them to be given to a job */
	size_t running;	 /* jobs out */
	bool deferred;	 /* some recipient has to be tried again */
	bool on;	 /* from its start to its end */
	bool fresh;	 /* first attempt */
	bool last;	 /* over queuelifetime: no attempt after this one */
};

struct message {
	uint32_t slot;
	struct qid id;
	char name[QID_LEN + 1];
	int fdenv;
	int fdmess; /* open for the first job, or -1 */
	char *data; /* the envelope file */
	size_t size;
	struct env env;
	size_t todo; /* recipients not marked yet */
	bool failed; /* some recipient is marked failed */
	bool noted;  /* bounce/<id> is there: quill-bounce will read it */
	enum { WARN_UNKNOWN, WARN_COLLECT, WARN_DONE } warning; /* of delay */
	bool unsynced; /* a delivery is marked, perhaps not durably yet */
	bool fresh;    /* never tried before */
	struct pass pass[NCHAN];
};

/* A hint, or a scan, told of id: make it known, if it is not, and queue it as
 * new. */
void message_new(struct qid id);
/* Start what is new or due, as far as there is room. */
void message_admit(int64_t now);
/* When message_admit will have work, s: 0 at once, KNOWN_NEVER when it waits
 * for a running message to end, or for nothing. */
uint32_t message_next(void);

/* For the channels. An open message file of its own for a job; -1 errno. */
int message_open(struct message *m);
/* Result of recipient i, *r, of a report. For 'D' the reason is durable before
 * the mark; when it cannot be made so, *r becomes a 'Z'. */
void message_result(struct message *m, int chan, size_t i,
	struct report_rcpt *r, const struct report *rep);
/* A job of that channel's pass is over; the message may be gone after. */
void message_job_done(struct message *m, int chan);

#endif
