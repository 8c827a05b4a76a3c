/* SPDX-License-Identifier: 0BSD */
/* commit - put one message and its envelope on disk, durably
 *
 * commit_undo may run in a signal handler. The three steps return STATUS_OK or
 * the exit code of quill-queue (wire/status.h); after any other than STATUS_OK
 * call commit_undo and exit. cwd is the queue.
 */
#ifndef QUEUE_COMMIT_H
#define QUEUE_COMMIT_H

#include <signal.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "wire/qpath.h"

/* What is the same for all messages of a process. */
struct commit_by {
	pid_t pid;
	uid_t uid;	    /* of the caller */
	const char *origin; /* "from network"; NULL: by uid */
	size_t ceiling;	    /* bytes of an envelope */
};

/* One message. All zeros at first; commit_end leaves it so. */
struct commit {
	const struct commit_by *by;
	struct qid id;
	uint64_t bytes;	    /* of the message, Received line included */
	uint32_t sum;	    /* its CRC-32C */
	int dir, mess, env; /* descriptors */
	char mess_name[QID_LEN + 6], env_name[QID_LEN + 6];
	volatile sig_atomic_t has_mess, has_env; /* they were created by us */
	volatile sig_atomic_t past; /* END is being written: no way back */
};

/* Choose an id and create both files, empty. */
int commit_create(struct commit *c, const struct commit_by *by);
/* Copy fd, to its end, behind a Received line. */
int commit_message(struct commit *c, int fd);
/* Read the envelope from fd, up to its last NUL, and commit: all is durable. */
int commit_envelope(struct commit *c, int fd);
/* Remove what commit_create made. */
void commit_undo(struct commit *c);
/* It is committed, and another may follow: *c is as before the first. */
void commit_end(struct commit *c);

#endif
