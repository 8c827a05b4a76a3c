/* SPDX-License-Identifier: 0BSD */
#include <string.h>

#include "lib/ascii.h"
#include "mail/header.h"

static bool
is_blank(char c)
{
	return c == ' ' || c == '\t';
}

/* Length of the line at p, its LF included. */
static size_t
line_len(const char *p, size_t n)
{
	const char *lf = n > 0 ? memchr(p, '\n', n) : NULL;

	return lf != NULL ? (size_t)(lf - p) + 1 : n;
}

size_t
header_name(const char *line, size_t n)
{
	size_t len = 0, i;

	if (n > HEADER_NAME_MAX)
		n = HEADER_NAME_MAX;
	while (len < n && line[len] != ':' && ascii_isgraph(line[len]))
		len++;
	for (i = len; i < n && is_blank(line[i]); i++)
		;
	return i < n && line[i] == ':' ? len : 0;
}

static bool
is_mbox(const char *line, size_t n)
{
	if (n > 0 && line[0] == '>') {
		line++;
		n--;
	}
	return n >= 5 && memcmp(line, "From ", 5) == 0 &&
	       header_name(line, n) == 0;
}

bool
header_empty(const char *line, size_t n)
{
	return (n >= 1 && line[0] == '\n') ||
	       (n >= 2 && line[0] == '\r' && line[1] == '\n');
}

/* Length of a mbox separator at the start of the block, 0 without. A line of
 * text that happens to start with "From " is told by what follows it. */
static size_t
mbox_len(const char *p, size_t n)
{
	size_t len = line_len(p, n);

	if (len > HEADER_NAME_MAX || !is_mbox(p, len) ||
		header_name(p + len, n - len) == 0)
		return 0;
	return len;
}

bool
header_next(const char *p, size_t n, size_t *pos, struct header_field *f)
{
	size_t at = *pos, end, colon;

	if (at == 0)
		*pos = at = mbox_len(p, n);
	if (at >= n)
		return false;
	end = at + line_len(p + at, n - at);
	f->name = p + at;
	f->namelen = header_name(p + at, end - at);
	if (f->namelen == 0)
		return false;
	while (end < n && p[end - 1] == '\n' && is_blank(p[end]))
		end += line_len(p + end, n - end);
	for (colon = at + f->namelen; p[colon] != ':'; colon++)
		;
	f->raw = p + at;
	f->rawlen = end - at;
	f->value = p + colon + 1;
	*pos = end;
	if (p[end - 1] == '\n') {
		end--;
		if (end > colon + 1 && p[end - 1] == '\r')
			end--;
	}
	f->valuelen = end - (colon + 1);
	return true;
}

/* Is the line at p known well enough to say whether it starts a field? */
static bool
decided(const char *p, size_t n, bool eof)
{
	return eof || n >= HEADER_NAME_MAX ||
	       (n > 0 && memchr(p, '\n', n) != NULL);
}

bool
header_scan(const char *p, size_t n, bool eof, size_t *pos)
{
	size_t at = *pos, len;

	if (at == 0) {
		len = line_len(p, n);
		if (!decided(p, n, eof))
			return false;
		if (len <= HEADER_NAME_MAX && is_mbox(p, len)) {
			if (!decided(p + len, n - len, eof))
				return false;
			at = mbox_len(p, n);
			if (at == 0)
				return true;
		} else if (header_name(p, len) == 0) {
			return true;
		}
	}
	/* At the start of a line; lines before it are fields and folds. */
	for (;; at += len) {
		*pos = at;
		if (!decided(p + at, n - at, eof))
			return false;
		len = line_len(p + at, n - at);
		if (len == 0)
			return true;
		if (!is_blank(p[at]) && header_name(p + at, len) == 0)
			return true;
		if (p[at + len - 1] != '\n' && !eof)
			return false;
	}
}

bool
header_is(const struct header_field *f, const char *name)
{
	return f->namelen == strlen(name) &&
	       ascii_caseeqn(f->name, name, f->namelen);
}

size_t
header_end(const char *p, size_t n)
{
	struct header_field f;
	size_t pos = 0;

	while (header_next(p, n, &pos, &f))
		;
	if (pos < n && header_empty(p + pos, n - pos))
		pos += p[pos] == '\r' ? 2 : 1;
	return pos;
}
