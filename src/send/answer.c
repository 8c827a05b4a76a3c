/* SPDX-License-Identifier: 0BSD */
#include "send/answer.h"

#include <string.h>
#include <unistd.h>

#include "lib/num.h"
#include "lib/stamp.h"
#include "send/admit.h"
#include "send/bouncer.h"
#include "send/channel.h"
#include "send/conf.h"
#include "send/dest.h"
#include "send/message.h"
#include "send/scan.h"
#include "send/tally.h"
#include "wire/field.h"

static const char *const channels[NCHAN] = { "local", "remote" };
static int64_t started; /* s */

void
answer_init(void)
{
	started = stamp_now();
}

/* A clock time from one of stamp_mono(). */
static uint64_t
clock_of(int64_t ms)
{
	int64_t t = stamp_now() + (ms - stamp_mono()) / 1000;

	return t > 0 ? (uint64_t)t : 0;
}

/* --- status --------------------------------------------------------------- */

static void
put_channel(struct str *out, int c)
{
	char key[32];

	strcpy(key, channels[c]);
	strcat(key, ".running");
	ctl_put_num(out, key, channel_running(c));
	strcpy(key, channels[c]);
	strcat(key, ".limit");
	ctl_put_num(out, key, conf.concurrency[c]);
}

static void
put_errors(struct str *out)
{
	const struct tally_error *e;
	size_t k;

	for (k = 0; (e = tally_error(k)); k++) {
		field_put(out, 'O', "error");
		ctl_put_num(out, "when", (uint64_t)e->when);
		ctl_put_key(out, "channel", channels[e->chan]);
		ctl_put_key(out, "id", e->id);
		ctl_put_key(out, "to", e->to);
		ctl_put_key(out, "text", e->text);
	}
}

void
answer_status(struct str *out)
{
	size_t all = known_count(), new = admit_nnew();
	size_t active = known_nattached(), held = known_nheld();
	size_t busy = new + active + held;
	int c;

	field_put(out, 'O', "send");
	ctl_put_num(out, "pid", (uint64_t)getpid());
	ctl_put_num(out, "since", (uint64_t)started);
	ctl_put_num(out, "now", (uint64_t)stamp_now());
	ctl_put_num(out, "messages", all);
	ctl_put_num(out, "new", new);
	ctl_put_num(out, "active", active);
	ctl_put_num(out, "waiting", all > busy ? all - busy : 0);
	ctl_put_num(out, "held", held);
	ctl_put_num(out, "scanning", scan_running());
	ctl_put_num(out, "bounces", bouncer_running());
	ctl_put_num(out, "stopping", channel_stopping());
	for (c = 0; c < NCHAN; c++)
		put_channel(out, c);
	put_errors(out);
}

void
answer_counters(struct str *out)
{
	char key[64];
	int i;

	field_put(out, 'O', "counters");
	for (i = 0; i < SEND_COUNTERS; i++) {
		size_t n = strcspn(counters_send[i], " ");

		if (n >= sizeof(key))
			continue;
		memcpy(key, counters_send[i], n);
		key[n] = '\0';
		ctl_put_num(out, key, tally_get((enum counters_send)i));
	}
}

/* --- destinations --------------------------------------------------------- */

static void
put_rate(struct str *out, uint32_t every)
{
	char text[NUM_FMT + 3];
	const char *unit = "/s";
	uint64_t per = 1000000;
	size_t n;

	if (every > 60000000)
		per *= 3600, unit = "/h";
	else if (every > 1000000)
		per *= 60, unit = "/m";
	n = num_fmt(text, (per + every / 2) / every);
	strcpy(text + n, unit);
	ctl_put_key(out, "rate", text);
}

static void
put_destination(struct str *out, const struct dest *d)
{
	int64_t now = stamp_mono();

	field_put(out, 'O', d->name);
	ctl_put_key(out, "channel", channels[d->chan]);
	if (d->group)
		ctl_put_key(out, "group", d->group->name);
	ctl_put_key(out, "state",
		d->until				    ? "down"
		: dest_limit(d) < DEST_START && d->failures ? "slow"
							    : "ok");
	ctl_put_num(out, "running", d->running);
	ctl_put_num(out, "limit", dest_limit(d));
	ctl_put_num(out, "cap", d->cap);
	if (d->every)
		put_rate(out, d->every);
	ctl_put_num(out, "waiting",
		d->nparked + line_count(&d->line[0]) + line_count(&d->line[1]));
	if (d->until > now)
		ctl_put_num(out, "until", clock_of(d->until));
	else if (d->every && d->next / 1000 > now)
		ctl_put_num(out, "until", clock_of(d->next / 1000));
	ctl_put_num(out, "failures", d->failures);
	if (d->failures)
		ctl_put_num(out, "since", clock_of(d->since));
	if (d->text && d->failures)
		ctl_put_key(out, "text", d->text);
	if (d->isgroup)
		ctl_put_num(out, "members", d->members);
}

/* Worth a line? One in a group counts there. */
static bool
is_interesting(const struct dest *d)
{
	return d->running || d->nparked || line_count(&d->line[0]) ||
	       line_count(&d->line[1]) || d->failures || d->until;
}

bool
answer_destinations(struct str *out, uint32_t *place, const char *name)
{
	struct dest *d;

	while (out->len + ANSWER_ROOM < CTL_RECORD) {
		d = dest_from(*place);
		if (!d)
			return true;
		*place = d->place + 1;
		if (name ? strcmp(d->name, name) == 0 : is_interesting(d))
			put_destination(out, d);
	}
	return false;
}

/* --- messages ------------------------------------------------------------- */

static void
put_when(struct str *out, uint32_t slot, int c, int64_t now)
{
	uint32_t when = known_when(slot, c);

	if (when < KNOWN_INLINE)
		ctl_put_num(out, channels[c], when);
	else if (when == KNOWN_INLINE)
		ctl_put_num(out, channels[c], (uint64_t)now);
}

/* The destination that a waiting one waits for. */
static void
put_destination_of(struct str *out, uint32_t slot)
{
	struct dest *d = known_hash(slot)
				 ? dest_find(CHAN_REMOTE, known_hash(slot))
				 : NULL;

	if (!d)
		return;
	ctl_put_key(out, "for", d->name);
	d = dest_limiter(d);
	if (d->until > stamp_mono())
		ctl_put_num(out, "until", clock_of(d->until));
}

void
answer_message(struct str *out, struct qid id)
{
	uint32_t slot = known_find(id);
	char name[QID_LEN + 1];
	const struct message *m;
	int64_t now = stamp_now();
	int c;

	qid_fmt(name, id);
	field_put(out, 'O', name);
	if (slot == KNOWN_NONE) {
		ctl_put_key(out, "state", "gone");
		return;
	}
	m = known_attached(slot);
	ctl_put_key(out, "state",
		m		     ? "active"
		: known_isheld(slot) ? "held"
		: known_isnew(slot)  ? "new"
				     : "waiting");
	for (c = 0; c < NCHAN; c++)
		put_when(out, slot, c, now);
	put_destination_of(out, slot);
	if (m)
		ctl_put_num(out, "running",
			m->pass[0].running + m->pass[1].running);
}
