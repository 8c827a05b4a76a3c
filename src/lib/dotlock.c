/* SPDX-License-Identifier: 0BSD */
#include "lib/dotlock.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <sys/stat.h>
#include <unistd.h>

#include "lib/fd.h"
#include "lib/stamp.h"
#include "lib/str.h"

enum { PATH_CEILING = 8192, NAP_MAX = 200 };

static void
put_name(struct str *s, const char *path)
{
	str_puts(s, path);
	str_puts(s, ".lock");
}

/* O_EXCL holds on NFS since version 3. Others look for a process id in it. */
static int
make(const char *name)
{
	struct str pid = STR_INIT(32);
	int fd = fd_open(name, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW, 0644);

	if (fd < 0)
		return -1;
	str_putnum(&pid, (uint64_t)getpid());
	str_putc(&pid, '\n');
	/* the name is the lock, whatever is in it */
	(void)fd_writeall(fd, pid.s, pid.len);
	str_free(&pid);
	close(fd);
	return 0;
}

static int
is_stale(const char *name)
{
	struct stat st;

	return lstat(name, &st) == 0 && S_ISREG(st.st_mode) &&
	       stamp_now() - st.st_mtime > DOTLOCK_STALE;
}

/* 1 made, 0 cannot be made, -1 errno. */
static int
take(const char *name, int64_t deadline)
{
	for (int nap = 5; make(name) < 0; nap *= nap < NAP_MAX ? 2 : 1) {
		if (errno == EACCES || errno == EPERM || errno == EROFS ||
			errno == ENAMETOOLONG)
			return 0;
		if (errno != EEXIST)
			return -1;
		if (is_stale(name)) {
			if (unlink(name) < 0 && errno != ENOENT)
				return -1;
			continue;
		}
		if (stamp_mono() >= deadline) {
			errno = ETIMEDOUT;
			return -1;
		}
		poll(NULL, 0, nap);
	}
	return 1;
}

int
dotlock_take(const char *path, int64_t deadline)
{
	struct str name = STR_INIT(PATH_CEILING);
	int r = 0, saved;

	put_name(&name, path);
	if (!name.over)
		r = take(str_c(&name), deadline);
	saved = errno;
	str_free(&name);
	errno = saved;
	return r;
}

void
dotlock_drop(const char *path)
{
	struct str name = STR_INIT(PATH_CEILING);
	int saved = errno;

	put_name(&name, path);
	unlink(str_c(&name));
	str_free(&name);
	errno = saved;
}
