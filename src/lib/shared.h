/* SPDX-License-Identifier: 0BSD */
/* shared - a small file that many processes map and count in at once
 *
 * For numbers that are good to have and that nothing may fail for: whatever
 * happens (no directory, no permission, a full disk, a file that somebody
 * cut), there is memory to count in; it is then this process's alone. All
 * access is by atomic operations of <stdatomic.h>; nothing waits for anybody,
 * and a process may be killed anywhere.
 *
 * The directory must belong to the writers: nobody else may make files there.
 */
#ifndef LIB_SHARED_H
#define LIB_SHARED_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* What a file begins with. A file whose head does not fit is replaced by a
 * new one; processes that have the old one keep it until they end. */
struct shared_head {
	char magic[8];	  /* the owner's name for the layout, with a version */
	uint64_t size;	  /* of the whole file */
	uint64_t born;	  /* stamp_now() when it was made */
	uint64_t seed[2]; /* random: for hashes of keys that strangers choose */
	uint64_t spare[3];
};

struct shared {
	struct shared_head *head; /* never NULL once opened */
	void *p;		  /* what follows the head, zeros at first */
	bool alone;		  /* private memory: nobody else sees it */
};

enum { SHARED_FILES = 4 }; /* that one process may open */

/* Map the file path, size bytes with its head; made, with mode 0640, when it
 * is not there. 0; -1 with errno: s->alone, and *s can be used all the same.
 * The memory lasts as long as the process. Installs a handler for SIGBUS,
 * which the kernel sends when a page of the file cannot be had. */
int shared_open(
	struct shared *s, const char *path, const char magic[8], size_t size);
/* For readers without the right to write: copy the first n bytes of the file
 * at path to buf, head included. 0; -1 errno (EINVAL: not of that magic, or
 * shorter). */
int shared_read(const char *path, const char magic[8], void *buf, size_t n);

#endif
