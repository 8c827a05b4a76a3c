/* SPDX-License-Identifier: 0BSD */
/* sevenbit - a message for a server that takes no 8-bit bytes (RFC 6152 3)
 *
 * The message is read twice: first to learn which parts have 8-bit bytes, then
 * to convert those, text to quoted-printable and anything else to base64
 * (RFC 2045 6.7, 6.8). All other parts, and all header fields but
 * Content-Transfer-Encoding, stay as they are, byte for byte; a message without
 * MIME gets MIME-Version and a Content-Type of charset unknown-8bit
 * (RFC 1428). A part below multipart/signed is never changed: with 8-bit bytes
 * in it there is no conversion. 8-bit bytes in header fields stay, and so do
 * those between parts, which nobody is shown.
 *
 * Line ends are LF or CRLF. In base64 they are CRLF, as in the form that
 * everything 8-bit has on the wire. The last line end before a
 * boundary belongs to the boundary.
 */
#ifndef MAIL_SEVENBIT_H
#define MAIL_SEVENBIT_H

#include <stdbool.h>
#include <stddef.h>

#include "lib/str.h"
#include "mail/mimeenc.h"

enum {
	SEVENBIT_DEPTH = 32,	      /* multiparts within each other */
	SEVENBIT_BOUNDARY = 250,      /* bytes; RFC 2046 says 70 */
	SEVENBIT_HEADER = 256 * 1024, /* bytes of one header */
	SEVENBIT_PARTS = 65536,
	SEVENBIT_PIECE = 4096, /* bytes of a line looked at at once */
};

enum sevenbit_why {
	SEVENBIT_OK,
	SEVENBIT_SIGNED, /* 8-bit bytes in what is signed */
	SEVENBIT_ODD,	 /* an encoding or a structure not understood, or over
	                  * one of the limits */
	SEVENBIT_STOP,	 /* put said no */
};

enum sevenbit_code {
	SEVENBIT_AS_IS,
	SEVENBIT_QP,
	SEVENBIT_BASE64,
	SEVENBIT_MEND_QP, /* quoted-printable that had 8-bit bytes */
	SEVENBIT_MEND_64,
};

struct sevenbit {
	struct mimeenc out;
	bool learning;
	struct str *parts; /* a byte for each part: has it 8-bit bytes? */
	enum sevenbit_why why;
	/* all below is sevenbit's own */
	enum { SEVENBIT_HEAD, SEVENBIT_LEAF, SEVENBIT_BETWEEN } state;
	enum sevenbit_code code;
	struct sevenbit_level {
		char boundary[SEVENBIT_BOUNDARY + 1];
		size_t n;
		bool is_signed, digest;
	} level[SEVENBIT_DEPTH];
	size_t depth;
	size_t part;	 /* number of the next part */
	bool top;	 /* the header under way is the message's own */
	bool digest;	 /* ... is in a multipart/digest */
	bool sealed;	 /* 8-bit bytes in this part are not to be had */
	bool bol;	 /* at the start of a line */
	const char *eol; /* what ends the line under way */
	bool pending;	 /* base64: a line end that may belong to a boundary */
	struct str head;
	char piece[SEVENBIT_PIECE];
	size_t npiece;
};

/* Begin a reading: without put the first one, which fills *parts, then the
 * second, which gives the message to put. */
void sevenbit_init(struct sevenbit *s, struct str *parts,
	bool (*put)(void *arg, const char *p, size_t n), void *arg);
/* false: it is over, s->why tells. */
bool sevenbit_feed(struct sevenbit *s, const char *p, size_t n);
bool sevenbit_end(struct sevenbit *s);
void sevenbit_free(struct sevenbit *s);

#endif
