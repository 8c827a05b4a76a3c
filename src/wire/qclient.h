/* SPDX-License-Identifier: 0BSD */
/* qclient - run quill-queue (or $QUILLQUEUE, $QMAILQUEUE) and collect its
 * verdict
 *
 * Open, put the whole message, then sender and recipients, then close. Errors
 * on the way are sticky and come out of qclient_close; the caller need not
 * check before. SIGPIPE must be ignored.
 */
#ifndef WIRE_QCLIENT_H
#define WIRE_QCLIENT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "lib/obuf.h"
#include "lib/str.h"
#include "wire/qkeep.h"
#include "wire/qpath.h"
#include "wire/status.h"

struct qclient {
	pid_t pid;
	struct qkeep *keep; /* pid is its; NULL: a program for this message */
	struct qkeep own;   /* keep, when nobody gave us one */
	int fdmess, fdenv, fdtext;
	struct obuf mess;
	struct str env;
	bool started; /* the sender was given */
	bool aborted;
	char buf[8192];
};

struct qverdict {
	enum status_class class;
	int code;	      /* exit code, -1 for a signal */
	int smtp;	      /* for a refusal: 451, 554, ... */
	const char *enhanced; /* "4.3.0"; a constant or status */
	const char *text;     /* one line, ASCII; a constant or custom */
	char custom[256];     /* text the program gave on fd 6; when it begins
			       * as a reply does ("550 5.7.1 no") its codes
			       * are taken over */
	char status[12];      /* of a "(#x.y.z)" in it */
	char id[QID_LEN + 1]; /* queue id when accepted and known, else "" */
	pid_t pid;	      /* "qp" of the log */
};

/* 0; -1 when it could not be started (errno; the other calls may still be made
 * and qclient_close then gives a temporary verdict). *q needs no
 * initialisation and must not move until qclient_close. The program inherits
 * fd 2, the environment, and no other descriptor that is close-on-exec. */
int qclient_open(struct qclient *q);
/* The same for who has several messages: one quill-queue takes them, k's, if it
 * is quill-queue that is to be run and no filter. End it after the last one. */
int qclient_open_kept(struct qclient *q, struct qkeep *k);
/* Message bytes. */
void qclient_put(struct qclient *q, const void *p, size_t n);
/* Envelope: sender once, then recipients; params follow their address. */
void qclient_from(struct qclient *q, const char *sender);
void qclient_to(struct qclient *q, const char *recipient);
void qclient_param(struct qclient *q, const char *keyvalue);
/* Make sure that nothing is queued, whatever follows. */
void qclient_abort(struct qclient *q);
/* End the message, write the envelope, wait. Every field of *v is set. The
 * deadline of a hanging program is its own (24 h). */
void qclient_close(struct qclient *q, struct qverdict *v);

#endif
