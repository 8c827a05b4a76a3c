/* SPDX-License-Identifier: 0BSD */
/* quillctl export DIR|-: a backup of the queue, also while it is at work
 *
 * The message is copied first, it never changes; then its envelope is read,
 * then the notes, which are on disk before the marks that need them. A message
 * that is done by then is left out.
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h> /* renameat */
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "lib/fd.h"
#include "lib/file.h"
#include "lib/log.h"
#include "quillctl/archive.h"
#include "quillctl/args.h"
#include "quillctl/below.h"
#include "quillctl/quillctl.h"
#include "quillctl/walk.h"
#include "wire/env.h"
#include "wire/site.h"
#include "wire/status.h"

enum { NOTES_MAX = 64 << 20 };

static struct backup {
	int dir; /* -1: a tar file on fd 1 */
	uint64_t done, left;
} backup;

/* --- into a directory ----------------------------------------------------- */

static const char part_name[] = "part.tmp";

static int
part_open(struct backup *b)
{
	return openat(b->dir, part_name,
		O_WRONLY | O_CREAT | O_TRUNC | O_NOFOLLOW | O_CLOEXEC, 0600);
}

static int
part_close(struct backup *b, int fd, const char *path, const struct stat *st)
{
	struct timespec t[2] = { st->st_mtim, st->st_mtim };
	int r = futimens(fd, t);

	if (close(fd) < 0)
		r = -1;
	return r < 0 ? -1 : renameat(b->dir, part_name, b->dir, path);
}

/* A message file never changes: what is there with its size is it. */
static bool
is_there(struct backup *b, const char *path, const struct stat *st)
{
	struct stat old;

	return fstatat(b->dir, path, &old, AT_SYMLINK_NOFOLLOW) == 0 &&
	       S_ISREG(old.st_mode) && old.st_size == st->st_size;
}

/* --- either --------------------------------------------------------------- */

/* The st_size bytes of fd; a file that is shorter by now is an error. */
static int
put_file(struct backup *b, const char *path, int fd, const struct stat *st)
{
	static char buf[65536];
	uint64_t left = (uint64_t)st->st_size;
	int to = -1, r = 0;
	ssize_t n;

	if (b->dir >= 0) {
		if (is_there(b, path, st))
			return 0;
		to = part_open(b);
		if (to < 0)
			return -1;
	} else {
		archive_header(&out, path, left, st->st_mtime);
	}
	while (left > 0 && r == 0) {
		n = fd_read(fd, buf, left < sizeof(buf) ? left : sizeof(buf));
		if (n <= 0) {
			errno = n ? errno : EPIPE;
			r = -1;
			break;
		}
		r = to < 0 ? obuf_put(&out, buf, (size_t)n)
			   : fd_writeall(to, buf, (size_t)n);
		left -= (uint64_t)n;
	}
	if (to < 0) {
		archive_pad(&out, (uint64_t)st->st_size);
		return r;
	}
	if (r == 0)
		return part_close(b, to, path, st);
	close(to);
	return -1;
}

static int
put_bytes(struct backup *b, const char *path, const struct str *s,
	const struct stat *st)
{
	int to;

	if (b->dir < 0) {
		archive_header(&out, path, s->len, st->st_mtime);
		obuf_put(&out, s->s, s->len);
		archive_pad(&out, s->len);
		return out.err ? -1 : 0;
	}
	to = part_open(b);
	if (to < 0)
		return -1;
	if (fd_writeall(to, s->s, s->len) < 0) {
		close(to);
		return -1;
	}
	return part_close(b, to, path, st);
}

/* Its notes, if it has any. */
static int
put_notes(struct backup *b, struct qid id)
{
	static struct str s = STR_INIT(NOTES_MAX);
	char path[QPATH_MAX];
	struct stat st;
	int fd, r;

	qpath_fmt(path, id, QFILE_BOUNCE);
	fd = below_plain(path);
	if (fd < 0)
		return errno == ENOENT ? 0 : -1;
	str_clear(&s);
	r = fstat(fd, &st) < 0 || file_readfd(fd, &s) < 0 ? -1 : 0;
	close(fd);
	return r < 0 ? -1 : put_bytes(b, path, &s, &st);
}

static void
remove_copy(struct backup *b, struct qid id)
{
	static const enum qfile files[] = { QFILE_ENV, QFILE_MESS,
		QFILE_BOUNCE };
	char path[QPATH_MAX];
	size_t i;

	for (i = 0; b->dir >= 0 && i < 3; i++) {
		qpath_fmt(path, id, files[i]);
		unlinkat(b->dir, path, 0);
	}
}

/* --- one message ---------------------------------------------------------- */

/* 1 put, 0 done meanwhile or not finished yet, -1 errno. */
static int
put_env(struct backup *b, struct qid id, int fd)
{
	static struct str s = STR_INIT(2 * ENVELOPE_MAX);
	char path[QPATH_MAX];
	enum env_result result;
	struct stat st;
	struct env e;

	str_clear(&s);
	if (file_readfd(fd, &s) < 0)
		return -1;
	result = env_decode(&e, str_c(&s), s.len);
	if (result == ENV_OK)
		env_free(&e);
	else if (result == ENV_DAMAGED)
		errno = EINVAL;
	if (result != ENV_OK)
		return result == ENV_DAMAGED ? -1 : 0;
	if (put_notes(b, id) < 0 || fstat(fd, &st) < 0)
		return -1;
	if (st.st_nlink == 0)
		return 0;
	qpath_fmt(path, id, QFILE_ENV);
	return put_bytes(b, path, &s, &st) < 0 ? -1 : 1;
}

static int
put_message(struct backup *b, struct qid id)
{
	char path[QPATH_MAX];
	int mess, env, r = -1;
	struct stat st;

	qpath_fmt(path, id, QFILE_ENV);
	env = below_plain(path);
	if (env < 0)
		return errno == ENOENT ? 0 : -1;
	qpath_fmt(path, id, QFILE_MESS);
	mess = below_plain(path);
	if (mess < 0 || fstat(mess, &st) < 0)
		r = errno == ENOENT ? 0 : -1;
	else if (put_file(b, path, mess, &st) == 0)
		r = put_env(b, id, env);
	if (mess >= 0)
		close(mess);
	close(env);
	return r;
}

static void
one(struct backup *b, struct qid id)
{
	char name[QID_LEN + 1];
	int r = put_message(b, id);

	if (r == 0)
		remove_copy(b, id);
	b->done += r > 0;
	if (r >= 0)
		return;
	qid_fmt(name, id);
	b->left++;
	if (out.err)
		log_die_sys(STATUS_TEMP, "unable to write");
	if (errno == EINVAL)
		log_warning("not exported: ", name,
			": damaged: quillctl fsck has more about it");
	else
		log_warning_sys("not exported: ", name,
			errno == EACCES ? " (only root may)" : "");
}

/* --- all ------------------------------------------------------------------ */

/* A copy of what is in the queue no more must not be restored: it would be
 * delivered again. */
static int
remove_old(struct backup *b, unsigned split)
{
	char path[QPATH_MAX];
	const struct dirent *d;
	struct stat st;
	struct qid id;
	enum qfile f;
	DIR *dir;
	int fd;

	qpath_split(path, split);
	fd = openat(b->dir, path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	dir = fd < 0 ? NULL : fdopendir(fd);
	if (!dir)
		return -1;
	while ((d = readdir(dir))) {
		if (!qpath_parse(d->d_name, split, &id, &f))
			continue;
		qpath_fmt(path, id, QFILE_ENV);
		if (below_stat(path, &st) < 0 && errno == ENOENT)
			remove_copy(b, id);
	}
	closedir(dir);
	return 0;
}

/* A new or empty directory, or one that an export made. */
static int
open_dir(const char *path)
{
	char sub[QPATH_MAX];
	const struct dirent *d;
	bool empty = true;
	unsigned i;
	DIR *dir;
	int fd;

	umask(077);
	if (mkdir(path, 0700) < 0 && errno != EEXIST)
		return -1;
	dir = opendir(path);
	if (!dir)
		return -1;
	while ((d = readdir(dir)))
		empty &= strcmp(d->d_name, ".") == 0 ||
			 strcmp(d->d_name, "..") == 0;
	fd = fcntl(dirfd(dir), F_DUPFD_CLOEXEC, 3);
	closedir(dir);
	if (fd >= 0 && !empty && faccessat(fd, ARCHIVE_MARK, F_OK, 0) < 0) {
		errno = ENOTEMPTY;
		return -1;
	}
	i = (unsigned)openat(
		fd, ARCHIVE_MARK, O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
	if ((int)i < 0)
		return -1;
	close((int)i);
	mkdirat(fd, "msg", 0700);
	mkdirat(fd, "bounce", 0700);
	for (i = 0; i < QSPLITS; i++) {
		qpath_split(sub, i);
		if (mkdirat(fd, sub, 0700) < 0 && errno != EEXIST)
			return -1;
	}
	return fd;
}

static int
split(struct backup *b, unsigned n)
{
	const struct qid *ids;
	int64_t count = walk_ids(n, QFILE_ENV, &ids), i;

	if (count < 0)
		return -1;
	for (i = 0; i < count; i++)
		one(b, ids[i]);
	return b->dir >= 0 ? remove_old(b, n) : 0;
}

int
ctl_export(int argc, char **argv)
{
	struct backup *b = &backup;
	struct obuf err;
	char buf[200];
	unsigned n;
	int r = 0;

	if (!args_exactly(1, NULL, 0, argc, argv))
		return CTL_USAGE;
	b->dir = -1;
	if (strcmp(argv[0], "-") == 0 && isatty(1))
		return args_bad("a tar file is not for a terminal: ", "-");
	if (strcmp(argv[0], "-") != 0) {
		b->dir = open_dir(argv[0]);
		if (b->dir < 0)
			log_die_sys(
				STATUS_TEMP, "unable to export to ", argv[0]);
	}
	ctl_enter_queue();
	for (n = 0; n < QSPLITS && r == 0; n++)
		r = split(b, n);
	if (r < 0)
		log_die_sys(STATUS_TEMP, "unable to export",
			*below_where() ? ": queue/" : "", below_where());
	if (b->dir < 0)
		archive_end(&out);
	else if (syncfs(b->dir) < 0)
		log_die_sys(STATUS_TEMP, "unable to sync ", argv[0]);
	obuf_init(&err, 2, buf, sizeof(buf));
	obuf_puts(&err, "quillctl: messages exported: ");
	obuf_putnum(&err, b->done);
	obuf_puts(&err, b->left ? ", not exported: " : "\n");
	if (b->left) {
		obuf_putnum(&err, b->left);
		obuf_putc(&err, '\n');
	}
	obuf_flush(&err);
	return b->left ? STATUS_TEMP : CTL_YES;
}
