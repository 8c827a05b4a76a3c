/* SPDX-License-Identifier: 0BSD */
#include "lib/safefile.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "lib/fd.h"
#include "lib/file.h"

enum { PATH_LEN = 4096 };

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

static enum safefile_result
check_open(struct safefile *f, int fd, struct str *s)
{
	struct stat st;

	if (fstat(fd, &st) < 0)
		return refuse(f, strerror(errno));
	if (!S_ISREG(st.st_mode))
		return refuse(f, "is not a plain file");
	if (st.st_mode & S_IWOTH)
		return refuse(f, "is writable by others");
	f->owner = st.st_uid;
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
	r = why ? refuse(f, why) : check_open(f, fd, s);
	close(fd);
	return r;
}
