/* SPDX-License-Identifier: 0BSD */
/* compose - make a complete header of what a person or a script wrote
 *
 * Adds Date, Message-ID and From where they are missing, completes host names
 * (mail/qualify.h), takes the recipients and the envelope sender out of the
 * header. Pure: the clock, the random part of the Message-ID and the host
 * names come from the caller. Fields keep their order; added ones go first.
 *
 * When there is any Resent- field, the message is sent again (RFC 5322 3.6.6):
 * Resent- fields are added, the recipients come from Resent-To, Resent-Cc and
 * Resent-Bcc alone, and the flags below are about Resent- fields.
 */
#ifndef MAIL_COMPOSE_H
#define MAIL_COMPOSE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "lib/map.h"
#include "lib/str.h"
#include "mail/qualify.h"

struct compose {
	/* what the caller sets; the rest is 0 */
	struct qualify hosts;
	int64_t now;	    /* Date, and the left half of the Message-ID */
	const char *unique; /* no two alike in a second; atext */
	const char *user;   /* for From */
	const char *host;   /* for From; NULL: default host */
	const char *name;   /* for From; NULL or "": none */
	bool comment_from;  /* From: address (name) */
	bool drop_from;	    /* put a new From in place of one that is there */
	bool drop_id;	    /* the same for the Message-ID */
	bool use_rcpt;	    /* recipients are wanted: a field of recipients that
			     * cannot be parsed is an error. Otherwise it stays
			     * as it is. */
	bool use_sender;    /* the same for Return-Path */
	bool only_complete; /* a submission: take no field away, do not invent
			     * a Cc; the envelope is known already */
	const struct map *lists; /* addresses of mailing lists, lower case: when
				  * To or Cc has one, add Mail-Followup-To; may
				  * be NULL */
	/* results */
	struct str head;  /* the header, without the empty line */
	struct str rcpts; /* recipients, a NUL after each */
	size_t nrcpts;
	bool has_sender;     /* there was a Return-Path */
	struct str sender;   /* its address; empty for <> */
	const char *error;   /* what is wrong */
	struct str errfield; /* in which field; empty: in none */
};

enum { COMPOSE_MAX = 64 << 20 }; /* ceiling of head and of rcpts */

/* Make a header of the n bytes at p, where the header ends (header_scan).
 * false: errfield and error say why; it is permanent. */
bool compose_header(struct compose *c, const char *p, size_t n);
void compose_free(struct compose *c);

#endif
