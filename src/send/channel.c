/* SPDX-License-Identifier: 0BSD */
#include "send/channel.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "lib/ascii.h"
#include "lib/fd.h"
#include "lib/log.h"
#include "lib/stamp.h"
#include "lib/str.h"
#include "send/batch.h"
#include "send/conf.h"
#include "send/delivery.h"
#include "send/event.h"
#include "send/hurry.h"
#include "send/load.h"
#include "send/tally.h"
#include "send/tell.h"
#include "send/turn.h"
#include "wire/fds.h"
#include "wire/job.h"

static struct channel {
	const char *name;
	int fd;
	struct delivery *runs;
	size_t nruns, running;
	size_t retrying; /* of running: no first attempts */
	uint32_t free;	 /* index + 1 of a free one */
	uint32_t generation;
	bool blocked;
} channels[NCHAN] = {
	[CHAN_LOCAL] = { .name = "local", .fd = SEND_FD_LOCAL },
	[CHAN_REMOTE] = { .name = "remote", .fd = SEND_FD_REMOTE },
};

static bool stopping;
static bool changed = true; /* numbers of the status line */
static uint64_t deliveries;
static char record[REPORT_RECORD_MAX];

void
channel_init(void)
{
	int c;

	for (c = 0; c < NCHAN; c++)
		fd_nonblock(channels[c].fd);
}

size_t
channel_running(int chan)
{
	return channels[chan].running;
}

bool
channel_blocked(int chan)
{
	return channels[chan].blocked;
}

void
channel_stop(void)
{
	stopping = true;
	changed = true;
}

bool
channel_stopping(void)
{
	return stopping;
}

void
channel_status(void)
{
	int c;

	if (!changed)
		return;
	changed = false;
	event_begin("status:");
	for (c = 0; c < NCHAN; c++) {
		event_puts(" ");
		event_puts(channels[c].name);
		event_puts(" ");
		event_putnum(channels[c].running);
		event_puts("/");
		event_putnum(conf.concurrency[c]);
	}
	if (stopping)
		event_puts(" exitasap");
	event_end();
}

/* --- who is next ---------------------------------------------------------- */

/* A quarter is kept: from one message, and for what is tried first. */
static size_t
share(int chan)
{
	return conf.concurrency[chan] - conf.concurrency[chan] / 4;
}

static bool
takes_retries(int chan)
{
	return channels[chan].retrying < share(chan);
}

static struct delivery *
free_slot(struct channel *ch)
{
	size_t i = ch->nruns;

	if (ch->free)
		return &ch->runs[ch->free - 1];
	ch->nruns = ch->nruns ? ch->nruns * 2 : 16;
	ch->runs = xrealloc(ch->runs, ch->nruns * sizeof(*ch->runs));
	memset(ch->runs + i, 0, (ch->nruns - i) * sizeof(*ch->runs));
	for (; i < ch->nruns; i++) {
		ch->runs[i].nextfree = ch->free;
		ch->free = (uint32_t)i + 1;
	}
	return &ch->runs[ch->free - 1];
}

/* --- starting a job ------------------------------------------------------- */

/* Its lines in the log get numbers; the recipients are order[at] and on. */
static void
number(struct delivery *d, const struct pass *p, size_t at, const struct job *j)
{
	d->m = p->m;
	d->started = stamp_us();
	d->first = deliveries + 1;
	deliveries += j->nrcpt;
	d->rcpts = p->order + at;
	d->nrcpt = j->nrcpt;
}

/* Hand the next job to the spawner. -1: not now, errno. */
static int
start(struct channel *ch, int chan, const struct turn *t, int64_t now)
{
	static struct str out = STR_INIT(JOB_RECORD_MAX);
	static struct job j;
	struct pass *p = t->p;
	struct delivery *d = free_slot(ch);
	int fd, sent, saved;

	batch_fill(&j, p, chan, t->at, t->n);
	j.number = (uint32_t)(d - ch->runs) | (++ch->generation << 16);
	d->number = j.number;
	str_clear(&out);
	job_encode(&out, &j);
	fd = load_open(p->m);
	if (fd < 0)
		return -1;
	sent = fd_send(ch->fd, out.s, out.len, fd);
	saved = errno;
	close(fd);
	errno = saved;
	if (sent < 0)
		return -1;
	ch->free = d->nextfree;
	number(d, p, t->at, &j);
	d->fresh = p->fresh;
	d->run = (struct dest_run){ .dest = t->dest, .limiter = t->limiter };
	dest_ref(t->dest);
	dest_start(&d->run, now);
	p->running++;
	ch->running++;
	ch->retrying += !p->fresh;
	changed = true;
	delivery_log_start(d, &j, ch->name);
	turn_taken(t, j.nrcpt, now);
	return 0;
}

/* They wait for the next pass. */
static void
put_off(const struct turn *t, int chan, int64_t now)
{
	struct pass *p = t->p;
	struct message *m = p->m;

	log_warning_sys("unable to start a delivery of ", m->name);
	p->deferred = true;
	p->running++;
	turn_taken(t, t->n, now);
	message_job_done(m, chan);
}

void
channel_run(int chan)
{
	struct channel *ch = &channels[chan];
	int64_t now = stamp_mono();
	struct turn t;

	ch->blocked = false;
	dest_places(chan, (uint32_t)conf.concurrency[chan]);
	while (!stopping && ch->running < conf.concurrency[chan] &&
		turn_next(chan, now, share(chan), takes_retries(chan), &t)) {
		if (start(ch, chan, &t, now) == 0)
			continue;
		if (errno == EAGAIN || errno == ENOBUFS) {
			turn_back(&t, now);
			ch->blocked = true;
			return;
		}
		put_off(&t, chan, now);
	}
}

bool
channel_runs(int chan, const struct message *m, size_t i)
{
	const struct channel *ch = &channels[chan];
	size_t k, r;

	for (k = 0; m->pass[chan].running && k < ch->nruns; k++)
		for (r = 0; ch->runs[k].m == m && r < ch->runs[k].nrcpt; r++)
			if (ch->runs[k].rcpts[r] == i)
				return true;
	return false;
}

bool
channel_more(int chan)
{
	const struct channel *ch = &channels[chan];

	return !stopping && !ch->blocked &&
	       ch->running < conf.concurrency[chan] &&
	       turn_waiting(chan, takes_retries(chan));
}

/* --- reports -------------------------------------------------------------- */

/* A deferral that comes after queuelifetime is the end. */
static void
expire(struct report_rcpt *out)
{
	static struct str text = STR_INIT(2 * REPORT_TEXT_MAX);

	str_clear(&text);
	str_puts(&text, out->text);
	str_puts(&text, "\nI'm giving up; this message has been in the queue "
			"too long. (#4.4.7)\n");
	out->class = 'D';
	out->text = str_c(&text);
	out->status = "4.4.7";
	out->status_len = 5;
}

/* Those of its recipients that were delivered, or the others. */
static void
results(struct delivery *r, int chan, struct report *rep, bool delivered)
{
	struct pass *p = &r->m->pass[chan];
	size_t i;

	for (i = 0; i < r->nrcpt; i++) {
		struct report_rcpt *out = &rep->rcpt[i];

		if ((out->class == 'K') != delivered)
			continue;
		if (out->class == 'Z' && message_isold(r->m, r->rcpts[i]))
			expire(out);
		message_result(r->m, chan, r->rcpts[i], out, rep);
		if (out->class == 'Z' && r->run.dest)
			turn_waits(p, r->run.dest);
		delivery_log_result(r, i, rep);
		tally_result(chan, r, i, rep);
	}
}

/* A name to share limits under, as a report gives it. Without one, what came of
 * it was not the group's doing: a look-up failed, or the exchangers are other
 * ones now. */
static void
learn_group(struct dest *d, const struct report *rep, enum dest_news news,
	int64_t now)
{
	const char *group = report_info(rep, "group");
	char name[512];

	if (!group || !*group || strlen(group) >= sizeof(name) ||
		conf_isalone(d->chan, d->name)) {
		if (d->chan == CHAN_REMOTE && news != DEST_NEUTRAL)
			dest_leave(d, now);
		return;
	}
	strcpy(name, group);
	ascii_tolower(name, strlen(name));
	dest_join(d, name, now);
}

static void
finished(struct channel *ch, int chan, struct delivery *r, struct report *rep)
{
	struct message *m = r->m;
	int64_t now = stamp_mono();
	const char *text = NULL;
	enum dest_news news = delivery_news(rep, &text);
	struct dest *d = r->run.dest;
	enum dest_change change;

	learn_group(d, rep, news, now);
	change = dest_end(&r->run, news, text, now);
	/* a failure is written, which may take a while */
	results(r, chan, rep, true);
	results(r, chan, rep, false);
	if (change != DEST_SAME)
		delivery_log_change(dest_limiter(d), change, now);
	if (change == DEST_DOWNED)
		tally_add(SEND_DOWN, 1);
	if (change == DEST_UP)
		hurry_destination(d);
	ch->running--;
	ch->retrying -= !r->fresh;
	changed = true;
	turn_ended(&m->pass[chan], r->run.limiter, now);
	dest_unref(d, now);
	r->m = NULL;
	r->nextfree = ch->free;
	ch->free = (uint32_t)(r - ch->runs) + 1;
	message_job_done(m, chan);
}

/* A part of a pass whose destination is down: what is too old has failed with
 * that. */
void
channel_put_off(struct pass *p, size_t at, size_t end, struct dest *limiter,
	int64_t until)
{
	static struct report rep;
	static struct job j;
	struct message *m = p->m;
	int chan = limiter->chan;
	size_t k;

	rep.nrcpt = 1;
	for (k = at; k < end; k++) {
		struct delivery d = { 0 };

		if (!batch_wanted(p, k))
			continue;
		rep.rcpt[0] = (struct report_rcpt){ .class = 'Z',
			.text = limiter->text ? limiter->text : "no answer",
			.reply = "" };
		if (message_isold(m, p->order[k])) {
			batch_fill(&j, p, chan, k, 1);
			number(&d, p, k, &j);
			delivery_log_start(&d, &j, channels[chan].name);
			results(&d, chan, &rep, false);
			continue;
		}
		if (!p->until || until < p->until)
			p->until = until;
		if (conf.delaywarn)
			tell_delay(m, p->order[k], &rep.rcpt[0], &rep);
	}
	message_sync(m);
}

bool
channel_reports(int chan)
{
	static struct report rep;
	struct channel *ch = &channels[chan];
	ssize_t n;
	int passed;
	struct delivery *r;

	while ((n = fd_recv(ch->fd, record, sizeof(record), &passed)) > 0) {
		if (passed >= 0)
			close(passed);
		if (!report_decode(&rep, record, (size_t)n)) {
			log_alert("quill-",
				ch->name == channels[0].name ? "lspawn"
							     : "rspawn",
				" sent a report that makes no sense");
			continue;
		}
		r = (rep.number & 0xffff) < ch->nruns
			    ? &ch->runs[rep.number & 0xffff]
			    : NULL;
		if (!r || !r->m || r->number != rep.number ||
			rep.nrcpt != r->nrcpt) {
			log_alert("a report is about no running delivery");
			continue;
		}
		finished(ch, chan, r, &rep);
	}
	return n < 0 && (errno == EAGAIN || errno == EINTR);
}
