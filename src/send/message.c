/* SPDX-License-Identifier: 0BSD */
#include "send/message.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include "lib/ascii.h"
#include "lib/fd.h"
#include "lib/file.h"
#include "lib/log.h"
#include "lib/stamp.h"
#include "lib/str.h"
#include "send/bouncer.h"
#include "send/channel.h"
#include "send/cleaner.h"
#include "send/conf.h"
#include "send/load.h"
#include "send/tell.h"
#include "wire/retry.h"
#include "wire/site.h"

/* Per channel, so that one which is slow, or off, does not keep the other
 * waiting. A message that is worked on has two descriptors. */
enum {
	ACTIVE_MAX = 500, /* passes at once, three quarters for retries */
	SPARE_FDS = 40,	  /* that are no message's */
	ROUND = 250,	  /* messages loaded in one round of the main loop */
	CHECKS = 64,	  /* asked of quill-clean at once */
};

/* First come, first served. */
struct line {
	uint32_t *slot;
	size_t cap, head, tail;
};

/* New messages that wait to be loaded. */
static struct line arrivals;
/* Those that wait for room in a channel, [fresh]: loaded again then. */
static struct line lines[NCHAN][2];
static size_t nactive[NCHAN], nretrying[NCHAN];

static bool
is_empty(const struct line *l)
{
	return l->head == l->tail;
}

static void
line_put(struct line *l, uint32_t slot)
{
	if (l->tail - l->head == l->cap) {
		size_t n = l->cap ? l->cap * 2 : 256;
		uint32_t *new = xmalloc(n * sizeof(*new));
		size_t i;

		for (i = l->head; i != l->tail; i++)
			new[i % n] = l->slot[i % l->cap];
		free(l->slot);
		l->slot = new;
		l->cap = n;
	}
	l->slot[l->tail++ % l->cap] = slot;
}

static uint32_t
line_take(struct line *l)
{
	return l->slot[l->head++ % l->cap];
}

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

static const struct env *sorting;

static int
by_host(const void *a, const void *b)
{
	uint32_t i = *(const uint32_t *)a, k = *(const uint32_t *)b;
	const char *s = route_host(env_rcpt(sorting, i));
	const char *t = route_host(env_rcpt(sorting, k));

	for (; *s && ascii_lower(*s) == ascii_lower(*t); s++)
		t++;
	if (ascii_lower(*s) != ascii_lower(*t))
		return ascii_lower(*s) < ascii_lower(*t) ? -1 : 1;
	return i < k ? -1 : i > k;
}

/* The recipients of one channel that are still to do, by destination. */
static void
pass_recipients(struct message *m, int chan)
{
	static struct str routed = STR_INIT(2 * ADDR_MAX);
	struct pass *p = &m->pass[chan];
	enum route_kind want = chan == CHAN_LOCAL ? ROUTE_LOCAL : ROUTE_REMOTE;
	size_t i;

	p->order = xmalloc((m->todo + 1) * sizeof(*p->order));
	p->n = p->at = 0;
	for (i = 0; i < m->env.nrcpt; i++)
		if (env_mark(&m->env, i) == ENV_TODO &&
			route_address(&conf.route, env_rcpt(&m->env, i),
				&routed) == want)
			p->order[p->n++] = (uint32_t)i;
	if (chan == CHAN_REMOTE && p->n > 1) {
		sorting = &m->env;
		qsort(p->order, p->n, sizeof(*p->order), by_host);
	}
}

static void
pass_start(struct message *m, int chan, int64_t now)
{
	struct pass *p = &m->pass[chan];

	known_wait(m->slot, chan, KNOWN_NEVER);
	pass_recipients(m, chan);
	p->m = m;
	p->fresh = m->fresh;
	p->last = qid_birth(m->id) + (int64_t)conf.lifetime < now;
	p->deferred = false;
	p->on = p->n > 0 && has_room(chan, p->fresh);
	if (p->on) {
		nactive[chan]++;
		nretrying[chan] += !p->fresh;
		channel_add(chan, p);
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

	if (m->pass[CHAN_LOCAL].on || m->pass[CHAN_REMOTE].on)
		return;
	if (m->todo == 0) {
		finish(m);
		return;
	}
	if (m->warning == WARN_COLLECT && tell_sync(m) == 0)
		bouncer_warn(m->slot);
	/* HUP may have moved a recipient to the other channel meanwhile */
	if (known_when(m->slot, CHAN_LOCAL) == KNOWN_NEVER &&
		known_when(m->slot, CHAN_REMOTE) == KNOWN_NEVER)
		for (c = 0; c < NCHAN; c++)
			known_wait(m->slot, c, stamp_now());
	load_free(m);
}

static void
pass_end(struct message *m, int chan)
{
	struct pass *p = &m->pass[chan];
	int64_t now = stamp_now();

	p->on = false;
	nactive[chan]--;
	nretrying[chan] -= !p->fresh;
	free(p->order);
	p->order = NULL;
	if (p->deferred) {
		/* the last attempt, for a restart; wire/retry.h */
		(void)!futimens(m->fdenv, NULL);
		known_wait(m->slot, chan,
			retry_next(m->id, now, conf.retry[chan]));
	}
	settle(m);
}

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
	for (c = 0; c < NCHAN; c++)
		if ((chans & 1u << c) && !m->pass[c].on)
			pass_start(m, c, now);
	settle(m);
}

/* Does some message of a line have room? */
static bool
can_enter(int chan, bool fresh)
{
	return !is_empty(&lines[chan][fresh]) && has_room(chan, fresh);
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
	if (!is_empty(&arrivals) && any_room(true))
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

void
message_admit(int64_t now)
{
	size_t n = 0;
	uint32_t slot;
	unsigned due;
	int c;

	for (c = 0; c < NCHAN; c++) {
		n += admit_line(c, true, ROUND - n, now);
		n += admit_line(c, false, ROUND - n, now);
	}
	for (; n < ROUND && !is_empty(&arrivals) && any_room(true); n++)
		start(line_take(&arrivals), ~0u, now);
	for (; n < ROUND && room_for_due() &&
		(slot = known_due(now)) != KNOWN_NONE;
		n++) {
		if (!known_trusted(slot)) {
			check(slot, now);
			continue;
		}
		for (due = 0, c = 0; c < NCHAN; c++)
			if (known_when(slot, c) <= now)
				due |= 1u << c;
		start(slot, due, now);
	}
}

/* --- jobs ----------------------------------------------------------------- */

/* A message that is over is removed at once, durably. Where more is to do, a
 * power cut would make every delivery again that is marked in memory only. A
 * lost mark of a failure just makes it fail again. */
static void
sync_marks(struct message *m)
{
	if (m->unsynced && (m->todo > 0 || m->failed || m->noted))
		cleaner_ask(CLEAN_SYNC, m->id);
	m->unsynced = false;
}

void
message_result(struct message *m, int chan, size_t i, struct report_rcpt *r,
	const struct report *rep)
{
	if (r->class == 'D') {
		/* what is delivered must not wait while we wait for the disk */
		sync_marks(m);
		cleaner_flush();
	}
	/* quill-bounce goes by the marks in the file: without one it would
	 * report a failure of nobody */
	if (r->class == 'D' &&
		(tell_failure(m, i, r, rep) < 0 ||
			env_setmark(&m->env, m->fdenv, i, ENV_FAILED) < 0)) {
		log_warning_sys("unable to record a failure of ", m->name);
		r->class = 'Z';
	}
	if (r->class == 'Z') {
		m->pass[chan].deferred = true;
		if (conf.delaywarn)
			tell_delay(m, i, r, rep);
		return;
	}
	m->todo--;
	if (r->class == 'D') {
		m->failed = true;
		return;
	}
	if (m->env.rcpt[i].nparam)
		tell_success(m, chan, i, r, rep);
	if (env_setmark(&m->env, m->fdenv, i, ENV_DONE) < 0)
		log_alert_sys(
			"unable to mark a recipient of ", m->name, " as done");
	m->unsynced = true;
}

void
message_job_done(struct message *m, int chan)
{
	struct pass *p = &m->pass[chan];

	sync_marks(m);
	p->running--;
	if (p->running == 0 && p->at == p->n)
		pass_end(m, chan);
}
