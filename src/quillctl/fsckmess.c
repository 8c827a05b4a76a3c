/* SPDX-License-Identifier: 0BSD */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "lib/crc32c.h"
#include "lib/fd.h"
#include "lib/file.h"
#include "lib/stamp.h"
#include "quillctl/below.h"
#include "quillctl/fsck.h"
#include "quillctl/mend.h"
#include "wire/env.h"
#include "wire/note.h"

enum {
	FUTURE = 86400, /* s that a clock may be wrong */
	NOTES_MAX = 64 << 20,
};

static bool
stale(struct qid id)
{
	return qid_birth(id) + QSTALE < stamp_now();
}

/* Why the message is not what its envelope says; NULL when it is. */
static const char *
check_mess(struct check *c, const struct env *e, struct qid id)
{
	static char buf[65536];
	char path[QPATH_MAX];
	uint64_t bytes = 0;
	uint32_t sum = 0;
	ssize_t n;
	int fd;

	qpath_fmt(path, id, QFILE_MESS);
	fd = fsck_open(c, path, c->ids.quillq, 0640);
	if (fd < 0)
		return fsck_exists(id, QFILE_MESS) ? NULL
						   : "it has no message file";
	while ((n = fd_read(fd, buf, sizeof(buf))) > 0) {
		sum = crc32c(sum, buf, (size_t)n);
		bytes += (uint64_t)n;
	}
	close(fd);
	if (n < 0) {
		fsck_found(c, path, "cannot be read", "looked into", -1);
		return NULL;
	}
	if (bytes != e->head.bytes)
		return "its message file does not have the size on record";
	if (sum != e->head.sum)
		return "its message file does not have the checksum on record";
	return NULL;
}

/* Marks that need a note in bounce/<id> must have it. */
static void
check_notes(
	struct check *c, const char *path, const struct env *e, struct qid id)
{
	struct str s = STR_INIT(NOTES_MAX);
	char notes[QPATH_MAX], *has = xmalloc(e->nrcpt + 1);
	size_t pos = 0, i, failed = 0, via = 0;
	struct note n;

	memset(has, 0, e->nrcpt + 1);
	qpath_fmt(notes, id, QFILE_BOUNCE);
	if (below_read(notes, &s) < 0 && errno != ENOENT)
		goto done; /* told of when bounce/ is looked at */
	while (note_next(str_c(&s), s.len, &pos, &n))
		if (n.rcpt < e->nrcpt)
			has[n.rcpt] |= n.action == NOTE_VIA	 ? 2
				       : n.action == NOTE_FAILED ? 1
								 : 0;
	for (i = 0; i < e->nrcpt; i++) {
		failed += env_mark(e, i) == ENV_FAILED && !(has[i] & 1);
		via += env_isvia(env_mark(e, i)) && !(has[i] & 2);
	}
	if (failed)
		fsck_found(c, path,
			"a recipient failed, and the reason is in no note",
			"left: the sender is told without a reason", 0);
	if (via)
		fsck_found(c, path, "rerouted, and no note names the relay",
			"left: give it one by quillctl reroute", 0);
done:
	free(has);
	str_free(&s);
}

/* The open file once more, to be written to: not what has its name by now, and
 * no file from elsewhere that was linked there. */
static int
reopen(const char *path, int fd)
{
	int to = below_open(path, O_WRONLY, 0);
	struct stat was, is;

	if (to < 0)
		return -1;
	if (file_alone(to) == 0 && fstat(fd, &was) == 0 &&
		fstat(to, &is) == 0) {
		if (was.st_ino == is.st_ino && was.st_dev == is.st_dev)
			return to;
		errno = EAGAIN;
	}
	close(to);
	return -1;
}

static bool
repair_marks(struct check *c, const char *path, int fd, char *data, size_t n)
{
	size_t off, marks = mend_marks(data, n, &off);
	int to, r = 0;

	if (!marks)
		return false;
	if (!c->dry) {
		to = reopen(path, fd);
		/* all that differs from the file are these marks */
		if (to < 0 || pwrite(to, data + off, n - off, (off_t)off) !=
				      (ssize_t)(n - off))
			r = -1;
		if (to >= 0 && (fsync(to) < 0 || close(to) < 0))
			r = -1;
	}
	fsck_found(c, path, "marks of recipients that mean nothing",
		"set to: to do", r);
	return true;
}

static void
check_whole(struct check *c, const char *path, int fd, const struct env *e,
	struct qid id)
{
	struct timespec t[2] = { { .tv_nsec = UTIME_OMIT },
		{ .tv_nsec = UTIME_NOW } };
	const char *why = check_mess(c, e, id);
	struct stat st;

	if (why) {
		if (fsck_exists(id, QFILE_ENV)) /* not done meanwhile */
			fsck_lose_message(c, id, why);
		return;
	}
	c->messages++;
	if (fstat(fd, &st) == 0 && st.st_mtime > stamp_now() + FUTURE)
		fsck_found(c, path, "last tried in the future", "set to now",
			c->dry		     ? 0
			: file_alone(fd) < 0 ? -1
					     : futimens(fd, t));
	check_notes(c, path, e, id);
}

void
fsck_env(struct check *c, const char *path, struct qid id)
{
	static struct str data = STR_INIT(2 * ENVELOPE_MAX);
	int fd = fsck_open(c, path, c->ids.quillq, 0660), r;
	struct env e;

	if (fd < 0)
		return;
	str_clear(&data);
	r = file_readfd(fd, &data);
	if (r < 0 && errno != EFBIG) {
		fsck_found(c, path, "cannot be read", "looked into", -1);
	} else if (r < 0) {
		fsck_lose_message(c, id, "its envelope file is too large");
	} else {
		switch (env_decode(&e, str_c(&data), data.len)) {
		case ENV_OK:
			check_whole(c, path, fd, &e, id);
			env_free(&e);
			break;
		case ENV_UNFINISHED:
			if (stale(id))
				fsck_lose_message(c, id,
					"its envelope file was never finished, "
					"or cut short");
			else
				c->unfinished++;
			break;
		default:
			if (!repair_marks(c, path, fd, data.s, data.len))
				fsck_lose_message(c, id,
					"its envelope file is not valid");
		}
	}
	close(fd);
}

void
fsck_mess_alone(struct check *c, const char *path, struct qid id)
{
	if (fsck_exists(id, QFILE_ENV))
		return; /* looked at with its envelope */
	if (!stale(id)) {
		c->unfinished++;
		return;
	}
	/* it may be done at this moment */
	if (c->runs)
		usleep(300000);
	fsck_lose(c, path, "a message without an envelope");
}
