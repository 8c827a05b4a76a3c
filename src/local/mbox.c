/* SPDX-License-Identifier: 0BSD */
#include "local/mbox.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "lib/dotlock.h"
#include "lib/obuf.h"
#include "lib/stamp.h"

enum { OPEN_TRIES = 5 };

static char buf[1 << 16];

static int
lock(int fd, int64_t deadline)
{
	struct flock fl = { .l_type = F_WRLCK, .l_whence = SEEK_SET };
	int nap = 5;

	while (fcntl(fd, F_SETLK, &fl) < 0) {
		if (errno != EACCES && errno != EAGAIN && errno != EINTR)
			return -1;
		if (stamp_mono() >= deadline) {
			errno = ETIMEDOUT;
			return -1;
		}
		poll(0, 0, nap);
		if (nap < 200)
			nap *= 2;
	}
	return 0;
}

/* A reader may have put another file in its place while we waited for the
 * lock. */
static bool
is_current(const char *path, const struct stat *st)
{
	struct stat now;

	return stat(path, &now) == 0 && now.st_ino == st->st_ino &&
	       now.st_dev == st->st_dev;
}

/* Open and lock, both ways: O_NONBLOCK so that a fifo cannot hold us. *dot is
 * set when the lock file is there. -1: r says why. */
static int
open_locked(const char *path, struct stat *st, bool *dot, int64_t deadline,
	struct result *r)
{
	int made;

	for (int i = 0; i < OPEN_TRIES; i++) {
		int fd = open(path,
			O_RDWR | O_APPEND | O_CREAT | O_CLOEXEC | O_NONBLOCK |
				O_NOCTTY,
			0600);

		if (fd < 0) {
			result_sys(r, "Unable to open", path);
			return -1;
		}
		if (fstat(fd, st) == 0 && !S_ISREG(st->st_mode)) {
			result_temp(r, "4.2.1", "Not a plain file: ", path);
			close(fd);
			return -1;
		}
		made = -1;
		if (lock(fd, deadline) < 0 || fstat(fd, st) < 0 ||
			(made = dotlock_take(path, deadline)) < 0) {
			result_sys(r, "Unable to lock", path);
			close(fd);
			return -1;
		}
		*dot = made > 0;
		/* its size counts from now on */
		if (fstat(fd, st) == 0 && is_current(path, st))
			return fd;
		if (*dot)
			dotlock_drop(path);
		close(fd);
	}
	result_temp(r, "4.2.0", "Unable to lock ", path,
		": it keeps being replaced");
	return -1;
}

/* A message that a crash cut off must not swallow our From_ line. */
static void
put_start(struct obuf *o, int fd, const struct stat *st)
{
	char last;

	if (st->st_size && pread(fd, &last, 1, st->st_size - 1) == 1 &&
		last != '\n')
		obuf_putc(o, '\n');
}

/* Bytes of one line so far decide whether it needs a ">": any number of ">"
 * and then "From ". at: how far that has matched, -1 not any more. */
struct quote {
	int at;
	size_t marks; /* ">" seen and not written yet */
	bool empty;   /* nothing since the last LF */
};

static const char from[] = "From ";

static void
release(struct obuf *o, struct quote *q, bool add)
{
	if (add)
		obuf_putc(o, '>');
	for (; q->marks; q->marks--)
		obuf_putc(o, '>');
	if (q->at > 0)
		obuf_put(o, from, (size_t)q->at);
	q->at = -1;
}

static void
put_quoted(struct obuf *o, struct quote *q, const char *p, size_t n)
{
	while (n) {
		const char *lf;
		size_t k = 1;

		q->empty = false;
		if (q->at == 0 && *p == '>') {
			q->marks++;
		} else if (q->at >= 0 && *p == from[q->at]) {
			if (!from[++q->at])
				release(o, q, true);
		} else {
			if (q->at >= 0)
				release(o, q, false);
			lf = memchr(p, '\n', n);
			k = lf ? (size_t)(lf - p) + 1 : n;
			obuf_put(o, p, k);
			if (lf)
				*q = (struct quote){ .empty = true };
		}
		p += k;
		n -= k;
	}
}

/* *reading is set when it was the message that could not be read. */
static int
append(int fd, const struct stat *st, const struct message *m,
	const struct vars *v, bool *reading)
{
	struct quote q = { .empty = true };
	struct obuf o;
	const char *p;
	off_t pos = 0;
	ssize_t n;

	obuf_init(&o, fd, buf, sizeof buf);
	put_start(&o, fd, st);
	obuf_put(&o, v->ufline.s, v->ufline.len);
	obuf_put(&o, v->rpline.s, v->rpline.len);
	obuf_put(&o, v->dtline.s, v->dtline.len);
	while ((n = message_read(m, &pos, &p)) > 0)
		put_quoted(&o, &q, p, (size_t)n);
	if (n < 0) {
		*reading = true;
		return -1;
	}
	if (q.at >= 0 && !q.empty)
		release(&o, &q, false);
	if (!q.empty)
		obuf_putc(&o, '\n');
	obuf_putc(&o, '\n');
	return obuf_flush(&o) < 0 ? -1 : fsync(fd);
}

/* The name of a new file must be durable too. */
static int
sync_parent(const char *path)
{
	struct str dir = STR_INIT(8192);
	const char *slash = strrchr(path, '/');
	int fd, r, saved;

	if (slash)
		str_put(&dir, path, (size_t)(slash - path) + 1);
	else
		str_puts(&dir, ".");
	fd = open(str_c(&dir), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	str_free(&dir);
	if (fd < 0)
		return -1;
	r = fsync(fd) < 0 && errno != EINVAL ? -1 : 0;
	saved = errno;
	close(fd);
	errno = saved;
	return r;
}

bool
mbox_deliver(const char *path, const struct message *m, const struct vars *v,
	int64_t wait, struct result *r)
{
	struct stat st;
	bool reading = false, good, dot = false;
	int fd = open_locked(path, &st, &dot, stamp_mono() + wait, r);

	if (fd < 0)
		return false;
	good = append(fd, &st, m, v, &reading) == 0 &&
	       (st.st_size || sync_parent(path) == 0);
	if (!good) {
		if (reading)
			result_sys(r, "Unable to read", "message");
		else
			result_sys(r, "Unable to write", path);
		if (ftruncate(fd, st.st_size) < 0)
			result_sys(r, "Unable to cut back", path);
	}
	if (dot)
		dotlock_drop(path);
	/* synced before; the lock goes with it */
	if (close(fd) < 0 && good)
		good = result_sys(r, "Unable to close", path);
	return good;
}
