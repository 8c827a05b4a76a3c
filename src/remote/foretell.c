/* SPDX-License-Identifier: 0BSD */
#include "remote/foretell.h"

#include <string.h>

#include "lib/num.h"
#include "lib/stamp.h"
#include "remote/hosts.h"
#include "remote/result.h"
#include "remote/secure.h"
#include "wire/dead.h"

static struct hosts hosts;
static struct secure secure;
static struct dead dead;

static void
word(struct str *out, const char *s)
{
	str_putc(out, ' ');
	str_puts(out, s);
}

static void
number(struct str *out, uint64_t n)
{
	char num[NUM_FMT];

	str_putc(out, ' ');
	str_put(out, num, num_fmt(num, n));
}

/* Where in control/ the line before this one comes from. */
static void
say_place(struct str *out, const char *file, uint64_t line)
{
	str_puts(out, "at");
	word(out, file);
	number(out, line);
	str_putc(out, '\n');
}

static void
say_route(struct str *out, const struct table *routes, const char *dest)
{
	struct str where = STR_INIT(CONTROL_LINE_MAX);
	const char *key = relay_key(routes, dest);

	if (key && relay_where(routes, dest, &where) == 1) {
		str_puts(out, "route");
		word(out, str_c(&where));
		str_putc(out, '\n');
		if (routes->compiled) {
			str_puts(out, "at smtproutes.cdb");
			word(out, key);
			str_putc(out, '\n');
		} else {
			say_place(out, "smtproutes",
				table_line(routes, key, strlen(key)));
		}
	}
	str_free(&where);
}

/* A verdict's text as the rest of a line. */
static void
say_why(struct str *out, const char *key, struct verdict *v)
{
	size_t i;

	str_puts(out, key);
	str_putc(out, ' ');
	for (i = 0; i < v->text.len; i++)
		str_putc(out, v->text.s[i] == '\n' ? ' ' : v->text.s[i]);
	str_putc(out, '\n');
}

static const char *
vouching(const struct secure_plan *p)
{
	if (p->by)
		return p->by;
	return p->ask.policy == TLS_PKIX ? "ca" : "dane";
}

static void
say_host(struct str *out, const struct target *t, int64_t limit)
{
	static const char *const use[] = { [SECURE_NONE] = "none",
		[SECURE_TRY] = "try",
		[SECURE_MUST] = "must" };
	struct verdict why = { .class = VERDICT_NONE };
	char ip[IPADDR_FMT] = "-";
	struct secure_plan plan;
	struct dead_entry e;
	bool good = secure_plan(&secure, t, false, limit, &plan, &why);
	size_t i;

	if (t->ip.family)
		ipaddr_fmt(ip, &t->ip);
	str_puts(out, *t->path ? "path" : "host");
	word(out, *t->path ? t->path : t->host);
	word(out, ip);
	number(out, t->port);
	word(out, t->lmtp ? "lmtp" : "smtp");
	word(out, use[good ? plan.use : SECURE_MUST]);
	str_putc(out, '\n');
	if (secure.policy.line) {
		str_puts(out, "policy");
		word(out, tlspolicy_level(&secure.policy));
		str_putc(out, '\n');
		say_place(out, "tlspolicy", secure.policy.line);
	}
	if (good && plan.ask.policy != TLS_UNVERIFIED) {
		str_puts(out, "verified");
		word(out, vouching(&plan));
		for (i = 0; i < plan.ask.nname; i++)
			word(out, plan.ask.name[i]);
		str_putc(out, '\n');
	}
	if (t->ip.family && dead_is(&dead, &t->ip, t->port, stamp_now(), &e)) {
		str_puts(out, "dead");
		word(out, ip);
		str_putc(out, '\n');
	}
	if (!good)
		say_why(out, "defer", &why);
}

void
foretell(struct str *out, const struct conf *conf, const char *dest)
{
	int64_t limit = stamp_mono() + conf->timeout[PHASE_DNS];
	struct verdict why = { .class = VERDICT_NONE };
	struct target t;
	bool found;
	size_t i;

	dead_open(&dead);
	secure_init(&secure, conf);
	secure_start(&secure, dest);
	say_route(out, &conf->routes, dest);
	found = hosts_start(&hosts, dest, NULL, conf, &dead, limit, &why);
	for (i = 0; found && hosts.kind == HOSTS_MX && i < hosts.mx.n; i++) {
		str_puts(out, "mx");
		number(out, hosts.mx.mx[i].pref);
		word(out, hosts.mx.mx[i].host);
		str_putc(out, '\n');
	}
	for (found = false;
		why.class == VERDICT_NONE && hosts_next(&hosts, &t, &why);
		found = true)
		say_host(out, &t, limit);
	if (!found && why.class != VERDICT_NONE)
		say_why(out, why.class == MESSAGE_FAILED ? "never" : "later",
			&why);
	dead_close(&dead);
}
