/* SPDX-License-Identifier: 0BSD */
/* checkspf - does the SPF record of a domain (RFC 7208) let this host send?
 *
 * What stands in the record itself is evaluated: ip4, ip6, a, mx, all. Of what
 * leads to others (include, exists, ptr, redirect, macros) it is said that it
 * cannot be told.
 */
#include <string.h>

#include "lib/ascii.h"
#include "lib/num.h"
#include "quillctl/check.h"
#include "quillctl/checkdns.h"

enum verdict { NO_MATCH, PASS, FAIL, SOFTFAIL, NEUTRAL, UNKNOWN, WRONG };

/* One term of a record: [qualifier]name[:domain][/n][//n] */
struct term {
	char qualifier, name[16];
	char domain[DNSNAME_TEXT];
	uint64_t bits4, bits6;
	bool macro;
};

static bool
in_network(const struct ipaddr *a, const struct ipaddr *net, uint64_t bits)
{
	size_t bytes = (size_t)bits / 8;
	uint8_t mask = (uint8_t)(0xff00 >> bits % 8);

	if (a->family != net->family || memcmp(a->b, net->b, bytes) != 0)
		return false;
	return bits % 8 == 0 || ((a->b[bytes] ^ net->b[bytes]) & mask) == 0;
}

/* "/24", "//64", "/24//64" */
static bool
prefixes(const char *p, size_t n, struct term *t)
{
	const char *six = NULL;
	size_t len = n;

	for (size_t i = 0; i + 1 < n; i++)
		if (p[i] == '/' && p[i + 1] == '/') {
			six = p + i + 2;
			len = i;
			break;
		}
	if (six && !num_parse(six, n - (size_t)(six - p), 128, &t->bits6))
		return false;
	return !len || num_parse(p + 1, len - 1, 32, &t->bits4);
}

static bool
parse(const char *p, size_t n, struct term *t)
{
	size_t name = 0, end = n, i;

	*t = (struct term){ .qualifier = '+', .bits4 = 32, .bits6 = 128 };
	if (n && strchr("+-~?", *p)) {
		t->qualifier = *p++;
		n--;
	}
	while (name < n &&
		(ascii_isalnum(p[name]) || (name && strchr("-_.", p[name]))))
		name++;
	if (!name || name >= sizeof(t->name))
		return false;
	memcpy(t->name, p, name);
	ascii_tolower(t->name, name);
	for (i = name; i < n && p[i] != '/'; i++)
		t->macro |= p[i] == '%';
	end = i;
	/* ip6 has colons, ip4 and ip6 one prefix: they look themselves */
	if (name < n && p[name] == ':') {
		size_t len = (*t->name == 'i' && t->name[1] == 'p' ? n : end) -
			     name - 1;

		if (!len || len >= sizeof(t->domain))
			return false;
		memcpy(t->domain, p + name + 1, len);
		return (*t->name == 'i' && t->name[1] == 'p') || end == n ||
		       prefixes(p + end, n - end, t);
	}
	return end == n || prefixes(p + end, n - end, t);
}

/* --- mechanisms ----------------------------------------------------------- */

static bool
network(const struct term *t, int family, const struct ipaddr *a, bool *good)
{
	const char *slash = strchr(t->domain, '/');
	size_t n = slash ? (size_t)(slash - t->domain) : strlen(t->domain);
	uint64_t most = family == AF_INET ? 32 : 128, bits = most;
	struct ipaddr net;

	*good = ipaddr_parse(t->domain, n, &net) && net.family == family &&
		(!slash || num_parses(slash + 1, most, &bits));
	return *good && in_network(a, &net, bits);
}

static bool
has_near(const char *name, const struct ipaddr *a, const struct term *t)
{
	bool v4 = a->family == AF_INET, match = false;
	struct dnspkt_rr rr;
	struct dnsq q;

	if (dns_ask(&q, name, v4 ? DNS_A : DNS_AAAA) == DNSQ_OK)
		while (dnsq_next(&q, &rr))
			match |=
				in_network(a, &rr.ip, v4 ? t->bits4 : t->bits6);
	dnsq_free(&q, 1);
	return match;
}

static bool
mx_near(const char *name, const struct ipaddr *a, const struct term *t)
{
	struct dnspkt_rr rr;
	bool match = false;
	struct dnsq q;
	size_t n = 0;

	/* RFC 7208 4.6.4: no more than ten */
	if (dns_ask(&q, name, DNS_MX) == DNSQ_OK)
		while (n++ < 10 && dnsq_next(&q, &rr))
			match = match || has_near(rr.name, a, t);
	dnsq_free(&q, 1);
	return match;
}

static enum verdict
of_qualifier(char c)
{
	return c == '+'	  ? PASS
	       : c == '-' ? FAIL
	       : c == '~' ? SOFTFAIL
			  : NEUTRAL;
}

static enum verdict
one(const struct term *t, const char *domain, const struct ipaddr *a)
{
	const char *name = *t->domain ? t->domain : domain;
	bool good = true, match = false;

	if (strcmp(t->name, "all") == 0)
		match = true;
	else if (strcmp(t->name, "ip4") == 0)
		match = network(t, AF_INET, a, &good);
	else if (strcmp(t->name, "ip6") == 0)
		match = network(t, AF_INET6, a, &good);
	else if (strcmp(t->name, "a") == 0 && !t->macro)
		match = has_near(name, a, t);
	else if (strcmp(t->name, "mx") == 0 && !t->macro)
		match = mx_near(name, a, t);
	else if (strcmp(t->name, "include") == 0 ||
		 strcmp(t->name, "exists") == 0)
		return *t->domain ? UNKNOWN : WRONG;
	else if (strcmp(t->name, "ptr") == 0 || strcmp(t->name, "a") == 0 ||
		 strcmp(t->name, "mx") == 0)
		return UNKNOWN;
	else
		return WRONG;
	if (!good)
		return WRONG;
	return match ? of_qualifier(t->qualifier) : NO_MATCH;
}

/* All terms are looked at for what is wrong, the first that matches counts.
 * bad gets a term that is wrong. */
static enum verdict
evaluate(const char *record, const char *domain, const struct ipaddr *a,
	struct str *bad)
{
	enum verdict result = NO_MATCH, r;
	bool redirect = false;
	const char *equals;
	struct term t;

	record += strcspn(record, " ");
	for (size_t n; *record; record += n) {
		record += strspn(record, " ");
		n = strcspn(record, " ");
		if (!n)
			break;
		equals = memchr(record, '=', n);
		if (equals && !memchr(record, ':', (size_t)(equals - record))) {
			redirect |=
				n > 9 && ascii_caseeqn(record, "redirect=", 9);
			continue;
		}
		r = parse(record, n, &t) ? one(&t, domain, a) : WRONG;
		if (r == WRONG) {
			str_clear(bad);
			str_put(bad, record, n);
			return WRONG;
		}
		if (result == NO_MATCH)
			result = r;
	}
	if (result == NO_MATCH)
		result = redirect ? UNKNOWN : NEUTRAL;
	return result;
}

static void
say(enum verdict v, const char *domain, const struct ipaddr *a, const char *bad,
	const char *hint)
{
	const char *todo = check_text("a TXT record such as \"", hint, "\"");
	char ip[IPADDR_FMT];

	ipaddr_fmt(ip, a);
	switch (v) {
	case PASS:
		break;
	case WRONG:
		check_say(CHECK_ERROR, domain, 0,
			check_text("its SPF record is wrong, and so is as good "
				   "as none: ",
				bad),
			todo);
		break;
	case FAIL:
		check_say(CHECK_ERROR, domain, 0,
			check_text("its SPF record says that ", ip,
				" does not send its mail: receivers refuse it"),
			todo);
		break;
	case SOFTFAIL:
	case NEUTRAL:
	case NO_MATCH:
		check_say(CHECK_WARNING, domain, 0,
			check_text("its SPF record does not say that ", ip,
				" sends its mail"),
			todo);
		break;
	case UNKNOWN:
		check_say(CHECK_NOTE, domain, 0,
			check_text("whether its SPF record lets ", ip,
				" send its mail cannot be told: it leads to "
				"others"),
			"send yourself a mail at a large provider, and look at "
			"its Authentication-Results");
		break;
	}
}

void
dns_spf(const char *domain, const char *hint)
{
	struct str record = STR_INIT(DNSPKT_MAX), bad = STR_INIT(300);
	int n = dns_txt(domain, "v=spf1", &record);

	if (n == 0)
		check_say(CHECK_WARNING, domain, 0,
			"has no SPF record: its mail looks like anybody's",
			check_text("a TXT record such as \"", hint, "\""));
	else if (n > 1)
		check_say(CHECK_ERROR, domain, 0,
			"has more than one SPF record, which is as good as "
			"none",
			"leave one of them");
	for (size_t i = 0; n == 1 && i < dns_site.nip; i++) {
		enum verdict v =
			evaluate(str_c(&record), domain, &dns_site.ip[i], &bad);

		say(v, domain, &dns_site.ip[i], str_c(&bad), hint);
	}
	str_free(&record);
	str_free(&bad);
}
