/* SPDX-License-Identifier: 0BSD */
/* session - one SMTP session as a state machine (RFC 5321)
 *
 * Pure: events go in, reply bytes and one effect come out; it has no
 * descriptor, reads no clock and no file. The caller (loop.c) reads lines and
 * data, carries out effects and hands their results back as events, until an
 * event returns EFFECT_NONE, EFFECT_DATA or EFFECT_CLOSE.
 *
 * After every event the caller takes what is in out to the client, whole.
 */
#ifndef SMTPD_SESSION_H
#define SMTPD_SESSION_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "lib/str.h"
#include "smtpd/conf.h"
#include "smtpd/data.h"
#include "wire/qclient.h"

enum effect {
	EFFECT_NONE,   /* next: a command line */
	EFFECT_SENDER, /* ask policy about from; next: session_answer */
	EFFECT_RCPT,   /* ask policy about rcpt; next: session_answer */
	EFFECT_OPEN,   /* start the queue; next: session_opened */
	EFFECT_DATA,   /* read data to its end; next: session_data */
	EFFECT_COMMIT, /* let the queue commit; next: session_verdict */
	EFFECT_CLOSE,  /* send out, then end the connection */
};

/* What policy says: code 0 yes, else an SMTP reply. Texts are constant. */
struct answer {
	int code;
	const char *enhanced, *text;
};

enum session_state {
	SESSION_COMMAND, /* a command line may come */
	SESSION_ASKED,	 /* an effect is being carried out */
	SESSION_DATA,
	SESSION_CLOSED,
};

struct session {
	const struct conf *conf;
	enum session_state state;
	struct str out; /* reply bytes of the last event */

	struct str helo; /* empty: no HELO or EHLO yet */
	bool esmtp;	 /* EHLO was used */

	/* the transaction; session.c:transaction_reset ends it */
	bool mail;	  /* MAIL was accepted */
	struct str from;  /* reverse-path, empty for <> */
	struct str rcpts; /* accepted recipients, each with a NUL */
	uint64_t nrcpt;
	struct str mailparams; /* KEY=VALUE of MAIL, each with a NUL */
	struct str rcptparams; /* of those recipients that have any: the
	                        * number (0 first) of the recipient, then its
	                        * KEY=VALUEs, an empty one at the end */
	bool refusedrcpt;      /* a recipient was refused */
	bool toomany;	       /* the recipient limit was hit */

	bool over; /* it ended; reset at the next command */

	struct str rcpt;   /* the recipient being asked about or last refused;
	                   * policy may rewrite it */
	struct str params; /* good parameters of this command */
	enum effect asked;

	/* since the last accepted message */
	uint64_t errors, commands;
	bool counted; /* the last event's reply counts as an error */

	/* for the log */
	uint64_t ncommands, nmessages;
	int refused;	 /* code of the last event's reply if 4xx, 5xx and
	                   * worth a log line, else 0 */
	const char *end; /* why it was closed, once it was */
};

void session_init(struct session *s, const struct conf *c);
void session_free(struct session *s);

/* Events. */
/* The connection is there: the greeting. */
enum effect session_greet(struct session *s);
/* A command line of n bytes without its CRLF or LF. more: further input has
 * already arrived. */
enum effect session_line(struct session *s, const char *p, size_t n, bool more);
/* A command line that was too long and has been thrown away. */
enum effect session_longline(struct session *s);
/* Policy's answer to EFFECT_SENDER and EFFECT_RCPT. */
enum effect session_answer(struct session *s, const struct answer *a);
/* The queue program was started, or could not be. */
enum effect session_opened(struct session *s, bool opened);
/* The end of data was read; d says what it was like. */
enum effect session_data(struct session *s, const struct data *d);
/* What the queue said, and the wall clock at that moment. */
enum effect session_verdict(
	struct session *s, const struct qverdict *v, int64_t now);
/* No byte came in time; the session has lasted too long. */
enum effect session_timeout(struct session *s);
/* The client is gone or the program must stop: no reply, only why. */
enum effect session_lost(struct session *s, const char *why);

/* The Received field of the message being received (RFC 5321 4.4). */
void session_received(const struct session *s, int64_t now, struct str *out);

/* For verbs.c: one reply line, with an enhanced code if not NULL. */
void session_reply(
	struct session *s, int code, const char *enhanced, const char *text);

/* For verbs.c: 421 in place of any other reply, and the end of the session,
 * logged as why. */
enum effect session_close(struct session *s, const char *why,
	const char *enhanced, const char *text);

#endif
