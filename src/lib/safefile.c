/* SPDX-License-Identifier: 0BSD */
#include "lib/safefile.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/vfs.h>
#include <unistd.h>

#include "lib/fd.h"
#include "lib/file.h"

enum { PATH_LEN = 4096, PROC_FS = 0x9fa0 };

static enum safefile_result
refuse(struct safefile *f, const char *why)
{
	f->why = why;
	return SAFEFILE_BAD;
}

/* NULL; or what is wrong with a directory above path, as it is written. */
static const char *
check_above(const char *path)
{
	struct str dir = STR_INIT(PATH_LEN);
	const char *slash = path, *why = NULL;
	struct stat st;

	while (!why && (slash = strchr(slash, '/')) != NULL) {
		slash++;
		str_clear(&dir);
		str_put(&dir, path, (size_t)(slash - path));
		if (dir.over)
			why = "has too long a name";
		else if (stat(str_c(&dir), &st) < 0)
			why = strerror(errno);
		else if ((st.st_mode & S_IWOTH) && !(st.st_mode & S_ISVTX))
			why = "is in a directory that is writable by others";
	}
	str_free(&dir);
	return why;
}

static void
count_owner(struct safefile *f, const struct stat *st)
{
	if (st->st_uid != 0 && st->st_uid != geteuid())
		f->owner = st->st_uid;
}

/* Somebody else's link, or what is in somebody else's directory, is what that
 * user says, whoever owns the file: a link can be put there to any. */
static void
check_owners(struct safefile *f, const char *path)
{
	struct str part = STR_INIT(PATH_LEN);
	size_t n = 0;
	struct stat st;

	while (path[n]) {
		n += strspn(path + n, "/");
		n += strcspn(path + n, "/");
		str_clear(&part);
		str_put(&part, path, n);
		if (lstat(str_c(&part), &st) == 0)
			count_owner(f, &st);
		if (stat(part.s, &st) == 0)
			count_owner(f, &st);
	}
	str_free(&part);
}

static enum safefile_result
check_open(struct safefile *f, int fd, const char *path, struct str *s)
{
	struct statfs fs;
	struct stat st;

	if (fstat(fd, &st) < 0 || fstatfs(fd, &fs) < 0)
		return refuse(f, strerror(errno));
	/* /proc has files of root in which are a user's words: the command
	 * line of a setuid program */
	if (!S_ISREG(st.st_mode) || fs.f_type == PROC_FS)
		return refuse(f, "is not a plain file");
	if (st.st_mode & S_IWOTH)
		return refuse(f, "is writable by others");
	f->owner = st.st_uid;
	check_owners(f, path);
	f->group = (st.st_mode & S_IWGRP) != 0;
	if (file_readfd(fd, s) < 0)
		return refuse(
			f, errno == EFBIG ? "is too large" : strerror(errno));
	return SAFEFILE_OK;
}

enum safefile_result
safefile_read(struct safefile *f, const char *path, struct str *s)
{
	enum safefile_result r;
	const char *why;
	int fd;

	*f = (struct safefile){ .owner = (uid_t)-1 };
	fd = fd_open(path, O_RDONLY | O_NONBLOCK | O_NOCTTY, 0);
	if (fd < 0) {
		refuse(f, strerror(errno));
		return errno == ENOENT || errno == ENOTDIR ? SAFEFILE_ABSENT
							   : SAFEFILE_BAD;
	}
	why = check_above(path);
	r = why ? refuse(f, why) : check_open(f, fd, path, s);
	close(fd);
	return r;
}
