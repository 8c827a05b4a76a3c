/* SPDX-License-Identifier: 0BSD */
#include "smtpd/loop.h"

#include <errno.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>

#include "lib/log.h"
#include "lib/num.h"
#include "lib/stamp.h"
#include "smtpd/ask.h"
#include "smtpd/audit.h"
#include "smtpd/secure.h"
#include "wire/site.h"

static void
queue_open(struct loop *l)
{
	struct str received = STR_INIT(4096);

	data_init(&l->data, l->conf->databytes, HOPS_MAX);
	l->queueing = qclient_open(&l->queue) == 0;
	if (!l->queueing) {
		struct qverdict v;

		log_alert_sys("unable to start the queue program");
		qclient_close(&l->queue, &v);
		return;
	}
	session_received(&l->s, stamp_now(), &received);
	qclient_put(&l->queue, received.s, received.len);
	str_free(&received);
}

/* Nothing of this message is queued. */
static void
queue_drop(struct loop *l)
{
	struct qverdict v;

	if (!l->queueing)
		return;
	qclient_abort(&l->queue);
	qclient_close(&l->queue, &v);
	l->queueing = false;
}

/* Has the client hung up? Then it cannot learn that the message is queued,
 * will send it again, and it must not be queued now. With input waiting (a
 * pipelined QUIT) it may have ended its side properly. */
static bool
client_gone(const struct loop *l)
{
	char c;
	ssize_t r;

	if (ibuf_ready(&l->in))
		return false;
	r = recv(l->in.fd, &c, 1, MSG_PEEK | MSG_DONTWAIT);
	return r == 0 || (r < 0 && (errno == ECONNRESET || errno == ETIMEDOUT ||
					   errno == EPIPE));
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

static enum effect
queue_commit(struct loop *l)
{
	struct qverdict v;
	enum effect e;
	const struct session *s = &l->s;

	if (client_gone(l)) {
		queue_drop(l);
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
	if (v.class == STATUS_ACCEPTED)
		audit_accepted(s, &v, l->data.octets);
	return e;
}

static enum effect
carry_out(struct loop *l, enum effect e)
{
	switch (e) {
	case EFFECT_OPEN:
		queue_open(l);
		return session_opened(&l->s, l->queueing);
	case EFFECT_COMMIT:
		return queue_commit(l);
	default:
		return ask(l, e);
	}
}

/* Carry out effects until input is needed, and pass the reply on. Each event
 * has at most one reply, and it goes out whole. */
static enum effect
settle(struct loop *l, enum effect e)
{
	while (e != EFFECT_NONE && e != EFFECT_DATA && e != EFFECT_CLOSE)
		e = carry_out(l, e);
	if (l->s.refused)
		audit_refused(&l->s);
	l->s.refused = 0;
	if (l->s.out.len > l->out.cap - l->out.len)
		obuf_flush(&l->out);
	obuf_put(&l->out, l->s.out.s, l->s.out.len);
	str_clear(&l->s.out);
	return e;
}

static void
set_deadline(struct loop *l)
{
	int64_t when = stamp_mono() + (int64_t)l->conf->timeout * 1000;

	if (l->last && when > l->last)
		when = l->last;
	ibuf_deadline(&l->in, when);
	obuf_deadline(&l->out, when);
}

/* Input ended where none should have. */
static enum effect
no_input(struct loop *l, bool eof)
{
	queue_drop(l);
	if (eof)
		return session_lost(&l->s, "eof");
	if (l->out.err == ETIMEDOUT)
		return session_lost(&l->s, "timeout");
	if (l->in.err == ETIMEDOUT)
		return session_timeout(&l->s);
	if (l->in.err == ECONNRESET || l->in.err == EPIPE)
		return session_lost(&l->s, "eof");
	return session_lost(&l->s, l->out.err ? "write" : "read");
}

static enum effect
read_command(struct loop *l)
{
	enum ibuf_line got;
	size_t n;

	if (!ibuf_ready(&l->in))
		set_deadline(l);
	got = ibuf_getline(&l->in, &l->line, LINE_MAX_SMTPD);
	l->octets += l->line.len;
	if (got == IBUF_LONG)
		return session_longline(&l->s);
	if (got != IBUF_LINE)
		return no_input(l, got != IBUF_ERROR);
	/* A command may end in LF alone, as typed by hand: only in data does
	 * it matter where a line ends. */
	n = l->line.len - 1;
	if (n && l->line.s[n - 1] == '\r')
		n--;
	return session_line(
		&l->s, l->line.s, n, !l->batch && ibuf_ready(&l->in) > 0);
}

static enum effect
read_data(struct loop *l)
{
	while (l->data.state != DATA_END) {
		char *p;
		size_t used, text;
		ssize_t n;

		if (!ibuf_ready(&l->in))
			set_deadline(l);
		n = ibuf_peek(&l->in, &p);
		if (n <= 0)
			return no_input(l, n == 0);
		text = data_feed(&l->data, p, (size_t)n, &used);
		if (l->data.bad)
			queue_drop(l);
		else
			qclient_put(&l->queue, p, text);
		ibuf_skip(&l->in, used);
		l->octets += used;
	}
	return session_data(&l->s, &l->data);
}

void
loop_run(struct loop *l, const struct conf *c, int fdin, int fdout)
{
	struct stat st;
	enum effect e;

	l->conf = c;
	session_init(&l->s, c);
	policy_init(&l->policy, c);
	l->tls = (struct tls_state){ .outcome = TLS_DOWN };
	l->link = -1;
	ibuf_init(&l->in, fdin, l->inbuf, sizeof l->inbuf);
	obuf_init(&l->out, fdout, l->outbuf, sizeof l->outbuf);
	ibuf_tie(&l->in, &l->out);
	str_init(&l->line, LINE_MAX_SMTPD);
	l->queueing = false;
	l->batch = fstat(fdin, &st) == 0 && !S_ISSOCK(st.st_mode);
	l->octets = 0;
	l->last = c->maxsession ? stamp_mono() + (int64_t)c->maxsession * 1000
				: 0;
	e = c->implicit ? secure_first(l) : EFFECT_NONE;
	if (e != EFFECT_CLOSE)
		e = settle(l, session_greet(&l->s));
	while (e != EFFECT_CLOSE) {
		e = e == EFFECT_DATA ? read_data(l) : read_command(l);
		e = settle(l, e);
	}
	obuf_flush(&l->out);
	audit_session(&l->s, l->octets);
	str_free(&l->line);
	policy_free(&l->policy);
	session_free(&l->s);
}
