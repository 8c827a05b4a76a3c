/* SPDX-License-Identifier: 0BSD */
/* letter - the envelope of a job, and how it is written in commands */
#ifndef REMOTE_LETTER_H
#define REMOTE_LETTER_H

#include <stdbool.h>
#include <stddef.h>

#include "lib/str.h"
#include "remote/data.h"
#include "remote/smtp.h"

/* What a job asks for; the strings are the caller's. */
struct letter {
	const char *host; /* lower case, ASCII (mail/idna.h) */
	const char *via;  /* instead of control/smtproutes, or NULL */
	const char *sender;
	const char *const *rcpt;
	size_t nrcpt;
	const char *params;	       /* of the sender (wire/job.h), NULL */
	const char *const *rcptparams; /* of each recipient; NULL: of none */
	struct data_source *data;
};

enum letter_address {
	LETTER_ASCII,
	LETTER_UTF8, /* needs SMTPUTF8 */
	LETTER_BAD,  /* cannot be put on a command line at all */
};

/* What a server without SMTPUTF8 (RFC 6531) makes of an address; a domain that
 * is not ASCII is no obstacle: it has another form that is (RFC 5891). */
enum letter_address letter_address(const char *addr);
/* Are there bytes over 127 in it? */
bool letter_eightbit(const char *addr);
/* Queue MAIL, RCPT. utf8: SMTPUTF8 is asked for, addresses go as they are. */
void letter_mail(struct smtp *s, const struct letter *l, bool utf8);
void letter_rcpt(struct smtp *s, const struct letter *l, size_t i, bool utf8);

#endif
