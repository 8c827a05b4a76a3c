/* SPDX-License-Identifier: 0BSD */
/* session - one SMTP session as a state machine (RFC 5321)
 *
 * Pure: events go in, reply bytes and one effect come out; it has no
 * descriptor, reads no clock and no file. The caller (loop.c) reads lines and
 * data, carries out effects (ask.c) and hands their results back as events,
 * until an event returns EFFECT_NONE, EFFECT_DATA or EFFECT_CLOSE.
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
	EFFECT_NONE,	  /* next: a line */
	EFFECT_HELO,	  /* ask policy about arg; next: session_answer */
	EFFECT_SENDER,	  /* about from; next: session_answer */
	EFFECT_RCPT,	  /* about rcpt; next: session_answer */
	EFFECT_VRFY,	  /* does rcpt exist? next: session_answer */
	EFFECT_ETRN,	  /* have arg's mail tried again; session_answer */
	EFFECT_AUTH,	  /* check login and password; next: session_auth */
	EFFECT_TLS,	  /* is there TLS to be had? next: session_ready */
	EFFECT_HANDSHAKE, /* send out, throw input away, TLS; session_tls */
	EFFECT_OPEN,	  /* start the queue; next: session_opened */
	EFFECT_DATA,	  /* read data to its end; next: session_data */
	EFFECT_COMMIT,	  /* let the queue commit; next: session_verdict */
	EFFECT_CLOSE,	  /* send out, then end the connection */
};

/* What policy says: code 0 yes, else an SMTP reply, whose texts last until
 * policy is asked again. */
struct answer {
	int code;
	const char *enhanced, *text;
};

enum session_state {
	SESSION_COMMAND, /* a line may come */
	SESSION_ASKED,	 /* an effect is being carried out */
	SESSION_DATA,
	SESSION_CLOSED,
};

/* What the next line is, when it is no command (RFC 4954). */
enum session_auth {
	AUTH_NONE,
	AUTH_PLAIN,
	AUTH_LOGIN_USER,
	AUTH_LOGIN_PASSWORD,
};

/* What a password check can come to. */
enum auth_result {
	AUTH_GOOD,
	AUTH_WRONG,
	AUTH_LATER, /* could not be checked */
};

struct session {
	const struct conf *conf;
	enum session_state state;
	struct str out; /* reply bytes of the last event */

	struct str helo;   /* empty: no HELO or EHLO yet */
	bool ehlo;	   /* this or the last such command was EHLO */
	bool esmtp;	   /* helo came with EHLO */
	bool tls;	   /* the connection is encrypted: */
	struct str cipher; /* in words, for Received and the log */

	/* AUTH */
	enum session_auth auth;
	struct str login, password; /* as the client gave them */
	struct str user;	    /* who it is; empty: nobody yet */
	unsigned authfails;

	/* the transaction; session.c:transaction_reset ends it */
	bool mail;	  /* MAIL was accepted */
	struct str from;  /* reverse-path, empty for <> */
	bool utf8;	  /* SMTPUTF8 was given */
	uint64_t size;	  /* SIZE was given: octets to come, else 0 */
	struct str rcpts; /* accepted recipients, each with a NUL */
	uint64_t nrcpt;
	struct str mailparams; /* KEY=VALUE of MAIL, each with a NUL */
	struct str rcptparams; /* of those recipients that have any: the
	                        * number (0 first) of the recipient, then its
	                        * KEY=VALUEs, an empty one at the end */
	bool refusedrcpt;      /* a recipient was refused */
	bool toomany;	       /* the recipient limit was hit */

	bool over; /* it ended; reset at the next command */

	struct str arg;	   /* what HELO or ETRN is being asked about */
	struct str rcpt;   /* the recipient being asked about or last refused;
	                    * policy may rewrite it */
	struct str params; /* good parameters of this command */
	enum effect asked;

	/* since the last accepted message */
	uint64_t errors, commands;
	bool counted; /* the last event's reply counts as an error */

	/* for the log */
	uint64_t ncommands, nmessages, nrefused;
	const char *what; /* the last command */
	int refused;	  /* code of the last event's reply if 4xx, 5xx and
	                   * worth a log line, else 0 */
	const char *end;  /* why it was closed, once it was */
};

void session_init(struct session *s, const struct conf *c);
void session_free(struct session *s);

/* Events. */
/* The connection is there: the greeting. */
enum effect session_greet(struct session *s);
/* Input came before its turn, for example before the greeting. */
enum effect session_early(struct session *s);
/* A line of n bytes without its CRLF or LF. more: further input has already
 * arrived. */
enum effect session_line(struct session *s, const char *p, size_t n, bool more);
/* A line that was too long and has been thrown away. */
enum effect session_longline(struct session *s);
/* Policy's answer to EFFECT_HELO, SENDER, RCPT, VRFY, ETRN. */
enum effect session_answer(struct session *s, const struct answer *a);
/* Whether login and password are good; user is what the account is called,
 * for AUTH_GOOD. */
enum effect session_auth(
	struct session *s, enum auth_result r, const char *user);
/* A process waits to do TLS, or there is none. */
enum effect session_ready(struct session *s, bool ready);
/* The handshake is over; words say what was agreed on, VERSION/CIPHER first;
 * NULL: it failed. Also before session_greet, when the first byte was to be
 * TLS already. All that was learned in plain text is forgotten. */
enum effect session_tls(struct session *s, const char *words);
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

/* 421 in place of any other reply, and the end of the session, logged as
 * why. */
enum effect session_close(struct session *s, const char *why,
	const char *enhanced, const char *text);

/* The Received field of the message being received (RFC 5321 4.4). */
void session_received(const struct session *s, int64_t now, struct str *out);

#endif
