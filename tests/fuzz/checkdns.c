/* SPDX-License-Identifier: 0BSD */
/* checkdns: the TXT records that quillctl check reads: SPF, DMARC, DKIM,
 * MTA-STS. Every name has the input for its record, and no other. */
#include "fuzz.h"
#include "quillctl/check.h"
#include "quillctl/checkdns.h"

struct check check;
struct dnsrec_site dns_site;
static const uint8_t *record;
static size_t length;

void
check_say(enum check_severity s, const char *about, uint64_t line,
	const char *text, const char *todo)
{
	(void)line;
	require(s < CHECK_SEVERITIES && about && *text);
	require(!todo || *todo);
}

const char *
check_join(const char *first, ...)
{
	return first;
}

const char *
check_key(void)
{
	return "";
}

enum dnsq_result
dns_ask(struct dnsq *q, const char *name, uint16_t type)
{
	dnsq_init(q, name, type);
	q->result = DNSQ_NODATA;
	return q->result;
}

int
dns_txt(const char *name, const char *start, struct str *out)
{
	(void)name;
	(void)start;
	str_clear(out);
	str_put(out, record, length);
	return 1;
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const char *const own[] = { "192.0.2.25", "2001:db8::25" };

	record = data;
	length = size;
	check.selector = "s";
	dns_site.me = "mail.example";
	dns_site.nip = 2;
	for (size_t i = 0; i < 2; i++)
		require(ipaddr_parse(own[i], strlen(own[i]), &dns_site.ip[i]));
	dns_spf("a.example", "hint");
	dns_dmarc("a.example", "hint");
	dns_tlsrpt("_smtp._tls.a.example", "hint");
	dns_dkim("a.example");
	dns_mtasts("a.example");
	return 0;
}
