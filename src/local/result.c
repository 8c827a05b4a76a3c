/* SPDX-License-Identifier: 0BSD */
#include "local/result.h"

#include <errno.h>
#include <stdarg.h>

#include "lib/log.h"

enum { TEXT_MAX = 1 << 16 };

void
result_init(struct result *r)
{
	str_init(&r->text, TEXT_MAX);
	r->class = 'K';
	r->info = 0;
}

void
result_clear(struct result *r)
{
	str_clear(&r->text);
	r->class = 'K';
	r->info = 0;
}

static void
add(struct result *r, const char *first, va_list ap)
{
	for (const char *s = first; s; s = va_arg(ap, const char *))
		str_puts(&r->text, s);
}

bool
result_set(
	struct result *r, char class, const char *code, const char *first, ...)
{
	va_list ap;

	r->class = class;
	va_start(ap, first);
	add(r, first, ap);
	va_end(ap);
	str_puts(&r->text, " (#");
	str_puts(&r->text, code);
	str_puts(&r->text, ")\n");
	return false;
}

bool
result_sys(struct result *r, const char *what, const char *path)
{
	/* RFC 3463: X.2.2 is the user's own limit, X.3.1 the system's. */
	const char *code = errno == EDQUOT   ? "4.2.2"
			   : errno == ENOSPC ? "4.3.1"
					     : "4.3.0";

	return result_temp(r, code, what, " ", path, ": ", log_strerror());
}

void
result_say(struct result *r, const char *first, ...)
{
	va_list ap;

	va_start(ap, first);
	add(r, first, ap);
	va_end(ap);
	str_putc(&r->text, '\n');
}
