/* SPDX-License-Identifier: 0BSD */
/* verbs - the commands of SMTP, one table row each
 *
 * What the files of the state machine (session.c, outcome.c, verbs.c, hello.c,
 * envelope.c, params.c, auth.c) have of each other.
 */
#ifndef SMTPD_VERBS_H
#define SMTPD_VERBS_H

#include <stdbool.h>
#include <stddef.h>

#include "smtpd/session.h"

/* When a command may come, and what it does to the order of things. */
enum {
	VERB_HELO = 1,	  /* after HELO or EHLO */
	VERB_NOMAIL = 2,  /* not within a transaction */
	VERB_MAIL = 4,	  /* after MAIL */
	VERB_RCPT = 8,	  /* after an accepted RCPT */
	VERB_NOARG = 16,  /* takes no argument */
	VERB_LAST = 32,	  /* nothing may follow before its reply */
	VERB_RESETS = 64, /* ends the transaction when it succeeds */
	VERB_FREE = 128,  /* has a limit of its own, not maxcommands */
};

typedef enum effect verb_fn(struct session *s, const char *arg, size_t n);

struct verb {
	const char *name;
	unsigned flags;
	verb_fn *run; /* argument of n bytes, blanks around it taken away */
};

/* The row for the command word at p, n bytes, any case; NULL: unknown. */
const struct verb *verb_find(const char *p, size_t n);

verb_fn verb_helo, verb_ehlo, verb_starttls; /* hello.c */
verb_fn verb_mail, verb_rcpt;		     /* envelope.c */
verb_fn verb_vrfy, verb_expn;
verb_fn verb_auth; /* auth.c */

/* The reply to the HELO or EHLO that was taken. */
void hello_reply(struct session *s);
/* hello.c: is AUTH for this session? May it be used now, without giving the
 * password to who listens? */
bool auth_offered(const struct session *s);
bool auth_allowed(const struct session *s);
/* auth.c: a line of the exchange that s->auth says is going on. */
enum effect auth_line(struct session *s, const char *p, size_t n);
/* Forget the exchange, with the password. */
void auth_end(struct session *s);

/* params.c: n bytes behind the path; false: it has replied. What is good goes
 * into s->params, s->size, s->utf8. */
bool params_mail(struct session *s, const char *p, size_t n);
bool params_rcpt(struct session *s, const char *p, size_t n);

/* session.c */
/* One reply line, with an enhanced code if not NULL. */
void session_reply(
	struct session *s, int code, const char *enhanced, const char *text);
/* After every event: what the limits say; e or EFFECT_CLOSE. */
enum effect session_settle(struct session *s, enum effect e);

#endif
