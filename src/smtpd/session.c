/* SPDX-License-Identifier: 0BSD */
#include "smtpd/session.h"

#include <string.h>

#include "lib/ascii.h"
#include "lib/num.h"
#include "lib/stamp.h"
#include "mail/addr.h"
#include "smtpd/verbs.h"
#include "wire/site.h"

enum {
	HELO_MAX = 255,
	OUT_MAX = 4096,		/* all replies to one event */
	RECEIVED_FOR_MAX = 500, /* a longer recipient is left out */
};

void
session_init(struct session *s, const struct conf *c)
{
	*s = (struct session){ .conf = c };
	str_init(&s->out, OUT_MAX);
	str_init(&s->helo, HELO_MAX);
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
	str_free(&s->out);
	str_free(&s->helo);
	str_free(&s->from);
	str_free(&s->rcpt);
	str_free(&s->rcpts);
	str_free(&s->params);
	str_free(&s->mailparams);
	str_free(&s->rcptparams);
}

/* The only end of a transaction, whatever ended it: RSET, HELO, a queued or a
 * refused message. Only begin calls it, so that what the last event left can
 * be logged. */
static void
transaction_reset(struct session *s)
{
	s->mail = s->refusedrcpt = s->toomany = s->over = false;
	s->nrcpt = 0;
	str_clear(&s->from);
	str_clear(&s->rcpts);
	str_clear(&s->mailparams);
	str_clear(&s->rcptparams);
}

/* A new command. */
static void
begin(struct session *s)
{
	if (s->over)
		transaction_reset(s);
	s->refused = 0;
	s->counted = false;
	str_clear(&s->rcpt);
	str_clear(&s->params);
	s->ncommands++;
}

/* After every event: what the limits say. */
static enum effect
settle(struct session *s, enum effect e)
{
	const struct conf *c = s->conf;

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
	return settle(s, EFFECT_NONE);
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
		what = "one MAIL at a time; RSET forgets it";
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

static enum effect
dispatch(struct session *s, const struct verb *v, const char *arg, size_t n,
	bool more)
{
	enum effect e;

	/* The reply decides what follows means (RFC 2920 3.1): a client that
	 * did not wait for it may be sending somebody else's bytes. */
	if ((v->flags & VERB_LAST) && more) {
		session_reply(s, 554, "5.5.0", "input came before its turn");
		return session_lost(s, "early");
	}
	if (!in_order(s, v, n))
		return EFFECT_NONE;
	e = v->run(s, arg, n);
	if ((v->flags & VERB_RESETS) && !s->refused)
		s->over = true;
	return e;
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

	begin(s);
	for (i = 0; i < n; i++)
		if ((p[i] >= 0 && p[i] < 32 && p[i] != '\t') || p[i] == 127)
			break;
	while (n && blank(p[n - 1]))
		n--;
	while (word < n && !blank(p[word]))
		word++;
	v = verb_find(p, word);
	if ((!v || !(v->flags & VERB_FREE)) && c->maxcommands &&
		++s->commands > c->maxcommands)
		return settle(s, session_close(s, "commands", "4.7.0",
					 "too many commands without mail"));
	if (i < n) {
		session_reply(s, 500, "5.5.2", "control character in command");
		return settle(s, EFFECT_NONE);
	}
	if (!v) {
		session_reply(s, 500, "5.5.1", "unknown command");
		return settle(s, EFFECT_NONE);
	}
	while (word < n && blank(p[word]))
		word++;
	return settle(s, dispatch(s, v, p + word, n - word, more));
}

enum effect
session_longline(struct session *s)
{
	begin(s);
	s->commands++;
	session_reply(s, 500, "5.5.2", "line too long");
	return settle(s, EFFECT_NONE);
}

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

enum effect
session_answer(struct session *s, const struct answer *a)
{
	if (s->asked == EFFECT_SENDER)
		return settle(s, answer_sender(s, a));
	return settle(s, answer_rcpt(s, a));
}

enum effect
session_opened(struct session *s, bool opened)
{
	if (opened) {
		session_reply(s, 354, NULL, "go on, end with CRLF.CRLF");
		return settle(s, EFFECT_DATA);
	}
	session_reply(s, 451, "4.3.0", "unable to start the queue program");
	s->over = true;
	return settle(s, EFFECT_NONE);
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
			return settle(s, EFFECT_NONE);
		}
	return settle(s, EFFECT_COMMIT);
}

enum effect
session_verdict(struct session *s, const struct qverdict *v, int64_t now)
{
	struct str text = STR_INIT(256);

	if (v->class != STATUS_ACCEPTED) {
		session_reply(s, v->smtp, v->enhanced, v->text);
		return settle(s, EFFECT_NONE);
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
	return settle(s, EFFECT_NONE);
}

enum effect
session_timeout(struct session *s)
{
	begin(s);
	s->ncommands--;
	return session_close(s, "timeout", "4.4.2", "timeout");
}

enum effect
session_lost(struct session *s, const char *why)
{
	s->state = SESSION_CLOSED;
	s->end = why;
	return EFFECT_CLOSE;
}

/* The client's word for itself, of which only what may stand in a domain or a
 * literal is repeated. */
static void
put_helo(struct str *out, const struct str *helo)
{
	for (size_t i = 0; i < helo->len; i++) {
		char c = helo->s[i];

		str_putc(out, ascii_isalnum(c) || (c && strchr(".-_:[]", c))
				      ? c
				      : '?');
	}
}

/* "[192.0.2.1]" or "[IPv6:2001:db8::1]" (RFC 5321 4.1.3). */
static void
put_ip(struct str *out, const char *ip)
{
	struct ipaddr a;
	char text[IPADDR_FMT];

	if (!ipaddr_parse(ip, strlen(ip), &a)) {
		str_puts(out, "[unknown]");
		return;
	}
	ipaddr_fmt(text, &a);
	str_puts(out, a.family == AF_INET6 ? "[IPv6:" : "[");
	str_puts(out, text);
	str_putc(out, ']');
}

void
session_received(const struct session *s, int64_t now, struct str *out)
{
	const struct conf *c = s->conf;
	char date[STAMP_FMT];
	struct str host = STR_INIT(HELO_MAX);

	str_puts(out, "Received: from ");
	put_helo(out, &s->helo);
	if (c->remoteip) {
		str_puts(out, " (");
		if (c->remotehost) {
			str_puts(&host, c->remotehost);
			put_helo(out, &host);
			str_putc(out, ' ');
		}
		put_ip(out, c->remoteip);
		str_putc(out, ')');
	}
	str_puts(out, "\n  by ");
	str_put(out, c->me.s, c->me.len);
	str_puts(out, s->esmtp ? " with ESMTP" : " with SMTP");
	if (s->nrcpt == 1 && s->rcpts.len <= RECEIVED_FOR_MAX) {
		str_puts(out, "\n  for <");
		addr_quote(out, s->rcpts.s, s->rcpts.len - 1);
		str_putc(out, '>');
	}
	str_puts(out, "; ");
	str_put(out, date, stamp_date(date, now));
	str_putc(out, '\n');
	str_free(&host);
}
