/* SPDX-License-Identifier: 0BSD */
#include "lib/file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "lib/fd.h"

int
file_readfd(int fd, struct str *s)
{
	for (;;) {
		size_t max = s->max ? s->max : STR_MAX;
		size_t n = max - s->len;
		char probe;
		ssize_t r;

		if (!n) {
			/* full to the brim: is there one more? */
			r = fd_read(fd, &probe, 1);
			if (r <= 0)
				return (int)r;
			s->over = true;
			errno = EFBIG;
			return -1;
		}
		if (n > 4096 && s->cap < s->len + 4096)
			n = 4096;
		else if (s->cap > s->len + 1 && n > s->cap - s->len - 1)
			n = s->cap - s->len - 1;
		str_room(s, n);
		r = fd_read(fd, s->s + s->len, n);
		if (r <= 0)
			return (int)r;
		s->len += (size_t)r;
	}
}

static void
close_keep(int fd)
{
	int saved = errno;

	close(fd);
	errno = saved;
}

int
file_read(const char *path, struct str *s)
{
	int fd = fd_open(path, O_RDONLY, 0), r;

	if (fd < 0)
		return -1;
	r = file_readfd(fd, s);
	close_keep(fd);
	return r;
}

int
file_alone(int fd)
{
	struct stat st;

	if (fstat(fd, &st) < 0)
		return -1;
	if (S_ISREG(st.st_mode) && st.st_nlink == 1)
		return 0;
	errno = EMLINK;
	return -1;
}

int
file_syncdir(const char *path)
{
	int fd = fd_open(path, O_RDONLY | O_DIRECTORY, 0), r;

	if (fd < 0)
		return -1;
	r = fsync(fd);
	close_keep(fd);
	return r;
}

/* fsync the directory that holds path. */
static int
sync_parent(const char *path)
{
	const char *slash = strrchr(path, '/');
	char *dir;
	int r, saved;

	if (!slash)
		return file_syncdir(".");
	if (slash == path)
		return file_syncdir("/");
	dir = xstrdup(path);
	dir[slash - path] = 0;
	r = file_syncdir(dir);
	saved = errno;
	free(dir);
	errno = saved;
	return r;
}

static int
write_new(const char *path, const void *p, size_t n, mode_t mode)
{
	static const int flags = O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC;
	int fd = open(path, flags, 0600);

	/* left behind by a crash */
	if (fd < 0 && errno == EEXIST && unlink(path) == 0)
		fd = open(path, flags, 0600);
	if (fd < 0)
		return -1;
	if (fd_writeall(fd, p, n) < 0 || fchmod(fd, mode) < 0 ||
		fsync(fd) < 0) {
		close_keep(fd);
		return -1;
	}
	return close(fd);
}

int
file_replace(const char *path, const void *p, size_t n, mode_t mode)
{
	static const char suffix[] = ".tmp";
	size_t len = strlen(path);
	char *tmp = xmalloc(len + sizeof suffix);
	int r, saved;

	memcpy(tmp, path, len);
	memcpy(tmp + len, suffix, sizeof suffix);
	r = write_new(tmp, p, n, mode);
	if (r == 0)
		r = rename(tmp, path);
	saved = errno;
	if (r < 0)
		unlink(tmp);
	free(tmp);
	errno = saved;
	return r < 0 ? -1 : sync_parent(path);
}
