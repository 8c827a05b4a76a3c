/* SPDX-License-Identifier: 0BSD */
#include "send/tell.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "lib/fd.h"
#include "lib/file.h"
#include "lib/log.h"
#include "lib/stamp.h"
#include "lib/str.h"
#include "send/conf.h"
#include "wire/note.h"
#include "wire/notify.h"
#include "wire/site.h"

enum {
	NOTES_MAX = 16 << 20, /* read when looking for an earlier warning */
	HOST_MAX = 256,
};

static int
open_notes(const struct message *m, int flags)
{
	char path[QPATH_MAX];

	qpath_fmt(path, m->id, QFILE_BOUNCE);
	return fd_open(path, flags, QFILE_NOTES_MODE);
}

static const char *
remote_host(const struct report *rep, char host[HOST_MAX])
{
	const char *relay = report_info(rep, "relay");
	size_t n = relay ? strcspn(relay, "[") : 0;

	if (n >= HOST_MAX)
		n = 0;
	if (n)
		memcpy(host, relay, n);
	host[n] = '\0';
	return host;
}

static int
sync_notes(int fd, bool isnew)
{
	return fsync(fd) < 0 || (isnew && file_syncdir("bounce") < 0) ? -1 : 0;
}

static int
append(struct message *m, const struct note *n)
{
	static struct str record = STR_INIT(4 * REPORT_TEXT_MAX);
	int fd, saved;

	str_clear(&record);
	note_encode(&record, n);
	fd = open_notes(m, O_WRONLY | O_APPEND | O_CREAT);
	if (fd < 0)
		return -1;
	m->noted = true;
	if (fd_writeall(fd, record.s, record.len) == 0)
		return close(fd);
	saved = errno;
	close(fd);
	errno = saved;
	return -1;
}

static int
write_note(struct message *m, size_t i, const struct report_rcpt *r,
	const struct report *rep, enum note_action action)
{
	char status[16] = "5.0.0", host[HOST_MAX];
	struct note n = { .rcpt = i,
		.when = stamp_now(),
		.status = status,
		.text = r->text,
		.reply = r->reply,
		.host = remote_host(rep, host),
		.action = action };

	if (r->status_len < sizeof(status))
		((char *)memcpy(status, r->status,
			r->status_len))[r->status_len] = '\0';
	return append(m, &n);
}

int
tell_failure(struct message *m, size_t i, const struct report_rcpt *r,
	const struct report *rep)
{
	return write_note(m, i, r, rep, NOTE_FAILED);
}

/* Bounces have nobody who could be told. */
static bool
has_sender(const struct message *m)
{
	return *m->env.sender && strcmp(m->env.sender, "#@[]") != 0;
}

static bool
wants(const struct message *m, size_t i, unsigned what)
{
	const char *v = env_value(&m->env, i, "NOTIFY");

	return has_sender(m) && (notify_of(v) & what);
}

void
tell_success(struct message *m, int chan, size_t i, const struct report_rcpt *r,
	const struct report *rep)
{
	const char *dsn = report_info(rep, "dsn");
	enum note_action a = chan == CHAN_LOCAL ? NOTE_DELIVERED : NOTE_RELAYED;

	if (!wants(m, i, NOTIFY_SUCCESS))
		return;
	if (dsn && strcmp(dsn, "expanded") != 0)
		return; /* who has it now was asked to report */
	if (dsn)
		a = NOTE_EXPANDED;
	if (write_note(m, i, r, rep, a) < 0)
		log_warning_sys("unable to record a success of ", m->name);
}

/* A note of a delay stays as long as the message. What cannot be read counts
 * as a warning: one too few is better than one too many. */
static bool
was_warned(const struct message *m)
{
	struct str s = STR_INIT(NOTES_MAX);
	struct note n;
	size_t pos = 0;
	bool found = false;
	int fd;

	if (!m->noted)
		return false;
	fd = open_notes(m, O_RDONLY);
	if (fd < 0)
		return errno != ENOENT;
	if (file_readfd(fd, &s) < 0)
		found = true;
	close(fd);
	while (!found && note_next(str_c(&s), s.len, &pos, &n))
		found = n.action == NOTE_DELAYED;
	str_free(&s);
	return found;
}

void
tell_delay(struct message *m, size_t i, const struct report_rcpt *r,
	const struct report *rep)
{
	if (m->warning == WARN_DONE || !wants(m, i, NOTIFY_DELAY) ||
		qid_birth(m->id) + (int64_t)conf.delaywarn > stamp_now())
		return;
	if (m->warning == WARN_UNKNOWN && was_warned(m))
		m->warning = WARN_DONE;
	else if (write_note(m, i, r, rep, NOTE_DELAYED) == 0)
		m->warning = WARN_COLLECT;
	else
		log_warning_sys("unable to record a delay of ", m->name);
}

int
tell_sync(struct message *m)
{
	int fd = open_notes(m, O_WRONLY);
	int r = fd < 0 ? -1 : sync_notes(fd, true);

	if (r < 0)
		log_warning_sys("unable to record a delay of ", m->name);
	if (fd >= 0)
		close(fd);
	m->warning = WARN_DONE;
	return r;
}

/* --- relays --------------------------------------------------------------- */

static void
set_relay(struct message *m, size_t i, const char *relay)
{
	if (!m->via) {
		m->via = xmalloc((m->env.nrcpt + 1) * sizeof(*m->via));
		memset(m->via, 0, (m->env.nrcpt + 1) * sizeof(*m->via));
	}
	free(m->via[i]);
	m->via[i] = xstrdup(relay);
}

int
tell_relays(struct message *m)
{
	struct str s = STR_INIT(NOTES_MAX);
	int fd = open_notes(m, O_RDONLY);
	size_t pos = 0;
	struct note n;
	int r;

	if (fd < 0)
		return -1;
	r = file_readfd(fd, &s);
	close(fd);
	while (r == 0 && note_next(str_c(&s), s.len, &pos, &n))
		if (n.action == NOTE_VIA && n.rcpt < m->env.nrcpt)
			set_relay(m, (size_t)n.rcpt, n.host);
	str_free(&s);
	return r;
}

void
tell_forget(struct message *m)
{
	size_t i;

	for (i = 0; m->via && i < m->env.nrcpt; i++)
		free(m->via[i]);
	free(m->via);
	m->via = NULL;
}

int
tell_relay(struct message *m, size_t i, const char *relay)
{
	struct note n = { .rcpt = i,
		.when = stamp_now(),
		.status = "2.0.0",
		.text = "",
		.host = relay,
		.action = NOTE_VIA };

	if (append(m, &n) < 0)
		return -1;
	set_relay(m, i, relay);
	return 0;
}
