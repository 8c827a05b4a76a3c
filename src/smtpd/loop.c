/* SPDX-License-Identifier: 0BSD */
#include "smtpd/loop.h"

#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>

#include "lib/ascii.h"
#include "lib/control.h"
#include "lib/fd.h"
#include "lib/log.h"
#include "lib/stamp.h"
#include "smtpd/ask.h"
#include "smtpd/audit.h"
#include "smtpd/clients.h"
#include "smtpd/enqueue.h"
#include "smtpd/secure.h"

void
loop_count(struct loop *l, enum counters_smtpd which, uint64_t n)
{
	counters_add(&l->crowd.counters, which, n);
}

static void
count_tls(struct loop *l)
{
	loop_count(l, l->s.tls ? SMTPD_TLS : SMTPD_TLS_FAILED, 1);
}

static void
count_auth(struct loop *l)
{
	if (l->s.user.len)
		loop_count(l, SMTPD_AUTH, 1);
	else if (l->s.refused >= 500)
		loop_count(l, SMTPD_AUTH_FAILED, 1);
}

static enum effect
carry_out(struct loop *l, enum effect e)
{
	enum effect next;

	switch (e) {
	case EFFECT_OPEN:
		return session_opened(&l->s, enqueue_open(l));
	case EFFECT_COMMIT:
		return enqueue_commit(l);
	default:
		break;
	}
	next = ask(l, e);
	if (e == EFFECT_RCPT)
		l->recipient = true;
	if (e == EFFECT_HANDSHAKE)
		count_tls(l);
	if (e == EFFECT_AUTH)
		count_auth(l);
	return next;
}

/* Replies to the many recipients of a message, and to errors, come slowly:
 * who guesses addresses gets few of them. Not in a crowd, where that would
 * cost others their place. */
static void
tarpit(struct loop *l)
{
	const struct session *s = &l->s;
	uint64_t n = s->nrcpt + s->errors, free, delay;
	bool due = l->recipient || s->refused;

	l->recipient = false;
	/* nothing is read for a message with one recipient */
	if (n < 2 || !due || s->state == SESSION_CLOSED)
		return;
	free = limits_get(&l->limits, TARPITCOUNT);
	if (!free || n <= free)
		return;
	delay = limits_get(&l->limits, TARPITDELAY);
	if (!delay || crowd_busy(&l->crowd))
		return;
	obuf_flush(&l->out);
	/* until then, or until the client hangs up */
	fd_wait(l->in.fd, 0, stamp_mono() + (int64_t)delay * 1000);
}

/* Carry out effects until input is needed, and pass the reply on. Each event
 * has at most one reply, and it goes out whole. */
static enum effect
settle(struct loop *l, enum effect e)
{
	while (e != EFFECT_NONE && e != EFFECT_DATA && e != EFFECT_CLOSE)
		e = carry_out(l, e);
	l->patience.trusted = l->conf->relayclient || l->s.user.len;
	tarpit(l);
	if (l->limits.bad) {
		log_alert(control_error());
		l->limits.bad = false;
		e = session_close(
			&l->s, "config", "4.3.5", "server configuration error");
	}
	if (l->s.refused) {
		audit_refused(&l->s);
		loop_count(l,
			l->s.refused < 500 ? SMTPD_REFUSED_4XX
					   : SMTPD_REFUSED_5XX,
			1);
	}
	l->s.refused = 0;
	if (l->s.out.len > l->out.cap - l->out.len)
		obuf_flush(&l->out);
	obuf_put(&l->out, l->s.out.s, l->s.out.len);
	str_clear(&l->s.out);
	return e;
}

static void
wait_begin(struct loop *l)
{
	int64_t when = patience_begin(&l->patience);

	ibuf_deadline(&l->in, when);
	obuf_deadline(&l->out, when);
}

static void
wait_end(struct loop *l)
{
	patience_end(&l->patience, l->octets + ibuf_ready(&l->in));
}

/* Patience with the client has ended. */
static enum effect
too_slow(struct loop *l)
{
	if (!strcmp(l->patience.why, "timeout"))
		return session_timeout(&l->s);
	return session_close(&l->s, l->patience.why, "4.4.2",
		*l->patience.why == 's' ? "too slow"
					: "too slow while many others wait");
}

/* A wait has taken a while. The next message may be far off. */
static int64_t
late(void *arg)
{
	struct loop *l = arg;

	if (!l->queueing)
		qkeep_end(&l->keep);
	return patience_late(&l->patience);
}

/* Input ended where none should have. */
static enum effect
no_input(struct loop *l, bool eof)
{
	enqueue_drop(l);
	if (eof)
		return session_lost(&l->s, "eof");
	if (l->out.err == ETIMEDOUT)
		return session_lost(&l->s, "timeout");
	if (l->in.err == ETIMEDOUT && l->patience.why)
		return too_slow(l);
	if (l->in.err == ECONNRESET || l->in.err == EPIPE ||
		l->in.err == ETIMEDOUT)
		return session_lost(&l->s, "eof");
	return session_lost(&l->s, l->out.err ? "write" : "read");
}

static enum effect
read_command(struct loop *l)
{
	bool waits = !ibuf_ready(&l->in);
	enum ibuf_line got;
	size_t n;

	if (waits)
		wait_begin(l);
	got = ibuf_getline(&l->in, &l->line, LINE_MAX_SMTPD);
	l->octets += l->line.len;
	if (waits)
		wait_end(l);
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

/* May this client end lines with a LF alone? */
static enum data_barelf
barelf(struct loop *l)
{
	const char *twin = getenv("BARELF");
	bool listed = false;

	if (twin)
		listed = ascii_caseis(twin, "yes");
	else if (clients_has("barelf", l->conf->remoteip, &listed) ==
		 CONTROL_BAD)
		l->limits.bad = true;
	return listed ? BARELF_LINE : BARELF_BAD;
}

static enum effect
read_data(struct loop *l)
{
	while (l->data.state != DATA_END) {
		char *p;
		size_t used, text;
		ssize_t n;

		bool waits = !ibuf_ready(&l->in);

		if (waits)
			wait_begin(l);
		n = ibuf_peek(&l->in, &p);
		if (waits)
			wait_end(l);
		if (n <= 0)
			return no_input(l, n == 0);
		text = data_feed(&l->data, p, (size_t)n, &used);
		enqueue_text(l, p, text);
		ibuf_skip(&l->in, used);
		l->octets += used;
		if (l->data.asks)
			l->data.barelf = l->barelf = barelf(l);
	}
	enqueue_end(l);
	return session_data(&l->s, &l->data);
}

/* Nobody speaks before the greeting (RFC 5321 3.1): what does is no mail
 * server, and gets time to give itself away. */
static enum effect
greet(struct loop *l)
{
	uint64_t delay = limits_get(&l->limits, GREETDELAY);
	char *p;
	ssize_t n;

	if (!delay || l->batch || crowd_busy(&l->crowd) ||
		fd_wait(l->in.fd, POLLIN,
			stamp_mono() + (int64_t)delay * 1000) < 0)
		return session_greet(&l->s);
	n = ibuf_peek(&l->in, &p);
	if (n <= 0)
		return session_lost(&l->s, "eof");
	loop_count(l, SMTPD_TURNED_AWAY, 1);
	return session_early(&l->s);
}

/* Who expects TLS would not understand a reply without. */
static enum effect
turn_away(
	struct loop *l, const char *why, const char *enhanced, const char *text)
{
	if (l->conf->implicit)
		return session_lost(&l->s, why);
	return session_close(&l->s, why, enhanced, text);
}

static enum effect
begin(struct loop *l)
{
	enum effect e = EFFECT_NONE;

	switch (crowd_enter(&l->crowd, l->conf, &l->limits)) {
	case CROWD_CLIENT:
		return turn_away(l, "clients", "4.7.0",
			"too many connections from your address");
	case CROWD_FULL:
		return turn_away(
			l, "full", "4.3.2", "too many connections, try later");
	case CROWD_WELCOME:
		break;
	}
	if (l->conf->implicit) {
		e = secure_first(l);
		count_tls(l);
	}
	return e == EFFECT_CLOSE ? e : greet(l);
}

/* What the session was, for the log and all counters. */
static void
end(struct loop *l)
{
	crowd_leave(&l->crowd);
	audit_session(&l->s, l->octets);
	loop_count(l, SMTPD_COMMANDS, l->s.ncommands);
	loop_count(l, SMTPD_RECEIVED, l->octets);
	if (l->patience.why)
		loop_count(l, SMTPD_TIMEOUTS, 1);
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
	l->keep = (struct qkeep)QKEEP_INIT;
	l->barelf = BARELF_ASK;
	l->limits = (struct limits){ .bad = false };
	patience_init(&l->patience, c, &l->limits, &l->crowd);
	ibuf_init(&l->in, fdin, l->inbuf, sizeof l->inbuf);
	ibuf_late(&l->in, late, l);
	obuf_init(&l->out, fdout, l->outbuf, sizeof l->outbuf);
	obuf_late(&l->out, patience_late, &l->patience);
	ibuf_tie(&l->in, &l->out);
	str_init(&l->line, LINE_MAX_SMTPD);
	l->queueing = l->recipient = false;
	l->batch = fstat(fdin, &st) == 0 && !S_ISSOCK(st.st_mode);
	l->octets = 0;
	e = settle(l, begin(l));
	while (e != EFFECT_CLOSE) {
		e = e == EFFECT_DATA ? read_data(l) : read_command(l);
		e = settle(l, e);
	}
	obuf_flush(&l->out);
	qkeep_end(&l->keep);
	end(l);
	str_free(&l->line);
	policy_free(&l->policy);
	session_free(&l->s);
}
