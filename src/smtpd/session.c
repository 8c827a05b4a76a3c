/* SPDX-License-Identifier: 0BSD */
#include "smtpd/session.h"

#include <string.h>

#include "smtpd/verbs.h"
#include "wire/site.h"

enum {
	HELO_MAX = 255,
	LOGIN_MAX = 255, /* bytes of a user name or a password */
	CIPHER_MAX = 400,
	OUT_MAX = 4096, /* all replies to one event */
};

void
session_init(struct session *s, const struct conf *c)
{
	*s = (struct session){ .conf = c, .what = "connect" };
	str_init(&s->out, OUT_MAX);
	str_init(&s->helo, HELO_MAX);
	str_init(&s->cipher, CIPHER_MAX);
	str_init(&s->login, LOGIN_MAX);
	str_init(&s->password, LOGIN_MAX);
	str_init(&s->user, LOGIN_MAX);
	str_init(&s->arg, HELO_MAX);
	str_init(&s->from, ADDR_MAX);
	str_init(&s->rcpt, ADDR_MAX);
	str_init(&s->rcpts, ENVELOPE_DEFAULT);
	str_init(&s->params, 2 * PARAM_MAX);
	str_init(&s->mailparams, 2 * PARAM_MAX);
	str_init(&s->rcptparams, ENVELOPE_DEFAULT);
}

void
session_free(struct session *s)
{
	struct str *all[] = { &s->out, &s->helo, &s->cipher, &s->login,
		&s->password, &s->user, &s->arg, &s->from, &s->rcpt, &s->rcpts,
		&s->params, &s->mailparams, &s->rcptparams };

	for (size_t i = 0; i < sizeof all / sizeof *all; i++)
		str_free(all[i]);
}

/* The only end of a transaction, whatever ended it: RSET, HELO, STARTTLS, a
 * queued or a refused message. Only begin_event calls it, so that what the
 * last event left can be logged. */
static void
transaction_reset(struct session *s)
{
	s->mail = s->utf8 = s->refusedrcpt = s->toomany = s->over = false;
	s->nrcpt = s->size = 0;
	str_clear(&s->from);
	str_clear(&s->rcpts);
	str_clear(&s->mailparams);
	str_clear(&s->rcptparams);
}

/* Before an event: what the last one left goes. */
static void
begin_event(struct session *s)
{
	if (s->over)
		transaction_reset(s);
	s->refused = 0;
	s->counted = false;
	str_clear(&s->rcpt);
	str_clear(&s->params);
	str_clear(&s->arg);
	if (s->auth == AUTH_NONE)
		str_clear(&s->login);
}

enum effect
session_settle(struct session *s, enum effect e)
{
	const struct conf *c = s->conf;

	if (s->refused)
		s->nrefused++;
	if (s->state == SESSION_CLOSED)
		return EFFECT_CLOSE;
	if (s->counted && c->maxerrors && ++s->errors >= c->maxerrors)
		return session_close(s, "errors", "4.7.0", "too many errors");
	s->counted = false;
	if (e == EFFECT_NONE)
		s->state = SESSION_COMMAND;
	else
		s->state = e == EFFECT_DATA ? SESSION_DATA : SESSION_ASKED;
	s->asked = e;
	return e;
}

void
session_reply(
	struct session *s, int code, const char *enhanced, const char *text)
{
	str_putnum(&s->out, (uint64_t)code);
	str_putc(&s->out, ' ');
	if (enhanced) {
		str_puts(&s->out, enhanced);
		str_putc(&s->out, ' ');
	}
	/* a program's words become one printable line, whatever they are */
	for (; *text; text++)
		str_putc(&s->out, *text < 32 || *text > 126 ? '?' : *text);
	str_puts(&s->out, "\r\n");
	if (code >= 400) {
		s->refused = code;
		s->counted = true;
	}
}

enum effect
session_close(struct session *s, const char *why, const char *enhanced,
	const char *text)
{
	str_clear(&s->out);
	session_reply(s, 421, enhanced, text);
	return session_lost(s, why);
}

enum effect
session_greet(struct session *s)
{
	str_puts(&s->out, "220 ");
	str_put(&s->out, s->conf->greeting.s, s->conf->greeting.len);
	str_puts(&s->out, " ESMTP\r\n");
	return session_settle(s, EFFECT_NONE);
}

/* Is the command allowed now? If not, that has been said. */
static bool
in_order(struct session *s, const struct verb *v, size_t arglen)
{
	const char *what = NULL;

	if ((v->flags & VERB_NOARG) && arglen) {
		session_reply(s, 501, "5.5.4", "takes no argument");
		return false;
	}
	if ((v->flags & VERB_HELO) && !s->helo.len)
		what = "say EHLO or HELO first";
	else if ((v->flags & VERB_NOMAIL) && s->mail)
		what = "not within a transaction; RSET ends it";
	else if ((v->flags & VERB_MAIL) && !s->mail)
		what = "say MAIL first";
	else if ((v->flags & VERB_RCPT) && !s->nrcpt && !s->refusedrcpt)
		what = "say RCPT first";
	if (what)
		session_reply(s, 503, "5.5.1", what);
	else if ((v->flags & VERB_RCPT) && !s->nrcpt)
		session_reply(s, 554, "5.5.1", what = "no valid recipients");
	return !what;
}

/* The reply decides what follows means (RFC 2920 3.1): a client that did not
 * wait for it may be sending somebody else's bytes. */
enum effect
session_early(struct session *s)
{
	session_reply(s, 554, "5.5.0", "input came before its turn");
	return session_lost(s, "early");
}

static enum effect
dispatch(struct session *s, const struct verb *v, const char *arg, size_t n,
	bool more)
{
	enum effect e;

	if ((v->flags & VERB_LAST) && more)
		return session_early(s);
	if (!in_order(s, v, n))
		return EFFECT_NONE;
	e = v->run(s, arg, n);
	if ((v->flags & VERB_RESETS) && !s->refused)
		s->over = true;
	return e;
}

static bool
control(char c)
{
	return (c >= 0 && c < 32 && c != '\t') || c == 127;
}

static bool
blank(char c)
{
	return c == ' ' || c == '\t';
}

enum effect
session_line(struct session *s, const char *p, size_t n, bool more)
{
	const struct conf *c = s->conf;
	const struct verb *v;
	size_t word = 0, i;

	begin_event(s);
	if (s->auth != AUTH_NONE)
		return session_settle(
			s, more ? session_early(s) : auth_line(s, p, n));
	s->ncommands++;
	for (i = 0; i < n && !control(p[i]); i++)
		;
	while (n && blank(p[n - 1]))
		n--;
	while (word < n && !blank(p[word]))
		word++;
	v = verb_find(p, word);
	s->what = v ? v->name : "unknown";
	if ((!v || !(v->flags & VERB_FREE)) && c->maxcommands &&
		++s->commands > c->maxcommands)
		return session_settle(
			s, session_close(s, "commands", "4.7.0",
				   "too many commands without mail"));
	if (i < n) {
		session_reply(s, 500, "5.5.2", "control character in command");
		return session_settle(s, EFFECT_NONE);
	}
	if (!v) {
		session_reply(s, 500, "5.5.1", "unknown command");
		return session_settle(s, EFFECT_NONE);
	}
	while (word < n && blank(p[word]))
		word++;
	return session_settle(s, dispatch(s, v, p + word, n - word, more));
}

enum effect
session_longline(struct session *s)
{
	bool exchange = s->auth != AUTH_NONE;

	auth_end(s);
	begin_event(s);
	s->ncommands++;
	s->commands++;
	if (!exchange)
		s->what = "unknown";
	session_reply(s, 500, exchange ? "5.5.6" : "5.5.2", "line too long");
	return session_settle(s, EFFECT_NONE);
}

enum effect
session_timeout(struct session *s)
{
	begin_event(s);
	return session_close(s, "timeout", "4.4.2", "timeout");
}

enum effect
session_lost(struct session *s, const char *why)
{
	s->state = SESSION_CLOSED;
	s->end = why;
	return EFFECT_CLOSE;
}
