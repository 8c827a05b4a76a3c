/* SPDX-License-Identifier: 0BSD */
/* image - the files of the crash test's file system, volatile and durable
 *
 * A state holds every inode as the kernel sees it and, since the state was
 * made, a record of each change: of names, of bytes, of times. A sync marks
 * the records that it makes durable. After a cut, image_survivors applies to
 * what there was at the beginning those that are durable and those that a
 * policy lets survive.
 */
#ifndef CRASH_IMAGE_H
#define CRASH_IMAGE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>
#include <time.h>

/* strict: bytes by a sync of the file, names by a sync of their directory.
 * journal: any fsync makes all earlier changes of names durable. */
enum profile { STRICT, JOURNAL, NPROFILE };
/* What survives of the rest: nothing; the changes of names up to some moment;
 * any of them, and bytes as zeros or in part; everything. */
enum policy { NONE, PREFIX, RANDOM, ALL, NPOLICY };

struct entry {
	char *name;
	uint64_t ino;
};

struct dir {
	struct entry *v;
	size_t n, cap;
};

/* A change of an inode's bytes, or (trunc) of its length to off. */
struct bytes {
	uint64_t op;
	off_t off;
	size_t len;
	char *data;
	bool trunc, durable;
};

struct times {
	uint64_t op;
	struct timespec t;
	bool durable;
};

struct inode {
	mode_t mode;
	uid_t uid;
	gid_t gid;
	unsigned nlink;
	struct timespec mtime, mtime0;
	char *data, *data0;
	size_t size, cap, size0;
	struct dir dir, dir0;
	char *link;
	uint64_t parent; /* of a directory */
	struct bytes *bytes;
	size_t nbytes;
	struct times *times;
	size_t ntimes;
};

/* A change of a name: ino 0 takes it away. */
struct change {
	uint64_t op, dir, ino;
	char *name;
	bool durable[NPROFILE];
};

/* Inode 1 is the root; the others are numbered from first, and never again by
 * another state, so that nothing the kernel remembers is taken for new. */
struct state {
	uint64_t first, n;
	struct inode **v;
	struct change *changes;
	size_t nchanges;
};

struct state *state_new(void);
void state_free(struct state *s);
/* NULL when it is of another state. */
struct inode *state_inode(const struct state *s, uint64_t ino);
/* A new inode without a name; its number. */
uint64_t state_make(struct state *s, mode_t mode, uid_t uid, gid_t gid);
/* A copy of what is there, with no records: all of it is durable. */
struct state *state_copy(const struct state *s);

struct entry *dir_find(const struct inode *d, const char *name);
/* Give and take names; op is the number under which that is recorded. */
void name_set(struct state *s, uint64_t op, uint64_t dir, const char *name,
	uint64_t ino);
void name_drop(struct state *s, uint64_t op, uint64_t dir, const char *name);
void bytes_write(
	struct inode *i, uint64_t op, const char *p, size_t n, off_t off);
void bytes_truncate(struct inode *i, uint64_t op, off_t size);
void times_set(struct inode *i, uint64_t op, struct timespec t);
/* fsync, or fdatasync, of an inode. */
void state_sync(struct state *s, uint64_t ino, bool data_only);

struct state *state_survivors(const struct state *s, enum profile profile,
	enum policy policy, uint64_t seed);

#endif
