/* SPDX-License-Identifier: 0BSD */
/* commit - put one message and its envelope on disk, durably
 *
 * Used once per process; commit_undo may run in a signal handler. The three
 * steps return STATUS_OK or the exit code of quill-queue (wire/status.h);
 * after any other than STATUS_OK call commit_undo. cwd is the queue.
 */
#ifndef QUEUE_COMMIT_H
#define QUEUE_COMMIT_H

#include <signal.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "wire/qpath.h"

struct commit {
	struct qid id;
	pid_t pid;
	uid_t uid;	    /* of the caller */
	const char *origin; /* "from network"; NULL: by uid */
	size_t ceiling;	    /* bytes of an envelope */
	uint64_t bytes;	    /* of the message, Received line included */
	uint32_t sum;	    /* its CRC-32C */
	int dir, mess, env; /* descriptors */
	char mess_name[QID_LEN + 6], env_name[QID_LEN + 6];
	volatile sig_atomic_t has_mess, has_env; /* they were created by us */
	volatile sig_atomic_t past; /* END is being written: no way back */
};

/* Choose an id and create both files, empty. */
int commit_create(struct commit *c);
/* Copy fd, to its end, behind a Received line. */
int commit_message(struct commit *c, int fd);
/* Read the envelope from fd, up to its last NUL, and commit: all is durable. */
int commit_envelope(struct commit *c, int fd);
/* Remove what commit_create made. */
void commit_undo(struct commit *c);

#endif
