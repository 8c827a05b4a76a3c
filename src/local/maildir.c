/* SPDX-License-Identifier: 0BSD */
#include "local/maildir.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h> /* rename */
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <unistd.h>

#include "lib/control.h"
#include "lib/fd.h"
#include "lib/stamp.h"
#include "local/conf.h"

enum {
	NAME_TRIES = 5,
	PATH_CEILING = 8192,
	HOST_CEILING = 128,
	ABANDONED = 36 * 3600, /* s, as old as Maildirs */
	CLEAN_EVERY = 3600,    /* s, in a process that stays */
};
#ifndef RENAME_NOREPLACE
enum { RENAME_NOREPLACE = 1 };
#endif

static void
put_path(struct str *s, const char *dir, const char *sub, const char *name)
{
	str_clear(s);
	str_puts(s, dir);
	str_puts(s, sub);
	str_puts(s, name);
}

/* <s>.M<us>P<pid>Q<count>.<host>,S=<bytes>; a slash or colon of the host would
 * end the name or start the flags. */
static void
unique_name(struct str *s, const char *host, uint64_t bytes)
{
	static uint64_t counter;
	static pid_t pid;
	int64_t us = stamp_us();

	str_clear(s);
	str_putnum(s, (uint64_t)(us / 1000000));
	str_puts(s, ".M");
	str_putnum(s, (uint64_t)(us % 1000000));
	str_putc(s, 'P');
	if (!pid)
		pid = getpid();
	str_putnum(s, (uint64_t)pid);
	str_putc(s, 'Q');
	str_putnum(s, ++counter);
	str_putc(s, '.');
	for (size_t i = 0; host[i] && i < HOST_CEILING; i++)
		if (host[i] == '/')
			str_puts(s, "\\057");
		else if (host[i] == ':')
			str_puts(s, "\\072");
		else
			str_putc(s, host[i]);
	str_puts(s, ",S=");
	str_putnum(s, bytes);
}

/* Some file systems cannot sync a directory at all and say so by EINVAL: there
 * is no more that could be done on them. */
static int
sync_dir(int fd)
{
	return fsync(fd) < 0 && errno != EINVAL ? -1 : 0;
}

static int
sync_path(const char *path)
{
	int fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC), r, saved;

	if (fd < 0)
		return -1;
	r = sync_dir(fd);
	saved = errno;
	close(fd);
	errno = saved;
	return r;
}

/* Two pieces with one call, in the usual case. */
static int
write_both(int fd, const char *a, size_t an, const char *b, size_t bn)
{
	struct iovec v[2];
	ssize_t n;

	memcpy(&v[0].iov_base, &a, sizeof a);
	memcpy(&v[1].iov_base, &b, sizeof b);
	v[0].iov_len = an;
	v[1].iov_len = bn;
	do
		n = writev(fd, v, 2);
	while (n < 0 && errno == EINTR);
	if (n < 0)
		return -1;
	if ((size_t)n < an)
		return fd_writeall(fd, a + n, an - (size_t)n) < 0
			       ? -1
			       : fd_writeall(fd, b, bn);
	n -= (ssize_t)an;
	return (size_t)n == bn ? 0 : fd_writeall(fd, b + n, bn - (size_t)n);
}

/* *reading is set when it was the message that could not be read. */
static int
write_message(int fd, const struct message *m, const struct str *before,
	bool *reading)
{
	const char *p = 0;
	off_t pos = 0;
	ssize_t n;

	n = message_read(m, &pos, &p);
	if (n >= 0 && write_both(fd, before->s, before->len, p, (size_t)n) < 0)
		return -1;
	while (n > 0) {
		n = message_read(m, &pos, &p);
		if (n > 0 && fd_writeall(fd, p, (size_t)n) < 0)
			return -1;
	}
	*reading = n < 0;
	return n < 0 ? -1 : fsync(fd);
}

static int
move(const char *from, const char *to)
{
	if (syscall(SYS_renameat2, AT_FDCWD, from, AT_FDCWD, to,
		    RENAME_NOREPLACE) == 0)
		return 0;
	if (errno != EINVAL && errno != ENOSYS)
		return -1;
	/* NFS and old kernels */
	if (link(from, to) == 0)
		return unlink(from) < 0 && errno != ENOENT ? -1 : 0;
	/* no links either: the name is as unique as it can be made */
	return errno == EPERM || errno == EOPNOTSUPP ? rename(from, to) : -1;
}

/* Make the whole of it aside: what has the name Maildir is never half of one,
 * and a mount point or link that waits for its file system is left alone. */
static bool
create(const char *path, struct result *r)
{
	static const char *const subs[] = { "", "/tmp", "/new", "/cur" };
	struct str aside = STR_INIT(PATH_CEILING),
		   target = STR_INIT(PATH_CEILING);
	struct str sub = STR_INIT(PATH_CEILING);
	bool good = true;

	str_puts(&target, path);
	while (target.len > 1 && target.s[target.len - 1] == '/')
		str_cut(&target, target.len - 1);
	str_put(&aside, target.s, target.len);
	str_puts(&aside, ".new");
	str_putnum(&aside, (uint64_t)getpid());
	for (size_t i = 0; good && i < sizeof subs / sizeof *subs; i++) {
		put_path(&sub, str_c(&aside), subs[i], "");
		good = mkdir(str_c(&sub), 0700) == 0 || errno == EEXIST;
	}
	good = good && sync_path(str_c(&aside)) == 0 &&
	       (syscall(SYS_renameat2, AT_FDCWD, str_c(&aside), AT_FDCWD,
			str_c(&target), RENAME_NOREPLACE) == 0 ||
		       ((errno == EINVAL || errno == ENOSYS) &&
			       rename(str_c(&aside), str_c(&target)) == 0));
	if (good) {
		/* the name must be as durable as what will be delivered */
		put_path(&sub, str_c(&target), "/..", "");
		good = sync_path(str_c(&sub)) == 0;
	}
	if (!good) {
		int saved = errno;

		for (size_t i = sizeof subs / sizeof *subs; i > 0; i--) {
			put_path(&sub, str_c(&aside), subs[i - 1], "");
			rmdir(str_c(&sub));
		}
		errno = saved;
		/* somebody else was faster: use theirs */
		good = errno == EEXIST || errno == ENOTEMPTY;
	}
	if (!good)
		result_sys(r, "Unable to create", path);
	str_free(&aside);
	str_free(&target);
	str_free(&sub);
	return good;
}

static int
open_new(const struct maildir *md, struct str *path)
{
	put_path(path, md->path, "new", "");
	/* musl's open adds a call that its openat does not */
	return openat(
		AT_FDCWD, str_c(path), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
}

/* Nothing has the name, and control/maildircreate allows to change that. */
static enum conf_create
may_create(const struct maildir *md, struct str *path)
{
	struct stat st;

	put_path(path, md->path, "", "");
	while (path->len > 1 && path->s[path->len - 1] == '/')
		str_cut(path, path->len - 1);
	if (!md->create || lstat(str_c(path), &st) == 0 || errno != ENOENT)
		return CONF_LEAVE;
	return conf_maildircreate();
}

/* new/ open for the last step, before anything is written. */
static int
open_or_create(const struct maildir *md, struct str *path, struct result *r)
{
	int fd = open_new(md, path);

	if (fd < 0 && errno == ENOENT) {
		switch (may_create(md, path)) {
		case CONF_CREATE:
			if (!create(md->path, r))
				return -1;
			fd = open_new(md, path);
			break;
		case CONF_LEAVE:
			errno = ENOENT;
			break;
		default:
			result_temp(r, "4.3.5", control_error());
			return -1;
		}
	}
	if (fd < 0 && (errno == ENOENT || errno == ENOTDIR))
		result_temp(
			r, "4.2.1", "Not a Maildir, or not there: ", md->path);
	else if (fd < 0)
		result_sys(r, "Unable to open", str_c(path));
	return fd;
}

/* A new file in tmp; path and name are set. */
static int
open_tmp(const struct maildir *md, struct str *name, struct str *path,
	uint64_t bytes)
{
	int fd = -1;

	for (int i = 0; i < NAME_TRIES; i++) {
		unique_name(name, md->host, bytes);
		put_path(path, md->path, "tmp/", str_c(name));
		fd = openat(AT_FDCWD, str_c(path),
			O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
		if (fd >= 0 || errno != EEXIST)
			break;
	}
	return fd;
}

static bool
commit(const struct maildir *md, const char *tmp, const char *name, int dir,
	struct result *r)
{
	struct str path = STR_INIT(PATH_CEILING);
	bool good = false;

	put_path(&path, md->path, "new/", name);
	if (move(tmp, str_c(&path)) < 0) {
		result_sys(r, "Unable to move message to", str_c(&path));
		unlink(tmp);
	} else if (sync_dir(dir) < 0) {
		result_sys(r, "Unable to sync", str_c(&path));
		/* it will come again */
		unlink(str_c(&path));
	} else {
		good = true; /* committed */
	}
	str_free(&path);
	return good;
}

static bool
is_abandoned(int dir, const char *name, int64_t now)
{
	struct stat st;

	return *name != '.' &&
	       fstatat(dir, name, &st, AT_SYMLINK_NOFOLLOW) == 0 &&
	       S_ISREG(st.st_mode) && now - st.st_mtime > ABANDONED &&
	       now - st.st_atime > ABANDONED;
}

/* Remove what crashes left in tmp. Trouble with it is none of a delivery's. */
static void
clean_tmp(const struct maildir *md)
{
	static struct str last = STR_INIT(PATH_CEILING);
	static int64_t when;
	struct str path = STR_INIT(PATH_CEILING);
	int64_t now = stamp_now();
	struct dirent *e;
	DIR *d = NULL;

	if (str_is(&last, md->path) && now - when < CLEAN_EVERY)
		return;
	str_clear(&last);
	str_puts(&last, md->path);
	when = now;
	put_path(&path, md->path, "tmp", "");
	d = opendir(str_c(&path));
	while (d && (e = readdir(d)))
		if (is_abandoned(dirfd(d), e->d_name, now))
			unlinkat(dirfd(d), e->d_name, 0);
	if (d)
		closedir(d);
	str_free(&path);
}

bool
maildir_deliver(const struct maildir *md, const struct message *m,
	const struct str *before, struct result *r)
{
	struct str name = STR_INIT(1024), tmp = STR_INIT(PATH_CEILING);
	uint64_t bytes = (uint64_t)m->size + before->len;
	int dir = open_or_create(md, &tmp, r), fd = -1, rc;
	bool good = false, reading = false;

	if (dir >= 0) {
		fd = open_tmp(md, &name, &tmp, bytes);
		if (fd < 0 && errno == ENOENT)
			result_temp(r, "4.2.1", "Not a Maildir: ", md->path);
		else if (fd < 0)
			result_sys(r, "Unable to create", str_c(&tmp));
	}
	if (fd >= 0) {
		rc = write_message(fd, m, before, &reading);
		/* NFS reports a full disk here */
		if (close(fd) < 0)
			rc = -1;
		if (rc == 0) {
			good = commit(md, str_c(&tmp), str_c(&name), dir, r);
		} else {
			if (reading)
				result_sys(r, "Unable to read", "message");
			else
				result_sys(r, "Unable to write", str_c(&tmp));
			unlink(str_c(&tmp));
		}
	}
	if (good)
		clean_tmp(md);
	if (dir >= 0)
		close(dir);
	str_free(&name);
	str_free(&tmp);
	return good;
}
