/* SPDX-License-Identifier: 0BSD */
/* rspawn.c - start remote deliveries
 *
 * runs as     quillr
 * started by  start
 * fd 0        jobs from send, reports to send         wire/job.h wire/report.h
 * cwd         HOME
 * reads       control/idleremote; messages come open with their jobs
 * writes      nothing
 * trusts      nobody: it has its socket and no more
 * exits       STATUS_OK at end of jobs, STATUS_TEMP if it cannot start
 */
#include <string.h>
#include <unistd.h>

#include "lib/control.h"
#include "lib/log.h"
#include "lib/proc.h"
#include "spawn/spawn.h"
#include "wire/site.h"
#include "wire/status.h"

/* quill-remote has deadlines of its own; this is for one that is lost. */
enum { JOB_HOURS = 24, IDLE_DEFAULT = 3, IDLE_MAX = 3600 };

static bool
plan(void *arg, const struct job *j, int fdmess, uint32_t token,
	struct spawn_plan *p)
{
	static const char why[] = "this is not a remote delivery (#4.3.5)";

	(void)arg;
	(void)fdmess;
	(void)token;
	if (j->host == NULL) {
		log_alert("job refused: not a remote one");
		p->refuse = 'Z';
		memcpy(p->why, why, sizeof why);
		return true;
	}
	/* A child, and its connection, serves one destination; one that was
	 * sent by another relay does not share it. */
	p->keylen = strlen(j->host);
	if (p->keylen > SPAWN_KEY || j->via != NULL)
		p->keylen = 0;
	memcpy(p->key, j->host, p->keylen);
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
