/* SPDX-License-Identifier: 0BSD */
/* AUTH PLAIN and LOGIN (RFC 4954, 4616): from the exchange to a user name and a
 * password, which quill-authd is asked about. */
#include <string.h>

#include "lib/ascii.h"
#include "lib/base64.h"
#include "smtpd/verbs.h"

void
auth_end(struct session *s)
{
	s->auth = AUTH_NONE;
	if (s->password.len)
		explicit_bzero(s->password.s, s->password.len);
	str_clear(&s->password);
}

static enum effect
refuse(struct session *s, int code, const char *enhanced, const char *text)
{
	auth_end(s);
	session_reply(s, code, enhanced, text);
	return EFFECT_NONE;
}

static enum effect
malformed(struct session *s)
{
	return refuse(s, 501, "5.5.2", "malformed response");
}

/* n bytes without NUL and control characters. */
static bool
take(struct str *out, const char *p, size_t n)
{
	str_clear(out);
	for (size_t i = 0; i < n; i++)
		if ((unsigned char)p[i] < 32 || p[i] == 127)
			return false;
	str_put(out, p, n);
	return n && !out->over;
}

/* "authorize NUL user NUL password": to act for another is not offered. */
static enum effect
plain(struct session *s, const char *p, size_t n)
{
	const char *user = memchr(p, 0, n), *pass;
	size_t zlen = user ? (size_t)(user - p) : n, left = n - zlen;

	pass = left > 1 ? memchr(++user, 0, left - 1) : NULL;
	if (!pass || !take(&s->login, user, (size_t)(pass - user)) ||
		!take(&s->password, pass + 1, (size_t)(p + n - pass) - 1))
		return malformed(s);
	if (zlen && (zlen != s->login.len || memcmp(p, s->login.s, zlen)))
		return refuse(s, 535, "5.7.8", "cannot act for another user");
	s->auth = AUTH_NONE;
	return EFFECT_AUTH;
}

static enum effect
challenge(struct session *s, enum session_auth next, const char *text)
{
	s->auth = next;
	session_reply(s, 334, NULL, text);
	return EFFECT_NONE;
}

static enum effect
response(struct session *s, const char *p, size_t n)
{
	switch (s->auth) {
	case AUTH_PLAIN:
		return plain(s, p, n);
	case AUTH_LOGIN_USER:
		if (!take(&s->login, p, n))
			return malformed(s);
		return challenge(s, AUTH_LOGIN_PASSWORD, "UGFzc3dvcmQ6");
	case AUTH_LOGIN_PASSWORD:
		if (!take(&s->password, p, n))
			return malformed(s);
		s->auth = AUTH_NONE;
		return EFFECT_AUTH;
	case AUTH_NONE:
		break;
	}
	return malformed(s);
}

enum effect
auth_line(struct session *s, const char *p, size_t n)
{
	struct str text =
		STR_INIT(s->login.max + s->login.max + s->password.max + 2);
	enum effect e;

	if (n == 1 && *p == '*')
		return refuse(s, 501, "5.7.0", "cancelled");
	if (base64_decode(&text, p, n) && !text.over)
		e = response(s, str_c(&text), text.len);
	else
		e = malformed(s);
	if (text.s)
		explicit_bzero(text.s, text.len);
	str_free(&text);
	return e;
}

/* May AUTH be said here? If not, that has been said. */
static bool
in_place(struct session *s)
{
	if (!auth_offered(s))
		session_reply(s, 502, "5.5.1", "command not offered");
	else if (!s->esmtp)
		session_reply(s, 503, "5.5.1", "say EHLO first");
	else if (s->user.len)
		session_reply(s, 503, "5.5.1", "you are known already");
	else if (s->conf->tlsrequired && !s->tls)
		session_reply(s, 530, "5.7.0", "say STARTTLS first");
	else if (!auth_allowed(s))
		session_reply(
			s, 538, "5.7.11", "not in plain text: STARTTLS first");
	else
		return true;
	return false;
}

enum effect
verb_auth(struct session *s, const char *arg, size_t n)
{
	static const struct {
		const char *name;
		enum session_auth first;
		const char *challenge;
	} mechanisms[] = {
		{ "PLAIN", AUTH_PLAIN, "" },
		{ "LOGIN", AUTH_LOGIN_USER, "VXNlcm5hbWU6" },
	};
	size_t word = 0, m = 0;

	if (!in_place(s))
		return EFFECT_NONE;
	while (word < n && arg[word] != ' ')
		word++;
	while (m < 2 &&
		(word != 5 || !ascii_caseeqn(arg, mechanisms[m].name, 5)))
		m++;
	if (m == 2) {
		session_reply(
			s, n ? 504 : 501, "5.5.4", "mechanisms: PLAIN, LOGIN");
		return EFFECT_NONE;
	}
	if (word == n)
		return challenge(
			s, mechanisms[m].first, mechanisms[m].challenge);
	while (word < n && arg[word] == ' ')
		word++;
	s->auth = mechanisms[m].first;
	/* "=" is an initial response of no bytes (RFC 4954 4) */
	if (n - word == 1 && arg[word] == '=')
		return auth_line(s, "", 0);
	return auth_line(s, arg + word, n - word);
}
