/* SPDX-License-Identifier: 0BSD */
/* message - read the message of a delivery, by position
 *
 * The descriptor may share its offset with others: everything here uses
 * pread. A message that is larger when it is delivered than when it was opened
 * is delivered up to its first size; a smaller one is an error.
 */
#ifndef LOCAL_MESSAGE_H
#define LOCAL_MESSAGE_H

#include <stddef.h>
#include <sys/types.h>

struct message {
	int fd;
	off_t size;
	size_t have; /* bytes of its beginning that are kept in memory */
};

/* 0; -1 errno (ESPIPE: not a plain file). One message at a time. */
int message_open(struct message *m, int fd);
/* The next piece at *pos, which moves on: its length with *p at it (valid
 * until the next call), 0 at the end, -1 errno (EIO: cut short). Begin with
 * *pos = 0. A message of ordinary size comes in one piece. */
ssize_t message_read(const struct message *m, off_t *pos, const char **p);
/* Is there a Delivered-To field with that value in the header, of which 1 MiB
 * is read? 1 yes, 0 no, -1 errno. Case is ignored: the .qmail file that would
 * be found is the same. *hops: the Received fields that were seen. */
int message_delivered_to(
	const struct message *m, const char *value, size_t *hops);

#endif
