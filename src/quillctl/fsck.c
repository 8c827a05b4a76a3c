/* SPDX-License-Identifier: 0BSD */
/* quillctl fsck: is every file of the queue what it should be? What can be
 * repaired is; what cannot goes to queue/lost, nothing is deleted. Also while
 * quill-send runs: it takes a file that went away for one that is done. */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "lib/json.h"
#include "lib/log.h"
#include "lib/stamp.h"
#include "quillctl/args.h"
#include "quillctl/ask.h"
#include "quillctl/below.h"
#include "quillctl/fsck.h"
#include "quillctl/mend.h"
#include "quillctl/quillctl.h"
#include "quillctl/say.h"
#include "quillctl/walk.h"
#include "wire/site.h"
#include "wire/status.h"

enum { PART_AGE = 3600 }; /* s */

static struct check check;

/* --- findings ------------------------------------------------------------- */

void
fsck_found(struct check *c, const char *file, const char *problem,
	const char *done, int r)
{
	const char *sep = "", *why = r < 0 ? log_strerror() : "";

	c->findings++;
	c->failures += r < 0;
	if (c->json) {
		obuf_putc(&out, '{');
		say_string(&sep, "file", file);
		say_string(&sep, "problem", problem);
		say_string(&sep,
			r < 0	 ? "failed"
			: c->dry ? "would_be"
				 : "action",
			done);
		if (r < 0)
			say_string(&sep, "error", why);
		obuf_puts(&out, "}\n");
		return;
	}
	json_plain(&out, file);
	obuf_puts(&out, ": ");
	json_plain(&out, problem);
	obuf_puts(&out, r < 0 ? "; not " : c->dry ? "; would be " : "; ");
	obuf_puts(&out, done);
	if (r < 0) {
		obuf_puts(&out, ": ");
		obuf_puts(&out, why);
	}
	obuf_putc(&out, '\n');
}

void
fsck_lose(struct check *c, const char *path, const char *problem)
{
	const char *slash = strrchr(path, '/');
	int r = 0;

	if (!c->dry)
		r = mend_lose(path, slash ? slash + 1 : path);
	if (r < 0 && errno == ENOENT)
		return; /* done meanwhile */
	c->changed = true;
	fsck_found(c, path, problem, "moved to lost", r);
}

void
fsck_lose_message(struct check *c, struct qid id, const char *problem)
{
	char path[QPATH_MAX], name[QID_LEN + 8];
	int r;

	/* the envelope first: what is left of it is not delivered */
	qpath_fmt(path, id, QFILE_ENV);
	fsck_lose(c, path, problem);
	qpath_fmt(path, id, QFILE_MESS);
	if (below_exists(path))
		fsck_lose(c, path, "its envelope is set aside");
	qpath_fmt(path, id, QFILE_BOUNCE);
	if (!below_exists(path))
		return;
	qid_fmt(name, id);
	strcat(name, ".bounce");
	r = c->dry ? 0 : mend_lose(path, name);
	fsck_found(c, path, "its message is set aside", "moved to lost", r);
}

static void
owner(struct check *c, const char *path, int fd, uid_t uid, mode_t mode)
{
	struct stat st;
	int r = fstat(fd, &st);

	if (r == 0)
		r = mend_owner(fd, &st, uid, c->ids.quill, mode, c->dry);
	if (r != 0)
		fsck_found(c, path, "wrong owner, group or mode", "set right",
			r < 0 ? -1 : 0);
}

int
fsck_open(struct check *c, const char *path, uid_t uid, mode_t mode)
{
	struct stat st;
	int fd;

	if (below_stat(path, &st) < 0)
		return -1;
	if (!S_ISREG(st.st_mode)) {
		fsck_lose(c, path, "not a plain file");
		return -1;
	}
	fd = below_plain(path);
	if (fd < 0) {
		if (errno != ENOENT)
			fsck_found(
				c, path, "cannot be read", "looked into", -1);
		return -1;
	}
	c->files++;
	owner(c, path, fd, uid, mode);
	return fd;
}

bool
fsck_exists(struct qid id, enum qfile f)
{
	char path[QPATH_MAX];

	qpath_fmt(path, id, f);
	return below_exists(path);
}

/* --- directories ---------------------------------------------------------- */

/* A name that does not belong into that directory. */
static void
misplaced(struct check *c, const char *path, const char *name)
{
	char to[QPATH_MAX];
	struct qid id;
	struct stat st;
	enum qfile f;
	int r = 0;

	/* written by an import, perhaps at this moment */
	if (strlen(name) > 5 && strcmp(name + strlen(name) - 5, ".part") == 0 &&
		below_stat(path, &st) == 0 &&
		st.st_mtime + PART_AGE > stamp_now()) {
		c->unfinished++;
		return;
	}
	if (strnlen(name, QID_LEN) < QID_LEN || !qid_parse(name, &id) ||
		!qpath_parse(name, qid_split(id), &id, &f)) {
		fsck_lose(c, path, "not a file of the queue");
		return;
	}
	qpath_fmt(to, id, f);
	if (!c->dry)
		r = mend_move(path, to);
	if (r < 0 && errno == EEXIST) {
		fsck_lose(c, path,
			"in the wrong directory, and also in the right");
		return;
	}
	if (r == 0 && !c->dry)
		to[5] = '\0', r = below_syncdir(to);
	c->changed = true;
	fsck_found(
		c, path, "in the wrong directory", "moved to the right one", r);
}

typedef void entry_fn(
	struct check *c, const char *path, const char *name, unsigned split);

static void
queue_entry(struct check *c, const char *path, const char *name, unsigned split)
{
	struct qid id;
	enum qfile f;

	if (!qpath_parse(name, split, &id, &f))
		misplaced(c, path, name);
	else if (f == QFILE_ENV)
		fsck_env(c, path, id);
	else
		fsck_mess_alone(c, path, id);
}

static void
bounce_entry(
	struct check *c, const char *path, const char *name, unsigned split)
{
	struct qid id;
	int fd;

	(void)split;
	if (strlen(name) != QID_LEN || !qid_parse(name, &id)) {
		fsck_lose(c, path, "not a file of the queue");
		return;
	}
	fd = fsck_open(c, path, c->ids.quills, QFILE_NOTES_MODE);
	if (fd >= 0)
		close(fd);
	if (!fsck_exists(id, QFILE_ENV)) {
		if (c->runs)
			usleep(300000);
		fsck_lose(c, path, "reasons of failures without a message");
	}
}

/* A directory, made when it is missing; its entries, listed before anything
 * is moved. false: it is none. */
static bool
directory(struct check *c, const char *path, uid_t uid, entry_fn *entry,
	unsigned split)
{
	struct str names = STR_INIT(1 << 30), full = STR_INIT(8192);
	const struct dirent *d;
	const char *p;
	DIR *dir = below_list(path);

	if (!dir && errno == ENOENT) {
		fsck_found(c, path, "missing", "made",
			c->dry ? 0 : below_mkdir(path));
		dir = below_list(path);
		if (!dir)
			return false;
	}
	if (!dir) {
		fsck_found(c, path,
			errno == ENOTDIR ? "a link or a file, no directory"
					 : "cannot be read",
			"looked into", -1);
		return false;
	}
	owner(c, path, dirfd(dir), uid, 02750);
	while (entry && (d = readdir(dir)))
		if (strcmp(d->d_name, ".") != 0 && strcmp(d->d_name, "..") != 0)
			str_put(&names, d->d_name, strlen(d->d_name) + 1);
	c->changed = false;
	for (p = str_c(&names); p < names.s + names.len; p += strlen(p) + 1) {
		str_clear(&full);
		str_puts(&full, path);
		str_putc(&full, '/');
		str_puts(&full, p);
		entry(c, str_c(&full), p, split);
	}
	if (c->changed && !c->dry &&
		(fsync(dirfd(dir)) < 0 || below_syncdir("lost") < 0))
		fsck_found(c, path, "what was moved is perhaps not durable",
			"synced", -1);
	closedir(dir);
	str_free(&names);
	str_free(&full);
	return true;
}

/* Give it to its owner: what was just made, under no other name. */
static int
hand_over(const struct check *c, int fd, mode_t type)
{
	struct stat st;

	if (fd < 0 || fstat(fd, &st) < 0)
		return -1;
	if ((st.st_mode & S_IFMT) != type || st.st_nlink != 1) {
		errno = EAGAIN; /* somebody was quicker */
		return -1;
	}
	if (fchown(fd, c->ids.quillq, c->ids.quill) < 0)
		return -1;
	return fchmod(fd, 0660);
}

static void
make_lock(struct check *c, const char *path, mode_t type)
{
	int fd = -1, r = 0;

	if (!c->dry) {
		if (type != S_IFIFO)
			fd = below_open(path, O_RDWR | O_CREAT | O_EXCL, 0600);
		else if (below_mkfifo(path) == 0)
			fd = below_open(path, O_RDONLY, 0);
		r = hand_over(c, fd, type);
	}
	fsck_found(c, path, "missing", "made", r);
	if (fd >= 0)
		close(fd);
}

/* One of the files in lock/. */
static void
check_lock(struct check *c, const char *path, mode_t type, const char *problem)
{
	struct stat st;
	int fd;

	if (below_stat(path, &st) < 0) {
		if (errno == ENOENT)
			make_lock(c, path, type);
	} else if ((st.st_mode & S_IFMT) != type) {
		fsck_lose(c, path, problem);
		if (!c->dry)
			make_lock(c, path, type);
	} else {
		fd = below_open(path, O_RDONLY, 0);
		if (fd < 0) {
			fsck_found(
				c, path, "cannot be read", "looked into", -1);
			return;
		}
		owner(c, path, fd, c->ids.quillq, 0660);
		close(fd);
	}
}

/* --- the command ---------------------------------------------------------- */

static void
summary(const struct check *c, int64_t lost)
{
	if (c->json)
		return;
	obuf_putnum(&out, c->messages);
	obuf_puts(&out, " messages whole, ");
	obuf_putnum(&out, c->unfinished);
	obuf_puts(&out, " being written, ");
	obuf_putnum(&out, c->findings);
	obuf_puts(&out, " findings, ");
	obuf_putnum(&out, lost < 0 ? 0 : (uint64_t)lost);
	obuf_puts(&out, " messages in lost\n");
}

int
ctl_fsck(int argc, char **argv)
{
	struct check *c = &check;
	const struct args_option options[] = {
		{ 'j', "json", &c->json, NULL },
		{ 'n', "dry-run", &c->dry, NULL },
	};
	char path[QPATH_MAX];
	unsigned i;
	bool some;

	if (!args_exactly(0, options, 2, argc, argv))
		return CTL_USAGE;
	if (site_ids(&c->ids, NULL) < 0)
		log_die(STATUS_TEMP, site_ids_error());
	if (!c->dry && geteuid() != 0) {
		log_warning("only root may repair: this is a dry run");
		c->dry = true;
	}
	c->runs = ask_runs() != 0;
	directory(c, "lost", c->ids.quillq, NULL, 0);
	directory(c, "lock", c->ids.quillq, NULL, 0);
	check_lock(c, "lock/send", S_IFREG, "not a plain file");
	check_lock(c, "lock/hint", S_IFIFO, "not a fifo");
	some = directory(c, "msg", c->ids.quillq, NULL, 0);
	for (i = 0; some && i < QSPLITS; i++) {
		qpath_split(path, i);
		directory(c, path, c->ids.quillq, queue_entry, i);
	}
	directory(c, "bounce", c->ids.quills, bounce_entry, 0);
	summary(c, walk_lost());
	if (c->failures)
		return STATUS_TEMP;
	return c->findings ? CTL_NO : CTL_YES;
}
