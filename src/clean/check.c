/* SPDX-License-Identifier: 0BSD */
#include "clean/check.h"

#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

#include "lib/crc32c.h"
#include "lib/fd.h"
#include "lib/log.h"
#include "wire/clean.h"
#include "wire/env.h"
#include "wire/qopen.h"

enum { PIECE = 65536 }; /* read at a time */

/* Size and checksum of what fd holds; false errno. */
static bool
read_sum(int fd, uint64_t *bytes, uint32_t *sum)
{
	static char piece[PIECE];
	ssize_t r;

	*bytes = *sum = 0;
	while ((r = fd_read(fd, piece, sizeof piece)) > 0) {
		*sum = crc32c(*sum, piece, (size_t)r);
		*bytes += (uint64_t)r;
	}
	return r == 0;
}

char
check_message(struct qid id)
{
	char head[ENV_HEAD_MAX], path[QPATH_MAX], answer = CLEAN_DONE;
	int env = qopen(id, QFILE_ENV, O_RDONLY, NULL);
	int mess = qopen(id, QFILE_MESS, O_RDONLY, NULL);
	uint64_t bytes, want;
	uint32_t sum, expect;
	ssize_t n = 0;

	if (env != -1 && mess != -1)
		n = fd_read(env, head, sizeof head);
	else if (errno != ENOENT && errno != EINVAL) /* send will see */
		n = -1;
	if (n > 0 && env_message(head, (size_t)n, &want, &expect)) {
		if (!read_sum(mess, &bytes, &sum))
			n = -1;
		else if (bytes != want || sum != expect)
			answer = CLEAN_DIFFERS;
	}
	if (n == -1) {
		qpath_fmt(path, id, QFILE_MESS);
		log_warning_sys("unable to check ", path);
		answer = CLEAN_FAILED;
	}
	if (env != -1)
		close(env);
	if (mess != -1)
		close(mess);
	return answer;
}
