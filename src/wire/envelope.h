/* SPDX-License-Identifier: 0BSD */
/* envelope - the bytes on descriptor 1 of quill-queue
 *
 *	F sender NUL  (P key=value NUL)*
 *	( T recipient NUL  (P key=value NUL)* )*
 *	NUL
 *
 * Without P records it is the format every qmail filter knows. P records are
 * parameters (RFC 3461 ENVID RET NOTIFY ORCPT, BODY, SMTPUTF8, ...) of the
 * sender or recipient before them; the '=' is always there (SMTPUTF8= has an
 * empty value). Zero recipients are allowed. HOLD= of the sender: the message
 * is held from the start (wire/env.h).
 */
#ifndef WIRE_ENVELOPE_H
#define WIRE_ENVELOPE_H

#include <stdbool.h>
#include <stddef.h>

#include "lib/str.h"

enum envelope_state {
	ENVELOPE_MORE, /* not at the end yet */
	ENVELOPE_DONE, /* the last NUL was seen */
	ENVELOPE_LONG, /* an address over ADDR_MAX: STATUS_ADDRESS */
	ENVELOPE_BAD,  /* anything else that is wrong: STATUS_ENVELOPE */
};

/* Checks a stream piece by piece; it keeps no bytes. Zero-initialise. */
struct envelope {
	enum envelope_state state;
	bool started;  /* F was seen */
	char kind;     /* record being read; 0 between records */
	size_t len;    /* its bytes so far */
	bool key;      /* the P record has a '=' */
	size_t nparam; /* P records of the last address */
	size_t nrcpt;
};

/* Feed n bytes. Returns the state; bytes after the last NUL are BAD. */
enum envelope_state envelope_feed(struct envelope *e, const char *p, size_t n);

/* One record of a complete, checked envelope. */
struct envelope_rec {
	char kind;	  /* 'F', 'T', 'P' */
	const char *text; /* NUL-terminated */
	size_t len;
};
/* Next record at *pos of the n bytes of a checked envelope; false at its
 * end. Start with *pos = 0. */
bool envelope_next(
	const char *p, size_t n, size_t *pos, struct envelope_rec *r);

/* Append the closing NUL; the records by field_put (wire/field.h). */
void envelope_end(struct str *s);

#endif
