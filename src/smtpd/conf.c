/* SPDX-License-Identifier: 0BSD */
#include "smtpd/conf.h"

#include <stdlib.h>
#include <string.h>

#include "lib/ascii.h"
#include "lib/control.h"
#include "lib/num.h"

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
	control_bad(n->name, 0,
		"its twin in the environment is no number "
		"or out of range");
	return false;
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

bool
conf_read(struct conf *c)
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
		.localip = env("TCPLOCALIP") };
	usual_form(c);
	if (!read_names(c))
		return false;
	for (size_t i = 0; i < sizeof numbers / sizeof *numbers; i++)
		if (!read_number(&numbers[i]))
			return false;
	return true;
}
