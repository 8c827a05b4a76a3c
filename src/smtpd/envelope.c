/* SPDX-License-Identifier: 0BSD */
/* MAIL, RCPT, VRFY: addresses and their parameters. */
#include <string.h>

#include "lib/ascii.h"
#include "lib/num.h"
#include "mail/addr.h"
#include "smtpd/verbs.h"
#include "wire/notify.h"
#include "wire/site.h"

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
	s->size = size;
	return true;
}

/* AUTH=<> or an address: who gave the message to the client, for servers that
 * trust each other (RFC 4954 5). We trust nobody's word. */
static bool
take_auth(struct session *s, const char *value, size_t n)
{
	struct str text = STR_INIT(ADDR_MAX);
	bool good = value && notify_decode(&text, value, n);

	str_free(&text);
	if (!good)
		session_reply(s, 501, "5.5.4", "AUTH is no xtext");
	return good;
}

/* RFC 6531 3.4: for this transaction, mailboxes may be UTF-8; recipients come
 * later, so what was said stays to be seen. */
static bool
take_utf8(struct session *s, const char *value, size_t n)
{
	(void)n;
	if (value) {
		session_reply(s, 501, "5.5.4", "SMTPUTF8 takes no value");
		return false;
	}
	s->utf8 = true;
	str_puts(&s->params, "SMTPUTF8=");
	str_putc(&s->params, 0);
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
	{ "SMTPUTF8", take_utf8 },
	{ "AUTH", take_auth },
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

/* What addr_path said, when it was not good; utf8: SMTPUTF8 applies. */
static bool
good_path(
	struct session *s, enum addr_result r, bool utf8, const char *enhanced)
{
	switch (r) {
	case ADDR_UTF8:
		if (utf8)
			return true;
		session_reply(s, 553, "5.6.7", "address needs SMTPUTF8");
		break;
	case ADDR_NONASCII:
		session_reply(s, 553, "5.6.7", "address is not UTF-8");
		break;
	case ADDR_LONG:
		session_reply(s, 501, enhanced, "address too long");
		break;
	case ADDR_SYNTAX:
		session_reply(
			s, 501, enhanced, "address is not <local@domain>");
		break;
	case ADDR_OK:
		return true;
	}
	return false;
}

/* "FROM:<path> params" or "TO:<path> params". enhanced is the code for a bad
 * path. False: it has replied. */
static bool
take_path(struct session *s, const char *p, size_t n, const char *keyword,
	struct str *out, const char *enhanced, const struct param *table)
{
	size_t klen = strlen(keyword), used = 0;
	enum addr_result r;

	if (n < klen || !ascii_caseeqn(p, keyword, klen)) {
		session_reply(s, 501, "5.5.4",
			"the command is MAIL FROM:<...> or RCPT TO:<...>");
		return false;
	}
	/* no blank may follow the colon, but some clients put one */
	for (p += klen, n -= klen; n && *p == ' '; p++)
		n--;
	r = addr_path(out, p, n, &used);
	/* SMTPUTF8 comes after MAIL's path, and before RCPT's */
	return good_path(s, r, true, enhanced) &&
	       take_params(s, table, p + used, n - used) &&
	       good_path(s, r, s->utf8, enhanced);
}

enum effect
verb_mail(struct session *s, const char *arg, size_t n)
{
	const struct conf *c = s->conf;

	if (c->maxmessages && s->nmessages >= c->maxmessages)
		return session_close(s, "messages", "4.7.0",
			"too many messages in one session");
	if (c->tlsrequired && !s->tls) {
		session_reply(s, 530, "5.7.0", "say STARTTLS first");
		return EFFECT_NONE;
	}
	if (c->submission && !s->user.len) {
		session_reply(s, 530, "5.7.0", "authentication required");
		return EFFECT_NONE;
	}
	/* a refused sender stays for the log and ends like a transaction */
	s->over = true;
	if (!take_path(s, arg, n, "FROM:", &s->from, "5.1.7", mail_params))
		return EFFECT_NONE;
	s->over = false;
	return EFFECT_SENDER;
}

enum effect
verb_rcpt(struct session *s, const char *arg, size_t n)
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

/* Its argument as a mailbox, with or without brackets, perhaps with SMTPUTF8
 * (RFC 6531 3.4). Whether there is such a user is not everybody's business:
 * only control/vrfy makes it so. */
static enum effect
ask_mailbox(struct session *s, const char *arg, size_t n)
{
	enum addr_result r;
	size_t used = 0;
	bool utf8;

	if (*arg == '<') {
		r = addr_path(&s->rcpt, arg, n, &used);
	} else {
		while (used < n && arg[used] != ' ' && arg[used] != '\t')
			used++;
		r = addr_mailbox(&s->rcpt, arg, used);
	}
	while (used < n && (arg[used] == ' ' || arg[used] == '\t'))
		used++;
	utf8 = n - used == 8 && ascii_caseeqn(arg + used, "SMTPUTF8", 8);
	if (!good_path(s, r, utf8, "5.1.3"))
		return EFFECT_NONE;
	if (!s->rcpt.len || (used < n && !utf8)) {
		session_reply(s, 501, "5.5.4", "argument is not one mailbox");
		return EFFECT_NONE;
	}
	return EFFECT_VRFY;
}

enum effect
verb_vrfy(struct session *s, const char *arg, size_t n)
{
	if (!n) {
		session_reply(s, 501, "5.5.4", "verify whom?");
		return EFFECT_NONE;
	}
	if (s->conf->vrfy)
		return ask_mailbox(s, arg, n);
	session_reply(s, 252, "2.0.0",
		"cannot say, but will take mail for it as RCPT tells");
	return EFFECT_NONE;
}

/* A list is an address like others to SMTP: its members are not told. */
enum effect
verb_expn(struct session *s, const char *arg, size_t n)
{
	if (s->conf->vrfy)
		return verb_vrfy(s, arg, n);
	session_reply(s, 502, "5.5.1", "command not offered");
	return EFFECT_NONE;
}
