/* SPDX-License-Identifier: 0BSD */
/* verbs - the commands of SMTP, one table row each */
#ifndef SMTPD_VERBS_H
#define SMTPD_VERBS_H

#include <stddef.h>

#include "smtpd/session.h"

/* When a command may come, and what it does to the order of things. */
enum {
	VERB_HELO = 1,	   /* after HELO or EHLO */
	VERB_NOMAIL = 2,   /* not within a transaction */
	VERB_MAIL = 4,	   /* after MAIL */
	VERB_RCPT = 8,	   /* after an accepted RCPT */
	VERB_NOARG = 16,   /* takes no argument */
	VERB_LAST = 32,	   /* nothing may follow before its reply */
	VERB_RESETS = 64,  /* ends the transaction when it succeeds */
	VERB_FREE = 128,   /* has a limit of its own, not maxcommands */
	VERB_HIDDEN = 256, /* not in HELP: known, not offered */
};

struct verb {
	const char *name;
	unsigned flags;
	/* Argument of n bytes, blanks around it taken away. */
	enum effect (*run)(struct session *s, const char *arg, size_t n);
};

/* The row for the command word at p, n bytes, any case; NULL: unknown. */
const struct verb *verb_find(const char *p, size_t n);

#endif
