/* SPDX-License-Identifier: 0BSD */
#include "send/message.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
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
#include "wire/note.h"
#include "wire/retry.h"
#include "wire/site.h"

enum {
	ACTIVE_MAX = 1000,  /* messages loaded at once; two fds each */
	ACTIVE_RETRY = 750, /* of these, not for a first attempt */
};

/* New messages that wait to be loaded. */
static uint32_t *fresh;
static size_t capfresh, headfresh, tailfresh;
static size_t nactive, nretrying;

void
message_new(struct qid id)
{
	uint32_t slot;

	if (known_find(id) != KNOWN_NONE)
		return;
	slot = known_add(id);
	if (tailfresh - headfresh == capfresh) {
		size_t n = capfresh ? capfresh * 2 : 256;
		uint32_t *new = xmalloc(n * sizeof(*new));
		size_t i;

		for (i = headfresh; i != tailfresh; i++)
			new[i % n] = fresh[i % capfresh];
		free(fresh);
		fresh = new;
		capfresh = n;
	}
	fresh[tailfresh++ % capfresh] = slot;
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
	p->on = p->n > 0;
	if (p->on)
		channel_add(chan, p);
}

static void
unload(struct message *m)
{
	nactive--;
	nretrying -= m->retrying;
	load_free(m);
}

static void
finish(struct message *m)
{
	uint32_t slot = m->slot;
	struct qid id = m->id;
	bool failed = m->failed;

	known_rest(slot);
	unload(m);
	if (failed)
		bouncer_add(slot);
	else
		cleaner_ask(CLEAN_REMOVE, id);
}

/* Finished, waiting, or still at work? */
static void
settle(struct message *m)
{
	if (m->pass[CHAN_LOCAL].on || m->pass[CHAN_REMOTE].on)
		return;
	if (m->todo == 0) {
		finish(m);
		return;
	}
	/* HUP may have moved a recipient to the other channel meanwhile */
	if (known_when(m->slot, CHAN_LOCAL) == KNOWN_NEVER &&
		known_when(m->slot, CHAN_REMOTE) == KNOWN_NEVER)
		known_wait(m->slot, CHAN_LOCAL, stamp_now());
	unload(m);
}

static void
pass_end(struct message *m, int chan)
{
	struct pass *p = &m->pass[chan];
	int64_t now = stamp_now();

	p->on = false;
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

static void
start(uint32_t slot, bool retrying, int64_t now)
{
	struct message *m = known_attached(slot);
	int c;

	if (!m) {
		m = load_message(slot);
		if (!m)
			return;
		m->retrying = retrying;
		nactive++;
		nretrying += retrying;
	}
	for (c = 0; c < NCHAN; c++)
		if (!m->pass[c].on && (!retrying || known_when(slot, c) <= now))
			pass_start(m, c, now);
	settle(m);
}

uint32_t
message_next(void)
{
	if (headfresh != tailfresh && nactive < ACTIVE_MAX)
		return 0;
	if (nactive < ACTIVE_MAX && nretrying < ACTIVE_RETRY)
		return known_next();
	return KNOWN_NEVER;
}

void
message_admit(int64_t now)
{
	uint32_t slot;

	while (headfresh != tailfresh && nactive < ACTIVE_MAX)
		start(fresh[headfresh++ % capfresh], false, now);
	while (nactive < ACTIVE_MAX && nretrying < ACTIVE_RETRY &&
		(slot = known_due(now)) != KNOWN_NONE)
		start(slot, true, now);
}

/* --- jobs ----------------------------------------------------------------- */

/* Make the reason of a failure durable; 0 or -1 errno. */
static int
write_note(struct message *m, size_t i, const struct report_rcpt *r,
	const char *host)
{
	static struct str record = STR_INIT(4 * REPORT_TEXT_MAX);
	char path[QPATH_MAX];
	char status[16];
	struct note n = { .rcpt = i,
		.when = stamp_now(),
		.status = status,
		.text = r->text,
		.reply = r->reply,
		.host = host };
	bool isnew = !m->failed;
	int fd, saved;

	if (r->status_len >= sizeof(status))
		n.status = "5.0.0";
	else
		((char *)memcpy(status, r->status,
			r->status_len))[r->status_len] = '\0';
	str_clear(&record);
	note_encode(&record, &n);
	qpath_fmt(path, m->id, QFILE_BOUNCE);
	fd = fd_open(path, O_WRONLY | O_APPEND | O_CREAT, 0600);
	if (fd < 0)
		return -1;
	if (fd_writeall(fd, record.s, record.len) < 0 || fsync(fd) < 0)
		goto fail;
	if (isnew && file_syncdir("bounce") < 0)
		goto fail;
	return close(fd);
fail:
	saved = errno;
	close(fd);
	errno = saved;
	return -1;
}

void
message_result(struct message *m, int chan, size_t i, struct report_rcpt *r,
	const char *host)
{
	enum env_mark mark = ENV_DONE;

	if (r->class == 'Z') {
		m->pass[chan].deferred = true;
		return;
	}
	if (r->class == 'D') {
		if (write_note(m, i, r, host) < 0) {
			log_warning_sys("unable to write bounce/", m->name);
			r->class = 'Z';
			m->pass[chan].deferred = true;
			return;
		}
		m->failed = true;
		mark = ENV_FAILED;
	}
	m->todo--;
	if (env_setmark(&m->env, m->fdenv, i, mark) < 0)
		log_alert_sys(
			"unable to mark a recipient of ", m->name, " as done");
}

void
message_job_done(struct message *m, int chan)
{
	struct pass *p = &m->pass[chan];

	p->running--;
	if (p->running == 0 && p->at == p->n)
		pass_end(m, chan);
}
