/* SPDX-License-Identifier: 0BSD */
#include <stdarg.h>
#include <unistd.h>

#include "inject/fail.h"
#include "lib/log.h"
#include "lib/str.h"
#include "wire/status.h"

static bool sysexits;

void
fail_sysexits(void)
{
	sysexits = true;
}

void
fail(enum fail why, const char *first, ...)
{
	static const struct {
		int own, sysexit;
	} codes[] = {
		[FAIL_USAGE] = { STATUS_PERM, 64 },
		[FAIL_DATA] = { STATUS_PERM, 65 },
		[FAIL_REFUSED] = { STATUS_PERM, 69 },
		[FAIL_TEMP] = { STATUS_TEMP, 75 },
	};
	struct str text = STR_INIT(LOG_MAX);
	va_list ap;

	va_start(ap, first);
	for (const char *s = first; s != NULL; s = va_arg(ap, const char *))
		str_puts(&text, s);
	va_end(ap);
	log_write("fatal", str_c(&text), (char *)0);
	_exit(sysexits ? codes[why].sysexit : codes[why].own);
}
