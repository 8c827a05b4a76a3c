/* SPDX-License-Identifier: 0BSD */
#include "wire/aliasdb.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "lib/ascii.h"
#include "lib/fd.h"
#include "wire/site.h"

void
aliasdb_put(
	struct str *data, enum aliasdb_kind kind, const char *text, size_t n)
{
	str_putc(data, (char)kind);
	str_put(data, text, n);
	str_putc(data, 0);
}

enum aliasdb_kind
aliasdb_next(const struct str *data, size_t *pos, const char **text)
{
	const char *p, *nul;
	enum aliasdb_kind kind;

	if (*pos >= data->len)
		return ALIASDB_END;
	p = data->s + *pos;
	nul = memchr(p, 0, data->len - *pos);
	if (!nul || nul - p < 2)
		return ALIASDB_DAMAGED;
	*text = p + 1;
	*pos += (size_t)(nul - p) + 1;
	kind = (enum aliasdb_kind)p[0];
	switch (p[0]) {
	case ALIASDB_ADDRESS:
	case ALIASDB_FINAL:
	case ALIASDB_PROGRAM:
		return kind;
	case ALIASDB_FILE:
	case ALIASDB_INCLUDE:
		if (p[1] == '/')
			return kind;
	}
	return ALIASDB_DAMAGED;
}

void
aliasdb_init(struct aliasdb *a, const char *path)
{
	static struct str home = STR_INIT(4096);

	*a = (struct aliasdb){ .path = path, .fd = -1 };
	str_init(&a->key, ADDR_MAX + 16);
	if (!path) {
		str_clear(&home);
		str_puts(&home, site_users);
		str_puts(&home, "/aliases.cdb");
		a->path = str_c(&home);
	}
}

void
aliasdb_close(struct aliasdb *a)
{
	int saved = errno;

	if (a->fd != -1)
		close(a->fd);
	a->fd = -1;
	errno = saved;
}

static bool
is_same(const struct stat *a, const struct stat *b)
{
	return a->st_dev == b->st_dev && a->st_ino == b->st_ino &&
	       a->st_size == b->st_size &&
	       a->st_mtim.tv_sec == b->st_mtim.tv_sec &&
	       a->st_mtim.tv_nsec == b->st_mtim.tv_nsec;
}

/* A version we do not know must not be read as one that we do. */
static bool
is_known(struct aliasdb *a)
{
	struct str version = STR_INIT(16);
	int r = cdb_get(&a->cdb, "", 0, &version);
	bool good = r == 1 && str_is(&version, ALIASDB_VERSION);

	str_free(&version);
	if (r >= 0 && !good)
		errno = EBADMSG;
	return good;
}

/* Have the current file open: ALIASDB_FOUND when it is. */
static enum aliasdb_result
current(struct aliasdb *a)
{
	struct stat st;

	if (stat(a->path, &st) < 0) {
		aliasdb_close(a);
		return errno == ENOENT ? ALIASDB_NONE : ALIASDB_FAILED;
	}
	if (a->fd != -1 && is_same(&st, &a->seen))
		return ALIASDB_FOUND;
	aliasdb_close(a);
	a->fd = fd_open(a->path, O_RDONLY | O_NONBLOCK, 0);
	if (a->fd == -1)
		return errno == ENOENT ? ALIASDB_NONE : ALIASDB_FAILED;
	if (fstat(a->fd, &a->seen) == 0 && cdb_init(&a->cdb, a->fd) == 0 &&
		is_known(a))
		return ALIASDB_FOUND;
	aliasdb_close(a);
	return ALIASDB_FAILED;
}

/* The key as it is. */
static enum aliasdb_result
get(struct aliasdb *a, struct str *data)
{
	switch (cdb_get(&a->cdb, a->key.s, a->key.len, data)) {
	case 0:
		return ALIASDB_NONE;
	case 1:
		return ALIASDB_FOUND;
	}
	aliasdb_close(a);
	return ALIASDB_FAILED;
}

/* Set the key to that name in lower case: false when it can be none. */
static bool
set_key(struct aliasdb *a, const char *name, size_t n, const char *suffix)
{
	str_clear(&a->key);
	if (!n || n > ADDR_MAX)
		return false;
	str_put(&a->key, name, n);
	str_puts(&a->key, suffix);
	str_c(&a->key);
	ascii_tolower(a->key.s, a->key.len);
	return true;
}

enum aliasdb_result
aliasdb_find(struct aliasdb *a, const char *name, size_t n, struct str *data)
{
	enum aliasdb_result r = current(a);

	if (r != ALIASDB_FOUND)
		return r;
	return set_key(a, name, n, "") ? get(a, data) : ALIASDB_NONE;
}

enum aliasdb_result
aliasdb_match(struct aliasdb *a, const char *local, size_t n, struct str *data,
	const char **used)
{
	enum aliasdb_result r = aliasdb_find(a, local, n, data);
	const char *plus = n ? memchr(local, '+', n) : NULL;

	if (r == ALIASDB_NONE && a->fd != -1 && plus &&
		set_key(a, local, (size_t)(plus - local), ""))
		r = get(a, data);
	while (r == ALIASDB_NONE && a->fd != -1 && n) {
		n--;
		if (n && local[n] == '-' && set_key(a, local, n, "-default"))
			r = get(a, data);
	}
	if (r == ALIASDB_FOUND)
		*used = str_c(&a->key);
	return r;
}
