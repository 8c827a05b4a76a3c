/* SPDX-License-Identifier: 0BSD */
#include "wire/site.h"

#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "lib/fd.h"
#include "lib/num.h"
#include "lib/str.h"

#ifndef QUILL_HOME
#define QUILL_HOME "/var/quill"
#endif

const char site_home[] = QUILL_HOME;
const char site_control[] = QUILL_HOME "/control";
const char site_queue[] = QUILL_HOME "/queue";
const char site_bin[] = QUILL_HOME "/bin";
const char site_queueprog[] = QUILL_HOME "/bin/quill-queue";
const char site_users[] = QUILL_HOME "/users";
const char site_run[] = QUILL_HOME "/run";

enum {
	IDS_USERS = 10,
	IDS_ALIAS = 6, /* which of them */
	IDS_GROUPS = 2,
	IDS_MAX = 2048,
	IDS_NAME = 64
};

/* One account line, [p, end) without its LF: kind, name and number. */
static bool
ids_line(const char *p, const char *end, char *kind, const char **name,
	size_t *nlen, uint64_t *id)
{
	const char *sp;

	if (end - p < 5 || p[1] != ' ')
		return false;
	*kind = p[0];
	*name = p + 2;
	sp = memchr(*name, ' ', (size_t)(end - *name));
	if (!sp || sp == *name || sp - *name >= IDS_NAME)
		return false;
	*nlen = (size_t)(sp - *name);
	/* (uid_t)-1 means "no change" to the kernel */
	return num_parse(sp + 1, (size_t)(end - sp - 1), UINT32_MAX - 1, id);
}

/* 0 or an errno. */
static int
ids_parse(struct site_ids *ids, char *alias_name, const char *p, size_t n)
{
	uid_t *const users[IDS_USERS] = { &ids->quilld, &ids->quillq,
		&ids->quills, &ids->quillr, &ids->quillp, &ids->quilll,
		&ids->alias, &ids->quillt, &ids->quilla, &ids->quillv };
	gid_t *const groups[IDS_GROUPS] = { &ids->quill, &ids->nofiles };
	size_t nu = 0, ng = 0, nlen;
	const char *end = p + n, *lf, *name;
	uint64_t id;
	char kind;

	for (; p < end; p = lf + 1) {
		lf = memchr(p, '\n', (size_t)(end - p));
		if (!lf || !ids_line(p, lf, &kind, &name, &nlen, &id))
			return EINVAL;
		if (kind == 'u') {
			if (nu == IDS_ALIAS && alias_name) {
				memcpy(alias_name, name, nlen);
				alias_name[nlen] = 0;
			}
			if (nu < IDS_USERS)
				*users[nu++] = (uid_t)id;
		} else if (kind == 'g' && ng < IDS_GROUPS) {
			*groups[ng++] = (gid_t)id;
		} else {
			return EINVAL;
		}
	}
	if (nu <= IDS_ALIAS || ng != IDS_GROUPS)
		return EINVAL;
	return nu == IDS_USERS ? 0 : ENODATA;
}

int
site_ids(struct site_ids *ids, char *alias_name)
{
	char buf[IDS_MAX];
	ssize_t r;
	int fd, e;

	/* musl's open would spend a second call on O_CLOEXEC */
	fd = openat(AT_FDCWD, QUILL_HOME "/users/ids", O_RDONLY | O_CLOEXEC);
	if (fd == -1)
		return -1;
	/* once: a regular file gives all it has */
	r = fd_read(fd, buf, sizeof buf);
	e = errno;
	close(fd);
	if (r == -1) {
		errno = e;
		return -1;
	}
	e = r == IDS_MAX ? EINVAL : ids_parse(ids, alias_name, buf, (size_t)r);
	if (e) {
		errno = e;
		return -1;
	}
	return 0;
}

const char *
site_ids_error(void)
{
	static struct str s = STR_INIT(4096);

	switch (errno) {
	case EINVAL:
		return QUILL_HOME "/users/ids is malformed: run make install";
	case ENODATA:
		return QUILL_HOME "/users/ids is of an older version:"
				  " run make install";
	case ENOENT:
		return QUILL_HOME "/users/ids is missing: run make install";
	}
	str_clear(&s);
	str_puts(&s, "unable to read " QUILL_HOME "/users/ids: ");
	str_puts(&s, strerror(errno));
	return str_c(&s);
}

const char *
site_env(const char *name)
{
	char var[64];
	size_t n = strlen(name);
	const char *v;

	if (n >= sizeof var - 5)
		return NULL;
	memcpy(var, "QUILL", 5);
	memcpy(var + 5, name, n + 1);
	v = getenv(var);
	if (v)
		return v;
	memcpy(var, "QMAIL", 5);
	return getenv(var);
}
