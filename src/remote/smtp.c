/* SPDX-License-Identifier: 0BSD */
#include "remote/smtp.h"

#include <errno.h>
#include <poll.h>
#include <stdarg.h>
#include <string.h>
#include <unistd.h>

#include "lib/log.h"
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
smtp_attach(struct smtp *s, int fd)
{
	s->fd = fd;
	obuf_init(&s->out, fd, s->outbuf, sizeof s->outbuf);
	ibuf_init(&s->in, fd, s->inbuf, sizeof s->inbuf);
	ibuf_tie(&s->in, &s->out);
}

void
smtp_drop(struct smtp *s)
{
	if (s->fd >= 0)
		close(s->fd);
	s->fd = -1;
}

int64_t
smtp_until(const struct smtp *s, enum phase phase)
{
	int64_t t = stamp_mono() + s->conf->timeout[phase];

	return t < s->limit ? t : s->limit;
}

void
smtp_clock(struct smtp *s, enum phase phase)
{
	obuf_deadline(&s->out, smtp_until(s, phase));
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
	int64_t end = smtp_until(s, phase);

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
