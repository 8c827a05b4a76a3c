/* SPDX-License-Identifier: 0BSD */
/* MAIL, RCPT, VRFY, EXPN: commands with an address. */
#include <string.h>

#include "lib/ascii.h"
#include "mail/addr.h"
#include "smtpd/verbs.h"

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
	struct str *out, const char *enhanced,
	bool (*params)(struct session *, const char *, size_t))
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
	       params(s, p + used, n - used) &&
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
	if (!take_path(s, arg, n, "FROM:", &s->from, "5.1.7", params_mail))
		return EFFECT_NONE;
	s->over = false;
	return EFFECT_SENDER;
}

enum effect
verb_rcpt(struct session *s, const char *arg, size_t n)
{
	const struct conf *c = s->conf;

	if (!take_path(s, arg, n, "TO:", &s->rcpt, "5.1.3", params_rcpt)) {
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
