/* SPDX-License-Identifier: 0BSD */
/* checkdns - are the records there that quillctl dns prints, and do they fit
 * this host? Here: MX, addresses and their names. */
#include "quillctl/checkdns.h"

#include <errno.h>
#include <string.h>

#include "lib/ascii.h"
#include "lib/control.h"
#include "lib/file.h"
#include "lib/here.h"
#include "lib/resolvconf.h"
#include "lib/stamp.h"
#include "quillctl/args.h"
#include "quillctl/check.h"

enum { ASK_MS = 20000, MX_MAX = 50 };

struct dnsrec_site dns_site;

/* --- questions ------------------------------------------------------------ */

enum dnsq_result
dns_ask(struct dnsq *q, const char *name, uint16_t type)
{
	dnsq_init(q, name, type);
	dnsq_ask(q, 1, stamp_mono() + ASK_MS);
	if (q->result == DNSQ_TEMP)
		check_say(CHECK_WARNING, name, 0,
			check_text("cannot be looked up: ", q->why), NULL);
	return q->result;
}

/* Its addresses, A or AAAA, into ip; how many. alias: it is one. */
static size_t
addresses(const char *name, uint16_t type, struct ipaddr *ip, size_t max,
	bool *alias)
{
	struct dnspkt_rr rr;
	struct dnsq q;
	size_t n = 0;

	if (dns_ask(&q, name, type) == DNSQ_OK)
		while (n < max && dnsq_next(&q, &rr))
			ip[n++] = rr.ip;
	if (alias && n)
		*alias |= q.pkt.chain > 0 || q.chased > 0;
	dnsq_free(&q, 1);
	return n;
}

/* Has the name that address (A or AAAA)? false, too, when that is not known. */
static bool
has(const char *name, const struct ipaddr *a)
{
	struct ipaddr ip[DNSREC_ADDRESSES];
	size_t n = addresses(name, a->family == AF_INET ? DNS_A : DNS_AAAA, ip,
		DNSREC_ADDRESSES, NULL);

	while (n > 0)
		if (ipaddr_equal(&ip[--n], a))
			return true;
	return false;
}

int
dns_txt(const char *name, const char *start, struct str *record)
{
	struct str s = STR_INIT(DNSPKT_MAX);
	struct dnspkt_rr rr;
	struct dnsq q;
	size_t len = strlen(start);
	int n = 0;

	if (dns_ask(&q, name, DNS_TXT) == DNSQ_TEMP)
		n = DNS_UNKNOWN;
	while (q.result == DNSQ_OK && dnsq_next(&q, &rr)) {
		str_clear(&s);
		for (size_t i = 0; i < rr.len; i += 1 + rr.data[i])
			str_put(&s, rr.data + i + 1, rr.data[i]);
		if (!ascii_casestarts(str_c(&s), start) ||
			(len && s.s[len] && !strchr(" ;", s.s[len])))
			continue;
		if (n++ == 0) {
			str_clear(record);
			str_put(record, s.s, s.len);
		}
	}
	dnsq_free(&q, 1);
	str_free(&s);
	return n;
}

/* --- this host ------------------------------------------------------------ */

static bool
is_ours(const struct ipaddr *a)
{
	for (size_t i = 0; i < dns_site.nip; i++)
		if (ipaddr_equal(&dns_site.ip[i], a))
			return true;
	return here_address(a);
}

static const char *
as_text(const struct ipaddr *a)
{
	char text[IPADDR_FMT];

	ipaddr_fmt(text, a);
	return check_text(text);
}

/* The addresses of our name. false: there is no use in going on. */
static bool
host(void)
{
	struct ipaddr ip[2 * DNSREC_ADDRESSES];
	bool alias = false;
	struct dnsq q;
	enum dnsq_result first = dns_ask(&q, dns_site.me, DNS_A);
	size_t n, i, had = dns_site.nip;

	dnsq_free(&q, 1);
	if (first == DNSQ_TEMP) {
		check_say(CHECK_ERROR, "/etc/resolv.conf", 0,
			"its name servers do not help: no mail can be sent, "
			"and nothing more be looked at",
			"is the name server running? dig it");
		return false;
	}
	n = addresses(dns_site.me, DNS_A, ip, DNSREC_ADDRESSES, &alias);
	n += addresses(dns_site.me, DNS_AAAA, ip + n, DNSREC_ADDRESSES, &alias);
	if (n == 0)
		check_say(CHECK_ERROR, dns_site.me, 0,
			"the name of this host has no address in the DNS",
			check_text("publish what this prints: quillctl dns ",
				dns_site.me));
	if (alias)
		check_say(CHECK_WARNING, dns_site.me, 0,
			"the name of this host is an alias (CNAME), which an "
			"MX must not lead to",
			"give it addresses of its own");
	for (i = 0; had && i < n; i++)
		if (!is_ours(&ip[i]))
			check_say(CHECK_ERROR, dns_site.me, 0,
				check_text("has the address ", as_text(&ip[i]),
					", which is not of this host"),
				"--ip, if it is one that leads here");
	for (i = 0; i < had; i++)
		if (n && !has(dns_site.me, &dns_site.ip[i]))
			check_say(CHECK_WARNING, dns_site.me, 0,
				check_text("does not have the address ",
					as_text(&dns_site.ip[i]),
					", from which mail may be sent"),
				"publish it, or control/outgoingip");
	if (!had) {
		check_say(CHECK_NOTE, dns_site.me, 0,
			"no interface of this host has a public address: that "
			"those in the DNS lead here cannot be told",
			"--ip ADDRESS,...");
		for (i = 0; i < n && i < DNSREC_ADDRESSES; i++)
			dns_site.ip[dns_site.nip++] = ip[i];
	}
	return true;
}

/* What receivers look at first: a name that leads back. */
static void
ptr(const struct ipaddr *a)
{
	struct str name = STR_INIT(DNSNAME_TEXT);
	struct dnspkt_rr rr;
	struct dnsq q;
	bool any = false, back = false, me = false;
	char first[DNSNAME_TEXT] = "";

	dnsrec_reverse(&name, a);
	if (dns_ask(&q, str_c(&name), DNS_PTR) == DNSQ_TEMP)
		any = back = me = true;
	while (q.result == DNSQ_OK && dnsq_next(&q, &rr)) {
		if (!any)
			strcpy(first, rr.name);
		any = true;
		me |= strcmp(rr.name, dns_site.me) == 0;
		back |= *rr.name && has(rr.name, a);
	}
	dnsq_free(&q, 1);
	str_free(&name);
	if (!any)
		check_say(CHECK_ERROR, as_text(a), 0,
			"has no name (PTR): many receivers refuse its mail",
			check_text("have who gave you the address publish ",
				dns_site.me));
	else if (!back)
		check_say(CHECK_ERROR, as_text(a), 0,
			check_text("its name (PTR) is ", first,
				", which does not have this address"),
			check_text("have who gave you the address publish ",
				dns_site.me));
	else if (!me)
		check_say(CHECK_WARNING, as_text(a), 0,
			check_text("its name (PTR) is ", first, ", not ",
				dns_site.me),
			"let one be the other, or control/helohost");
}

/* --- a domain ------------------------------------------------------------- */

static bool
leads_here(const char *name)
{
	struct ipaddr ip[2 * DNSREC_ADDRESSES];
	bool alias = false, here;
	size_t n;

	here = strcmp(name, dns_site.me) == 0;
	n = addresses(name, DNS_A, ip, DNSREC_ADDRESSES, &alias);
	n += addresses(name, DNS_AAAA, ip + n, DNSREC_ADDRESSES, &alias);
	if (n == 0)
		check_say(CHECK_ERROR, name, 0, "is an MX, but has no address",
			NULL);
	if (alias && !here)
		check_say(CHECK_WARNING, name, 0,
			"is an MX, but an alias (CNAME), which it must not be",
			"name the host itself");
	while (n > 0)
		here |= is_ours(&ip[--n]);
	return here;
}

static void
no_mx(const char *domain, enum dnsq_result why)
{
	struct ipaddr ip[DNSREC_ADDRESSES];
	bool here = false;
	size_t n = 0;

	if (why == DNSQ_NODATA)
		n = addresses(domain, DNS_A, ip, DNSREC_ADDRESSES, NULL);
	while (n > 0)
		here |= is_ours(&ip[--n]);
	/* for the host itself its address is enough (RFC 5321 5.1) */
	if (here && strcmp(domain, dns_site.me) == 0)
		return;
	if (here)
		check_say(CHECK_WARNING, domain, 0,
			"has no MX record: mail comes by its address alone",
			check_text("publish what this prints: quillctl dns ",
				domain));
	else
		check_say(CHECK_ERROR, domain, 0,
			why == DNSQ_NXDOMAIN
				? "is not in the DNS: nobody can send mail to "
				  "it"
				: "has no MX record: mail for it does not come "
				  "here",
			check_text("publish what this prints: quillctl dns ",
				domain));
}

static void
mx(const char *domain)
{
	enum dnsq_result r;
	struct dnspkt_rr rr;
	struct dnsq q;
	bool here = false, null = false;
	size_t n = 0;
	char best[DNSNAME_TEXT] = "";
	unsigned pref = 65536;

	r = dns_ask(&q, domain, DNS_MX);
	while (r == DNSQ_OK && n++ < MX_MAX && dnsq_next(&q, &rr)) {
		if (rr.pref < pref) {
			pref = rr.pref;
			strcpy(best, rr.name);
		}
		if (strcmp(rr.name, ".") == 0)
			null = true;
		else
			here |= leads_here(rr.name);
	}
	dnsq_free(&q, 1);
	if (r == DNSQ_NODATA || r == DNSQ_NXDOMAIN)
		no_mx(domain, r);
	else if (null)
		check_say(CHECK_ERROR, domain, 0,
			"says in the DNS that it takes no mail (null MX)",
			check_text("publish what this prints: quillctl dns ",
				domain));
	else if (r == DNSQ_OK && !here)
		check_say(CHECK_ERROR, domain, 0,
			check_text("mail for it does not come here: its MX is ",
				best),
			check_text("publish what this prints: quillctl dns ",
				domain,
				"; or take it out of control/locals and "
				"virtualdomains"));
}

/* A record that quillctl dns prints. */
static void
wanted(void *arg, const struct dnsrec *r)
{
	const char *domain = arg;

	switch (r->kind) {
	case DNSREC_MX:
		mx(r->name);
		break;
	case DNSREC_TXT:
		if (strncmp(r->name, "_dmarc.", 7) == 0)
			dns_dmarc(domain, r->text);
		else if (strncmp(r->name, "_smtp._tls.", 11) == 0)
			dns_tlsrpt(r->name, r->text);
		else
			dns_spf(r->name, r->text);
		break;
	case DNSREC_PTR:
		ptr(r->ip);
		break;
	case DNSREC_NOTE:
	case DNSREC_ADDRESS: /* host() */
	case DNSREC_TLSA:    /* once, below */
		break;
	}
}

static void
domain(const char *name)
{
	char copy[ADDR_MAX + 1];
	struct dnsname wire;

	if (strlen(name) > 200 || !dnsname_fromtext(&wire, name))
		return;
	strcpy(copy, name);
	dnsrec_each(&dns_site, copy, wanted, copy);
	dns_dkim(copy);
	dns_mtasts(copy);
}

/* --- DNSSEC --------------------------------------------------------------- */

static const char *
dane_entry(void *arg, size_t line, char *entry, size_t n)
{
	const bool *trusted = arg;

	(void)n;
	for (char *p = entry; *p;) {
		size_t len = strcspn(p, " \t");

		if ((len == 4 && strncmp(p, "dane", 4) == 0) ||
			(len == 9 && strncmp(p, "dane-only", 9) == 0)) {
			if (!*trusted)
				check_say(CHECK_WARNING, "control/tlspolicy",
					line,
					"dane does nothing without a name "
					"server that validates and is trusted",
					"options trust-ad in /etc/resolv.conf: "
					"quill-dns(7)");
			break;
		}
		p += len;
		p += strspn(p, " \t");
	}
	return NULL;
}

static void
dnssec(void)
{
	struct str text = STR_INIT(65536);
	struct resolvconf conf;

	(void)file_read("/etc/resolv.conf", &text);
	resolvconf_parse(&conf, str_c(&text), text.len, false);
	(void)control_list("tlspolicy", dane_entry, &conf.trust_ad);
	str_free(&text);
}

void
check_dns(void)
{
	if (check.nodns || !check.me.len)
		return;
	dns_site.me = str_c(&check.me);
	if (check.addresses)
		(void)dnsrec_given(&dns_site, check.addresses);
	else
		(void)dnsrec_own(&dns_site);
	if (!host())
		return;
	check_domains(domain);
	dns_tlsa();
	dnssec();
	check_say(CHECK_OK, dns_site.me, 0, "looked at: the DNS of all domains",
		NULL);
}
