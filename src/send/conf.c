/* SPDX-License-Identifier: 0BSD */
#include "send/conf.h"

#include <string.h>

#include "lib/ascii.h"
#include "lib/control.h"
#include "wire/site.h"

struct conf conf;

enum { CONCURRENCY_MAX = 5000 };

/* One host name a line. */
static const char *
host_entry(void *arg, size_t line, char *entry, size_t n)
{
	size_t i;

	(void)line;
	for (i = 0; i < n; i++)
		if (!ascii_isalnum(entry[i]) && !strchr(".-_[]:", entry[i]) &&
			!(entry[i] & 0x80))
			return "not a host name";
	ascii_tolower(entry, n);
	map_put(arg, entry, n, "", 0);
	return NULL;
}

/* locals; without the file this machine's own name. */
static enum control
read_locals(struct map *m)
{
	struct str me = STR_INIT(ADDR_MAX);
	enum control r = control_line("me", &me);

	if (r == CONTROL_ABSENT)
		r = control_bad("me", 0, "missing: run quill-config");
	if (r == CONTROL_OK)
		r = control_list("locals", host_entry, m);
	if (r == CONTROL_ABSENT) {
		ascii_tolower(me.s, me.len);
		map_put(m, me.s, me.len, "", 0);
	}
	str_free(&me);
	return r;
}

static enum control
read_route(struct route *r)
{
	enum control c;

	map_init(&r->locals);
	map_init(&r->virtualdomains);
	map_init(&r->percenthack);
	str_init(&r->envnoathost, ADDR_MAX);
	if (read_locals(&r->locals) == CONTROL_BAD)
		return CONTROL_BAD;
	if (control_map("virtualdomains", &r->virtualdomains, ':') ==
		CONTROL_BAD)
		return CONTROL_BAD;
	if (control_list("percenthack", host_entry, &r->percenthack) ==
		CONTROL_BAD)
		return CONTROL_BAD;
	c = control_line_or_me("envnoathost", &r->envnoathost);
	return c == CONTROL_ABSENT ? CONTROL_OK : c;
}

static void
free_route(struct route *r)
{
	map_free(&r->locals);
	map_free(&r->virtualdomains);
	map_free(&r->percenthack);
	str_free(&r->envnoathost);
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
		.concurrency = { 10, 20 },
		.retry = { 10, 20 },
		.lifetime = 604800,
		.trouble = 60,
		.rescan = 1500,
		.jobrcpts = JOB_RCPT_MAX,
		.bouncers = 4,
	};

	if (read_route(&new.route) == CONTROL_BAD ||
		read_numbers(&new) == CONTROL_BAD) {
		free_route(&new.route);
		return -1;
	}
	free_route(&conf.route);
	conf = new;
	return 0;
}
