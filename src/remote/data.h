/* SPDX-License-Identifier: 0BSD */
/* data - the message: what it needs of the peer, and its form on the wire
 *
 * On disk lines end in LF; on the wire in CRLF, a leading dot is doubled, and
 * a bare CR, which SMTP forbids, ends a line too (RFC 5321 2.3.8, 4.5.2).
 */
#ifndef REMOTE_DATA_H
#define REMOTE_DATA_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "lib/str.h"

/* Counts a message that is fed in blocks. */
struct data_scan {
	uint64_t bytes; /* on the wire, as SIZE means it (RFC 1870 5) */
	bool eightbit;
	bool header8; /* in the header; set by data_load */
	bool cr, bol; /* state; bol at the start */
};
#define DATA_SCAN_INIT                                                         \
	{                                                                      \
		.bol = true                                                    \
	}
void data_scan(struct data_scan *s, const char *p, size_t n);
/* The end: an unfinished line is finished. */
void data_scan_end(struct data_scan *s);

/* Turns the blocks into the form of the wire. */
struct data_stuff {
	bool cr, bol;
	/* takes the bytes; false ends it */
	bool (*put)(void *arg, const char *p, size_t n);
	void *arg;
};
#define DATA_STUFF_INIT(put, arg)                                              \
	{                                                                      \
		false, true, (put), (arg)                                      \
	}
bool data_stuff(struct data_stuff *s, const char *p, size_t n);
/* Finish the last line and put the final dot. */
bool data_stuff_end(struct data_stuff *s);

/* Where the message is read from. A small one is read once and kept. */
enum { DATA_BLOCK = 65536 };
struct data_source {
	int fd;
	off_t start;
	uint64_t expect;    /* bytes it must have; UINT64_MAX unknown */
	bool loaded, whole; /* first block is in buf; it is all there is */
	struct data_scan scan;
	/* set by remote/convert.c: it goes out without 8-bit bytes, and is so
	 * many bytes on the wire */
	bool seven;
	uint64_t sevenbytes;
	struct str parts; /* its notes (mail/sevenbit.h) */
	size_t have;
	char buf[DATA_BLOCK];
};

/* fd is a file: what came by a pipe could not be sent again, to another host or
 * in another transaction. */
void data_open(struct data_source *d, int fd, uint64_t expect);
/* Load the first block and scan all of it. false: errno. */
bool data_load(struct data_source *d);
/* Give all of it, block by block, to fn, which says false to end it: 0; -1
 * errno of reading (ESTALE: not the bytes expected); 1 fn said no. */
int data_each(struct data_source *d,
	bool (*fn)(void *arg, const char *p, size_t n), void *arg);
/* Feed all of it to s, without the final dot; returns as data_each. */
int data_feed(struct data_source *d, struct data_stuff *s);

#endif
