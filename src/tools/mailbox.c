/* SPDX-License-Identifier: 0BSD */
#include "tools/mailbox.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "lib/ascii.h"
#include "lib/dotlock.h"
#include "lib/fd.h"
#include "lib/lock.h"
#include "lib/log.h"
#include "lib/num.h"
#include "lib/stamp.h"
#include "wire/status.h"

enum { OPEN_TRIES = 5 };

static bool dotlocked;

int
mailbox_lock(const char *path, int flags, struct stat *st)
{
	int64_t deadline = stamp_mono() + MAILBOX_WAIT;
	struct stat now;
	int r;

	for (int i = 0; i < OPEN_TRIES; i++) {
		int fd = fd_open(
			path, flags | O_RDWR | O_NONBLOCK | O_NOCTTY, 0600);

		if (fd < 0 || fstat(fd, st) < 0)
			log_die_sys(STATUS_TEMP, "unable to open ", path);
		if (!S_ISREG(st->st_mode))
			log_die(STATUS_TEMP, path, " is not a plain file");
		if (lock_wait(fd, deadline) < 0)
			log_die_sys(STATUS_TEMP, "unable to lock ", path);
		r = dotlock_take(path, deadline);
		if (r < 0)
			log_die_sys(STATUS_TEMP, "unable to lock ", path);
		dotlocked = r > 0;
		if (fstat(fd, st) == 0 && stat(path, &now) == 0 &&
			now.st_ino == st->st_ino && now.st_dev == st->st_dev)
			return fd;
		mailbox_unlock(path, fd);
	}
	log_die(STATUS_TEMP, "unable to lock ", path,
		": it keeps being replaced");
}

void
mailbox_unlock(const char *path, int fd)
{
	if (dotlocked)
		dotlock_drop(path);
	dotlocked = false;
	close(fd);
}

bool
mailbox_map(struct mailbox_view *v, int fd, size_t size)
{
	void *p;

	*v = (struct mailbox_view){ "", 0, 0 };
	if (!size)
		return true;
	p = mmap(NULL, size, PROT_READ, MAP_PRIVATE, fd, 0);
	if (p == MAP_FAILED)
		return false;
	v->p = p;
	v->n = size;
	return true;
}

void
mailbox_unmap(struct mailbox_view *v)
{
	void *p;

	memcpy(&p, &v->p, sizeof p);
	if (v->n)
		munmap(p, v->n);
}

bool
mailbox_line(struct mailbox_view *v, const char **line, size_t *n)
{
	const char *lf;

	if (v->pos >= v->n)
		return false;
	*line = v->p + v->pos;
	lf = memchr(*line, '\n', v->n - v->pos);
	*n = lf ? (size_t)(lf - *line) + 1 : v->n - v->pos;
	v->pos += *n;
	return true;
}

long
mailbox_marks(const char *line, size_t n)
{
	size_t k = 0;

	while (k < n && line[k] == '>')
		k++;
	return n - k >= 5 && memcmp(line + k, "From ", 5) == 0 ? (long)k : -1;
}

char
mailbox_field(const char *line, size_t n)
{
	if (n >= 7 && ascii_caseeqn(line, "Status:", 7))
		return 'S';
	return n >= 9 && ascii_caseeqn(line, "X-Status:", 9) ? 'X' : 0;
}

/* letters of mbox, and of Maildir at the same place */
static const char in_mbox[] = "TFARD", in_maildir[] = "DFRST";

static bool
is_in(char field, char letter)
{
	return (field == 'S') == (letter == 'R');
}

void
mailbox_flags(
	struct str *flags, bool *old, char field, const char *line, size_t n)
{
	size_t from = field == 'S' ? 7 : 9;

	for (size_t i = 0; in_mbox[i]; i++)
		if (is_in(field, in_mbox[i]) &&
			memchr(line + from, in_mbox[i], n - from)) {
			str_putc(flags, in_maildir[i]);
			*old = true;
		}
	if (field == 'S' && memchr(line + from, 'O', n - from))
		*old = true;
}

void
mailbox_fields(struct str *out, bool old, const char *flags)
{
	bool any = false;

	if (old)
		str_puts(out,
			strchr(flags, 'S') ? "Status: RO\n" : "Status: O\n");
	for (size_t i = 0; in_mbox[i]; i++) {
		if (!is_in('X', in_mbox[i]) || !strchr(flags, in_maildir[i]))
			continue;
		if (!any)
			str_puts(out, "X-Status: ");
		any = true;
		str_putc(out, in_mbox[i]);
	}
	if (any)
		str_putc(out, '\n');
}

/* Days from 1970 to a date (proleptic Gregorian). */
static int64_t
days(int64_t y, int64_t month, int64_t day)
{
	y -= month <= 2;
	return 365 * y + y / 4 - y / 100 + y / 400 +
	       (153 * (month + (month > 2 ? -3 : 9)) + 2) / 5 + day - 1 -
	       719468;
}

static bool
get_time(const char *p, size_t n, int64_t *t)
{
	uint64_t h, m, s = 0;

	if ((n != 8 && n != 5) || p[2] != ':' || (n == 8 && p[5] != ':') ||
		!num_parse(p, 2, 23, &h) || !num_parse(p + 3, 2, 59, &m) ||
		(n == 8 && !num_parse(p + 6, 2, 60, &s)))
		return false;
	*t = (int64_t)(h * 3600 + m * 60 + s);
	return true;
}

int64_t
mailbox_date(const char *line, size_t n)
{
	static const char months[] = "JanFebMarAprMayJunJulAugSepOctNovDec";
	int64_t month = 0, time = -1;
	uint64_t num, day = 0, year = 0;

	/* words in this order; others, such as a zone, may be among them */
	for (size_t i = 0, k; i < n; i += k + 1) {
		const char *w = line + i;

		for (k = 0; i + k < n && w[k] != ' ' && w[k] != '\n';)
			k++;
		if (k == 3 && !month) {
			for (int64_t m = 0; m < 12; m++)
				if (memcmp(w, months + 3 * m, 3) == 0)
					month = m + 1;
		} else if (month && !day && k <= 2 &&
			   num_parse(w, k, 31, &num)) {
			day = num;
		} else if (day && time < 0) {
			get_time(w, k, &time);
		} else if (time >= 0 && k == 4 && num_parse(w, k, 9999, &num)) {
			year = num;
		}
	}
	if (year < 1970)
		return -1;
	return days((int64_t)year, month, (int64_t)day) * 86400 + time;
}
