/* SPDX-License-Identifier: 0BSD */
#include "bounce/dsn.h"

#include <string.h>

#include "bounce/original.h"
#include "bounce/text.h"
#include "lib/ascii.h"
#include "lib/rand.h"
#include "lib/stamp.h"
#include "lib/str.h"
#include "wire/note.h"
#include "wire/notify.h"

static void
put_line(struct qclient *q, const char *s)
{
	text_line(q, s, strlen(s));
}

static void
put_date(struct qclient *q, const char *field, int64_t when)
{
	char date[STAMP_FMT];

	stamp_rfc5322(date, when);
	text_put(q, field);
	text_put(q, date);
	text_put(q, "\n");
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

/* The value of a field for programs, which is ASCII in a message/delivery-
 * status. */
static void
put_field(const struct dsn *d, struct qclient *q, const char *p, size_t n)
{
	size_t i, start;

	for (i = 0; i < n; i = start) {
		for (start = i; i < n && (d->global || !(p[i] & 0x80)); i++)
			;
		text_line(q, p + start, i - start);
		for (start = i; start < n && (p[start] & 0x80); start++)
			text_put(q, "?");
	}
}

/* Call fn for each recipient there is something to tell of. */
static void
each(const struct dsn *d, struct qclient *q, bool (*which)(enum note_action a),
	void (*fn)(const struct dsn *d, struct qclient *q, enum note_action a,
		const struct note *n))
{
	struct note n;
	size_t i;

	for (i = 0; i < d->pick->env->nrcpt; i++) {
		enum note_action a = pick_note(d->pick, i, &n);

		if (a && which(a))
			fn(d, q, a, &n);
	}
}

static bool
is_any(enum note_action a)
{
	return a != 0;
}

static bool
is_failure(enum note_action a)
{
	return a == NOTE_FAILED;
}

static bool
is_delay(enum note_action a)
{
	return a == NOTE_DELAYED;
}

static bool
is_success(enum note_action a)
{
	return !is_failure(a) && !is_delay(a);
}

static void
paragraph(const struct dsn *d, struct qclient *q, enum note_action a,
	const struct note *n)
{
	text_put(q, "<");
	put_line(q, env_rcpt(d->env, (size_t)n->rcpt));
	text_put(q, ">:\n");
	/* how it was delivered is nobody's business */
	if (a == NOTE_DELIVERED)
		text_put(q, "It was delivered.\n");
	else if (a == NOTE_EXPANDED)
		text_put(q, "It was delivered, and passed on to further "
			    "addresses.\n");
	else if (a == NOTE_RELAYED)
		text_put(q, "It was passed on to a host that does not report "
			    "what becomes of it.\n");
	else
		text_lines(q, n->text);
	text_put(q, "\n");
}

/* The address the sender knew, which came as type;xtext. */
static void
original_recipient(const struct dsn *d, struct qclient *q, size_t i)
{
	const char *orcpt = env_value(d->env, i, "ORCPT");
	struct str s = STR_INIT(ORCPT_MAX);
	const char *semi;

	if (!orcpt || !notify_isorcpt(orcpt, strlen(orcpt)))
		return;
	semi = strchr(orcpt, ';');
	notify_decode(&s, semi + 1, strlen(semi + 1));
	text_put(q, "Original-Recipient: ");
	text_line(q, orcpt, (size_t)(semi + 1 - orcpt));
	if (text_isascii(str_c(&s), s.len))
		text_line(q, str_c(&s), s.len);
	else
		text_utf8(q, str_c(&s), s.len, d->global);
	text_put(q, "\n");
	str_free(&s);
}

static const char *
action_word(enum note_action a)
{
	switch (a) {
	case NOTE_DELAYED:
		return "delayed";
	case NOTE_DELIVERED:
		return "delivered";
	case NOTE_RELAYED:
		return "relayed";
	case NOTE_EXPANDED:
		return "expanded";
	default:
		return "failed";
	}
}

static void
fields(const struct dsn *d, struct qclient *q, enum note_action a,
	const struct note *n)
{
	const char *rcpt = env_rcpt(d->env, (size_t)n->rcpt);

	text_put(q, "\n");
	original_recipient(d, q, (size_t)n->rcpt);
	text_put(q, "Final-Recipient: ");
	text_address(q, rcpt, strlen(rcpt), d->global);
	text_put(q, "\nAction: ");
	text_put(q, action_word(a));
	text_put(q, "\nStatus: ");
	put_line(q, n->status);
	text_put(q, "\n");
	if (*n->host) {
		text_put(q, "Remote-MTA: dns;");
		put_line(q, n->host);
		text_put(q, "\n");
	}
	if (*n->reply || is_failure(a) || is_delay(a)) {
		text_put(q, *n->reply ? "Diagnostic-Code: smtp;"
				      : "Diagnostic-Code: X-Quill;");
		if (*n->reply)
			put_line(q, n->reply);
		else
			put_field(d, q, n->text, strlen(n->text));
		text_put(q, "\n");
	}
	put_date(q, "Last-Attempt-Date: ", n->when);
	if (is_delay(a))
		put_date(q, "Will-Retry-Until: ", d->until);
}

static const char *
subject(const struct dsn *d)
{
	return d->pick->nfailed	   ? "failure notice"
	       : d->pick->ndelayed ? "delay notice"
				   : "delivery notice";
}

static void
header(const struct dsn *d, struct qclient *q, const char *boundary)
{
	put_date(q, "Date: ", stamp_now());
	text_put(q, "From: MAILER-DAEMON <");
	put_line(q, d->from);
	text_put(q, ">\nTo: <");
	put_line(q, d->to);
	text_put(q, ">\nSubject: ");
	text_put(q, subject(d));
	text_put(q, "\nMessage-ID: <");
	text_put(q, boundary);
	text_put(q, ".bounce@");
	put_line(q, d->host);
	text_put(q, ">\nAuto-Submitted: auto-replied\nMIME-Version: 1.0\n"
		    "Content-Type: multipart/report; "
		    "report-type=delivery-status;\n\tboundary=\"");
	text_put(q, boundary);
	text_put(q, "\"\n\nThis is a MIME-encapsulated delivery report.\n");
}

void
dsn_part(struct qclient *q, const char *boundary, const char *type)
{
	text_put(q, "\n--");
	text_put(q, boundary);
	text_put(q, "\nContent-Type: ");
	text_put(q, type);
	text_put(q, "\n");
}

static void
failures(const struct dsn *d, struct qclient *q)
{
	text_put(q,
		d->again
			? "A failure notice could not be delivered either. "
			  "It was for the address below\nand nobody else can "
			  "be told, so here it is.\n\n"
			: "Your message did not reach the addresses below, and "
			  "it will not be tried\nagain. The reason stands "
			  "under each of them.\n\n");
	each(d, q, is_failure, paragraph);
}

static void
delays(const struct dsn *d, struct qclient *q)
{
	char date[STAMP_FMT];

	text_put(q, "Your message has not reached the addresses below yet. It "
		    "is tried again and\nagain until ");
	stamp_rfc5322(date, d->until);
	text_put(q, date);
	text_put(q, ":\nyou need not send it again. The last reason stands "
		    "under each of them.\n\n");
	each(d, q, is_delay, paragraph);
}

/* Programs take what begins with "Hi. This is the" for a failure. */
static void
readable(const struct dsn *d, struct qclient *q)
{
	text_put(q, "Content-Transfer-Encoding: 8bit\n\n");
	if (d->pick->nfailed)
		text_put(q, "Hi. ");
	text_put(q, "This is the quill-send program at ");
	put_line(q, d->host);
	text_put(q, ".\n");
	if (d->pick->nfailed)
		failures(d, q);
	if (d->pick->ndelayed)
		delays(d, q);
	if (!d->pick->nsucceeded)
		return;
	text_put(q, "You asked to be told that your message reached these "
		    "addresses.\n\n");
	each(d, q, is_success, paragraph);
}

static void
envelope_id(const struct dsn *d, struct qclient *q)
{
	const char *envid = env_value(d->env, ENV_SENDER, "ENVID");
	struct str s = STR_INIT(ENVID_MAX);

	if (!envid || !notify_isenvid(envid, strlen(envid)))
		return;
	notify_decode(&s, envid, strlen(envid));
	text_put(q, "Original-Envelope-Id: ");
	put_field(d, q, str_c(&s), s.len);
	text_put(q, "\n");
	str_free(&s);
}

static void
machine_readable(const struct dsn *d, struct qclient *q)
{
	if (d->global)
		text_put(q, "Content-Transfer-Encoding: 8bit\n");
	text_put(q, "\nReporting-MTA: dns;");
	put_line(q, d->host);
	text_put(q, "\n");
	envelope_id(d, q);
	put_date(q, "Arrival-Date: ", (int64_t)(d->env->head.birth / 1000000));
	each(d, q, is_any, fields);
}

int
dsn_write(const struct dsn *d, struct qclient *q)
{
	const char *boundary = token();

	header(d, q, boundary);
	dsn_part(q, boundary, "text/plain; charset=utf-8");
	readable(d, q);
	dsn_part(q, boundary,
		d->global ? "message/global-delivery-status"
			  : "message/delivery-status");
	machine_readable(d, q);
	if (original_write(d, q, boundary) < 0)
		return -1;
	text_put(q, "\n--");
	text_put(q, boundary);
	text_put(q, "--\n");
	return 0;
}
