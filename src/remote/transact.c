/* SPDX-License-Identifier: 0BSD */
#include "remote/transact.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "lib/log.h"
#include "lib/num.h"
#include "lib/stamp.h"
#include "mail/addr.h"
#include "remote/content.h"
#include "wire/job.h"
#include "wire/notify.h"
#include "wire/site.h"

/* Commands under way at most: their replies fit into a receive buffer, so the
 * peer can never be blocked on us while we are blocked on it. */
enum { WINDOW = 100 };

/* Positions in the sequence of commands; recipients are in between. */
enum { AT_RSET, AT_MAIL, AT_RCPT };

struct plan {
	struct smtp *s;
	const struct letter *l;
	struct result *r;
	size_t *ask; /* recipients to name, as indices */
	size_t nask;
	size_t at_data; /* position of DATA */
	size_t accepted;
	bool mail_ok; /* the sender was accepted */
	bool over;    /* send no more commands */
	bool utf8;
	enum transact end;
	struct str path;
};

static bool
is_ascii(const char *s)
{
	for (; *s; s++)
		if (*s & 0x80)
			return false;
	return true;
}

/* Could it be put on a command line? Length counts with the quoting. */
static bool
sendable(const char *s)
{
	size_t n = strlen(s);

	if (n > ADDR_MAX)
		return false;
	for (; *s; s++)
		if ((unsigned char)*s < ' ' || *s == 127)
			return false;
	return true;
}

/* A UTF-8 local part needs no quotes (RFC 6531 3.3), and is better understood
 * without. */
static bool
is_utf8_atext(const char *addr, size_t n)
{
	size_t i, at = addr_at(addr, n);

	for (i = 0; i < at; i++)
		if (!(addr[i] & 0x80) && !addr_isatext(addr[i]))
			return false;
	return at > 0;
}

static const char *
path(struct plan *p, const char *addr)
{
	size_t n = strlen(addr);

	str_clear(&p->path);
	str_putc(&p->path, '<');
	if (n && is_utf8_atext(addr, n))
		str_put(&p->path, addr, n);
	else if (n)
		addr_quote(&p->path, addr, n);
	str_putc(&p->path, '>');
	return str_c(&p->path);
}

/* Decide what can be decided without the peer; false: everything is. */
static bool
prepare(struct plan *p)
{
	const struct letter *l = p->l;
	struct result *r = p->r;
	bool utf8 = p->s->ext & SMTP_UTF8;
	size_t i;

	if (!sendable(l->sender)) {
		verdict_set(&r->message, MESSAGE_FAILED, "5.1.7", NULL,
			"The sender address cannot be sent by SMTP", NULL);
		return false;
	}
	p->utf8 = !is_ascii(l->sender);
	for (i = 0; i < l->nrcpt; i++) {
		if (!sendable(l->rcpt[i])) {
			verdict_set(&r->rcpt[i], RCPT_FAILED, "5.1.3", NULL,
				"This address cannot be sent by SMTP", NULL);
		} else if (!utf8 && !is_ascii(l->rcpt[i])) {
			verdict_set(&r->rcpt[i], RCPT_FAILED, "5.6.7", NULL,
				p->s->label,
				" does not take addresses that "
				"are not ASCII",
				NULL);
		} else {
			p->utf8 = p->utf8 || !is_ascii(l->rcpt[i]);
			p->ask[p->nask++] = i;
		}
	}
	if (p->utf8 && !utf8) {
		verdict_set(&r->message, MESSAGE_FAILED, "5.6.7", NULL,
			p->s->label,
			" does not take addresses that are not "
			"ASCII, and the sender's is such a one",
			NULL);
		return false;
	}
	if (!data_load(l->data)) {
		verdict_set(&r->message, MESSAGE_DEFERRED, "4.3.0", NULL,
			"Unable to read the message: ", log_strerror(), NULL);
		return false;
	}
	if (p->s->sizemax && l->data->scan.bytes > p->s->sizemax) {
		verdict_set(&r->message, MESSAGE_FAILED, "5.3.4", NULL,
			"The message is too large for ", p->s->label, NULL);
		return false;
	}
	if (!p->nask)
		verdict_set(&r->message, MESSAGE_FAILED, "5.1.3", NULL,
			"No address can be used", NULL);
	return p->nask > 0;
}

/* What to ask a server for that has DSN (RFC 3461 5.2.1); NULL: nothing. A
 * value that is not what it should be would be a way to write commands. */
static const char *
asked(const struct plan *p, const char *params, const char *key,
	bool (*good)(const char *v, size_t n))
{
	const char *v;

	if (!params || !(p->s->ext & SMTP_DSN))
		return NULL;
	v = job_param(params, key);
	return v && good(v, strlen(v)) ? v : NULL;
}

static void
put_mail(struct plan *p)
{
	const struct data_source *d = p->l->data;
	unsigned ext = p->s->ext;
	const char *sender = p->l->sender;
	char size[NUM_FMT];

	const char *ret = asked(p, p->l->params, "RET", notify_isret);
	const char *envid = asked(p, p->l->params, "ENVID", notify_isenvid);

	num_fmt(size, d->scan.bytes);
	smtp_command(p->s, "MAIL FROM:", path(p, sender),
		ext & SMTP_SIZE && d->scanned ? " SIZE=" : "",
		ext & SMTP_SIZE && d->scanned ? size : "",
		ext & SMTP_8BITMIME && d->scan.eightbit ? " BODY=8BITMIME" : "",
		p->utf8 ? " SMTPUTF8" : "", ret ? " RET=" : "", ret ? ret : "",
		envid ? " ENVID=" : "", envid ? envid : "", NULL);
}

static bool
is_notify(const char *v, size_t n)
{
	return notify_parse(v, n) != 0;
}

static void
put_rcpt(struct plan *p, size_t i)
{
	const char *params = p->l->rcptparams ? p->l->rcptparams[i] : NULL;
	const char *notify = asked(p, params, "NOTIFY", is_notify);
	const char *orcpt = asked(p, params, "ORCPT", notify_isorcpt);

	smtp_command(p->s, "RCPT TO:", path(p, p->l->rcpt[i]),
		notify ? " NOTIFY=" : "", notify ? notify : "",
		orcpt ? " ORCPT=" : "", orcpt ? orcpt : "", NULL);
}

static void
put(struct plan *p, size_t at)
{
	if (at == AT_RSET)
		smtp_command(p->s, "RSET", NULL);
	else if (at == AT_MAIL)
		put_mail(p);
	else if (at == p->at_data)
		smtp_command(p->s, "DATA", NULL);
	else
		put_rcpt(p, p->ask[at - AT_RCPT]);
}

static enum phase
phase_of(const struct plan *p, size_t at)
{
	return at == p->at_data ? PHASE_DATA
	       : at >= AT_RCPT	? PHASE_RCPT
				: PHASE_MAIL;
}

/* The connection is of no more use: all recipients from position at on have
 * the message's verdict. */
static void
broken(struct plan *p, size_t at)
{
	struct result *r = p->r;
	size_t i;

	smtp_drop(p->s);
	p->over = true;
	if (!p->mail_ok) {
		p->end = TRANSACT_NEXT;
		return;
	}
	for (i = at < AT_RCPT ? 0 : at - AT_RCPT; i < p->nask; i++)
		verdict_copy(&r->rcpt[p->ask[i]], RCPT_DEFERRED, &r->message);
}

static void
got_mail(struct plan *p)
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
		broken(p, AT_MAIL);
		return;
	}
	verdict_set(&p->r->message,
		code < 500 ? MESSAGE_DEFERRED : MESSAGE_FAILED, "5.1.0",
		&p->s->reply, p->s->label, " refused the sender", NULL);
	if (code < 500)
		p->end = TRANSACT_NEXT;
}

static void
got_rcpt(struct plan *p, size_t at)
{
	struct verdict *v = &p->r->rcpt[p->ask[at - AT_RCPT]];
	unsigned code = p->s->reply.code;

	if (!p->mail_ok)
		return;
	if (code < 300) {
		p->accepted++;
		verdict_set(v, RCPT_ACCEPTED, "2.1.5", &p->s->reply,
			p->s->label, " accepted the recipient", NULL);
	} else if (code < 400) {
		smtp_trouble(p->s, SMTP_REPLY, "to RCPT", &p->r->message);
		broken(p, at);
	} else if (code < 500 || code == 552) {
		/* RFC 5321 4.5.3.1.10: 552 may mean too many recipients */
		verdict_set(v, RCPT_DEFERRED, "4.1.0", &p->s->reply,
			p->s->label, " deferred the recipient", NULL);
	} else {
		verdict_set(v, RCPT_FAILED, "5.1.0", &p->s->reply, p->s->label,
			" refused the recipient", NULL);
	}
}

/* 354 although nobody is to get it: an empty message to no one, whose reply
 * does not matter (RFC 2920 3.1). */
static void
lone_dot(struct plan *p)
{
	obuf_put(&p->s->out, ".\r\n", 3);
	if (smtp_get(p->s, PHASE_DATA) != SMTP_REPLY || p->s->reply.code == 421)
		smtp_drop(p->s);
	p->s->dirty = true;
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

static void
got_data(struct plan *p)
{
	unsigned code = p->s->reply.code;

	p->over = true;
	if (code == 354 && p->accepted)
		content_send(p->s, p->l->data, &p->r->message);
	else if (code == 354)
		lone_dot(p);
	else if (p->accepted && code >= 400)
		content_refused(
			p->s, " does not want the message", &p->r->message);
	else if (code < 400) {
		if (p->mail_ok)
			smtp_trouble(
				p->s, SMTP_REPLY, "to DATA", &p->r->message);
		smtp_drop(p->s);
	}
}

static void
got_reply(struct plan *p, size_t at)
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
		broken(p, at);
	} else if (at == AT_RSET) {
		p->s->dirty = false;
		if (code >= 300) {
			/* what MAIL would now mean is anybody's guess */
			smtp_trouble(
				p->s, SMTP_REPLY, "to RSET", &p->r->message);
			broken(p, at);
		}
	} else if (at == AT_MAIL) {
		got_mail(p);
	} else if (at == p->at_data) {
		got_data(p);
	} else {
		got_rcpt(p, at);
	}
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
			got_reply(p, at);
		} else if (at > AT_MAIL && !p->mail_ok) {
			smtp_drop(p->s);
		} else {
			smtp_trouble(p->s, got, when(p, at), &p->r->message);
			broken(p, at);
		}
	}
}

enum transact
transact(struct smtp *s, const struct letter *l, struct result *r)
{
	struct plan p = { .s = s, .l = l, .r = r, .end = TRANSACT_STANDS };
	int64_t start = stamp_mono();

	r->message.class = VERDICT_NONE;
	r->dsn = s->ext & SMTP_DSN;
	str_init(&p.path, 2 * ADDR_MAX + 8);
	p.ask = xmalloc((l->nrcpt + 1) * sizeof *p.ask);
	if (prepare(&p)) {
		p.at_data = AT_RCPT + p.nask;
		dialogue(&p);
		if (r->message.class == VERDICT_NONE)
			none_accepted(&p);
	}
	r->xfer_ms = stamp_mono() - start;
	free(p.ask);
	str_free(&p.path);
	return p.end;
}
