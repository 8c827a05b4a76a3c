/* SPDX-License-Identifier: 0BSD */
/* HELO, EHLO, STARTTLS: who the client is and what it may use. */
#include "lib/ascii.h"
#include "smtpd/verbs.h"

bool
auth_offered(const struct session *s)
{
	return s->conf->auth;
}

bool
auth_allowed(const struct session *s)
{
	return s->tls || (s->conf->authplain && !s->conf->tlsrequired);
}

static enum effect
take_name(struct session *s, const char *arg, size_t n)
{
	size_t i = 0;

	while (i < n && ascii_isgraph(arg[i]))
		i++;
	/* what follows a blank is ignored, as comments of old clients are */
	if (!i || i > s->arg.max || (i < n && arg[i] != ' ')) {
		session_reply(s, 501, "5.5.4", "say who you are");
		return EFFECT_NONE;
	}
	str_put(&s->arg, arg, i);
	return EFFECT_HELO;
}

enum effect
verb_helo(struct session *s, const char *arg, size_t n)
{
	s->ehlo = false;
	return take_name(s, arg, n);
}

enum effect
verb_ehlo(struct session *s, const char *arg, size_t n)
{
	s->ehlo = true;
	return take_name(s, arg, n);
}

static void
keyword(struct session *s, const char *text)
{
	str_puts(&s->out, "250-");
	str_puts(&s->out, text);
	str_puts(&s->out, "\r\n");
}

/* RFC 9422: so that a client need not run into them. */
static void
limits(struct session *s)
{
	const struct conf *c = s->conf;

	if (!c->maxrcpt && !c->maxmessages)
		return;
	str_puts(&s->out, "250-LIMITS");
	if (c->maxmessages) {
		str_puts(&s->out, " MAILMAX=");
		str_putnum(&s->out, c->maxmessages);
	}
	if (c->maxrcpt) {
		str_puts(&s->out, " RCPTMAX=");
		str_putnum(&s->out, c->maxrcpt);
	}
	str_puts(&s->out, "\r\n");
}

void
hello_reply(struct session *s)
{
	const struct conf *c = s->conf;

	if (!s->esmtp) {
		session_reply(s, 250, NULL, c->me.s);
		return;
	}
	keyword(s, c->me.s);
	keyword(s, "PIPELINING");
	str_puts(&s->out, "250-SIZE ");
	str_putnum(&s->out, c->databytes);
	str_puts(&s->out, "\r\n");
	keyword(s, "8BITMIME");
	keyword(s, "SMTPUTF8");
	keyword(s, "DSN");
	limits(s);
	if (c->etrn)
		keyword(s, "ETRN");
	if (c->starttls && !s->tls)
		keyword(s, "STARTTLS");
	if (auth_offered(s) && auth_allowed(s))
		keyword(s, "AUTH PLAIN LOGIN");
	session_reply(s, 250, NULL, "ENHANCEDSTATUSCODES");
}

enum effect
verb_starttls(struct session *s, const char *arg, size_t n)
{
	(void)arg, (void)n;
	if (s->tls) {
		session_reply(s, 503, "5.5.1", "TLS is there already");
		return EFFECT_NONE;
	}
	if (!s->conf->starttls) {
		session_reply(s, 502, "5.5.1", "command not offered");
		return EFFECT_NONE;
	}
	return EFFECT_TLS;
}
