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
#include "lib/log.h"
#include "lib/stamp.h"
#include "lib/str.h"
#include "quillctl/below.h"
#include "wire/retry.h"
#include "wire/site.h"

static struct qid *ids;
static size_t nids, capids;
static struct str failed = STR_INIT(QPATH_MAX); /* could not be looked at */

void
walk_failed(const char *path)
{
	str_clear(&failed);
	str_puts(&failed, *below_where() ? below_where() : path);
}

void
walk_trouble(void)
{
	log_alert_sys("unable to look into ", site_queue, failed.len ? "/" : "",
		str_c(&failed));
}

static int
by_age(const void *a, const void *b)
{
	const struct qid *s = a, *t = b;

	if (s->us != t->us)
		return s->us < t->us ? -1 : 1;
	return s->rnd < t->rnd ? -1 : s->rnd > t->rnd;
}

int64_t
walk_ids(unsigned n, enum qfile want, const struct qid **list)
{
	char path[QPATH_MAX];
	const struct dirent *d;
	struct stat st;
	struct qid id;
	enum qfile f;
	DIR *dir;

	nids = 0;
	qpath_split(path, n);
	dir = below_list(path);
	if (!dir) {
		walk_failed(path);
		return -1;
	}
	while ((d = readdir(dir))) {
		if (!qpath_parse(d->d_name, n, &id, &f) || f != want)
			continue;
		/* empty: being written, or left by a killed quill-queue */
		if (f == QFILE_ENV &&
			(fstatat(dirfd(dir), d->d_name, &st,
				 AT_SYMLINK_NOFOLLOW) < 0 ||
				(S_ISREG(st.st_mode) && st.st_size == 0)))
			continue;
		if (nids == capids) {
			capids = capids ? capids * 2 : 1024;
			ids = xrealloc(ids, capids * sizeof(*ids));
		}
		ids[nids++] = id;
	}
	closedir(dir);
	if (nids > 0)
		qsort(ids, nids, sizeof(*ids), by_age);
	if (list)
		*list = ids;
	return (int64_t)nids;
}

int64_t
walk_count(void)
{
	int64_t count = 0, k;
	unsigned n;

	for (n = 0; n < QSPLITS; n++) {
		k = walk_ids(n, QFILE_ENV, NULL);
		if (k < 0)
			return -1;
		count += k;
	}
	return count;
}

int64_t
walk_lost(void)
{
	const struct dirent *d;
	int64_t count = 0;
	DIR *dir = below_list("lost");

	if (!dir) {
		walk_failed("lost");
		return -1;
	}
	while ((d = readdir(dir)))
		count += strstr(d->d_name, ".env") != NULL;
	closedir(dir);
	return count;
}

/* A file that is no plain one, or that the disk does not give back, says
 * nothing of the others. */
static bool
is_odd(const char *path)
{
	static const int of_it_alone[] = { EINVAL, ELOOP, EISDIR, EACCES, EIO,
		EFBIG };
	int saved = errno;

	for (size_t i = 0; i < sizeof(of_it_alone) / sizeof(int); i++) {
		if (saved != of_it_alone[i])
			continue;
		log_warning("unable to read ", site_queue, "/", path, ": ",
			saved == EINVAL ? "no plain file" : log_strerror());
		return true;
	}
	walk_failed(path);
	errno = saved;
	return false;
}

int
walk_one(struct qid id, walk_fn *fn, walk_fn *odd, void *arg)
{
	static struct str data = STR_INIT(2 * ENVELOPE_MAX);
	struct walk_message m = { .id = id };
	char path[QPATH_MAX];
	struct stat st;
	int fd, r;

	qpath_fmt(path, id, QFILE_ENV);
	fd = below_plain(path);
	if (fd < 0 && errno == ENOENT)
		return 0;
	str_clear(&data);
	r = fd < 0 || fstat(fd, &st) < 0 || file_readfd(fd, &data) < 0;
	if (r)
		r = is_odd(path) ? 1 : -1;
	if (fd >= 0)
		close(fd);
	if (r < 0)
		return -1;
	qid_fmt(m.name, id);
	m.result = r ? ENV_DAMAGED : env_decode(&m.env, str_c(&data), data.len);
	if (m.result == ENV_OK) {
		if (!retry_last(id, &st, stamp_now(), &m.tried))
			m.tried = 0;
		fn(arg, &m);
		env_free(&m.env);
	} else if (odd) {
		odd(arg, &m);
	}
	return 1;
}

int
walk_each(walk_fn *fn, walk_fn *odd, void *arg)
{
	const struct qid *list;
	int64_t n, i;
	unsigned split;

	for (split = 0; split < QSPLITS; split++) {
		n = walk_ids(split, QFILE_ENV, &list);
		if (n < 0)
			return -1;
		for (i = 0; i < n; i++)
			if (walk_one(list[i], fn, odd, arg) < 0)
				return -1;
	}
	return 0;
}
