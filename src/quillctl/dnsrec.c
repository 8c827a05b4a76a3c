/* SPDX-License-Identifier: 0BSD */
#include "quillctl/dnsrec.h"

#include <ifaddrs.h>
#include <net/if.h>
#include <netinet/in.h>
#include <string.h>

#include "lib/ascii.h"
#include "lib/control.h"
#include "lib/dnspkt.h"

void
dnsrec_reverse(struct str *s, const struct ipaddr *a)
{
	static const char hex[] = "0123456789abcdef";
	const uint8_t *p = a->b;

	if (a->family == AF_INET) {
		for (int i = 4; i-- > 0;) {
			str_putnum(s, p[i]);
			str_putc(s, '.');
		}
		str_puts(s, "in-addr.arpa");
		return;
	}
	for (int i = 16; i-- > 0;) {
		str_putc(s, hex[p[i] & 15]);
		str_putc(s, '.');
		str_putc(s, hex[p[i] >> 4]);
		str_putc(s, '.');
	}
	str_puts(s, "ip6.arpa");
}

struct making {
	dnsrec_fn *fn;
	void *arg;
};

static void
note(const struct making *m, const char *text)
{
	m->fn(m->arg, &(struct dnsrec){ DNSREC_NOTE, NULL, text, NULL });
}

/* Of prefix and domain; the text has the domain at its end when ends. */
static void
txt(const struct making *m, const char *prefix, const char *domain,
	const char *text, bool ends)
{
	struct str name = STR_INIT(2 * DNSNAME_TEXT), s = STR_INIT(1000);

	str_puts(&name, prefix);
	str_puts(&name, domain);
	str_puts(&s, text);
	if (ends)
		str_puts(&s, domain);
	m->fn(m->arg,
		&(struct dnsrec){ DNSREC_TXT, str_c(&name), str_c(&s), NULL });
	str_free(&name);
	str_free(&s);
}

static void
reverse(const struct making *m, const struct ipaddr *a, const char *me)
{
	struct str name = STR_INIT(200);

	dnsrec_reverse(&name, a);
	m->fn(m->arg, &(struct dnsrec){ DNSREC_PTR, str_c(&name), me, a });
	str_free(&name);
}

static void
host(const struct making *m, const struct dnsrec_site *s, bool same)
{
	struct str name = STR_INIT(2 * DNSNAME_TEXT);

	note(m, "this host, in the zone of its name");
	for (size_t i = 0; i < s->nip; i++)
		m->fn(m->arg, &(struct dnsrec){
				      DNSREC_ADDRESS, s->me, NULL, &s->ip[i] });
	if (s->nip == 0)
		note(m, "no public address was found here: --ip ADDRESS,...");
	if (!same) {
		note(m, "mail that its name sends, such as bounces (SPF)");
		txt(m, "", s->me, "v=spf1 a -all", false);
	}
	if (s->helo && strcmp(s->helo, s->me) != 0) {
		note(m, "the name that it says in HELO (control/helohost)");
		for (size_t i = 0; i < s->nip; i++)
			m->fn(m->arg, &(struct dnsrec){ DNSREC_ADDRESS, s->helo,
					      NULL, &s->ip[i] });
	}
	if (s->digest) {
		note(m, "its key (DANE): only in a zone that is signed");
		str_puts(&name, "_25._tcp.");
		str_puts(&name, s->me);
		m->fn(m->arg, &(struct dnsrec){ DNSREC_TLSA, str_c(&name),
				      s->digest, NULL });
	}
	if (s->nip)
		note(m, "whoever gave you the addresses publishes these");
	for (size_t i = 0; i < s->nip; i++)
		reverse(m, &s->ip[i], s->helo ? s->helo : s->me);
	str_free(&name);
}

void
dnsrec_each(const struct dnsrec_site *s, const char *domain, dnsrec_fn *fn,
	void *arg)
{
	const struct making m = { fn, arg };
	bool same = strcmp(s->me, domain) == 0;

	note(&m, "where mail for the domain goes");
	fn(arg, &(struct dnsrec){ DNSREC_MX, domain, s->me, NULL });
	note(&m, "who sends mail from it: its MX (SPF)");
	txt(&m, "", domain, same ? "v=spf1 a mx -all" : "v=spf1 mx -all",
		false);
	note(&m, "what others do with mail that fails SPF and DKIM: tell "
		 "(DMARC)");
	txt(&m, "_dmarc.", domain, "v=DMARC1; p=none; rua=mailto:postmaster@",
		true);
	note(&m, "where others report that TLS failed (RFC 8460)");
	txt(&m, "_smtp._tls.", domain, "v=TLSRPTv1; rua=mailto:postmaster@",
		true);
	note(&m, "DKIM: the record that your signing filter printed");
	host(&m, s, same);
}

/* Of no use to others: loopback, link-local, private (RFC 1918, 6598, 4193). */
static bool
is_private(const struct ipaddr *a)
{
	const uint8_t *p = a->b;

	if (a->family != AF_INET) {
		return ipaddr_isloopback(a) || (p[0] & 0xfe) == 0xfc ||
		       (p[0] == 0xfe && (p[1] & 0xc0) == 0x80);
	}
	return ipaddr_isloopback(a) || p[0] == 10 ||
	       (p[0] == 172 && (p[1] & 0xf0) == 16) ||
	       (p[0] == 192 && p[1] == 168) || (p[0] == 169 && p[1] == 254) ||
	       (p[0] == 100 && (p[1] & 0xc0) == 64);
}

int
dnsrec_own(struct dnsrec_site *s)
{
	struct ifaddrs *list, *i;
	struct ipaddr a;
	uint16_t port;

	if (getifaddrs(&list) < 0)
		return -1;
	for (i = list; i; i = i->ifa_next) {
		struct sockaddr_storage ss = { 0 };
		int family = i->ifa_addr ? i->ifa_addr->sa_family : 0;

		if ((family != AF_INET && family != AF_INET6) ||
			!(i->ifa_flags & IFF_UP))
			continue;
		memcpy(&ss, i->ifa_addr,
			family == AF_INET ? sizeof(struct sockaddr_in)
					  : sizeof(struct sockaddr_in6));
		if (ipaddr_fromsock(&ss, &a, &port) && !is_private(&a) &&
			s->nip < DNSREC_ADDRESSES)
			s->ip[s->nip++] = a;
	}
	freeifaddrs(list);
	return 0;
}

bool
dnsrec_given(struct dnsrec_site *s, const char *list)
{
	for (size_t n; *list; list += n + (list[n] != 0)) {
		n = strcspn(list, ",");
		if (s->nip == DNSREC_ADDRESSES ||
			!ipaddr_parse(list, n, &s->ip[s->nip++]))
			return false;
	}
	return s->nip > 0;
}

struct helo {
	struct str *name;
	struct map *all;
};

/* "NAME", or "KEY NAME" for some mail. */
static const char *
helo_entry(void *arg, size_t line, char *entry, size_t n)
{
	struct helo *h = arg;
	size_t key = strcspn(entry, " \t");
	char *name =
		entry[key] ? entry + key + strspn(entry + key, " \t") : entry;

	(void)line;
	n -= (size_t)(name - entry);
	ascii_tolower(name, n);
	map_put(h->all, name, n, "", 0);
	if (name == entry) {
		str_clear(h->name);
		str_put(h->name, name, n);
	}
	return NULL;
}

bool
dnsrec_helo(struct str *name, struct map *all)
{
	struct helo h = { name, all };

	str_clear(name);
	if (control_list("helohost", helo_entry, &h) == CONTROL_BAD)
		return false;
	if (!name->len && control_line("me", name) == CONTROL_BAD)
		return false;
	if (name->len)
		ascii_tolower(name->s, name->len);
	return name->len > 0;
}
