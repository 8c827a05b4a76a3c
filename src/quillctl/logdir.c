/* SPDX-License-Identifier: 0BSD */
#include "quillctl/logdir.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "lib/ascii.h"
#include "lib/fd.h"
#include "lib/log.h"

enum {
	FILES = 10000,	/* of one directory */
	TAIL = 1 << 17, /* bytes in which the last line begins */
	LABEL = 25,	/* "@" and 24 hexadecimal digits, TAI64N */
	/* a fifo that its user may have put there is not waited for */
	PLAIN = O_RDONLY | O_CLOEXEC | O_NONBLOCK,
};

static int
by_name(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

/* A label as microseconds since 1970; -1 when it is none. */
static int64_t
label(const char *s)
{
	uint64_t sec = 0, nano = 0;
	int i, v;

	if (*s++ != '@')
		return -1;
	for (i = 0; i < LABEL - 1; i++) {
		v = ascii_hexval(s[i]);
		if (v < 0)
			return -1;
		if (i < 16)
			sec = sec << 4 | (uint64_t)v;
		else
			nano = nano << 4 | (uint64_t)v;
	}
	sec -= (UINT64_C(1) << 62) + 10; /* as multilog counts */
	if (sec >= UINT64_C(1) << 40 || nano >= 1000000000)
		return -1;
	return (int64_t)(sec * 1000000 + nano / 1000);
}

static int
list(struct logdir *s)
{
	const struct dirent *d;
	struct stat st;
	size_t cap = 0;
	DIR *dir = fdopendir(dup(s->dir));

	if (!dir)
		return -1;
	while ((d = readdir(dir)) && s->nfiles < FILES) {
		if (label(d->d_name) < 0 ||
			fstatat(s->dir, d->d_name, &st, 0) < 0 ||
			(s->current >= 0 && st.st_ino == s->current_ino))
			continue;
		if (s->nfiles == cap) {
			cap = cap ? cap * 2 : 32;
			s->file = xrealloc(s->file, cap * sizeof(*s->file));
		}
		s->file[s->nfiles++] = xstrdup(d->d_name);
	}
	closedir(dir);
	if (s->nfiles)
		qsort(s->file, s->nfiles, sizeof(*s->file), by_name);
	return 0;
}

struct logdir *
logdir_open(const char *path, bool complain)
{
	int dir = fd_open(path, O_RDONLY | O_DIRECTORY, 0);
	const char *slash;
	struct logdir *s;
	struct stat st;

	if (dir < 0)
		return NULL;
	s = calloc(1, sizeof(*s));
	if (!s)
		str_oom();
	s->dir = dir;
	s->complain = complain;
	s->path = xstrdup(path);
	slash = strrchr(s->path, '/');
	s->name = slash && slash[1] ? slash + 1 : s->path;
	str_init(&s->line, LOGDIR_LINE);
	s->current = openat(dir, "current", PLAIN);
	if (s->current >= 0 && fstat(s->current, &st) == 0)
		s->current_ino = st.st_ino;
	if ((s->current >= 0 || errno == ENOENT) && list(s) == 0)
		return s;
	close(dir);
	free(s);
	return NULL;
}

/* A file of it that cannot be read, or not to its end: others may be. */
static void
lost(struct logdir *s)
{
	s->failed = true;
	if (s->complain)
		log_warning_sys(
			"unable to read the log ", s->path, "/", s->reading);
}

static bool
next_file(struct logdir *s)
{
	int fd;

	if (s->open)
		close(s->in.fd);
	s->open = false;
	while (s->at < s->nfiles) {
		s->reading = s->file[s->at++];
		fd = openat(s->dir, s->reading, PLAIN);
		if (fd >= 0)
			goto found;
		if (errno != ENOENT) /* multilog removed it: too old */
			lost(s);
	}
	fd = s->current;
	s->current = -1;
	s->reading = "current";
	if (fd < 0)
		return false;
found:
	ibuf_init(&s->in, fd, s->buf, sizeof(s->buf));
	s->open = true;
	return true;
}

void
logdir_next(struct logdir *s)
{
	int64_t us;
	size_t i;

	s->have = false;
	while (s->open || next_file(s)) {
		switch (ibuf_getline(&s->in, &s->line, LOGDIR_LINE)) {
		case IBUF_ERROR:
		case IBUF_EOF:
			errno = s->in.err;
			if (errno)
				lost(s);
			if (!next_file(s))
				return;
			continue;
		case IBUF_PART:
			s->torn = true;
			break;
		default:
			s->torn = false;
			break;
		}
		while (s->line.len && s->line.s[s->line.len - 1] == '\n')
			str_cut(&s->line, s->line.len - 1);
		for (i = 0; i < s->line.len; i++)
			if (s->line.s[i] == 0)
				s->line.s[i] = '?';
		us = s->line.len >= LABEL ? label(s->line.s) : -1;
		s->text = str_c(&s->line);
		if (us >= 0) {
			s->us = us;
			s->text += LABEL + (s->text[LABEL] == ' ');
		}
		s->have = true;
		return;
	}
}

void
logdir_since(struct logdir *s, int64_t us)
{
	while (s->at < s->nfiles && label(s->file[s->at]) < us)
		s->at++;
}

/* Of the last line with a label in a file; -1 none. */
static int64_t
last_label(int fd)
{
	static char buf[TAIL + 1];
	off_t size = lseek(fd, 0, SEEK_END);
	off_t from = size > TAIL ? size - TAIL : 0;
	ssize_t n = pread(fd, buf, TAIL, from);
	int64_t us;

	lseek(fd, 0, SEEK_SET);
	if (n <= 0)
		return -1;
	buf[n] = '\0'; /* ends every label */
	while (n-- > 0) {
		if (buf[n] != '@' || (n > 0 ? buf[n - 1] != '\n' : from > 0))
			continue;
		us = label(buf + n);
		if (us >= 0)
			return us;
	}
	return -1;
}

int64_t
logdir_last(const struct logdir *s)
{
	int64_t us = s->current >= 0 ? last_label(s->current) : -1;
	size_t i = s->nfiles;
	int fd;

	while (us < 0 && i-- > 0) {
		fd = openat(s->dir, s->file[i], PLAIN);
		if (fd < 0)
			continue;
		us = last_label(fd);
		close(fd);
	}
	return us;
}

void
logdir_close(struct logdir *s)
{
	size_t i;

	if (s->open)
		close(s->in.fd);
	if (s->current >= 0)
		close(s->current);
	close(s->dir);
	for (i = 0; i < s->nfiles; i++)
		free(s->file[i]);
	free(s->file);
	free(s->path);
	str_free(&s->line);
	free(s);
}
