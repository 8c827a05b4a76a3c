/* SPDX-License-Identifier: 0BSD */
#include "quillctl/mend.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "lib/num.h"
#include "lib/str.h"
#include "quillctl/below.h"
#include "wire/env.h"

enum { LOST_TRIES = 100000, HEAD_RECORDS = 5 };

int
mend_move(const char *from, const char *to)
{
	struct stat st;

	if (below_stat(from, &st) < 0)
		return -1;
	if (!S_ISDIR(st.st_mode)) {
		/* link does not overwrite */
		if (below_link(from, to) == 0)
			return below_remove(from);
		if (errno == EEXIST)
			return -1;
	}
	if (below_stat(to, &st) == 0) {
		errno = EEXIST;
		return -1;
	}
	return errno == ENOENT ? below_rename(from, to) : -1;
}

int
mend_lose(const char *from, const char *name)
{
	struct str to = STR_INIT(4096);
	size_t base;
	uint64_t i;
	int r;

	str_puts(&to, "lost/");
	str_puts(&to, name);
	base = to.len;
	r = mend_move(from, str_c(&to));
	for (i = 1; r < 0 && errno == EEXIST && i < LOST_TRIES; i++) {
		str_cut(&to, base);
		str_putc(&to, '.');
		str_putnum(&to, i);
		r = mend_move(from, str_c(&to));
	}
	str_free(&to);
	return r;
}

int
mend_owner(int fd, const struct stat *st, uid_t uid, gid_t gid, mode_t mode,
	bool dry)
{
	bool owner = st->st_uid != uid || st->st_gid != gid;

	if (!owner && (st->st_mode & 07777) == mode)
		return 0;
	if (dry)
		return 1;
	/* It has another name: outside the queue it may be a file that its
	 * owner here must not get. */
	if (!S_ISDIR(st->st_mode) && st->st_nlink > 1) {
		errno = EMLINK;
		return -1;
	}
	if ((owner && fchown(fd, uid, gid) < 0) || fchmod(fd, mode) < 0)
		return -1;
	return 1;
}

size_t
mend_marks(char *data, size_t n, size_t *off)
{
	size_t pos, i = 0, found = 0;
	struct env e;
	bool good;

	if (n <= ENV_END_LEN)
		return 0;
	for (pos = 0; pos < n - ENV_END_LEN; i++) {
		if (i >= HEAD_RECORDS && !strchr("TPHMmDXR", data[pos]) &&
			data[pos]) {
			if (found++ == 0)
				*off = pos;
			data[pos] = ENV_TODO;
		}
		pos += strnlen(data + pos, n - pos) + 1;
	}
	good = found && env_decode(&e, data, n) == ENV_OK;
	if (good)
		env_free(&e);
	return good ? found : 0;
}
