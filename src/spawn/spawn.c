/* SPDX-License-Identifier: 0BSD */
#include "spawn/spawn.h"

#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include "lib/fd.h"
#include "lib/log.h"
#include "lib/num.h"
#include "lib/proc.h"
#include "lib/sig.h"
#include "lib/stamp.h"
#include "spawn/child.h"
#include "spawn/outcome.h"
#include "wire/report.h"

enum {
	EXIT_MS = 3000,	   /* from a closed socket to the exit; then killed */
	LEAVE_MS = 120000, /* the same for an idle child that was let go: it may
	                    * have to say QUIT to somebody slow */
	FD_OWN = 12,	   /* descriptors that are no child's */
	FD_START = 4,	   /* more that a start needs for a moment */
};

/* A job that waits for answer(). */
struct waiter {
	uint32_t token;
	int fdmess;
	int64_t deadline;
	struct str record;
};

/* A report that did not fit into the socket. */
struct late_report {
	struct late_report *next;
	size_t n;
	char bytes[];
};

struct spawn {
	const struct spawn_ops *ops;
	const char *name; /* of the child, for texts */
	struct children kids;
	size_t busy;
	struct waiter **waiters; /* the first nwait are in use */
	size_t nwait, capwait;
	struct late_report *first, **last;
	size_t nlate;
	bool ended;  /* no more jobs */
	bool broken; /* nobody takes reports any more */
	int fdanswer;
	int sigfd;
	size_t fdlimit;
	uint32_t token;
	uint64_t rests;
	int64_t now;
	struct job job;
	struct report report;
	struct spawn_plan plan;
	struct errand errand;
	struct str record, text;
	char buf[JOB_RECORD_MAX];
};

static void
report_send(struct spawn *s, const char *p, size_t n)
{
	struct late_report *r;

	if (s->broken)
		return;
	if (s->first == NULL) {
		if (fd_send(0, p, n, -1) == 0)
			return;
		if (errno == EPIPE || errno == ECONNRESET ||
			errno == ENOTCONN || errno == EBADF) {
			s->broken = s->ended = true;
			return;
		}
	}
	/* At most max_jobs of them: new jobs are not taken before. */
	r = xmalloc(sizeof *r + n);
	r->next = NULL;
	r->n = n;
	memcpy(r->bytes, p, n);
	*s->last = r;
	s->last = &r->next;
	s->nlate++;
}

static void
report_flush(struct spawn *s)
{
	struct late_report *r;

	while ((r = s->first) != NULL) {
		if (!s->broken && fd_send(0, r->bytes, r->n, -1) == -1) {
			if (errno != EPIPE && errno != ECONNRESET &&
				errno != ENOTCONN && errno != EBADF)
				return;
			s->broken = s->ended = true;
		}
		s->first = r->next;
		if (s->first == NULL)
			s->last = &s->first;
		s->nlate--;
		free(r);
	}
}

static void
report_text(struct spawn *s)
{
	report_send(s, s->text.s, s->text.len);
}

static void
refuse(struct spawn *s, uint32_t number, size_t nrcpt, char class,
	const char *why)
{
	str_clear(&s->text);
	report_all(&s->text, number, nrcpt, class, NULL, why);
	report_text(s);
}

static void
let_go(struct spawn *s, struct child *c)
{
	child_close(&s->kids, c);
	if (c->state == CHILD_BUSY)
		s->busy--;
	c->state = CHILD_LEAVING;
	c->deadline = s->now + LEAVE_MS;
}

/* The job of c has been reported; it may stay for the next one. */
static void
rest(struct spawn *s, struct child *c)
{
	struct child *oldest;
	size_t count;

	if (c->job.keylen == 0 || s->ops->idle_ms == 0 || s->ended) {
		let_go(s, c);
		return;
	}
	s->busy--;
	if (c->fdmess != -1)
		close(c->fdmess);
	c->fdmess = -1;
	c->state = CHILD_IDLE;
	c->rested = ++s->rests;
	c->deadline = s->now + s->ops->idle_ms;
	oldest = child_oldest(&s->kids, &count);
	if (count > s->ops->max_idle)
		let_go(s, oldest);
}

/* Hand e to a new child. fdmess is taken over. */
static void
start(struct spawn *s, const struct errand *e, const char *record, size_t n,
	int fdmess)
{
	struct child *c;

	c = child_start(&s->kids, s->ops, e, record, n, fdmess);
	if (c == NULL) {
		outcome_unable(&s->text, e->number, e->nrcpt, s->name);
		report_text(s);
	} else {
		s->busy++;
		c->deadline = s->now + (int64_t)s->ops->job_ms;
	}
	close(fdmess);
}

static void
start_wrapper(struct spawn *s, const struct errand *e, const struct job *j,
	int fdmess)
{
	const char *argv[SPAWN_ARGS];
	struct child *c;

	argv[0] = s->ops->wrapper;
	argv[s->ops->wrapper_argv(j, argv)] = NULL;
	c = child_wrap(&s->kids, s->ops, e, argv, fdmess);
	if (c == NULL) {
		outcome_unable(&s->text, e->number, e->nrcpt, s->name);
		report_text(s);
	} else {
		s->busy++;
		c->deadline = s->now + (int64_t)s->ops->job_ms;
	}
	close(fdmess);
}

/* s->plan is made for s->job, whose record is n bytes at record. Takes over
 * fdmess. */
static void
carry_out(struct spawn *s, const char *record, size_t n, int fdmess)
{
	struct spawn_plan *p = &s->plan;
	struct errand *e = &s->errand;
	struct job *j = &s->job;
	struct child *c;

	if (p->refuse) {
		refuse(s, j->number, j->nrcpt, p->refuse, p->why);
		close(fdmess);
		return;
	}
	if (p->user != NULL) {
		j->user = p->user->user;
		j->home = p->user->home;
		j->dash = p->user->dash;
		j->ext = p->user->ext;
		j->defaultdelivery = s->ops->defaultdelivery;
		str_clear(&s->record);
		job_encode(&s->record, j);
		record = s->record.s;
		n = s->record.len;
	}
	e->number = j->number;
	e->nrcpt = j->nrcpt;
	e->uid = p->uid;
	e->gid = p->gid;
	e->keylen = p->keylen;
	memcpy(e->key, p->key, p->keylen);
	if (s->ops->wrapper != NULL) {
		start_wrapper(s, e, j, fdmess);
		return;
	}
	while ((c = child_idle(&s->kids, e)) != NULL) {
		if (child_give(c, e, record, n, fdmess) == 0) {
			s->busy++;
			c->deadline = s->now + (int64_t)s->ops->job_ms;
			return;
		}
		let_go(s, c);
	}
	start(s, e, record, n, fdmess);
}

static void
plan_clear(struct spawn_plan *p)
{
	p->refuse = 0;
	p->why[0] = '\0';
	p->uid = PROC_KEEP;
	p->gid = (gid_t)-1;
	p->keylen = 0;
	p->user = NULL;
}

static void
wait_add(struct spawn *s, size_t n, int fdmess)
{
	struct waiter *w;

	if (s->nwait == s->capwait) {
		size_t cap = s->capwait ? s->capwait * 2 : 16;

		s->waiters = xrealloc(s->waiters, cap * sizeof *s->waiters);
		while (s->capwait < cap) {
			w = xmalloc(sizeof *w);
			str_init(&w->record, JOB_RECORD_MAX);
			s->waiters[s->capwait++] = w;
		}
	}
	w = s->waiters[s->nwait++];
	w->token = s->token;
	w->fdmess = fdmess;
	w->deadline = s->now + s->ops->answer_ms;
	str_clear(&w->record);
	str_put(&w->record, s->buf, n);
}

/* Take a waiter out; its memory stays valid until the next wait_add(). */
static struct waiter *
wait_take(struct spawn *s, size_t i)
{
	struct waiter *w = s->waiters[i];

	s->waiters[i] = s->waiters[--s->nwait];
	s->waiters[s->nwait] = w;
	return w;
}

/* A job that cannot be decoded is somebody's bug; its number and recipients
 * are dug out so that send is not left waiting. */
static void
refuse_garbled(struct spawn *s, size_t n)
{
	uint64_t number;
	const char *p = s->buf, *end = s->buf + n, *z;
	size_t nrcpt = 0;

	log_alert("job refused: malformed record");
	z = memchr(p, '\0', n);
	if (z == NULL || *p != 'N' ||
		!num_parse(p + 1, (size_t)(z - p - 1), UINT32_MAX, &number))
		return;
	for (p = z + 1; p < end && (z = memchr(p, '\0', (size_t)(end - p)));
		p = z + 1)
		nrcpt += *p == 'T';
	if (nrcpt == 0 || nrcpt > JOB_RCPT_MAX)
		nrcpt = 1;
	refuse(s, (uint32_t)number, nrcpt, 'Z',
		"the delivery job is malformed (#4.3.5)");
}

static void
take_job(struct spawn *s)
{
	ssize_t n;
	int fdmess;

	n = fd_recv(0, s->buf, sizeof s->buf, &fdmess);
	if (n == -1 && (errno == EAGAIN || errno == EINTR))
		return;
	if (n == -1 && errno == EMSGSIZE) {
		log_alert("job lost: record too large");
		return;
	}
	if (n <= 0) {
		if (n == -1)
			log_alert_sys("unable to read jobs");
		s->ended = true;
		return;
	}
	if (!job_decode(&s->job, s->buf, (size_t)n)) {
		refuse_garbled(s, (size_t)n);
		if (fdmess != -1)
			close(fdmess);
		return;
	}
	if (fdmess == -1) {
		refuse(s, s->job.number, s->job.nrcpt, 'Z',
			"the delivery job came without its message (#4.3.5)");
		return;
	}
	plan_clear(&s->plan);
	s->token++;
	if (s->ops->plan(s->ops->arg, &s->job, fdmess, s->token, &s->plan))
		carry_out(s, s->buf, (size_t)n, fdmess);
	else
		wait_add(s, (size_t)n, fdmess);
}

static void
take_answers(struct spawn *s)
{
	uint32_t token = 0;
	int r;

	for (;;) {
		struct waiter *w;
		size_t i = 0;

		plan_clear(&s->plan);
		r = s->ops->answer(s->ops->arg, &token, &s->plan);
		if (r != 1)
			break;
		while (i < s->nwait && s->waiters[i]->token != token)
			i++;
		if (i == s->nwait)
			continue; /* it came too late */
		w = wait_take(s, i);
		/* decoded once before, so it is well-formed */
		if (job_decode(&s->job, w->record.s, w->record.len))
			carry_out(s, w->record.s, w->record.len, w->fdmess);
		else
			close(w->fdmess);
	}
	if (r == -1)
		s->fdanswer = -1;
}

/* n bytes of a report by c are in s->buf: pass them on when they are what c
 * owes; false, and a temporary report, when they are not. */
static bool
judge(struct spawn *s, const struct child *c, size_t n)
{
	if (report_decode(&s->report, s->buf, n) &&
		s->report.number == c->job.number &&
		s->report.nrcpt == c->job.nrcpt) {
		report_send(s, s->buf, n);
		return true;
	}
	log_warning(s->name, " gave a wrong report");
	refuse(s, c->job.number, c->job.nrcpt, 'Z',
		"the delivery program gave a wrong report (#4.3.5)");
	return false;
}

/* A kept child left and never read its job: start another one with it. */
static void
again(struct spawn *s, struct child *c)
{
	int fdmess = c->fdmess;

	c->fdmess = -1;
	start(s, &c->job, c->bytes.s, c->bytes.len, fdmess);
}

static void
hear_wrapper(struct spawn *s, struct child *c)
{
	ssize_t n = fd_read(c->fd, s->buf, sizeof s->buf);

	if (n > 0)
		str_put(&c->bytes, s->buf, (size_t)n);
	else if (n == 0 || errno != EAGAIN)
		child_close(&s->kids, c);
}

/* The socket of c has something to tell. */
static void
hear(struct spawn *s, struct child *c)
{
	ssize_t n;
	int passed;

	if (c->wrapper) {
		hear_wrapper(s, c);
		return;
	}
	n = fd_recv(c->fd, s->buf, sizeof s->buf, &passed);
	if (passed != -1)
		close(passed);
	if (n == -1 && (errno == EAGAIN || errno == EINTR))
		return;
	if (c->state != CHILD_BUSY) {
		let_go(s, c);
		if (n > 0) /* nobody asked */
			child_kill(c);
		else
			c->deadline = s->now + EXIT_MS;
	} else if (n > 0 || (n == -1 && errno == EMSGSIZE)) {
		if (judge(s, c, n > 0 ? (size_t)n : 0)) {
			rest(s, c);
		} else {
			let_go(s, c);
			child_kill(c);
		}
	} else if (n == -1 && errno == ECONNRESET && c->fdmess != -1) {
		again(s, c);
		let_go(s, c);
		c->deadline = s->now + EXIT_MS;
	} else {
		/* how it ended will be known soon */
		child_close(&s->kids, c);
		c->deadline = s->now + EXIT_MS;
	}
}

/* c ended while it had a job: its last words may still be in the socket. */
static void
last_words(struct spawn *s, struct child *c, int status)
{
	const struct errand *e = &c->job;
	ssize_t n = 0;
	int passed = -1;

	errno = 0;
	if (c->wrapper) {
		while (c->fd != -1 &&
			(n = fd_read(c->fd, s->buf, sizeof s->buf)) > 0)
			str_put(&c->bytes, s->buf, (size_t)n);
		if (c->late)
			outcome_died(&s->text, e->number, e->nrcpt, s->name,
				status, true, s->ops->job_ms);
		else if (s->ops->wrapper_remote)
			outcome_remote(&s->text, e->number, e->nrcpt, s->name,
				status, &c->bytes);
		else
			outcome_local(&s->text, e->number, e->nrcpt, s->name,
				status, &c->bytes);
		report_text(s);
		return;
	}
	if (c->fd != -1)
		n = fd_recv(c->fd, s->buf, sizeof s->buf, &passed);
	if (passed != -1)
		close(passed);
	if (n > 0) {
		judge(s, c, (size_t)n);
	} else if (n == -1 && errno == ECONNRESET && c->fdmess != -1) {
		again(s, c);
	} else {
		outcome_died(&s->text, e->number, e->nrcpt, s->name, status,
			c->late, s->ops->job_ms);
		report_text(s);
	}
}

static void
reap(struct spawn *s)
{
	struct child *c;
	pid_t pid;
	int status;

	while (sig_next(s->sigfd) != 0)
		;
	while ((pid = waitpid(-1, &status, WNOHANG)) > 0) {
		c = child_find(&s->kids, pid);
		if (c == NULL)
			continue;
		if (c->state == CHILD_BUSY) {
			last_words(s, c, status);
			s->busy--;
		}
		child_drop(&s->kids, c);
	}
}

/* Do what is due. Returns the next deadline, 0 none; *fds: descriptors that
 * jobs and children hold. */
static int64_t
deadlines(struct spawn *s, size_t *fds)
{
	int64_t next = 0;
	size_t i;

	*fds = s->nwait;
	for (i = 0; i < s->nwait; i++) {
		struct waiter *w = s->waiters[i];

		if (w->deadline <= s->now) {
			w = wait_take(s, i--);
			if (job_decode(&s->job, w->record.s, w->record.len))
				refuse(s, s->job.number, s->job.nrcpt, 'Z',
					"the user look-up took too long "
					"(#4.3.0)");
			close(w->fdmess);
			s->ops->expired(s->ops->arg);
		} else if (next == 0 || w->deadline < next) {
			next = w->deadline;
		}
	}
	for (i = 0; i < s->kids.n; i++) {
		struct child *c = s->kids.v[i];

		if (c->deadline <= s->now) {
			if (c->state == CHILD_IDLE) {
				let_go(s, c);
			} else {
				if (c->state == CHILD_BUSY && c->fd != -1)
					c->late = true;
				child_kill(c);
				c->deadline = s->now + EXIT_MS;
			}
		}
		if (next == 0 || c->deadline < next)
			next = c->deadline;
		*fds += (c->fd != -1) + (c->fdmess != -1);
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
	if (fds + FD_OWN + FD_START <= s->fdlimit)
		return true;
	oldest = child_oldest(&s->kids, &count);
	if (oldest == NULL)
		return s->busy + s->nwait == 0;
	let_go(s, oldest);
	return true;
}

static void
wait_for_events(struct spawn *s)
{
	struct pollfd *p = s->kids.poll;
	int64_t next;
	size_t fds;
	int timeout = -1;

	next = deadlines(s, &fds);
	if (next != 0)
		timeout = next - s->now > 60000 ? 60000 : (int)(next - s->now);
	p[POLL_JOBS].events = 0;
	if (!s->ended && room(s, fds))
		p[POLL_JOBS].events |= POLLIN;
	if (s->first != NULL)
		p[POLL_JOBS].events |= POLLOUT;
	/* without events it would still tell, for ever, of a hang-up */
	p[POLL_JOBS].fd = p[POLL_JOBS].events ? 0 : -1;
	p[POLL_ANSWER].fd = s->fdanswer;
	p[POLL_ANSWER].events = POLLIN;
	p[POLL_SIGNAL].fd = s->sigfd;
	p[POLL_SIGNAL].events = POLLIN;
	if (poll(p, POLL_CHILDREN + s->kids.n, timeout) <= 0)
		for (fds = 0; fds < POLL_CHILDREN + s->kids.n; fds++)
			p[fds].revents = 0;
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
			hear(s, s->kids.v[i]);
	if (s->kids.poll[POLL_SIGNAL].revents)
		reap(s);
	if (s->fdanswer != -1 && s->kids.poll[POLL_ANSWER].revents)
		take_answers(s);
	if (s->first != NULL && s->kids.poll[POLL_JOBS].revents)
		report_flush(s);
	if ((s->kids.poll[POLL_JOBS].events & POLLIN) &&
		(s->kids.poll[POLL_JOBS].revents & ~POLLOUT))
		take_job(s);
	if (s->broken)
		while (s->nwait > 0)
			close(wait_take(s, 0)->fdmess);
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
	s->fdanswer = ops->fd;
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
	while (!s->ended || s->busy > 0 || s->nwait > 0 || s->first != NULL)
		turn(s);
	for (i = 0; i < s->kids.n; i++)
		if (s->kids.v[i]->state == CHILD_IDLE)
			let_go(s, s->kids.v[i]);
	return 0;
}
