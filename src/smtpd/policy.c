/* SPDX-License-Identifier: 0BSD */
#include "smtpd/policy.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "lib/ascii.h"
#include "lib/control.h"
#include "lib/fd.h"
#include "lib/ipaddr.h"
#include "mail/addr.h"
#include "mail/idna.h"
#include "wire/site.h"

static const struct answer yes = { 0 };
static const struct answer broken = { 421, "4.3.5",
	"server configuration error" };

/* Outcome of a look-up. EXCEPTED: listed as not to be found. BROKEN: a control
 * file is bad. */
enum found { FOUND, MISSING, EXCEPTED, BROKEN };

void
policy_init(struct policy *p, const struct conf *c)
{
	*p = (struct policy){
		.conf = c, .more = { .fd = -1 }, .verify = VERIFY_INIT
	};
}

void
policy_free(struct policy *p)
{
	struct policy_list *lists[] = { &p->badhelo, &p->badmailfrom,
		&p->badrcptto, &p->percenthack, &p->rcpthosts, &p->locals,
		&p->virtualdomains, &p->senders };

	for (size_t i = 0; i < sizeof lists / sizeof *lists; i++)
		if (lists[i]->read)
			table_close(&lists[i]->table);
	if (p->more.fd >= 0)
		close(p->more.fd);
	verify_close(&p->verify);
}

/* May it send to whom it likes? */
static bool
may_relay(const struct policy *p)
{
	return p->user || p->conf->relayclient;
}

bool
policy_list(struct policy_list *l, const char *name, char sep)
{
	/* with a separator: users, or what quill-send checks */
	const struct table_kind kind = { sep, sep ? NULL : table_ascii };
	enum control got;

	if (l->read)
		return true;
	got = table_open(&l->table, name, &kind);
	if (got == CONTROL_BAD) {
		table_close(&l->table);
		return false;
	}
	l->read = true;
	l->there = got == CONTROL_OK;
	return true;
}

static enum found
list_has(const struct policy_list *l, const char *name, const char *key,
	size_t n)
{
	int got = l->there ? table_get(&l->table, key, n, NULL) : 0;

	if (got < 0)
		table_bad(name);
	return got < 0 ? BROKEN : got ? FOUND : MISSING;
}

/* Try domain, then .b.c for a.b.c, then .c; each by fn. */
static enum found
by_suffix(struct policy *p, const char *domain, size_t n,
	enum found (*fn)(struct policy *p, const char *key, size_t n))
{
	for (size_t i = 0; i < n; i++) {
		enum found got;

		if (i && domain[i] != '.')
			continue;
		got = fn(p, domain + i, n - i);
		if (got != MISSING)
			return got;
	}
	return MISSING;
}

static enum found
in_rcpthosts(struct policy *p, const char *key, size_t n)
{
	return list_has(&p->rcpthosts, "rcpthosts", key, n);
}

static enum found
in_more(struct policy *p, const char *key, size_t n)
{
	struct str val = STR_INIT(0);
	int got = cdb_get(&p->more, key, n, &val);

	str_free(&val);
	if (got < 0)
		table_bad("morercpthosts");
	return got < 0 ? BROKEN : got ? FOUND : MISSING;
}

static enum found
in_virtual(struct policy *p, const char *key, size_t n)
{
	struct str val = STR_INIT(CONTROL_LINE_MAX);
	enum found r = MISSING;
	int got = 0;

	if (p->virtualdomains.there)
		got = table_get(&p->virtualdomains.table, key, n, &val);
	if (got < 0) {
		table_bad("virtualdomains");
		r = BROKEN;
	} else if (got) {
		/* an empty prepend is an exception: not virtual after all */
		r = val.len ? FOUND : EXCEPTED;
	}
	str_free(&val);
	return r;
}

static bool
more_open(struct policy *p)
{
	struct str path = STR_INIT(4000);
	int fd;

	if (p->moreread)
		return true;
	str_puts(&path, site_control);
	str_puts(&path, "/morercpthosts.cdb");
	fd = fd_open(str_c(&path), O_RDONLY, 0);
	str_free(&path);
	if ((fd < 0 && errno != ENOENT) || (fd >= 0 && cdb_init(&p->more, fd)))
		return false;
	p->moreread = true;
	return true;
}

static enum found
listed_host(struct policy *p, const char *domain, size_t n)
{
	enum found got = by_suffix(p, domain, n, in_rcpthosts);

	if (got != MISSING)
		return got;
	if (!more_open(p)) {
		table_bad("morercpthosts");
		return BROKEN;
	}
	return p->more.fd < 0 ? MISSING : by_suffix(p, domain, n, in_more);
}

/* No rcpthosts: what send would deliver here. addr is lower case; its domain
 * starts at addr + at + 1. The catch-all entry (":prepend") counts for
 * nothing, or it would let everybody send everywhere through us. */
static enum found
own_host(struct policy *p, const char *addr, size_t n, size_t at)
{
	const char *domain = addr + at + 1;
	size_t dlen = n - at - 1;
	enum found got;

	if (!policy_list(&p->locals, "locals", 0) ||
		!policy_list(&p->virtualdomains, "virtualdomains", ':'))
		return BROKEN;
	if (!p->locals.there && dlen == p->conf->me.len &&
		ascii_caseeqn(domain, p->conf->me.s, dlen))
		return FOUND;
	got = list_has(&p->locals, "locals", domain, dlen);
	if (got == MISSING)
		got = in_virtual(p, addr, n);
	if (got == MISSING)
		got = by_suffix(p, domain, dlen, in_virtual);
	return got == EXCEPTED ? MISSING : got;
}

static enum found
may_receive(struct policy *p, const char *addr, size_t n, size_t at)
{
	enum found got;

	if (!policy_list(&p->rcpthosts, "rcpthosts", 0))
		return BROKEN;
	got = p->rcpthosts.there ? listed_host(p, addr + at + 1, n - at - 1)
				 : own_host(p, addr, n, at);
	if (got != FOUND || !memchr(addr, '%', at))
		return got;
	/* a%b@here becomes a@b when control/percenthack has here: that would
	 * be relaying by another name */
	if (!policy_list(&p->percenthack, "percenthack", 0))
		return BROKEN;
	got = list_has(
		&p->percenthack, "percenthack", addr + at + 1, n - at - 1);
	return got == BROKEN ? BROKEN : got == FOUND ? MISSING : FOUND;
}

/* The address itself, or @domain. addr is lower case. */
static enum found
is_bad(struct policy_list *l, const char *name, const char *addr, size_t n)
{
	size_t at = addr_at(addr, n);
	enum found got;

	if (!policy_list(l, name, 0))
		return BROKEN;
	got = list_has(l, name, addr, n);
	return got == MISSING ? list_has(l, name, addr + at, n - at) : got;
}

static struct answer
sender_answer(struct policy *p, const char *from, size_t n)
{
	if (!n)
		return yes;
	switch (is_bad(&p->badmailfrom, "badmailfrom", from, n)) {
	case BROKEN:
		return broken;
	case FOUND:
		return (struct answer){ 553, "5.7.1",
			"this sender is not welcome here" };
	case EXCEPTED:
	case MISSING:
		break;
	}
	if (addr_at(from, n) == n && !may_relay(p))
		return (struct answer){ 553, "5.1.7",
			"sender address has no domain" };
	return yes;
}

static enum found
in_badhelo(struct policy *p, const char *key, size_t n)
{
	return list_has(&p->badhelo, "badhelo", key, n);
}

struct answer
policy_helo(struct policy *p, const struct str *name)
{
	struct str lower = STR_INIT(name->len);
	enum found got;

	if (may_relay(p))
		return yes;
	if (!policy_list(&p->badhelo, "badhelo", 0))
		return broken;
	str_put(&lower, name->s, name->len);
	ascii_tolower(lower.s, lower.len);
	got = by_suffix(p, lower.s, lower.len, in_badhelo);
	str_free(&lower);
	if (got == FOUND)
		return (struct answer){ 550, "5.7.1",
			"clients of this name are not welcome here" };
	return got == BROKEN ? broken : yes;
}

/* The domain in the form that all lists have. */
static void
ascii_domain(struct str *addr)
{
	struct str ascii = STR_INIT(IDNA_DOMAIN);
	size_t at = addr_at(addr->s, addr->len);

	if (at < addr->len &&
		!ascii_only(addr->s + at + 1, addr->len - at - 1) &&
		idna_toascii(&ascii, str_c(addr) + at + 1)) {
		str_cut(addr, at + 1);
		str_put(addr, ascii.s, ascii.len);
	}
	str_free(&ascii);
}

struct answer
policy_sender(struct policy *p, const struct str *from)
{
	struct str lower = STR_INIT(ADDR_MAX);
	struct answer a;

	str_put(&lower, from->s, from->len);
	ascii_domain(&lower);
	if (lower.len)
		ascii_tolower(lower.s, lower.len);
	a = sender_answer(p, lower.s, lower.len);
	str_free(&lower);
	return a;
}

/* "[192.0.2.1]" with the address the client reached us at is one of our names
 * (control/localiphost, else me). */
static bool
own_literal(struct policy *p, struct str *rcpt, size_t at)
{
	struct ipaddr it, us;
	struct str host = STR_INIT(255);
	const char *local = p->conf->localip;
	bool good = true;

	if (at + 1 >= rcpt->len || rcpt->s[at + 1] != '[' || !local ||
		!ipaddr_parse_literal(
			rcpt->s + at + 1, rcpt->len - at - 1, &it) ||
		!ipaddr_parse(local, strlen(local), &us))
		return true;
	us.scope = it.scope = 0;
	if (ipaddr_equal(&it, &us)) {
		good = control_line_or_me("localiphost", &host) == CONTROL_OK;
		str_cut(rcpt, at + 1);
		str_put(rcpt, host.s, host.len);
	}
	str_free(&host);
	return good;
}

static struct answer
rcpt_answer(struct policy *p, const char *addr, size_t n)
{
	size_t at = addr_at(addr, n);

	switch (is_bad(&p->badrcptto, "badrcptto", addr, n)) {
	case BROKEN:
		return broken;
	case FOUND:
		return (struct answer){ 553, "5.7.1",
			"this recipient is not welcome here" };
	case EXCEPTED:
	case MISSING:
		break;
	}
	if (may_relay(p))
		return yes;
	if (at == n)
		return (struct answer){ 553, "5.1.3",
			"recipient address has no domain" };
	switch (may_receive(p, addr, n, at)) {
	case BROKEN:
		return broken;
	case EXCEPTED:
	case MISSING:
		return (struct answer){ 550, "5.7.1",
			"no mail for that domain is taken from you here" };
	case FOUND:
		break;
	}
	return yes;
}

struct answer
policy_rcpt(struct policy *p, struct str *rcpt)
{
	struct str lower = STR_INIT(ADDR_MAX);
	struct answer a;

	if (rcpt->len == 10 && ascii_caseeqn(rcpt->s, "postmaster", 10)) {
		/* must always be taken (RFC 5321 4.5.1) */
		str_putc(rcpt, '@');
		str_put(rcpt, p->conf->me.s, p->conf->me.len);
		return yes;
	}
	if (!own_literal(p, rcpt, addr_at(rcpt->s, rcpt->len)))
		return broken;
	ascii_domain(rcpt);
	str_put(&lower, rcpt->s, rcpt->len);
	ascii_tolower(lower.s, lower.len);
	a = rcpt_answer(p, lower.s, lower.len);
	str_free(&lower);
	if (!a.code && p->conf->relayclient) {
		str_puts(rcpt, p->conf->relayclient);
		if (rcpt->over)
			return (struct answer){ 501, "5.1.3",
				"address too long" };
	}
	return a;
}
