/* SPDX-License-Identifier: 0BSD */
#include "remote/secure.h"

#include <string.h>

#include "lib/stamp.h"

void
secure_init(struct secure *x, const struct conf *conf)
{
	memset(x, 0, sizeof *x);
	x->conf = conf;
	str_init(&x->patterns, SMTPREPLY_TEXT_MAX);
}

void
secure_start(struct secure *x, const char *dest)
{
	x->dest = dest;
	x->sts_asked = false;
	x->dane_host[0] = 0;
	dane_free(&x->dane);
}

static int64_t
dns_deadline(const struct secure *x, int64_t limit)
{
	int64_t t = stamp_mono() + x->conf->timeout[PHASE_DNS];

	return t < limit ? t : limit;
}

static bool
is_local(const struct target *t)
{
	return !t->ip.family || ipaddr_isloopback(&t->ip);
}

static void
add_name(struct tls_ask *a, const char *name)
{
	size_t i;

	if (!*name || strlen(name) > TLS_TEXT_MAX || a->nname == TLS_NAMES_MAX)
		return;
	for (i = 0; i < a->nname; i++)
		if (!strcmp(a->name[i], name))
			return;
	a->name[a->nname++] = name;
}

/* Is host below ".suffix"? */
static bool
is_below(const char *host, const char *suffix)
{
	size_t n = strlen(host), m = strlen(suffix);

	return n > m && !strcmp(host + n - m, suffix);
}

/* The names that LEVEL_VERIFY takes. What the DNS says counts only when it is
 * authentic: an MX record that was forged brings a name with a certificate. */
static void
verify_names(struct secure *x, const struct target *t, struct tls_ask *a)
{
	size_t i, n = strlen(t->host), m = strlen(x->dest);
	const char *name;

	for (i = 0; i < x->policy.nmatch; i++) {
		name = tlspolicy_match(&x->policy, i);
		if (*name != '.')
			add_name(a, name);
		else if (is_below(t->host, name))
			add_name(a, t->host);
	}
	if (x->policy.nmatch)
		return;
	if (t->routed || t->secure ||
		(n > m && t->host[n - m - 1] == '.' &&
			!strcmp(t->host + n - m, x->dest)))
		add_name(a, t->host);
	if (!t->routed)
		add_name(a, x->dest);
}

static bool
defer(struct verdict *why, const char *status, const struct target *t,
	const char *text, const char *more)
{
	verdict_set(
		why, MESSAGE_DEFERRED, status, NULL, t->host, text, more, NULL);
	return false;
}

/* false: the records may be there, but cannot be had. */
static bool
use_dane(struct secure *x, const struct target *t, int64_t limit,
	struct secure_plan *p, struct verdict *why)
{
	struct dane *d = &x->dane;
	size_t i;

	d->result = t->secure ? d->result : DANE_NONE;
	if (t->secure &&
		(strcmp(x->dane_host, t->host) || x->dane_port != t->port)) {
		dane_ask(d, t->host, t->alias, t->port, dns_deadline(x, limit));
		strcpy(x->dane_host, t->host);
		x->dane_port = t->port;
	} else if (!t->secure) {
		x->dane_host[0] = 0;
	}
	switch (d->result) {
	case DANE_USABLE:
		p->use = SECURE_MUST;
		p->ask.policy = TLS_DANE;
		p->ask.sni = d->base;
		add_name(&p->ask, d->base);
		add_name(&p->ask, t->host);
		add_name(&p->ask, x->dest);
		for (i = 0; i < d->n; i++)
			p->ask.tlsa[i] = d->tlsa[i];
		p->ask.ntlsa = d->n;
		return true;
	case DANE_UNUSABLE:
		p->use = SECURE_MUST;
		break;
	case DANE_NONE:
		p->use = SECURE_TRY;
		break;
	case DANE_TEMP:
		return defer(why, "4.4.3", t,
			": its TLSA records cannot be looked up: ", d->why);
	}
	return x->policy.level != LEVEL_DANE_ONLY ||
	       defer(why, "4.7.5", t,
		       " has no TLSA records that can be used, which "
		       "control/tlspolicy wants",
		       "");
}

/* MTA-STS; false: not to this host. */
static bool
use_sts(struct secure *x, const struct target *t, int64_t limit,
	struct secure_plan *p, struct verdict *why)
{
	if (!x->sts_asked) {
		x->sts = sts_ask(x->conf->mtasts.s, x->dest,
			dns_deadline(x, limit), &x->patterns);
		x->sts_asked = true;
	}
	switch (x->sts) {
	case STS_NONE:
		return true;
	case STS_TEMP:
		return defer(why, "4.4.3", t,
			": the MTA-STS policy of the domain is not known: "
			"control/mtasts: ",
			str_c(&x->patterns));
	case STS_ENFORCE:
		break;
	}
	if (!sts_match(str_c(&x->patterns), t->host))
		return defer(why, "4.7.5", t,
			" is not in the MTA-STS policy of ", x->dest);
	p->use = SECURE_MUST;
	p->ask.policy = TLS_PKIX;
	p->ask.sni = t->host;
	add_name(&p->ask, t->host);
	p->by = "mta-sts";
	return true;
}

static void
use_level(struct secure *x, const struct target *t, struct secure_plan *p)
{
	switch (x->policy.level) {
	case LEVEL_NONE:
		break;
	case LEVEL_MAY:
		p->use = SECURE_TRY;
		break;
	case LEVEL_DANE:
	case LEVEL_DANE_ONLY:
		break;
	case LEVEL_ENCRYPT:
		p->use = SECURE_MUST;
		break;
	case LEVEL_VERIFY:
		p->use = SECURE_MUST;
		p->ask.policy = TLS_PKIX;
		p->ask.ca = *x->policy.ca ? x->policy.ca : NULL;
		verify_names(x, t, &p->ask);
		break;
	}
}

bool
secure_plan(struct secure *x, const struct target *t, bool auth, int64_t limit,
	struct secure_plan *p, struct verdict *why)
{
	struct ipaddr ip;
	bool special;

	memset(p, 0, sizeof *p);
	p->ask.role = TLS_AS_CLIENT;
	tlspolicy_find(&x->conf->tlspolicy, t->routed ? t->host : NULL, x->dest,
		&x->policy, &special);
	/* the same machine needs no encryption */
	if (!special && is_local(t) && !t->tls) {
		x->policy.line = 0; /* the default does not rule here */
		return true;
	}
	/* a password goes to nobody but its relay */
	if (auth && !special && !is_local(t))
		x->policy.level = LEVEL_VERIFY;
	use_level(x, t, p);
	if ((x->policy.level == LEVEL_DANE ||
		    x->policy.level == LEVEL_DANE_ONLY) &&
		!use_dane(x, t, limit, p, why))
		return false;
	if (!special && !t->routed && x->conf->mtasts.len && *x->dest != '[' &&
		p->ask.policy == TLS_UNVERIFIED &&
		!use_sts(x, t, limit, p, why))
		return false;
	if ((auth && p->use == SECURE_TRY) || t->tls)
		p->use = SECURE_MUST;
	if (!p->ask.sni && t->ip.family &&
		!ipaddr_parse(t->host, strlen(t->host), &ip))
		p->ask.sni = t->host;
	return true;
}
