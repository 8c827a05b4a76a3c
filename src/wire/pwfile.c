/* SPDX-License-Identifier: 0BSD */
#include "wire/pwfile.h"

#include <string.h>
#include <sys/stat.h>

#include "lib/ascii.h"

const char *
pwfile_path(void)
{
	static struct str s = STR_INIT(4096);

	str_clear(&s);
	str_puts(&s, site_users);
	str_puts(&s, "/passwd");
	return str_c(&s);
}

const char *
pwfile_check(int fd, uid_t owner)
{
	struct stat st;

	if (fstat(fd, &st) < 0)
		return "cannot be looked at";
	if (!S_ISREG(st.st_mode))
		return "is no file";
	if (st.st_uid != 0 && st.st_uid != owner)
		return "belongs to somebody else than root or quilla";
	if (st.st_mode & (S_IWGRP | S_IWOTH))
		return "is writable by others";
	if (st.st_mode & S_IROTH)
		return "is readable by everybody";
	return NULL;
}

/* The n bytes at p, without the colon that ends them or the line; 0: they are
 * more than max. */
static size_t
field(char *to, size_t max, const char *p, size_t n)
{
	const char *colon = n ? memchr(p, ':', n) : NULL;
	size_t len = colon ? (size_t)(colon - p) : n;

	if (len > max)
		len = 0;
	memcpy(to, p, len);
	to[len] = 0;
	return len;
}

static void
split(struct pwfile_line *l, const char *p, size_t n)
{
	size_t user;

	l->user[0] = l->hash[0] = 0;
	if (n && p[n - 1] == '\n')
		n--;
	if (n && p[n - 1] == '\r')
		n--;
	if (!n || *p == '#' || memchr(p, 0, n))
		return;
	user = field(l->user, PWFILE_USER_MAX, p, n);
	if (!user || user == n ||
		!field(l->hash, sizeof l->hash - 1, p + user + 1, n - user - 1))
		l->user[0] = 0;
}

bool
pwfile_next(const struct str *text, size_t *pos, struct pwfile_line *l)
{
	size_t n = text->len - *pos;
	const char *p, *lf;

	if (!n)
		return false;
	p = text->s + *pos;
	lf = memchr(p, '\n', n);
	l->at = *pos;
	l->len = lf ? (size_t)(lf - p) + 1 : n;
	split(l, p, l->len);
	*pos += l->len;
	return true;
}

bool
pwfile_find(const struct str *text, const char *user, struct pwfile_line *l)
{
	size_t pos = 0;

	while (pwfile_next(text, &pos, l))
		if (l->user[0] && strcmp(l->user, user) == 0)
			return true;
	return false;
}

bool
pwfile_user(char *out, const char *name)
{
	size_t n = strlen(name);

	if (!n || n > PWFILE_USER_MAX || *name == '#')
		return false;
	for (size_t i = 0; i < n; i++)
		if ((unsigned char)name[i] <= ' ' || name[i] == 127 ||
			name[i] == ':')
			return false;
	memcpy(out, name, n + 1);
	ascii_tolower(out, n);
	return true;
}
