/* SPDX-License-Identifier: 0BSD */
#include "send/channel.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "lib/fd.h"
#include "lib/log.h"
#include "lib/stamp.h"
#include "lib/str.h"
#include "send/batch.h"
#include "send/conf.h"
#include "send/delivery.h"
#include "send/event.h"
#include "send/load.h"
#include "wire/fds.h"
#include "wire/job.h"

enum {
	RETRY_SHARE = 4, /* every so many turns a retry goes before new mail */
};

static struct channel {
	const char *name;
	int fd;
	struct pass *ring[2]; /* last passes of circular lists: [fresh] */
	unsigned turn;
	struct delivery *runs;
	size_t nruns, running;
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

int
channel_fd(int chan)
{
	return channels[chan].fd;
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

void
channel_add(int chan, struct pass *p)
{
	struct pass **last = &channels[chan].ring[p->fresh];

	if (*last) {
		p->next = (*last)->next;
		(*last)->next = p;
	} else {
		p->next = p;
	}
	*last = p;
}

static struct pass *
take(struct pass **last)
{
	struct pass *p = (*last)->next;

	if (p == *last)
		*last = NULL;
	else
		(*last)->next = p->next;
	return p;
}

static struct pass *
next_pass(struct channel *ch)
{
	bool fresh = ++ch->turn % RETRY_SHARE != 0;

	if (!ch->ring[fresh])
		fresh = !fresh;
	return ch->ring[fresh] ? take(&ch->ring[fresh]) : NULL;
}

static struct delivery *
free_slot(struct channel *ch)
{
	size_t i;

	for (i = 0; i < ch->nruns; i++)
		if (!ch->runs[i].m)
			return &ch->runs[i];
	ch->nruns = ch->nruns ? ch->nruns * 2 : 16;
	ch->runs = xrealloc(ch->runs, ch->nruns * sizeof(*ch->runs));
	memset(ch->runs + i, 0, (ch->nruns - i) * sizeof(*ch->runs));
	return &ch->runs[i];
}

/* --- starting a job ------------------------------------------------------- */

/* Hand the next job of a pass to the spawner. -1: not now, errno. */
static int
start(struct channel *ch, int chan, struct pass *p)
{
	static struct str out = STR_INIT(JOB_RECORD_MAX);
	static struct job j;
	struct delivery *d = free_slot(ch);
	int fd, sent, saved;

	batch_fill(&j, p, chan);
	d->number = (uint32_t)(d - ch->runs) | (++ch->generation << 16);
	j.number = d->number;
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
	d->m = p->m;
	d->started = stamp_us();
	d->first = deliveries + 1;
	deliveries += j.nrcpt;
	d->rcpts = p->order + p->at;
	d->nrcpt = j.nrcpt;
	p->at += j.nrcpt;
	p->running++;
	ch->running++;
	changed = true;
	delivery_log_start(d, &j, ch->name);
	return 0;
}

/* The recipients of the next job wait for the next pass. */
static void
put_off(struct pass *p, int chan)
{
	log_warning_sys("unable to start a delivery of ", p->m->name);
	p->deferred = true;
	p->at = p->n;
	p->running++;
	message_job_done(p->m, chan);
}

void
channel_run(int chan)
{
	struct channel *ch = &channels[chan];
	struct pass *p;

	ch->blocked = false;
	while (!stopping && ch->running < conf.concurrency[chan] &&
		(p = next_pass(ch))) {
		if (start(ch, chan, p) == 0) {
			if (p->at < p->n)
				channel_add(chan, p);
			continue;
		}
		if (errno == EAGAIN || errno == ENOBUFS) {
			channel_add(chan, p);
			ch->blocked = true;
			return;
		}
		put_off(p, chan);
	}
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
	size_t i;

	for (i = 0; i < r->nrcpt; i++) {
		struct report_rcpt *out = &rep->rcpt[i];

		if ((out->class == 'K') != delivered)
			continue;
		if (out->class == 'Z' && r->m->pass[chan].last)
			expire(out);
		message_result(r->m, chan, r->rcpts[i], out, rep);
		delivery_log_result(r, i, rep);
	}
}

static void
finished(struct channel *ch, int chan, struct delivery *r, struct report *rep)
{
	struct message *m = r->m;

	/* a failure takes a while to record */
	results(r, chan, rep, true);
	results(r, chan, rep, false);
	r->m = NULL;
	ch->running--;
	changed = true;
	message_job_done(m, chan);
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
