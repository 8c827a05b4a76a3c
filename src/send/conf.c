/* SPDX-License-Identifier: 0BSD */
#include "send/conf.h"

#include <stddef.h>
#include <string.h>

#include "lib/control.h"
#include "wire/site.h"

struct conf conf;

enum { CONCURRENCY_MAX = 5000 };

_Static_assert((int)ROUTE_LISTS == (int)ROUTES, "the same lists");

static bool
find(void *arg, enum route_list list, const char *key, size_t n,
	struct str *val)
{
	return routes_find(arg, (int)list, key, n, val);
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
		{ "concurrencyuser", offsetof(struct conf, user), 0,
			CONCURRENCY_MAX },
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
		.trouble = 60,
		.rescan = 1500,
		.jobrcpts = JOB_RCPT_MAX,
		.bouncers = 4,
	};

	if (routes_read(&new.routes) < 0)
		return -1;
	if (read_numbers(&new) == CONTROL_BAD ||
		bydomain_lifetime(&new.lifetimes) == CONTROL_BAD ||
		bydomain_concurrency(&new.limits) == CONTROL_BAD) {
		routes_free(&new.routes);
		bydomain_free(&new.lifetimes);
		return -1;
	}
	new.lifetime = bydomain_shortest(&new.lifetimes);
	routes_free(&conf.routes);
	bydomain_free(&conf.lifetimes);
	bydomain_free(&conf.limits);
	conf = new;
	conf.route.find = find;
	conf.route.arg = &conf.routes;
	conf.route.envnoathost = conf.routes.envnoathost;
	return 0;
}

void
conf_limits(int chan, const char *name, uint32_t *cap, uint32_t *every)
{
	static struct str best = STR_INIT(ADDR_MAX);
	uint32_t most = (uint32_t)conf.concurrency[chan];

	*cap = *every = 0;
	if (chan == CHAN_REMOTE) {
		/* of a group, its best exchanger, or the relay */
		str_clear(&best);
		str_put(&best, name, strcspn(name, ",:"));
		bydomain_limits(&conf.limits, str_c(&best), cap, every);
	}
	if (chan == CHAN_LOCAL && conf.user)
		*cap = (uint32_t)conf.user;
	if (!*cap)
		*cap = most - most / 4;
	if (!*cap)
		*cap = 1;
}

bool
conf_isalone(int chan, const char *name)
{
	return chan == CHAN_REMOTE && bydomain_names(&conf.limits, name);
}
