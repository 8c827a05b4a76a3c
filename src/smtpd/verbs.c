/* SPDX-License-Identifier: 0BSD */
#include "smtpd/verbs.h"

#include <string.h>

#include "lib/ascii.h"
#include "lib/num.h"
#include "mail/addr.h"
#include "wire/notify.h"

/* One extension parameter of MAIL or RCPT (RFC 5321 4.1.1.11). value is NULL
 * when there is no "=". Returns false when it has replied. */
struct param {
	const char *name;
	bool (*take)(struct session *s, const char *value, size_t n);
};

static bool
take_size(struct session *s, const char *value, size_t n)
{
	uint64_t size, limit = s->conf->databytes;

	if (!value || n > 20 || !num_parse(value, n, UINT64_MAX, &size)) {
		session_reply(s, 501, "5.5.4", "SIZE is not a number");
		return false;
	}
	if (limit && size > limit) {
		session_reply(s, 552, "5.3.4", "message too large");
		return false;
	}
	return true;
}

static bool
take_body(struct session *s, const char *value, size_t n)
{
	if (value && ((n == 4 && ascii_caseeqn(value, "7BIT", n)) ||
			     (n == 8 && ascii_caseeqn(value, "8BITMIME", n))))
		return true;
	session_reply(s, 501, "5.5.4", "BODY is 7BIT or 8BITMIME");
	return false;
}

/* A parameter of RFC 3461 becomes a P record as it came, when it is good. */
static bool
keep(struct session *s, bool good, const char *key, const char *value, size_t n,
	const char *refusal)
{
	if (!value || !good) {
		session_reply(s, 501, "5.5.4", refusal);
		return false;
	}
	str_puts(&s->params, key);
	str_put(&s->params, value, n);
	str_putc(&s->params, 0);
	return true;
}

static bool
take_ret(struct session *s, const char *value, size_t n)
{
	return keep(s, notify_isret(value, n), "RET=", value, n,
		"RET is FULL or HDRS");
}

static bool
take_envid(struct session *s, const char *value, size_t n)
{
	return keep(s, notify_isenvid(value, n), "ENVID=", value, n,
		"ENVID is xtext of at most 100 bytes");
}

static bool
take_notify(struct session *s, const char *value, size_t n)
{
	return keep(s, notify_parse(value, n), "NOTIFY=", value, n,
		"NOTIFY is NEVER or of SUCCESS, FAILURE, DELAY");
}

static bool
take_orcpt(struct session *s, const char *value, size_t n)
{
	return keep(s, notify_isorcpt(value, n), "ORCPT=", value, n,
		"ORCPT is type;xtext of at most 500 bytes");
}

static const struct param mail_params[] = {
	{ "SIZE", take_size },
	{ "BODY", take_body },
	{ "RET", take_ret },
	{ "ENVID", take_envid },
	{ NULL, NULL },
};

static const struct param rcpt_params[] = {
	{ "NOTIFY", take_notify },
	{ "ORCPT", take_orcpt },
	{ NULL, NULL },
};

static bool
bad_param(struct session *s)
{
	session_reply(s, 501, "5.5.4", "malformed parameter");
	return false;
}

static bool
take_param(struct session *s, const struct param *table, unsigned *seen,
	const char *p, size_t n)
{
	size_t key = 0;

	while (key < n && (ascii_isalnum(p[key]) || (key && p[key] == '-')))
		key++;
	if (!key || (key < n && p[key] != '=') || key + 1 == n)
		return bad_param(s);
	for (size_t i = key + 1; i < n; i++)
		if (!ascii_isgraph(p[i]) || p[i] == '=')
			return bad_param(s);
	for (size_t i = 0; table[i].name; i++) {
		if (strlen(table[i].name) != key ||
			!ascii_caseeqn(table[i].name, p, key))
			continue;
		if (*seen & 1u << i)
			return bad_param(s);
		*seen |= 1u << i;
		return table[i].take(s, key < n ? p + key + 1 : NULL,
			key < n ? n - key - 1 : 0);
	}
	session_reply(s, 555, "5.5.4", "unknown parameter");
	return false;
}

static bool
take_params(
	struct session *s, const struct param *table, const char *p, size_t n)
{
	unsigned seen = 0;

	while (n) {
		size_t word = 0;

		/* the path, or the last parameter, must be followed by SP */
		if (*p != ' ' && *p != '\t')
			return bad_param(s);
		while (n && (*p == ' ' || *p == '\t'))
			p++, n--;
		while (word < n && p[word] != ' ' && p[word] != '\t')
			word++;
		if (word && !take_param(s, table, &seen, p, word))
			return false;
		p += word;
		n -= word;
	}
	return true;
}

/* "FROM:<path> params" or "TO:<path> params". enhanced is the code for a bad
 * path. False: it has replied. */
static bool
take_path(struct session *s, const char *p, size_t n, const char *keyword,
	struct str *out, const char *enhanced, const struct param *table)
{
	size_t klen = strlen(keyword), used = 0;

	if (n < klen || !ascii_caseeqn(p, keyword, klen)) {
		session_reply(s, 501, "5.5.4",
			"the command is MAIL FROM:<...> or RCPT TO:<...>");
		return false;
	}
	/* no blank may follow the colon, but some clients put one */
	for (p += klen, n -= klen; n && *p == ' '; p++)
		n--;
	switch (addr_path(out, p, n, &used)) {
	case ADDR_OK:
		return take_params(s, table, p + used, n - used);
	case ADDR_LONG:
		session_reply(s, 501, enhanced, "address too long");
		break;
	case ADDR_UTF8:
	case ADDR_NONASCII:
		session_reply(s, 553, "5.6.7", "address is not ASCII");
		break;
	case ADDR_SYNTAX:
		session_reply(
			s, 501, enhanced, "address is not <local@domain>");
		break;
	}
	return false;
}

static bool
take_helo(struct session *s, const char *arg, size_t n)
{
	struct str name = STR_INIT(s->helo.max);
	size_t i = 0;

	while (i < n && ascii_isgraph(arg[i]))
		i++;
	/* what follows a blank is ignored, as comments of old clients are */
	if (!i || i > name.max || (i < n && arg[i] != ' ')) {
		session_reply(s, 501, "5.5.4", "say who you are");
		return false;
	}
	str_clear(&s->helo);
	str_put(&s->helo, arg, i);
	return true;
}

static enum effect
helo(struct session *s, const char *arg, size_t n)
{
	if (!take_helo(s, arg, n))
		return EFFECT_NONE;
	s->esmtp = false;
	session_reply(s, 250, NULL, s->conf->me.s);
	return EFFECT_NONE;
}

static enum effect
ehlo(struct session *s, const char *arg, size_t n)
{
	if (!take_helo(s, arg, n))
		return EFFECT_NONE;
	s->esmtp = true;
	str_puts(&s->out, "250-");
	str_put(&s->out, s->conf->me.s, s->conf->me.len);
	str_puts(&s->out, "\r\n250-PIPELINING\r\n250-SIZE ");
	str_putnum(&s->out, s->conf->databytes);
	str_puts(&s->out, "\r\n250-8BITMIME\r\n250-DSN\r\n");
	session_reply(s, 250, NULL, "ENHANCEDSTATUSCODES");
	return EFFECT_NONE;
}

static enum effect
mail(struct session *s, const char *arg, size_t n)
{
	const struct conf *c = s->conf;

	if (c->maxmessages && s->nmessages >= c->maxmessages)
		return session_close(s, "messages", "4.7.0",
			"too many messages in one session");
	/* a refused sender stays for the log and ends like a transaction */
	s->over = true;
	if (!take_path(s, arg, n, "FROM:", &s->from, "5.1.7", mail_params))
		return EFFECT_NONE;
	s->over = false;
	return EFFECT_SENDER;
}

static enum effect
rcpt(struct session *s, const char *arg, size_t n)
{
	const struct conf *c = s->conf;

	if (!take_path(s, arg, n, "TO:", &s->rcpt, "5.1.3", rcpt_params)) {
		s->refusedrcpt = true;
		return EFFECT_NONE;
	}
	if (!s->rcpt.len) {
		session_reply(s, 501, "5.1.3", "no recipient in <>");
		s->refusedrcpt = true;
		return EFFECT_NONE;
	}
	if (c->maxrcpt && s->nrcpt >= c->maxrcpt) {
		session_reply(s, 452, "4.5.3", "too many recipients");
		/* The client is to send the rest later (RFC 5321 4.5.3.1.10),
		 * so this is no error of its, and worth one log line only. */
		s->counted = false;
		if (s->toomany)
			s->refused = 0;
		s->toomany = true;
		return EFFECT_NONE;
	}
	return EFFECT_RCPT;
}

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
vrfy(struct session *s, const char *arg, size_t n)
{
	(void)arg;
	if (!n)
		session_reply(s, 501, "5.5.4", "verify whom?");
	else
		session_reply(s, 252, "2.0.0",
			"cannot say, but will take mail for it as RCPT tells");
	return EFFECT_NONE;
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
	{ "EHLO", VERB_LAST | VERB_RESETS, ehlo },
	{ "HELO", VERB_LAST | VERB_RESETS, helo },
	{ "MAIL", VERB_HELO | VERB_NOMAIL, mail },
	{ "RCPT", VERB_HELO | VERB_MAIL | VERB_FREE, rcpt },
	{ "DATA", VERB_HELO | VERB_MAIL | VERB_RCPT | VERB_NOARG | VERB_LAST,
		data },
	{ "RSET", VERB_NOARG | VERB_RESETS, ok },
	{ "NOOP", 0, ok },
	{ "QUIT", VERB_NOARG, quit },
	{ "HELP", 0, help },
	{ "VRFY", 0, vrfy },
	{ "EXPN", VERB_HIDDEN, notoffered },
	{ "ETRN", VERB_HIDDEN, notoffered },
	{ "AUTH", VERB_HIDDEN, notoffered },
	{ "STARTTLS", VERB_HIDDEN, notoffered },
	{ "BDAT", VERB_HIDDEN, notoffered },
	{ "TURN", VERB_HIDDEN, notoffered },
	{ "SEND", VERB_HIDDEN, notoffered },
	{ "SOML", VERB_HIDDEN, notoffered },
	{ "SAML", VERB_HIDDEN, notoffered },
};

static enum effect
help(struct session *s, const char *arg, size_t n)
{
	struct str list = STR_INIT(256);

	(void)arg, (void)n;
	str_puts(&list, "commands:");
	for (size_t i = 0; i < sizeof verbs / sizeof *verbs; i++) {
		if (verbs[i].flags & VERB_HIDDEN)
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
