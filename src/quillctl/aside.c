/* SPDX-License-Identifier: 0BSD */
#include "quillctl/aside.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <unistd.h>

#include "lib/fd.h"
#include "lib/str.h"

static const char *
name(const char *path)
{
	static struct str tmp = STR_INIT(4096);

	str_clear(&tmp);
	str_puts(&tmp, path);
	str_puts(&tmp, ".tmp");
	return str_c(&tmp);
}

int
aside_open(const char *path)
{
	const char *tmp = name(path);

	if (unlink(tmp) < 0 && errno != ENOENT)
		return -1;
	return fd_open(tmp, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW, 0666);
}

int
aside_close(int fd, const char *path, int good)
{
	const char *tmp = name(path);
	int saved = errno;

	if (close(fd) < 0) {
		saved = errno;
		good = 0;
	}
	if (good && rename(tmp, path) == 0)
		return 0;
	if (good)
		saved = errno;
	unlink(tmp);
	errno = saved;
	return -1;
}
