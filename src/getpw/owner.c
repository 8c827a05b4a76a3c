/* SPDX-License-Identifier: 0BSD */
#include "getpw/owner.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "getpw/mounts.h"
#include "lib/fd.h"
#include "lib/log.h"
#include "lib/stamp.h"
#include "lib/str.h"

enum { DIR_MAX = 4096 };

struct looker {
	pid_t pid;
	int fd;	    /* -1: there is none */
	char *hung; /* the mount that it waits for */
};

static struct looker current = { .fd = -1 };
static struct looker stuck[OWNER_STUCK];
static size_t nstuck; /* oldest first */
static struct str mount = STR_INIT(DIR_MAX);

/* What the child answers; both ends are one program. */
struct seen {
	uint32_t err, uid;
};

/* The child, until its socket is closed. It may outlive us by as long as a
 * mount hangs, so it holds nothing that anybody waits for the end of. */
static void
look(int fd)
{
	char path[DIR_MAX];
	struct stat st;
	struct seen s;
	ssize_t n;
	int passed;

	for (int i = 0; i < 3; i++)
		if (i != fd)
			close(i);
	for (size_t i = 0; i < nstuck; i++)
		close(stuck[i].fd);
	while ((n = fd_recv(fd, path, sizeof path, &passed)) > 0 &&
		path[n - 1] == '\0') {
		memset(&s, 0, sizeof s);
		if (stat(path, &st) == -1)
			s.err = (uint32_t)errno;
		else
			s.uid = (uint32_t)st.st_uid;
		if (fd_send(fd, &s, sizeof s, -1) == -1)
			break;
	}
	_exit(0);
}

static int
start(void)
{
	int fds[2];

	if (fd_seqpair(fds) == -1)
		return -1;
	current.pid = fork();
	if (current.pid == 0) {
		close(fds[0]);
		look(fds[1]);
	}
	close(fds[1]);
	if (current.pid == -1) {
		close(fds[0]);
		return -1;
	}
	current.fd = fds[0];
	return 0;
}

/* It goes when it can. Buried is who was dropped a while ago. */
static void
drop(struct looker *l)
{
	static pid_t dead[OWNER_STUCK];
	static size_t n;
	pid_t *grave = &dead[n++ % OWNER_STUCK];

	close(l->fd);
	l->fd = -1;
	kill(l->pid, SIGKILL);
	if (*grave > 0)
		waitpid(*grave, NULL, WNOHANG);
	*grave = l->pid;
}

static void
forget(size_t i)
{
	drop(&stuck[i]);
	free(stuck[i].hung);
	nstuck--;
	memmove(&stuck[i], &stuck[i + 1], (nstuck - i) * sizeof *stuck);
}

/* Which of those left alone came back? */
static void
sweep(void)
{
	for (size_t i = nstuck; i-- > 0;) {
		struct pollfd p = { .fd = stuck[i].fd, .events = POLLIN };

		if (poll(&p, 1, 0) == 0)
			continue;
		log_info(stuck[i].hung, " answers again");
		forget(i);
	}
}

bool
owner_waits(void)
{
	sweep();
	return nstuck > 0;
}

/* Is dir on a mount that somebody waits for? */
static bool
hangs(const char *dir)
{
	mounts_find(dir, &mount);
	for (size_t i = 0; i < nstuck; i++)
		if (strcmp(stuck[i].hung, str_c(&mount)) == 0)
			return true;
	return false;
}

/* The current one does not answer: leave it alone with dir. */
static void
leave(const char *dir)
{
	mounts_find(dir, &mount);
	if (nstuck == OWNER_STUCK)
		forget(0);
	stuck[nstuck] = current;
	stuck[nstuck++].hung = xstrdup(str_c(&mount));
	current.fd = -1;
	log_warning(str_c(&mount), " does not answer: mail waits for those "
				   "whose homes are there");
	errno = ETIMEDOUT;
}

static int
ask(const char *dir, size_t n, struct seen *s)
{
	int passed;

	if (current.fd == -1 && start() == -1)
		return -1;
	if (fd_send(current.fd, dir, n + 1, -1) == 0 &&
		fd_wait(current.fd, POLLIN, stamp_mono() + OWNER_MS) == 0) {
		if (fd_recv(current.fd, s, sizeof *s, &passed) == sizeof *s)
			return 0;
		errno = EAGAIN; /* somebody killed it */
	}
	if (errno == ETIMEDOUT)
		leave(dir);
	else
		drop(&current);
	return -1;
}

int
owner_of(const char *dir, uid_t *uid)
{
	size_t n = strlen(dir);
	struct seen s;

	if (n >= DIR_MAX)
		return 0; /* cannot be entered either */
	if (nstuck > 0) {
		sweep();
		if (hangs(dir)) {
			errno = ETIMEDOUT;
			return -1;
		}
	}
	if (ask(dir, n, &s) == -1)
		return -1;
	if (s.err == ENOENT || s.err == ENOTDIR)
		return 0;
	if (s.err != 0) {
		errno = (int)s.err;
		return -1;
	}
	*uid = (uid_t)s.uid;
	return 1;
}
