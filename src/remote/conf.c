/* SPDX-License-Identifier: 0BSD */
#include "remote/conf.h"

#include <string.h>
#include <sys/stat.h>

#include "lib/control.h"
#include "lib/num.h"
#include "mail/addr.h"
#include "remote/sasl.h"
#include "remote/tlspolicy.h"
#include "wire/relay.h"
#include "wire/socketmap.h"

enum { SECONDS_MAX = 86400 };

/* control/remotetimeouts, and the defaults in seconds */
static const struct {
	const char *name;
	int64_t s;
	bool capped; /* by timeoutremote */
} phases[PHASES] = {
	[PHASE_DNS] = { "dns", 60, false },
	[PHASE_CONNECT] = { "connect", 60, false },
	[PHASE_CONNECTFIRST] = { "connectfirst", 5, false },
	[PHASE_GREETING] = { "greeting", 300, true },
	[PHASE_GREETINGFIRST] = { "greetingfirst", 60, true },
	[PHASE_EHLO] = { "ehlo", 300, true },
	[PHASE_TLS] = { "tls", 120, true },
	[PHASE_AUTH] = { "auth", 300, true },
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
	const char *key, *why;
	char *val, *end;

	(void)line;
	(void)n;
	val = bykey_split(entry, &key);
	/* a key may be given one address of each family */
	for (; *val; val = end + strspn(end, " \t")) {
		end = val + strcspn(val, " \t");
		if (!ipaddr_parse(val, (size_t)(end - val), &a) &&
			!ipaddr_parse_literal(val, (size_t)(end - val), &a))
			return "not an address";
		if (*end)
			*end++ = 0;
		why = bykey_put(
			a.family == AF_INET ? &c->from4 : &c->from6, key, val);
		if (why)
			return why;
	}
	return NULL;
}

static const char *
helo_entry(void *arg, size_t line, char *entry, size_t n)
{
	struct conf *c = arg;
	const char *key;
	char *val = bykey_split(entry, &key);

	(void)line;
	(void)n;
	if (!addr_isdomain(val, strlen(val)))
		return "not a host name";
	return bykey_put(&c->helohost, key, val);
}

static const char *
tls_entry(void *arg, size_t line, char *entry, size_t n)
{
	struct conf *c = arg;

	(void)n;
	c->tlspolicy.line = line;
	return tlspolicy_add(&c->tlspolicy, entry);
}

static const char *
auth_entry(void *arg, size_t line, char *entry, size_t n)
{
	struct conf *c = arg;

	(void)line;
	(void)n;
	return sasl_add(&c->smtpauth, entry);
}

static void
at_most(int64_t *t, int64_t ceiling)
{
	if (*t > ceiling)
		*t = ceiling;
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
		if (phases[i].capped)
			at_most(&c->timeout[i], (int64_t)remote * 1000);
	at_most(&c->timeout[PHASE_CONNECTFIRST], c->timeout[PHASE_CONNECT]);
	at_most(&c->timeout[PHASE_GREETINGFIRST], c->timeout[PHASE_GREETING]);
	return true;
}

/* The passwords: not when others could read them. */
static bool
auth(struct conf *c)
{
	struct str path = STR_INIT(4096);
	struct stat st;
	bool open;

	control_path(&path, "smtpauth");
	open = !stat(str_c(&path), &st) && (st.st_mode & 07);
	str_free(&path);
	if (open && control_bad("smtpauth", 0,
			    "its mode lets everybody read it") == CONTROL_BAD)
		return false;
	return control_list("smtpauth", auth_entry, c) != CONTROL_BAD;
}

static bool
names(struct conf *c)
{
	switch (control_line("me", &c->me)) {
	case CONTROL_OK:
		break;
	case CONTROL_ABSENT:
		control_bad("me", 0, "missing");
		return false;
	case CONTROL_BAD:
		return false;
	}
	if (!addr_isdomain(c->me.s, c->me.len)) {
		control_bad("me", 1, "not a host name");
		return false;
	}
	bykey_put(&c->helohost, "", str_c(&c->me));
	return control_list("helohost", helo_entry, c) != CONTROL_BAD;
}

static bool
mtasts(struct conf *c)
{
	if (control_line("mtasts", &c->mtasts) == CONTROL_BAD)
		return false;
	if (!c->mtasts.len || socketmap_isaddress(str_c(&c->mtasts)))
		return true;
	return control_bad("mtasts", 1, "not the address of a socketmap") !=
	       CONTROL_BAD;
}

bool
conf_read(struct conf *c)
{
	uint64_t age = 300;

	memset(c, 0, sizeof *c);
	bykey_init(&c->helohost);
	bykey_init(&c->from4);
	bykey_init(&c->from6);
	bykey_init(&c->tlspolicy);
	bykey_init(&c->smtpauth);
	c->msgs = 1000;
	if (!names(c) || !times(c) ||
		control_num("remotemsgs", 1, 1000000, &c->msgs) ==
			CONTROL_BAD ||
		control_num("remoteage", 1, SECONDS_MAX, &age) == CONTROL_BAD)
		return false;
	c->age = (int64_t)age * 1000;
	return control_list("outgoingip", outgoing_entry, c) != CONTROL_BAD &&
	       control_list("tlspolicy", tls_entry, c) != CONTROL_BAD &&
	       auth(c) && mtasts(c) &&
	       table_open(&c->routes, "smtproutes", &relay_kind) != CONTROL_BAD;
}

const char *
conf_helo(const struct conf *c, const char *sender, const char *dest)
{
	return bykey_find(&c->helohost, sender, dest);
}

struct ipaddr
conf_from(
	const struct conf *c, int family, const char *sender, const char *dest)
{
	const struct bykey *b = family == AF_INET ? &c->from4 : &c->from6;
	const char *text = bykey_find(b, sender, dest);
	struct ipaddr a = { 0 };
	size_t n;

	if (text) {
		n = strlen(text);
		if (!ipaddr_parse(text, n, &a))
			ipaddr_parse_literal(text, n, &a);
	}
	return a;
}
