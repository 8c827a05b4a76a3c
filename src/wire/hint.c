/* SPDX-License-Identifier: 0BSD */
#include "wire/hint.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "lib/fd.h"

static const char fifo[] = "lock/hint";
enum { HINT_LEN = QID_LEN + 1, HINT_PIPE = 1 << 20 };

void
hint_write(int fd, struct qid id)
{
	char buf[HINT_LEN];
	ssize_t r;

	qid_fmt(buf, id);
	buf[QID_LEN] = '\n';
	/* EAGAIN: the fifo is full, and its reader scans when it sees that */
	r = write(fd, buf, sizeof buf);
	(void)r;
}

void
hint_send(struct qid id)
{
	/* ENXIO: nobody reads, send is not running and scans when it starts */
	int fd = openat(AT_FDCWD, fifo, O_WRONLY | O_NONBLOCK | O_CLOEXEC);

	if (fd == -1)
		return;
	hint_write(fd, id);
	close(fd);
}

/* A writer that finds no room gives up, so the reader must be able to tell
 * afterwards. Pages of the pipe are filled with whole hints and the first may
 * be partly read: allow for three pages. */
static size_t
full_from(int fd)
{
	long page = sysconf(_SC_PAGESIZE);
	int size = fcntl(fd, F_GETPIPE_SZ);

	if (size > page * 6)
		return (size_t)size - (size_t)page * 3;
	return HINT_LEN * 8;
}

int
hint_open(struct hint *h)
{
	struct stat st;

	h->have = 0;
	/* read and write: never at end of file when the last writer leaves */
	h->fd = open(fifo, O_RDWR | O_NONBLOCK | O_CLOEXEC);
	if (h->fd == -1)
		return -1;
	if (fstat(h->fd, &st) == -1 || !S_ISFIFO(st.st_mode)) {
		close(h->fd);
		h->fd = -1;
		errno = EINVAL;
		return -1;
	}
	/* an unprivileged user may be refused: a smaller one will do */
	fcntl(h->fd, F_SETPIPE_SZ, HINT_PIPE);
	h->full = full_from(h->fd);
	return 0;
}

bool
hint_current(const struct hint *h)
{
	struct stat ours, found;

	return fstat(h->fd, &ours) == 0 && stat(fifo, &found) == 0 &&
	       ours.st_dev == found.st_dev && ours.st_ino == found.st_ino;
}

static bool
hint_fill(struct hint *h, bool *lost)
{
	ssize_t r;
	int left = 0;

	r = fd_read(h->fd, h->buf + h->have, sizeof h->buf - h->have);
	if (r <= 0)
		return false;
	/* only a full pipe fills the buffer or reaches the limit at once */
	if ((size_t)r == sizeof h->buf - h->have || (size_t)r >= h->full) {
		if (ioctl(h->fd, FIONREAD, &left) == -1 || left < 0)
			left = 0;
		if ((size_t)r + (size_t)left >= h->full)
			*lost = true;
	}
	h->have += (size_t)r;
	return true;
}

static void
hint_drop(struct hint *h, size_t n)
{
	h->have -= n;
	memmove(h->buf, h->buf + n, h->have);
}

bool
hint_next(struct hint *h, struct qid *id, bool *lost)
{
	const char *lf;
	size_t n;
	bool ok;

	for (;;) {
		lf = memchr(h->buf, '\n', h->have);
		if (lf) {
			n = (size_t)(lf - h->buf);
			ok = n == QID_LEN && qid_parse(h->buf, id);
			hint_drop(h, n + 1);
			if (ok)
				return true;
			*lost = true;
			continue;
		}
		if (h->have > QID_LEN) {
			hint_drop(h, h->have);
			*lost = true;
		}
		if (!hint_fill(h, lost))
			return false;
	}
}
