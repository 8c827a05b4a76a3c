/* SPDX-License-Identifier: 0BSD */
/* The events that bring the outcome of an effect. */
#include "lib/num.h"
#include "mail/addr.h"
#include "smtpd/verbs.h"
#include "wire/site.h"

enum { AUTH_TRIES = 3 }; /* wrong passwords in one session */

static enum effect
answer_sender(struct session *s, const struct answer *a)
{
	if (a->code) {
		session_reply(s, a->code, a->enhanced, a->text);
		s->over = true;
		return EFFECT_NONE;
	}
	s->mail = true;
	str_put(&s->mailparams, s->params.s, s->params.len);
	session_reply(s, 250, "2.1.0", "sender ok");
	return EFFECT_NONE;
}

/* Room first, so that a recipient is taken with its parameters or not. */
static bool
keep_rcpt(struct session *s)
{
	size_t n = s->params.len;

	if (!str_room(&s->rcpts, s->rcpt.len + 1) ||
		(n && !str_room(&s->rcptparams, NUM_FMT + n + 2)))
		return false;
	str_put(&s->rcpts, str_c(&s->rcpt), s->rcpt.len + 1);
	if (n) {
		str_putnum(&s->rcptparams, s->nrcpt);
		str_putc(&s->rcptparams, 0);
		str_put(&s->rcptparams, s->params.s, n);
		str_putc(&s->rcptparams, 0);
	}
	s->nrcpt++;
	return true;
}

static enum effect
answer_rcpt(struct session *s, const struct answer *a)
{
	if (a->code) {
		session_reply(s, a->code, a->enhanced, a->text);
		s->refusedrcpt = true;
		return EFFECT_NONE;
	}
	if (!keep_rcpt(s)) {
		session_reply(s, 452, "4.5.3", "too many recipients");
		return EFFECT_NONE;
	}
	session_reply(s, 250, "2.1.5", "recipient ok");
	return EFFECT_NONE;
}

/* A client that is not welcome under one name may say another. */
static enum effect
answer_helo(struct session *s, const struct answer *a)
{
	if (a->code) {
		session_reply(s, a->code, a->enhanced, a->text);
		return EFFECT_NONE;
	}
	str_clear(&s->helo);
	str_put(&s->helo, s->arg.s, s->arg.len);
	s->esmtp = s->ehlo;
	s->over = true;
	hello_reply(s);
	return EFFECT_NONE;
}

static enum effect
answer_vrfy(struct session *s, const struct answer *a)
{
	struct str text = STR_INIT(2 * ADDR_MAX + 10);

	if (a->code) {
		session_reply(s, a->code, a->enhanced, a->text);
		return EFFECT_NONE;
	}
	str_putc(&text, '<');
	addr_quote(&text, s->rcpt.s, s->rcpt.len);
	str_putc(&text, '>');
	session_reply(s, 250, "2.1.5", str_c(&text));
	str_free(&text);
	return EFFECT_NONE;
}

static enum effect
answer_etrn(struct session *s, const struct answer *a)
{
	if (a->code)
		session_reply(s, a->code, a->enhanced, a->text);
	else
		session_reply(s, 250, "2.0.0", "its mail is tried again now");
	return EFFECT_NONE;
}

enum effect
session_answer(struct session *s, const struct answer *a)
{
	enum effect e = EFFECT_NONE;

	switch (s->asked) {
	case EFFECT_HELO:
		e = answer_helo(s, a);
		break;
	case EFFECT_SENDER:
		e = answer_sender(s, a);
		break;
	case EFFECT_RCPT:
		e = answer_rcpt(s, a);
		break;
	case EFFECT_VRFY:
		e = answer_vrfy(s, a);
		break;
	case EFFECT_ETRN:
		e = answer_etrn(s, a);
		break;
	default: /* nothing else is asked */
		break;
	}
	return session_settle(s, e);
}

enum effect
session_auth(struct session *s, enum auth_result r, const char *user)
{
	auth_end(s);
	switch (r) {
	case AUTH_GOOD:
		str_puts(&s->user, user);
		s->authfails = 0;
		session_reply(s, 235, "2.7.0", "welcome");
		break;
	case AUTH_LATER:
		session_reply(s, 454, "4.7.0",
			"cannot be checked now, try again later");
		break;
	case AUTH_WRONG:
		session_reply(s, 535, "5.7.8", "wrong user name or password");
		if (++s->authfails < AUTH_TRIES)
			break;
		/* its 535 is the reply; 421 would hide the reason */
		session_lost(s, "auth");
		break;
	}
	return session_settle(s, EFFECT_NONE);
}

enum effect
session_ready(struct session *s, bool ready)
{
	if (ready) {
		session_reply(s, 220, "2.0.0", "begin TLS now");
		return session_settle(s, EFFECT_HANDSHAKE);
	}
	session_reply(s, 454, "4.7.0", "TLS is not available now");
	return session_settle(s, EFFECT_NONE);
}

enum effect
session_tls(struct session *s, const char *words)
{
	if (!words)
		return session_lost(s, "tls");
	/* RFC 3207 4.2: nothing that came in plain text is known any more */
	s->tls = true;
	str_clear(&s->cipher);
	str_puts(&s->cipher, words);
	s->esmtp = false;
	s->over = true;
	str_clear(&s->helo);
	str_clear(&s->user);
	return session_settle(s, EFFECT_NONE);
}

enum effect
session_opened(struct session *s, bool opened)
{
	if (opened) {
		session_reply(s, 354, NULL, "go on, end with CRLF.CRLF");
		return session_settle(s, EFFECT_DATA);
	}
	session_reply(s, 451, "4.3.0", "unable to start the queue program");
	s->over = true;
	return session_settle(s, EFFECT_NONE);
}

enum effect
session_data(struct session *s, const struct data *d)
{
	static const struct {
		unsigned bad;
		int code;
		const char *enhanced, *text;
	} rows[] = {
		{ DATA_TOOBIG, 552, "5.3.4", "message too large" },
		{ DATA_LOOP, 554, "5.4.6", "too many hops, a mail loop" },
		{ DATA_HEADER, 552, "5.3.4", "header too large" },
		{ DATA_CONFIG, 451, "4.3.5", "server configuration error" },
		{ DATA_NUL, 550, "5.6.0", "message contains a NUL byte" },
		{ DATA_BARELF, 550, "5.6.0",
			"message contains a LF without CR" },
		{ DATA_BARECR, 550, "5.6.0",
			"message contains a CR without LF" },
	};

	s->over = true;
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
		if (d->bad & rows[i].bad) {
			session_reply(s, rows[i].code, rows[i].enhanced,
				rows[i].text);
			return session_settle(s, EFFECT_NONE);
		}
	return session_settle(s, EFFECT_COMMIT);
}

enum effect
session_verdict(struct session *s, const struct qverdict *v, int64_t now)
{
	struct str text = STR_INIT(256);

	if (v->class != STATUS_ACCEPTED) {
		session_reply(s, v->smtp, v->enhanced, v->text);
		return session_settle(s, EFFECT_NONE);
	}
	s->nmessages++;
	s->errors = s->commands = 0;
	str_puts(&text, "ok ");
	str_putnum(&text, (uint64_t)now);
	str_puts(&text, " qp ");
	str_putnum(&text, (uint64_t)v->pid);
	if (v->id[0]) {
		str_puts(&text, " id ");
		str_puts(&text, v->id);
	}
	session_reply(s, 250, "2.0.0", str_c(&text));
	str_free(&text);
	return session_settle(s, EFFECT_NONE);
}
