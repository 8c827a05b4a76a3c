/* SPDX-License-Identifier: 0BSD */
#include "send/scan.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stddef.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "lib/log.h"
#include "lib/stamp.h"
#include "send/cleaner.h"
#include "send/conf.h"
#include "send/known.h"
#include "wire/retry.h"

enum { PIECE = 500 }; /* directory entries a step */

enum { BOUNCES = QSPLITS, OVER }; /* after the directories of messages */

static unsigned split = OVER; /* which directory; OVER: no walk under way */
static DIR *dir;
static bool hurried;

void
scan_begin(bool hurry)
{
	if (dir)
		closedir(dir);
	dir = NULL;
	split = 0;
	hurried = hurry;
}

bool
scan_running(void)
{
	return split != OVER;
}

static void
found_env(struct qid id, const char *name, int64_t now)
{
	struct stat st;
	int64_t last;
	uint32_t slot;
	bool tried;
	int c;

	if (known_find(id) != KNOWN_NONE)
		return;
	if (fstatat(dirfd(dir), name, &st, AT_SYMLINK_NOFOLLOW) < 0)
		return;
	tried = retry_last(id, &st, now, &last) && !hurried;
	slot = known_add(id);
	/* a channel without recipients drops out when it is due */
	for (c = 0; c < NCHAN; c++)
		known_wait(slot, c,
			tried ? retry_next(id, last, conf.retry[c])
			: qid_birth(id) < now ? qid_birth(id)
					      : now);
}

/* A message without an envelope: being written, or left over. */
static void
found_mess(struct qid id, int64_t now)
{
	char path[QPATH_MAX];

	if (qid_birth(id) + QSTALE > now || known_find(id) != KNOWN_NONE)
		return;
	qpath_fmt(path, id, QFILE_ENV);
	if (faccessat(AT_FDCWD, path, F_OK, 0) < 0 && errno == ENOENT)
		cleaner_ask(CLEAN_ORPHAN, id);
}

/* Reasons without a message: it is over, and a power cut brought them back or
 * the failure could not be marked. */
static void
found_note(const char *name)
{
	char path[QPATH_MAX];
	struct qid id;

	if (strlen(name) != QID_LEN || !qid_parse(name, &id) ||
		known_find(id) != KNOWN_NONE)
		return;
	qpath_fmt(path, id, QFILE_ENV);
	if (faccessat(AT_FDCWD, path, F_OK, 0) < 0 && errno == ENOENT)
		unlinkat(dirfd(dir), name, 0);
}

static bool
next_dir(void)
{
	char path[QPATH_MAX] = "bounce";

	if (split != BOUNCES)
		qpath_split(path, split);
	dir = opendir(path);
	if (dir)
		return true;
	log_warning_sys("unable to look for messages in ", path);
	split++;
	return false;
}

void
scan_step(int64_t now)
{
	const struct dirent *d;
	struct qid id;
	enum qfile f;
	int i;

	if (!scan_running() || (!dir && !next_dir()))
		return;
	for (i = 0; i < PIECE; i++) {
		errno = 0;
		d = readdir(dir);
		if (!d) {
			if (errno)
				log_warning_sys("unable to read the queue");
			closedir(dir);
			dir = NULL;
			split++;
			return;
		}
		if (split == BOUNCES) {
			found_note(d->d_name);
			continue;
		}
		if (!qpath_parse(d->d_name, split, &id, &f))
			continue;
		if (f == QFILE_ENV)
			found_env(id, d->d_name, now);
		else
			found_mess(id, now);
	}
}
