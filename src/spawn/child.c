/* SPDX-License-Identifier: 0BSD */
#include "spawn/child.h"

#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "lib/fd.h"
#include "lib/proc.h"

enum { OUTPUT_MAX = REPORT_RECORD_MAX };

static void
grow(struct children *k, size_t cap)
{
	k->v = xrealloc(k->v, cap * sizeof *k->v);
	k->poll = xrealloc(k->poll, (POLL_CHILDREN + cap) * sizeof *k->poll);
	k->cap = cap;
}

void
child_init(struct children *k)
{
	memset(k, 0, sizeof *k);
	grow(k, 32);
	memset(k->poll, 0, POLL_CHILDREN * sizeof *k->poll);
}

struct child *
child_idle(const struct children *k, const struct errand *e)
{
	struct child *best = NULL;
	size_t i;

	if (e->keylen == 0)
		return NULL;
	for (i = 0; i < k->n; i++) {
		struct child *c = k->v[i];

		/* The user is compared too, whatever the key says: a job must
		 * never reach a child that runs as somebody else. */
		if (c->state != CHILD_IDLE || c->job.keylen != e->keylen ||
			c->job.uid != e->uid || c->job.gid != e->gid ||
			memcmp(c->job.key, e->key, e->keylen) != 0)
			continue;
		if (best == NULL || c->rested > best->rested)
			best = c;
	}
	return best;
}

struct child *
child_oldest(const struct children *k, size_t *count)
{
	struct child *best = NULL;
	size_t i;

	*count = 0;
	for (i = 0; i < k->n; i++) {
		struct child *c = k->v[i];

		if (c->state != CHILD_IDLE)
			continue;
		++*count;
		if (best == NULL || c->rested < best->rested)
			best = c;
	}
	return best;
}

struct child *
child_find(const struct children *k, pid_t pid)
{
	size_t i;

	for (i = 0; i < k->n; i++)
		if (k->v[i]->pid == pid)
			return k->v[i];
	return NULL;
}

static struct child *
enter(struct children *k, const struct errand *e, pid_t pid, int fd)
{
	struct child *c = xmalloc(sizeof *c);
	struct pollfd *p;

	if (k->n == k->cap)
		grow(k, k->cap * 2);
	memset(c, 0, sizeof *c);
	c->pid = pid;
	c->fd = fd;
	c->state = CHILD_BUSY;
	c->job = *e;
	c->fdmess = -1;
	c->at = k->n;
	str_init(&c->bytes, OUTPUT_MAX);
	k->v[k->n] = c;
	p = &k->poll[POLL_CHILDREN + k->n++];
	p->fd = fd;
	p->events = POLLIN;
	p->revents = 0;
	return c;
}

static void
close_both(int fds[2])
{
	int saved = errno;

	close(fds[0]);
	close(fds[1]);
	errno = saved;
}

/* Start p with its end of the pair; ours is fds[0]. */
static struct child *
launch(struct children *k, struct proc *p, const struct errand *e, int fds[2])
{
	pid_t pid;

	p->uid = e->uid;
	p->gid = e->gid;
	p->newgroup = 1;
	pid = proc_start(p);
	if (pid == -1) {
		close_both(fds);
		return NULL;
	}
	close(fds[1]);
	return enter(k, e, pid, fds[0]);
}

struct child *
child_start(struct children *k, const struct spawn_ops *ops,
	const struct errand *e, const char *record, size_t n, int fdmess)
{
	const char *argv[] = { ops->program,
		ops->option != NULL ? ops->option : "-s", NULL };
	struct proc p = PROC_INIT;
	int fds[2];

	if (fd_seqpair(fds) == -1)
		return NULL;
	/* The job goes first: the child finds it when it looks. */
	if (fd_nonblock(fds[0]) == -1 ||
		fd_send(fds[0], record, n, fdmess) == -1) {
		close_both(fds);
		return NULL;
	}
	p.path = ops->program;
	p.argv = argv;
	p.envp = ops->envp;
	p.fd[0] = (struct proc_fd){ 0, fds[1] };
	p.fd[1] = (struct proc_fd){ 1, ops->childlog };
	p.fd[2] = (struct proc_fd){ 2, ops->childlog };
	p.nfd = 3;
	return launch(k, &p, e, fds);
}

struct child *
child_wrap(struct children *k, const struct spawn_ops *ops,
	const struct errand *e, const char *const *argv, int fdmess)
{
	struct proc p = PROC_INIT;
	struct child *c;
	int fds[2];

	if (fd_pipe(fds) == -1)
		return NULL;
	if (fd_nonblock(fds[0]) == -1 || lseek(fdmess, 0, SEEK_SET) == -1) {
		close_both(fds);
		return NULL;
	}
	p.path = ops->wrapper;
	p.argv = argv;
	p.envp = ops->envp;
	p.search = 1;
	p.fd[0] = (struct proc_fd){ 0, fdmess };
	p.fd[1] = (struct proc_fd){ 1, fds[1] };
	/* words among a report would make a delivery that took place one that
	 * did not */
	p.fd[2] = (struct proc_fd){ 2,
		ops->wrapper_remote ? ops->childlog : fds[1] };
	p.nfd = 3;
	c = launch(k, &p, e, fds);
	if (c != NULL)
		c->wrapper = true;
	return c;
}

int
child_give(struct child *c, const struct errand *e, const char *record,
	size_t n, int fdmess)
{
	if (fd_send(c->fd, record, n, fdmess) == -1)
		return -1;
	c->job = *e;
	c->state = CHILD_BUSY;
	c->fdmess = fdmess;
	str_clear(&c->bytes);
	str_put(&c->bytes, record, n);
	return 0;
}

void
child_close(struct children *k, struct child *c)
{
	if (c->fd != -1)
		close(c->fd);
	c->fd = -1;
	k->poll[POLL_CHILDREN + c->at].fd = -1;
	if (c->fdmess != -1)
		close(c->fdmess);
	c->fdmess = -1;
}

void
child_kill(const struct child *c)
{
	/* Not reaped yet, so that the number still is its own. */
	kill(-c->pid, SIGKILL);
	kill(c->pid, SIGKILL);
}

void
child_drop(struct children *k, struct child *c)
{
	size_t at = c->at, last = k->n - 1;

	child_close(k, c);
	str_free(&c->bytes);
	k->v[at] = k->v[last];
	k->v[at]->at = at;
	k->poll[POLL_CHILDREN + at] = k->poll[POLL_CHILDREN + last];
	k->n = last;
	free(c);
}
