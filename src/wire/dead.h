/* SPDX-License-Identifier: 0BSD */
/* dead - HOME/run/remote/dead: addresses that could not be reached
 *
 * All quill-remotes share it, so that a host that is down is waited for once
 * and not by every one of them. It is a cache: tried last is all that an
 * address in it is. One block of 64 bytes at the start (a line of text, so that
 * file(1) and people know it), then DEAD_SETS sets of DEAD_WAYS entries, each
 * DEAD_ENTRY bytes, big-endian:
 *	family 1 (4, 6; 0 free)   reason 1 (DEAD_*)   failures 2
 *	port 2   unused 2
 *	address 16   first failure 8   last failure 8   back-off until 8
 * times in s since 1970. An address lives in one set, chosen by its hash; when
 * that is full, the entry whose last failure is longest ago goes. The port
 * counts: any domain may have our relay's or store's address as its exchanger,
 * and nothing at port 25 there says nothing of the port that we use.
 * Read without a lock (a torn entry can only make a wrong order), written
 * under one.
 */
#ifndef WIRE_DEAD_H
#define WIRE_DEAD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "lib/ipaddr.h"

enum {
	DEAD_HEAD = 64,
	DEAD_ENTRY = 48,
	DEAD_WAYS = 8,
	DEAD_SETS = 512,
	DEAD_FIRST = 60,     /* s of back-off after the first failure */
	DEAD_MOST = 3600,    /* ... doubled up to that many */
	DEAD_FORGET = 86400, /* s after which a failure says nothing */
};

enum dead_reason {
	DEAD_TIMEOUT = 1, /* no connection in time */
	DEAD_REFUSED,
	DEAD_UNREACHABLE,
	DEAD_SILENT, /* connected, but no greeting in time */
};

struct dead_entry {
	struct ipaddr ip;
	uint16_t port;
	enum dead_reason reason;
	unsigned failures;
	int64_t first, last, until;
};

struct dead {
	int fd; /* -1: nothing is remembered */
	bool writable;
};

/* Open the file, or make it. Without the right to write it is only read;
 * where it cannot be had at all, nothing is ever dead. */
void dead_open(struct dead *d);
/* The same of a file that is open for reading and writing, -1 none. */
void dead_use(struct dead *d, int fd);
/* Only to look: 0; -1 errno. */
int dead_read(struct dead *d);
void dead_close(struct dead *d);
/* Is it in its back-off time at now (stamp_now())? *e is filled then. */
bool dead_is(struct dead *d, const struct ipaddr *ip, uint16_t port,
	int64_t now, struct dead_entry *e);
/* It failed. Within the back-off only the time of the last failure changes. */
void dead_failed(struct dead *d, const struct ipaddr *ip, uint16_t port,
	enum dead_reason reason, int64_t now);
/* It answered: forget it; port 0: at all ports. NULL: all of them. 1 something
 * was there, 0 nothing, -1 errno. */
int dead_clear(struct dead *d, const struct ipaddr *ip, uint16_t port);
/* The entries one by one, *at from 0; false at the end. Old ones are left
 * out. */
bool dead_next(struct dead *d, size_t *at, int64_t now, struct dead_entry *e);
/* "timed out" */
const char *dead_text(enum dead_reason reason);

#endif
