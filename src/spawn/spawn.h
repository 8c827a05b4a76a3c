/* SPDX-License-Identifier: 0BSD */
/* spawn - the loop that quill-lspawn and quill-rspawn share
 *
 * Jobs come as records on fd 0, each with the open message; reports go back
 * on the same socket. Each job is given to a child, over a socket that is the
 * child's fd 0. A child that has reported stays for an idle time and gets the
 * next job of the same key; children that crash, lie about the job number or
 * outstay the limit give a temporary report. End of file on fd 0: running jobs
 * are finished, then spawn_run returns.
 */
#ifndef SPAWN_SPAWN_H
#define SPAWN_SPAWN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "lib/str.h"
#include "wire/job.h"

/* What has to be known to start, or find, a child for a job. */
struct spawn_plan {
	uint64_t key;           /* children are kept by this and keytext */
	char keytext[256];      /* "" when key says all */
	uid_t uid;              /* become that; PROC_KEEP: stay */
	gid_t gid;
	struct str record;      /* the job record for the child */
	/* refusal instead of a child: */
	char refuse;            /* 0, 'Z' or 'D' */
	char why[256];          /* text, with (#x.y.z) */
};

struct spawn_ops {
	const char *program;     /* path of the child, run with argv "-s" */
	const char *wrapper;     /* $QMAILLOCAL or $QMAILREMOTE, or NULL */
	/* argv for the wrapper, built in args; by-hand report wanted? */
	void (*wrapper_args)(const struct job *j, struct str *args);
	bool wrapper_byhand;     /* collect wire/byhand.h, else the exit code */
	/* Decide where the job goes. Returns true when *plan is filled; false
	 * when the answer will come later: then ops->answer() will be asked
	 * with the same token. fdmess: fstat it if its owner matters. */
	bool (*plan)(const struct job *j, uint32_t token, int fdmess,
		struct spawn_plan *plan);
	/* Extra descriptor to poll (quill-getpw), -1 none. When readable,
	 * answer() is called until it returns false; it sets *token and fills
	 * *plan for the job that waited under it. job is fetched by the loop:
	 * job_of(token). */
	int fd;
	bool (*answer)(uint32_t *token, struct spawn_plan *plan);
	unsigned idle_ms;        /* how long an idle child is kept */
	unsigned max_idle;       /* idle children at most */
	unsigned max_jobs;       /* jobs at once at most: more are temporary */
	unsigned job_timeout;    /* s; then the child is killed */
};

/* Returns at end of jobs: 0; -1 errno when the socket broke. */
int spawn_run(const struct spawn_ops *ops);
/* The job that waits under token (for answer()), NULL if gone. */
const struct job *spawn_job(uint32_t token);

#endif
