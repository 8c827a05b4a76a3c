/* SPDX-License-Identifier: 0BSD */
#include "send/message.h"

#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>

#include "lib/ascii.h"
#include "lib/rand.h"
#include "lib/stamp.h"
#include "lib/str.h"
#include "send/batch.h"
#include "send/bouncer.h"
#include "send/channel.h"
#include "send/cleaner.h"
#include "send/conf.h"
#include "send/line.h"
#include "send/load.h"
#include "send/tell.h"
#include "wire/retry.h"

/* Per channel, so that one which is slow, or off, does not keep the other
 * waiting. A message that is worked on has two descriptors. */
enum {
	ACTIVE_MAX = 500, /* passes at once, three quarters for retries */
	SPARE_FDS = 80,	  /* that are no message's */
	ROUND = 250,	  /* messages loaded in one round of the main loop */
	CHECKS = 64,	  /* asked of quill-clean at once */
	LOOKS = 5000,	  /* looked at in one round */
	SPREAD = 15,	  /* s over which those that were put off come back */
};

/* New messages that wait to be loaded. */
static struct line arrivals;
/* Those that wait for room in a channel, [fresh]: loaded again then. */
static struct line lines[NCHAN][2];
static size_t nactive[NCHAN], nretrying[NCHAN];

/* Passes at once, as far as descriptors allow: each channel must come to its
 * share of them. */
static size_t
active_max(void)
{
	static size_t max;
	struct rlimit r;

	if (max)
		return max;
	max = ACTIVE_MAX;
	if (getrlimit(RLIMIT_NOFILE, &r) == 0 &&
		r.rlim_cur < SPARE_FDS + 2 * NCHAN * ACTIVE_MAX)
		max = r.rlim_cur < SPARE_FDS + 4 * NCHAN
			      ? 2
			      : (size_t)(r.rlim_cur - SPARE_FDS) / (2 * NCHAN);
	return max;
}

static bool
has_room(int chan, bool fresh)
{
	size_t max = active_max();

	return nactive[chan] < max &&
	       (fresh || nretrying[chan] < max - max / 4);
}

static bool
is_crowded(int chan)
{
	return nactive[chan] >= active_max() / 2;
}

size_t
message_nnew(void)
{
	size_t n = line_count(&arrivals);
	int c;

	for (c = 0; c < NCHAN; c++)
		n += line_count(&lines[c][1]);
	return n;
}

/* A scan can meet an envelope that is still being written, whose times then
 * look like those of a message that was tried before. Being new, it needs no
 * check, which is what it is in line for when it was not trusted yet. */
static void
not_tried(uint32_t slot)
{
	uint32_t below = KNOWN_INLINE + !known_trusted(slot);
	int c;

	known_trust(slot);
	for (c = 0; c < NCHAN && !known_attached(slot); c++)
		if (known_when(slot, c) < below)
			known_wait(slot, c, stamp_now());
}

/* Neither may a message found by a scan be loaded before its check, nor must
 * the loop wait for that. */
static void
check(uint32_t slot, int64_t now)
{
	int c;

	for (c = 0; c < NCHAN; c++)
		if (known_when(slot, c) <= now)
			known_line(slot, c);
	cleaner_ask(CLEAN_CHECK, known_id(slot));
}

void
message_new(struct qid id)
{
	uint32_t slot = known_find(id);

	if (slot == KNOWN_NONE) {
		slot = known_add(id);
		known_trust(slot);
		line_put(&arrivals, slot);
	} else {
		not_tried(slot);
	}
}

/* --- passes --------------------------------------------------------------- */

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
	p->on = p->n > 0 && has_room(chan, p->fresh);
	if (p->on) {
		nactive[chan]++;
		nretrying[chan] += !p->fresh;
		turn_add(chan, p);
		return;
	}
	free(p->order);
	p->order = NULL;
	if (p->n == 0)
		return;
	known_line(m->slot, chan);
	line_put(&lines[chan][p->fresh], m->slot);
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
	known_force(m->slot, false);
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
	nactive[chan]--;
	nretrying[chan] -= !p->fresh;
	free(p->order);
	p->order = NULL;
}

/* When the destination that it was put off for is tried again, s. */
static int64_t
back_at(int64_t until, int64_t now)
{
	int64_t ms = until - stamp_mono();

	return now + (ms > 0 ? ms / 1000 : 0) + 1 + rand_below(SPREAD);
}

static void
pass_end(struct message *m, int chan)
{
	struct pass *p = &m->pass[chan];
	int64_t now = stamp_now();

	if (p->deferred) {
		/* the last attempt, for a restart; wire/retry.h */
		(void)!futimens(m->fdenv, NULL);
		known_wait(m->slot, chan,
			retry_next(m->id, now, conf.retry[chan]));
	} else if (p->until) {
		known_wait(m->slot, chan, back_at(p->until, now));
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
		if (m->pass[c].on && m->pass[c].running == 0 &&
			turn_isover(&m->pass[c]))
			pass_end(m, c);
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
			back_at(limiter->until, stamp_now()));
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
		if (is_crowded(chan)) {
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
	.crowded = is_crowded,
};

void
message_init(void)
{
	dest_init(conf_limits);
	turn_init(&ops);
}

/* --- who is loaded -------------------------------------------------------- */

/* Start the passes of these channels, a bit each. */
static void
start(uint32_t slot, unsigned chans, int64_t now)
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
	settle(m);
}

/* Does some message of a line have room? */
static bool
can_enter(int chan, bool fresh)
{
	return line_count(&lines[chan][fresh]) && has_room(chan, fresh);
}

static bool
any_room(bool fresh)
{
	return has_room(CHAN_LOCAL, fresh) || has_room(CHAN_REMOTE, fresh);
}

/* May what is due be looked at? */
static bool
room_for_due(void)
{
	return any_room(false) && cleaner_checks() < CHECKS;
}

uint32_t
message_next(void)
{
	int c;

	for (c = 0; c < NCHAN; c++)
		if (can_enter(c, true) || can_enter(c, false))
			return 0;
	for (c = 0; c < NCHAN; c++)
		if (turn_wants(c) && has_room(c, false))
			return 0;
	if (line_count(&arrivals) && any_room(true))
		return 0;
	return room_for_due() ? known_next() : KNOWN_NEVER;
}

static size_t
admit_line(int chan, bool fresh, size_t most, int64_t now)
{
	size_t n;

	for (n = 0; n < most && can_enter(chan, fresh); n++) {
		uint32_t slot = line_take(&lines[chan][fresh]);

		if (known_when(slot, chan) == KNOWN_INLINE)
			start(slot, 1u << chan, now);
	}
	return n;
}

/* Those that waited for a destination. */
static size_t
admit_wanted(int chan, size_t most, int64_t now)
{
	struct dest *limiter;
	size_t n = 0;
	uint32_t slot;

	while (n < most && has_room(chan, false) &&
		(slot = turn_take(chan, stamp_mono(), &limiter)) !=
			KNOWN_NONE) {
		struct message *m = NULL;

		if (known_when(slot, chan) == KNOWN_INLINE) {
			start(slot, 1u << chan, now);
			m = known_attached(slot);
			n++;
		}
		turn_grant(m && m->pass[chan].on ? &m->pass[chan] : NULL,
			limiter, stamp_mono());
	}
	return n;
}

/* Is it better left alone, since its destination is down or busy? What may be
 * too old is looked at in any case. */
static bool
left_out(uint32_t slot, int64_t now)
{
	uint32_t hash = known_hash(slot);
	int64_t ms = stamp_mono();
	struct dest *d;

	if (!hash || known_isforced(slot) || known_attached(slot) ||
		known_when(slot, CHAN_LOCAL) <= now ||
		qid_birth(known_id(slot)) + (int64_t)conf.lifetime < now)
		return false;
	d = dest_find(CHAN_REMOTE, hash);
	if (!d)
		return false;
	d = dest_limiter(d);
	if (dest_may(d, ms, false) == DEST_DOWN) {
		known_wait(slot, CHAN_REMOTE, back_at(d->until, now));
		return true;
	}
	if (!dest_isfull(d, ms))
		return false;
	known_line(slot, CHAN_REMOTE);
	turn_line(d, slot, false);
	return true;
}

static unsigned
due_channels(uint32_t slot, int64_t now)
{
	unsigned due = 0;
	int c;

	for (c = 0; c < NCHAN; c++)
		if (known_when(slot, c) <= now)
			due |= 1u << c;
	return due;
}

void
message_admit(int64_t now)
{
	size_t n = 0, looks;
	uint32_t slot;
	int c;

	for (c = 0; c < NCHAN; c++) {
		n += admit_line(c, true, ROUND - n, now);
		n += admit_line(c, false, ROUND - n, now);
		n += admit_wanted(c, ROUND - n, now);
	}
	for (; n < ROUND && line_count(&arrivals) && any_room(true); n++)
		start(line_take(&arrivals), ~0u, now);
	for (looks = 0; n < ROUND && looks < LOOKS && room_for_due() &&
			(slot = known_due(now)) != KNOWN_NONE;
		looks++) {
		if (!known_trusted(slot)) {
			check(slot, now);
			continue;
		}
		if (left_out(slot, now))
			continue;
		start(slot, due_channels(slot, now), now);
		n++;
	}
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
