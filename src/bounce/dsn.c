/* SPDX-License-Identifier: 0BSD */
#include "bounce/dsn.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "lib/rand.h"
#include "lib/stamp.h"
#include "lib/str.h"
#include "mail/header.h"
#include "wire/note.h"

enum {
	CHUNK = 65536,
	HEADER_ROOM =
		1 << 20, /* bytes of the original's header that are sent */
};

static void
put(struct qclient *q, const char *s)
{
	qclient_put(q, s, strlen(s));
}

/* An address or a remote's words in a header line: they must not end it. */
static void
put_line(struct qclient *q, const char *s)
{
	for (; *s; s++) {
		unsigned char c = (unsigned char)*s;
		char out = *s;

		if (c == '\n' && !s[1])
			return;
		if (c < 32 || c == 127)
			out = c == '\n' || c == '\t' ? ' ' : '?';
		qclient_put(q, &out, 1);
	}
}

/* Text of several lines. */
static void
put_text(struct qclient *q, const char *s)
{
	char last = '\n';

	for (; *s; s++) {
		unsigned char c = (unsigned char)*s;
		char out = *s;

		if ((c < 32 && c != '\n' && c != '\t') || c == 127)
			out = '?';
		qclient_put(q, &out, 1);
		last = out;
	}
	if (last != '\n')
		put(q, "\n");
}

static void
put_date(struct qclient *q, const char *field, int64_t when)
{
	char date[STAMP_FMT];

	stamp_rfc5322(date, when);
	put(q, field);
	put(q, date);
	put(q, "\n");
}

/* Letters that no message holds by chance. */
static const char *
token(void)
{
	static const char digits[] = "0123456789abcdefghijklmnopqrstuv";
	static char t[27];
	size_t i;

	rand_bytes(t, sizeof(t) - 1);
	for (i = 0; i < sizeof(t) - 1; i++)
		t[i] = digits[t[i] & 31];
	return t;
}

/* Where the last note of each recipient starts, plus one; 0: it has none. Not
 * looked for anew each time: there may be 100000 of them. */
static size_t *
find_notes(const struct dsn *d)
{
	size_t *at = xmalloc((d->env->nrcpt + 1) * sizeof(*at));
	size_t start, pos = 0;
	struct note n;

	memset(at, 0, (d->env->nrcpt + 1) * sizeof(*at));
	while (start = pos, note_next(d->notes, d->nnotes, &pos, &n))
		if (n.rcpt < d->env->nrcpt)
			at[n.rcpt] = start + 1;
	return at;
}

/* Call fn for the last note of each failed recipient. */
static void
each_failure(const struct dsn *d, struct qclient *q,
	void (*fn)(
		const struct dsn *d, struct qclient *q, const struct note *n))
{
	size_t *at = find_notes(d);
	size_t i, pos;

	for (i = 0; i < d->env->nrcpt; i++) {
		struct note n;

		if (env_mark(d->env, i) != ENV_FAILED)
			continue;
		pos = at[i] - 1;
		if (!at[i] || !note_next(d->notes, d->nnotes, &pos, &n))
			n = (struct note){ i, stamp_now(), "5.0.0",
				"The reason was not recorded.", "", "" };
		fn(d, q, &n);
	}
	free(at);
}

static void
paragraph(const struct dsn *d, struct qclient *q, const struct note *n)
{
	put(q, "<");
	put_line(q, env_rcpt(d->env, (size_t)n->rcpt));
	put(q, ">:\n");
	put_text(q, n->text);
	put(q, "\n");
}

static void
fields(const struct dsn *d, struct qclient *q, const struct note *n)
{
	const char *orcpt = env_value(d->env, (size_t)n->rcpt, "ORCPT");

	put(q, "\n");
	if (orcpt) {
		put(q, "Original-Recipient: ");
		put_line(q, orcpt);
		put(q, "\n");
	}
	put(q, "Final-Recipient: rfc822;");
	put_line(q, env_rcpt(d->env, (size_t)n->rcpt));
	put(q, "\nAction: failed\nStatus: ");
	put_line(q, n->status);
	put(q, "\n");
	if (*n->host) {
		put(q, "Remote-MTA: dns;");
		put_line(q, n->host);
		put(q, "\n");
	}
	if (*n->reply) {
		put(q, "Diagnostic-Code: smtp;");
		put_line(q, n->reply);
		put(q, "\n");
	}
	put_date(q, "Last-Attempt-Date: ", n->when);
}

static void
header(const struct dsn *d, struct qclient *q, const char *boundary)
{
	put_date(q, "Date: ", stamp_now());
	put(q, "From: MAILER-DAEMON <");
	put_line(q, d->from);
	put(q, ">\nTo: <");
	put_line(q, d->to);
	put(q, ">\nSubject: failure notice\nMessage-ID: <");
	put(q, boundary);
	put(q, ".bounce@");
	put_line(q, d->host);
	put(q, ">\nAuto-Submitted: auto-replied\nMIME-Version: 1.0\n"
	       "Content-Type: multipart/report; "
	       "report-type=delivery-status;\n\tboundary=\"");
	put(q, boundary);
	put(q, "\"\n\nThis is a MIME-encapsulated delivery report.\n");
}

static void
part(struct qclient *q, const char *boundary, const char *type)
{
	put(q, "\n--");
	put(q, boundary);
	put(q, "\nContent-Type: ");
	put(q, type);
	put(q, "\n");
}

static void
readable(const struct dsn *d, struct qclient *q)
{
	put(q, "Content-Transfer-Encoding: 8bit\n\n"
	       "Hi. This is the quill-send program at ");
	put_line(q, d->host);
	put(q, ".\n");
	put(q, d->again ? "A failure notice could not be delivered either. "
			  "It was for the address below\nand nobody else can "
			  "be told, so here it is.\n\n"
			: "Your message did not reach the addresses below, and "
			  "it will not be tried\nagain. The reason stands "
			  "under each of them.\n\n");
	each_failure(d, q, paragraph);
}

static void
machine_readable(const struct dsn *d, struct qclient *q)
{
	const char *envid = env_value(d->env, ENV_SENDER, "ENVID");

	put(q, "\nReporting-MTA: dns;");
	put_line(q, d->host);
	put(q, "\n");
	if (envid) {
		put(q, "Original-Envelope-Id: ");
		put_line(q, envid);
		put(q, "\n");
	}
	put_date(q, "Arrival-Date: ", (int64_t)(d->env->birth / 1000000));
	each_failure(d, q, fields);
}

static bool
has_8bit(int fd, uint64_t n)
{
	static char buf[CHUNK];
	off_t at = 0;
	ssize_t r, i;

	while ((uint64_t)at < n && (r = pread(fd, buf, CHUNK, at)) > 0) {
		for (i = 0; i < r; i++)
			if (buf[i] & 0x80)
				return true;
		at += r;
	}
	return false;
}

/* The first n bytes of the original. */
static int
copy(const struct dsn *d, struct qclient *q, uint64_t n)
{
	static char buf[CHUNK];
	off_t at = 0;
	ssize_t r;

	while ((uint64_t)at < n) {
		size_t want = n - (uint64_t)at < CHUNK ? (size_t)n - (size_t)at
						       : CHUNK;

		r = pread(d->fdmess, buf, want, at);
		if (r <= 0) {
			if (r == 0)
				errno = EIO;
			return -1;
		}
		qclient_put(q, buf, (size_t)r);
		at += r;
	}
	return 0;
}

static uint64_t
header_length(const struct dsn *d)
{
	static char buf[HEADER_ROOM];
	ssize_t r = pread(d->fdmess, buf, sizeof(buf), 0);

	return r <= 0 ? 0 : header_end(buf, (size_t)r);
}

static int
original(const struct dsn *d, struct qclient *q, const char *boundary)
{
	bool whole = !d->maxbytes || d->env->bytes <= d->maxbytes;
	uint64_t n = whole ? d->env->bytes : header_length(d);

	part(q, boundary, whole ? "message/rfc822" : "text/rfc822-headers");
	if (has_8bit(d->fdmess, n))
		put(q, "Content-Transfer-Encoding: 8bit\n");
	put(q, "\nReturn-Path: <");
	put_line(q, d->env->sender);
	put(q, ">\n");
	return copy(d, q, n);
}

int
dsn_write(const struct dsn *d, struct qclient *q)
{
	const char *boundary = token();

	header(d, q, boundary);
	part(q, boundary, "text/plain; charset=utf-8");
	readable(d, q);
	part(q, boundary, "message/delivery-status");
	machine_readable(d, q);
	if (original(d, q, boundary) < 0)
		return -1;
	put(q, "\n--");
	put(q, boundary);
	put(q, "--\n");
	return 0;
}
