/* SPDX-License-Identifier: 0BSD */
#include "lib/proc.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "lib/sig.h"

extern char **environ;

/* The kernel's own calls: libc's would look for threads to tell. On some
 * 32-bit machines the plain names take 16-bit ids. */
#ifdef SYS_setgroups32
enum {
	CALL_GROUPS = SYS_setgroups32,
	CALL_GID = SYS_setresgid32,
	CALL_UID = SYS_setresuid32
};
#else
enum {
	CALL_GROUPS = SYS_setgroups,
	CALL_GID = SYS_setresgid,
	CALL_UID = SYS_setresuid
};
#endif

/* Everything from here to child() may run between vfork and exec, in the
 * parent's memory: system calls and the stack only. */

int
proc_drop(uid_t uid, gid_t gid)
{
	uid_t r, e, s;

	/* To the kernel -1 means "leave it as it is". */
	if (uid == (uid_t)-1 || gid == (gid_t)-1) {
		errno = EINVAL;
		return -1;
	}
	if (syscall(CALL_GROUPS, 1, &gid) < 0 ||
		syscall(CALL_GID, gid, gid, gid) < 0 ||
		syscall(CALL_UID, uid, uid, uid) < 0)
		return -1;
	if (getresuid(&r, &e, &s) < 0)
		return -1;
	if (r != uid || e != uid || s != uid) {
		errno = EPERM;
		return -1;
	}
	return 0;
}

static bool
is_target(const struct proc *p, int fd)
{
	for (size_t i = 0; i < p->nfd; i++)
		if (p->fd[i].to == fd)
			return true;
	return false;
}

/* The first descriptor above all targets. */
static int
above(const struct proc *p)
{
	int top = 0;

	for (size_t i = 0; i < p->nfd; i++)
		if (p->fd[i].to >= top)
			top = p->fd[i].to + 1;
	return top;
}

/* Sources that are somebody's target are first copied out of the way, above
 * all targets; after that the order does not matter. */
static int
map_fds(const struct proc *p)
{
	int from[PROC_FDS], top = above(p);

	for (size_t i = 0; i < p->nfd; i++) {
		from[i] = p->fd[i].from;
		if (from[i] < 0 || from[i] == p->fd[i].to ||
			!is_target(p, from[i]))
			continue;
		from[i] = fcntl(from[i], F_DUPFD_CLOEXEC, top);
		if (from[i] < 0)
			return -1;
	}
	for (size_t i = 0; i < p->nfd; i++) {
		int to = p->fd[i].to;

		if (from[i] < 0)
			close(to);
		else if (from[i] == to ? fcntl(to, F_SETFD, 0) < 0
				       : dup2(from[i], to) < 0)
			return -1;
	}
	return 0;
}

static void
default_signals(void)
{
	uint64_t todo =
		sig_caught() | sig_ignored() | (uint64_t)1 << (SIGPIPE - 1);
	struct sigaction sa;
	sigset_t none;

	memset(&sa, 0, sizeof sa);
	sa.sa_handler = SIG_DFL;
	for (int sig = 1; todo; sig++, todo >>= 1)
		if (todo & 1)
			sigaction(sig, &sa, 0);
	/* Only now: what is pending must not meet one of our handlers. */
	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, 0);
}

static void
exec_search(const char *name, const char *path, char *const *argv,
	char *const *envp)
{
	char buf[PATH_MAX];
	size_t len = strlen(name);

	while (path) {
		const char *end = strchr(path, ':');
		size_t n = end ? (size_t)(end - path) : strlen(path);

		if (n + len + 2 <= sizeof buf) {
			memcpy(buf, path, n);
			/* an empty entry is the current directory */
			if (n)
				buf[n++] = '/';
			memcpy(buf + n, name, len + 1);
			execve(buf, argv, envp);
		}
		path = end ? end + 1 : 0;
	}
}

static int
set_limits(const struct proc *p)
{
	for (size_t i = 0; i < p->nlimit; i++) {
		rlim_t value = (rlim_t)p->limit[i].value;
		struct rlimit now;

		if (prlimit(0, p->limit[i].resource, NULL, &now) < 0)
			return -1;
		if (now.rlim_max > value)
			now.rlim_max = value;
		if (now.rlim_cur > now.rlim_max)
			now.rlim_cur = now.rlim_max;
		if (prlimit(0, p->limit[i].resource, &now, NULL) < 0)
			return -1;
	}
	return 0;
}

static __attribute__((noinline, noreturn)) void
child(const struct proc *p, const char *search, char *const *argv,
	char *const *envp)
{
	if (p->newgroup && setpgid(0, 0) < 0)
		goto fail;
	if (map_fds(p) < 0)
		goto fail;
	if (p->uid != PROC_KEEP) {
#ifdef SYS_close_range
		/* The user may stop it before exec closes them. */
		syscall(SYS_close_range, above(p), ~0U, 0);
#endif
		if (proc_drop(p->uid, p->gid) < 0)
			goto fail;
	}
	/* As the user: root may be nobody on a file server. */
	if (p->dir && chdir(p->dir) < 0)
		goto fail;
	if (set_limits(p) < 0)
		goto fail;
	default_signals();
	if (search)
		exec_search(p->path, search, argv, envp);
	else
		execve(p->path, argv, envp);
fail:
	_exit(PROC_EXECFAILED);
}

/* By itself, so that no variable of proc_start lives across vfork. Once the
 * child belongs to the user, the user can stop it: with vfork that would stop
 * us too, before its exec and for good. */
static __attribute__((noinline)) pid_t
start(const struct proc *p, const char *search, char *const *argv,
	char *const *envp)
{
	pid_t pid = p->uid == PROC_KEEP ? vfork() : fork();

	if (pid == 0)
		child(p, search, argv, envp);
	return pid;
}

static bool
is_sound(const struct proc *p)
{
	if (p->nfd > PROC_FDS)
		return false;
	for (size_t i = 0; i < p->nfd; i++) {
		if (p->fd[i].to < 0)
			return false;
		for (size_t k = 0; k < i; k++)
			if (p->fd[k].to == p->fd[i].to)
				return false;
	}
	return (p->uid == PROC_KEEP) == (p->gid == (gid_t)-1);
}

pid_t
proc_start(const struct proc *p)
{
	const char *search = 0;
	char *const *argv, *const *envp = environ;
	sigset_t all, old;
	bool guard = sig_caught() != 0;
	pid_t pid;
	int saved;

	if (!is_sound(p)) {
		errno = EINVAL;
		return -1;
	}
	/* exec's prototype is older than const; it writes to neither. */
	memcpy(&argv, &p->argv, sizeof argv);
	if (p->envp)
		memcpy(&envp, &p->envp, sizeof envp);
	if (p->search && !strchr(p->path, '/')) {
		search = getenv("PATH");
		if (!search)
			search = "/usr/local/bin:/usr/bin:/bin";
	}
	/* A handler of ours must not run in the child: the memory it would
	 * change is the parent's. Without handlers nothing is to guard. */
	if (guard) {
		sigfillset(&all);
		sigprocmask(SIG_SETMASK, &all, &old);
	}
	pid = start(p, search, argv, envp);
	saved = errno;
	if (guard)
		sigprocmask(SIG_SETMASK, &old, 0);
	errno = saved;
	return pid;
}

int
proc_wait(pid_t pid, int *status)
{
	pid_t r;

	do
		r = waitpid(pid, status, 0);
	while (r < 0 && errno == EINTR);
	return r < 0 ? -1 : 0;
}

int
proc_code(int status)
{
	return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}
