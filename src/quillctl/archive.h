/* SPDX-License-Identifier: 0BSD */
/* archive - backups of a queue: a directory, or a tar file (POSIX ustar)
 *
 * Both hold msg/<c>/<id>.mess, bounce/<id> where there is one, and
 * msg/<c>/<id>.env, in this order, which is what makes the message: an
 * archive that was cut short holds the messages before the cut. A directory
 * also holds the file ARCHIVE_MARK.
 */
#ifndef QUILLCTL_ARCHIVE_H
#define QUILLCTL_ARCHIVE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/stat.h>
#include <sys/types.h>

#include "lib/ibuf.h"
#include "lib/obuf.h"
#include "wire/qpath.h"

#define ARCHIVE_MARK "quill-export"

enum { ARCHIVE_BLOCK = 512 };

/* --- writing a tar file --------------------------------------------------- */

/* A header; then come size bytes and archive_pad. */
void archive_header(
	struct obuf *o, const char *path, uint64_t size, int64_t mtime);
void archive_pad(struct obuf *o, uint64_t size);
void archive_end(struct obuf *o);

/* --- reading one, or a directory ------------------------------------------ */

struct archive_entry {
	struct qid id;
	enum qfile file; /* MESS, BOUNCE, ENV */
	uint64_t size;
	int64_t mtime;
};

struct archive {
	bool tar;
	struct ibuf in;
	char buf[65536];
	uint64_t left, pad; /* of the entry at hand */
	/* a directory */
	int dir, fd;
	unsigned split;
	struct qid *ids;
	size_t nids, at;
	int step;
	uint64_t strange; /* entries that are passed over */
};

enum archive_result { ARCHIVE_ENTRY, ARCHIVE_END, ARCHIVE_CUT, ARCHIVE_BAD };

/* "-": a tar file on descriptor 0; else a directory, or a tar file by name.
 * 0; -1 errno. */
int archive_open(struct archive *a, const char *path);
/* The next file; what was not read of the last is passed over. CUT: the end
 * came too early, BAD: it is no tar file, or errno when that is not 0. */
enum archive_result archive_next(struct archive *a, struct archive_entry *e);
/* Bytes of it: > 0, 0 at its end, -1 errno (EPIPE: cut short). */
ssize_t archive_read(struct archive *a, void *p, size_t n);

#endif
