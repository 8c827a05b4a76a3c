/* SPDX-License-Identifier: 0BSD */
/* env - the envelope file: envelope, birth and marks of one message
 *
 * NUL-terminated records, first byte their kind, in this order:
 *	1            version
 *	B<us>        birth, microseconds since 1970
 *	S<bytes> <crc32c>  of the .mess file: size, 8 hex digits
 *	O<pid> <uid> quill-queue's pid and its caller's uid
 *	F<sender>    then P<key=value>...
 *	T<rcpt>      then P<key=value>...        any number of times
 *	E<bytes> <crc32c>  END, fixed width: 10 decimal digits, a blank, 8 hex
 *	                   digits; bytes and checksum of all before it
 * END's checksum is taken with every recipient's mark read as T. A mark is the
 * first byte of a T record, changed in place:
 *	T to do   H held: not tried until released
 *	M m  the same (to do, held), by the relay that bounce/<id> names
 *	     (wire/note.h)
 *	D delivered   X failed, reason in bounce/<id>
 *	R removed by an administrator, nobody is told
 * A power cut can leave this file whole beside a message that is not: only
 * the checksum in S tells (wire/clean.h CLEAN_CHECK).
 */
#ifndef WIRE_ENV_H
#define WIRE_ENV_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "lib/crc32c.h"
#include "lib/str.h"

/* The END record: E, digits, a blank, hex digits, NUL. */
enum {
	ENV_END_DIGITS = 10,
	ENV_END_LEN = 1 + ENV_END_DIGITS + 1 + CRC32C_HEX + 1,
	ENV_HEAD_MAX = 64, /* the records 1, B and S are in so many bytes */
};

enum env_mark {
	ENV_TODO = 'T',
	ENV_HELD = 'H',
	ENV_TODO_VIA = 'M',
	ENV_HELD_VIA = 'm',
	ENV_DONE = 'D',
	ENV_FAILED = 'X',
	ENV_REMOVED = 'R'
};

struct env_rcpt {
	uint32_t off; /* of the mark in the file; the address follows it */
	uint32_t nparam;
};

/* What is known of a message before its recipients. */
struct env_head {
	uint64_t birth; /* us */
	uint64_t bytes; /* of the message file */
	uint32_t sum;	/* its CRC-32C */
	uint64_t pid, uid;
};

/* A decoded envelope file; pointers go into the bytes that were decoded. */
struct env {
	const char *data;
	size_t size;
	struct env_head head;
	const char *sender;
	size_t sender_param;   /* offset of its first P record, 0 none */
	struct env_rcpt *rcpt; /* malloc'd by env_decode */
	size_t nrcpt;
};

enum env_result {
	ENV_OK,
	ENV_UNFINISHED, /* no END: never acknowledged, or being written */
	ENV_DAMAGED,	/* END is there but something does not fit */
};

/* Make the bytes of an envelope file from a checked wire/envelope.h stream. */
void env_encode(struct str *out, const struct env_head *h, const char *envelope,
	size_t n);
/* Size and checksum of the message, from the first bytes of an envelope file
 * (ENV_HEAD_MAX will do). false: they are no such file's. */
bool env_message(const char *p, size_t n, uint64_t *bytes, uint32_t *sum);
/* Decode; e->rcpt must be freed by env_free. data must stay. */
enum env_result env_decode(struct env *e, const char *data, size_t size);
void env_free(struct env *e);
const char *env_rcpt(const struct env *e, size_t i);
enum env_mark env_mark(const struct env *e, size_t i);
/* Is it to be tried (T, M)? Held (H, m)? By a relay of its own (M, m)? */
bool env_istodo(enum env_mark m);
bool env_isheld(enum env_mark m);
bool env_isvia(enum env_mark m);
/* The k-th parameter (from 0) of recipient i, or of the sender with i ==
 * ENV_SENDER; NULL when there are no more. */
#define ENV_SENDER ((size_t)-1)
const char *env_param(const struct env *e, size_t i, size_t k);
/* Value of parameter key ("NOTIFY", any case) of i; NULL without. */
const char *env_value(const struct env *e, size_t i, const char *key);
/* Mark recipient i in the open file fd and in the decoded bytes (data must be
 * writable memory). Not synced. 0 or -1 errno. */
int env_setmark(struct env *e, int fd, size_t i, enum env_mark m);
/* In the decoded bytes only. */
void env_setmem(struct env *e, size_t i, enum env_mark m);

#endif
