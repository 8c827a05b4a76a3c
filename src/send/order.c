/* SPDX-License-Identifier: 0BSD */
#include "send/order.h"

#include <stdlib.h>
#include <string.h>

#include "lib/log.h"
#include "lib/str.h"
#include "send/channel.h"
#include "send/cleaner.h"
#include "send/event.h"
#include "send/message.h"
#include "send/scan.h"
#include "send/tally.h"
#include "send/tell.h"

enum stage {
	FREE,
	CHECK,	 /* the message is being checked: wire/clean.h */
	RELAYS,	 /* relays are being synced, marks follow */
	REASONS, /* of failures: marks are made by message_noted */
	MARKS,	 /* marks are being synced */
};

struct order {
	enum stage stage;
	enum ctl_verb verb;
	struct message *m;
	size_t ticket; /* of the request to quill-clean that it waits for */
	uint64_t changed, busy, same; /* recipients */
	bool failed;
	unsigned long uid;
	char *relay; /* of a reroute, "-": the usual way; its client may go */
	order_told_fn *told;
	void *arg;
	struct ctl_asked q; /* while stage is CHECK */
	struct qid id;
	size_t targets;
	uint32_t *rcpts; /* rerouted ones, to be marked */
	size_t nrcpts;
};

static struct order orders[ORDERS];
static size_t running;

bool
order_room(void)
{
	return running < ORDERS;
}

size_t
order_running(void)
{
	return running;
}

void
order_forget(void *arg)
{
	size_t i;

	for (i = 0; i < ORDERS; i++)
		if (orders[i].arg == arg)
			orders[i].arg = NULL;
}

static void
log_order(const struct order *o, const char *name)
{
	event_begin("order ");
	event_puts(ctl_verb_name(o->verb));
	event_puts(" msg ");
	event_puts(name);
	event_puts(": uid=");
	event_putnum(o->uid);
	event_puts(" recipients=");
	event_putnum(o->changed);
	event_puts(" busy=");
	event_putnum(o->busy);
	if (o->relay) {
		event_puts(" via=");
		event_text(o->relay);
	}
	if (o->failed)
		event_puts(" failed");
	event_end();
}

static void
set_free(struct order *o)
{
	free(o->rcpts);
	free(o->relay);
	*o = (struct order){ .stage = FREE };
	running--;
}

/* The outcome is known; the message is given back. */
static void
finish(struct order *o)
{
	struct message *m = o->m;
	struct ctl_outcome out = { .id = m->name,
		.changed = o->changed,
		.busy = o->busy,
		.text = o->failed ? "unable to write it down; see the log"
				  : "" };

	out.result = o->failed		     ? CTL_FAILED
		     : o->busy		     ? CTL_BUSY
		     : o->changed || o->same ? CTL_DONE
					     : CTL_NOTHING;
	log_order(o, m->name);
	tally_add(SEND_ORDERS, 1);
	if (o->arg)
		o->told(o->arg, &out);
	set_free(o);
	message_done(m);
}

static void
sync_marks(struct order *o)
{
	o->stage = MARKS;
	o->ticket = cleaner_ask(CLEAN_SYNC, o->m->id);
}

/* --- one recipient -------------------------------------------------------- */

static bool
is_unsure(const struct message *m, size_t i)
{
	size_t k;

	for (k = 0; k < m->nunsure; k++)
		if (m->unsure[k].rcpt == i)
			return true;
	return false;
}

static bool
is_busy(const struct message *m, size_t i)
{
	return is_unsure(m, i) || channel_runs(CHAN_LOCAL, m, i) ||
	       channel_runs(CHAN_REMOTE, m, i);
}

/* Its mark when it is held, or not; by a relay, or not. */
static enum env_mark
mark_of(bool held, bool via)
{
	if (held)
		return via ? ENV_HELD_VIA : ENV_HELD;
	return via ? ENV_TODO_VIA : ENV_TODO;
}

static void
mark(struct order *o, size_t i, enum env_mark to)
{
	if (env_mark(&o->m->env, i) == to) {
		o->same++;
	} else if (message_mark(o->m, i, to) < 0) {
		log_warning_sys("unable to mark a recipient of ", o->m->name);
		o->failed = true;
	} else {
		o->changed++;
	}
}

static void
reroute(struct order *o, size_t i, const char *relay)
{
	if (!*relay) {
		mark(o, i, mark_of(env_isheld(env_mark(&o->m->env, i)), false));
		return;
	}
	if (o->nrcpts == o->m->env.nrcpt)
		return; /* named twice */
	if (tell_relay(o->m, i, relay) < 0) {
		log_warning_sys("unable to record a relay of ", o->m->name);
		o->failed = true;
		return;
	}
	o->rcpts[o->nrcpts++] = (uint32_t)i;
}

static void
give_up(struct order *o, size_t i, const char *reason)
{
	if (is_busy(o->m, i)) {
		o->busy++;
	} else if (message_giveup(o->m, i, reason) < 0) {
		log_warning_sys("unable to record a failure of ", o->m->name);
		o->failed = true;
	} else {
		o->changed++;
	}
}

static void
obey(struct order *o, size_t i, const char *argument)
{
	enum env_mark was = env_mark(&o->m->env, i);
	bool held = env_isheld(was), via = env_isvia(was);

	if (!held && !env_istodo(was))
		return;
	switch (o->verb) {
	case CTL_RETRY:
		o->changed += !held;
		break;
	case CTL_HOLD:
		mark(o, i, mark_of(true, via));
		break;
	case CTL_RELEASE:
		mark(o, i, mark_of(false, via));
		break;
	case CTL_DELETE:
		if (is_unsure(o->m, i))
			o->busy++;
		else
			mark(o, i, ENV_REMOVED);
		break;
	case CTL_BOUNCE:
		give_up(o, i, argument);
		break;
	default: /* CTL_REROUTE */
		reroute(o, i, argument);
		break;
	}
}

/* --- an order ------------------------------------------------------------- */

static void
answer_at_once(struct qid id, enum ctl_result r, const char *text,
	order_told_fn *told, void *arg)
{
	char name[QID_LEN + 1];
	struct ctl_outcome out = { .id = name, .result = r, .text = text };

	qid_fmt(name, id);
	told(arg, &out);
}

static void
go_on(struct order *o)
{
	struct message *m = o->m;

	if (o->nrcpts) {
		o->stage = RELAYS;
		o->ticket = cleaner_ask(CLEAN_NOTE, m->id);
	} else if (o->verb == CTL_BOUNCE && message_isunsure(m)) {
		/* asked after what message_giveup has asked */
		o->stage = REASONS;
		o->ticket = cleaner_ask(CLEAN_NOTE, m->id);
	} else if (o->changed && o->verb != CTL_RETRY) {
		sync_marks(o);
	} else {
		finish(o);
	}
}

static void
begin(struct order *o)
{
	const char *argument = o->q.argument ? o->q.argument : "";
	uint32_t slot = known_find(o->id);
	struct message *m = slot == KNOWN_NONE ? NULL : message_hold(slot);
	size_t rcpts = o->targets, i, n = 0;

	if (!m) {
		answer_at_once(o->id, CTL_GONE, NULL, o->told, o->arg);
		set_free(o);
		return;
	}
	o->m = m;
	o->stage = MARKS;
	if (o->verb == CTL_REROUTE) {
		o->relay = xstrdup(*argument ? argument : "-");
		o->rcpts = xmalloc((m->env.nrcpt + 1) * sizeof(*o->rcpts));
	}
	for (; ctl_number(&o->q, &rcpts, &i); n++)
		if (i < m->env.nrcpt)
			obey(o, i, argument);
	for (i = 0; n == 0 && i < m->env.nrcpt; i++)
		obey(o, i, argument);
	message_sync(m);
	if (o->changed && (o->verb == CTL_RETRY || o->verb == CTL_RELEASE))
		message_hurry(slot);
	go_on(o);
}

void
order_begin(const struct ctl_asked *q, struct qid id, size_t rcpts,
	unsigned long uid, order_told_fn *told, void *arg)
{
	uint32_t slot = known_find(id);
	struct order *o = orders;

	if (slot == KNOWN_NONE) {
		answer_at_once(id, scan_running() ? CTL_FAILED : CTL_GONE,
			scan_running() ? "quill-send has not read the whole "
					 "queue yet"
				       : NULL,
			told, arg);
		return;
	}
	while (o->stage != FREE)
		o++;
	running++;
	*o = (struct order){ .stage = CHECK,
		.verb = q->verb,
		.q = *q,
		.id = id,
		.targets = rcpts,
		.uid = uid,
		.told = told,
		.arg = arg };
	/* what a power cut tore was never accepted: nobody gets a bounce */
	if (known_trusted(slot))
		begin(o);
	else
		o->ticket = cleaner_ask(CLEAN_CHECK, id);
}

static void
mark_relays(struct order *o)
{
	size_t k;

	for (k = 0; k < o->nrcpts; k++) {
		size_t i = o->rcpts[k];
		enum env_mark was = env_mark(&o->m->env, i);

		if (env_isheld(was) || env_istodo(was))
			mark(o, i, mark_of(env_isheld(was), true));
	}
	o->nrcpts = 0;
	if (o->changed)
		message_hurry(o->m->slot);
}

void
order_answered(size_t ticket, bool done)
{
	struct order *o = orders;

	while (o < orders + ORDERS && (o->stage == FREE || o->ticket != ticket))
		o++;
	if (o == orders + ORDERS)
		return;
	if (o->stage == CHECK) {
		if (o->arg && done) {
			begin(o);
			return;
		}
		if (o->arg)
			answer_at_once(o->id, CTL_FAILED,
				"its message could not be checked, or is "
				"damaged; see the log",
				o->told, o->arg);
		set_free(o);
		return;
	}
	if (!done)
		o->failed = true;
	if (o->stage == RELAYS && done) {
		mark_relays(o);
		if (o->changed) {
			sync_marks(o);
			return;
		}
	}
	if (o->stage == REASONS && done) {
		if (message_isunsure(o->m)) /* an earlier sync came between */
			o->ticket = cleaner_ask(CLEAN_NOTE, o->m->id);
		else
			sync_marks(o);
		return;
	}
	finish(o);
}
