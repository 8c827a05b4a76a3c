/* SPDX-License-Identifier: 0BSD */
/* dns - the records that a domain should have, to be published by hand
 *
 * In the form of a zone file (RFC 1035 5), or of tinydns-data. Names are
 * checked before they are printed, so nothing has to be quoted.
 */
#include <ifaddrs.h>
#include <net/if.h>
#include <netinet/in.h>
#include <string.h>
#include <unistd.h>

#include "lib/ascii.h"
#include "lib/control.h"
#include "lib/dnspkt.h"
#include "lib/ipaddr.h"
#include "lib/log.h"
#include "lib/num.h"
#include "mail/addr.h"
#include "mail/idna.h"
#include "quillctl/args.h"
#include "quillctl/quillctl.h"
#include "wire/site.h"
#include "wire/status.h"

enum { ADDRESSES = 32, DIGEST = 32, TTL_MAX = 604800 };

static struct dns {
	bool tinydns;
	const char *domain, *ttl, *addresses, *digest;
	struct str me;
	struct ipaddr ip[ADDRESSES];
	size_t nip;
} d;

/* --- one record --- */

static void
note(const char *text)
{
	obuf_puts(&out, d.tinydns ? "# " : "; ");
	obuf_puts(&out, text);
	obuf_putc(&out, '\n');
}

static void
ttl(void)
{
	obuf_putc(&out, ':');
	obuf_puts(&out, d.ttl);
	obuf_putc(&out, '\n');
}

/* The start of a line of a zone file, up to its data. */
static void
zone(const char *prefix, const char *name, const char *type)
{
	obuf_puts(&out, prefix);
	obuf_puts(&out, name);
	obuf_puts(&out, ".\t");
	obuf_puts(&out, d.ttl);
	obuf_puts(&out, "\tIN\t");
	obuf_puts(&out, type);
	obuf_putc(&out, '\t');
}

/* A byte as tinydns-data reads it anywhere. */
static void
octal(uint8_t c)
{
	obuf_putc(&out, '\\');
	obuf_putc(&out, (char)('0' + (c >> 6)));
	obuf_putc(&out, (char)('0' + (c >> 3 & 7)));
	obuf_putc(&out, (char)('0' + (c & 7)));
}

/* A record of any type: tinydns-data has no letter for it. */
static void
generic(const char *prefix, const char *name, const char *type,
	const uint8_t *p, size_t n)
{
	obuf_putc(&out, ':');
	obuf_puts(&out, prefix);
	obuf_puts(&out, name);
	obuf_putc(&out, ':');
	obuf_puts(&out, type);
	obuf_putc(&out, ':');
	while (n--)
		octal(*p++);
	ttl();
}

static void
mx(void)
{
	if (d.tinydns) {
		obuf_putc(&out, '@');
		obuf_puts(&out, d.domain);
		obuf_puts(&out, "::");
		obuf_puts(&out, d.me.s);
		obuf_puts(&out, ".:10");
		ttl();
		return;
	}
	zone("", d.domain, "MX");
	obuf_puts(&out, "10 ");
	obuf_puts(&out, d.me.s);
	obuf_puts(&out, ".\n");
}

/* A or AAAA of our name. */
static void
address(const struct ipaddr *a)
{
	char text[IPADDR_FMT];

	ipaddr_fmt(text, a);
	if (!d.tinydns) {
		zone("", d.me.s, a->family == AF_INET ? "A" : "AAAA");
		obuf_puts(&out, text);
		obuf_putc(&out, '\n');
	} else if (a->family == AF_INET) {
		obuf_putc(&out, '+');
		obuf_puts(&out, d.me.s);
		obuf_putc(&out, ':');
		obuf_puts(&out, text);
		ttl();
	} else {
		generic("", d.me.s, "28", a->b, 16);
	}
}

static void
reverse_name(struct str *s, const struct ipaddr *a)
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

static void
ptr(const struct ipaddr *a)
{
	struct str name = STR_INIT(200);

	reverse_name(&name, a);
	if (d.tinydns) {
		obuf_putc(&out, '^');
		obuf_puts(&out, str_c(&name));
		obuf_putc(&out, ':');
		obuf_puts(&out, d.me.s);
		ttl();
	} else {
		zone("", str_c(&name), "PTR");
		obuf_puts(&out, d.me.s);
		obuf_puts(&out, ".\n");
	}
	str_free(&name);
}

/* text and domain together are one string of at most 255 bytes. */
static void
txt(const char *prefix, const char *name, const char *text, const char *domain)
{
	const char *p;

	if (!d.tinydns) {
		zone(prefix, name, "TXT");
		obuf_putc(&out, '"');
		obuf_puts(&out, text);
		obuf_puts(&out, domain);
		obuf_puts(&out, "\"\n");
		return;
	}
	obuf_putc(&out, '\'');
	obuf_puts(&out, prefix);
	obuf_puts(&out, name);
	obuf_putc(&out, ':');
	for (p = text; *p; p++)
		if (*p == ':')
			octal(':');
		else
			obuf_putc(&out, *p);
	obuf_puts(&out, domain);
	ttl();
}

static uint8_t
nibble(char c)
{
	return (uint8_t)(c <= '9' ? c - '0' : (c | 32) - 'a' + 10);
}

static void
tlsa(void)
{
	uint8_t rdata[3 + DIGEST] = { 3, 1, 1 };
	size_t i;

	if (!d.tinydns) {
		zone("_25._tcp.", d.me.s, "TLSA");
		obuf_puts(&out, "3 1 1 ");
		obuf_puts(&out, d.digest);
		obuf_putc(&out, '\n');
		return;
	}
	for (i = 0; i < DIGEST; i++)
		rdata[3 + i] = (uint8_t)(nibble(d.digest[2 * i]) << 4 |
					 nibble(d.digest[2 * i + 1]));
	generic("_25._tcp.", d.me.s, "52", rdata, sizeof(rdata));
}

/* --- all of them --- */

static void
records(void)
{
	const char *report = "v=DMARC1; p=none; rua=mailto:postmaster@";
	bool same = strcmp(d.me.s, d.domain) == 0;
	size_t i;

	note("where mail for the domain goes");
	mx();
	note("who sends mail from it: its MX (SPF)");
	txt("", d.domain, same ? "v=spf1 a mx -all" : "v=spf1 mx -all", "");
	note("what others do with mail that fails SPF and DKIM: tell (DMARC)");
	txt("_dmarc.", d.domain, report, d.domain);
	note("where others report that TLS failed (RFC 8460)");
	txt("_smtp._tls.", d.domain, "v=TLSRPTv1; rua=mailto:postmaster@",
		d.domain);
	note("DKIM: the record that your signing filter printed");
	note("this host, in the zone of its name");
	for (i = 0; i < d.nip; i++)
		address(&d.ip[i]);
	if (d.nip == 0)
		note("no public address was found here: --ip ADDRESS,...");
	if (!same) {
		note("mail that its name sends, such as bounces (SPF)");
		txt("", d.me.s, "v=spf1 a -all", "");
	}
	if (d.digest) {
		note("its key (DANE): only in a zone that is signed");
		tlsa();
	}
	if (d.nip)
		note("whoever gave you the addresses publishes these");
	for (i = 0; i < d.nip; i++)
		ptr(&d.ip[i]);
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

static void
own_addresses(void)
{
	struct ifaddrs *list, *i;
	struct ipaddr a;
	uint16_t port;

	if (getifaddrs(&list) < 0)
		log_die_sys(STATUS_TEMP, "unable to list the addresses here");
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
			d.nip < ADDRESSES)
			d.ip[d.nip++] = a;
	}
	freeifaddrs(list);
}

static bool
given_addresses(const char *s)
{
	for (size_t n; *s; s += n + (s[n] != 0)) {
		n = strcspn(s, ",");
		if (d.nip == ADDRESSES || !ipaddr_parse(s, n, &d.ip[d.nip++]))
			return false;
	}
	return d.nip > 0;
}

/* Lower case, ASCII, no final dot; NULL: it is no domain. */
static const char *
domain_name(const char *s)
{
	static struct str name = STR_INIT(DNSPKT_TEXT_MAX);
	struct dnspkt_name wire;

	if (!idna_toascii(&name, s))
		str_puts(&name, s);
	if (name.len && name.s[name.len - 1] == '.')
		str_cut(&name, name.len - 1);
	str_c(&name);
	ascii_tolower(name.s, name.len);
	/* with room for _smtp._tls. before it, and the text of DMARC */
	if (name.over || name.len > 200 || name.s[0] == '[' ||
		!addr_isdomain(name.s, name.len) ||
		!dnspkt_fromtext(&wire, name.s))
		return NULL;
	return name.s;
}

static bool
is_digest(const char *s)
{
	return strlen(s) == (size_t)2 * DIGEST &&
	       strspn(s, "0123456789abcdefABCDEF") == (size_t)2 * DIGEST;
}

int
ctl_dns(int argc, char **argv)
{
	const struct args_option options[] = {
		{ 0, "tinydns", &d.tinydns, NULL },
		{ 0, "ttl", NULL, &d.ttl },
		{ 0, "ip", NULL, &d.addresses },
		{ 0, "tlsa", NULL, &d.digest },
	};
	uint64_t n;

	d.ttl = "3600";
	if (args_parse(options, 4, argc, argv) != 1)
		return CTL_USAGE;
	d.domain = domain_name(argv[0]);
	if (!d.domain)
		return args_bad("not a domain: ", argv[0]);
	if (!num_parses(d.ttl, TTL_MAX, &n))
		return args_bad("not seconds, 604800 at most: ", d.ttl);
	if (d.addresses && !given_addresses(d.addresses))
		return args_bad("not addresses: ", d.addresses);
	if (d.digest && !is_digest(d.digest))
		return args_bad("not 64 hexadecimal digits: ", d.digest);
	if (!d.addresses)
		own_addresses();
	control_init(site_control);
	str_init(&d.me, DNSPKT_TEXT_MAX);
	switch (control_line("me", &d.me)) {
	case CONTROL_OK:
		break;
	case CONTROL_ABSENT:
		control_bad("me", 0, "missing: run quill-config");
		log_die(STATUS_TEMP, control_error());
	case CONTROL_BAD:
		log_die(STATUS_TEMP, control_error());
	}
	str_c(&d.me);
	ascii_tolower(d.me.s, d.me.len);
	if (!addr_isdomain(d.me.s, d.me.len) || d.me.s[0] == '[')
		log_die(STATUS_TEMP, "control/me: line 1: not a host name");
	records();
	return CTL_YES;
}
