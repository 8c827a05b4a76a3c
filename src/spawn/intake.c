/* SPDX-License-Identifier: 0BSD */
#include "spawn/loop.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "lib/fd.h"
#include "lib/log.h"
#include "lib/num.h"
#include "lib/proc.h"

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
	outbox_refuse(s, (uint32_t)number, nrcpt, 'Z',
		"the delivery job is malformed (#4.3.5)");
}

void
intake_job(struct spawn *s)
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
		outbox_refuse(s, s->job.number, s->job.nrcpt, 'Z',
			"the delivery job came without its message (#4.3.5)");
		return;
	}
	plan_clear(&s->plan);
	s->token++;
	if (s->ops->plan(s->ops->arg, &s->job, fdmess, s->token, &s->plan))
		work_plan(s, s->buf, (size_t)n, fdmess);
	else
		wait_add(s, (size_t)n, fdmess);
}

/* Give up waiter i. */
static void
wait_lost(struct spawn *s, size_t i, const char *why)
{
	struct waiter *w = wait_take(s, i);

	if (job_decode(&s->job, w->record.s, w->record.len))
		outbox_refuse(s, s->job.number, s->job.nrcpt, 'Z', why);
	close(w->fdmess);
}

void
intake_answer(struct spawn *s)
{
	struct waiter *w;
	uint32_t token = 0;
	size_t i = 0;

	plan_clear(&s->plan);
	switch (s->ops->answer(s->ops->arg, &token, &s->plan)) {
	case -1:
		while (s->nwait > 0)
			wait_lost(s, 0, "the user look-up broke off (#4.3.0)");
		return;
	case 0:
		return;
	}
	while (i < s->nwait && s->waiters[i]->token != token)
		i++;
	if (i == s->nwait)
		return; /* it came too late */
	w = wait_take(s, i);
	/* decoded once before, so it is well-formed */
	if (job_decode(&s->job, w->record.s, w->record.len))
		work_plan(s, w->record.s, w->record.len, w->fdmess);
	else
		close(w->fdmess);
}

int64_t
intake_expire(struct spawn *s)
{
	int64_t next = 0;
	size_t i;

	for (i = 0; i < s->nwait; i++) {
		int64_t deadline = s->waiters[i]->deadline;

		if (deadline > s->now) {
			if (next == 0 || deadline < next)
				next = deadline;
			continue;
		}
		wait_lost(s, i--, "the user look-up took too long (#4.3.0)");
		s->ops->expired(s->ops->arg);
	}
	return next;
}

void
intake_drop(struct spawn *s)
{
	while (s->nwait > 0)
		close(wait_take(s, 0)->fdmess);
}
