/* SPDX-License-Identifier: 0BSD */
#include "remote/content.h"

#include <errno.h>

#include "remote/convert.h"

void
content_refused(struct smtp *s, const char *words, struct verdict *v)
{
	bool temp = s->reply.code < 500;

	verdict_set(v, temp ? MESSAGE_DEFERRED : MESSAGE_FAILED, "5.0.0",
		&s->reply, s->label, words, NULL);
	if (s->reply.code == 421)
		smtp_drop(s);
}

static bool
put_block(void *arg, const char *p, size_t n)
{
	struct smtp *s = arg;

	if (s->out.cap - s->out.len <= n)
		smtp_clock(s, PHASE_BLOCK);
	return !obuf_put(&s->out, p, n);
}

/* Writing failed. A server that has had enough may have said why. */
static void
send_failed(struct smtp *s, struct verdict *v)
{
	int err = s->out.err;

	if (err != ETIMEDOUT) {
		ibuf_tie(&s->in, NULL);
		if (smtp_get(s, PHASE_QUIT) == SMTP_REPLY &&
			s->reply.code >= 400) {
			content_refused(s, " refused the message", v);
			smtp_drop(s);
			return;
		}
	}
	errno = err;
	smtp_trouble(s, err == ETIMEDOUT ? SMTP_LATE : SMTP_LOST,
		"while the message was sent", v);
	smtp_drop(s);
}

void
content_verdict(struct smtp *s, struct verdict *v)
{
	enum smtp_got got = smtp_get(s, PHASE_DOT);

	if (got == SMTP_REPLY && s->reply.code < 300) {
		s->dirty = false;
		verdict_set(v, MESSAGE_DONE, "2.0.0", &s->reply, s->label,
			" accepted the message", NULL);
	} else if (got == SMTP_REPLY && s->reply.code >= 400) {
		s->dirty = false;
		content_refused(s, " refused the message", v);
	} else {
		smtp_trouble(s, got,
			"after the whole message was sent (possible "
			"duplicate!)",
			v);
		smtp_drop(s);
	}
}

bool
content_send(struct smtp *s, struct data_source *d, struct verdict *v)
{
	struct data_stuff stuff = DATA_STUFF_INIT(put_block, s);
	int r;

	if (ibuf_ready(&s->in)) {
		/* it must not be taken for the reply to the final dot */
		smtp_trouble(s, SMTP_GARBAGE, "in turn after 354", v);
		smtp_drop(s);
		return false;
	}
	smtp_clock(s, PHASE_BLOCK);
	r = d->seven ? convert_feed(d, &stuff) : data_feed(d, &stuff);
	if (r < 0) {
		verdict_unread(v);
		smtp_drop(s);
		return false;
	}
	smtp_clock(s, PHASE_BLOCK);
	if (r > 0 || !data_stuff_end(&stuff) || obuf_flush(&s->out) < 0) {
		send_failed(s, v);
		return false;
	}
	return true;
}
