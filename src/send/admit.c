/* SPDX-License-Identifier: 0BSD */
#include "send/admit.h"

#include <sys/resource.h>

#include "lib/stamp.h"
#include "send/cleaner.h"
#include "send/conf.h"
#include "send/line.h"
#include "send/message.h"
#include "send/turn.h"

/* Per channel, so that one which is slow, or off, does not keep the other
 * waiting. A message that is worked on has two descriptors. */
enum {
	ACTIVE_MAX = 500, /* passes at once, three quarters for retries */
	SPARE_FDS = 80,	  /* that are no message's */
	ROUND = 250,	  /* messages loaded in one round of the main loop */
	CHECKS = 64,	  /* asked of quill-clean at once */
	LOOKS = 5000,	  /* looked at in one round */
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

bool
admit_hasroom(int chan, bool fresh)
{
	size_t max = active_max();

	return nactive[chan] < max &&
	       (fresh || nretrying[chan] < max - max / 4);
}

bool
admit_iscrowded(int chan)
{
	return nactive[chan] >= active_max() / 2;
}

size_t
admit_nnew(void)
{
	size_t n = line_count(&arrivals);
	int c;

	for (c = 0; c < NCHAN; c++)
		n += line_count(&lines[c][1]);
	return n;
}

void
admit_count(int chan, bool fresh, bool on)
{
	size_t n = on ? 1 : (size_t)-1;

	nactive[chan] += n;
	nretrying[chan] += fresh ? 0 : n;
}

void
admit_wait(int chan, bool fresh, uint32_t slot)
{
	known_line(slot, chan);
	line_put(&lines[chan][fresh], slot);
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
admit_new(struct qid id)
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

/* --- who is loaded -------------------------------------------------------- */

/* Does some message of a line have room? */
static bool
can_enter(int chan, bool fresh)
{
	return line_count(&lines[chan][fresh]) && admit_hasroom(chan, fresh);
}

static bool
any_room(bool fresh)
{
	return admit_hasroom(CHAN_LOCAL, fresh) ||
	       admit_hasroom(CHAN_REMOTE, fresh);
}

/* May what is due be looked at? */
static bool
room_for_due(void)
{
	return any_room(false) && cleaner_checks() < CHECKS;
}

uint32_t
admit_next(void)
{
	int c;

	for (c = 0; c < NCHAN; c++)
		if (can_enter(c, true) || can_enter(c, false))
			return 0;
	for (c = 0; c < NCHAN; c++)
		if (turn_wants(c) && admit_hasroom(c, false))
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
			message_start(slot, 1u << chan, now);
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

	while (n < most && admit_hasroom(chan, false) &&
		(slot = turn_take(chan, stamp_mono(), &limiter)) !=
			KNOWN_NONE) {
		struct message *m = NULL;

		if (known_when(slot, chan) == KNOWN_INLINE) {
			message_start(slot, 1u << chan, now);
			m = known_attached(slot);
			n++;
		}
		turn_grant(m && m->pass[chan].on ? &m->pass[chan] : NULL,
			limiter, stamp_mono());
	}
	return n;
}

/* Is it better left alone, since its destination is down or busy? What may be
 * too old, or late enough for a warning, is looked at in any case. */
static bool
left_out(uint32_t slot, int64_t now)
{
	uint32_t hash = known_hash(slot);
	int64_t ms = stamp_mono(), birth = qid_birth(known_id(slot));
	struct dest *d;

	if (!hash || known_isforced(slot) || known_attached(slot) ||
		known_when(slot, CHAN_LOCAL) <= now ||
		birth + (int64_t)conf.lifetime < now ||
		(conf.delaywarn && birth + (int64_t)conf.delaywarn < now))
		return false;
	d = dest_find(CHAN_REMOTE, hash);
	if (!d)
		return false;
	d = dest_limiter(d);
	if (dest_may(d, ms, false) == DEST_DOWN) {
		known_wait(slot, CHAN_REMOTE, message_back(d->until, now));
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
admit_run(int64_t now)
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
		message_start(line_take(&arrivals), ~0u, now);
	for (looks = 0; n < ROUND && looks < LOOKS && room_for_due() &&
			(slot = known_due(now)) != KNOWN_NONE;
		looks++) {
		if (!known_trusted(slot)) {
			check(slot, now);
			continue;
		}
		if (left_out(slot, now))
			continue;
		message_start(slot, due_channels(slot, now), now);
		n++;
	}
}
