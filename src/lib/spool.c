/* SPDX-License-Identifier: 0BSD */
#include "lib/spool.h"

#include <fcntl.h>
#include <stdlib.h>
#include <unistd.h>

#include "lib/fd.h"

int
spool_open(void)
{
	char name[] = "/tmp/quill.XXXXXX";
	int fd = open("/tmp", O_TMPFILE | O_RDWR | O_CLOEXEC, 0600);

	if (fd >= 0)
		return fd;
	/* a file system that has no O_TMPFILE */
	fd = mkstemp(name);
	if (fd >= 0 && (unlink(name) < 0 || fd_cloexec(fd) < 0)) {
		close(fd);
		fd = -1;
	}
	return fd;
}

enum spool
spool_copy(int to, int from, uint64_t *size)
{
	char buf[32768];
	ssize_t r;

	while ((r = fd_read(from, buf, sizeof buf)) > 0) {
		if (fd_writeall(to, buf, (size_t)r) < 0)
			return SPOOL_WRITE;
		*size += (uint64_t)r;
	}
	return r < 0 ? SPOOL_READ : SPOOL_OK;
}
