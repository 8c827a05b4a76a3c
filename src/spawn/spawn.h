/* SPDX-License-Identifier: 0BSD */
/* spawn - the loop that quill-lspawn and quill-rspawn share
 *
 * Jobs come as records (wire/job.h) on fd 0, each with the open message;
 * reports (wire/report.h) go back on the same socket, exactly one for each
 * job. A job is given to a child, over a socket that is the child's fd 0, with
 * the message attached. A child that has reported stays for an idle time and
 * gets the next job with the same key. A child that dies, lies about the job
 * or outstays the limit costs a temporary report and nothing else.
 *
 * Nothing here blocks. End of file on fd 0: what runs is finished, idle
 * children are let go, then spawn_run returns.
 */
#ifndef SPAWN_SPAWN_H
#define SPAWN_SPAWN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "wire/job.h"
#include "wire/pwreq.h"

enum {
	SPAWN_KEY = 256,		/* bytes in a key */
	SPAWN_WHY = 240,		/* bytes of a refusal, with NUL */
	SPAWN_ARGS = JOB_RCPT_MAX + 12, /* arguments of a wrapper, with NULL */
};

/* Where a job goes. */
struct spawn_plan {
	char refuse;	     /* 0; or 'Z', 'D': report why, start nothing */
	char why[SPAWN_WHY]; /* one line with (#x.y.z) */
	uid_t uid;	     /* PROC_KEEP: the child stays the same user */
	gid_t gid;
	size_t keylen; /* 0: the child is not kept */
	char key[SPAWN_KEY];
	/* goes into the child's record with ops->defaultdelivery; may be NULL;
	 * must stay until the next call of plan() or answer() */
	const struct pwuser *user;
};

struct spawn_ops {
	const char *program;	 /* of the child */
	const char *option;	 /* its one argument; NULL: -s */
	const char *const *envp; /* of the child; NULL: this environment */
	int childlog;		 /* becomes the child's fd 1 and 2 */
	const char *defaultdelivery;

	/* Instead of program, one process a job, as it would be run by hand:
	 * fd 0 the message, fd 1 a pipe, fd 2 the same pipe or, with
	 * wrapper_remote, childlog. NULL: none. */
	const char *wrapper;
	/* Fill argv[1] and up with pointers into *j; returns argc. */
	size_t (*wrapper_argv)(const struct job *j, const char **argv);
	bool wrapper_remote; /* output is wire/byhand.h; else the exit code and
	                      * the output as text */

	/* Decide where the job goes: true, *p is filled (it comes empty: no
	 * refusal, no key, same user); or false: answer() will tell, under
	 * this token. */
	bool (*plan)(void *arg, const struct job *j, int fdmess, uint32_t token,
		struct spawn_plan *p);
	/* *fd is readable. 1: *token and *p are filled; 0 nothing yet; -1 no
	 * question will be answered any more: the jobs that wait for that are
	 * reported temporary. Later ones may have another *fd. */
	int (*answer)(void *arg, uint32_t *token, struct spawn_plan *p);
	/* A job waited answer_ms in vain and was reported temporary. */
	void (*expired)(void *arg);
	const int *fd; /* NULL: plan() never waits; *fd -1: there is none now */
	/* A process has ended that the caller started, not the loop; NULL:
	 * there is none. */
	void (*ended)(void *arg, pid_t pid, int status);
	void *arg;

	/* Reports are passed on with the uid of the child, as info uid=, in
	 * front of what info the child gives. */
	bool vouch;

	unsigned answer_ms;
	unsigned idle_ms;  /* how long an idle child is kept; 0 not at all */
	unsigned max_idle; /* idle children at most */
	unsigned max_jobs; /* at once; more wait in the socket */
	uint64_t job_ms;   /* then the child's process group is killed */
};

/* Returns at end of jobs: 0; -1 errno when it could not begin. fd 0 becomes
 * non-blocking, SIGCHLD is taken. Once per process. */
int spawn_run(const struct spawn_ops *ops);

#endif
