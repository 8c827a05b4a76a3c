/* SPDX-License-Identifier: 0BSD */
/* manyq N HOST - put N deferred messages into the queue of the home this was
 * linked for, in quill's own format, without quill-queue and without a sync
 *
 * Born in the last day, tried a minute ago at most, one remote recipient each
 * at one of 1,000 hosts below HOST. Run it as quillq, with quill-send down.
 */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "lib/stamp.h"
#include "lib/str.h"
#include "wire/env.h"
#include "wire/envelope.h"
#include "wire/field.h"
#include "wire/qpath.h"
#include "wire/site.h"

static const char text[] = "Received: (quill 1 invoked by uid 0 id x); 1 Jan "
			   "2026 00:00:00 -0000\nSubject: one of many\n\nx\n";

static int
put(const char *path, mode_t mode, const char *p, size_t n, int64_t when)
{
	struct timespec t[2] = { { .tv_sec = when }, { .tv_sec = when } };
	int fd = open(path, O_WRONLY | O_CREAT | O_EXCL, mode);

	if (fd == -1 || write(fd, p, n) != (ssize_t)n ||
		(when && futimens(fd, t) == -1)) {
		perror(path);
		return -1;
	}
	return close(fd);
}

int
main(int argc, char **argv)
{
	struct str envelope = STR_INIT(1000), env = STR_INIT(2000);
	struct str rcpt = STR_INIT(500);
	struct env_head head = { .bytes = sizeof text - 1,
		.sum = crc32c(0, text, sizeof text - 1),
		.pid = 1 };
	int64_t now = stamp_now();
	char path[QPATH_MAX];
	struct qid id;
	long i, n;

	if (argc != 3)
		return 100;
	n = atol(argv[1]);
	umask(0);
	if (chdir(site_queue) == -1) {
		perror(site_queue);
		return 111;
	}
	for (i = 0; i < n; i++) {
		id = qid_new();
		id.us -= UINT64_C(1000000) * (3600 + (uint64_t)i % 80000);
		envelope.len = env.len = 0;
		rcpt.len = 0;
		str_puts(&rcpt, "somebody@h");
		str_putnum(&rcpt, (uint64_t)i % 1000);
		str_putc(&rcpt, '.');
		str_puts(&rcpt, argv[2]);
		field_put(&envelope, 'F', "sender@bench.example");
		field_put(&envelope, 'T', str_c(&rcpt));
		envelope_end(&envelope);
		head.birth = id.us;
		env_encode(&env, &head, envelope.s, envelope.len);
		qpath_fmt(path, id, QFILE_MESS);
		if (put(path, 0640, text, sizeof text - 1, 0) == -1)
			return 111;
		qpath_fmt(path, id, QFILE_ENV);
		if (put(path, 0660, env.s, env.len, now - i % 60) == -1)
			return 111;
	}
	return 0;
}
