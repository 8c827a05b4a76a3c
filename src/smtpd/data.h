/* SPDX-License-Identifier: 0BSD */
/* data - the bytes between 354 and the end of data (RFC 5321 4.1.1.4, 4.5.2)
 *
 * End of data is CRLF.CRLF and nothing else. A bare LF, a bare CR or a NUL
 * makes the message bad, and decoding goes on to the real end: a server that
 * took LF.LF or LF.CRLF for the end would read the rest of somebody's message
 * as commands of its own ("SMTP smuggling"). Pure: bytes in, bytes out, any
 * split of the input gives the same result.
 *
 * From clients that may send them (control/barelf) bare LFs become line ends,
 * which is what they mean to say, but the end of data is what it was: no dot
 * after a bare LF or before one ends anything.
 */
#ifndef SMTPD_DATA_H
#define SMTPD_DATA_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum data_bad {
	DATA_BARELF = 1,
	DATA_BARECR = 2,
	DATA_NUL = 4,
	DATA_TOOBIG = 8, /* over the limit given to data_init */
	DATA_LOOP = 16,	 /* over the hop limit given to data_init */
	/* set by the caller, not by data_feed: */
	DATA_HEADER = 32, /* the header of a submission is too large */
	DATA_CONFIG = 64, /* or cannot be completed: a control file is bad */
};

enum data_state {
	DATA_START, /* first byte of a line */
	DATA_TEXT,  /* inside a line */
	DATA_CR,    /* after a CR inside a line: LF ends the line */
	DATA_DOT,   /* after the dot that starts a line */
	DATA_DOTCR, /* after CR after that dot: LF is the end of data */
	DATA_END,
};

enum data_barelf {
	BARELF_BAD,  /* a bare LF makes the message bad */
	BARELF_ASK,  /* stop before the first one */
	BARELF_LINE, /* it ends a line */
};

struct data {
	enum data_state state;
	unsigned bad;	 /* of enum data_bad; once set nothing comes out */
	uint64_t octets; /* as RFC 1870 counts: CRLF is two, no stuffed dots */
	uint64_t limit;	 /* for octets, 0 none */
	enum data_barelf barelf; /* BARELF_BAD until the caller changes it */
	bool asks; /* stopped: set barelf to something else and go on */
	bool bare; /* the line before this ended in a bare LF */
	unsigned hops, maxhops;
	bool header;	/* still in the header section */
	size_t nstart;	/* bytes of this header line that are in start */
	char start[13]; /* enough for "delivered-to:" */
};

void data_init(struct data *d, uint64_t limit, unsigned maxhops);
/* Decode n bytes in place: dots unstuffed, CRLF made LF. Returns how many
 * bytes at p are now message text; *used tells how many were consumed, less
 * than n only when the end of data was found before the last of them, or the
 * decoder asks. */
size_t data_feed(struct data *d, char *p, size_t n, size_t *used);

#endif
