/* SPDX-License-Identifier: 0BSD */
/* pool - quill-queues that wait for whoever has a message
 *
 * They wait on HOME/run/queue/socket, so that a message need not start one. A
 * first process only sees to it that somebody waits; it forks the others, which
 * take one caller after the other. It never touches what a caller sends, and
 * when nobody calls, it is the only one.
 *
 * A caller is never kept waiting for another one: who comes when all are busy
 * makes one more, and when there are as many as there may be it is turned
 * away, as it is when anything here fails. It then starts a quill-queue itself.
 */
#ifndef QUEUE_POOL_H
#define QUEUE_POOL_H

#include <sys/types.h>

/* Returns in each process that is to take callers. The first one ends with the
 * program that holds the other end of descriptor 0, and all that wait, with it.
 * HOME is the working directory. */
void pool_run(void);
/* Wait for a caller: its socket, and its user. -1: it is time to leave. The
 * socket of the one before has been closed. */
int pool_next(uid_t *uid);

#endif
