/* SPDX-License-Identifier: 0BSD */
#include "send/channel.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "lib/ascii.h"
#include "lib/fd.h"
#include "lib/log.h"
#include "lib/num.h"
#include "lib/stamp.h"
#include "lib/str.h"
#include "send/conf.h"
#include "send/event.h"
#include "wire/fds.h"
#include "wire/job.h"

enum {
	RETRY_SHARE = 4, /* every so many turns a retry goes before new mail */
	ADDRESSES = JOB_RECORD_MAX / 2,
	RECORD_ROOM = JOB_RECORD_MAX / 2, /* job closed when that full */
};

/* One job that is out. */
struct run {
	struct message *m; /* NULL: free */
	uint32_t number;
	uint64_t delivery; /* number in the log of its first recipient */
	int64_t started;   /* us */
	uint32_t *rcpts;
	size_t nrcpt;
};

static struct channel {
	const char *name;
	int fd;
	struct pass *ring[2]; /* last passes of circular lists: [fresh] */
	unsigned turn;
	struct run *runs;
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

static struct run *
free_run(struct channel *ch)
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

/* The sender for one recipient: "list-@host-@[]" stands for a return path
 * that names the recipient (VERP), "list-box=rhost@host". */
static bool
is_verp(const char *sender)
{
	size_t n = strlen(sender);

	return n >= 5 && strcmp(sender + n - 4, "-@[]") == 0 &&
	       memchr(sender, '@', n - 4);
}

static const char *
verp(const char *sender, const char *rcpt)
{
	static struct str out = STR_INIT(3 * ADDR_MAX);
	size_t n = strlen(sender) - 4;
	const char *at = memrchr(sender, '@', n);
	const char *rat = strrchr(rcpt, '@');

	str_clear(&out);
	str_put(&out, sender, (size_t)(at - sender));
	str_put(&out, rcpt, rat ? (size_t)(rat - rcpt) : strlen(rcpt));
	str_putc(&out, '=');
	str_puts(&out, rat ? rat + 1 : "");
	str_put(&out, at, n - (size_t)(at - sender));
	return str_c(&out);
}

static const char *
params_of(const struct env *e, size_t i)
{
	const char *p = env_param(e, i, 0);

	return p ? p - 1 : NULL; /* with its P, as wire/job.h wants it */
}

/* Fill a job from the pass: its next recipient and, in the remote channel,
 * those of the same host after it. Returns how many. */
static size_t
fill(struct job *j, struct pass *p, int chan)
{
	static struct str addrs = STR_INIT(ADDRESSES);
	static struct str routed = STR_INIT(2 * ADDR_MAX);
	static char host[ADDR_MAX + 1];
	static size_t at[JOB_RCPT_MAX];
	const struct env *e = &p->m->env;
	size_t most =
		chan == CHAN_REMOTE && !is_verp(e->sender) ? conf.jobrcpts : 1;
	size_t i, n = 0;

	str_clear(&addrs);
	for (; n < most && p->at + n < p->n; n++) {
		i = p->order[p->at + n];
		route_address(&conf.route, env_rcpt(e, i), &routed);
		if (n == 0)
			strncat(strcpy(host, ""), route_host(routed.s),
				ADDR_MAX);
		else if (!ascii_caseis(host, route_host(routed.s)) ||
			 addrs.len + routed.len > RECORD_ROOM)
			break;
		at[n] = addrs.len;
		str_put(&addrs, str_c(&routed), routed.len + 1);
		j->rcpt[n].params = params_of(e, i);
	}
	ascii_tolower(host, strlen(host));
	for (i = 0; i < n; i++)
		j->rcpt[i].addr = addrs.s + at[i];
	j->nrcpt = n;
	if (chan == CHAN_REMOTE)
		j->host = host;
	return n;
}

static void
log_start(const struct channel *ch, const struct run *r, const struct job *j)
{
	size_t i;

	for (i = 0; i < j->nrcpt; i++) {
		event_begin("starting delivery ");
		event_putnum(r->delivery + i);
		event_puts(": msg ");
		event_puts(j->id);
		event_puts(" to ");
		event_puts(ch->name);
		event_puts(" ");
		event_text(j->rcpt[i].addr);
		event_end();
	}
}

/* Hand the next job of a pass to the spawner. -1: not now, errno. */
static int
start(struct channel *ch, int chan, struct pass *p)
{
	static struct str out = STR_INIT(JOB_RECORD_MAX);
	static struct job j;
	struct message *m = p->m;
	struct run *r = free_run(ch);
	int fd, sent, saved;
	size_t n;

	memset(&j, 0, sizeof(j));
	n = fill(&j, p, chan);
	r->number = (uint32_t)(r - ch->runs) | (++ch->generation << 16);
	j.number = r->number;
	j.id = m->name;
	j.birth = qid_birth(m->id);
	j.bytes = m->env.bytes;
	j.sender = is_verp(m->env.sender) && n == 1
			   ? verp(m->env.sender,
				     env_rcpt(&m->env, p->order[p->at]))
			   : m->env.sender;
	j.params = params_of(&m->env, ENV_SENDER);
	str_clear(&out);
	job_encode(&out, &j);
	fd = message_open(m);
	if (fd < 0)
		return -1;
	sent = fd_send(ch->fd, out.s, out.len, fd);
	saved = errno;
	close(fd);
	errno = saved;
	if (sent < 0)
		return -1;
	r->m = m;
	r->started = stamp_us();
	r->delivery = deliveries + 1;
	deliveries += n;
	r->rcpts = p->order + p->at;
	r->nrcpt = n;
	p->at += n;
	p->running++;
	ch->running++;
	changed = true;
	log_start(ch, r, &j);
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

static void
put_info(const char *key, const char *value)
{
	event_puts(key);
	event_text(value ? value : "-");
}

static int64_t
info_ms(const struct report *r, const char *key)
{
	const char *v = report_info(r, key);
	uint64_t ms = 0;

	if (v)
		num_parses(v, 86400000, &ms);
	return (int64_t)ms;
}

static void
log_result(const struct run *r, size_t i, const struct report *rep,
	const struct report_rcpt *out)
{
	const struct message *m = r->m;
	int64_t now = stamp_us(), connect = info_ms(rep, "connect");
	int64_t xfer = info_ms(rep, "xfer");
	int64_t waited = (r->started - (int64_t)m->id.us) / 1000;
	bool sent = out->class == 'K', gone = out->class == 'D';
	char status[16] = "-";

	if (out->status_len < sizeof(status))
		((char *)memcpy(status, out->status,
			out->status_len))[out->status_len] = '\0';
	event_begin("delivery ");
	event_putnum(r->delivery + i);
	event_puts(sent	  ? ": success: "
		   : gone ? ": failure: "
			  : ": deferral: ");
	event_text(out->text);
	put_info(" to=", env_rcpt(&m->env, r->rcpts[i]));
	event_puts(" from=<");
	event_text(m->env.sender);
	put_info("> relay=", report_info(rep, "relay"));
	event_puts(" delay=");
	event_putms((now - (int64_t)m->id.us) / 1000);
	event_puts(" delays=");
	event_putms(waited);
	event_puts("/");
	event_putms((now - r->started) / 1000 - connect - xfer);
	event_puts("/");
	event_putms(connect);
	event_puts("/");
	event_putms(xfer);
	put_info(" tls=", report_info(rep, "tls"));
	put_info(" dsn=", status);
	event_puts(sent	  ? " status=sent"
		   : gone ? " status=bounced"
			  : " status=deferred");
	event_end();
}

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

static const char *
remote_host(const struct report *rep, char host[256])
{
	const char *relay = report_info(rep, "relay");
	size_t n = relay ? strcspn(relay, "[") : 0;

	if (n >= 256)
		n = 0;
	if (n)
		memcpy(host, relay, n);
	host[n] = '\0';
	return host;
}

static void
finished(struct channel *ch, int chan, struct run *r, struct report *rep)
{
	struct message *m = r->m;
	char host[256];
	size_t i;

	for (i = 0; i < r->nrcpt; i++) {
		struct report_rcpt *out = &rep->rcpt[i];

		if (out->class == 'Z' && m->pass[chan].last)
			expire(out);
		log_result(r, i, rep, out);
		message_result(
			m, chan, r->rcpts[i], out, remote_host(rep, host));
	}
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
	struct run *r;

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
