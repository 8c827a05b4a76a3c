/* SPDX-License-Identifier: 0BSD */
#include "remote/result.h"

#include <errno.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "lib/log.h"
#include "wire/report.h"
#include "wire/site.h"

enum { REPLY_MAX = 4096 };

static void
verdict_init(struct verdict *v)
{
	v->class = VERDICT_NONE;
	v->final = v->crowded = false;
	v->status[0] = 0;
	v->text.max = REPLY_MAX + 2048;
	v->reply.max = REPLY_MAX;
	str_clear(&v->text);
	str_clear(&v->reply);
}

void
result_init(struct result *r, size_t nrcpt)
{
	size_t i;

	/* verdicts keep their memory from one job to the next */
	if (nrcpt > r->nrcpt) {
		r->rcpt = xrealloc(r->rcpt, nrcpt * sizeof *r->rcpt);
		memset(r->rcpt + r->nrcpt, 0,
			(nrcpt - r->nrcpt) * sizeof *r->rcpt);
	}
	for (i = nrcpt; i < r->nrcpt; i++) {
		str_free(&r->rcpt[i].text);
		str_free(&r->rcpt[i].reply);
	}
	r->nrcpt = nrcpt;
	for (i = 0; i < nrcpt; i++)
		verdict_init(&r->rcpt[i]);
	verdict_init(&r->message);
	r->relay.max = 1024;
	str_clear(&r->relay);
	r->group = NULL;
	r->tls.max = 256;
	str_clear(&r->tls);
	r->dsn = false;
	r->connect_ms = r->xfer_ms = 0;
}

static char
digit_of(char class)
{
	switch (class) {
	case RCPT_ACCEPTED:
	case RCPT_DELIVERED:
	case MESSAGE_DONE:
		return '2';
	case RCPT_FAILED:
	case MESSAGE_FAILED:
		return '5';
	default:
		return '4';
	}
}

void
verdict_set(struct verdict *v, char class, const char *status,
	const struct smtpreply *reply, const char *first, ...)
{
	va_list ap;

	verdict_init(v);
	v->class = class;
	if (!reply || !smtpreply_status(reply, v->status))
		strcpy(v->status, status);
	v->status[0] = digit_of(class);
	va_start(ap, first);
	for (; first; first = va_arg(ap, const char *))
		str_puts(&v->text, first);
	va_end(ap);
	str_puts(&v->text, " (#");
	str_puts(&v->text, v->status);
	str_puts(&v->text, ")");
	if (!reply || !reply->text.len)
		return;
	str_puts(&v->text, ". Remote host said: ");
	str_put(&v->text, reply->text.s, reply->text.len);
	str_put(&v->reply, reply->text.s, reply->text.len);
}

void
verdict_unread(struct verdict *v)
{
	verdict_set(v, MESSAGE_DEFERRED, "4.3.0", NULL,
		"Unable to read the message: ",
		errno == ESTALE ? "it is not as long as it was"
				: log_strerror(),
		NULL);
}

void
verdict_copy(struct verdict *to, char class, const struct verdict *from)
{
	verdict_init(to);
	to->class = class;
	memcpy(to->status, from->status, sizeof to->status);
	str_put(&to->text, from->text.s, from->text.len);
	str_put(&to->reply, from->reply.s, from->reply.len);
}

/* What the message's verdict means for a recipient that was accepted. */
static char
rcpt_class(char c)
{
	return c == MESSAGE_DONE     ? RCPT_DELIVERED
	       : c == MESSAGE_FAILED ? RCPT_FAILED
				     : RCPT_DEFERRED;
}

void
result_forget(struct result *r)
{
	size_t i;

	for (i = 0; i < r->nrcpt; i++)
		if (!r->rcpt[i].final)
			r->rcpt[i].class = VERDICT_NONE;
}

void
result_settle(struct result *r)
{
	struct verdict *v;
	size_t i;

	for (i = 0; i < r->nrcpt; i++) {
		v = &r->rcpt[i];
		if (v->class == RCPT_ACCEPTED)
			verdict_copy(
				v, rcpt_class(r->message.class), &r->message);
		v->final = v->class != VERDICT_NONE;
	}
}

void
result_finish(struct result *r)
{
	const struct verdict *done = NULL;
	size_t i;

	for (i = 0; i < r->nrcpt; i++)
		if (r->rcpt[i].class == RCPT_DELIVERED)
			done = &r->rcpt[i];
	if (!done)
		return;
	/* there were several transactions; that the last one failed does not
	 * mean that the message did */
	for (i = 0; i < r->nrcpt; i++)
		if (r->rcpt[i].class == VERDICT_NONE)
			verdict_copy(&r->rcpt[i], rcpt_class(r->message.class),
				&r->message);
	result_settle(r);
	verdict_copy(&r->message, MESSAGE_DONE, done);
}

/* The verdict that counts for a recipient. */
static struct verdict *
effective(struct result *r, size_t i)
{
	char c = r->rcpt[i].class;

	return c == VERDICT_NONE || c == RCPT_ACCEPTED ? &r->message
						       : &r->rcpt[i];
}

static char
report_class(char c)
{
	return c == RCPT_FAILED	     ? MESSAGE_FAILED
	       : c == RCPT_DEFERRED  ? MESSAGE_DEFERRED
	       : c == RCPT_DELIVERED ? MESSAGE_DONE
				     : c;
}

static void
info(struct report *rep, struct str *s, const char *key, int64_t ms)
{
	s->max = 64;
	str_clear(s);
	str_puts(s, key);
	str_putnum(s, (uint64_t)ms);
	rep->info[rep->ninfo++] = str_c(s);
}

void
result_record(struct str *out, uint32_t number, struct result *r)
{
	static struct report rep;
	static struct str relay, tls, group, connect, xfer;
	struct verdict *v;
	size_t i;

	rep.number = number;
	rep.ninfo = 0;
	if (r->relay.len) {
		relay.max = 2048;
		str_clear(&relay);
		str_puts(&relay, "relay=");
		str_put(&relay, r->relay.s, r->relay.len);
		rep.info[rep.ninfo++] = str_c(&relay);
		tls.max = 512;
		str_clear(&tls);
		str_puts(&tls, "tls=");
		str_put(&tls, r->tls.s, r->tls.len);
		rep.info[rep.ninfo++] = str_c(&tls);
		if (r->dsn)
			rep.info[rep.ninfo++] = "dsn=passed";
	}
	if (r->group) {
		group.max = 512;
		str_clear(&group);
		str_puts(&group, "group=");
		str_puts(&group, r->group);
		rep.info[rep.ninfo++] = str_c(&group);
	}
	info(&rep, &connect, "connect=", r->connect_ms);
	info(&rep, &xfer, "xfer=", r->xfer_ms);
	rep.nrcpt = r->nrcpt < JOB_RCPT_MAX ? r->nrcpt : JOB_RCPT_MAX;
	for (i = 0; i < rep.nrcpt; i++) {
		v = effective(r, i);
		rep.rcpt[i].class = report_class(v->class);
		rep.rcpt[i].status = v->status;
		rep.rcpt[i].status_len = strlen(v->status);
		rep.rcpt[i].text = str_c(&v->text);
		rep.rcpt[i].reply = str_c(&v->reply);
	}
	report_encode(out, &rep);
}

static void
byhand_put(struct str *out, const struct verdict *v)
{
	str_putc(out, v->class == RCPT_DELIVERED ? RCPT_ACCEPTED : v->class);
	str_put(out, v->text.s, v->text.len);
	str_putc(out, 0);
}

void
result_byhand(struct str *out, struct result *r)
{
	size_t i, known = 0;

	/* all recipients are reported on or none: there is no gap in it */
	for (i = 0; i < r->nrcpt; i++)
		known += r->rcpt[i].class != VERDICT_NONE;
	for (i = 0; known && i < r->nrcpt; i++) {
		if (r->rcpt[i].class == VERDICT_NONE)
			verdict_copy(&r->rcpt[i], RCPT_ACCEPTED, &r->message);
		byhand_put(out, &r->rcpt[i]);
	}
	byhand_put(out, &r->message);
}
