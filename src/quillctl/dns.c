/* SPDX-License-Identifier: 0BSD */
/* dns - the records that a domain should have, to be published by hand
 *
 * In the form of a zone file (RFC 1035 5), or of tinydns-data. Names are
 * checked before they are printed, so nothing has to be quoted.
 */
#include <string.h>
#include <unistd.h>

#include "lib/ascii.h"
#include "lib/control.h"
#include "lib/dnspkt.h"
#include "lib/log.h"
#include "lib/num.h"
#include "mail/addr.h"
#include "mail/idna.h"
#include "quillctl/args.h"
#include "quillctl/dnsrec.h"
#include "quillctl/quillctl.h"
#include "wire/site.h"
#include "wire/status.h"

enum { DIGEST = 32, TTL_MAX = 604800 };

static const char *ttl;

/* --- as a zone file --- */

static void
zone(void *arg, const struct dnsrec *r)
{
	static const char *const types[] = { [DNSREC_MX] = "MX",
		[DNSREC_TXT] = "TXT",
		[DNSREC_TLSA] = "TLSA",
		[DNSREC_PTR] = "PTR" };
	char ip[IPADDR_FMT] = "";

	(void)arg;
	if (r->kind == DNSREC_NOTE) {
		obuf_puts(&out, "; ");
		obuf_puts(&out, r->text);
		obuf_putc(&out, '\n');
		return;
	}
	obuf_puts(&out, r->name);
	obuf_puts(&out, ".\t");
	obuf_puts(&out, ttl);
	obuf_puts(&out, "\tIN\t");
	if (r->kind == DNSREC_ADDRESS) {
		ipaddr_fmt(ip, r->ip);
		obuf_puts(&out, r->ip->family == AF_INET ? "A\t" : "AAAA\t");
		obuf_puts(&out, ip);
	} else {
		obuf_puts(&out, types[r->kind]);
		obuf_puts(&out, r->kind == DNSREC_MX	 ? "\t10 "
				: r->kind == DNSREC_TLSA ? "\t3 1 1 "
				: r->kind == DNSREC_TXT	 ? "\t\""
							 : "\t");
		obuf_puts(&out, r->text);
	}
	obuf_puts(&out, r->kind == DNSREC_TXT	? "\""
			: r->kind == DNSREC_MX	? "."
			: r->kind == DNSREC_PTR ? "."
						: "");
	obuf_putc(&out, '\n');
}

/* --- for tinydns-data --- */

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
generic(const char *name, const char *type, const uint8_t *p, size_t n)
{
	obuf_putc(&out, ':');
	obuf_puts(&out, name);
	obuf_putc(&out, ':');
	obuf_puts(&out, type);
	obuf_putc(&out, ':');
	while (n--)
		octal(*p++);
}

static void
tlsa(const struct dnsrec *r)
{
	uint8_t rdata[3 + DIGEST] = { 3, 1, 1 };

	for (size_t i = 0; i < DIGEST; i++)
		rdata[3 + i] = (uint8_t)(ascii_hexval(r->text[2 * i]) << 4 |
					 ascii_hexval(r->text[2 * i + 1]));
	generic(r->name, "52", rdata, sizeof(rdata));
}

static void
address(const struct dnsrec *r)
{
	char text[IPADDR_FMT];

	if (r->ip->family != AF_INET) {
		generic(r->name, "28", r->ip->b, 16);
		return;
	}
	ipaddr_fmt(text, r->ip);
	obuf_putc(&out, '+');
	obuf_puts(&out, r->name);
	obuf_putc(&out, ':');
	obuf_puts(&out, text);
}

static void
txt(const struct dnsrec *r)
{
	obuf_putc(&out, '\'');
	obuf_puts(&out, r->name);
	obuf_putc(&out, ':');
	for (const char *p = r->text; *p; p++)
		if (*p == ':')
			octal(':');
		else
			obuf_putc(&out, *p);
}

static void
tinydns(void *arg, const struct dnsrec *r)
{
	(void)arg;
	switch (r->kind) {
	case DNSREC_NOTE:
		obuf_puts(&out, "# ");
		obuf_puts(&out, r->text);
		obuf_putc(&out, '\n');
		return;
	case DNSREC_MX:
		obuf_putc(&out, '@');
		obuf_puts(&out, r->name);
		obuf_puts(&out, "::");
		obuf_puts(&out, r->text);
		obuf_puts(&out, ".:10");
		break;
	case DNSREC_TXT:
		txt(r);
		break;
	case DNSREC_ADDRESS:
		address(r);
		break;
	case DNSREC_TLSA:
		tlsa(r);
		break;
	case DNSREC_PTR:
		obuf_putc(&out, '^');
		obuf_puts(&out, r->name);
		obuf_putc(&out, ':');
		obuf_puts(&out, r->text);
		break;
	}
	obuf_putc(&out, ':');
	obuf_puts(&out, ttl);
	obuf_putc(&out, '\n');
}

/* --- what is asked for --- */

/* Lower case, ASCII, no final dot; NULL: it is no domain. */
static const char *
domain_name(const char *s)
{
	static struct str name = STR_INIT(DNSNAME_TEXT);
	struct dnsname wire;

	if (!idna_toascii(&name, s))
		str_puts(&name, s);
	if (name.len && name.s[name.len - 1] == '.')
		str_cut(&name, name.len - 1);
	str_c(&name);
	ascii_tolower(name.s, name.len);
	/* with room for _smtp._tls. before it, and the text of DMARC */
	if (name.over || name.len > 200 || name.s[0] == '[' ||
		!addr_isdomain(name.s, name.len) ||
		!dnsname_fromtext(&wire, name.s))
		return NULL;
	return name.s;
}

static bool
is_digest(const char *s)
{
	return strlen(s) == (size_t)2 * DIGEST &&
	       strspn(s, "0123456789abcdefABCDEF") == (size_t)2 * DIGEST;
}

/* The name in HELO; NULL: it leads to nothing that could be published. */
static const char *
hello(struct str *name)
{
	struct map all;
	bool good;

	map_init(&all);
	good = dnsrec_helo(name, &all);
	map_free(&all);
	if (!good)
		log_die(STATUS_TEMP, control_error());
	if (!addr_isdomain(str_c(name), name->len))
		log_die(STATUS_TEMP,
			"control/helohost: not a host name: ", str_c(name));
	return *name->s == '[' ? NULL : name->s;
}

int
ctl_dns(int argc, char **argv)
{
	bool for_tinydns = false;
	const char *addresses = NULL, *domain;
	struct dnsrec_site site = { .nip = 0 };
	const struct args_option options[] = {
		{ 0, "tinydns", &for_tinydns, NULL },
		{ 0, "ttl", NULL, &ttl },
		{ 0, "ip", NULL, &addresses },
		{ 0, "tlsa", NULL, &site.digest },
	};
	struct str me = STR_INIT(DNSNAME_TEXT), helo = STR_INIT(DNSNAME_TEXT);
	uint64_t n;

	ttl = "3600";
	if (!args_exactly(1, options, 4, argc, argv))
		return CTL_USAGE;
	domain = domain_name(argv[0]);
	if (!domain)
		return args_bad("not a domain: ", argv[0]);
	if (!num_parses(ttl, TTL_MAX, &n))
		return args_bad("not seconds, 604800 at most: ", ttl);
	if (addresses && !dnsrec_given(&site, addresses))
		return args_bad("not addresses: ", addresses);
	if (site.digest && !is_digest(site.digest))
		return args_bad("not 64 hexadecimal digits: ", site.digest);
	if (!addresses && dnsrec_own(&site) < 0)
		log_die_sys(STATUS_TEMP, "unable to list the addresses here");
	control_init(site_control);
	switch (control_line("me", &me)) {
	case CONTROL_OK:
		break;
	case CONTROL_ABSENT:
		control_bad("me", 0, "missing: run quill-config");
		log_die(STATUS_TEMP, control_error());
	case CONTROL_BAD:
		log_die(STATUS_TEMP, control_error());
	}
	str_c(&me);
	ascii_tolower(me.s, me.len);
	if (!addr_isdomain(me.s, me.len) || me.s[0] == '[')
		log_die(STATUS_TEMP, "control/me: line 1: not a host name");
	site.me = me.s;
	site.helo = hello(&helo);
	dnsrec_each(&site, domain, for_tinydns ? tinydns : zone, NULL);
	str_free(&me);
	str_free(&helo);
	return CTL_YES;
}
