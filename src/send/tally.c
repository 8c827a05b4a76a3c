/* SPDX-License-Identifier: 0BSD */
#include "send/tally.h"

#include <string.h>

#include "lib/log.h"
#include "lib/stamp.h"

static struct counters counters;
static struct tally_error errors[TALLY_ERRORS];
static size_t nerrors;

void
tally_init(void)
{
	if (counters_open(&counters, "send", 0) < 0)
		log_warning_sys("unable to keep counters (make install makes "
				"run/count/send)");
	tally_add(SEND_STARTS, 1);
}

void
tally_add(enum counters_send which, uint64_t n)
{
	counters_add(&counters, which, n);
}

uint64_t
tally_get(enum counters_send which)
{
	return counters.n[which];
}

static void
copy(char to[TALLY_TEXT], const char *from)
{
	size_t n = strnlen(from, TALLY_TEXT - 1);

	memcpy(to, from, n);
	to[n] = '\0';
}

void
tally_result(
	int chan, const struct delivery *d, size_t i, const struct report *r)
{
	const struct report_rcpt *out = &r->rcpt[i];
	enum counters_send first = chan == CHAN_LOCAL ? SEND_LOCAL_DELIVERED
						      : SEND_REMOTE_DELIVERED;
	struct tally_error *e;

	if (out->class == 'K') {
		tally_add(first, 1);
		return;
	}
	tally_add(first + (out->class == 'D' ? 2 : 1), 1);
	e = &errors[nerrors++ % TALLY_ERRORS];
	e->when = stamp_now();
	e->chan = chan;
	memcpy(e->id, d->m->name, sizeof(e->id));
	copy(e->to, env_rcpt(&d->m->env, d->rcpts[i]));
	copy(e->text, out->text);
}

const struct tally_error *
tally_error(size_t k)
{
	if (k >= nerrors || k >= TALLY_ERRORS)
		return NULL;
	return &errors[(nerrors - 1 - k) % TALLY_ERRORS];
}
