/* SPDX-License-Identifier: 0BSD */
#include "remote/session.h"

#include <string.h>

#include "lib/stamp.h"

void
session_init(struct session *s, const struct conf *conf)
{
	s->conf = conf;
	s->dest[0] = 0;
	smtp_init(&s->smtp, conf);
}

static void
name_relay(struct session *s, struct result *r)
{
	str_clear(&r->relay);
	str_puts(&r->relay, s->smtp.label);
	str_putc(&r->relay, ':');
	str_putnum(&r->relay, s->smtp.to.port);
}

/* Forget what a transaction that decided nothing left behind. */
static void
forget(struct result *r)
{
	size_t i;

	for (i = 0; i < r->nrcpt; i++)
		r->rcpt[i].class = VERDICT_NONE;
}

static bool
used_up(const struct session *s)
{
	return s->smtp.messages >= s->conf->msgs ||
	       stamp_mono() - s->smtp.since >= s->conf->age;
}

/* Try on the kept connection: true when the outcome stands. */
static bool
reuse(struct session *s, const struct letter *l, struct result *r)
{
	if (s->smtp.fd < 0)
		return false;
	if (used_up(s) || strcmp(s->dest, l->host) || !smtp_alive(&s->smtp)) {
		smtp_quit(&s->smtp);
		return false;
	}
	name_relay(s, r);
	if (transact(&s->smtp, l, r) == TRANSACT_STANDS)
		return true;
	/* a server may grow tired of a connection: that says nothing yet */
	forget(r);
	smtp_quit(&s->smtp);
	return false;
}

/* All that could be tried has been. The last reason is in r->message. */
static void
give_up(const struct letter *l, struct result *r, size_t tried)
{
	struct str last = r->message.text;

	if (tried < 2)
		return;
	memset(&r->message.text, 0, sizeof r->message.text);
	r->message.text.max = last.max;
	str_puts(&r->message.text, "None of ");
	str_putnum(&r->message.text, tried);
	str_puts(&r->message.text, " addresses for ");
	str_puts(&r->message.text, l->host);
	str_puts(&r->message.text, " took the message. The last one: ");
	str_put(&r->message.text, last.s, last.len);
	str_free(&last);
}

static void
fresh(struct session *s, const struct letter *l, struct result *r)
{
	int64_t start = stamp_mono();
	struct target t;
	size_t tried;

	if (!hosts_start(
		    &s->hosts, l->host, s->conf, s->smtp.limit, &r->message))
		return;
	for (tried = 0; stamp_mono() < s->smtp.limit; tried++) {
		if (!hosts_next(&s->hosts, &t, &r->message))
			break;
		forget(r);
		if (!smtp_open(&s->smtp, &t, &r->message)) {
			name_relay(s, r);
			r->connect_ms = stamp_mono() - start;
			continue;
		}
		name_relay(s, r);
		r->connect_ms = stamp_mono() - start;
		if (transact(&s->smtp, l, r) == TRANSACT_STANDS)
			return;
		forget(r);
		smtp_quit(&s->smtp);
	}
	if (r->message.class == VERDICT_NONE)
		verdict_set(&r->message, MESSAGE_DEFERRED, "4.4.7", NULL,
			"No time was left to try ", l->host, NULL);
	give_up(l, r, tried);
}

void
session_deliver(struct session *s, const struct letter *l, struct result *r)
{
	s->smtp.limit = stamp_mono() + s->conf->timeout[PHASE_JOB];
	result_init(r, l->nrcpt);
	if (reuse(s, l, r))
		return;
	s->dest[0] = 0;
	if (strlen(l->host) < sizeof s->dest)
		strcpy(s->dest, l->host);
	fresh(s, l, r);
}

void
session_rest(struct session *s)
{
	if (s->smtp.fd >= 0 && used_up(s))
		smtp_quit(&s->smtp);
}

void
session_end(struct session *s)
{
	smtp_quit(&s->smtp);
}
