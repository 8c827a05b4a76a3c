/* SPDX-License-Identifier: 0BSD */
/* note - bounce/<id>: what the sender of a message is to be told
 *
 * Appended by quill-send, and for a failure synced before the mark that needs
 * it; read by quill-bounce (via: by quill-send). NUL-terminated fields:
 *	(empty)  N<recipient number> <time>  S<status>  R<text>
 *	[G<smtp reply>]  [H<host>]  [A<action>]  (empty)
 * Without A it is a failure. A "via" is not for the sender: from now on the
 * recipient goes by the relay H ("host:port", as in control/smtproutes), while
 * its mark says so (wire/env.h); it is synced before that mark.
 * The empty field in front ends a record that a crash tore, so that what is
 * appended later can be read. The last record of a recipient number counts; a
 * torn or malformed record is skipped.
 */
#ifndef WIRE_NOTE_H
#define WIRE_NOTE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "lib/str.h"

enum note_action {
	NOTE_FAILED = 'f',
	NOTE_DELAYED = 'w', /* once for a message: the sender is warned */
	/* for those who asked, NOTIFY=SUCCESS */
	NOTE_DELIVERED = 'd',
	NOTE_RELAYED = 'r',  /* to a host that will report no success */
	NOTE_EXPANDED = 'x', /* passed on to several addresses */
	NOTE_VIA = 'v',	     /* rerouted by an administrator */
};

struct note {
	uint64_t rcpt;	    /* index in the env file */
	int64_t when;	    /* of the last attempt, s */
	const char *status; /* "5.1.1" */
	const char *text;
	const char *reply;	 /* the remote's own words, "" unknown */
	const char *host;	 /* remote host name, "" none */
	enum note_action action; /* 0 when written: NOTE_FAILED */
};

void note_encode(struct str *out, const struct note *n);
/* Next whole record at or after *pos (start with 0); false at the end. The
 * pointers go into p; reply and host are "" when they are not there. */
bool note_next(const char *p, size_t n, size_t *pos, struct note *out);

#endif
