/* SPDX-License-Identifier: 0BSD */
#include "smtpd/enqueue.h"

#include <errno.h>
#include <string.h>
#include <sys/socket.h>

#include "lib/control.h"
#include "lib/log.h"
#include "lib/num.h"
#include "lib/stamp.h"
#include "smtpd/audit.h"
#include "wire/site.h"

bool
enqueue_open(struct loop *l)
{
	struct str received = STR_INIT(4096);

	data_init(&l->data, l->conf->databytes, HOPS_MAX);
	l->data.barelf = l->barelf;
	l->queueing = qclient_open_kept(&l->queue, &l->keep) == 0;
	if (!l->queueing) {
		struct qverdict v;

		log_alert_sys("unable to start the queue program");
		qclient_close(&l->queue, &v);
		return false;
	}
	session_received(&l->s, stamp_now(), &received);
	qclient_put(&l->queue, received.s, received.len);
	str_free(&received);
	content_begin(
		&l->content, &l->queue, l->conf->submission, str_c(&l->s.from));
	return true;
}

static void
judge(struct loop *l, enum content_result r)
{
	switch (r) {
	case CONTENT_OK:
		break;
	case CONTENT_HEADER:
		l->data.bad |= DATA_HEADER;
		break;
	case CONTENT_CONFIG:
		log_alert(control_error());
		l->data.bad |= DATA_CONFIG;
		break;
	}
	if (l->data.bad)
		enqueue_drop(l);
}

void
enqueue_text(struct loop *l, const char *p, size_t n)
{
	judge(l, l->data.bad ? CONTENT_OK : content_put(&l->content, p, n));
}

void
enqueue_end(struct loop *l)
{
	judge(l, l->data.bad ? CONTENT_OK : content_end(&l->content));
}

void
enqueue_drop(struct loop *l)
{
	struct qverdict v;

	if (!l->queueing)
		return;
	content_drop(&l->content);
	qclient_abort(&l->queue);
	qclient_close(&l->queue, &v);
	l->queueing = false;
}

/* Has the client hung up? Then it cannot learn that the message is queued,
 * will send it again, and it must not be queued now. What waits behind the
 * message, a pipelined QUIT, is not mistaken for that: with it the client may
 * have ended its side properly, and only a reset tells that it is gone. */
static bool
client_gone(const struct loop *l)
{
	char c;
	ssize_t r = recv(l->in.fd, &c, 1, MSG_PEEK | MSG_DONTWAIT);

	if (r == 0)
		return !ibuf_ready(&l->in);
	return r < 0 &&
	       (errno == ECONNRESET || errno == ETIMEDOUT || errno == EPIPE);
}

/* The KEY=VALUEs at p up to an empty one, or to end; what follows them. */
static const char *
put_params(struct loop *l, const char *p, const char *end)
{
	for (; p < end && *p; p += strlen(p) + 1)
		qclient_param(&l->queue, p);
	return p + 1;
}

static void
put_rcpts(struct loop *l)
{
	const struct session *s = &l->s;
	const char *p = str_c(&l->s.rcptparams);
	const char *end = p + s->rcptparams.len;
	char number[NUM_FMT];
	uint64_t n = 0;

	for (size_t i = 0; i < s->rcpts.len; n++) {
		const char *rcpt = s->rcpts.s + i;

		qclient_to(&l->queue, rcpt);
		i += strlen(rcpt) + 1;
		if (p == end)
			continue;
		num_fmt(number, n);
		if (!strcmp(p, number))
			p = put_params(l, p + strlen(p) + 1, end);
	}
}

enum effect
enqueue_commit(struct loop *l)
{
	struct qverdict v;
	enum effect e;
	const struct session *s = &l->s;

	if (client_gone(l)) {
		enqueue_drop(l);
		loop_count(l, SMTPD_LOST, 1);
		return session_lost(&l->s, "eof");
	}
	qclient_from(&l->queue, str_c(&l->s.from));
	if (s->mailparams.len)
		put_params(l, s->mailparams.s,
			s->mailparams.s + s->mailparams.len);
	put_rcpts(l);
	qclient_close(&l->queue, &v);
	l->queueing = false;
	e = session_verdict(&l->s, &v, stamp_now());
	if (v.class == STATUS_ACCEPTED) {
		audit_accepted(s, &v, l->data.octets, l->content.id.text);
		patience_renew(&l->patience);
		loop_count(l, SMTPD_ACCEPTED, 1);
		loop_count(l, SMTPD_RECIPIENTS, s->nrcpt);
		loop_count(l, SMTPD_BYTES, l->data.octets);
	}
	return e;
}
