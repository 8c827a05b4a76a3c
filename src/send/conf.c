/* SPDX-License-Identifier: 0BSD */
#include "send/conf.h"

#include <string.h>

#include "lib/ascii.h"
#include "lib/control.h"
#include "lib/log.h"
#include "wire/site.h"
#include "wire/status.h"

struct conf conf;

enum { CONCURRENCY_MAX = 5000 };

static const struct {
	const char *name;
	struct table_kind kind;
} lists[ROUTE_LISTS] = {
	[ROUTE_LOCALS] = { "locals", { 0, table_host } },
	[ROUTE_VIRTUALDOMAINS] = { "virtualdomains", { ':', NULL } },
	[ROUTE_PERCENTHACK] = { "percenthack", { 0, table_host } },
};

/* A compiled list that cannot be read any more is replaced by its text: to
 * take the address for one that is not in it would send mail astray. */
static void
read_text(struct table *t, enum route_list list)
{
	log_alert_sys("unable to read control/", lists[list].name, ".cdb");
	table_close(t);
	if (table_text(t, lists[list].name, &lists[list].kind) != CONTROL_OK)
		log_die(STATUS_TEMP, "nor control/", lists[list].name);
}

static bool
find(void *arg, enum route_list list, const char *key, size_t n,
	struct str *val)
{
	struct table *t = (struct table *)arg + list;
	int r = table_get(t, key, n, val);

	if (r < 0) {
		read_text(t, list);
		r = table_get(t, key, n, val);
	}
	return r > 0;
}

/* locals; without the file this machine's own name. */
static enum control
read_locals(struct table *t)
{
	struct str me = STR_INIT(ADDR_MAX);
	enum control r = control_line("me", &me);

	if (r == CONTROL_ABSENT)
		r = control_bad("me", 0, "missing: run quill-config");
	if (r == CONTROL_OK)
		r = table_open(t, "locals", &lists[ROUTE_LOCALS].kind);
	if (r == CONTROL_ABSENT) {
		ascii_tolower(me.s, me.len);
		table_put(t, me.s, me.len, "", 0);
	}
	str_free(&me);
	return r;
}

static enum control
read_route(struct conf *new)
{
	enum control r;

	for (int i = 0; i < ROUTE_LISTS; i++)
		table_init(&new->lists[i]);
	str_init(&new->route.envnoathost, ADDR_MAX);
	r = read_locals(&new->lists[ROUTE_LOCALS]);
	for (int i = ROUTE_LOCALS + 1; i < ROUTE_LISTS && r != CONTROL_BAD; i++)
		r = table_open(&new->lists[i], lists[i].name, &lists[i].kind);
	if (r != CONTROL_BAD)
		r = control_line_or_me("envnoathost", &new->route.envnoathost);
	return r;
}

static void
free_route(struct conf *c)
{
	for (int i = 0; i < ROUTE_LISTS; i++)
		table_close(&c->lists[i]);
	str_free(&c->route.envnoathost);
}

static enum control
read_numbers(struct conf *c)
{
	static const struct {
		const char *name;
		size_t at;
		uint64_t min, max;
	} numbers[] = {
		{ "concurrencylocal",
			offsetof(struct conf, concurrency[CHAN_LOCAL]), 0,
			CONCURRENCY_MAX },
		{ "concurrencyremote",
			offsetof(struct conf, concurrency[CHAN_REMOTE]), 0,
			CONCURRENCY_MAX },
		{ "concurrencybounce", offsetof(struct conf, bouncers), 1,
			100 },
		{ "retrylocal", offsetof(struct conf, retry[CHAN_LOCAL]), 1,
			86400 },
		{ "retryremote", offsetof(struct conf, retry[CHAN_REMOTE]), 1,
			86400 },
		{ "queuelifetime", offsetof(struct conf, lifetime), 0,
			100 * 365 * 86400u },
		{ "delaywarn", offsetof(struct conf, delaywarn), 0,
			100 * 365 * 86400u },
		{ "retrytrouble", offsetof(struct conf, trouble), 1, 86400 },
		{ "rescan", offsetof(struct conf, rescan), 1, 86400 },
		{ "remoterecipients", offsetof(struct conf, jobrcpts), 1,
			JOB_RCPT_MAX },
	};
	size_t i;

	for (i = 0; i < sizeof(numbers) / sizeof(*numbers); i++) {
		void *n = (char *)c + numbers[i].at;

		if (control_num(numbers[i].name, numbers[i].min, numbers[i].max,
			    n) == CONTROL_BAD)
			return CONTROL_BAD;
	}
	return CONTROL_OK;
}

int
conf_read(void)
{
	struct conf new = {
		.concurrency = { 20, 20 },
		.retry = { 10, 20 },
		.lifetime = 604800,
		.trouble = 60,
		.rescan = 1500,
		.jobrcpts = JOB_RCPT_MAX,
		.bouncers = 4,
	};

	if (read_route(&new) == CONTROL_BAD ||
		read_numbers(&new) == CONTROL_BAD) {
		free_route(&new);
		return -1;
	}
	free_route(&conf);
	conf = new;
	conf.route.find = find;
	conf.route.arg = conf.lists;
	return 0;
}
