/* SPDX-License-Identifier: 0BSD */
#include "local/message.h"

#include <errno.h>
#include <stdbool.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "lib/ascii.h"
#include "lib/str.h"

enum {
	HEAD = 1 << 16,
	PIECE = 1 << 18,
	HEADER_MAX = 1 << 20,
	LINE_KEPT = 4096, /* more than any Delivered-To line of ours */
};

/* Two, so that the beginning is read once for the loop check and all
 * deliveries, however long the message is. */
static char head[HEAD];
static char piece[PIECE];

static ssize_t
fill(int fd, char *p, size_t n, off_t at)
{
	ssize_t r;

	do
		r = pread(fd, p, n, at);
	while (r < 0 && errno == EINTR);
	return r;
}

int
message_open(struct message *m, int fd)
{
	struct stat st;
	ssize_t n;

	*m = (struct message){ .fd = fd };
	if (fstat(fd, &st) < 0)
		return -1;
	if (!S_ISREG(st.st_mode)) {
		errno = ESPIPE;
		return -1;
	}
	m->size = st.st_size;
	n = fill(fd, head, sizeof head, 0);
	if (n < 0)
		return -1;
	m->have = n < m->size ? (size_t)n : (size_t)m->size;
	return 0;
}

ssize_t
message_read(const struct message *m, off_t *pos, const char **p)
{
	off_t left = m->size - *pos;
	ssize_t n;

	if (left <= 0)
		return 0;
	if (*pos < (off_t)m->have) {
		*p = head + *pos;
		n = (ssize_t)m->have - (ssize_t)*pos;
	} else {
		*p = piece;
		n = fill(m->fd, piece, left < PIECE ? (size_t)left : PIECE,
			*pos);
		if (n == 0) {
			errno = EIO;
			return -1;
		}
	}
	if (n > 0)
		*pos += n;
	return n;
}

static bool
is_end(const struct str *line)
{
	return !line->len || (line->len == 1 && line->s[0] == '\r');
}

static bool
is_mine(struct str *line, const char *value, size_t n)
{
	static const char name[] = "Delivered-To:";
	size_t k = sizeof name - 1;

	if (line->over || line->len < k + n || !ascii_caseeqn(line->s, name, k))
		return false;
	str_chomp(line);
	while (k < line->len && (line->s[k] == ' ' || line->s[k] == '\t'))
		k++;
	return line->len - k == n && ascii_caseeqn(line->s + k, value, n);
}

static bool
is_hop(const struct str *line)
{
	return line->len >= 9 && ascii_caseeqn(line->s, "Received:", 9);
}

/* The lines of one piece; 1 mine, 0 go on, -1 the header is over. line keeps
 * what was begun in the piece before. */
static int
scan(struct str *line, const char *p, size_t n, const char *value, size_t len,
	size_t *hops)
{
	while (n) {
		const char *lf = memchr(p, '\n', n);
		size_t k = lf ? (size_t)(lf - p) : n;

		str_put(line, p, k);
		if (!lf)
			return 0;
		if (is_end(line))
			return -1;
		if (is_mine(line, value, len))
			return 1;
		*hops += is_hop(line);
		str_clear(line);
		p += k + 1;
		n -= k + 1;
	}
	return 0;
}

int
message_delivered_to(const struct message *m, const char *value, size_t *hops)
{
	struct str line = STR_INIT(LINE_KEPT);
	size_t len = strlen(value);
	off_t pos = 0;
	const char *p;
	ssize_t n;
	int found = 0;

	*hops = 0;
	do {
		n = message_read(m, &pos, &p);
		if (n > 0)
			found = scan(&line, p, (size_t)n, value, len, hops);
	} while (n > 0 && !found && pos < HEADER_MAX);
	/* a last line without its LF */
	if (!n && !found && is_mine(&line, value, len))
		found = 1;
	str_free(&line);
	return n < 0 ? -1 : found > 0;
}
