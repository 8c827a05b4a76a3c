/* SPDX-License-Identifier: 0BSD */
#include "smtpd/crowd.h"

#include <stdlib.h>
#include <string.h>
#include <sys/statvfs.h>
#include <sys/sysinfo.h>
#include <unistd.h>

#include "lib/control.h"
#include "lib/log.h"
#include "lib/num.h"
#include "lib/stamp.h"
#include "wire/site.h"

enum {
	HOST_AGE = 5000, /* ms for which what is known of the host is good */
	CONCURRENCY_MAX = 1000000,
	TRUSTED_SHARE = 4, /* trusted clients may use up to 1/4 of minspace */
};

static uint64_t
env_num(const char *name, uint64_t max)
{
	const char *s = getenv(name);
	uint64_t n;

	return s && num_parses(s, max, &n) ? n : 0;
}

static struct sessions_count
count(struct crowd *c)
{
	return sessions_count(c->sessions, c->service, c->client);
}

static void
sweep(struct crowd *c)
{
	sessions_sweep(c->sessions, (uint32_t)(stamp_mono() / 1000));
}

/* The last tenth of the service is for trusted clients. */
static bool
full(const struct crowd *c, const struct sessions_count *n)
{
	return c->room && n->service > c->room - c->room / 10;
}

static bool
too_many(struct crowd *c, const struct sessions_count *n)
{
	uint64_t max;

	/* the file is not read for a client's only session */
	if (n->client < 2 ||
		(c->conf->relayclient && !limits_twin(MAXPERCLIENT)))
		return false;
	max = limits_get(c->limits, MAXPERCLIENT);
	return max && n->client > max;
}

static enum crowd_welcome
welcome(struct crowd *c)
{
	struct sessions_count n = count(c);

	if (too_many(c, &n))
		return CROWD_CLIENT;
	/* On a submission service everybody is a stranger until AUTH. */
	if (full(c, &n) && !c->conf->relayclient && !c->conf->submission)
		return CROWD_FULL;
	return CROWD_WELCOME;
}

enum crowd_welcome
crowd_enter(struct crowd *c, const struct conf *conf, struct limits *l)
{
	struct ipaddr a;
	enum crowd_welcome w;

	*c = (struct crowd){ .conf = conf, .limits = l };
	counters_open(
		&c->counters, "smtpd", sizeof *c->sessions + sizeof *c->host);
	c->sessions = c->counters.extra;
	c->host = (struct crowd_host *)(c->sessions + 1);
	counters_add(&c->counters, SMTPD_CONNECTIONS, 1);
	if (!conf->remoteip || c->counters.file.alone ||
		!ipaddr_parse(conf->remoteip, strlen(conf->remoteip), &a))
		return CROWD_WELCOME;
	c->client = sessions_client(&a);
	c->service = (uint32_t)env_num("TCPLOCALPORT", 65535);
	c->room = env_num("CONCURRENCY", CONCURRENCY_MAX);
	c->slot = sessions_enter(
		c->sessions, (uint32_t)getpid(), c->service, c->client);
	w = welcome(c);
	if (w == CROWD_WELCOME)
		return w;
	/* some of them may be dead */
	sweep(c);
	w = welcome(c);
	if (w != CROWD_WELCOME)
		counters_add(&c->counters, SMTPD_TURNED_AWAY, 1);
	return w;
}

void
crowd_leave(struct crowd *c)
{
	if (c->slot)
		sessions_leave(c->slot);
	c->slot = NULL;
}

static void
ask(struct crowd_host *h)
{
	struct limits fresh = { .bad = false };
	/* what cannot be asked is never short */
	uint64_t space = UINT64_MAX, inodes = UINT64_MAX, load = 0;
	struct statvfs v;
	struct sysinfo s;

	if (statvfs(site_queue, &v) == 0) {
		space = (uint64_t)v.f_bavail * v.f_frsize;
		if (v.f_files)
			inodes = v.f_favail;
	}
	if (sysinfo(&s) == 0)
		load = (uint64_t)s.loads[0] * 100 >> SI_LOAD_SHIFT;
	h->minspace = limits_get(&fresh, MINSPACE);
	h->mininodes = limits_get(&fresh, MININODES);
	h->maxload = limits_get(&fresh, MAXLOAD);
	h->space = space;
	h->inodes = inodes;
	h->load = load;
	if (fresh.bad)
		log_alert(control_error());
}

/* Ask the system, if nobody did within the last seconds. While one does, the
 * others go by what is old. */
static void
look(struct crowd *c)
{
	struct crowd_host *h = c->host;
	int64_t was = h->when, now = stamp_mono();

	/* "after now": before the host was booted */
	if (was && was <= now && was + HOST_AGE > now)
		return;
	if (was && !atomic_compare_exchange_strong(&h->when, &was, now))
		return;
	ask(h);
	h->when = now;
}

/* The limit for this client: its own, or that of the control file. */
static uint64_t
limit(struct crowd *c, enum limit which, uint64_t shared)
{
	return limits_twin(which) ? limits_get(c->limits, which) : shared;
}

bool
crowd_busy(struct crowd *c)
{
	uint64_t maxload;

	if (c->slot && c->room > 1 &&
		count(c).service > c->room - c->room / 4) {
		sweep(c);
		if (count(c).service > c->room - c->room / 4)
			return true;
	}
	look(c);
	maxload = limit(c, MAXLOAD, c->host->maxload);
	return maxload && c->host->load > maxload * 100;
}

struct answer
crowd_mail(struct crowd *c, bool trusted, uint64_t size)
{
	uint64_t space, inodes, load, share = trusted ? TRUSTED_SHARE : 1;

	look(c);
	space = limit(c, MINSPACE, c->host->minspace) / share;
	inodes = limit(c, MININODES, c->host->mininodes) / share;
	load = limit(c, MAXLOAD, c->host->maxload) * share;
	if (c->host->space < space || c->host->space - space < size ||
		c->host->inodes < inodes)
		return (struct answer){ 452, "4.3.1",
			"not enough room for mail, try later" };
	if (load && c->host->load > load * 100)
		return (struct answer){ 451, "4.3.2",
			"this host is overloaded, try later" };
	return (struct answer){ 0 };
}
