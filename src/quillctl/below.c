/* SPDX-License-Identifier: 0BSD */
#include "quillctl/below.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h> /* renameat */
#include <string.h>
#include <unistd.h>

#include "lib/file.h"
#include "wire/qpath.h"

enum {
	DIRS = QSPLITS + 8, /* there are msg, msg/<c>, bounce, lost, lock */
	DIR_MAX = 8,	    /* the longest is bounce */
	OPEN_DIR = O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC,
};

static struct dir {
	char path[DIR_MAX];
	int fd;
} dirs[DIRS];
static size_t ndirs;
static char where[QPATH_MAX];

static int parent(const char *path, const char **name);

/* Open a directory of the queue, in place of what was opened by that path. */
static int
open_dir(const char *path)
{
	const char *name;
	int up = parent(path, &name), fd;
	size_t i;

	if (up == -1)
		return -1;
	if (strlen(path) >= DIR_MAX || ndirs == DIRS) {
		errno = ENAMETOOLONG;
		return -1;
	}
	fd = openat(up, name, OPEN_DIR);
	if (fd < 0) {
		if (errno == ELOOP) /* what some systems say for a link */
			errno = ENOTDIR;
		strcpy(where, path);
		return -1;
	}
	for (i = 0; i < ndirs && strcmp(dirs[i].path, path) != 0; i++)
		;
	if (i < ndirs)
		close(dirs[i].fd);
	else
		strcpy(dirs[ndirs++].path, path);
	dirs[i].fd = fd;
	return fd;
}

static int
find_dir(const char *path, size_t n)
{
	char dir[DIR_MAX];
	size_t i;

	if (n >= sizeof(dir)) {
		errno = ENAMETOOLONG;
		return -1;
	}
	memcpy(dir, path, n);
	dir[n] = '\0';
	for (i = 0; i < ndirs; i++)
		if (strcmp(dirs[i].path, dir) == 0)
			return dirs[i].fd;
	return open_dir(dir);
}

/* The directory that a path is in, and its name there. -1 errno. */
static int
parent(const char *path, const char **name)
{
	const char *slash = strrchr(path, '/');

	where[0] = '\0';
	*name = slash ? slash + 1 : path;
	return slash ? find_dir(path, (size_t)(slash - path)) : AT_FDCWD;
}

const char *
below_where(void)
{
	return where;
}

/* --- directories ---------------------------------------------------------- */

DIR *
below_list(const char *path)
{
	int dir = open_dir(path), fd;
	DIR *list;

	if (dir < 0)
		return NULL;
	fd = openat(dir, ".", OPEN_DIR); /* it has a position of its own */
	list = fd < 0 ? NULL : fdopendir(fd);
	if (!list && fd >= 0)
		close(fd);
	return list;
}

int
below_syncdir(const char *path)
{
	int fd = find_dir(path, strlen(path));

	return fd < 0 ? -1 : fsync(fd);
}

int
below_mkdir(const char *path)
{
	const char *name;
	int dir = parent(path, &name);

	return dir == -1 ? -1 : mkdirat(dir, name, 0700);
}

/* --- files ---------------------------------------------------------------- */

int
below_open(const char *path, int flags, mode_t mode)
{
	const char *name;
	int dir = parent(path, &name);

	if (dir == -1)
		return -1;
	return openat(
		dir, name, flags | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC, mode);
}

int
below_plain(const char *path)
{
	int fd = below_open(path, O_RDONLY, 0);
	struct stat st;

	if (fd < 0 || (fstat(fd, &st) == 0 && S_ISREG(st.st_mode)))
		return fd;
	close(fd);
	errno = EINVAL;
	return -1;
}

int
below_read(const char *path, struct str *s)
{
	int fd = below_plain(path), r, saved;

	if (fd < 0)
		return -1;
	r = file_readfd(fd, s);
	saved = errno;
	close(fd);
	errno = saved;
	return r;
}

int
below_stat(const char *path, struct stat *st)
{
	const char *name;
	int dir = parent(path, &name);

	return dir == -1 ? -1 : fstatat(dir, name, st, AT_SYMLINK_NOFOLLOW);
}

bool
below_exists(const char *path)
{
	struct stat st;

	return below_stat(path, &st) == 0;
}

int
below_link(const char *from, const char *to)
{
	const char *old, *new;
	int dir = parent(from, &old), in = dir == -1 ? -1 : parent(to, &new);

	return in == -1 ? -1 : linkat(dir, old, in, new, 0);
}

int
below_rename(const char *from, const char *to)
{
	const char *old, *new;
	int dir = parent(from, &old), in = dir == -1 ? -1 : parent(to, &new);

	return in == -1 ? -1 : renameat(dir, old, in, new);
}

int
below_remove(const char *path)
{
	const char *name;
	int dir = parent(path, &name);

	return dir == -1 ? -1 : unlinkat(dir, name, 0);
}

int
below_mkfifo(const char *path)
{
	const char *name;
	int dir = parent(path, &name);

	return dir == -1 ? -1 : mkfifoat(dir, name, 0600);
}
