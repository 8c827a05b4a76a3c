/* SPDX-License-Identifier: 0BSD */
#include "quillctl/logs.h"

#include <dirent.h>
#include <errno.h>
#include <stdlib.h>

#include "lib/log.h"
#include "lib/str.h"
#include "wire/site.h"

struct logs {
	struct logdir *s[LOGS_DIRS];
	size_t n, unread;
	bool begun;
	struct logdir *given; /* its line is the caller's */
};

static void
add(struct logs *l, const char *path, bool complain)
{
	struct logdir *s =
		l->n < LOGS_DIRS ? logdir_open(path, complain) : NULL;

	if (!s) {
		l->unread++;
		if (complain)
			log_warning_sys("unable to read the log ", path);
		return;
	}
	l->s[l->n++] = s;
}

static void
add_home(struct logs *l, const char *only, bool complain)
{
	struct str path = STR_INIT(4096);
	const struct dirent *d;
	size_t base;
	DIR *dir;

	str_puts(&path, site_home);
	str_puts(&path, "/log/");
	base = path.len;
	if (only) {
		str_puts(&path, only);
		add(l, str_c(&path), complain);
		return;
	}
	dir = opendir(str_c(&path));
	while (dir && (d = readdir(dir))) {
		if (d->d_name[0] == '.')
			continue;
		str_cut(&path, base);
		str_puts(&path, d->d_name);
		add(l, str_c(&path), complain);
	}
	if (dir)
		closedir(dir);
	str_free(&path);
}

struct logs *
logs_open(int n, char *const *dirs, const char *only, bool complain)
{
	struct logs *l = calloc(1, sizeof(*l));
	int i;

	if (!l)
		str_oom();
	errno = 0;
	for (i = 0; i < n; i++)
		add(l, dirs[i], complain);
	if (n == 0)
		add_home(l, only, complain);
	if (l->n)
		return l;
	free(l);
	if (!errno)
		errno = ENOENT; /* there are none */
	return NULL;
}

void
logs_since(struct logs *l, int64_t us)
{
	size_t i;

	for (i = 0; i < l->n; i++)
		logdir_since(l->s[i], us);
}

int64_t
logs_last(const struct logs *l)
{
	int64_t last = 0, us;
	size_t i;

	for (i = 0; i < l->n; i++) {
		us = logdir_last(l->s[i]);
		if (us > last)
			last = us;
	}
	return last;
}

const char *
logs_dir(const struct logs *l, size_t i)
{
	return i < l->n ? l->s[i]->name : NULL;
}

size_t
logs_unread(const struct logs *l)
{
	size_t n = l->unread;

	for (size_t i = 0; i < l->n; i++)
		n += l->s[i]->failed;
	return n;
}

bool
logs_next(struct logs *l, struct logs_line *line)
{
	struct logdir *first = NULL;
	size_t i;

	for (i = 0; !l->begun && i < l->n; i++)
		logdir_next(l->s[i]);
	l->begun = true;
	if (l->given)
		logdir_next(l->given);
	for (i = 0; i < l->n; i++)
		if (l->s[i]->have && (!first || l->s[i]->us < first->us))
			first = l->s[i];
	l->given = first;
	if (!first)
		return false;
	*line = (struct logs_line){ .us = first->us,
		.name = first->name,
		.text = first->text,
		.torn = first->torn };
	return true;
}

void
logs_close(struct logs *l)
{
	size_t i;

	for (i = 0; i < l->n; i++)
		logdir_close(l->s[i]);
	free(l);
}
