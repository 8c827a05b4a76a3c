/* SPDX-License-Identifier: 0BSD */
#include "remote/transact.h"

#include <stdlib.h>

#include "lib/log.h"
#include "lib/stamp.h"
#include "remote/convert.h"
#include "remote/plan.h"
#include "wire/job.h"

/* Commands under way at most: their replies fit into a receive buffer, so the
 * peer can never be blocked on us while we are blocked on it. */
enum { WINDOW = 100 };

static bool
refuse(struct plan *p, const char *status, const char *text)
{
	verdict_set(&p->r->message, MESSAGE_FAILED, status, NULL, p->s->label,
		text, NULL);
	return false;
}

/* The message against what the server takes. */
static bool
prepare_message(struct plan *p)
{
	struct data_source *d = p->l->data;
	uint64_t bytes;
	bool utf8;

	if (!data_load(d)) {
		verdict_set(&p->r->message, MESSAGE_DEFERRED, "4.3.0", NULL,
			"Unable to read the message: ", log_strerror(), NULL);
		return false;
	}
	/* header fields in UTF-8 are what the sender declared, or garbage that
	 * always passed */
	utf8 = d->scan.header8 && p->l->params &&
	       job_param(p->l->params, "SMTPUTF8");
	if (utf8 && !(p->s->ext & SMTP_UTF8))
		return refuse(p, "5.6.7",
			" does not take header fields that are not ASCII");
	p->utf8 = p->utf8 || utf8;
	d->seven = false;
	if (d->scan.eightbit && !(p->s->ext & SMTP_8BITMIME) &&
		!convert_prepare(d, p->s->label, &p->r->message))
		return false;
	bytes = d->seven ? d->sevenbytes : d->scan.bytes;
	if (p->s->sizemax && bytes > p->s->sizemax) {
		verdict_set(&p->r->message, MESSAGE_FAILED, "5.3.4", NULL,
			"The message is too large for ", p->s->label, NULL);
		return false;
	}
	return true;
}

static void
prepare_rcpt(struct plan *p, size_t i)
{
	const char *addr = p->l->rcpt[i];
	struct verdict *v = &p->r->rcpt[i];
	enum letter_address a = letter_address(addr);

	if (a == LETTER_BAD) {
		verdict_set(v, RCPT_FAILED, "5.1.3", NULL,
			"This address cannot be sent by SMTP", NULL);
	} else if (a == LETTER_UTF8 && !(p->s->ext & SMTP_UTF8)) {
		verdict_set(v, RCPT_FAILED, "5.6.7", NULL, p->s->label,
			" does not take addresses that are not ASCII", NULL);
	} else {
		p->utf8 = p->utf8 ||
			  (p->s->ext & SMTP_UTF8 && letter_eightbit(addr));
	}
}

/* The recipients that nothing is known of. */
static void
collect(struct plan *p)
{
	size_t i;

	p->nask = 0;
	for (i = 0; i < p->l->nrcpt; i++)
		if (p->r->rcpt[i].class == VERDICT_NONE)
			p->ask[p->nask++] = i;
}

/* Decide what can be decided without the peer; false: everything is. */
static bool
prepare(struct plan *p)
{
	enum letter_address sender = letter_address(p->l->sender);
	size_t i;

	if (sender == LETTER_BAD) {
		verdict_set(&p->r->message, MESSAGE_FAILED, "5.1.7", NULL,
			"The sender address cannot be sent by SMTP", NULL);
		return false;
	}
	p->utf8 = p->s->ext & SMTP_UTF8 && letter_eightbit(p->l->sender);
	for (i = 0; i < p->l->nrcpt; i++)
		if (p->r->rcpt[i].class == VERDICT_NONE)
			prepare_rcpt(p, i);
	collect(p);
	if (sender == LETTER_UTF8 && !(p->s->ext & SMTP_UTF8))
		return refuse(p, "5.6.7",
			" does not take addresses that are not ASCII, and the "
			"sender's is such a one");
	if (!prepare_message(p))
		return false;
	if (!p->nask)
		verdict_set(&p->r->message, MESSAGE_FAILED, "5.1.3", NULL,
			"No address can be used", NULL);
	return p->nask > 0;
}

static void
put(struct plan *p, size_t at)
{
	if (at == AT_RSET)
		smtp_command(p->s, "RSET", NULL);
	else if (at == AT_MAIL)
		letter_mail(p->s, p->l, p->utf8);
	else if (at == p->at_data)
		smtp_command(p->s, "DATA", NULL);
	else
		letter_rcpt(p->s, p->l, p->ask[at - AT_RCPT], p->utf8);
}

static enum phase
phase_of(const struct plan *p, size_t at)
{
	return at == p->at_data ? PHASE_DATA
	       : at >= AT_RCPT	? PHASE_RCPT
				: PHASE_MAIL;
}

static const char *
when(const struct plan *p, size_t at)
{
	return at == p->at_data ? "after DATA"
	       : at >= AT_RCPT	? "after RCPT"
				: "after MAIL";
}

/* Send commands and take replies in step, as far ahead as the peer allows. */
static void
dialogue(struct plan *p)
{
	size_t window = p->s->ext & SMTP_PIPELINING ? WINDOW : 1;
	size_t at = p->s->dirty ? AT_RSET : AT_MAIL, sent = at;
	enum smtp_got got;

	for (; p->s->fd >= 0; at++) {
		while (!p->over && sent <= p->at_data && sent - at < window) {
			/* nobody wants it, and that is known in time */
			if (sent == p->at_data && at == sent && !p->accepted)
				break;
			put(p, sent++);
		}
		if (at == sent)
			break;
		got = smtp_get(p->s, phase_of(p, at));
		if (got == SMTP_REPLY) {
			answer_take(p, at);
		} else if (at > AT_MAIL && !p->mail_ok) {
			smtp_drop(p->s);
		} else {
			smtp_trouble(p->s, got, when(p, at), &p->r->message);
			answer_broken(p, at);
		}
	}
}

static void
none_accepted(struct plan *p)
{
	struct result *r = p->r;
	char class = MESSAGE_FAILED;
	size_t i;

	for (i = 0; i < r->nrcpt; i++)
		if (r->rcpt[i].class == RCPT_DEFERRED)
			class = MESSAGE_DEFERRED;
	verdict_set(&r->message, class, "5.1.0", NULL, p->s->label,
		" accepted none of the recipients", NULL);
}

/* Recipients that were refused as too many wait for the next round. At least
 * one was accepted in this one: there is an end to it. */
static void
uncrowd(struct plan *p)
{
	struct verdict *v;
	size_t i;

	for (i = 0; i < p->n; i++) {
		v = &p->r->rcpt[p->ask[i]];
		if (v->crowded && v->class == RCPT_DEFERRED)
			v->class = VERDICT_NONE;
	}
}

/* Is anything known of this round's recipients? */
static bool
progress(const struct plan *p)
{
	size_t i;

	for (i = 0; i < p->n; i++)
		if (p->r->rcpt[p->ask[i]].class != VERDICT_NONE)
			return true;
	return false;
}

/* One transaction. true: recipients are left that another one may do. */
static bool
transaction(struct plan *p)
{
	struct result *r = p->r;

	p->n = p->nask < p->s->rcptmax ? p->nask : (size_t)p->s->rcptmax;
	p->at_data = AT_RCPT + p->n;
	p->accepted = p->crowded = 0;
	p->mail_ok = p->over = false;
	r->message.class = VERDICT_NONE;
	dialogue(p);
	if (r->message.class == VERDICT_NONE)
		none_accepted(p);
	if (p->end != TRANSACT_STANDS || (p->n == p->nask && !p->crowded))
		return false;
	if (r->message.class == MESSAGE_DONE)
		uncrowd(p);
	else if (!p->mail_ok || p->accepted)
		return false;
	return progress(p);
}

enum transact
transact(struct smtp *s, const struct letter *l, struct result *r)
{
	struct plan p = { .s = s, .l = l, .r = r, .end = TRANSACT_STANDS };
	int64_t start = stamp_mono();
	bool more;

	r->message.class = VERDICT_NONE;
	r->dsn = s->ext & SMTP_DSN;
	p.ask = xmalloc((l->nrcpt + 1) * sizeof *p.ask);
	for (more = prepare(&p); more; more = p.nask > 0) {
		if (!transaction(&p))
			break;
		result_settle(r);
		collect(&p);
		if (p.nask && (s->fd < 0 || s->messages >= s->mailmax)) {
			p.end = TRANSACT_MORE;
			break;
		}
	}
	r->xfer_ms += stamp_mono() - start;
	free(p.ask);
	return p.end;
}
