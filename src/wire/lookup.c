/* SPDX-License-Identifier: 0BSD */
#include "wire/lookup.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "lib/ascii.h"
#include "wire/site.h"

void
lookup_init(struct lookup *l, const char *path)
{
	memset(l, 0, sizeof *l);
	l->path = path;
	l->fd = -1;
	str_init(&l->wild, 256);
	str_init(&l->key, ADDR_MAX + 2);
	str_init(&l->val, PWREQ_MAX);
}

static void
forget(struct lookup *l)
{
	int saved = errno;

	if (l->fd != -1)
		close(l->fd);
	l->fd = -1;
	errno = saved;
}

static bool
same(const struct stat *a, const struct stat *b)
{
	return a->st_dev == b->st_dev && a->st_ino == b->st_ino &&
	       a->st_size == b->st_size &&
	       a->st_mtim.tv_sec == b->st_mtim.tv_sec &&
	       a->st_mtim.tv_nsec == b->st_mtim.tv_nsec;
}

/* Have the current file open. LOOKUP_FOUND when it is. */
static enum lookup_result
current(struct lookup *l)
{
	struct stat st;

	if (stat(l->path, &st) == -1) {
		forget(l);
		return errno == ENOENT ? LOOKUP_NONE : LOOKUP_FAILED;
	}
	if (l->fd != -1 && same(&st, &l->seen))
		return LOOKUP_FOUND;
	forget(l);
	l->fd = open(l->path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	if (l->fd == -1)
		return errno == ENOENT ? LOOKUP_NONE : LOOKUP_FAILED;
	if (fstat(l->fd, &l->seen) == 0 && cdb_init(&l->cdb, l->fd) == 0) {
		switch (cdb_get(&l->cdb, "", 0, &l->wild)) {
		case 1:
			return LOOKUP_FOUND;
		case 0:
			errno = EBADMSG; /* every compiled file has it */
			break;
		}
	}
	forget(l);
	return LOOKUP_FAILED;
}

enum lookup_result
lookup_find(struct lookup *l, const char *local, size_t n, struct pwuser *u)
{
	enum lookup_result r = current(l);
	size_t len;

	if (r != LOOKUP_FOUND)
		return r;
	str_clear(&l->key);
	str_putc(&l->key, '!');
	str_put(&l->key, local, n);
	str_putc(&l->key, '\0');
	if (l->key.over)
		return LOOKUP_NONE; /* no such key can have been made */
	ascii_tolower(l->key.s, l->key.len);

	/* First with the NUL: the whole local part; then its prefixes, down to
	 * the "!" that fits everybody. */
	for (len = n + 2; len > 0; len--) {
		bool whole = len == n + 2;

		if (!whole && len > 1 &&
			(l->wild.len == 0 ||
				memchr(l->wild.s, l->key.s[len - 1],
					l->wild.len) == NULL))
			continue;
		switch (cdb_get(&l->cdb, l->key.s, len, &l->val)) {
		case 0:
			continue;
		case -1:
			forget(l);
			return LOOKUP_FAILED;
		}
		if (!whole)
			str_put(&l->val, local + len - 1, n + 1 - len);
		str_putc(&l->val, '\0');
		if (!l->val.over && pwuser_decode(u, l->val.s, l->val.len))
			return LOOKUP_FOUND;
		errno = EBADMSG;
		return LOOKUP_FAILED;
	}
	return LOOKUP_NONE;
}
