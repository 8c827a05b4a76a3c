/* SPDX-License-Identifier: 0BSD */
#include "send/message.h"

#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "lib/ascii.h"
#include "lib/rand.h"
#include "lib/stamp.h"
#include "lib/str.h"
#include "send/admit.h"
#include "send/batch.h"
#include "send/bouncer.h"
#include "send/channel.h"
#include "send/cleaner.h"
#include "send/conf.h"
#include "send/load.h"
#include "send/tell.h"
#include "wire/retry.h"

enum {
	SPREAD = 15, /* s over which those that were put off come back */
};

static const struct message *sorting;

static int
compare(const char *s, const char *t)
{
	for (; *s && ascii_lower(*s) == ascii_lower(*t); s++)
		t++;
	if (ascii_lower(*s) == ascii_lower(*t))
		return 0;
	return ascii_lower(*s) < ascii_lower(*t) ? -1 : 1;
}

static int
by_destination(const void *a, const void *b)
{
	uint32_t i = *(const uint32_t *)a, k = *(const uint32_t *)b;
	const char *via = batch_via(sorting, i), *via2 = batch_via(sorting, k);
	int c = 0;

	if (via || via2)
		c = compare(via ? via : "", via2 ? via2 : "");
	if (!c)
		c = compare(route_host(env_rcpt(&sorting->env, i)),
			route_host(env_rcpt(&sorting->env, k)));
	return c ? c : i < k ? -1 : i > k;
}

/* The recipients of one channel that are still to do, by destination. */
static void
pass_recipients(struct message *m, int chan)
{
	static struct str routed = STR_INIT(2 * ADDR_MAX);
	struct pass *p = &m->pass[chan];
	size_t i;

	p->order = xmalloc((m->todo + 1) * sizeof(*p->order));
	for (i = 0; i < m->env.nrcpt; i++)
		if (env_istodo(env_mark(&m->env, i)) &&
			batch_route(m, i, &routed) == chan)
			p->order[p->n++] = (uint32_t)i;
	if (chan == CHAN_REMOTE && p->n > 1) {
		sorting = m;
		qsort(p->order, p->n, sizeof(*p->order), by_destination);
	}
}

static void
pass_start(struct message *m, int chan)
{
	struct pass *p = &m->pass[chan];

	known_wait(m->slot, chan, KNOWN_NEVER);
	*p = (struct pass){
		.m = m, .fresh = m->fresh, .forced = known_isforced(m->slot)
	};
	pass_recipients(m, chan);
	p->on = p->n > 0 && admit_hasroom(chan, p->fresh);
	if (p->on) {
		admit_count(chan, p->fresh, true);
		turn_add(chan, p);
		return;
	}
	free(p->order);
	p->order = NULL;
	if (p->n == 0)
		return;
	admit_wait(chan, p->fresh, m->slot);
}

static void
finish(struct message *m)
{
	uint32_t slot = m->slot;
	struct qid id = m->id;
	bool failed = m->failed || m->noted;

	known_rest(slot);
	load_free(m);
	if (failed)
		bouncer_add(slot);
	else
		cleaner_ask(CLEAN_REMOVE, id);
}

/* Finished, waiting, or still at work? */
static void
settle(struct message *m)
{
	int c;

	if (m->pass[CHAN_LOCAL].on || m->pass[CHAN_REMOTE].on || m->orders ||
		m->nunsure)
		return;
	known_hold(m->slot, m->todo == 0 && m->held > 0);
	if (m->todo == 0 && m->held == 0) {
		finish(m);
		return;
	}
	if (m->warning == WARN_COLLECT && tell_sync(m) == 0)
		bouncer_warn(m->slot);
	/* HUP may have moved a recipient to the other channel meanwhile */
	if (m->todo > 0 && known_when(m->slot, CHAN_LOCAL) == KNOWN_NEVER &&
		known_when(m->slot, CHAN_REMOTE) == KNOWN_NEVER)
		for (c = 0; c < NCHAN; c++)
			known_wait(m->slot, c, stamp_now());
	load_free(m);
}

/* The pass is off; nothing of it runs. */
static void
pass_off(struct message *m, int chan)
{
	struct pass *p = &m->pass[chan];

	turn_drop(p, stamp_mono());
	p->on = false;
	admit_count(chan, p->fresh, false);
	free(p->order);
	p->order = NULL;
}

/* When the destination that it was put off for is tried again, s. */
int64_t
message_back(int64_t until, int64_t now)
{
	int64_t ms = until - stamp_mono();

	return now + (ms > 0 ? ms / 1000 : 0) + 1 + rand_below(SPREAD);
}

static void
pass_end(struct message *m, int chan)
{
	struct pass *p = &m->pass[chan];
	int64_t now = stamp_now();

	/* the last attempt, for a restart (wire/retry.h); one that was put off
	 * and warned about is not new any more either */
	if (p->deferred || (p->until && m->noted))
		(void)!futimens(m->fdenv, NULL);
	if (p->deferred) {
		known_wait(m->slot, chan,
			retry_next(m->id, now, conf.retry[chan]));
	} else if (p->until) {
		known_wait(m->slot, chan, message_back(p->until, now));
	}
	if (chan == CHAN_REMOTE && (p->deferred || p->until))
		known_for(m->slot, p->many ? 0 : p->hash);
	if (p->again)
		known_wait(m->slot, chan, now);
	pass_off(m, chan);
}

void
message_check(struct message *m)
{
	int c;

	for (c = 0; c < NCHAN; c++)
		if (m->pass[c].on && !m->pass[c].running &&
			!m->pass[c].unsure && turn_isover(&m->pass[c]))
			pass_end(m, c);
	settle(m);
}

/* Start the passes of these channels, a bit each. */
void
message_start(uint32_t slot, unsigned chans, int64_t now)
{
	struct message *m = known_attached(slot);
	int c;

	if (!m)
		m = load_message(slot);
	if (!m)
		return;
	m->now = now;
	for (c = 0; c < NCHAN; c++) {
		if (!(chans & 1u << c))
			continue;
		if (!m->pass[c].on)
			pass_start(m, c);
		else
			m->pass[c].again = true;
	}
	known_force(slot, false);
	settle(m);
}

/* --- for send/turn.h ------------------------------------------------------ */

static int
chan_of(const struct pass *p)
{
	return p == &p->m->pass[CHAN_LOCAL] ? CHAN_LOCAL : CHAN_REMOTE;
}

static void
put_off_slot(uint32_t slot, struct dest *limiter)
{
	if (known_when(slot, CHAN_REMOTE) == KNOWN_INLINE)
		known_wait(slot, CHAN_REMOTE,
			message_back(limiter->until, stamp_now()));
}

static void
over(struct pass *p)
{
	message_check(p->m);
}

static bool
put_away(struct pass *p, uint32_t *slot)
{
	struct message *m = p->m;
	int chan = chan_of(p);

	/* what was deferred waits for its time: so must the rest */
	if (p->tried && p->deferred) {
		if (admit_iscrowded(chan)) {
			pass_end(m, chan);
			settle(m);
		}
		return false;
	}
	*slot = m->slot;
	if (chan == CHAN_REMOTE)
		known_for(m->slot, p->many ? 0 : p->hash);
	pass_off(m, chan);
	known_line(m->slot, chan);
	settle(m);
	return true;
}

static const struct turn_ops ops = {
	.destination = batch_destination,
	.same = batch_same,
	.wanted = batch_wanted,
	.put_off = channel_put_off,
	.put_off_slot = put_off_slot,
	.over = over,
	.put_away = put_away,
	.crowded = admit_iscrowded,
};

void
message_init(void)
{
	dest_init(conf_limits);
	turn_init(&ops);
}

/* --- orders --------------------------------------------------------------- */

struct message *
message_hold(uint32_t slot)
{
	struct message *m = known_attached(slot);

	if (!m)
		m = load_message(slot);
	if (m)
		m->orders++;
	return m;
}

void
message_done(struct message *m)
{
	m->orders--;
	message_check(m);
}

void
message_hurry(uint32_t slot)
{
	struct message *m = known_attached(slot);
	int64_t now = stamp_now();
	int c;

	known_force(slot, true);
	for (c = 0; c < NCHAN; c++)
		if (m && m->pass[c].on)
			m->pass[c].again = m->pass[c].forced = true;
		else
			known_wait(slot, c, now);
}
