/* SPDX-License-Identifier: 0BSD */
/* handover - messages for one quill-queue -k, over its SEQPACKET socket
 *
 * From the caller, when the one before was answered:
 *	M			with two descriptors, the message to its end
 *				and the envelope (wire/envelope.h)
 * and to it:
 *	K <id>			committed; the next may come
 *	X <status code>		one byte: nothing is queued, and this process
 *				ends (wire/status.h)
 * Unknown records are refused.
 */
#ifndef WIRE_HANDOVER_H
#define WIRE_HANDOVER_H

#include "wire/qpath.h"

/* The caller's side. 0; -1 errno (EPIPE: it has left, and has not seen this
 * message). Both descriptors stay the caller's. */
int handover_send(int sock, int mess, int env);
/* Wait for the answer: the status code, and id when that is STATUS_OK; -1 when
 * it ended without one. */
int handover_result(int sock, struct qid *id);

/* quill-queue's side. 1 and both descriptors; 0 at the end; -1 errno, also for
 * a record of another form, whose descriptors are closed. */
int handover_recv(int sock, int *mess, int *env);
/* Never waits: who asks one at a time has room for the answer. May be called
 * in a signal handler. 0 or -1 errno. */
int handover_done(int sock, struct qid id);
int handover_failed(int sock, int code);

#endif
