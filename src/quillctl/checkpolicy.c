/* SPDX-License-Identifier: 0BSD */
/* checkpolicy - records by which a domain says how its mail is to be looked at:
 * DMARC, DKIM, reports on TLS, MTA-STS; and TLSA */
#include <string.h>

#include "lib/ascii.h"
#include "lib/control.h"
#include "lib/file.h"
#include "quillctl/check.h"
#include "quillctl/checkdns.h"

enum { FILE_MAX = 4 << 20, DIGEST = 32 };

/* The value of a tag in "tag=value; tag=value", its length in *n; NULL: there
 * is none. */
static const char *
tag(const char *record, const char *name, size_t *n)
{
	size_t len = strlen(name);

	for (; *record;
		record += strcspn(record, ";"), record += *record != 0) {
		record += strspn(record, " \t");
		if (!ascii_caseeqn(record, name, len))
			continue;
		const char *p = record + len;

		p += strspn(p, " \t");
		if (*p != '=')
			continue;
		p++;
		p += strspn(p, " \t");
		*n = strcspn(p, "; \t");
		return p;
	}
	return NULL;
}

static const char *
such_as(const char *hint)
{
	return check_text("a TXT record such as \"", hint, "\"");
}

/* --- DMARC, reports ------------------------------------------------------- */

/* The policy of a domain holds for those below it (RFC 7489 6.6.3). */
void
dns_dmarc(const char *domain, const char *hint)
{
	struct str name = STR_INIT(2 * DNSNAME_TEXT), r = STR_INIT(DNSPKT_MAX);
	const char *p, *from = domain;
	size_t len;
	int n = 0;

	for (; n == 0 && from && strchr(from, '.'); from = strchr(from, '.')) {
		from += *from == '.';
		str_clear(&name);
		str_puts(&name, "_dmarc.");
		str_puts(&name, from);
		n = dns_txt(str_c(&name), "v=DMARC1", &r);
	}
	if (n == 0)
		check_say(CHECK_WARNING, check_text("_dmarc.", domain), 0,
			"there is no DMARC record: large receivers want one",
			such_as(hint));
	if (n > 1)
		check_say(CHECK_ERROR, str_c(&name), 0,
			"has more than one DMARC record, which is as good as "
			"none",
			"leave one of them");
	if (n == 1) {
		p = tag(str_c(&r), "p", &len);
		if (!p ||
			!((len == 4 && ascii_caseeqn(p, "none", len)) ||
				(len == 10 &&
					ascii_caseeqn(p, "quarantine", len)) ||
				(len == 6 && ascii_caseeqn(p, "reject", len))))
			check_say(CHECK_ERROR, str_c(&name), 0,
				"its p= is none of none, quarantine and reject",
				such_as(hint));
	}
	str_free(&name);
	str_free(&r);
}

void
dns_tlsrpt(const char *name, const char *hint)
{
	struct str r = STR_INIT(DNSPKT_MAX);
	size_t len;
	int n = dns_txt(name, "v=TLSRPTv1", &r);

	if (n == 0)
		check_say(CHECK_NOTE, name, 0,
			"nobody can report to you that TLS failed (RFC 8460)",
			such_as(hint));
	else if (n > 1 || (n == 1 && !tag(str_c(&r), "rua", &len)))
		check_say(CHECK_WARNING, name, 0,
			"is no good: there must be one record, with rua=",
			such_as(hint));
	str_free(&r);
}

/* --- DKIM ----------------------------------------------------------------- */

/* A word of opendkim.conf, or of its table: "name domain:selector:file". */
static bool
word(const char *text, const char *name, struct str *value)
{
	size_t len = strlen(name), n;

	for (; *text; text += strcspn(text, "\n"), text += *text != 0) {
		if (!ascii_caseeqn(text, name, len) ||
			!strchr(" \t", text[len]) || !text[len])
			continue;
		text += len;
		text += strspn(text, " \t");
		n = strcspn(text, " \t\r\n#");
		str_clear(value);
		str_put(value, text, n);
		return n > 0;
	}
	return false;
}

static bool
from_table(const char *text, const char *domain, struct str *selector)
{
	size_t len = strlen(domain), n;

	for (; *text; text += strcspn(text, "\n"), text += *text != 0) {
		const char *p = text + strcspn(text, " \t\n");

		p += strspn(p, " \t");
		if (*text == '#' || !ascii_caseeqn(p, domain, len) ||
			p[len] != ':')
			continue;
		p += len + 1;
		n = strcspn(p, ":\n");
		str_clear(selector);
		str_put(selector, p, n);
		return n > 0;
	}
	return false;
}

/* Which selector signs for the domain, as far as opendkim's files tell. */
static bool
selector_of(const char *domain, struct str *selector)
{
	struct str conf = STR_INIT(FILE_MAX), s = STR_INIT(4096);
	struct str table = STR_INIT(FILE_MAX);
	const char *file;
	bool found = false;

	if (check.selector) {
		str_puts(selector, check.selector);
		return true;
	}
	if (file_read("/etc/opendkim.conf", &conf) == 0) {
		str_c(&conf);
		if (word(conf.s, "KeyTable", &s)) {
			file = strrchr(str_c(&s), ':');
			file = file ? file + 1 : s.s;
			found = file_read(file, &table) == 0 &&
				from_table(str_c(&table), domain, selector);
		}
		if (!found && word(conf.s, "Domain", &s) &&
			ascii_caseis(str_c(&s), domain))
			found = word(conf.s, "Selector", selector);
	}
	str_free(&conf);
	str_free(&s);
	str_free(&table);
	return found;
}

void
dns_dkim(const char *domain)
{
	struct str selector = STR_INIT(200), name = STR_INIT(600);
	struct str r = STR_INIT(DNSPKT_MAX);
	const char *p = NULL;
	size_t len = 0;
	int n;

	if (!selector_of(domain, &selector)) {
		check_say(CHECK_NOTE, domain, 0,
			"its DKIM key was not looked for: no selector is known",
			"--dkim SELECTOR, if its mail is signed (section 19 of "
			"doc/INSTALL)");
		str_free(&name);
		return;
	}
	str_puts(&name, str_c(&selector));
	str_puts(&name, "._domainkey.");
	str_puts(&name, domain);
	/* v= may be left out (RFC 6376 3.6.1) */
	n = dns_txt(str_c(&name), "", &r);
	if (n > 0)
		p = tag(str_c(&r), "p", &len);
	if (n == 0)
		check_say(CHECK_ERROR, str_c(&name), 0,
			"the DKIM key is not there: signatures are worth "
			"nothing",
			"publish what opendkim-genkey wrote beside the key");
	else if (n > 1)
		check_say(CHECK_ERROR, str_c(&name), 0,
			"has more than one TXT record: which is the DKIM key "
			"cannot be told",
			"leave one of them");
	else if (n == 1 && !p)
		check_say(CHECK_ERROR, str_c(&name), 0,
			"is no DKIM key: it has no p=", NULL);
	else if (n == 1 && len == 0)
		check_say(CHECK_ERROR, str_c(&name), 0,
			"says that this DKIM key counts no more (empty p=)",
			"sign with another selector");
	str_free(&selector);
	str_free(&name);
	str_free(&r);
}

/* --- MTA-STS, DANE -------------------------------------------------------- */

static bool
has_address(const char *name)
{
	static const uint16_t types[] = { DNS_A, DNS_AAAA };
	bool yes = false;
	struct dnsq q;

	for (size_t i = 0; i < 2; i++) {
		yes |= dns_ask(&q, name, types[i]) != DNSQ_NXDOMAIN &&
		       q.result != DNSQ_NODATA;
		dnsq_free(&q, 1);
	}
	return yes;
}

static bool
is_id(const char *p, size_t n)
{
	for (size_t i = 0; p && i < n; i++)
		if (!ascii_isalnum(p[i]))
			return false;
	return p && n > 0 && n <= 32;
}

/* The policy itself is behind HTTPS, which is not spoken here. */
void
dns_mtasts(const char *domain)
{
	struct str name = STR_INIT(600), r = STR_INIT(DNSPKT_MAX);
	const char *id, *key = NULL;
	size_t len;
	int n;

	str_puts(&name, "_mta-sts.");
	str_puts(&name, domain);
	n = dns_txt(str_c(&name), "v=STSv1", &r);
	if (n > 0) {
		id = tag(str_c(&r), "id", &len);
		if (n > 1 || !is_id(id, len))
			check_say(CHECK_ERROR, str_c(&name), 0,
				"is no good: one record, with id= and at most "
				"32 letters and digits",
				such_as("v=STSv1; id=20261120"));
		str_clear(&name);
		str_puts(&name, "mta-sts.");
		str_puts(&name, domain);
		if (!has_address(str_c(&name)))
			check_say(CHECK_ERROR, str_c(&name), 0,
				"has no address, but should serve the policy "
				"of MTA-STS",
				"publish one, or take the record _mta-sts "
				"away");
		key = check_key();
		check_say(key && !*key ? CHECK_ERROR : CHECK_NOTE, domain, 0,
			key && !*key ? "has MTA-STS, but this host no TLS: "
				       "those who obey cannot send"
				     : "its policy of MTA-STS cannot be looked "
				       "at from here",
			check_text("curl https://", name.s,
				"/.well-known/mta-sts.txt must show mx: ",
				dns_site.me));
	}
	str_free(&name);
	str_free(&r);
}

void
dns_tlsa(void)
{
	const char *name = check_text("_25._tcp.", dns_site.me);
	struct str copy = STR_INIT(DNSNAME_TEXT);
	bool fits = false, others = false;
	uint8_t digest[DIGEST];
	struct dnspkt_rr rr;
	const char *key;
	struct dnsq q;

	str_puts(&copy, name);
	name = str_c(&copy);
	if (dns_ask(&q, name, DNS_TLSA) != DNSQ_OK)
		goto out;
	key = check_key();
	for (size_t i = 0; key && *key && i < DIGEST; i++)
		digest[i] = (uint8_t)(ascii_hexval(key[2 * i]) << 4 |
				      ascii_hexval(key[2 * i + 1]));
	while (key && *key && dnsq_next(&q, &rr)) {
		if (rr.data[0] == 3 && rr.data[1] == 1 && rr.data[2] == 1)
			fits |= rr.len == 3 + DIGEST &&
				memcmp(rr.data + 3, digest, DIGEST) == 0;
		else
			others = true;
	}
	if (!key)
		check_say(CHECK_NOTE, name, 0,
			"whether it fits the key of this host cannot be told",
			"root may ask quill-tlsd, where it is installed");
	else if (!*key)
		check_say(CHECK_ERROR, name, 0,
			"is there, but this host has no certificate: senders "
			"with DANE cannot send",
			"section 15 of doc/INSTALL, or take the record away");
	else if (!fits)
		check_say(others ? CHECK_NOTE : CHECK_ERROR, name, 0,
			others ? "has records of other kinds than 3 1 1: "
				 "whether they fit cannot be told"
			       : "does not fit the key of this host: senders "
				 "with DANE cannot send",
			check_text("publish TLSA 3 1 1 ", key));
out:
	dnsq_free(&q, 1);
	str_free(&copy);
}
