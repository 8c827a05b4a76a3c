/* SPDX-License-Identifier: 0BSD */
#include "remote/session.h"

#include <string.h>

#include "lib/log.h"
#include "lib/stamp.h"
#include "remote/hello.h"

void
session_init(struct session *s, const struct conf *conf)
{
	s->conf = conf;
	s->dest[0] = 0;
	dead_open(&s->dead);
	smtp_init(&s->smtp, conf);
	secure_init(&s->secure, conf);
}

static void
name_relay(struct session *s, struct result *r)
{
	str_clear(&r->relay);
	str_puts(&r->relay, s->smtp.label);
	if (s->smtp.to.ip.family) {
		str_putc(&r->relay, ':');
		str_putnum(&r->relay, s->smtp.to.port);
	}
	str_clear(&r->tls);
	str_puts(&r->tls, *s->smtp.tls ? s->smtp.tls : "none");
}

static bool
used_up(const struct session *s)
{
	return s->smtp.messages >= s->conf->msgs ||
	       s->smtp.messages >= s->smtp.mailmax ||
	       stamp_mono() - s->smtp.since >= s->conf->age;
}

/* What we say of ourselves to t for this letter. */
static void
introduce(const struct session *s, const struct letter *l,
	const struct target *t, struct hello *h, struct sasl *auth)
{
	h->name = conf_helo(s->conf, l->sender, l->host);
	h->from = conf_from(s->conf, t->ip.family, l->sender, l->host);
	h->auth = NULL;
	if (t->routed &&
		sasl_find(&s->conf->smtpauth, t->host, l->sender, auth))
		h->auth = auth;
}

static void
remember(struct session *s, const struct hello *h)
{
	s->name[0] = 0;
	if (strlen(h->name) < sizeof s->name)
		strcpy(s->name, h->name);
	s->from = h->from;
	strcpy(s->user, h->auth ? h->auth->user : "");
}

/* Would the connection be made alike for this letter? */
static bool
alike(const struct session *s, const struct letter *l)
{
	struct sasl auth;
	struct hello h;
	bool same;

	introduce(s, l, &s->smtp.to, &h, &auth);
	same = !strcmp(s->name, h.name) && s->from.family == h.from.family &&
	       (!h.from.family || ipaddr_equal(&s->from, &h.from)) &&
	       !strcmp(s->user, h.auth ? auth.user : "");
	memset(&auth, 0, sizeof auth);
	return same;
}

/* Does mail for dest go where mail for the connection's destination goes, and
 * by the same rules? */
static bool
same_way(const struct session *s, const char *dest)
{
	const struct bykey *b = &s->conf->tlspolicy;
	struct str here = STR_INIT(CONTROL_LINE_MAX);
	struct str there = STR_INIT(CONTROL_LINE_MAX);
	bool same;

	if (!strcmp(s->dest, dest))
		return true;
	if (!s->smtp.to.routed || !*s->dest)
		return false;
	if (!bykey_special(b, NULL, s->smtp.to.host) &&
		(bykey_special(b, NULL, dest) ||
			bykey_special(b, NULL, s->dest)))
		return false;
	same = relay_where(&s->conf->routes, s->dest, &here) == 1 &&
	       relay_where(&s->conf->routes, dest, &there) == 1 &&
	       here.len == there.len && !memcmp(here.s, there.s, here.len);
	str_free(&here);
	str_free(&there);
	return same;
}

/* Try on the kept connection: true when the outcome stands. */
static bool
reuse(struct session *s, const struct letter *l, struct result *r)
{
	if (s->smtp.fd < 0)
		return false;
	if (used_up(s) || s->via || l->via || !same_way(s, l->host) ||
		!alike(s, l) || !smtp_alive(&s->smtp)) {
		smtp_quit(&s->smtp);
		return false;
	}
	name_relay(s, r);
	if (transact(&s->smtp, l, r) == TRANSACT_STANDS)
		return true;
	/* a server may grow tired of a connection: that says nothing yet */
	result_forget(r);
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

/* A connection to t that takes mail; false: *why. */
static bool
connect_to(struct session *s, const struct letter *l, const struct target *t,
	struct verdict *why)
{
	struct hello_trouble trouble;
	struct sasl auth;
	struct hello h;
	bool ok;

	introduce(s, l, t, &h, &auth);
	if (!secure_plan(
		    &s->secure, t, h.auth != NULL, s->smtp.limit, &h.tls, why))
		return false;
	if (h.tls.use == SECURE_TRY && !tls_present(TLS_AS_CLIENT))
		h.tls.use = SECURE_NONE;
	ok = hello(&s->smtp, t, &h, &trouble, why);
	if (!ok && trouble.no_tls && h.tls.use == SECURE_TRY) {
		log_warning("in the clear, after: ", str_c(&why->text));
		h.tls.use = SECURE_NONE;
		ok = hello(&s->smtp, t, &h, &trouble, why);
	}
	if (t->hasty &&
		(trouble.dead == DEAD_TIMEOUT || trouble.dead == DEAD_SILENT))
		hosts_later(&s->hosts, t);
	if (trouble.dead)
		dead_failed(
			&s->dead, &t->ip, t->port, trouble.dead, stamp_now());
	else if (ok && t->ip.family)
		dead_clear(&s->dead, &t->ip, t->port);
	remember(s, &h);
	memset(&auth, 0, sizeof auth);
	return ok;
}

/* All that can be done at t. true: the outcome stands. */
static bool
attempt(struct session *s, const struct letter *l, const struct target *t,
	struct result *r)
{
	int64_t start = stamp_mono();
	enum transact done;

	do {
		result_forget(r);
		s->smtp.label[0] = 0;
		if (!connect_to(s, l, t, &r->message)) {
			if (*s->smtp.label)
				name_relay(s, r);
			r->connect_ms += stamp_mono() - start;
			return false;
		}
		name_relay(s, r);
		r->connect_ms += stamp_mono() - start;
		done = transact(&s->smtp, l, r);
		if (done == TRANSACT_STANDS)
			return true;
		smtp_quit(&s->smtp);
		start = stamp_mono();
		/* MORE is only said when some recipients are done */
	} while (done == TRANSACT_MORE && start < s->smtp.limit);
	result_forget(r);
	return false;
}

static void
learn_group(struct session *s)
{
	const char *group = hosts_group(&s->hosts);

	if (group && strlen(group) < sizeof s->group)
		strcpy(s->group, group);
}

static void
fresh(struct session *s, const struct letter *l, struct result *r)
{
	struct target t;
	size_t tried;

	secure_start(&s->secure, l->host);
	if (!hosts_start(&s->hosts, l->host, l->via, s->conf, &s->dead,
		    s->smtp.limit, &r->message))
		return;
	learn_group(s);
	for (tried = 0; stamp_mono() < s->smtp.limit; tried += !t.again) {
		if (!hosts_next(&s->hosts, &t, &r->message))
			break;
		if (attempt(s, l, &t, r))
			return;
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
	if (!reuse(s, l, r)) {
		s->dest[0] = s->group[0] = 0;
		s->via = l->via != NULL;
		if (strlen(l->host) < sizeof s->dest)
			strcpy(s->dest, l->host);
		fresh(s, l, r);
	}
	if (*s->group && strcmp(s->group, l->host) != 0)
		r->group = s->group;
	result_finish(r);
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
