/* SPDX-License-Identifier: 0BSD */
#include "smtpd/data.h"

#include <string.h>

#include "lib/ascii.h"

/* Input is read at in; output is written at out, which never overtakes it: a
 * byte held back by a state (CR, dot) is written only when a later one is
 * read, and there never are two of them to write. */
struct pass {
	char *in, *end, *out;
};

void
data_init(struct data *d, uint64_t limit, unsigned maxhops)
{
	*d = (struct data){ .state = DATA_START,
		.limit = limit,
		.maxhops = maxhops,
		.header = true };
}

static void
emit(struct data *d, struct pass *b, const char *p, size_t n)
{
	d->octets += n;
	if (d->limit && d->octets > d->limit)
		d->bad |= DATA_TOOBIG;
	if (d->bad)
		return;
	memmove(b->out, p, n);
	b->out += n;
}

/* The first bytes of header lines are kept to count hops: loops are told by
 * Received and Delivered-To fields (RFC 5321 6.3). */
static void
header_text(struct data *d, const char *p, size_t n)
{
	size_t room = sizeof d->start - d->nstart;

	memcpy(d->start + d->nstart, p, n < room ? n : room);
	d->nstart += n < room ? n : room;
}

static void
header_line(struct data *d)
{
	static const char *const fields[] = { "received:", "delivered-to:" };

	if (!d->nstart)
		d->header = false;
	for (size_t i = 0; i < sizeof fields / sizeof *fields; i++) {
		size_t n = strlen(fields[i]);

		if (d->nstart >= n && ascii_caseeqn(d->start, fields[i], n) &&
			++d->hops > d->maxhops)
			d->bad |= DATA_LOOP;
	}
	d->nstart = 0;
}

static void
text(struct data *d, struct pass *b, size_t n)
{
	if (d->header)
		header_text(d, b->in, n);
	emit(d, b, b->in, n);
	b->in += n;
}

static void
line_end(struct data *d, struct pass *b, bool bare)
{
	if (d->header)
		header_line(d);
	d->octets++; /* the CR that is not put out, or was not there */
	emit(d, b, "\n", 1);
	d->state = DATA_START;
	d->bare = bare;
}

/* A line of n bytes, the last of them a bare LF. */
static void
bare_line(struct data *d, struct pass *b, size_t n)
{
	if (!d->bad && d->barelf != BARELF_BAD) {
		text(d, b, n - 1);
		if (d->barelf == BARELF_ASK) {
			d->asks = true;
			return;
		}
		b->in++;
		line_end(d, b, true);
		return;
	}
	d->bad |= DATA_BARELF;
	text(d, b, n);
}

/* Inside a line: go to its CR in one stride. Once the message is bad, byte by
 * byte: a stride costs what it looks at, and a flood of CRs would make every
 * byte cost the whole block. */
static void
in_text(struct data *d, struct pass *b)
{
	size_t n = d->bad ? 1 : (size_t)(b->end - b->in);
	const char *lf = memchr(b->in, '\n', n);
	const char *cr;

	if (lf)
		n = (size_t)(lf - b->in) + 1;
	cr = memchr(b->in, '\r', n);
	if (cr) {
		text(d, b, (size_t)(cr - b->in));
		b->in++;
		d->state = DATA_CR;
		return;
	}
	if (lf)
		bare_line(d, b, n);
	else
		text(d, b, n);
}

/* One byte in any other state. */
static void
in_edge(struct data *d, struct pass *b)
{
	char c = *b->in;

	switch (d->state) {
	case DATA_START:
		if (c == '.') {
			b->in++;
			d->state = DATA_DOT;
			return;
		}
		break;
	case DATA_DOT:
		if (c == '\r') {
			b->in++;
			d->state = DATA_DOTCR;
			return;
		}
		break;
	case DATA_CR:
	case DATA_DOTCR:
		if (c == '\n') {
			b->in++;
			if (d->state == DATA_DOTCR && !d->bare)
				d->state = DATA_END;
			else
				line_end(d, b, false);
			return;
		}
		d->bad |= DATA_BARECR;
		d->octets++;
		break;
	case DATA_TEXT:
	case DATA_END:
		break;
	}
	d->state = DATA_TEXT;
}

size_t
data_feed(struct data *d, char *p, size_t n, size_t *used)
{
	struct pass b = { p, p + n, p };
	/* where the first NUL is; checked for what was consumed only */
	const char *nul = memchr(p, '\0', n);

	d->asks = false;
	while (b.in < b.end && d->state != DATA_END && !d->asks) {
		if (d->state == DATA_TEXT)
			in_text(d, &b);
		else
			in_edge(d, &b);
		if (nul && b.in > nul)
			d->bad |= DATA_NUL;
	}
	*used = (size_t)(b.in - p);
	return d->bad ? 0 : (size_t)(b.out - p);
}
