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
#include "mail/header.h"
#include "send/bouncer.h"
#include "send/channel.h"
#include "send/cleaner.h"
#include "send/conf.h"
#include "send/event.h"
#include "wire/note.h"
#include "wire/retry.h"
#include "wire/site.h"

enum {
	ACTIVE_MAX = 1000,   /* messages loaded at once; two fds each */
	ACTIVE_RETRY = 750,  /* of these, not for a first attempt */
	TROUBLE_WAIT = 60,   /* s until a file that could not be read is */
	HEADER_LOOK = 16384, /* bytes searched for a Message-ID */
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

/* --- loading -------------------------------------------------------------- */

/* The envelope file as writable bytes; NULL with errno. */
static char *
read_env(struct qid id, int *fd, struct stat *st)
{
	char path[QPATH_MAX];
	char *data = NULL;

	qpath_fmt(path, id, QFILE_ENV);
	*fd = open(path, O_RDWR | O_NOFOLLOW | O_CLOEXEC);
	if (*fd < 0)
		return NULL;
	if (fstat(*fd, st) < 0)
		goto fail;
	if (st->st_size > 2 * (off_t)ENVELOPE_MAX) {
		errno = EFBIG;
		goto fail;
	}
	data = xmalloc((size_t)st->st_size + 1);
	data[st->st_size] = '\0';
	if (fd_readall(*fd, data, (size_t)st->st_size) == 0)
		return data;
fail:
	free(data);
	close(*fd);
	return NULL;
}

enum verdict {
	GOOD,
	DAMAGED,
	UNFINISHED, /* no END record */
	ALONE,	    /* no message beside it */
	TROUBLE,    /* cannot be told now */
};

/* Does the envelope decode, and is the message there, as long as it says? */
static enum verdict
examine(struct message *m, size_t size, const char **why)
{
	char path[QPATH_MAX];
	struct stat st;

	switch (env_decode(&m->env, m->data, size)) {
	case ENV_OK:
		break;
	case ENV_UNFINISHED:
		return UNFINISHED;
	case ENV_DAMAGED:
		*why = "its envelope file is not valid";
		return DAMAGED;
	}
	qpath_fmt(path, m->id, QFILE_MESS);
	if (stat(path, &st) < 0) {
		*why = log_strerror();
		return errno == ENOENT ? ALONE : TROUBLE;
	}
	if (!S_ISREG(st.st_mode) || (uint64_t)st.st_size != m->env.bytes) {
		*why = "its message file does not have the size on record";
		return DAMAGED;
	}
	return GOOD;
}

static void
log_message_id(struct message *m)
{
	static char head[HEADER_LOOK];
	struct header_field f;
	ssize_t n;
	size_t pos = 0;

	m->fdmess = message_open(m);
	n = m->fdmess < 0 ? -1 : pread(m->fdmess, head, sizeof(head) - 1, 0);
	if (n <= 0)
		return;
	while (header_next(head, (size_t)n, &pos, &f)) {
		const char *v = f.value;
		size_t len = f.valuelen;

		if (!header_is(&f, "Message-ID"))
			continue;
		while (len && (*v == ' ' || *v == '\t' || *v == '\n'))
			v++, len--;
		while (len && (v[len - 1] == '\n' || v[len - 1] == ' '))
			len--;
		head[(size_t)(v - head) + len] = '\0';
		event_puts(" message-id=");
		event_text(v);
		return;
	}
}

static void
log_new(struct message *m)
{
	event_begin("new msg ");
	event_puts(m->name);
	event_end();
	event_begin("info msg ");
	event_puts(m->name);
	event_puts(": bytes ");
	event_putnum(m->env.bytes);
	event_puts(" from <");
	event_text(m->env.sender);
	event_puts("> qp ");
	event_putnum(m->env.pid);
	event_puts(" uid ");
	event_putnum(m->env.uid);
	log_message_id(m);
	event_puts(" nrcpt=");
	event_putnum(m->env.nrcpt);
	event_end();
}

static void
release(struct message *m)
{
	int c;

	for (c = 0; c < NCHAN; c++)
		free(m->pass[c].order);
	close(m->fdenv);
	if (m->fdmess >= 0)
		close(m->fdmess);
	env_free(&m->env);
	free(m->data);
	nactive--;
	nretrying -= m->retrying;
	free(m);
}

static void
unload(struct message *m)
{
	known_attach(m->slot, NULL);
	release(m);
}

/* An envelope file that cannot be used. */
static void
reject(uint32_t slot, enum verdict v, const char *why)
{
	struct qid id = known_id(slot);
	char name[QID_LEN + 1];

	qid_fmt(name, id);
	switch (v) {
	case DAMAGED:
		log_alert("message ", name, " set aside in queue/lost: ", why);
		cleaner_ask(CLEAN_LOST, id);
		break;
	case ALONE:
		log_info("envelope ", name, " without a message removed");
		cleaner_ask(CLEAN_REMOVE, id);
		break;
	case UNFINISHED:
		if (qid_birth(id) + QSTALE < stamp_now()) {
			log_info("unfinished message ", name, " removed");
			cleaner_ask(CLEAN_REMOVE, id);
		} else {
			/* being written: a hint or a scan will tell */
			known_forget(slot);
		}
		break;
	default:
		log_warning("unable to read message ", name, ": ", why);
		known_wait(slot, CHAN_LOCAL, stamp_now() + TROUBLE_WAIT);
	}
}

static void
count_marks(struct message *m)
{
	size_t i;

	for (i = 0; i < m->env.nrcpt; i++) {
		enum env_mark k = env_mark(&m->env, i);

		m->todo += k == ENV_TODO;
		m->failed |= k == ENV_FAILED;
	}
}

/* NULL: it was dealt with otherwise. */
static struct message *
load(uint32_t slot, bool retrying)
{
	struct message *m = xmalloc(sizeof(*m));
	const char *why = NULL;
	enum verdict v;
	struct stat st;
	int64_t last;

	*m = (struct message){ .slot = slot,
		.id = known_id(slot),
		.retrying = retrying,
		.fdmess = -1 };
	qid_fmt(m->name, m->id);
	m->data = read_env(m->id, &m->fdenv, &st);
	if (!m->data) {
		if (errno == ENOENT)
			known_forget(slot); /* a hint that came late */
		else
			reject(slot, TROUBLE, log_strerror());
		free(m);
		return NULL;
	}
	nactive++;
	nretrying += retrying;
	v = examine(m, (size_t)st.st_size, &why);
	if (v != GOOD) {
		reject(slot, v, why);
		release(m);
		return NULL;
	}
	known_attach(slot, m);
	count_marks(m);
	m->fresh = !retry_last(m->id, &st, st.st_mtim.tv_sec, &last);
	if (m->fresh)
		log_new(m);
	return m;
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
finish(struct message *m)
{
	uint32_t slot = m->slot;
	struct qid id = m->id;
	bool failed = m->failed;

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

	if (!m)
		m = load(slot, retrying);
	if (!m)
		return;
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

int
message_open(struct message *m)
{
	char path[QPATH_MAX];
	int fd = m->fdmess;

	if (fd >= 0) {
		m->fdmess = -1;
		return fd;
	}
	qpath_fmt(path, m->id, QFILE_MESS);
	return open(path, O_RDONLY | O_CLOEXEC);
}

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
	fd = open(path, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC, 0600);
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
message_result(struct message *m, int chan, size_t i,
	const struct report_rcpt *r, const char *host)
{
	enum env_mark mark = ENV_DONE;

	if (r->class == 'Z') {
		m->pass[chan].deferred = true;
		return;
	}
	if (r->class == 'D') {
		if (write_note(m, i, r, host) < 0) {
			log_warning_sys("unable to write bounce/", m->name);
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
