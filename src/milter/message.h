/* SPDX-License-Identifier: 0BSD */
/* message - a message that filters may change: header fields in memory, the
 * body in a file, the envelope in records */
#ifndef MILTER_MESSAGE_H
#define MILTER_MESSAGE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "lib/str.h"
#include "wire/qclient.h"

enum {
	HEADER_MAX = 4 << 20,	/* bytes of all fields */
	FIELDS_MAX = 10000,	/* fields */
	RECIPIENTS_MAX = 200000 /* recipients, those added included */
};

struct field {
	char *raw; /* as it stands in the message, with its last LF */
	size_t len;
	size_t namelen;
};

struct address {
	char *addr;
	char *params; /* its P records: NUL-terminated each, one after the
	               * other */
	size_t paramlen;
	bool gone; /* removed by a filter */
};

struct message {
	struct str trace; /* our own Received field: filters do not see it */
	struct field *field;
	size_t nfield, capfield, headerlen;
	bool gap; /* an empty line stands between header and body */
	int body; /* the file */
	uint64_t start, end;
	struct address from, *to;
	size_t nto, capto;
	bool held;
};

/* All of this return NULL, or what is wrong in a few words. */

/* From a file of size bytes and a checked envelope (wire/envelope.h). own: the
 * first field is our Received. */
const char *message_read(struct message *m, int fd, uint64_t size, bool own,
	const struct str *envelope);
/* A new field before number index (from 0; past the end: the end). What a
 * filter says is cut to what a field may be: no NUL, CRLF is LF, and a line
 * that would begin another field is made to continue this one. blank: a blank
 * goes between the colon and the value. */
const char *message_insert(struct message *m, size_t index, const char *name,
	const char *value, bool blank);
/* Field number nth (from 1) of that name gets the value; an empty one removes
 * it. One that is not there is added, if there is a value. */
const char *message_change(struct message *m, size_t nth, const char *name,
	const char *value, bool blank);
/* From now on the body is the file fd, all of it. */
void message_body(struct message *m, int fd, uint64_t size);
const char *message_sender(struct message *m, const char *addr);
const char *message_addrcpt(struct message *m, const char *addr);
void message_delrcpt(struct message *m, const char *addr);
/* Recipients that are left. */
size_t message_recipients(const struct message *m);
/* Hand it to the queue. */
void message_queue(const struct message *m, struct qclient *q);

#endif
