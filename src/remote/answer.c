/* SPDX-License-Identifier: 0BSD */
#include <string.h>

#include "remote/content.h"
#include "remote/plan.h"

static struct verdict *
rcpt_at(const struct plan *p, size_t at)
{
	return &p->r->rcpt[p->ask[at - AT_RCPT]];
}

void
answer_broken(struct plan *p, size_t at)
{
	smtp_drop(p->s);
	p->over = true;
	if (!p->mail_ok) {
		p->end = TRANSACT_NEXT;
		return;
	}
	for (at = at < AT_RCPT ? AT_RCPT : at; at < p->at_data; at++)
		verdict_copy(rcpt_at(p, at), RCPT_DEFERRED, &p->r->message);
}

static void
take_mail(struct plan *p)
{
	unsigned code = p->s->reply.code;

	if (code < 300) {
		p->mail_ok = true;
		p->s->messages++;
		p->s->dirty = true;
		return;
	}
	p->over = true;
	if (code < 400) {
		smtp_trouble(p->s, SMTP_REPLY, "to MAIL", &p->r->message);
		answer_broken(p, AT_MAIL);
		return;
	}
	verdict_set(&p->r->message,
		code < 500 ? MESSAGE_DEFERRED : MESSAGE_FAILED, "5.1.0",
		&p->s->reply, p->s->label, " refused the sender", NULL);
	if (code < 500)
		p->end = TRANSACT_NEXT;
}

/* 452 and, RFC 5321 4.5.3.1.10, 552 say "too many recipients", unless their
 * enhanced code is another one. */
static bool
is_crowded(const struct smtpreply *r)
{
	char status[SMTPREPLY_STATUS];

	return (r->code == 452 || r->code == 552) &&
	       (!smtpreply_status(r, status) || !strcmp(status + 1, ".5.3"));
}

static void
take_rcpt(struct plan *p, size_t at)
{
	struct verdict *v = rcpt_at(p, at);
	unsigned code = p->s->reply.code;

	if (!p->mail_ok)
		return;
	if (code < 300) {
		p->accepted++;
		verdict_set(v, RCPT_ACCEPTED, "2.1.5", &p->s->reply,
			p->s->label, " accepted the recipient", NULL);
	} else if (code < 400) {
		smtp_trouble(p->s, SMTP_REPLY, "to RCPT", &p->r->message);
		answer_broken(p, at);
	} else if (code < 500 || code == 552) {
		verdict_set(v, RCPT_DEFERRED, "4.1.0", &p->s->reply,
			p->s->label, " deferred the recipient", NULL);
		v->crowded = is_crowded(&p->s->reply);
		p->crowded += v->crowded;
	} else {
		verdict_set(v, RCPT_FAILED, "5.1.0", &p->s->reply, p->s->label,
			" refused the recipient", NULL);
	}
}

/* 354 although nobody is to get it: an empty message to no one, whose reply
 * does not matter (RFC 2920 3.1). In LMTP, where there should be none
 * (RFC 2033 4.2), that would be a guess. */
static void
lone_dot(struct plan *p)
{
	if (p->s->to.lmtp) {
		smtp_drop(p->s);
		return;
	}
	obuf_put(&p->s->out, ".\r\n", 3);
	if (smtp_get(p->s, PHASE_DATA) != SMTP_REPLY || p->s->reply.code == 421)
		smtp_drop(p->s);
	p->s->dirty = true;
}

static char
rcpt_class(char c)
{
	return c == MESSAGE_DONE     ? RCPT_DELIVERED
	       : c == MESSAGE_FAILED ? RCPT_FAILED
				     : RCPT_DEFERRED;
}

/* LMTP: a reply for each recipient that was accepted, in their order (RFC 2033
 * 4.2). The message's verdict is the best of them. */
static void
take_each(struct plan *p)
{
	struct verdict *v, *best = NULL;
	bool lost = false;
	size_t at;

	for (at = AT_RCPT; at < p->at_data; at++) {
		v = rcpt_at(p, at);
		if (v->class != RCPT_ACCEPTED)
			continue;
		if (lost)
			verdict_copy(v, MESSAGE_DEFERRED, &p->r->message);
		else
			content_verdict(p->s, v);
		if (p->s->fd < 0 && !lost) {
			lost = true;
			verdict_copy(&p->r->message, v->class, v);
		}
		v->class = rcpt_class(v->class);
		if (!best || v->class == RCPT_DELIVERED)
			best = v;
	}
	if (best->class == RCPT_DELIVERED)
		verdict_copy(&p->r->message, MESSAGE_DONE, best);
	else
		verdict_copy(&p->r->message,
			best->class == RCPT_FAILED ? MESSAGE_FAILED
						   : MESSAGE_DEFERRED,
			best);
}

static void
take_data(struct plan *p)
{
	unsigned code = p->s->reply.code;

	p->over = true;
	if (code == 354 && p->accepted) {
		if (!content_send(p->s, p->l->data, &p->r->message))
			return;
		if (p->s->to.lmtp)
			take_each(p);
		else
			content_verdict(p->s, &p->r->message);
	} else if (code == 354) {
		lone_dot(p);
	} else if (p->accepted && code >= 400) {
		content_refused(
			p->s, " does not want the message", &p->r->message);
	} else if (code < 400) {
		if (p->mail_ok)
			smtp_trouble(
				p->s, SMTP_REPLY, "to DATA", &p->r->message);
		smtp_drop(p->s);
	}
}

void
answer_take(struct plan *p, size_t at)
{
	unsigned code = p->s->reply.code;

	if (code == 421 && at != p->at_data) {
		if (at >= AT_RCPT && !p->mail_ok) {
			smtp_drop(p->s); /* MAIL's verdict stands */
			p->over = true;
			return;
		}
		verdict_set(&p->r->message, MESSAGE_DEFERRED, "4.3.2",
			&p->s->reply, p->s->label, " ended the session", NULL);
		answer_broken(p, at);
	} else if (at == AT_RSET) {
		p->s->dirty = false;
		if (code >= 300) {
			/* what MAIL would now mean is anybody's guess */
			smtp_trouble(
				p->s, SMTP_REPLY, "to RSET", &p->r->message);
			answer_broken(p, at);
		}
	} else if (at == AT_MAIL) {
		take_mail(p);
	} else if (at == p->at_data) {
		take_data(p);
	} else {
		take_rcpt(p, at);
	}
}
