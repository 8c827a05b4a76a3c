/* SPDX-License-Identifier: 0BSD */
#include "smtpd/conf.h"

#include <stdlib.h>
#include <string.h>

#include "lib/ascii.h"
#include "lib/control.h"
#include "lib/num.h"
#include "smtpd/clients.h"
#include "wire/tls.h"

enum {
	NAME_MAX_BYTES = 255,	  /* of me */
	GREETING_MAX = 400,	  /* RFC 5321 4.5.3.1.5: 512 for the line */
	SECONDS_MAX = 10 * 86400, /* of any time-out */
};

/* A number: a control file, or its twin in the environment. */
struct number {
	const char *name, *twin;
	uint64_t min, max;
	uint64_t *value;
};

static const char *
env(const char *name)
{
	const char *value = getenv(name);

	return value && *value ? value : NULL;
}

static bool
read_number(const struct number *n)
{
	const char *value = getenv(n->twin);

	if (!value)
		return control_num(n->name, n->min, n->max, n->value) !=
		       CONTROL_BAD;
	if (num_parses(value, n->max, n->value) && *n->value >= n->min)
		return true;
	return control_bad(n->name, 0,
		       "its twin in the environment is no number "
		       "or out of range") != CONTROL_BAD;
}

/* ::ffff:192.0.2.1 is 192.0.2.1 in logs and Received, as it is without PROTO
 * being TCP6. */
static void
usual_form(struct conf *c)
{
	struct ipaddr a;

	if (!c->remoteip || !ipaddr_parse(c->remoteip, strlen(c->remoteip), &a))
		return;
	ipaddr_fmt(c->ip, &a);
	c->remoteip = c->ip;
}

static bool
printable(const struct str *s)
{
	for (size_t i = 0; i < s->len; i++)
		if (s->s[i] != ' ' && !ascii_isgraph(s->s[i]))
			return false;
	return true;
}

static bool
read_names(struct conf *c)
{
	str_init(&c->me, NAME_MAX_BYTES);
	str_init(&c->greeting, GREETING_MAX);
	switch (control_line("me", &c->me)) {
	case CONTROL_BAD:
		return false;
	case CONTROL_ABSENT:
		control_bad("me", 0, "needed, but missing or empty");
		return false;
	case CONTROL_OK:
		break;
	}
	switch (control_line("smtpgreeting", &c->greeting)) {
	case CONTROL_BAD:
		return false;
	case CONTROL_ABSENT:
		str_put(&c->greeting, c->me.s, c->me.len);
		break;
	case CONTROL_OK:
		break;
	}
	str_c(&c->me);
	if (!printable(&c->me))
		control_bad("me", 1, "not printable");
	else if (!printable(&c->greeting))
		control_bad("smtpgreeting", 1, "not printable");
	else
		return true;
	return false;
}

/* A word out of words, which end in NULL: its index. Like a number's, its twin
 * in the environment comes first. */
static bool
read_word(const char *name, const char *twin, const char *const *words,
	size_t *value)
{
	struct str line = STR_INIT(CONTROL_LINE_MAX);
	const char *env_value = getenv(twin);
	enum control got = CONTROL_OK;

	if (env_value)
		str_puts(&line, env_value);
	else
		got = control_line(name, &line);
	if (got == CONTROL_OK) {
		got = CONTROL_BAD;
		for (size_t i = 0; got == CONTROL_BAD && words[i]; i++)
			if (ascii_caseis(str_c(&line), words[i])) {
				*value = i;
				got = CONTROL_OK;
			}
		if (got == CONTROL_BAD)
			got = control_bad(name, env_value ? 0 : 1,
				env_value ? "its twin in the environment is "
					    "none of the words it can be"
					  : "none of the words it can be");
	}
	str_free(&line);
	return got != CONTROL_BAD;
}

static bool
read_flag(const char *name, const char *twin, bool *value)
{
	static const char *const words[] = { "no", "yes", NULL };
	size_t word = *value;
	bool good = read_word(name, twin, words, &word);

	*value = word;
	return good;
}

/* A wrapper that does TLS for us (UCSPI-TLS). */
static bool
have_wrapper(void)
{
	return env("SSLCTLFD") && env("SSLREADFD") && env("SSLWRITEFD");
}

static bool
read_tls(struct conf *c)
{
	static const char *const words[] = { "no", "yes", "require", NULL };
	size_t word = 1;

	if (!read_word("starttls", "STARTTLS", words, &word))
		return false;
	c->starttls = word && !c->implicit &&
		      (have_wrapper() || tls_present(TLS_AS_SERVER));
	c->tlsrequired = word == 2;
	return true;
}

static bool
read_auth(struct conf *c)
{
	static const char *const words[] = { "no", "submission", "yes", NULL };
	size_t word = 1;

	if (!read_word("auth", "AUTH", words, &word))
		return false;
	c->auth = word == 2 || (word == 1 && c->submission);
	c->usermessages = USERMESSAGES;
	c->userrcpts = USERRCPTS;
	return !c->auth ||
	       (read_number(&(struct number){ "usermessages", "USERMESSAGES", 0,
			UINT32_MAX, &c->usermessages }) &&
		       read_number(&(struct number){ "userrcpts", "USERRCPTS",
			       0, UINT32_MAX, &c->userrcpts }) &&
		       read_flag("authplain", "AUTHPLAIN", &c->authplain) &&
		       read_flag("hideclient", "HIDECLIENT", &c->hideclient));
}

static bool
read_policy(struct conf *c)
{
	static const char *const words[] = { "accept", "defer", "no", NULL };
	size_t word = CHECK_OR_ACCEPT;

	if (!read_word("verify", "VERIFY", words, &word))
		return false;
	c->verify = (enum conf_check)word;
	return read_flag("vrfy", "VRFY", &c->vrfy) &&
	       clients_has("etrn", c->remoteip, &c->etrn) != CONTROL_BAD;
}

bool
conf_read(struct conf *c, unsigned flags)
{
	const struct number numbers[] = {
		{ "timeoutsmtpd", "TIMEOUTSMTPD", 1, SECONDS_MAX, &c->timeout },
		{ "maxsession", "MAXSESSION", 0, SECONDS_MAX, &c->maxsession },
		{ "maxrcpt", "MAXRCPT", 0, UINT32_MAX, &c->maxrcpt },
		{ "maxerrors", "MAXERRORS", 0, UINT32_MAX, &c->maxerrors },
		{ "maxcommands", "MAXCOMMANDS", 0, UINT32_MAX,
			&c->maxcommands },
		{ "maxmessages", "MAXMESSAGES", 0, UINT32_MAX,
			&c->maxmessages },
		{ "databytes", "DATABYTES", 0, INT64_MAX, &c->databytes },
	};

	*c = (struct conf){ .timeout = TIMEOUTSMTPD,
		.maxsession = MAXSESSION,
		.maxrcpt = MAXRCPT,
		.maxerrors = MAXERRORS,
		.maxcommands = MAXCOMMANDS,
		.maxmessages = MAXMESSAGES,
		.databytes = DATABYTES,
		.relayclient = getenv("RELAYCLIENT"),
		.remoteip = env("TCPREMOTEIP"),
		.remotehost = env("TCPREMOTEHOST"),
		.localip = env("TCPLOCALIP"),
		.rcptcheck = env("RCPTCHECK"),
		.submission = flags & CONF_SUBMISSION,
		.implicit = flags & CONF_TLS };
	usual_form(c);
	if (!read_names(c))
		return false;
	for (size_t i = 0; i < sizeof numbers / sizeof *numbers; i++)
		if (!read_number(&numbers[i]))
			return false;
	return read_tls(c) && read_auth(c) && read_policy(c);
}
