/* SPDX-License-Identifier: 0BSD */
#include "smtpd/patience.h"

#include <stddef.h>

#include "lib/stamp.h"

enum { INTERVAL_MAX = 10000 /* ms */ };

static int64_t
least(int64_t a, int64_t b)
{
	return a < b ? a : b;
}

void
patience_init(struct patience *p, const struct conf *conf, struct limits *l,
	struct crowd *c)
{
	*p = (struct patience){ .limits = l,
		.crowd = c,
		.trusted = conf->relayclient,
		.timeout = (int64_t)conf->timeout * 1000 };
	p->interval = least(p->timeout / 4, INTERVAL_MAX);
	if (conf->maxsession)
		p->last = stamp_mono() + (int64_t)conf->maxsession * 1000;
}

int64_t
patience_begin(struct patience *p)
{
	int64_t next;

	p->began = stamp_mono();
	/* Who has used up much is looked at before each wait: a byte now and
	 * then would end every wait before its interval. */
	next = p->began + (p->spent < p->interval ? p->interval : 0);
	return p->last ? least(next, p->last) : next;
}

/* What may be spent beyond one time-out, for what was sent. */
static int64_t
earned(struct patience *p)
{
	uint64_t rate = limits_get(p->limits, MINRATE);
	uint64_t ms =
		rate ? (p->octets - p->since) / rate * 1000 : INT64_MAX / 4;

	return ms < INT64_MAX / 4 ? (int64_t)ms : INT64_MAX / 4;
}

int64_t
patience_late(void *arg)
{
	struct patience *p = arg;
	int64_t now = stamp_mono(), waited = now - p->began;
	int64_t timeout = p->timeout, left;
	bool busy = !p->trusted && crowd_busy(p->crowd);

	if (p->why)
		return 0;
	if (busy)
		timeout = least(timeout,
			(int64_t)limits_get(p->limits, TIMEOUTBUSY) * 1000);
	left = timeout + earned(p) - p->spent - waited;
	if (waited >= timeout)
		p->why = busy && timeout < p->timeout ? "busy" : "timeout";
	else if (p->last && now >= p->last)
		p->why = "timeout";
	else if (left <= 0)
		p->why = waited > p->spent ? "timeout" : "slow";
	if (p->why)
		return 0;
	left = least(least(left, timeout - waited), p->interval);
	return p->last ? least(now + left, p->last) : now + left;
}

void
patience_end(struct patience *p, uint64_t octets)
{
	p->spent += stamp_mono() - p->began;
	p->octets = octets;
}

void
patience_renew(struct patience *p)
{
	p->spent = 0;
	p->since = p->octets;
}
