/* SPDX-License-Identifier: 0BSD */
#include "spawn/loop.h"

#include <errno.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "lib/fd.h"
#include "lib/log.h"
#include "lib/num.h"
#include "lib/sig.h"
#include "spawn/outcome.h"

/* s->report, as who c runs as says it. */
static void
vouch(struct spawn *s, const struct child *c)
{
	char uid[4 + NUM_FMT] = "uid=";

	num_fmt(uid + 4, c->job.uid);
	/* in front: whatever it says itself */
	if (s->report.ninfo == REPORT_INFO)
		s->report.ninfo--;
	memmove(&s->report.info[1], &s->report.info[0],
		s->report.ninfo++ * sizeof s->report.info[0]);
	s->report.info[0] = uid;
	str_clear(&s->text);
	report_encode(&s->text, &s->report);
	outbox_text(s);
}

/* n bytes of a report by c are in s->buf: pass them on when they are what c
 * owes; false, and a temporary report, when they are not. */
static bool
judge(struct spawn *s, const struct child *c, size_t n)
{
	if (report_decode(&s->report, s->buf, n) &&
		s->report.number == c->job.number &&
		s->report.nrcpt == c->job.nrcpt) {
		if (s->ops->vouch)
			vouch(s, c);
		else
			outbox_send(s, s->buf, n);
		return true;
	}
	log_warning(s->name, " gave a wrong report");
	outbox_refuse(s, c->job.number, c->job.nrcpt, 'Z',
		"the delivery program gave a wrong report (#4.3.5)");
	return false;
}

/* A kept child left and never read its job: start another one with it. */
static void
again(struct spawn *s, struct child *c)
{
	int fdmess = c->fdmess;

	c->fdmess = -1;
	work_start(s, &c->job, c->bytes.s, c->bytes.len, fdmess);
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

void
hear_child(struct spawn *s, struct child *c)
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
		work_let_go(s, c);
		if (n > 0) /* nobody asked */
			child_kill(c);
		else
			c->deadline = s->now + EXIT_MS;
	} else if (n > 0 || (n == -1 && errno == EMSGSIZE)) {
		if (judge(s, c, n > 0 ? (size_t)n : 0)) {
			work_rest(s, c);
		} else {
			work_let_go(s, c);
			child_kill(c);
		}
	} else if (n == -1 && errno == ECONNRESET && c->fdmess != -1) {
		again(s, c);
		work_let_go(s, c);
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
		outbox_text(s);
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
		outbox_text(s);
	}
}

void
hear_exits(struct spawn *s)
{
	struct child *c;
	pid_t pid;
	int status;

	while (sig_next(s->sigfd) != 0)
		;
	while ((pid = waitpid(-1, &status, WNOHANG)) > 0) {
		c = child_find(&s->kids, pid);
		if (c == NULL) {
			if (s->ops->ended != NULL)
				s->ops->ended(s->ops->arg, pid, status);
			continue;
		}
		if (c->state == CHILD_BUSY) {
			last_words(s, c, status);
			s->busy--;
		}
		child_drop(&s->kids, c);
	}
}
