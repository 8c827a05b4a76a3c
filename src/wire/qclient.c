/* SPDX-License-Identifier: 0BSD */
#include "wire/qclient.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "lib/ascii.h"
#include "lib/fd.h"
#include "lib/num.h"
#include "lib/proc.h"
#include "wire/envelope.h"
#include "wire/field.h"
#include "wire/report.h"
#include "wire/site.h"

enum { ERROR_FD = 6, ERROR_FD_MAX = 1000 };

/* Where the program writes its own text: $ERROR_FD, or 6. */
static int
error_fd(void)
{
	const char *s = getenv("ERROR_FD");
	uint64_t n;

	if (s && num_parses(s, ERROR_FD_MAX, &n) && n > 1)
		return (int)n;
	return ERROR_FD;
}

static void
close_fd(int *fd)
{
	if (*fd != -1)
		close(*fd);
	*fd = -1;
}

static const char *
filter(void)
{
	const char *s = site_env("QUEUE");

	return s && *s ? s : NULL;
}

/* A program for this message alone; q->fdtext is what it says. */
static int
start(struct qclient *q, int mess, int env)
{
	struct proc p = PROC_INIT;
	const char *argv[2] = { filter(), NULL };
	int efd = error_fd(), text[2];

	if (fd_pipe(text) == -1)
		return -1;
	if (argv[0])
		p.dir = site_home; /* a relative path is relative to it */
	else
		argv[0] = site_queueprog;
	p.path = argv[0];
	p.argv = argv;
	p.fd[p.nfd++] = (struct proc_fd){ 0, mess };
	p.fd[p.nfd++] = (struct proc_fd){ 1, env };
	p.fd[p.nfd++] = (struct proc_fd){ ERROR_FD, text[1] };
	if (efd != ERROR_FD)
		p.fd[p.nfd++] = (struct proc_fd){ efd, text[1] };
	q->pid = proc_start(&p);
	q->fdtext = text[0];
	close(text[1]);
	return q->pid == -1 ? -1 : 0;
}

/* To the one that is kept or waits, or to a new one. */
static int
hand_over(struct qclient *q, struct qkeep *k, int mess, int env)
{
	int r = 0;

	if (!filter())
		r = k ? qkeep_give(k, mess, env, false)
		      : qkeep_give(k = &q->own, mess, env, true);
	if (r == 0)
		return start(q, mess, env);
	if (r == 1) {
		q->keep = k;
		q->pid = k->pid;
	}
	return r == 1 ? 0 : -1;
}

int
qclient_open_kept(struct qclient *q, struct qkeep *k)
{
	int mess[2] = { -1, -1 }, env[2] = { -1, -1 };
	int r = -1, e;

	q->pid = -1;
	q->keep = NULL;
	q->own = (struct qkeep)QKEEP_INIT;
	q->fdtext = -1;
	q->started = q->aborted = false;
	str_init(&q->env, ENVELOPE_MAX);
	if (fd_pipe(mess) == 0 && fd_pipe(env) == 0)
		r = hand_over(q, k, mess[0], env[0]);
	e = errno;
	close_fd(&mess[0]);
	close_fd(&env[0]);
	q->fdmess = mess[1];
	q->fdenv = env[1];
	if (r == -1) {
		close_fd(&q->fdmess);
		close_fd(&q->fdenv);
		close_fd(&q->fdtext);
		q->aborted = true;
	}
	obuf_init(&q->mess, q->fdmess, q->buf, sizeof q->buf);
	errno = e;
	return r;
}

int
qclient_open(struct qclient *q)
{
	return qclient_open_kept(q, NULL);
}

void
qclient_put(struct qclient *q, const void *p, size_t n)
{
	if (!q->aborted)
		obuf_put(&q->mess, p, n);
}

void
qclient_from(struct qclient *q, const char *sender)
{
	q->started = true;
	field_put(&q->env, 'F', sender);
}

void
qclient_to(struct qclient *q, const char *recipient)
{
	field_put(&q->env, 'T', recipient);
}

void
qclient_param(struct qclient *q, const char *keyvalue)
{
	field_put(&q->env, 'P', keyvalue);
}

void
qclient_abort(struct qclient *q)
{
	/* the envelope is never written, so nothing can be queued */
	q->aborted = true;
	close_fd(&q->fdmess);
	close_fd(&q->fdenv);
}

/* Message and envelope out. What fails here shows in the program's verdict, or
 * makes a success of it one that is not believed. */
static void
finish(struct qclient *q)
{
	if (q->aborted)
		return;
	if (!q->started || q->env.over || obuf_flush(&q->mess) == -1) {
		qclient_abort(q);
		return;
	}
	close_fd(&q->fdmess);
	envelope_end(&q->env);
	if (q->env.over || fd_writeall(q->fdenv, q->env.s, q->env.len) == -1)
		q->aborted = true;
	close_fd(&q->fdenv);
}

/* What it said. It has ended, so everything is in the pipe already; something
 * it started may still hold the other end, so do not wait for end of file. */
static size_t
read_text(const struct qclient *q, char *buf, size_t cap)
{
	int waiting = 0;
	ssize_t r;

	if (ioctl(q->fdtext, FIONREAD, &waiting) == -1 || waiting <= 0)
		return 0;
	r = fd_read(q->fdtext, buf, cap);
	return r > 0 ? (size_t)r : 0;
}

/* Text that begins as an SMTP reply does, "550 5.7.1 ...", brings its codes. */
static void
own_code(struct qverdict *v, char class)
{
	const char *s = v->custom;
	size_t n;

	if (s[0] != class || !ascii_isdigit(s[1]) || !ascii_isdigit(s[2]) ||
		s[3] != ' ')
		return;
	v->smtp = (s[0] - '0') * 100 + (s[1] - '0') * 10 + (s[2] - '0');
	s += 4;
	n = strcspn(s, " ");
	if (n < sizeof v->status && s[0] == class && s[1] == '.' &&
		strspn(s, "0123456789.") == n && s[n] == ' ') {
		memcpy(v->status, s, n);
		v->status[n] = 0;
		s += n + 1;
	}
	v->text = s;
}

/* "Dtext" or "Ztext": one line of visible ASCII into v. */
static bool
custom_text(struct qverdict *v, const char *p, size_t n)
{
	size_t i, k = 0;

	if (n < 1 || (p[0] != 'D' && p[0] != 'Z'))
		return false;
	while (n > 1 && (unsigned char)p[n - 1] <= ' ')
		n--;
	for (i = 1; i < n && k < sizeof v->custom - 1; i++)
		v->custom[k++] = p[i] == '\n'		     ? ' '
				 : p[i] == '\r' || p[i] == 0 ? ' '
				 : p[i] < ' ' || p[i] > '~'  ? '?'
							     : p[i];
	v->custom[k] = 0;
	v->class = p[0] == 'D' ? STATUS_PERMANENT : STATUS_TEMPORARY;
	v->smtp = p[0] == 'D' ? 554 : 451;
	report_status(v->status, p[0], v->custom);
	v->enhanced = v->status;
	if (k > 0)
		v->text = v->custom;
	own_code(v, p[0] == 'D' ? '5' : '4');
	return true;
}

static void
judge(const struct qclient *q, struct qverdict *v, const char *text, size_t n)
{
	const struct status *s = status_of(v->code);
	struct qid id;

	/* exit 0 of a program that did not get everything is not believed */
	if (q->aborted && s->class == STATUS_ACCEPTED)
		s = status_of(STATUS_READ);
	v->class = s->class;
	v->smtp = s->smtp;
	v->enhanced = s->enhanced;
	v->text = s->text;
	if (v->code == STATUS_CUSTOM || v->code == STATUS_CUSTOM_OLD)
		custom_text(v, text, n);
	else if (v->class == STATUS_ACCEPTED && n == QID_LEN + 1 &&
		 text[0] == 'K' && qid_parse(text + 1, &id))
		qid_fmt(v->id, id);
}

/* Wait for the exit code, or the verdict of one that is kept; its text. */
static int
outcome(struct qclient *q, char *text, size_t cap, size_t *n)
{
	struct qid id;
	int code, status;

	*n = 0;
	if (q->pid == -1)
		return STATUS_EXEC;
	if (q->keep) {
		code = qkeep_verdict(q->keep, &id);
		if (code == STATUS_OK) {
			text[0] = 'K';
			qid_fmt(text + 1, id);
			*n = QID_LEN + 1;
		}
		return code;
	}
	if (proc_wait(q->pid, &status) == -1) {
		q->aborted = true;
		return STATUS_EXEC;
	}
	*n = read_text(q, text, cap);
	return proc_code(status);
}

void
qclient_close(struct qclient *q, struct qverdict *v)
{
	char text[sizeof v->custom];
	size_t n;

	memset(v, 0, sizeof *v);
	v->pid = q->pid;
	finish(q);
	v->code = outcome(q, text, sizeof text, &n);
	if (q->env.over)
		v->code = STATUS_ENVELOPE;
	close_fd(&q->fdtext);
	judge(q, v, text, n);
	qkeep_end(&q->own);
	str_free(&q->env);
	q->pid = -1;
}
