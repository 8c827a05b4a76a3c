/* SPDX-License-Identifier: 0BSD */
#include "queue/commit.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "lib/crc32c.h"
#include "lib/fd.h"
#include "lib/stamp.h"
#include "lib/str.h"
#include "wire/env.h"
#include "wire/envelope.h"
#include "wire/site.h"
#include "wire/status.h"

enum {
	AREA = 65536,	 /* what a pipe holds */
	ENV_EXTRA = 128, /* an env file has that much more than its envelope */
	ENV_SMALL = AREA / 2 - ENV_EXTRA,
	CHUNK = AREA,
	ID_TRIES = 20,
};

/* One buffer for the message, then for the envelope and the env file, so that
 * a small message touches few pages and no heap. */
static char area[AREA];

/* --- names ---------------------------------------------------------------- */

static int
create(const struct commit *c, const char *name, mode_t mode)
{
	return openat(
		c->dir, name, O_RDWR | O_CREAT | O_EXCL | O_NOFOLLOW, mode);
}

int
commit_create(struct commit *c, const struct commit_by *by)
{
	char path[QPATH_MAX];
	int tries;

	c->by = by;
	for (tries = 0; tries < ID_TRIES; tries++) {
		c->id = qid_new();
		qid_fmt(c->mess_name, c->id);
		memcpy(c->env_name, c->mess_name, QID_LEN);
		memcpy(c->mess_name + QID_LEN, ".mess", 6);
		memcpy(c->env_name + QID_LEN, ".env", 5);
		qpath_split(path, qid_split(c->id));
		c->dir = open(path, O_RDONLY | O_DIRECTORY);
		if (c->dir == -1)
			return STATUS_QUEUEDIR;
		c->mess = create(c, c->mess_name, 0640);
		if (c->mess != -1)
			break;
		if (errno != EEXIST)
			return STATUS_MESS;
		close(c->dir);
	}
	if (c->mess == -1)
		return STATUS_PID;
	c->has_mess = 1;
	/* group quill (quill-send) marks recipients in it */
	c->has_env = 1; /* the id is ours, whatever a signal interrupts */
	c->env = create(c, c->env_name, 0660);
	if (c->env == -1)
		return STATUS_ENV;
	return STATUS_OK;
}

void
commit_undo(struct commit *c)
{
	/* the envelope first: what is left alone is never delivered */
	if (c->has_env)
		unlinkat(c->dir, c->env_name, 0);
	if (c->has_mess)
		unlinkat(c->dir, c->mess_name, 0);
}

void
commit_end(struct commit *c)
{
	/* In this order: a signal in between must find nothing to undo. */
	c->has_env = c->has_mess = 0;
	c->past = 0;
	close(c->env);
	close(c->mess);
	close(c->dir);
	*c = (struct commit){ .by = NULL };
}

/* --- message -------------------------------------------------------------- */

/* read(2), also from a caller's non-blocking descriptor. */
static ssize_t
get(int fd, char *p, size_t n)
{
	ssize_t r;

	while ((r = fd_read(fd, p, n)) == -1)
		if (errno != EAGAIN || fd_wait(fd, POLLIN, 0) == -1)
			return -1;
	return r;
}

/* "Received: (quill 123 invoked by uid 0 id ...); 20 Nov 2026 ... -0000" */
static size_t
received(const struct commit *c)
{
	struct str s = { .s = area, .cap = sizeof area, .max = 500 };
	char id[QID_LEN + 1], date[STAMP_FMT];

	qid_fmt(id, c->id);
	stamp_date(date, qid_birth(c->id));
	str_puts(&s, "Received: (quill ");
	str_putnum(&s, (uint64_t)c->by->pid);
	str_puts(&s, " invoked ");
	if (c->by->origin) {
		str_puts(&s, c->by->origin);
	} else {
		str_puts(&s, "by uid ");
		str_putnum(&s, c->by->uid);
	}
	str_puts(&s, " id ");
	str_puts(&s, id);
	str_puts(&s, "); ");
	str_puts(&s, date);
	str_putc(&s, '\n');
	return s.len;
}

int
commit_message(struct commit *c, int fd)
{
	size_t have = received(c);
	ssize_t r;

	do {
		r = get(fd, area + have, sizeof area - have);
		if (r == -1)
			return STATUS_READ;
		have += (size_t)r;
		if (have == sizeof area || r == 0) {
			if (fd_writeall(c->mess, area, have) == -1)
				return STATUS_WRITE;
			c->sum = crc32c(c->sum, area, have);
			c->bytes += have;
			have = 0;
		}
	} while (r > 0);
	/* The disk may begin while the envelope comes; on ext4 that also gets
	 * the message into the journal commit of the envelope. It is advice:
	 * it promises nothing, and its errors are fsync's to tell. */
	sync_file_range(c->mess, 0, 0, SYNC_FILE_RANGE_WRITE);
	return STATUS_OK;
}

/* --- envelope ------------------------------------------------------------- */

/* A string with memory for n more bytes on the heap; holds those of s. */
static void
to_heap(struct str *s, size_t max, size_t n)
{
	struct str heap = STR_INIT(max);

	str_room(&heap, n);
	str_put(&heap, s->s, s->len);
	*s = heap;
}

static int
read_envelope(const struct commit *c, int fd, struct str *in)
{
	struct envelope e = { .state = ENVELOPE_MORE };
	size_t n;
	ssize_t r;

	do {
		if (in->len == in->max)
			to_heap(in, c->by->ceiling + 1, AREA);
		n = in->max - in->len < CHUNK ? in->max - in->len : CHUNK;
		str_room(in, n);
		r = get(fd, in->s + in->len, n);
		if (r <= 0)
			return STATUS_READ;
		envelope_feed(&e, in->s + in->len, (size_t)r);
		in->len += (size_t)r;
		if (e.state == ENVELOPE_LONG)
			return STATUS_ADDRESS;
		if (e.state == ENVELOPE_BAD || in->len > c->by->ceiling)
			return STATUS_ENVELOPE;
	} while (e.state == ENVELOPE_MORE);
	return STATUS_OK;
}

/* Bytes of the env file, behind the envelope where there is room. */
static void
encode(const struct commit *c, const struct str *in, struct str *out)
{
	const struct env_head h = { .birth = c->id.us,
		.bytes = c->bytes,
		.sum = c->sum,
		.pid = (uint64_t)c->by->pid,
		.uid = c->by->uid };

	if (in->s == area) {
		out->s = area + in->len;
		out->cap = sizeof area - in->len;
		out->max = out->cap - 1;
	} else {
		str_init(out, in->len + ENV_EXTRA);
		str_room(out, in->len + ENV_EXTRA);
	}
	env_encode(out, &h, in->s, in->len);
}

/* A message never tried has its birth as the modification time of its
 * envelope (wire/retry.h). */
static int
set_birth(const struct commit *c)
{
	struct timespec t[2] = { { .tv_nsec = UTIME_OMIT },
		{ .tv_sec = (time_t)(c->id.us / 1000000),
			.tv_nsec = (long)(c->id.us % 1000000) * 1000 } };

	return futimens(c->env, t);
}

/* Nothing but these three syncs makes names and bytes durable, whatever the
 * file system; each once: a second one after a failure may lie. After a good
 * one close has nothing left to report, so exit does it.
 *
 * The order: everything is written before the first of them, so that ext4 needs
 * one journal commit for all. A power cut may leave the envelope whole beside
 * half a message; by the checksum in it that is found out before it is
 * delivered (wire/clean.h). */
static int
sync_all(const struct commit *c)
{
	return fsync(c->env) == -1 || fsync(c->dir) == -1 ||
			       fsync(c->mess) == -1
		       ? -1
		       : 0;
}

int
commit_envelope(struct commit *c, int fd)
{
	struct str in = { .s = area, .cap = ENV_SMALL + 1, .max = ENV_SMALL };
	struct str out = STR_INIT(0);
	int r;

	r = read_envelope(c, fd, &in);
	if (r != STATUS_OK)
		return r;
	encode(c, &in, &out);
	if (out.over)
		return STATUS_BUG;
	/* A machine that slept is not late by its alarm clock, but by then
	 * others may have cleared our files away. */
	if (stamp_now() - qid_birth(c->id) > QUEUE_TIMEOUT)
		return STATUS_TIMEOUT;
	c->past = 1;
	if (fd_writeall(c->env, out.s, out.len) == -1 || set_birth(c) == -1 ||
		sync_all(c) == -1)
		return STATUS_WRITE;
	/* committed from here */
	if (in.s != area) {
		str_free(&in);
		str_free(&out);
	}
	return STATUS_OK;
}
