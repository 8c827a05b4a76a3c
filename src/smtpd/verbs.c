/* SPDX-License-Identifier: 0BSD */
#include "smtpd/verbs.h"

#include <string.h>

#include "lib/ascii.h"
#include "mail/addr.h"

static enum effect
data(struct session *s, const char *arg, size_t n)
{
	(void)s, (void)arg, (void)n;
	return EFFECT_OPEN;
}

static enum effect
ok(struct session *s, const char *arg, size_t n)
{
	(void)arg, (void)n;
	session_reply(s, 250, "2.0.0", "ok");
	return EFFECT_NONE;
}

static enum effect
quit(struct session *s, const char *arg, size_t n)
{
	(void)arg, (void)n;
	session_reply(s, 221, "2.0.0", s->conf->me.s);
	return session_lost(s, "quit");
}

static enum effect
etrn(struct session *s, const char *arg, size_t n)
{
	if (!s->conf->etrn) {
		session_reply(s, 502, "5.5.1", "command not offered");
		return EFFECT_NONE;
	}
	/* neither @DOMAIN nor #QUEUE of RFC 1985 */
	if (!n || *arg == '[' || !addr_isdomain(arg, n)) {
		session_reply(s, 501, "5.5.4", "argument is not a domain");
		return EFFECT_NONE;
	}
	str_put(&s->arg, arg, n);
	return EFFECT_ETRN;
}

static enum effect
notoffered(struct session *s, const char *arg, size_t n)
{
	(void)arg, (void)n;
	session_reply(s, 502, "5.5.1", "command not offered");
	return EFFECT_NONE;
}

static enum effect help(struct session *s, const char *arg, size_t n);

static const struct verb verbs[] = {
	{ "EHLO", VERB_LAST, verb_ehlo },
	{ "HELO", VERB_LAST, verb_helo },
	{ "STARTTLS", VERB_HELO | VERB_NOMAIL | VERB_NOARG | VERB_LAST,
		verb_starttls },
	{ "AUTH", VERB_HELO | VERB_NOMAIL | VERB_LAST, verb_auth },
	{ "MAIL", VERB_HELO | VERB_NOMAIL, verb_mail },
	{ "RCPT", VERB_HELO | VERB_MAIL | VERB_FREE, verb_rcpt },
	{ "DATA", VERB_HELO | VERB_MAIL | VERB_RCPT | VERB_NOARG | VERB_LAST,
		data },
	{ "RSET", VERB_NOARG | VERB_RESETS, ok },
	{ "NOOP", VERB_LAST, ok },
	/* what follows QUIT is not read */
	{ "QUIT", VERB_NOARG, quit },
	{ "HELP", 0, help },
	{ "VRFY", VERB_LAST, verb_vrfy },
	{ "EXPN", VERB_LAST, verb_expn },
	{ "ETRN", VERB_HELO, etrn },
	{ "BDAT", 0, notoffered },
	{ "TURN", VERB_LAST, notoffered },
	{ "SEND", 0, notoffered },
	{ "SOML", 0, notoffered },
	{ "SAML", 0, notoffered },
};

static bool
offered(const struct session *s, const struct verb *v)
{
	const struct conf *c = s->conf;

	if (v->run == verb_auth)
		return auth_offered(s) && auth_allowed(s);
	if (v->run == verb_starttls)
		return c->starttls && !s->tls;
	if (v->run == verb_expn)
		return c->vrfy;
	if (v->run == etrn)
		return c->etrn;
	return v->run != notoffered;
}

static enum effect
help(struct session *s, const char *arg, size_t n)
{
	struct str list = STR_INIT(256);

	(void)arg, (void)n;
	str_puts(&list, "commands:");
	for (size_t i = 0; i < sizeof verbs / sizeof *verbs; i++) {
		if (!offered(s, &verbs[i]))
			continue;
		str_putc(&list, ' ');
		str_puts(&list, verbs[i].name);
	}
	session_reply(s, 214, "2.0.0", str_c(&list));
	str_free(&list);
	return EFFECT_NONE;
}

const struct verb *
verb_find(const char *p, size_t n)
{
	for (size_t i = 0; i < sizeof verbs / sizeof *verbs; i++)
		if (strlen(verbs[i].name) == n &&
			ascii_caseeqn(verbs[i].name, p, n))
			return &verbs[i];
	return NULL;
}
