/* SPDX-License-Identifier: 0BSD */
/* note - bounce/<id>: why recipients of a message failed
 *
 * Appended by quill-send and synced before the mark that needs it, read by
 * quill-bounce. One record per failure, NUL-terminated fields:
 *	(empty)  N<recipient number> <time>  S<status>  R<text>
 *	[G<smtp reply>]  [H<host>]  (empty)
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

struct note {
	uint64_t rcpt;	    /* index in the env file */
	int64_t when;	    /* of the last attempt, s */
	const char *status; /* "5.1.1" */
	const char *text;
	const char *reply; /* the remote's own words, "" unknown */
	const char *host;  /* remote host name, "" none */
};

void note_encode(struct str *out, const struct note *n);
/* Next whole record at or after *pos (start with 0); false at the end. The
 * pointers go into p; reply and host are "" when they are not there. */
bool note_next(const char *p, size_t n, size_t *pos, struct note *out);

#endif
