/* SPDX-License-Identifier: 0BSD */
#include "getpw/mounts.h"

#include <fcntl.h>
#include <stdbool.h>
#include <string.h>
#include <unistd.h>

#include "lib/fd.h"

enum { MOUNTS_MAX = 1 << 20 };

struct field {
	const char *s;
	size_t n;
};

/* The next word of the line that starts at *p and ends at end. */
static struct field
word(const char **p, const char *end)
{
	struct field f = { *p, 0 };

	while (f.s + f.n < end && f.s[f.n] != ' ')
		f.n++;
	*p = f.s + f.n;
	if (*p < end)
		++*p;
	return f;
}

static bool
octal(char c)
{
	return c >= '0' && c <= '7';
}

/* A mount point with its \ooo (of blanks and backslashes) undone. */
static void
unescape(struct str *out, struct field f)
{
	str_clear(out);
	for (size_t i = 0; i < f.n; i++) {
		const char *s = f.s + i;

		if (*s == '\\' && f.n - i > 3 && octal(s[1]) && octal(s[2]) &&
			octal(s[3])) {
			str_putc(
				out, (char)((s[1] - '0') << 6 |
					     (s[2] - '0') << 3 | (s[3] - '0')));
			i += 3;
		} else {
			str_putc(out, *s);
		}
	}
}

static bool
above(const char *point, const char *path)
{
	size_t n = strlen(point);

	return strncmp(point, path, n) == 0 &&
	       (path[n] == '\0' || path[n] == '/');
}

void
mounts_above(const char *text, size_t n, const char *path, struct str *out)
{
	struct str point = STR_INIT(4096);
	const char *end = text + n, *eol;
	size_t best = 1; /* "/" does not count */

	str_clear(out);
	str_puts(out, path);
	for (; text < end; text = eol + 1) {
		const char *p = text;
		struct field f = { text, 0 };
		size_t len;

		eol = memchr(text, '\n', (size_t)(end - text));
		if (eol == NULL)
			eol = end;
		/* id, parent, device, root, mount point, options, any number
		 * of others, "-", type */
		for (int i = 0; i < 5; i++)
			f = word(&p, eol);
		unescape(&point, f);
		do
			f = word(&p, eol);
		while (f.n != 0 && !(f.n == 1 && *f.s == '-'));
		f = word(&p, eol);
		len = strlen(str_c(&point));
		/* A later mount of the same place hides the earlier one. */
		if (point.over || len < best || f.n == 0 ||
			!above(str_c(&point), path) || len == 1)
			continue;
		best = len;
		str_clear(out);
		str_puts(out, f.n == 6 && memcmp(f.s, "autofs", 6) == 0
				      ? path
				      : str_c(&point));
	}
	str_free(&point);
}

void
mounts_find(const char *path, struct str *out)
{
	struct str text = STR_INIT(MOUNTS_MAX);
	int fd = fd_open("/proc/self/mountinfo", O_RDONLY | O_CLOEXEC, 0);
	char buf[4096];
	ssize_t n;

	if (fd != -1) {
		while ((n = fd_read(fd, buf, sizeof buf)) > 0)
			str_put(&text, buf, (size_t)n);
		close(fd);
	}
	mounts_above(str_c(&text), text.len, path, out);
	str_free(&text);
}
