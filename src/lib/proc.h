/* SPDX-License-Identifier: 0BSD */
/* proc - start processes with the descriptor map as data; drop privilege */
#ifndef LIB_PROC_H
#define LIB_PROC_H

#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

struct proc_fd {
	int to;	  /* descriptor in the child */
	int from; /* descriptor here; -1: closed in the child */
};

struct proc_limit {
	int resource; /* RLIMIT_CPU, ... */
	uint64_t value;
};

enum { PROC_FDS = 8 };
#define PROC_KEEP ((uid_t)-1)

struct proc {
	const char *path;	 /* executable; searched in PATH when search */
	const char *const *argv; /* ends in NULL */
	const char *const *envp; /* ends in NULL; NULL: this environment */
	struct proc_fd fd[PROC_FDS];
	size_t nfd;
	/* Resources that it shall have no more of, or what it has already. */
	const struct proc_limit *limit;
	size_t nlimit;
	const char *dir; /* chdir there first; NULL stay */
	uid_t uid;	 /* PROC_KEEP: do not change user */
	gid_t gid;
	int search;   /* look path up in $PATH */
	int newgroup; /* own process group (setpgid) */
};

/* Exit code of a child that could not become what was asked for. */
enum { PROC_EXECFAILED = 120 };

/* A struct proc with nothing set and user unchanged. */
#define PROC_INIT                                                              \
	{                                                                      \
		.uid = PROC_KEEP, .gid = PROC_KEEP                             \
	}

/* vfork and exec; fork when the user changes. The child gets exactly the map
 * (sources may be anywhere, overlaps are resolved), default dispositions of
 * SIGPIPE and of every signal that this process changed through lib/sig, and
 * an empty mask; descriptors not in the map must be close-on-exec. When the
 * child cannot chdir, drop, be limited or exec it exits PROC_EXECFAILED.
 * Returns the pid; -1 errno (EINVAL: two entries for one descriptor, or only
 * one of uid and gid given). */
pid_t proc_start(const struct proc *p);
/* waitpid across EINTR: 0 with *status, -1 errno. */
int proc_wait(pid_t pid, int *status);
/* Exit code of a wait status; -1 when a signal ended it. */
int proc_code(int status);
/* Become that user for good: one group, gid, uid, checked. 0 or -1 errno. */
int proc_drop(uid_t uid, gid_t gid);

#endif
