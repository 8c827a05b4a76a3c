/* SPDX-License-Identifier: 0BSD */
/* rspawn.c - start remote deliveries
 *
 * runs as     quillr
 * started by  start
 * fd 0        jobs from send, reports to send         wire/job.h wire/report.h
 * cwd         HOME
 * reads       control/idleremote, smtproutes; messages come open with their
 *             jobs
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

/* control/smtproutes, read anew when it changes: destinations that have the
 * same relays share children, and so connections. What a child makes of a job
 * is its own business: here it is only a key. */
static struct {
	struct table table;
	bool open;
	struct timespec text, cdb;
	int64_t looked; /* stamp_mono() */
} routes;

enum { LOOK_MS = 1000 };

static bool
changed(const char *name, struct timespec *was)
{
	struct str path = STR_INIT(4096);
	struct stat st;
	bool is;

	control_path(&path, name);
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
	bool text, cdb;

	if (routes.looked && now - routes.looked < LOOK_MS)
		return;
	routes.looked = now;
	text = changed("smtproutes", &routes.text);
	cdb = changed("smtproutes.cdb", &routes.cdb);
	if (!text && !cdb)
		return;
	if (routes.open)
		table_close(&routes.table);
	/* a bad file is the children's to complain of */
	routes.open = table_open(&routes.table, "smtproutes", &relay_kind) ==
		      CONTROL_OK;
}

/* The relays of host, or none: the key of its children. */
static const char *
relays_of(const char *host)
{
	static struct str where = STR_INIT(CONTROL_LINE_MAX);
	struct relays l;

	look();
	if (!routes.open || relay_where(&routes.table, host, &where) != 1 ||
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
	/* A child, and its connection, serves one destination, or one relay (no
	 * host has a blank in front); one that was sent by another relay does
	 * not share it. */
	key = relays_of(j->host);
	if (key)
		p->key[p->keylen++] = ' ';
	else
		key = j->host;
	n = strlen(key);
	if (p->keylen + n > SPAWN_KEY || j->via != NULL) {
		p->keylen = 0;
		return true;
	}
	memcpy(p->key + p->keylen, key, n);
	p->keylen += n;
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
main(void)
{
	struct str program = STR_INIT(0);
	struct spawn_ops ops = { .fd = -1, .childlog = 2 };
	uint64_t idle = IDLE_DEFAULT;

	log_init("quill-rspawn");
	if (chdir(site_home) == -1)
		log_die_sys(STATUS_TEMP, "unable to enter ", site_home);
	control_init(site_control);
	if (control_num("idleremote", 0, IDLE_MAX, &idle) == CONTROL_BAD)
		log_die(STATUS_TEMP, control_error());
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
