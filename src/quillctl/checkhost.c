/* SPDX-License-Identifier: 0BSD */
/* checkhost - this host in the DNS: its addresses, and the names that they lead
 * back to */
#include <string.h>

#include "lib/here.h"
#include "lib/map.h"
#include "quillctl/check.h"
#include "quillctl/checkdns.h"

/* What it says of itself in HELO: by default, and to anybody. */
static struct {
	struct str name;
	struct map all;
} helo = { .name = STR_INIT(DNSNAME_TEXT) };

bool
dns_ours(const struct ipaddr *a)
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

/* The name in HELO: do our addresses belong to it? */
static void
hello(void)
{
	const char *name;

	map_init(&helo.all);
	if (!dnsrec_helo(&helo.name, &helo.all))
		return; /* what is wrong with the file, the part control says */
	name = str_c(&helo.name);
	if (*name == '[' || strcmp(name, dns_site.me) == 0)
		return;
	dns_site.helo = name;
	for (size_t i = 0; i < dns_site.nip; i++)
		if (!dns_has(name, &dns_site.ip[i]))
			check_say(CHECK_WARNING, name, 0,
				check_text("is what this host calls itself "
					   "(control/helohost), but does not "
					   "have its address ",
					as_text(&dns_site.ip[i])),
				"publish it, or change control/helohost");
}

/* The addresses of our name. false: there is no use in going on. */
bool
dns_host(void)
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
	n = dns_addresses(dns_site.me, DNS_A, ip, DNSREC_ADDRESSES, &alias);
	n += dns_addresses(
		dns_site.me, DNS_AAAA, ip + n, DNSREC_ADDRESSES, &alias);
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
		if (!dns_ours(&ip[i]))
			check_say(CHECK_ERROR, dns_site.me, 0,
				check_text("has the address ", as_text(&ip[i]),
					", which is not of this host"),
				"--ip, if it is one that leads here");
	for (i = 0; i < had; i++)
		if (n && !dns_has(dns_site.me, &dns_site.ip[i]))
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
	hello();
	return true;
}

/* What receivers look at first: a name that leads back, and is the one that
 * they are told. */
void
dns_ptr(const struct ipaddr *a)
{
	const char *want = dns_site.helo ? dns_site.helo : dns_site.me;
	struct str name = STR_INIT(DNSNAME_TEXT);
	struct dnspkt_rr rr;
	struct dnsq q;
	bool any = false, back = false, ours = false;
	char first[DNSNAME_TEXT] = "";
	const char *todo;

	dnsrec_reverse(&name, a);
	if (dns_ask(&q, str_c(&name), DNS_PTR) == DNSQ_TEMP)
		any = back = ours = true;
	while (q.result == DNSQ_OK && dnsq_next(&q, &rr)) {
		if (!any)
			strcpy(first, rr.name);
		any = true;
		ours |= strcmp(rr.name, want) == 0 ||
			map_get(&helo.all, rr.name, strlen(rr.name), NULL);
		back |= *rr.name && dns_has(rr.name, a);
	}
	dnsq_free(&q, 1);
	str_free(&name);
	todo = check_text("have who gave you the address publish ", want);
	if (!any)
		check_say(CHECK_ERROR, as_text(a), 0,
			"has no name (PTR): many receivers refuse its mail",
			todo);
	else if (!back)
		check_say(CHECK_ERROR, as_text(a), 0,
			check_text("its name (PTR) is ", first,
				", which does not have this address"),
			todo);
	else if (!ours)
		check_say(CHECK_WARNING, as_text(a), 0,
			check_text("its name (PTR) is ", first, ", not ", want),
			"let one be the other, or control/helohost");
}
