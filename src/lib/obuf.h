/* SPDX-License-Identifier: 0BSD */
/* obuf - buffered output to a descriptor, absolute deadline, sticky error */
#ifndef LIB_OBUF_H
#define LIB_OBUF_H

#include <stddef.h>
#include <stdint.h>

struct obuf {
	int fd;
	char *buf; /* the caller's */
	size_t cap;
	size_t len; /* bytes waiting */
	int err;    /* errno of the first failure; later puts do nothing */
	int64_t deadline;	    /* stamp_mono() value, ms; 0 none */
	char kind;		    /* what fd is, found out when it matters */
	int64_t (*late)(void *arg); /* obuf_late */
	void *latearg;
};

void obuf_init(struct obuf *o, int fd, char *buf, size_t cap);
/* From now on a flush that is not done at that stamp_mono() time fails with
 * ETIMEDOUT. 0 takes the deadline away. Holds for sockets and pipes whether
 * or not they are O_NONBLOCK. */
void obuf_deadline(struct obuf *o, int64_t deadline);
/* As ibuf_late: fn is called when the deadline has passed. */
void obuf_late(struct obuf *o, int64_t (*fn)(void *arg), void *arg);
/* All return 0, or -1 with the sticky error in o->err and errno. */
int obuf_put(struct obuf *o, const void *p, size_t n);
int obuf_puts(struct obuf *o, const char *s);
int obuf_putc(struct obuf *o, char c);
int obuf_putnum(struct obuf *o, uint64_t n);
int obuf_flush(struct obuf *o);

#endif
