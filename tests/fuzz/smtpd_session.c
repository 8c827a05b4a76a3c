/* SPDX-License-Identifier: 0BSD */
/* smtpd_session: the bytes are a client's whole input; a loop without
 * descriptors reads lines and data from it and answers the effects. */
#include "smtpd/session.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void
require(bool cond)
{
	if (!cond)
		abort();
}

/* The input, and what chooses the outcome of effects. */
static struct input {
	const char *p;
	size_t n;
	uint32_t seed;
} input;

static uint32_t
choose(uint32_t n)
{
	input.seed = input.seed * 1664525 + 1013904223;
	return (input.seed >> 16) % n;
}

/* Everything that goes out is whole lines of printable ASCII. */
static void
check_out(struct session *s)
{
	const struct str *o = &s->out;

	require(!o->over);
	for (size_t i = 0; i < o->len; i++) {
		if (o->s[i] == '\r' || o->s[i] == '\n')
			continue;
		require(o->s[i] >= 32 && o->s[i] < 127);
	}
	if (o->len) {
		require(o->len > 6 && o->s[o->len - 1] == '\n');
		require(o->s[0] >= '2' && o->s[0] <= '5');
	}
	require(s->auth == AUTH_NONE || s->state == SESSION_CLOSED ||
		s->state == SESSION_COMMAND);
	require(!s->refused || (s->refused >= 400 && s->refused < 600));
	str_clear(&s->out);
}

static enum effect
carry_out(struct session *s, enum effect e)
{
	static const struct answer answers[] = { { 0 }, { 0 }, { 0 },
		{ 550, "5.1.1", "no" }, { 451, "4.3.0", "later" } };
	struct qverdict v = { .class = STATUS_ACCEPTED, .pid = 1 };

	switch (e) {
	case EFFECT_HELO:
	case EFFECT_ETRN:
		require(s->arg.len);
		return session_answer(s, &answers[choose(5)]);
	case EFFECT_VRFY:
		require(s->rcpt.len);
		return session_answer(s, &answers[choose(5)]);
	case EFFECT_AUTH:
		require(s->login.len && s->password.len && !s->user.len &&
			s->esmtp && (s->tls || s->conf->authplain));
		return session_auth(
			s, (enum auth_result)choose(3), str_c(&s->login));
	case EFFECT_TLS:
		require(!s->tls && !s->mail);
		return session_ready(s, choose(4) != 0);
	case EFFECT_HANDSHAKE:
		e = session_tls(s, choose(8) ? "TLSv1.3 cipher (x)" : NULL);
		require(e == EFFECT_CLOSE || (!s->helo.len && !s->user.len));
		return e;
	case EFFECT_SENDER:
		require(!s->conf->submission || s->user.len);
		return session_answer(s, &answers[choose(5)]);
	case EFFECT_RCPT:
		require(s->mail && s->rcpt.len);
		if (!choose(8))
			str_puts(&s->rcpt, ".suffix");
		return session_answer(s, &answers[choose(5)]);
	case EFFECT_OPEN:
		require(s->mail && s->nrcpt && s->helo.len);
		return session_opened(s, choose(8) != 0);
	case EFFECT_COMMIT:
		if (!choose(4))
			v = (struct qverdict){ .class = STATUS_TEMPORARY,
				.smtp = 451,
				.enhanced = "4.3.0",
				.text = "n\r\no\377" };
		return session_verdict(s, &v, 0);
	default:
		return e;
	}
}

static enum effect
line(struct session *s)
{
	const char *lf = memchr(input.p, '\n', input.n);
	size_t n = lf ? (size_t)(lf - input.p) : input.n;
	const char *p = input.p;

	if (!lf)
		return session_lost(s, "eof");
	input.p += n + 1;
	input.n -= n + 1;
	if (n > LINE_MAX_SMTPD)
		return session_longline(s);
	if (n && p[n - 1] == '\r')
		n--;
	return session_line(s, p, n, choose(16) == 0);
}

static enum effect
text(struct session *s)
{
	struct data d;
	size_t used;
	struct str received = STR_INIT(4096);
	char *copy = malloc(input.n + 1);

	session_received(s, 0, &received);
	require(!received.over && received.s[received.len - 1] == '\n');
	str_free(&received);
	data_init(&d, s->conf->databytes, 10);
	memcpy(copy, input.p, input.n);
	data_feed(&d, copy, input.n, &used);
	free(copy);
	input.p += used;
	input.n -= used;
	if (d.state != DATA_END)
		return choose(2) ? session_timeout(s) : session_lost(s, "eof");
	return session_data(s, &d);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct conf c = { .maxrcpt = 5,
		.maxerrors = 30,
		.maxcommands = 50,
		.databytes = 300,
		.remoteip = "192.0.2.1",
		.starttls = size & 1,
		.auth = size & 2,
		.authplain = size & 4,
		.submission = size & 8,
		.vrfy = size & 16,
		.etrn = size & 32,
		.tlsrequired = size & 64,
		.hideclient = size & 128 };
	struct session s;
	enum effect e;

	input = (struct input){ (const char *)data, size, (uint32_t)size };
	str_init(&c.me, 255);
	str_puts(&c.me, "mx.example");
	str_c(&c.me);
	str_init(&c.greeting, 255);
	str_puts(&c.greeting, "mx.example");
	session_init(&s, &c);
	e = session_greet(&s);
	while (e != EFFECT_CLOSE) {
		if (e == EFFECT_NONE)
			e = line(&s);
		else if (e == EFFECT_DATA)
			e = text(&s);
		else
			e = carry_out(&s, e);
		check_out(&s);
		require(s.nrcpt <= c.maxrcpt);
	}
	require(s.end && s.state == SESSION_CLOSED);
	session_free(&s);
	str_free(&c.me);
	str_free(&c.greeting);
	return 0;
}
