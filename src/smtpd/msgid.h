/* SPDX-License-Identifier: 0BSD */
/* msgid - find the Message-ID in a message that goes by, for the log
 *
 * Pure: text in any pieces, lines ending in LF; nothing is kept but the id.
 */
#ifndef SMTPD_MSGID_H
#define SMTPD_MSGID_H

#include <stdbool.h>
#include <stddef.h>

enum { MSGID_MAX = 250 }; /* bytes; what is longer is cut */

struct msgid {
	enum {
		MSGID_NAME,  /* at the beginning of a line */
		MSGID_OTHER, /* in a line that is another field */
		MSGID_VALUE, /* in the field */
		MSGID_FOLD,  /* at the beginning of the line after it */
		MSGID_DONE,  /* the field or the header has ended */
	} state;
	size_t at;		  /* bytes of the line that fit the name */
	size_t len;		  /* of text */
	char text[MSGID_MAX + 1]; /* without blanks; "" when there is none */
};

void msgid_init(struct msgid *m);
void msgid_feed(struct msgid *m, const char *p, size_t n);

#endif
