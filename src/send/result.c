/* SPDX-License-Identifier: 0BSD */
#include "send/message.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "lib/ascii.h"
#include "lib/log.h"
#include "lib/str.h"
#include "send/bouncer.h"
#include "send/cleaner.h"
#include "send/conf.h"
#include "send/tell.h"
#include "send/turn.h"
#include "wire/bydomain.h"
#include "wire/site.h"

/* A message that is over is removed at once, durably. Where more is to do, a
 * power cut would make every delivery again that is marked in memory only. A
 * lost mark of a failure just makes it fail again. */
static void
sync_marks(struct message *m)
{
	if (m->unsynced &&
		(m->todo > 0 || m->held > 0 || m->failed || m->noted))
		cleaner_ask(CLEAN_SYNC, m->id);
	m->unsynced = false;
}

static void
count(struct message *m, enum env_mark mark, size_t n)
{
	m->todo += env_istodo(mark) ? n : 0;
	m->held += env_isheld(mark) ? n : 0;
}

int
message_mark(struct message *m, size_t i, enum env_mark mark)
{
	enum env_mark old = env_mark(&m->env, i);

	if (old == mark)
		return 0;
	if (env_setmark(&m->env, m->fdenv, i, mark) < 0)
		return -1;
	count(m, old, (size_t)-1);
	count(m, mark, 1);
	m->failed |= mark == ENV_FAILED;
	return 0;
}

bool
message_isold(const struct message *m, size_t i)
{
	const char *at;
	char domain[ADDR_MAX + 1];

	if (qid_birth(m->id) + (int64_t)conf.lifetime >= m->now)
		return false; /* not even the shortest one is over */
	at = strrchr(env_rcpt(&m->env, i), '@');
	strcpy(domain, at ? at + 1 : "");
	ascii_tolower(domain, strlen(domain));
	return qid_birth(m->id) +
		       (int64_t)bydomain_seconds(&conf.lifetimes, domain) <
	       m->now;
}

/* --- failures ------------------------------------------------------------- */

/* The reason is written; the mark follows when that is durable, which
 * quill-clean sees to: nobody else waits for the disk. */
static void
add_unsure(struct message *m, size_t i, int chan)
{
	if (m->nunsure == m->capunsure) {
		m->capunsure = m->capunsure ? m->capunsure * 2 : 4;
		m->unsure =
			xrealloc(m->unsure, m->capunsure * sizeof(*m->unsure));
	}
	m->unsure[m->nunsure++] = (struct unsure){ (uint32_t)i, chan };
	if (chan < NCHAN)
		m->pass[chan].unsure++;
}

/* One request at a time, for all that have come since the last. */
void
message_sync(struct message *m)
{
	if (m->nasked || !m->nunsure)
		return;
	m->nasked = m->nunsure;
	m->notes = cleaner_ask(CLEAN_NOTE, m->id);
}

bool
message_isunsure(const struct message *m)
{
	return m->nunsure > 0;
}

void
message_noted(struct qid id, size_t request, bool synced)
{
	uint32_t slot = known_find(id);
	struct message *m = slot == KNOWN_NONE ? NULL : known_attached(slot);
	size_t k, n;

	if (!m || !m->nasked || m->notes != request)
		return;
	n = m->nasked;
	for (k = 0; k < n; k++) {
		const struct unsure *u = &m->unsure[k];
		enum env_mark mark = env_mark(&m->env, u->rcpt);
		bool open = env_istodo(mark) || env_isheld(mark);

		/* quill-bounce goes by the marks in the file: without one it
		 * would report a failure of nobody */
		if (open &&
			(!synced || message_mark(m, u->rcpt, ENV_FAILED) < 0)) {
			log_warning("unable to record a failure of ", m->name);
			if (u->chan < NCHAN)
				m->pass[u->chan].deferred = true;
		}
		if (u->chan < NCHAN)
			m->pass[u->chan].unsure--;
	}
	memmove(m->unsure, m->unsure + n,
		(m->nunsure - n) * sizeof(*m->unsure));
	m->nunsure -= n;
	m->nasked = 0;
	message_sync(m);
	message_check(m);
}

int
message_giveup(struct message *m, size_t i, const char *reason)
{
	struct report_rcpt r = { .class = 'D',
		.status = "5.0.0",
		.status_len = 5,
		.text = reason,
		.reply = "" };
	static struct report none;

	if (tell_failure(m, i, &r, &none) < 0)
		return -1;
	add_unsure(m, i, NCHAN);
	message_sync(m);
	return 0;
}

/* --- results -------------------------------------------------------------- */

static void
delivered(struct message *m, int chan, size_t i, struct report_rcpt *r,
	const struct report *rep)
{
	if (m->env.rcpt[i].nparam)
		tell_success(m, chan, i, r, rep);
	if (message_mark(m, i, ENV_DONE) < 0) {
		log_alert_sys(
			"unable to mark a recipient of ", m->name, " as done");
		/* not delivered, nor counted, again while it is loaded */
		count(m, env_mark(&m->env, i), (size_t)-1);
		env_setmem(&m->env, i, ENV_DONE);
	}
	m->unsynced = true;
}

void
message_result(struct message *m, int chan, size_t i, struct report_rcpt *r,
	const struct report *rep)
{
	enum env_mark mark = env_mark(&m->env, i);

	if (r->class == 'K') {
		delivered(m, chan, i, r, rep);
		return;
	}
	if (!env_istodo(mark) && !env_isheld(mark))
		return; /* an order was quicker */
	if (r->class == 'D' && tell_failure(m, i, r, rep) < 0) {
		log_warning_sys("unable to record a failure of ", m->name);
		r->class = 'Z';
	}
	if (r->class == 'D') {
		add_unsure(m, i, chan);
		return;
	}
	if (!env_istodo(mark))
		return;
	m->pass[chan].deferred = true;
	if (conf.delaywarn)
		tell_delay(m, i, r, rep);
}

void
message_job_done(struct message *m, int chan)
{
	sync_marks(m);
	message_sync(m);
	m->pass[chan].running--;
	message_check(m);
}
