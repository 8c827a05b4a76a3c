/* SPDX-License-Identifier: 0BSD */
#include "inject/input.h"
#include "lib/fd.h"

/* Held bytes turn out to be ordinary ones. */
static char *
release(struct input *i, char *out)
{
	if (i->dot)
		*out++ = '.';
	if (i->cr)
		*out++ = '\r';
	i->dot = i->cr = false;
	return out;
}

/* A line ends; false when it ends the message too. */
static bool
end_line(struct input *i, char **out)
{
	if (!i->decided)
		i->crlf = i->cr;
	i->decided = true;
	if (i->crlf)
		i->cr = false;
	if (i->dot && !i->cr)
		return false;
	*out = release(i, *out);
	*(*out)++ = '\n';
	i->midline = false;
	return true;
}

/* From n bytes at in, which may overlap out as long as it lies two bytes
 * behind it, to out; returns the end of out. */
static char *
filter(struct input *i, const char *in, size_t n, char *out)
{
	for (const char *end = in + n; in < end; in++) {
		char c = *in;

		if (c == '\n') {
			if (!end_line(i, &out)) {
				i->eof = true;
				return out;
			}
			continue;
		}
		if (c == '\r' && !i->cr) {
			i->cr = true;
			i->midline = true;
			continue;
		}
		if (c == '.' && i->dots && !i->midline) {
			i->dot = i->midline = true;
			continue;
		}
		out = release(i, out);
		i->midline = true;
		if (c == '\r')
			i->cr = true;
		else
			*out++ = c;
	}
	return out;
}

/* The file ends, perhaps within a line: a line of a message has an end, and
 * what reads a mailbox that lost one takes two lines for one. */
static char *
last_line(struct input *i, char *out)
{
	if (i->crlf)
		i->cr = false;
	if (!i->midline || (i->dot && !i->cr))
		return out;
	out = release(i, out);
	*out++ = '\n';
	return out;
}

ssize_t
input_read(struct input *i, char *buf, size_t cap)
{
	ssize_t r;
	char *end;

	if (!i->lines)
		return fd_read(i->fd, buf, cap);
	while (!i->eof) {
		/* Two held bytes may have to go out before what is read. */
		r = fd_read(i->fd, buf + 2, cap - 2);
		if (r < 0)
			return -1;
		if (r == 0) {
			i->eof = true;
			return last_line(i, buf) - buf;
		}
		end = filter(i, buf + 2, (size_t)r, buf);
		if (end > buf)
			return end - buf;
	}
	return 0;
}
