/* SPDX-License-Identifier: 0BSD */
/* clean.c - remove finished messages, and check found ones, for send
 *
 * runs as     quillq
 * started by  start
 * fd 0        requests from send                    wire/clean.h
 * fd 1        answers to send                       wire/clean.h
 * cwd         queue
 * reads       msg/<c>/<id>.mess, the first records of msg/<c>/<id>.env
 * writes      msg/<c>/<id>.mess, msg/<c>/<id>.env (removes or renames), lost/;
 *             syncs them for send
 * trusts      root; send's ids are parsed, never used as paths
 * exits       STATUS_OK at end of requests, STATUS_TEMP on garbage (a bug)
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h> /* rename */
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "clean/check.h"
#include "lib/fd.h"
#include "lib/file.h"
#include "lib/log.h"
#include "lib/num.h"
#include "lib/sig.h"
#include "wire/clean.h"
#include "wire/qopen.h"
#include "wire/site.h"
#include "wire/status.h"

enum { REQUESTS = 64, FD_IN = 0, FD_OUT = 1, LOST_TRIES = 1000 };

/* Directories that changed and were not synced yet. */
static bool split_changed[QSPLITS], lost_changed;
/* Is bounce synced, for the requests that were read together? */
static bool notes_synced;

/* Gone already is as good as removed: a request may come twice. */
static bool
remove_file(struct qid id, enum qfile f)
{
	char path[QPATH_MAX];

	qpath_fmt(path, id, f);
	if (unlink(path) == 0) {
		split_changed[qid_split(id)] = true;
		return true;
	}
	if (errno == ENOENT)
		return true;
	log_warning_sys("unable to remove ", path);
	return false;
}

static bool
remove_orphan(struct qid id)
{
	char path[QPATH_MAX];

	qpath_fmt(path, id, QFILE_ENV);
	if (access(path, F_OK) == 0) {
		log_warning("not removed, it has an envelope: ", path);
		return false;
	}
	if (errno != ENOENT) {
		log_warning_sys("unable to check ", path);
		return false;
	}
	return remove_file(id, QFILE_MESS);
}

/* Nobody else makes names in lost/, so one that is free stays free. */
static bool
free_name(char *dest)
{
	size_t n = strlen(dest);
	struct stat st;
	uint64_t i;

	for (i = 1; i <= LOST_TRIES; i++) {
		if (lstat(dest, &st) == -1)
			return errno == ENOENT;
		dest[n] = '.';
		num_fmt(dest + n + 1, i);
	}
	errno = EEXIST;
	return false;
}

static bool
set_aside(struct qid id, enum qfile from, enum qfile to)
{
	char path[QPATH_MAX], dest[QPATH_MAX + NUM_FMT];
	struct stat st;
	size_t n;

	qpath_fmt(path, id, from);
	qpath_fmt(dest, id, to);
	n = strlen(dest);
	if (lstat(path, &st) == -1 && errno == ENOENT)
		return true;
	if (!free_name(dest) || rename(path, dest) == -1) {
		log_warning_sys("unable to move ", path, " to ", dest);
		return false;
	}
	/* that it is set aside, send has logged */
	if (dest[n])
		log_warning("set aside ", path, " as ", dest);
	split_changed[qid_split(id)] = lost_changed = true;
	return true;
}

static bool
sync_file(struct qid id, enum qfile f)
{
	char path[QPATH_MAX];
	bool ok;
	int fd;

	qpath_fmt(path, id, f);
	fd = qopen(id, f, O_RDONLY, NULL);
	if (fd == -1 && errno == ENOENT)
		return true;
	ok = fd != -1 && fdatasync(fd) == 0;
	if (!ok)
		log_warning_sys("unable to sync ", path);
	if (fd != -1)
		close(fd);
	return ok;
}

static char
verdict(bool ok)
{
	return ok ? CLEAN_DONE : CLEAN_FAILED;
}

/* The names of notes: all that were made before the requests were read. */
static bool
sync_notes(void)
{
	if (!notes_synced)
		notes_synced = file_syncdir("bounce") == 0;
	if (!notes_synced)
		log_warning_sys("unable to sync bounce");
	return notes_synced;
}

static char
obey(enum clean_op op, struct qid id)
{
	bool ok;

	switch (op) {
	case CLEAN_REMOVE:
		/* without its envelope a message is not delivered again */
		return verdict(remove_file(id, QFILE_ENV) &&
			       remove_file(id, QFILE_MESS));
	case CLEAN_ORPHAN:
		return verdict(remove_orphan(id));
	case CLEAN_SYNC:
		return verdict(sync_file(id, QFILE_ENV));
	case CLEAN_NOTE:
		return verdict(sync_file(id, QFILE_BOUNCE) && sync_notes());
	case CLEAN_CHECK:
		return check_message(id);
	case CLEAN_LOST:
	default:
		ok = set_aside(id, QFILE_ENV, QFILE_LOST_ENV);
		return verdict(
			set_aside(id, QFILE_MESS, QFILE_LOST_MESS) && ok);
	}
}

/* Is there a later request in the n bytes at p that makes a sync needless: the
 * same sync, or the removal? */
static bool
again(const char *request, const char *p, size_t n)
{
	for (; n >= CLEAN_REQUEST; p += CLEAN_REQUEST, n -= CLEAN_REQUEST)
		if (memcmp(request + 1, p + 1, CLEAN_REQUEST - 1) == 0 &&
			(*p == *request || *p == CLEAN_REMOVE))
			return true;
	return false;
}

/* Once for all requests that were read together. What is removed is removed,
 * whether that lasts or not: a failure is no reason to be asked again. */
static void
sync_dirs(void)
{
	char path[QPATH_MAX];
	unsigned i;

	if (lost_changed && file_syncdir("lost") == -1)
		log_warning_sys("unable to sync lost");
	lost_changed = false;
	for (i = 0; i < QSPLITS; i++) {
		if (!split_changed[i])
			continue;
		split_changed[i] = false;
		qpath_split(path, i);
		if (file_syncdir(path) == -1)
			log_warning_sys("unable to sync ", path);
	}
}

/* Serve requests until end of file. */
static int
serve(void)
{
	char buf[CLEAN_REQUEST * REQUESTS], answers[REQUESTS];
	size_t have = 0, used, next, n;
	enum clean_op op;
	struct qid id;
	bool needless;
	ssize_t r;

	while ((r = fd_read(FD_IN, buf + have, sizeof buf - have)) > 0) {
		have += (size_t)r;
		for (used = n = 0; have - used >= CLEAN_REQUEST; used = next) {
			next = used + CLEAN_REQUEST;
			if (!clean_decode(buf + used, &op, &id)) {
				log_alert("garbled request");
				return STATUS_TEMP;
			}
			needless = (op == CLEAN_SYNC || op == CLEAN_NOTE) &&
				   again(buf + used, buf + next, have - next);
			answers[n++] = needless ? CLEAN_DONE : obey(op, id);
		}
		sync_dirs();
		notes_synced = false;
		have -= used;
		memmove(buf, buf + used, have);
		if (n > 0 && fd_writeall(FD_OUT, answers, n) == -1)
			return STATUS_OK; /* send is gone */
	}
	if (r == -1 || have > 0) {
		log_alert("requests end early");
		return STATUS_TEMP;
	}
	return STATUS_OK;
}

int
main(void)
{
	log_init("quill-clean");
	sig_ignore(SIGPIPE);
	return serve();
}
