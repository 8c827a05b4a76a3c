/* SPDX-License-Identifier: 0BSD */
#include "quillctl/say.h"

#include <string.h>

#include "lib/json.h"
#include "lib/num.h"
#include "lib/stamp.h"
#include "lib/utf8.h"
#include "quillctl/quillctl.h"

void
say_span(int64_t seconds)
{
	static const struct {
		int64_t length;
		const char *unit, *next;
		int64_t nextlength;
	} units[] = {
		{ 86400, " d", " h", 3600 },
		{ 3600, " h", " min", 60 },
		{ 60, " min", NULL, 1 },
	};
	int64_t rest;
	size_t i;

	if (seconds < 0)
		seconds = 0;
	for (i = 0; i < sizeof(units) / sizeof(*units); i++) {
		if (seconds < units[i].length)
			continue;
		obuf_putnum(&out, (uint64_t)(seconds / units[i].length));
		obuf_puts(&out, units[i].unit);
		rest = seconds % units[i].length / units[i].nextlength;
		if (rest && units[i].next) {
			obuf_putc(&out, ' ');
			obuf_putnum(&out, (uint64_t)rest);
			obuf_puts(&out, units[i].next);
		}
		return;
	}
	obuf_putnum(&out, (uint64_t)seconds);
	obuf_puts(&out, " s");
}

void
say_when(int64_t when)
{
	char date[STAMP_FMT];
	int64_t now = stamp_now();

	stamp_rfc3339(date, when);
	obuf_puts(&out, date);
	obuf_puts(&out, when > now ? " (in " : " (");
	say_span(when > now ? when - now : now - when);
	obuf_puts(&out, when > now ? ")" : " ago)");
}

void
say_bytes_to(struct obuf *o, uint64_t n)
{
	static const char *const units[] = { " B", " KiB", " MiB", " GiB",
		" TiB", " PiB", " EiB" };
	uint64_t tenth = 0;
	size_t i = 0;

	while (n >= 1024) {
		tenth = n % 1024 * 10 / 1024;
		n /= 1024;
		i++;
	}
	obuf_putnum(o, n);
	if (i > 0 && n < 100) {
		obuf_putc(o, '.');
		obuf_putnum(o, tenth);
	}
	obuf_puts(o, units[i]);
}

void
say_bytes(uint64_t n)
{
	say_bytes_to(&out, n);
}

void
say_padded(const char *text, size_t width)
{
	char one[5];
	size_t n = strlen(text), len;

	while (width > 0 && n > 0) {
		len = utf8_len(text, n);
		if (len == 0)
			len = 1;
		memcpy(one, text, len);
		one[len] = '\0';
		json_plain(&out, one);
		text += len;
		n -= len;
		width--;
	}
	while (width-- > 0)
		obuf_putc(&out, ' ');
}

void
say_number(uint64_t n, size_t width)
{
	char num[NUM_FMT];
	size_t len = num_fmt(num, n);

	for (; len < width; len++)
		obuf_putc(&out, ' ');
	obuf_puts(&out, num);
}

void
say_key(const char **sep, const char *key)
{
	obuf_puts(&out, *sep);
	*sep = ",";
	json_string(&out, key);
	obuf_putc(&out, ':');
}

void
say_string(const char **sep, const char *key, const char *value)
{
	say_key(sep, key);
	json_string(&out, value);
}

void
say_int(const char **sep, const char *key, uint64_t n)
{
	say_key(sep, key);
	obuf_putnum(&out, n);
}
