/* SPDX-License-Identifier: 0BSD */
#include "remote/conf.h"

#include <string.h>

#include "lib/control.h"
#include "lib/num.h"
#include "mail/addr.h"
#include "remote/relay.h"

enum { SECONDS_MAX = 86400 };

/* control/remotetimeouts, and the defaults in seconds */
static const struct {
	const char *name;
	int64_t s;
	bool capped; /* by timeoutremote */
} phases[PHASES] = {
	[PHASE_DNS] = { "dns", 60, false },
	[PHASE_CONNECT] = { "connect", 60, false },
	[PHASE_GREETING] = { "greeting", 300, true },
	[PHASE_EHLO] = { "ehlo", 300, true },
	[PHASE_MAIL] = { "mail", 300, true },
	[PHASE_RCPT] = { "rcpt", 300, true },
	[PHASE_DATA] = { "data", 120, true },
	[PHASE_BLOCK] = { "block", 180, true },
	[PHASE_DOT] = { "dot", 600, true },
	[PHASE_QUIT] = { "quit", 2, true },
	[PHASE_JOB] = { "job", 7200, false },
};

static const char *
timeout_entry(void *arg, size_t line, char *entry, size_t n)
{
	struct conf *c = arg;
	char *colon = memchr(entry, ':', n);
	uint64_t s;
	size_t i;

	(void)line;
	if (!colon || !num_parses(colon + 1, SECONDS_MAX, &s) || !s)
		return "not phase:seconds";
	*colon = 0;
	for (i = 0; i < PHASES; i++) {
		if (!strcmp(entry, phases[i].name)) {
			c->timeout[i] = (int64_t)s * 1000;
			return NULL;
		}
	}
	return "no such phase";
}

static const char *
outgoing_entry(void *arg, size_t line, char *entry, size_t n)
{
	struct conf *c = arg;
	struct ipaddr a;

	(void)line;
	if (!ipaddr_parse(entry, n, &a) && !ipaddr_parse_literal(entry, n, &a))
		return "not an address";
	if (a.family == AF_INET)
		c->from4 = a;
	else
		c->from6 = a;
	return NULL;
}

static const char *
route_entry(void *arg, size_t line, char *entry, size_t n)
{
	struct conf *c = arg;

	(void)line;
	return relay_add(&c->routes, entry, n);
}

static bool
times(struct conf *c)
{
	uint64_t connect = (uint64_t)phases[PHASE_CONNECT].s, remote = 1200;
	size_t i;

	for (i = 0; i < PHASES; i++)
		c->timeout[i] = phases[i].s * 1000;
	if (control_num("timeoutconnect", 1, SECONDS_MAX, &connect) ==
			CONTROL_BAD ||
		control_num("timeoutremote", 1, SECONDS_MAX, &remote) ==
			CONTROL_BAD)
		return false;
	c->timeout[PHASE_CONNECT] = (int64_t)connect * 1000;
	if (control_list("remotetimeouts", timeout_entry, c) == CONTROL_BAD)
		return false;
	for (i = 0; i < PHASES; i++)
		if (phases[i].capped && c->timeout[i] > (int64_t)remote * 1000)
			c->timeout[i] = (int64_t)remote * 1000;
	return true;
}

bool
conf_read(struct conf *c)
{
	uint64_t age = 300;
	bool absent = false;

	memset(c, 0, sizeof *c);
	map_init(&c->routes);
	c->msgs = 100;
	switch (control_line("me", &c->me)) {
	case CONTROL_OK:
		break;
	case CONTROL_ABSENT:
		control_bad("me", 0, "missing");
		return false;
	case CONTROL_BAD:
		return false;
	}
	switch (control_line("helohost", &c->helohost)) {
	case CONTROL_OK:
		break;
	case CONTROL_ABSENT:
		absent = true;
		str_put(&c->helohost, c->me.s, c->me.len);
		break;
	case CONTROL_BAD:
		return false;
	}
	str_c(&c->helohost);
	if (!addr_isdomain(c->helohost.s, c->helohost.len)) {
		control_bad(absent ? "me" : "helohost", 1, "not a host name");
		return false;
	}
	if (!times(c) ||
		control_num("remotemsgs", 1, 1000000, &c->msgs) ==
			CONTROL_BAD ||
		control_num("remoteage", 1, SECONDS_MAX, &age) == CONTROL_BAD)
		return false;
	c->age = (int64_t)age * 1000;
	return control_list("outgoingip", outgoing_entry, c) != CONTROL_BAD &&
	       control_list("smtproutes", route_entry, c) != CONTROL_BAD;
}
