/* SPDX-License-Identifier: 0BSD */
/* ctl - questions and orders to the running quill-send
 *
 * HOME/run/send/ctl, an AF_UNIX SEQPACKET socket of quill-send. A client sends
 * one request, a record, and reads its answer, one record or more; then it may
 * send the next. Who asks is told by SO_PEERCRED: root, quills and members of
 * group quill may ask everything, quilld CTL_DOMAIN only, so many times a
 * minute, all others get a refusal.
 *
 * Which messages are meant (sender, age, regex...) is the client's business:
 * it reads the envelope files and names ids, and recipients by their number
 * in the envelope (from 0, wire/env.h). Fields end in a NUL, the first byte
 * tells which:
 *	V<verb>  [A<argument>]  ( I<id> [n<recipient>]... )*  (empty)
 * An id without recipients means all of them that the verb can apply to.
 * Answer, each record:
 *	+ or .   more records follow, or this is the last
 *	X<text>  refused as a whole, nothing was done; or, for orders, per id
 *	I<id> R<result> c<changed recipients> b<busy ones> [x<text>]
 * or, for questions, one object after the other:
 *	O<name> ( K<key> =<value> )*
 * When an order is answered, what it changed is durable: marks in the envelope
 * file (wire/env.h), reasons and relays in bounce/<id> (wire/note.h). A client
 * that loses the connection does not know what was done and may just repeat:
 * to do it twice is to do it once.
 */
#ifndef WIRE_CTL_H
#define WIRE_CTL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "lib/str.h"
#include "wire/qpath.h"

enum ctl_verb {
	CTL_NONE,
	/* orders; with ids */
	CTL_RETRY,   /* try the message now; recipients are not told apart */
	CTL_HOLD,    /* try no more until released; what runs goes on, but will
	              * not be tried again when it is deferred */
	CTL_RELEASE, /* what is held is tried again, now */
	CTL_BOUNCE,  /* give up, argument: the reason the sender gets; what runs
	              * is busy and left alone */
	CTL_DELETE,  /* give up and tell nobody; what runs goes on, but will not
	              * be tried again */
	CTL_REROUTE, /* argument: the relay, as in control/smtproutes (host,
	              * host:port, [address]), by which it goes from now on, be
	              * it local or remote; none: as everybody */
	/* orders without ids */
	CTL_DOMAIN, /* argument: a domain. Try now what waits for it */
	/* questions */
	CTL_MESSAGE,	  /* with ids: what each waits for */
	CTL_STATUS,	  /* one object */
	CTL_DESTINATIONS, /* an object for each that runs, waits or is slowed;
	                   * with an argument for that one only */
	CTL_COUNTERS,	  /* one object: wire/counters.h */
	CTL_VERBS
};

enum {
	CTL_RECORD = 65536, /* bytes of a request or of a record of an answer */
	CTL_IDS = 500,	    /* ids in one request */
	CTL_RCPTS = 5000,   /* recipient numbers in one request */
	CTL_ARGUMENT = 1000,  /* bytes of an argument, one line of printable
	                       * ASCII or UTF-8 */
	CTL_CLIENTS = 16,     /* at once; the next waits. A part of them is for
	                       * those who may ask everything */
	CTL_ANSWER_MS = 60000 /* to wait for the first or the next record */
};

/* What became of an id. */
enum ctl_result {
	CTL_DONE,    /* changed, or was as asked for before */
	CTL_NOTHING, /* none of its recipients is in a state for that */
	CTL_BUSY,   /* some are being delivered right now and were left alone */
	CTL_GONE,   /* not in the queue (any more) */
	CTL_FAILED, /* x says why: try again */
	CTL_RESULTS
};

/* --- for clients ---------------------------------------------------------- */

/* A request in the making: begin, then ids, each with its recipients, then
 * ctl_ask. ctl_id and ctl_rcpt: false when the record is full: nothing was
 * added; ask, and begin a new one (with the id again). */
struct ctl_request {
	struct str record;
	size_t nids, nrcpts;
};

/* argument NULL: none. req: zeroed before its first use. */
void ctl_begin(struct ctl_request *req, enum ctl_verb v, const char *argument);
bool ctl_id(struct ctl_request *req, const char *id);
bool ctl_rcpt(struct ctl_request *req, size_t rcpt);

/* One record of an answer; text is valid until the next record is read. */
struct ctl_answer {
	const char *p;
	size_t n, pos;
	bool last;	     /* no record after this one */
	const char *refused; /* X: refused as a whole, NULL otherwise */
};

/* The connected socket; -1 errno. ENOENT, ECONNREFUSED: quill-send does not
 * run; EACCES, EPERM: no permission (or told so by the first answer). */
int ctl_connect(void);
/* Send the request. 0, -1 errno (ETIMEDOUT). */
int ctl_ask(int fd, struct ctl_request *req);
/* Read the next record into buf (CTL_RECORD bytes). 0; -1 errno: EPROTO when
 * it makes no sense, EPIPE at end of file. */
int ctl_read(int fd, char *buf, struct ctl_answer *a);

/* What happened to one id of an order. */
struct ctl_outcome {
	const char *id;
	enum ctl_result result;
	uint64_t changed, busy; /* recipients */
	const char *text;	/* "" or why it failed */
};
/* The next of a record; false at its end. */
bool ctl_outcome(struct ctl_answer *a, struct ctl_outcome *o);
/* The next piece of an answer to a question: 'O', text the object's name, or
 * 'K', text a key of it and its *value; 0 at the record's end. An object is
 * never in two records. */
char ctl_field(struct ctl_answer *a, const char **text, const char **value);

/* Objects and keys. Times are s since 1970; what is not known is left out.
 *  status	O "send": pid, since, now, messages (all in the queue), new,
 *		active, waiting, held, scanning (0 or 1), bounces (running);
 *		for local and remote: local.running, local.limit, ...; stopping
 *		(0 or 1). O "error", up to 16, newest first: when, channel, id,
 *		to, text (the last deferrals and failures)
 *  destinations
 *		O <domain, or exchanger group, or user>: channel, state (ok,
 *		slow: its limit is below its start; down: only probed), running,
 *		limit (now), cap (never more), rate (N/s, N/m, N/h), waiting
 *		(messages that wait for a place), until (when it is tried next,
 *		if down or at its rate), failures (in a row), since (of these),
 *		text (the last deferral), members (domains in a group)
 *  message	O <id>: state (gone, new, active, waiting, held), local, remote
 *		(when the next attempt is due), for (the destination that it
 *		waits for, with until), running (deliveries)
 *  counters	O "counters": as wire/counters.h names them
 */

/* --- for quill-send ------------------------------------------------------- */

/* A request, decoded: targets are walked with ctl_target. */
struct ctl_asked {
	enum ctl_verb verb;
	const char *argument; /* NULL none */
	size_t nids;
	const char *p; /* the rest of the record */
	size_t n;
};

/* false: refused; pointers go into p, which must stay. */
bool ctl_decode(struct ctl_asked *q, const char *p, size_t n);
/* The id at *pos (start with 0), false after the last. *rcpts is where its
 * recipients begin, for ctl_number. */
bool ctl_target(
	const struct ctl_asked *q, size_t *pos, struct qid *id, size_t *rcpts);
/* The recipient number at *rcpts; false after the last. */
bool ctl_number(const struct ctl_asked *q, size_t *rcpts, size_t *rcpt);

const char *ctl_verb_name(enum ctl_verb v);
/* Records of answers, beside those of field_put (wire/field.h). */
void ctl_put_key(struct str *out, const char *key, const char *value);
void ctl_put_num(struct str *out, const char *key, uint64_t n);
void ctl_put_outcome(struct str *out, const struct ctl_outcome *o);

#endif
