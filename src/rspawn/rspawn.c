/* SPDX-License-Identifier: 0BSD */
/* rspawn.c - start remote deliveries
 *
 * runs as     quillr
 * started by  start
 * fd 0        jobs from send, reports to send         wire/job.h wire/report.h
 * cwd         HOME
 * reads       control/idleremote, smtproutes, and when others of quill-remote's
 *             were changed; messages come open with their jobs
 * writes      nothing
 * trusts      nobody: it has its socket and no more
 * exits       STATUS_OK at end of jobs, STATUS_TEMP if it cannot start
 */
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "lib/control.h"
#include "lib/log.h"
#include "lib/proc.h"
#include "lib/stamp.h"
#include "lib/table.h"
#include "spawn/spawn.h"
#include "wire/relay.h"
#include "wire/site.h"
#include "wire/status.h"

/* quill-remote has deadlines of its own; this is for one that is lost. */
enum { JOB_HOURS = 24, IDLE_DEFAULT = 3, IDLE_MAX = 3600 };

/* What children read when they start: one that was started before a change gets
 * no more jobs. */
static const char *const watched[] = { "smtproutes", "smtproutes.cdb",
	"tlspolicy", "smtpauth", "mtasts", "helohost", "outgoingip", "me",
	"/etc/resolv.conf" };

enum { WATCHED = sizeof watched / sizeof *watched, LOOK_MS = 1000 };

/* Destinations that have the same relays share children, and so connections.
 * What a child makes of a job is its own business: here it is only a key. */
static struct {
	struct table routes;
	bool open;
	unsigned char age; /* how many changes there were */
	struct timespec was[WATCHED];
	int64_t looked; /* stamp_mono() */
} seen;

static bool
changed(size_t i)
{
	struct timespec *was = &seen.was[i];
	struct str path = STR_INIT(4096);
	struct stat st;
	bool is;

	if (*watched[i] == '/')
		str_puts(&path, watched[i]);
	else
		control_path(&path, watched[i]);
	if (stat(str_c(&path), &st) < 0)
		memset(&st, 0, sizeof st);
	str_free(&path);
	is = st.st_mtim.tv_sec != was->tv_sec ||
	     st.st_mtim.tv_nsec != was->tv_nsec;
	*was = st.st_mtim;
	return is;
}

static void
look(void)
{
	int64_t now = stamp_mono();
	bool any = !seen.looked;
	size_t i;

	if (seen.looked && now - seen.looked < LOOK_MS)
		return;
	seen.looked = now;
	for (i = 0; i < WATCHED; i++)
		any = changed(i) || any;
	if (!any)
		return;
	seen.age++;
	if (seen.open)
		table_close(&seen.routes);
	/* a bad file is the children's to complain of */
	seen.open = table_open(&seen.routes, "smtproutes", &relay_kind) ==
		    CONTROL_OK;
}

/* The relays of host, or none: the key of its children. */
static const char *
relays_of(const char *host)
{
	static struct str where = STR_INIT(CONTROL_LINE_MAX);
	struct relays l;

	if (!seen.open || relay_where(&seen.routes, host, &where) != 1 ||
		relay_list(str_c(&where), &l) || relay_is_mx(&l.r[0]) ||
		where.len >= SPAWN_KEY)
		return NULL;
	return str_c(&where);
}

static bool
plan(void *arg, const struct job *j, int fdmess, uint32_t token,
	struct spawn_plan *p)
{
	static const char why[] = "this is not a remote delivery (#4.3.5)";
	const char *key;
	size_t n;

	(void)arg;
	(void)fdmess;
	(void)token;
	if (j->host == NULL) {
		log_alert("job refused: not a remote one");
		p->refuse = 'Z';
		memcpy(p->why, why, sizeof why);
		return true;
	}
	/* A child, and its connection, serves one destination, or one relay;
	 * one that was sent by another relay does not share it. */
	look();
	key = relays_of(j->host);
	p->key[0] = key ? 'R' : 'H';
	p->key[1] = (char)seen.age;
	if (!key)
		key = j->host;
	n = strlen(key);
	if (n + 2 > SPAWN_KEY || j->via != NULL)
		return true;
	memcpy(p->key + 2, key, n);
	p->keylen = n + 2;
	return true;
}

/* quill-remote host sender recipient... */
static size_t
by_hand(const struct job *j, const char **argv)
{
	size_t i;

	argv[1] = j->host;
	argv[2] = j->sender;
	for (i = 0; i < j->nrcpt; i++)
		argv[3 + i] = j->rcpt[i].addr;
	return 3 + i;
}

int
main(int argc, char **argv)
{
	struct str program = STR_INIT(0);
	struct spawn_ops ops = { .childlog = 2 };
	uint64_t idle = IDLE_DEFAULT;
	bool look = argc == 2 && strcmp(argv[1], "-n") == 0;

	log_init("quill-rspawn");
	if (chdir(site_home) == -1)
		log_die_sys(STATUS_TEMP, "unable to enter ", site_home);
	control_init(site_control);
	if (look)
		control_survey();
	if (control_num("idleremote", 0, IDLE_MAX, &idle) == CONTROL_BAD)
		log_die(STATUS_TEMP, control_error());
	if (look)
		return control_surveyed() ? STATUS_PERM : STATUS_OK;
	str_puts(&program, site_bin);
	str_puts(&program, "/quill-remote");
	ops.program = str_c(&program);
	ops.wrapper = site_env("REMOTE");
	ops.wrapper_argv = by_hand;
	ops.wrapper_remote = true;
	ops.plan = plan;
	ops.idle_ms = (unsigned)idle * 1000;
	ops.max_idle = 20;
	ops.max_jobs = 10000;
	ops.job_ms = (uint64_t)JOB_HOURS * 3600 * 1000;
	if (spawn_run(&ops) == -1)
		log_die_sys(STATUS_TEMP, "unable to begin");
	return STATUS_OK;
}
