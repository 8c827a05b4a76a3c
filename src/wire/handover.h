/* SPDX-License-Identifier: 0BSD */
/* handover - messages for one quill-queue, over a SEQPACKET socket
 *
 * The socket is fd 0 of a quill-queue -k, or a connection to one that waits on
 * HOME/run/queue/socket, which says first:
 *	R <pid>			it will take messages; at the end of file
 *				instead it will not, and has seen nothing
 * From the caller, when the one before was answered:
 *	M			with the reading ends of two pipes, the message
 *				to its end and the envelope (wire/envelope.h)
 * and to it:
 *	K <id>			committed; the next may come
 *	X <status code>		one byte: nothing is queued, and this process
 *				ends (wire/status.h)
 * A caller that has nothing to say for HANDOVER_REST is left.
 * Unknown records are refused.
 */
#ifndef WIRE_HANDOVER_H
#define WIRE_HANDOVER_H

#include <stdbool.h>
#include <sys/types.h>

#include "wire/qpath.h"

enum {
	HANDOVER_READY = 1000, /* ms that a caller waits for R */
	HANDOVER_REST = 15,    /* s */
};

/* HOME/bin/quill-queue is quill's, and everybody may run it: not when another
 * program was put in its place, or it is kept from some. */
bool handover_own(void);

/* The caller's side. One that waits: the socket, and its process id; -1: there
 * is none, or it has not said so in time. */
int handover_join(pid_t *pid);
/* 0; -1 errno (EPIPE: it has left, and has not seen this
 * message). Both descriptors stay the caller's. */
int handover_send(int sock, int mess, int env);
/* Wait for the answer: the status code, and id when that is STATUS_OK; -1 when
 * it ended without one. */
int handover_result(int sock, struct qid *id);

/* quill-queue's side. 0 or -1 errno. */
int handover_ready(int sock);
/* 1 and both descriptors; 0 at the end; -1 errno, also for
 * a record of another form, whose descriptors are closed. */
int handover_recv(int sock, int *mess, int *env);
/* The caller is there and keeps quiet, as it has to before the answer. May be
 * called in a signal handler. */
bool handover_attended(int sock);
/* Never waits: who asks one at a time has room for the answer. May be called
 * in a signal handler. 0 or -1 errno. */
int handover_done(int sock, struct qid id);
int handover_failed(int sock, int code);

#endif
