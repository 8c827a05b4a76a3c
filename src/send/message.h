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
#include "send/turn.h"
#include "wire/env.h"
#include "wire/report.h"

/* A recipient that failed, whose reason is not known to be durable yet. */
struct unsure {
	uint32_t rcpt;
	int chan; /* NCHAN: given up by an order */
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
	char **via;  /* relays of rerouted recipients; NULL: there are none */
	size_t todo; /* recipients not marked yet */
	size_t held;
	bool failed; /* some recipient is marked failed */
	bool noted;  /* bounce/<id> is there: quill-bounce will read it */
	enum { WARN_UNKNOWN, WARN_COLLECT, WARN_DONE } warning; /* of delay */
	bool unsynced; /* a delivery is marked, perhaps not durably yet */
	bool fresh;    /* never tried before */
	struct unsure *unsure; /* the first nasked are being synced */
	size_t nunsure, nasked, capunsure;
	size_t notes;  /* the request to quill-clean for nasked */
	size_t orders; /* that work on it: it stays loaded */
	int64_t now;   /* when it was last taken up, s */
	struct pass pass[NCHAN];
};

void message_init(void);
/* Start the passes of these channels, a bit each, of a slot that may be. */
void message_start(uint32_t slot, unsigned chans, int64_t now);
/* When something that was put off until then, ms, is due, s. */
int64_t message_back(int64_t until, int64_t now);

/* For the channels. An open message file of its own for a job; -1 errno. */
int message_open(struct message *m);
/* Result of recipient i, *r, of a report. For 'D' the reason is durable before
 * the mark; when it cannot be made so, *r becomes a 'Z'. */
void message_result(struct message *m, int chan, size_t i,
	struct report_rcpt *r, const struct report *rep);
/* A job of that channel's pass is over; the message may be gone after. */
void message_job_done(struct message *m, int chan);
/* quill-clean has synced its notes, at that request, or could not. */
void message_noted(struct qid id, size_t request, bool synced);
/* Has recipient i been in the queue for so long that this was the last try? */
bool message_isold(const struct message *m, size_t i);

/* For orders. Load it, if it is not: NULL as load_message. Give it back: it may
 * be unloaded, or end. */
struct message *message_hold(uint32_t slot);
void message_done(struct message *m);
/* Change the mark of recipient i, not durably. 0 or -1 errno. */
int message_mark(struct message *m, size_t i, enum env_mark mark);
/* Recipient i, which is not being tried, is given up for that reason: marked
 * when the note is durable. 0 or -1 errno. */
int message_giveup(struct message *m, size_t i, const char *reason);
/* Are there reasons that are not durable, or not marked, yet? */
bool message_isunsure(const struct message *m);
/* End passes that are over, and the message when both are. */
void message_check(struct message *m);
/* Write what was given up out, once for all of it. */
void message_sync(struct message *m);
/* Try it now, whatever its destinations are like. */
void message_hurry(uint32_t slot);

#endif
