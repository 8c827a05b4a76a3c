/* SPDX-License-Identifier: 0BSD */
/* checkdns - are the records there that quillctl dns prints, and do they fit
 * this host? Here: questions, MX, DNSSEC. */
#include "quillctl/checkdns.h"

#include <errno.h>
#include <string.h>

#include "lib/ascii.h"
#include "lib/control.h"
#include "lib/file.h"
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

size_t
dns_addresses(const char *name, uint16_t type, struct ipaddr *ip, size_t max,
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

bool
dns_has(const char *name, const struct ipaddr *a)
{
	struct ipaddr ip[DNSREC_ADDRESSES];
	size_t n = dns_addresses(name, a->family == AF_INET ? DNS_A : DNS_AAAA,
		ip, DNSREC_ADDRESSES, NULL);

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

/* --- a domain ------------------------------------------------------------- */

static bool
leads_here(const char *name)
{
	struct ipaddr ip[2 * DNSREC_ADDRESSES];
	bool alias = false, here;
	size_t n;

	here = strcmp(name, dns_site.me) == 0;
	n = dns_addresses(name, DNS_A, ip, DNSREC_ADDRESSES, &alias);
	n += dns_addresses(name, DNS_AAAA, ip + n, DNSREC_ADDRESSES, &alias);
	if (n == 0)
		check_say(CHECK_ERROR, name, 0, "is an MX, but has no address",
			NULL);
	if (alias && !here)
		check_say(CHECK_WARNING, name, 0,
			"is an MX, but an alias (CNAME), which it must not be",
			"name the host itself");
	while (n > 0)
		here |= dns_ours(&ip[--n]);
	return here;
}

static void
no_mx(const char *domain, enum dnsq_result why)
{
	struct ipaddr ip[DNSREC_ADDRESSES];
	bool here = false;
	size_t n = 0;

	if (why == DNSQ_NODATA)
		n = dns_addresses(domain, DNS_A, ip, DNSREC_ADDRESSES, NULL);
	while (n > 0)
		here |= dns_ours(&ip[--n]);
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
		dns_ptr(r->ip);
		break;
	case DNSREC_NOTE:
	case DNSREC_ADDRESS: /* dns_host() */
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
	if (!dns_host())
		return;
	check_domains(domain);
	dns_tlsa();
	dnssec();
	check_say(CHECK_OK, dns_site.me, 0, "looked at: the DNS of all domains",
		NULL);
}
