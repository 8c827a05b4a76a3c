/* SPDX-License-Identifier: 0BSD */
#include "domain/lines.h"

#include <errno.h>
#include <string.h>
#include <sys/stat.h>

#include "lib/ascii.h"
#include "lib/file.h"
#include "lib/log.h"
#include "wire/domains.h"
#include "wire/status.h"

static bool
line_has(const struct lines *l, const char *p, size_t n)
{
	while (n && (p[n - 1] == ' ' || p[n - 1] == '\t' || p[n - 1] == '\r'))
		n--;
	return n >= l->key.len && ascii_caseeqn(p, l->key.s, l->key.len) &&
	       (l->sep ? n > l->key.len && p[l->key.len] == l->sep
		       : n == l->key.len);
}

/* Copy the lines without ours to rest; where not NULL, *where is the place of
 * the last line, a dot, in it. */
static void
split_list(struct lines *l, struct str *rest, size_t *where)
{
	const char *p = str_c(&l->text), *end = p + l->text.len;

	l->found = false;
	*where = 0;
	while (p < end) {
		const char *lf = memchr(p, '\n', (size_t)(end - p));
		size_t n = (size_t)((lf ? lf : end) - p);

		if (line_has(l, p, n)) {
			size_t skip = l->key.len + (l->sep != 0);

			l->found = true;
			str_clear(&l->value);
			str_put(&l->value, p + skip, n - skip);
			str_chomp(&l->value);
		} else if (l->dot && n == 1 && *p == '.') {
			break;
		} else {
			str_put(rest, p, n);
			str_putc(rest, '\n');
		}
		p = lf ? lf + 1 : end;
	}
	*where = rest->len;
	str_put(rest, p, (size_t)(end - p));
	if (p == end && l->dot && l->exists)
		log_die(STATUS_TEMP, l->path,
			": it ends without a line that is a dot");
	if (p == end && l->dot)
		str_puts(rest, ".\n");
	if (rest->over)
		log_die(STATUS_TEMP, l->path, ": it is too long");
}

void
lines_read(struct lines *l, const char *key, size_t n)
{
	struct str rest = STR_INIT(DOMAINS_FILE_MAX + LINES_ROOM);
	size_t where;

	str_init(&l->text, DOMAINS_FILE_MAX);
	str_init(&l->key, LINES_ROOM);
	str_init(&l->value, LINES_ROOM);
	str_put(&l->key, key, n);
	l->exists = file_read(l->path, &l->text) == 0;
	if (!l->exists && errno != ENOENT)
		log_die_sys(STATUS_TEMP, "unable to read ", l->path);
	split_list(l, &rest, &where);
	str_free(&rest);
}

void
lines_write(struct lines *l, const char *value)
{
	struct str rest = STR_INIT(DOMAINS_FILE_MAX + LINES_ROOM);
	struct str text = STR_INIT(DOMAINS_FILE_MAX + LINES_ROOM);
	mode_t mode = 0644;
	struct stat st;
	size_t where;

	split_list(l, &rest, &where);
	str_put(&text, rest.s, where);
	if (value) {
		str_put(&text, l->key.s, l->key.len);
		if (l->sep)
			str_putc(&text, l->sep);
		str_puts(&text, value);
		str_putc(&text, '\n');
	}
	if (rest.len > where)
		str_put(&text, rest.s + where, rest.len - where);
	if (text.over)
		log_die(STATUS_TEMP, l->path, ": it is too long");
	if (l->exists && stat(l->path, &st) == 0)
		mode = st.st_mode & 07777;
	if (file_replace(l->path, str_c(&text), text.len, mode) < 0)
		log_die_sys(STATUS_TEMP, "unable to write ", l->path);
	str_free(&rest);
	str_free(&text);
}
