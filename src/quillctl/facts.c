/* SPDX-License-Identifier: 0BSD */
#include "quillctl/facts.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include "lib/fd.h"
#include "lib/file.h"
#include "lib/num.h"
#include "quillctl/ask.h"
#include "quillctl/walk.h"
#include "wire/site.h"

enum { RUN_MAX = 65536, SUPERVISE_STATUS = 18 };

const char *const facts_names[FACTS_NUMBERS] = {
	[FACTS_PID] = "pid",
	[FACTS_SINCE] = "since",
	[FACTS_NEW] = "new",
	[FACTS_ACTIVE] = "active",
	[FACTS_WAITING] = "waiting",
	[FACTS_HELD] = "held",
	[FACTS_SCANNING] = "scanning",
	[FACTS_BOUNCES] = "bounces",
	[FACTS_LOCAL] = "local.running",
	[FACTS_LOCAL_LIMIT] = "local.limit",
	[FACTS_REMOTE] = "remote.running",
	[FACTS_REMOTE_LIMIT] = "remote.limit",
	[FACTS_STOPPING] = "stopping",
};

/* --- quill-send ----------------------------------------------------------- */

/* What a delivery said, as one line. */
static void
one_line(char *s)
{
	size_t n = strlen(s);

	while (n && s[n - 1] == '\n')
		s[--n] = '\0';
	while ((s = strchr(s, '\n')))
		*s = ' ';
}

static void
take_error(struct facts *f, const char *key, const char *value)
{
	struct facts_error *e;
	uint64_t n;

	if (!key && f->nerrors < FACTS_ERRORS)
		memset(&f->error[f->nerrors++], 0, sizeof(*e));
	if (!key || f->nerrors == 0)
		return;
	e = &f->error[f->nerrors - 1];
	if (strcmp(key, "when") == 0 && num_parses(value, INT64_MAX, &n))
		e->when = (int64_t)n;
	else if (strcmp(key, "id") == 0)
		ask_keep(e->id, sizeof(e->id), value);
	else if (strcmp(key, "channel") == 0)
		ask_keep(e->channel, sizeof(e->channel), value);
	else if (strcmp(key, "to") == 0)
		ask_keep(e->to, sizeof(e->to), value);
	else if (strcmp(key, "text") == 0) {
		ask_keep(e->text, sizeof(e->text), value);
		one_line(e->text);
	}
}

static void
take(void *arg, const char *object, const char *key, const char *value)
{
	struct facts *f = arg;
	size_t i;

	if (strcmp(object, "error") == 0) {
		take_error(f, key, value);
		return;
	}
	for (i = 0; key && i < FACTS_NUMBERS; i++)
		if (strcmp(key, facts_names[i]) == 0)
			ask_number(&f->n[i], INT64_MAX, value);
}

int
facts_send(struct facts *f)
{
	int r = ask_runs();

	if (r < 0)
		return -1;
	f->runs = r;
	f->answered = false;
	f->nerrors = 0;
	memset(f->n, 0, sizeof(f->n));
	f->answered = f->runs && ask_question(CTL_STATUS, NULL, take, f) == 0;
	return 0;
}

/* --- the queue ------------------------------------------------------------ */

static void
look(void *arg, const struct walk_message *m)
{
	struct facts *f = arg;
	bool todo = false, held = false;
	size_t i;

	for (i = 0; i < m->env.nrcpt; i++) {
		todo |= env_istodo(env_mark(&m->env, i));
		held |= env_isheld(env_mark(&m->env, i));
	}
	f->n[todo      ? (m->tried ? FACTS_WAITING : FACTS_NEW)
		: held ? FACTS_HELD
		       : FACTS_WAITING]++;
}

static void
odd(void *arg, const struct walk_message *m)
{
	struct facts *f = arg;

	f->damaged += m->result == ENV_DAMAGED;
}

int
facts_queue(struct facts *f)
{
	const struct qid *ids;
	unsigned split;
	int64_t n;

	f->messages = 0;
	f->damaged = 0;
	for (split = 0; split < QSPLITS; split++) {
		n = walk_ids(split, QFILE_ENV, &ids);
		if (n < 0)
			return -1;
		if (n > 0 && (f->messages == 0 || ids[0].us < f->oldest.us))
			f->oldest = ids[0];
		f->messages += n;
	}
	f->lost = walk_lost();
	if (f->lost < 0)
		return -1;
	return f->answered ? 0 : walk_each(look, odd, f);
}

/* --- around it ------------------------------------------------------------ */

int
facts_disk(struct facts *f)
{
	struct statvfs v;

	if (statvfs(".", &v) < 0)
		return -1;
	f->free_bytes = (uint64_t)v.f_bavail * v.f_frsize;
	f->free_inodes = v.f_favail;
	f->free_percent =
		v.f_blocks ? (unsigned)(v.f_bavail * 100 / v.f_blocks) : 100;
	/* some file systems have no such limit, and say 0 */
	f->inode_percent =
		v.f_files ? (unsigned)(v.f_favail * 100 / v.f_files) : 100;
	return 0;
}

/* What svstat reads: 8 bytes of TAI seconds, 4 nanoseconds, 4 of the pid (the
 * lowest first), paused, wanted. */
bool
facts_supervise(int dir, struct facts_service *s)
{
	unsigned char b[SUPERVISE_STATUS];
	uint64_t sec = 0;
	int fd = openat(dir, "supervise/status", O_RDONLY | O_CLOEXEC), i;
	ssize_t n;

	if (fd < 0)
		return false;
	n = fd_read(fd, b, sizeof(b));
	close(fd);
	if (n != (ssize_t)sizeof(b))
		return false;
	for (i = 0; i < 8; i++)
		sec = sec << 8 | b[i];
	s->since = (int64_t)(sec - (UINT64_C(1) << 62) - 10);
	s->wanted = b[17] == 'u';
	s->pid = b[12] | (uint64_t)b[13] << 8 | (uint64_t)b[14] << 16 |
		 (uint64_t)b[15] << 24;
	return true;
}

/* Does the text of its run name this home? */
static bool
is_ours(const char *run)
{
	size_t n = strlen(site_home);

	while ((run = strstr(run, site_home))) {
		run += n;
		if (strchr("/\n \"'", *run))
			return true;
	}
	return false;
}

static bool
one_service(const char *path, int parent, const char *name,
	facts_service_fn *fn, void *arg)
{
	struct str run = STR_INIT(RUN_MAX);
	int dir = openat(parent, name, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	int fd = dir < 0 ? -1 : openat(dir, "run", O_RDONLY | O_CLOEXEC);
	bool ours =
		fd >= 0 && file_readfd(fd, &run) == 0 && is_ours(str_c(&run));

	if (ours)
		fn(arg, path, name, dir, run.s);
	if (fd >= 0)
		close(fd);
	if (dir >= 0)
		close(dir);
	str_free(&run);
	return ours;
}

static size_t
services_below(const char *path, facts_service_fn *fn, void *arg)
{
	const struct dirent *d;
	DIR *dir = opendir(path);
	size_t n = 0;

	while (dir && (d = readdir(dir)))
		if (d->d_name[0] != '.' &&
			one_service(path, dirfd(dir), d->d_name, fn, arg))
			n++;
	if (dir)
		closedir(dir);
	return n;
}

size_t
facts_each_service(const char *path, facts_service_fn *fn, void *arg)
{
	struct str own = STR_INIT(4096);
	size_t n;

	if (path)
		return services_below(path, fn, arg);
	n = services_below("/service", fn, arg);
	if (n == 0)
		n = services_below("/etc/service", fn, arg);
	str_puts(&own, site_home);
	str_puts(&own, "/service");
	if (n == 0)
		n = services_below(str_c(&own), fn, arg);
	str_free(&own);
	return n;
}

static void
add_service(
	void *arg, const char *path, const char *name, int dir, const char *run)
{
	struct facts *f = arg;
	struct facts_service *s = &f->service[f->nservices];

	(void)path;
	if (f->nservices == FACTS_SERVICES)
		return;
	ask_keep(s->name, sizeof(s->name), name);
	s->send = strstr(run, "bin/quill-start") &&
		  !strstr(run, "bin/quill-start -v");
	if (facts_supervise(dir, s))
		f->nservices++;
}

void
facts_services(struct facts *f, const char *path)
{
	facts_each_service(path, add_service, f);
}
