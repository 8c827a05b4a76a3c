/* SPDX-License-Identifier: 0BSD */
#include "quillctl/explain.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "lib/ascii.h"
#include "lib/control.h"
#include "lib/ipaddr.h"
#include "lib/log.h"
#include "mail/route.h"
#include "quillctl/args.h"
#include "quillctl/program.h"
#include "quillctl/quillctl.h"
#include "wire/bydomain.h"
#include "wire/status.h"

struct explain explain;

/* --- which line decides --- */

static const struct {
	const char *file, *compiled;
} lists[] = {
	[ROUTE_LOCALS] = { "control/locals", "control/locals.cdb" },
	[ROUTE_VIRTUALDOMAINS] = { "control/virtualdomains",
		"control/virtualdomains.cdb" },
	[ROUTE_PERCENTHACK] = { "control/percenthack",
		"control/percenthack.cdb" },
};

static struct explain_place
place(const struct table *t, enum route_list list, const char *key)
{
	struct explain_place at = { .file = lists[list].file,
		.line = table_line(t, key, strlen(key)) };

	if (t->compiled) {
		at.file = lists[list].compiled;
		at.key = key;
	} else if (list == ROUTE_LOCALS && !at.line) {
		at.file = "control/me, without locals";
	}
	return at;
}

/* route_find_fn; what is found is said. */
static bool
find(void *arg, enum route_list list, const char *key, size_t n,
	struct str *val)
{
	struct str text = STR_INIT(2 * CONTROL_LINE_MAX);
	struct explain_place at;
	struct routes *routes = arg;
	char k[2 * ADDR_MAX];

	if (n >= sizeof(k) || !routes_find(routes, (int)list, key, n, val))
		return false;
	memcpy(k, key, n);
	k[n] = 0;
	str_puts(&text, *k ? k : "every domain");
	if (list == ROUTE_LOCALS)
		str_puts(&text, " is local");
	else if (list == ROUTE_PERCENTHACK)
		str_puts(&text, ": % in the local part means @");
	else if (val && val->len == 0)
		str_puts(&text, " is an exception: not virtual");
	else if (val) {
		str_puts(&text, " is virtual: ");
		str_put(&text, val->s, val->len);
		str_puts(&text, "- goes before the local part");
	}
	at = place(&routes->list[list], list, k);
	explain_fact_at("decides", str_c(&text), &at);
	str_free(&text);
	return true;
}

/* --- remote --- */

static void
verdict(const char *name, const char *text)
{
	(void)text;
	explain.bounces |= strcmp(name, "never") == 0;
	explain.unknown |= strcmp(name, "later") == 0;
}

static void
remote(const char *host)
{
	const char *argv[] = { "quill-remote", "-n", host, NULL };
	struct str text;

	str_init(&text, 2 * PROGRAM_OUT_MAX);
	if (program_run(argv, false, explain.ids.quillr, explain.ids.nofiles,
		    &text) != 0)
		explain.unknown = true;
	explain_told(&text, verdict);
	str_free(&text);
}

static void
limits(const char *domain)
{
	struct explain_place at = { .file = "control/queuelifetime" };
	struct str text = STR_INIT(500);
	uint32_t most, every;
	struct bydomain b;

	if (bydomain_lifetime(&b) == CONTROL_BAD) {
		explain_fact("trouble", control_error());
	} else {
		str_putnum(&text, bydomain_seconds(&b, domain));
		str_puts(&text, " s in the queue at most");
		at.line = bydomain_line(&b, domain);
		explain_fact_at("limit", str_c(&text), at.line ? &at : NULL);
	}
	bydomain_free(&b);
	str_clear(&text);
	if (bydomain_concurrency(&b) == CONTROL_BAD) {
		explain_fact("trouble", control_error());
	} else if (bydomain_limits(&b, domain, &most, &every)) {
		if (most) {
			str_putnum(&text, most);
			str_puts(&text, " deliveries at a time");
		}
		if (every) {
			str_puts(&text, most ? ", one each " : "one each ");
			str_putnum(&text, every / 1000);
			str_puts(&text, " ms");
		}
		at.file = "control/concurrencydomain";
		at.line = bydomain_line(&b, domain);
		explain_fact_at("limit", str_c(&text), &at);
	}
	bydomain_free(&b);
	str_free(&text);
}

/* --- at RCPT --- */

static void
reply(const char *name, const char *text)
{
	(void)name;
	explain.refused |= *text != '2';
}

/* The environment that tcpserver would give this client. true: it may
 * connect. */
static bool
tcp_rules(void)
{
	const char *argv[] = { "tcprulescheck", explain.rules, NULL };
	const char *const set = "set environment variable ";
	struct str text;
	char *p, *end, *equals;
	bool may = true;

	str_init(&text, 2 * PROGRAM_OUT_MAX);
	setenv("PROTO", "TCP", 1);
	setenv("TCPREMOTEIP", explain.from, 1);
	if (access(explain.rules, F_OK) < 0) {
		explain_fact("rules", "there are none");
		return true;
	}
	if (program_run(argv, true, explain.ids.quilld, explain.ids.nofiles,
		    &text) < 0)
		explain.unknown = true;
	str_c(&text);
	for (p = text.s; p && (end = strchr(p, '\n')); p = end + 1) {
		*end = 0;
		explain_fact("rules", p);
		if (strcmp(p, "deny connection") == 0)
			may = false;
		if (strncmp(p, set, strlen(set)) != 0)
			continue;
		p += strlen(set);
		equals = strchr(p, '=');
		if (!equals)
			continue;
		*equals = 0;
		setenv(p, equals + 1, 1);
	}
	str_free(&text);
	return may;
}

static void
at_rcpt(const char *address)
{
	const char *sender =
		explain.as && strchr(explain.as, '@') ? explain.as : "";
	const char *argv[] = { "quill-smtpd", "-n", "--", sender, address,
		explain.as, NULL };
	struct str text;

	str_init(&text, 2 * PROGRAM_OUT_MAX);
	if (explain.from && !tcp_rules()) {
		explain.refused = true;
		return;
	}
	if (program_run(argv, false, explain.ids.quilld, explain.ids.nofiles,
		    &text) != 0)
		explain.unknown = true;
	explain_told(&text, reply);
	str_free(&text);
}

/* --- all of it --- */

static void
whole(const char *address)
{
	struct str to = STR_INIT(3 * ADDR_MAX), host = STR_INIT(ADDR_MAX);
	struct route route = { find, &explain.routes,
		explain.routes.envnoathost };
	enum route_kind kind;

	kind = route_address(&route, address, &to);
	str_puts(&host, route_host(str_c(&to)));
	str_c(&host);
	ascii_tolower(host.s, host.len);
	if (kind == ROUTE_LOCAL) {
		explain_fact("local", to.s);
		explain_local(address, to.s);
	} else {
		explain_fact("remote", to.s);
		remote(host.s);
	}
	limits(host.s);
	at_rcpt(address);
	str_free(&to);
	str_free(&host);
}

static bool
parse(int argc, char **argv)
{
	const struct args_option options[] = {
		{ 'j', "json", &explain.json, NULL },
		{ 0, "from", NULL, &explain.from },
		{ 0, "as", NULL, &explain.as },
		{ 0, "default", NULL, &explain.delivery },
		{ 0, "rules", NULL, &explain.rules },
	};
	static char rules[4096];
	struct ipaddr ip;

	strcpy(rules, site_control);
	strcat(rules, "/tcp.smtp.cdb");
	explain.rules = rules;
	if (!args_exactly(1, options, 5, argc, argv))
		return false;
	if (explain.from &&
		!ipaddr_parse(explain.from, strlen(explain.from), &ip)) {
		args_bad("not an address of a client: ", explain.from);
		return false;
	}
	if (!*argv[0] || strlen(argv[0]) > ADDR_MAX) {
		args_bad("not an address: ", argv[0]);
		return false;
	}
	return true;
}

int
ctl_explain(int argc, char **argv)
{
	if (!parse(argc, argv))
		return CTL_USAGE;
	if (geteuid() != 0)
		log_die(STATUS_TEMP, "only root may look into the homes of "
				     "users and be the users of quill");
	/* programs are to be told by us alone who the client is */
	unsetenv("RELAYCLIENT");
	unsetenv("TCPREMOTEIP");
	unsetenv("TCPREMOTEHOST");
	unsetenv("RCPTCHECK");
	if (site_ids(&explain.ids, explain.alias) < 0)
		log_die(STATUS_TEMP, site_ids_error());
	control_init(site_control);
	if (routes_read(&explain.routes) < 0)
		log_die(STATUS_TEMP, control_error());
	whole(argv[0]);
	if (explain.unknown)
		return STATUS_TEMP;
	return explain.bounces ||
			       ((explain.from || explain.as) && explain.refused)
		       ? CTL_NO
		       : CTL_YES;
}
