/* SPDX-License-Identifier: 0BSD */
#include "spawn/loop.h"

#include <string.h>
#include <unistd.h>

#include "spawn/outcome.h"

void
work_let_go(struct spawn *s, struct child *c)
{
	child_close(&s->kids, c);
	if (c->state == CHILD_BUSY)
		s->busy--;
	c->state = CHILD_LEAVING;
	c->deadline = s->now + LEAVE_MS;
}

void
work_rest(struct spawn *s, struct child *c)
{
	struct child *oldest;
	size_t count;

	if (c->job.keylen == 0 || s->ops->idle_ms == 0 || s->ended) {
		work_let_go(s, c);
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
		work_let_go(s, oldest);
}

/* The child that was started for it; NULL: that was not possible. */
static void
given(struct spawn *s, const struct errand *e, struct child *c)
{
	if (c == NULL) {
		outcome_unable(&s->text, e->number, e->nrcpt, s->name);
		outbox_text(s);
		return;
	}
	s->busy++;
	c->deadline = s->now + (int64_t)s->ops->job_ms;
}

void
work_start(struct spawn *s, const struct errand *e, const char *record,
	size_t n, int fdmess)
{
	given(s, e, child_start(&s->kids, s->ops, e, record, n, fdmess));
	close(fdmess);
}

static void
start_wrapper(struct spawn *s, const struct errand *e, const struct job *j,
	int fdmess)
{
	const char *argv[SPAWN_ARGS];

	argv[0] = s->ops->wrapper;
	argv[s->ops->wrapper_argv(j, argv)] = NULL;
	given(s, e, child_wrap(&s->kids, s->ops, e, argv, fdmess));
	close(fdmess);
}

void
work_plan(struct spawn *s, const char *record, size_t n, int fdmess)
{
	struct spawn_plan *p = &s->plan;
	struct errand *e = &s->errand;
	struct job *j = &s->job;
	struct child *c;

	if (p->refuse) {
		outbox_refuse(s, j->number, j->nrcpt, p->refuse, p->why);
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
		work_let_go(s, c);
	}
	work_start(s, e, record, n, fdmess);
}
