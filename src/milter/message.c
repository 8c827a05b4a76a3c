/* SPDX-License-Identifier: 0BSD */
#include "milter/message.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "lib/ascii.h"
#include "mail/header.h"
#include "wire/envelope.h"
#include "wire/site.h"

static const char too_large[] = "header too large";

/* Room for one more in an array that doubles. */
static void *
grown(void *p, size_t n, size_t *cap, size_t size)
{
	if (n < *cap)
		return p;
	*cap = *cap ? *cap * 2 : 32;
	return xrealloc(p, *cap * size);
}

static const char *
put_field(struct message *m, size_t index, const char *raw, size_t len,
	size_t namelen)
{
	struct field *f;

	if (m->nfield >= FIELDS_MAX || len > HEADER_MAX - m->headerlen)
		return too_large;
	m->field = grown(m->field, m->nfield, &m->capfield, sizeof *m->field);
	f = m->field + index;
	memmove(f + 1, f, (m->nfield - index) * sizeof *f);
	f->raw = xmalloc(len);
	memcpy(f->raw, raw, len);
	f->len = len;
	f->namelen = namelen;
	m->nfield++;
	m->headerlen += len;
	return NULL;
}

static void
drop_field(struct message *m, size_t index)
{
	struct field *f = m->field + index;

	m->headerlen -= f->len;
	free(f->raw);
	m->nfield--;
	memmove(f, f + 1, (m->nfield - index) * sizeof *f);
}

static const char *
split_header(struct message *m, const char *p, size_t n, size_t end, bool own)
{
	struct header_field f;
	size_t pos = 0;
	const char *why = NULL;

	while (!why && header_next(p, end, &pos, &f)) {
		struct str raw = STR_INIT(HEADER_MAX + 1);

		str_put(&raw, f.raw, f.rawlen);
		if (!f.rawlen || f.raw[f.rawlen - 1] != '\n')
			str_putc(&raw, '\n');
		if (own && header_is(&f, "received"))
			str_put(&m->trace, raw.s, raw.len);
		else
			why = put_field(
				m, m->nfield, raw.s, raw.len, f.namelen);
		own = false;
		str_free(&raw);
	}
	m->gap = pos < n && header_empty(p + pos, n - pos);
	m->start = pos;
	if (m->gap)
		m->start += p[pos] == '\r' ? 2 : 1;
	return why;
}

static const char *
read_header(struct message *m, uint64_t size, bool own)
{
	struct str head = STR_INIT(HEADER_MAX);
	size_t pos = 0;
	char buf[16384];
	const char *why;
	ssize_t r;

	for (;;) {
		r = pread(m->body, buf, sizeof buf, (off_t)head.len);
		if (r < 0)
			return "unable to read the message";
		str_put(&head, buf, (size_t)r);
		if (head.over)
			return too_large;
		if (header_scan(head.s, head.len, r == 0, &pos) || r == 0)
			break;
	}
	m->end = size;
	why = split_header(m, str_c(&head), head.len, pos, own);
	str_free(&head);
	return why;
}

static void
put_param(struct address *a, const struct envelope_rec *r)
{
	a->params = xrealloc(a->params, a->paramlen + r->len + 1);
	memcpy(a->params + a->paramlen, r->text, r->len + 1);
	a->paramlen += r->len + 1;
}

static const char *
put_recipient(struct message *m, const char *addr)
{
	if (m->nto >= RECIPIENTS_MAX)
		return "too many recipients";
	m->to = grown(m->to, m->nto, &m->capto, sizeof *m->to);
	memset(&m->to[m->nto], 0, sizeof *m->to);
	m->to[m->nto++].addr = xstrdup(addr);
	return NULL;
}

static const char *
read_envelope(struct message *m, const struct str *envelope)
{
	struct address *last = &m->from;
	struct envelope_rec r;
	const char *why;
	size_t pos = 0;

	while (envelope_next(envelope->s, envelope->len, &pos, &r))
		switch (r.kind) {
		case 'F':
			m->from.addr = xstrdup(r.text);
			break;
		case 'T':
			if ((why = put_recipient(m, r.text)))
				return why;
			last = &m->to[m->nto - 1];
			break;
		default:
			put_param(last, &r);
		}
	return NULL;
}

const char *
message_read(struct message *m, int fd, uint64_t size, bool own,
	const struct str *envelope)
{
	const char *why;

	memset(m, 0, sizeof *m);
	str_init(&m->trace, HEADER_MAX);
	m->body = fd;
	why = read_header(m, size, own);
	return why ? why : read_envelope(m, envelope);
}

/* A field as a filter wants it. false: its name is none. */
static bool
make_field(struct str *raw, const char *name, const char *value, bool blank)
{
	size_t n = strlen(name);

	if (n == 0 || n > HEADER_NAME_MAX)
		return false;
	for (size_t i = 0; i < n; i++)
		if (name[i] <= ' ' || name[i] > '~' || name[i] == ':')
			return false;
	str_put(raw, name, n);
	str_puts(raw, blank ? ": " : ":");
	for (; *value; value++) {
		if (*value == '\r' && value[1] == '\n')
			continue;
		str_putc(raw, *value == '\r' ? ' ' : *value);
		if (*value == '\n' && value[1] && value[1] != ' ' &&
			value[1] != '\t')
			str_putc(raw, '\t');
	}
	while (raw->len && raw->s[raw->len - 1] == '\n')
		str_cut(raw, raw->len - 1);
	str_putc(raw, '\n');
	return true;
}

const char *
message_insert(struct message *m, size_t index, const char *name,
	const char *value, bool blank)
{
	struct str raw = STR_INIT(HEADER_MAX);
	const char *why;

	if (!make_field(&raw, name, value, blank))
		why = "a filter adds a field with a bad name";
	else if (raw.over)
		why = too_large;
	else
		why = put_field(m, index < m->nfield ? index : m->nfield, raw.s,
			raw.len, strlen(name));
	str_free(&raw);
	return why;
}

const char *
message_change(struct message *m, size_t nth, const char *name,
	const char *value, bool blank)
{
	size_t n = strlen(name), i;

	for (i = 0; i < m->nfield; i++)
		if (m->field[i].namelen == n &&
			ascii_caseeqn(m->field[i].raw, name, n) && --nth == 0)
			break;
	if (i < m->nfield)
		drop_field(m, i);
	return *value ? message_insert(m, i, name, value, blank) : NULL;
}

void
message_body(struct message *m, int fd, uint64_t size)
{
	close(m->body);
	m->body = fd;
	m->start = 0;
	m->end = size;
	m->gap = true;
}

/* "<a@b>" or "a@b" as an address of the envelope; NULL: it cannot be one. */
static char *
bare(const char *addr)
{
	size_t n = strlen(addr);
	char *s;

	if (n >= 2 && addr[0] == '<' && addr[n - 1] == '>') {
		addr++;
		n -= 2;
	}
	if (n > ADDR_MAX || memchr(addr, '\n', n))
		return NULL;
	s = xmalloc(n + 1);
	memcpy(s, addr, n);
	s[n] = 0;
	return s;
}

const char *
message_sender(struct message *m, const char *addr)
{
	char *s = bare(addr);

	if (!s)
		return "a filter gives a bad sender";
	free(m->from.addr);
	m->from.addr = s;
	return NULL;
}

const char *
message_addrcpt(struct message *m, const char *addr)
{
	char *s = bare(addr);
	const char *why;

	if (!s || !*s) {
		free(s);
		return "a filter adds a bad recipient";
	}
	why = put_recipient(m, s);
	free(s);
	return why;
}

void
message_delrcpt(struct message *m, const char *addr)
{
	char *s = bare(addr);

	for (size_t i = 0; s && i < m->nto; i++)
		if (strcmp(m->to[i].addr, s) == 0)
			m->to[i].gone = true;
	free(s);
}

size_t
message_recipients(const struct message *m)
{
	size_t n = 0;

	for (size_t i = 0; i < m->nto; i++)
		n += !m->to[i].gone;
	return n;
}

static void
queue_params(const struct address *a, struct qclient *q)
{
	for (size_t i = 0; i < a->paramlen; i += strlen(a->params + i) + 1)
		qclient_param(q, a->params + i);
}

void
message_queue(const struct message *m, struct qclient *q)
{
	uint64_t at = m->start;
	char buf[32768];

	qclient_put(q, m->trace.s, m->trace.len);
	for (size_t i = 0; i < m->nfield; i++)
		qclient_put(q, m->field[i].raw, m->field[i].len);
	if (m->gap)
		qclient_put(q, "\n", 1);
	while (at < m->end) {
		ssize_t r = pread(m->body, buf, sizeof buf, (off_t)at);

		if (r <= 0) {
			qclient_abort(q);
			return;
		}
		if ((uint64_t)r > m->end - at)
			r = (ssize_t)(m->end - at);
		qclient_put(q, buf, (size_t)r);
		at += (uint64_t)r;
	}
	qclient_from(q, m->from.addr);
	queue_params(&m->from, q);
	if (m->held)
		qclient_param(q, "HOLD=");
	for (size_t i = 0; i < m->nto; i++) {
		if (m->to[i].gone)
			continue;
		qclient_to(q, m->to[i].addr);
		queue_params(&m->to[i], q);
	}
}
