/* SPDX-License-Identifier: 0BSD */
#include "quillctl/walk.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "lib/file.h"
#include "lib/stamp.h"
#include "wire/retry.h"
#include "wire/site.h"

static struct qid *ids;
static size_t nids, capids;

static int
by_age(const void *a, const void *b)
{
	const struct qid *s = a, *t = b;

	if (s->us != t->us)
		return s->us < t->us ? -1 : 1;
	return s->rnd < t->rnd ? -1 : s->rnd > t->rnd;
}

/* The ids with an envelope in one directory, into ids. */
static int
list_split(unsigned n)
{
	char path[QPATH_MAX];
	const struct dirent *d;
	struct stat st;
	struct qid id;
	enum qfile f;
	DIR *dir;

	nids = 0;
	qpath_split(path, n);
	dir = opendir(path);
	if (!dir)
		return -1;
	while ((d = readdir(dir))) {
		if (!qpath_parse(d->d_name, n, &id, &f) || f != QFILE_ENV)
			continue;
		/* empty: being written, or left by a killed quill-queue */
		if (fstatat(dirfd(dir), d->d_name, &st, 0) < 0 ||
			st.st_size == 0)
			continue;
		if (nids == capids) {
			capids = capids ? capids * 2 : 1024;
			ids = xrealloc(ids, capids * sizeof(*ids));
		}
		ids[nids++] = id;
	}
	closedir(dir);
	return 0;
}

int64_t
walk_count(void)
{
	int64_t count = 0;
	unsigned n;

	for (n = 0; n < QSPLITS; n++) {
		if (list_split(n) < 0)
			return -1;
		count += (int64_t)nids;
	}
	return count;
}

int64_t
walk_lost(void)
{
	const struct dirent *d;
	int64_t count = 0;
	DIR *dir = opendir("lost");

	if (!dir)
		return -1;
	while ((d = readdir(dir)))
		count += strstr(d->d_name, ".env") != NULL;
	closedir(dir);
	return count;
}

/* 0; 1 gone, unfinished or damaged (odd counts the latter); -1 errno. */
static int
visit(struct qid id, void (*fn)(const struct walk_message *m), uint64_t *odd)
{
	static struct str data = STR_INIT(2 * ENVELOPE_MAX);
	struct walk_message m = { .id = id };
	char path[QPATH_MAX];
	struct stat st;
	int fd, r;

	qpath_fmt(path, id, QFILE_ENV);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return errno == ENOENT ? 0 : -1;
	str_clear(&data);
	r = fstat(fd, &st) < 0 || file_readfd(fd, &data) < 0 ? -1 : 0;
	close(fd);
	if (r < 0)
		return -1;
	if (env_decode(&m.env, str_c(&data), data.len) == ENV_OK) {
		qid_fmt(m.name, id);
		if (!retry_last(id, &st, stamp_now(), &m.tried))
			m.tried = 0;
		fn(&m);
	} else {
		++*odd;
	}
	env_free(&m.env);
	return 0;
}

int
walk_each(void (*fn)(const struct walk_message *m), uint64_t *odd)
{
	unsigned n;
	size_t i;

	*odd = 0;
	for (n = 0; n < QSPLITS; n++) {
		if (list_split(n) < 0)
			return -1;
		if (nids > 0)
			qsort(ids, nids, sizeof(*ids), by_age);
		for (i = 0; i < nids; i++)
			if (visit(ids[i], fn, odd) < 0)
				return -1;
	}
	return 0;
}
