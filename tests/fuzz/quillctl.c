/* SPDX-License-Identifier: 0BSD */
/* quillctl: lines of logs, envelope files to be mended, tar files */
#include <sys/mman.h>
#include <unistd.h>

#include "lib/num.h"
#include "quillctl/archive.h"
#include "quillctl/mend.h"
#include "quillctl/sendlog.h"
#include "wire/env.h"

#include "fuzz/fuzz.h"

/* Each line is one; a value that is found is in the line. */
static void
lines(char *text, size_t n)
{
	static struct sendlog l;
	struct sendlog_event e;
	char v[40], *end;
	struct qid id;

	if (!l.text.max)
		sendlog_init(&l);
	for (; n > 0; n -= (size_t)(end - text) + 1, text = end + 1) {
		end = memchr(text, '\n', n);
		if (!end)
			return;
		*end = 0;
		sendlog_line(&l, text, &e);
		if (e.kind == SENDLOG_OTHER)
			continue;
		require(strlen(e.id) == QID_LEN && qid_parse(e.id, &id));
		sendlog_value(e.rest, "to", v, sizeof v);
		require(strlen(v) < sizeof v && strstr(e.rest, v));
	}
}

/* What is mended decodes, and differs by marks alone. */
static void
mend(const char *p, size_t n)
{
	char *copy = malloc(n + 1);
	size_t off = 0, i, differ = 0, marks;
	struct env e;

	memcpy(copy, p, n);
	copy[n] = 0;
	marks = mend_marks(copy, n, &off);
	for (i = 0; i < n; i++) {
		if (copy[i] == p[i])
			continue;
		require(copy[i] == ENV_TODO);
		if (marks && differ == 0)
			require(i == off);
		differ++;
	}
	if (marks) {
		require(differ == marks);
		require(env_decode(&e, copy, n) == ENV_OK);
		env_free(&e);
	}
	free(copy);
}

static void
tar(const uint8_t *p, size_t n)
{
	static struct archive a;
	struct archive_entry e;
	char path[40] = "/proc/self/fd/", buf[100];
	int fd = memfd_create("tar", 0), turns = 0;

	if (fd < 0 || write(fd, p, n) != (ssize_t)n)
		abort();
	num_fmt(path + 14, (uint64_t)fd);
	require(archive_open(&a, path) == 0);
	while (archive_next(&a, &e) == ARCHIVE_ENTRY && turns++ < 100) {
		require(e.file == QFILE_MESS || e.file == QFILE_ENV ||
			e.file == QFILE_BOUNCE);
		while (archive_read(&a, buf, sizeof buf) > 0)
			;
	}
	close(a.in.fd);
	close(fd);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char *copy;

	if (size < 2)
		return 0;
	copy = malloc(size);
	memcpy(copy, data, size);
	switch (data[0]) {
	case 'l':
		lines(copy + 1, size - 1);
		break;
	case 'm':
		mend(copy + 1, size - 1);
		break;
	default:
		tar(data + 1, size - 1);
	}
	free(copy);
	return 0;
}
