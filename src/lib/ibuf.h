/* SPDX-License-Identifier: 0BSD */
/* ibuf - buffered input from a descriptor, absolute deadline, line limit
 *
 * An ibuf may be tied to an obuf, which it flushes before it would block for
 * more input; that is all that pipelining needs.
 */
#ifndef LIB_IBUF_H
#define LIB_IBUF_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "lib/obuf.h"
#include "lib/str.h"

struct ibuf {
	int fd;
	char *buf; /* the caller's */
	size_t cap;
	size_t pos, end;   /* unread bytes are buf[pos..end) */
	bool eof;	   /* sticky */
	int err;	   /* sticky errno */
	struct obuf *tied; /* flushed before every read; may be NULL */
	int64_t deadline;  /* stamp_mono() value, ms; 0 none */
	bool full;	   /* the last read filled buf: more is likely there */
	bool notsock;	   /* fd was found not to be a socket */
	int64_t (*late)(void *arg); /* ibuf_late */
	void *latearg;
};

enum ibuf_line {
	IBUF_LINE,  /* a whole line; its LF is in the string */
	IBUF_LONG,  /* over max: nothing after the first max bytes was kept, the
	             * line was read to its LF and thrown away */
	IBUF_PART,  /* end of file after at least one byte without LF */
	IBUF_EOF,   /* end of file before the first byte */
	IBUF_ERROR, /* errno; ETIMEDOUT when the deadline passed */
};

void ibuf_init(struct ibuf *i, int fd, char *buf, size_t cap);
void ibuf_tie(struct ibuf *i, struct obuf *o);
void ibuf_deadline(struct ibuf *i, int64_t deadline);
/* fn is called when the deadline has passed: it returns a later one, to wait
 * on, or 0 for ETIMEDOUT. So a wait can be looked after without being cut. */
void ibuf_late(struct ibuf *i, int64_t (*fn)(void *arg), void *arg);
/* Bytes unread in the buffer, without reading more. */
size_t ibuf_ready(const struct ibuf *i);
/* Make at least one byte available: >0 their number with *p at them (not yet
 * consumed), 0 end of file, -1 errno. */
ssize_t ibuf_peek(struct ibuf *i, char **p);
/* Consume n bytes that ibuf_peek showed. */
void ibuf_skip(struct ibuf *i, size_t n);
/* One byte 0..255; -1 at end of file or error (i->err tells). */
int ibuf_getc(struct ibuf *i);
/* One line, LF included, replaces what line held. max counts the LF and must
 * not be over line's ceiling. */
enum ibuf_line ibuf_getline(struct ibuf *i, struct str *line, size_t max);
/* Throw away what was read ahead (after STARTTLS). */
void ibuf_discard(struct ibuf *i);

#endif
