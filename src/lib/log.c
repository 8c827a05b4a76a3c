/* SPDX-License-Identifier: 0BSD */
#include "lib/log.h"

#include <errno.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>
#include <unistd.h>

static const char *log_name = "quill";

struct line {
	char buf[LOG_MAX];
	size_t n;
};

/* Room is left for the line feed. Foreign bytes must not end the line or
 * reach a terminal as escapes. */
static void
add(struct line *l, const char *s)
{
	for (; *s && l->n < sizeof l->buf - 1; s++)
		l->buf[l->n++] = *s < 32 || *s > 126 ? '?' : *s;
}

static void
write_line(const char *level, const char *first, va_list ap)
{
	struct line l;
	int saved = errno;

	l.n = 0;
	add(&l, log_name);
	add(&l, ": ");
	add(&l, level);
	add(&l, ": ");
	for (const char *s = first; s; s = va_arg(ap, const char *))
		add(&l, s);
	l.buf[l.n++] = '\n';
	while (write(2, l.buf, l.n) < 0 && errno == EINTR)
		;
	errno = saved;
}

void
log_init(const char *name)
{
	log_name = name;
}

void
log_write(const char *level, const char *first, ...)
{
	va_list ap;

	va_start(ap, first);
	write_line(level, first, ap);
	va_end(ap);
}

void
log_exit(int code, const char *first, ...)
{
	va_list ap;

	va_start(ap, first);
	write_line("alert", first, ap);
	va_end(ap);
	_exit(code);
}

const char *
log_strerror(void)
{
	return errno == EBADMSG ? "damaged, or of another version"
				: strerror(errno);
}
