/* SPDX-License-Identifier: 0BSD */
#include "send/event.h"

#include <limits.h>
#include <string.h>

#include "lib/fd.h"
#include "lib/num.h"

enum { LINE_ROOM = 12000 };

static char buf[PIPE_BUF + LINE_ROOM];
static size_t len;  /* bytes in buf */
static size_t done; /* of these, in finished lines */

static void
put(const char *p, size_t n)
{
	/* a longer line is cut; its LF has a place of its own */
	if (n > sizeof(buf) - 1 - len)
		n = sizeof(buf) - 1 - len;
	memcpy(buf + len, p, n);
	len += n;
}

void
event_puts(const char *s)
{
	put(s, strlen(s));
}

void
event_begin(const char *s)
{
	event_puts(s);
}

void
event_putnum(uint64_t n)
{
	char num[NUM_FMT];

	put(num, num_fmt(num, n));
}

void
event_putms(int64_t ms)
{
	char num[NUM_FMT];
	uint64_t n = ms > 0 ? (uint64_t)ms : 0;

	event_putnum(n / 1000);
	event_puts(".");
	put(num, num_fmt0(num, n % 1000, 3));
}

void
event_text(const char *s)
{
	for (; *s; s++) {
		unsigned char c = (unsigned char)*s;
		char out = *s;

		if (c == '\n')
			out = '/';
		else if (c < 33 || c > 126 || c == '%')
			out = '_';
		put(&out, 1);
	}
}

static void
write_out(size_t n)
{
	/* nothing better can be done about a log that cannot be written */
	(void)!fd_writeall(2, buf, n);
	memmove(buf, buf + n, len - n);
	len -= n;
	done -= n;
}

void
event_end(void)
{
	size_t before = done;

	buf[len++] = '\n';
	done = len;
	if (len > PIPE_BUF && before)
		write_out(before);
	if (len > PIPE_BUF)
		write_out(len);
}

void
event_flush(void)
{
	if (done)
		write_out(done);
}
