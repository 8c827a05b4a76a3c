/* SPDX-License-Identifier: 0BSD */
#include "spawn/spawn.h"

#include <signal.h>
#include <string.h>
#include <sys/resource.h>

#include "lib/fd.h"
#include "lib/sig.h"
#include "lib/stamp.h"
#include "spawn/loop.h"

enum {
	FD_OWN = 12,  /* descriptors that are no child's */
	FD_START = 4, /* more that a start needs for a moment */
};

/* Do what is due. Returns the next deadline, 0 none; *fds: descriptors that
 * jobs and children hold. */
static int64_t
deadlines(struct spawn *s, size_t *fds)
{
	int64_t next = intake_expire(s);
	size_t i;

	*fds = s->nwait;
	for (i = 0; i < s->kids.n; i++) {
		struct child *c = s->kids.v[i];

		if (c->deadline <= s->now && c->state == CHILD_IDLE) {
			work_let_go(s, c);
		} else if (c->deadline <= s->now) {
			if (c->state == CHILD_BUSY && c->fd != -1)
				c->late = true;
			child_kill(c);
			c->deadline = s->now + EXIT_MS;
		}
		if (next == 0 || c->deadline < next)
			next = c->deadline;
		*fds += (size_t)(c->fd != -1) + (size_t)(c->fdmess != -1);
	}
	return next;
}

/* May another job come in? A job that arrives when descriptors have run out
 * would be lost with its message, so it is left in the socket. */
static bool
room(struct spawn *s, size_t fds)
{
	struct child *oldest;
	size_t count;

	if (s->busy + s->nwait + s->nlate >= s->ops->max_jobs)
		return false;
	/* poll(2) refuses more entries than descriptors are allowed; a child
	 * that was let go has one until its process has ended */
	if (POLL_CHILDREN + s->kids.n + s->nwait >= s->fdlimit)
		return false;
	if (fds + FD_OWN + FD_START <= s->fdlimit)
		return true;
	oldest = child_oldest(&s->kids, &count);
	if (oldest == NULL)
		return s->busy + s->nwait == 0;
	work_let_go(s, oldest);
	return true;
}

static bool
over(const struct spawn *s)
{
	return s->ended && s->busy == 0 && s->nwait == 0 && s->first == NULL;
}

static void
wait_for_events(struct spawn *s)
{
	struct pollfd *p = s->kids.poll;
	int64_t next;
	size_t fds;
	int timeout = -1;

	next = deadlines(s, &fds);
	if (over(s)) /* the last job has just expired: nothing will come */
		timeout = 0;
	else if (next != 0)
		timeout = next - s->now > 60000 ? 60000 : (int)(next - s->now);
	p[POLL_JOBS].events = 0;
	if (!s->ended && room(s, fds))
		p[POLL_JOBS].events |= POLLIN;
	if (s->first != NULL)
		p[POLL_JOBS].events |= POLLOUT;
	/* without events it would still tell, for ever, of a hang-up */
	p[POLL_JOBS].fd = p[POLL_JOBS].events ? 0 : -1;
	p[POLL_ANSWER].fd = s->ops->fd != NULL ? *s->ops->fd : -1;
	p[POLL_ANSWER].events = POLLIN;
	p[POLL_SIGNAL].fd = s->sigfd;
	p[POLL_SIGNAL].events = POLLIN;
	if (poll(p, POLL_CHILDREN + s->kids.n, timeout) <= 0) {
		for (fds = 0; fds < POLL_CHILDREN + s->kids.n; fds++)
			p[fds].revents = 0;
		/* whatever it was, children that ended make room */
		p[POLL_SIGNAL].revents = POLLIN;
	}
	s->now = stamp_mono();
}

static void
turn(struct spawn *s)
{
	size_t i;

	wait_for_events(s);
	/* Children first: a report frees a child for the job that follows.
	 * Nobody is dropped here, new ones are appended without revents; poll
	 * may move when the table grows. */
	for (i = s->kids.n; i-- > 0;)
		if (s->kids.poll[POLL_CHILDREN + i].revents &&
			s->kids.v[i]->fd != -1)
			hear_child(s, s->kids.v[i]);
	if (s->kids.poll[POLL_SIGNAL].revents)
		hear_exits(s);
	if (s->kids.poll[POLL_ANSWER].revents)
		intake_answer(s);
	if (s->first != NULL && s->kids.poll[POLL_JOBS].revents)
		outbox_flush(s);
	if ((s->kids.poll[POLL_JOBS].events & POLLIN) &&
		(s->kids.poll[POLL_JOBS].revents & ~POLLOUT))
		intake_job(s);
	if (s->broken)
		intake_drop(s);
}

static const char *
base(const char *path)
{
	const char *p = strrchr(path, '/');

	return p == NULL ? path : p + 1;
}

int
spawn_run(const struct spawn_ops *ops)
{
	static struct spawn sp;
	struct spawn *s = &sp;
	const int sigs[] = { SIGCHLD, 0 };
	struct rlimit r;
	size_t i;

	s->ops = ops;
	s->name = base(ops->wrapper != NULL ? ops->wrapper : ops->program);
	s->last = &s->first;
	s->now = stamp_mono();
	str_init(&s->record, JOB_RECORD_MAX);
	str_init(&s->text, REPORT_RECORD_MAX);
	child_init(&s->kids);
	s->fdlimit = 256;
	if (getrlimit(RLIMIT_NOFILE, &r) == 0)
		s->fdlimit =
			r.rlim_cur > 1 << 20 ? 1 << 20 : (size_t)r.rlim_cur;
	s->sigfd = sig_fd(sigs);
	if (s->sigfd == -1 || fd_nonblock(0) == -1)
		return -1;
	while (!over(s))
		turn(s);
	for (i = 0; i < s->kids.n; i++)
		if (s->kids.v[i]->state == CHILD_IDLE)
			work_let_go(s, s->kids.v[i]);
	return 0;
}
