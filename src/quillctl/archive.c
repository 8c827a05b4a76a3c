/* SPDX-License-Identifier: 0BSD */
#include "quillctl/archive.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "lib/fd.h"
#include "lib/str.h"

/* Places in a header, POSIX ustar. */
enum {
	AT_NAME = 0,
	NAME_LEN = 100,
	AT_MODE = 100,
	AT_UID = 108,
	AT_GID = 116,
	AT_SIZE = 124,
	AT_MTIME = 136,
	AT_SUM = 148,
	AT_TYPE = 156,
	AT_MAGIC = 257,
	AT_PREFIX = 345,
};

/* --- writing -------------------------------------------------------------- */

static void
octal(char *p, int digits, uint64_t n)
{
	while (digits-- > 0) {
		p[digits] = (char)('0' + (n & 7));
		n >>= 3;
	}
}

static uint64_t
header_sum(const char *h)
{
	uint64_t sum = 0;
	size_t i;

	for (i = 0; i < ARCHIVE_BLOCK; i++)
		sum += i >= AT_SUM && i < AT_SUM + 8 ? ' '
						     : (unsigned char)h[i];
	return sum;
}

void
archive_header(struct obuf *o, const char *path, uint64_t size, int64_t mtime)
{
	char h[ARCHIVE_BLOCK] = { 0 };

	memcpy(h + AT_NAME, path, strlen(path));
	octal(h + AT_MODE, 7, 0600);
	octal(h + AT_UID, 7, 0);
	octal(h + AT_GID, 7, 0);
	octal(h + AT_SIZE, 11, size);
	octal(h + AT_MTIME, 11, mtime > 0 ? (uint64_t)mtime : 0);
	h[AT_TYPE] = '0';
	memcpy(h + AT_MAGIC,
		"ustar\0"
		"00",
		8);
	octal(h + AT_SUM, 6, header_sum(h));
	h[AT_SUM + 7] = ' ';
	obuf_put(o, h, sizeof(h));
}

void
archive_pad(struct obuf *o, uint64_t size)
{
	static const char zeros[ARCHIVE_BLOCK];

	if (size % ARCHIVE_BLOCK)
		obuf_put(o, zeros, ARCHIVE_BLOCK - size % ARCHIVE_BLOCK);
}

void
archive_end(struct obuf *o)
{
	static const char zeros[2 * ARCHIVE_BLOCK];

	obuf_put(o, zeros, sizeof(zeros));
}

/* --- names ---------------------------------------------------------------- */

/* A path of the queue, perhaps below other directories ("./", "queue/"). */
static bool
parse_path(const char *path, struct archive_entry *e)
{
	const char *name = strrchr(path, '/'), *up;
	size_t n;

	if (!name)
		return false;
	n = (size_t)(name++ - path);
	if (n >= 6 && memcmp(path + n - 6, "bounce", 6) == 0 &&
		(n == 6 || path[n - 7] == '/')) {
		e->file = QFILE_BOUNCE;
		return strlen(name) == QID_LEN && qid_parse(name, &e->id);
	}
	up = path + n - 5;
	if (n < 5 || memcmp(up, "msg/", 4) != 0 || (n > 5 && up[-1] != '/'))
		return false;
	return strnlen(name, QID_LEN) == QID_LEN && qid_parse(name, &e->id) &&
	       name[QID_LEN - 1] == up[4] &&
	       qpath_parse(name, qid_split(e->id), &e->id, &e->file);
}

/* --- a tar file ----------------------------------------------------------- */

/* Up to n bytes; fewer at the end of the file only. -1 errno. */
static ssize_t
take(struct archive *a, char *to, size_t n)
{
	size_t have = 0;
	ssize_t r;
	char *p;

	while (have < n) {
		r = ibuf_peek(&a->in, &p);
		if (r < 0)
			return -1;
		if (r == 0)
			break;
		if ((size_t)r > n - have)
			r = (ssize_t)(n - have);
		if (to)
			memcpy(to + have, p, (size_t)r);
		ibuf_skip(&a->in, (size_t)r);
		have += (size_t)r;
	}
	return (ssize_t)have;
}

static bool
skip(struct archive *a, uint64_t n)
{
	ssize_t r;

	for (; n > 0; n -= (uint64_t)r) {
		r = take(a, NULL, n > ARCHIVE_BLOCK ? ARCHIVE_BLOCK : n);
		if (r <= 0)
			return false;
	}
	return true;
}

static bool
number(const char *p, size_t n, uint64_t *out)
{
	uint64_t v = 0;
	size_t i = 0;

	while (i < n && p[i] == ' ')
		i++;
	if (i == n || p[i] < '0' || p[i] > '7')
		return false;
	for (; i < n && p[i] >= '0' && p[i] <= '7'; i++)
		v = v << 3 | (uint64_t)(p[i] - '0');
	*out = v;
	return i == n || p[i] == ' ' || p[i] == 0;
}

static bool
is_zero(const char *p)
{
	size_t i;

	for (i = 0; i < ARCHIVE_BLOCK; i++)
		if (p[i])
			return false;
	return true;
}

static void
full_name(const char *h, struct str *path)
{
	str_clear(path);
	if (h[AT_PREFIX] && memcmp(h + AT_MAGIC, "ustar", 6) == 0) {
		str_put(path, h + AT_PREFIX, strnlen(h + AT_PREFIX, 155));
		str_putc(path, '/');
	}
	str_put(path, h + AT_NAME, strnlen(h + AT_NAME, NAME_LEN));
}

static enum archive_result
next_tar(struct archive *a, struct archive_entry *e)
{
	static struct str path = STR_INIT(300);
	char h[ARCHIVE_BLOCK];
	uint64_t sum, mtime;
	ssize_t r;

	for (;;) {
		errno = 0;
		if (!skip(a, a->left + a->pad))
			return errno ? ARCHIVE_BAD : ARCHIVE_CUT;
		a->left = a->pad = 0;
		r = take(a, h, sizeof(h));
		if (r < 0)
			return ARCHIVE_BAD;
		if (r < ARCHIVE_BLOCK)
			return ARCHIVE_CUT;
		if (is_zero(h))
			return ARCHIVE_END;
		if (!number(h + AT_SUM, 8, &sum) || sum != header_sum(h) ||
			!number(h + AT_SIZE, 12, &a->left) ||
			!number(h + AT_MTIME, 12, &mtime)) {
			errno = 0;
			return ARCHIVE_BAD;
		}
		a->pad = (ARCHIVE_BLOCK - a->left % ARCHIVE_BLOCK) %
			 ARCHIVE_BLOCK;
		full_name(h, &path);
		e->size = a->left;
		e->mtime = (int64_t)mtime;
		if ((h[AT_TYPE] == '0' || h[AT_TYPE] == 0) &&
			parse_path(str_c(&path), e))
			return ARCHIVE_ENTRY;
		/* directories and what pax adds are no surprise */
		if (!strchr("5xg", h[AT_TYPE]))
			a->strange++;
	}
}

/* --- a directory ---------------------------------------------------------- */

static bool
list(struct archive *a)
{
	char path[QPATH_MAX];
	const struct dirent *d;
	struct qid id;
	enum qfile f;
	size_t cap = a->nids;
	int fd;
	DIR *dir;

	a->nids = a->at = 0;
	qpath_split(path, a->split);
	fd = openat(a->dir, path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	dir = fd < 0 ? NULL : fdopendir(fd);
	if (!dir)
		return errno == ENOENT;
	while ((d = readdir(dir))) {
		if (!qpath_parse(d->d_name, a->split, &id, &f)) {
			a->strange += d->d_name[0] != '.';
			continue;
		}
		if (f != QFILE_ENV)
			continue;
		if (a->nids >= cap || !a->ids) {
			cap = a->nids * 2 + 64;
			a->ids = xrealloc(a->ids, cap * sizeof(*a->ids));
		}
		a->ids[a->nids++] = id;
	}
	closedir(dir);
	return true;
}

static enum archive_result
next_file(struct archive *a, struct archive_entry *e)
{
	static const enum qfile order[] = { QFILE_MESS, QFILE_BOUNCE,
		QFILE_ENV };
	char path[QPATH_MAX];
	struct stat st;

	if (a->fd >= 0)
		close(a->fd);
	a->fd = -1;
	for (;;) {
		while (a->at == a->nids) {
			if (a->split == QSPLITS)
				return ARCHIVE_END;
			if (!list(a))
				return ARCHIVE_BAD;
			a->split++;
		}
		e->id = a->ids[a->at];
		e->file = order[a->step];
		a->step = (a->step + 1) % 3;
		a->at += a->step == 0;
		qpath_fmt(path, e->id, e->file);
		a->fd = openat(a->dir, path,
			O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
		if (a->fd >= 0 && fstat(a->fd, &st) == 0 && S_ISREG(st.st_mode))
			break;
		if (a->fd < 0 && errno != ENOENT)
			return ARCHIVE_BAD;
		if (a->fd >= 0)
			close(a->fd);
		a->fd = -1;
	}
	e->size = (uint64_t)st.st_size;
	e->mtime = st.st_mtim.tv_sec;
	return ARCHIVE_ENTRY;
}

/* --- both ----------------------------------------------------------------- */

int
archive_open(struct archive *a, const char *path)
{
	struct stat st;
	int fd = 0;

	memset(a, 0, sizeof(*a));
	a->fd = -1;
	if (strcmp(path, "-") != 0) {
		fd = fd_open(path, O_RDONLY, 0);
		if (fd < 0 || fstat(fd, &st) < 0)
			return -1;
		a->dir = fd;
		if (S_ISDIR(st.st_mode)) {
			if (faccessat(fd, ARCHIVE_MARK, F_OK, 0) < 0 &&
				faccessat(fd, "msg", F_OK, 0) < 0)
				return -1;
			return 0;
		}
	}
	a->tar = true;
	ibuf_init(&a->in, fd, a->buf, sizeof(a->buf));
	return 0;
}

enum archive_result
archive_next(struct archive *a, struct archive_entry *e)
{
	return a->tar ? next_tar(a, e) : next_file(a, e);
}

ssize_t
archive_read(struct archive *a, void *p, size_t n)
{
	ssize_t r;

	if (!a->tar)
		return fd_read(a->fd, p, n);
	if (n > a->left)
		n = (size_t)a->left;
	if (n == 0)
		return 0;
	r = take(a, p, n);
	if (r == 0) {
		errno = EPIPE;
		return -1;
	}
	if (r > 0)
		a->left -= (uint64_t)r;
	return r;
}
