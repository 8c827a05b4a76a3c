/* SPDX-License-Identifier: 0BSD */
/* qpath - ids and places of the queue, and the life of a message
 *
 * An id is QID_LEN characters of 0-9a-v (base32hex, RFC 4648 7, lower case):
 * 11 for the microseconds since 1970 at its birth, 5 random. Ids sort by time,
 * are never reused and do not depend on the machine.
 *
 * Below HOME/queue (every path here is relative to it):
 *	msg/<c>/<id>.mess  the message; <c> is the last character of the id
 *	msg/<c>/<id>.env   the envelope and its marks (wire/env.h)
 *	bounce/<id>        reasons of failed recipients (wire/note.h)
 *	lost/              what was damaged, set aside for the administrator
 *	lock/send          held by the one running quill-send
 *	lock/hint          fifo from quill-queue to quill-send (wire/hint.h)
 *
 * The life of a message:
 *	1. .mess and .env are created empty, .mess is written, then .env with
 *	   the checksum of .mess and its END record;
 *	2. .env, the directory and .mess are synced: committed. quill-queue
 *	   exits 0 and leaves a hint.
 *	3. send reads .env, marks each recipient in place when it is done;
 *	   reasons of failures are durable in bounce/<id> before their mark.
 *	4. all marked: a bounce is queued if there are failures, bounce/<id> is
 *	   removed, then .env, then .mess.
 * .mess not as its .env says: step 2, if not damage: to lost/.
 * .env without a valid END: never acknowledged, removed when QSTALE old.
 * .env without .mess: the end of step 4 or never acknowledged: removed.
 * .mess without .env: the end of step 4, or step 1: removed when QSTALE old.
 * bounce/<id> without .env: the end of step 4: removed.
 */
#ifndef WIRE_QPATH_H
#define WIRE_QPATH_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
	QID_LEN = 16,
	QPATH_MAX = 48, /* room for any path below queue/, with NUL */
	QSPLITS = 32,
	QSTALE = 36 * 3600, /* s; longer than QUEUE_TIMEOUT */
};

/* A message id as numbers: us < 2^55, rnd < 2^25. */
struct qid {
	uint64_t us;
	uint32_t rnd;
};

enum qfile {
	QFILE_MESS,
	QFILE_ENV,
	QFILE_BOUNCE,
	QFILE_LOST_MESS,
	QFILE_LOST_ENV
};

/* Of QFILE_BOUNCE, owner quills: group quill reads it because quill-clean
 * syncs it, without which no failure of that message can be recorded. */
enum { QFILE_NOTES_MODE = 0640 };

/* A new id for now. */
struct qid qid_new(void);
/* QID_LEN characters and a NUL. */
void qid_fmt(char out[QID_LEN + 1], struct qid id);
/* Exactly QID_LEN valid characters at p. */
bool qid_parse(const char *p, struct qid *id);
/* Seconds since 1970 at its birth. */
int64_t qid_birth(struct qid id);
bool qid_equal(struct qid a, struct qid b);
/* "msg/v/<id>.mess" and so on. */
void qpath_fmt(char out[QPATH_MAX], struct qid id, enum qfile f);
/* "msg/v": directory number n, 0 to QSPLITS - 1. */
void qpath_split(char out[QPATH_MAX], unsigned n);
unsigned qid_split(struct qid id);
/* A name found in msg/<c>: is it <id>.mess or <id>.env of that split? */
bool qpath_parse(
	const char *name, unsigned split, struct qid *id, enum qfile *f);

#endif
