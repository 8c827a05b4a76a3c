/* SPDX-License-Identifier: 0BSD */
#include "remote/smtp.h"

#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <stdarg.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "lib/fd.h"
#include "lib/log.h"
#include "lib/num.h"
#include "lib/stamp.h"

void
smtp_init(struct smtp *s, const struct conf *conf)
{
	s->fd = -1;
	s->conf = conf;
	smtpreply_init(&s->reply);
	str_init(&s->line, SMTPREPLY_LINE_MAX);
}

void
smtp_drop(struct smtp *s)
{
	if (s->fd >= 0)
		close(s->fd);
	s->fd = -1;
}

static int64_t
phase_end(const struct smtp *s, enum phase phase)
{
	int64_t t = stamp_mono() + s->conf->timeout[phase];

	return t < s->limit ? t : s->limit;
}

void
smtp_clock(struct smtp *s, enum phase phase)
{
	obuf_deadline(&s->out, phase_end(s, phase));
}

void
smtp_command(struct smtp *s, const char *first, ...)
{
	va_list ap;

	/* puts may flush when the commands are many */
	if (!s->out.len)
		smtp_clock(s, PHASE_RCPT);
	va_start(ap, first);
	for (; first; first = va_arg(ap, const char *))
		obuf_puts(&s->out, first);
	va_end(ap);
	obuf_put(&s->out, "\r\n", 2);
}

enum smtp_got
smtp_get(struct smtp *s, enum phase phase)
{
	int64_t end = phase_end(s, phase);

	obuf_deadline(&s->out, end);
	ibuf_deadline(&s->in, end);
	smtpreply_clear(&s->reply);
	for (;;) {
		switch (ibuf_getline(&s->in, &s->line, SMTPREPLY_LINE_MAX)) {
		case IBUF_LINE:
			break;
		case IBUF_LONG:
			return SMTP_GARBAGE;
		case IBUF_PART:
		case IBUF_EOF:
			errno = 0;
			return SMTP_LOST;
		case IBUF_ERROR:
			return errno == ETIMEDOUT ? SMTP_LATE : SMTP_LOST;
		}
		switch (smtpreply_feed(&s->reply, s->line.s, s->line.len)) {
		case SMTPREPLY_MORE:
			break;
		case SMTPREPLY_DONE:
			return SMTP_REPLY;
		case SMTPREPLY_BAD:
			return SMTP_GARBAGE;
		}
	}
}

void
smtp_trouble(struct smtp *s, enum smtp_got got, const char *when,
	struct verdict *why)
{
	const char *reason = errno ? log_strerror() : "it hung up";

	switch (got) {
	case SMTP_REPLY: /* one that has no place there */
		verdict_set(why, MESSAGE_DEFERRED, "4.5.0", &s->reply, s->label,
			" gave an unexpected reply ", when, NULL);
		break;
	case SMTP_LOST:
		verdict_set(why, MESSAGE_DEFERRED, "4.4.2", NULL,
			"Connection to ", s->label, " was lost ", when, ": ",
			reason, NULL);
		break;
	case SMTP_LATE:
		verdict_set(why, MESSAGE_DEFERRED, "4.4.2", NULL, s->label,
			" did not answer in time ", when, NULL);
		break;
	case SMTP_GARBAGE:
		verdict_set(why, MESSAGE_DEFERRED, "4.5.0", NULL, s->label,
			" did not answer in SMTP ", when, NULL);
		break;
	}
}

/* A connected, non-blocking socket; -1 errno. */
static int
dial(const struct smtp *s, const struct target *t)
{
	const struct ipaddr *from = &s->conf->from4;
	struct sockaddr_storage ss;
	socklen_t len;
	int fd, err = 0, one = 1;

	if (t->ip.family == AF_INET6)
		from = &s->conf->from6;
	fd = socket(
		t->ip.family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (fd < 0)
		return -1;
	if (from->family) {
		len = ipaddr_tosock(from, 0, &ss);
		if (bind(fd, (struct sockaddr *)&ss, len) < 0)
			goto fail;
	}
	len = ipaddr_tosock(&t->ip, t->port, &ss);
	if (connect(fd, (struct sockaddr *)&ss, len) < 0) {
		if (errno != EINPROGRESS)
			goto fail;
		if (fd_wait(fd, POLLOUT, phase_end(s, PHASE_CONNECT)) < 0)
			goto fail;
		len = sizeof err;
		if (getsockopt(fd, SOL_SOCKET, SO_ERROR, &err, &len) < 0)
			goto fail;
		if (err) {
			errno = err;
			goto fail;
		}
	}
	/* commands and blocks are written whole: nothing to wait for */
	setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
	return fd;
fail:
	err = errno;
	close(fd);
	errno = err;
	return -1;
}

static void
extensions(struct smtp *s)
{
	const char *p, *arg;
	size_t n, argn;
	unsigned i;

	for (i = 1; smtpreply_line(&s->reply, i, &p, &n); i++) {
		if (smtpreply_keyword(p, n, "PIPELINING", &arg, &argn))
			s->ext |= SMTP_PIPELINING;
		else if (smtpreply_keyword(p, n, "8BITMIME", &arg, &argn))
			s->ext |= SMTP_8BITMIME;
		else if (smtpreply_keyword(p, n, "SMTPUTF8", &arg, &argn))
			s->ext |= SMTP_UTF8;
		else if (smtpreply_keyword(p, n, "DSN", &arg, &argn))
			s->ext |= SMTP_DSN;
		else if (smtpreply_keyword(p, n, "SIZE", &arg, &argn)) {
			s->ext |= SMTP_SIZE;
			if (!num_parse(arg, argn, UINT64_MAX, &s->sizemax))
				s->sizemax = 0;
		}
	}
}

enum step { STEP_OK, STEP_REFUSED, STEP_BROKEN };

/* Read the reply to a step before the first MAIL. */
static enum step
step(struct smtp *s, enum phase phase, const char *when, struct verdict *why)
{
	enum smtp_got got = smtp_get(s, phase);

	if (got == SMTP_REPLY && s->reply.code < 300)
		return STEP_OK;
	if (got == SMTP_REPLY && s->reply.code >= 400) {
		verdict_set(why, MESSAGE_DEFERRED, "4.3.2", &s->reply, s->label,
			" takes no mail at the moment", NULL);
		return STEP_REFUSED;
	}
	smtp_trouble(s, got, when, why);
	return STEP_BROKEN;
}

static enum step
hello(struct smtp *s, struct verdict *why)
{
	const char *me = s->conf->helohost.s;
	enum step r;

	smtp_command(s, "EHLO ", me, NULL);
	r = step(s, PHASE_EHLO, "after EHLO", why);
	if (r == STEP_OK)
		extensions(s);
	/* only a server that understood and refused is asked again */
	if (r != STEP_REFUSED || s->reply.code < 500)
		return r;
	smtp_command(s, "HELO ", me, NULL);
	return step(s, PHASE_EHLO, "after HELO", why);
}

bool
smtp_open(struct smtp *s, const struct target *t, struct verdict *why)
{
	enum step r;

	s->to = *t;
	strcpy(s->label, t->host);
	strcat(s->label, "[");
	ipaddr_fmt(s->label + strlen(s->label), &t->ip);
	strcat(s->label, "]");
	s->ext = 0;
	s->sizemax = 0;
	s->messages = 0;
	s->dirty = false;
	s->since = stamp_mono();
	s->fd = dial(s, t);
	if (s->fd < 0) {
		verdict_set(why, MESSAGE_DEFERRED, "4.4.1", NULL,
			"Unable to connect to ", s->label, ": ", log_strerror(),
			NULL);
		return false;
	}
	obuf_init(&s->out, s->fd, s->outbuf, sizeof s->outbuf);
	ibuf_init(&s->in, s->fd, s->inbuf, sizeof s->inbuf);
	ibuf_tie(&s->in, &s->out);
	r = step(s, PHASE_GREETING, "before its greeting", why);
	if (r == STEP_OK)
		r = hello(s, why);
	if (r == STEP_OK && ibuf_ready(&s->in)) {
		/* replies would be taken for those of other commands */
		smtp_trouble(s, SMTP_GARBAGE, "in turn", why);
		r = STEP_BROKEN;
	}
	if (r == STEP_REFUSED)
		smtp_quit(s);
	else if (r == STEP_BROKEN)
		smtp_drop(s);
	return r == STEP_OK;
}

bool
smtp_alive(const struct smtp *s)
{
	struct pollfd p = { .fd = s->fd, .events = POLLIN };

	return s->fd >= 0 && !ibuf_ready(&s->in) && poll(&p, 1, 0) == 0;
}

void
smtp_quit(struct smtp *s)
{
	int64_t limit = s->limit;

	if (s->fd < 0)
		return;
	/* even a job that is late may be polite */
	s->limit = stamp_mono() + s->conf->timeout[PHASE_QUIT];
	smtp_command(s, "QUIT", NULL);
	smtp_get(s, PHASE_QUIT);
	smtp_drop(s);
	s->limit = limit;
}
