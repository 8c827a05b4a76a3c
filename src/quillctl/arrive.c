/* SPDX-License-Identifier: 0BSD */
#include "quillctl/arrive.h"

#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "lib/fd.h"
#include "lib/file.h"
#include "quillctl/below.h"

enum { PART_MAX = QPATH_MAX + 8 };

static void
part_name(char part[PART_MAX], struct qid id, enum qfile f)
{
	qpath_fmt(part, id, f);
	strcat(part, ".part"); /* no name of the queue */
}

static void
remove_part(struct qid id, enum qfile f)
{
	char part[PART_MAX];

	part_name(part, id, f);
	below_remove(part);
}

void
arrive_clean(struct qid id)
{
	remove_part(id, QFILE_MESS);
	remove_part(id, QFILE_ENV);
}

void
arrive_drop(struct qid id, int mess)
{
	close(mess);
	remove_part(id, QFILE_MESS);
}

bool
arrive_is(struct qid id, enum qfile f)
{
	char path[QPATH_MAX];

	qpath_fmt(path, id, f);
	return below_exists(path);
}

static int
make_part(struct qid id, const struct site_ids *ids, enum qfile f, mode_t mode)
{
	char part[PART_MAX];
	int fd;

	part_name(part, id, f);
	below_remove(part); /* of an import that was cut off */
	fd = below_open(part, O_RDWR | O_CREAT | O_EXCL, 0600);
	if (fd >= 0 && fchown(fd, ids->quillq, ids->quill) == 0 &&
		fchmod(fd, mode) == 0)
		return fd;
	if (fd >= 0)
		close(fd);
	return -1;
}

int
arrive_begin(struct qid id, const struct site_ids *ids)
{
	return make_part(id, ids, QFILE_MESS, 0640);
}

/* bounce/<id>, before the envelope that needs it. */
static int
write_notes(struct qid id, const struct site_ids *ids, const struct str *notes)
{
	char path[QPATH_MAX];
	int fd, r;

	if (notes->len == 0)
		return 0;
	qpath_fmt(path, id, QFILE_BOUNCE);
	fd = below_open(path, O_WRONLY | O_CREAT, 0600);
	if (fd < 0)
		return -1;
	r = file_alone(fd);
	if (r == 0)
		r = ftruncate(fd, 0);
	if (r == 0)
		r = fchown(fd, ids->quills, ids->quill);
	if (r == 0)
		r = fchmod(fd, QFILE_NOTES_MODE);
	if (r == 0)
		r = fd_writeall(fd, notes->s, notes->len);
	if (r == 0)
		r = fsync(fd);
	close(fd);
	return r < 0 ? -1 : below_syncdir("bounce");
}

/* Tried at mtime; or never, when that is the second of its birth: a tar file
 * keeps no fractions. */
static int
set_time(int fd, struct qid id, int64_t mtime)
{
	struct timespec t[2] = { { .tv_nsec = UTIME_OMIT },
		{ .tv_sec = (time_t)mtime } };

	if (mtime <= qid_birth(id)) {
		t[1].tv_sec = (time_t)(id.us / 1000000);
		t[1].tv_nsec = (long)(id.us % 1000000) * 1000;
	}
	return futimens(fd, t);
}

static int
link_part(struct qid id, enum qfile f)
{
	char part[PART_MAX], path[QPATH_MAX];

	part_name(part, id, f);
	qpath_fmt(path, id, f);
	return below_link(part, path);
}

/* The message first, then the envelope. Between the two quill-send may take
 * an old message for a left-over and have it removed, but never once the
 * envelope is there: look again then. */
static int
appear(struct qid id)
{
	char path[QPATH_MAX];
	int r;

	/* of an import or a quill-queue that was cut off: no envelope */
	qpath_fmt(path, id, QFILE_MESS);
	if (!arrive_is(id, QFILE_ENV))
		below_remove(path);
	r = link_part(id, QFILE_MESS);
	if (r == 0)
		r = link_part(id, QFILE_ENV);
	if (r == 0 && !arrive_is(id, QFILE_MESS))
		r = link_part(id, QFILE_MESS);
	qpath_split(path, qid_split(id));
	return r < 0 ? -1 : below_syncdir(path);
}

int
arrive_end(struct qid id, const struct site_ids *ids, int mess,
	const struct str *env, const struct str *notes, int64_t mtime)
{
	int fd, r;

	if (fsync(mess) < 0)
		return -1;
	fd = make_part(id, ids, QFILE_ENV, 0660);
	if (fd < 0)
		return -1;
	r = fd_writeall(fd, env->s, env->len);
	if (r == 0)
		r = set_time(fd, id, mtime);
	if (r == 0)
		r = fsync(fd);
	close(fd);
	if (r == 0)
		r = write_notes(id, ids, notes);
	if (r == 0)
		r = appear(id);
	remove_part(id, QFILE_ENV);
	return r;
}
