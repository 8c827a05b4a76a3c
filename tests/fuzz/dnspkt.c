/* SPDX-License-Identifier: 0BSD */
/* dnspkt: the first byte chooses the type, the next the length of the name
 * asked for, then that name, and the rest is the answer; its id and question
 * are made to fit when the first byte is over 127. */
#include "lib/dnspkt.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const uint16_t types[] = { DNS_A, DNS_AAAA, DNS_MX, DNS_TXT, DNS_TLSA,
	DNS_CNAME, DNS_SOA };

static void
require(bool cond)
{
	if (!cond)
		abort();
}

static void
records(struct dnspkt *d, const uint8_t *p, size_t n)
{
	struct dnspkt_rr rr;
	struct dnsname back;
	unsigned count = 0;

	while (dnspkt_next(d, &rr)) {
		require(++count <= n);
		require(rr.data >= p && rr.data + rr.len <= p + n);
		require(memchr(rr.name, 0, sizeof rr.name));
		require(dnsname_fromtext(&back, rr.name));
		if (d->type == DNS_A)
			require(rr.ip.family == AF_INET);
	}
	require(count > 0);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	uint8_t query[DNSPKT_QUERY_MAX], *p;
	struct dnsname name;
	struct dnspkt d;
	char text[DNSNAME_TEXT + 8];
	size_t n, qlen;
	enum dnspkt_kind kind;

	if (size < 2 || size < 2 + (size_t)data[1])
		return 0;
	n = data[1];
	memcpy(text, data + 2, n);
	text[n] = 0;
	if (!dnsname_fromtext(&name, text))
		return 0;
	qlen = dnspkt_query(query, &name,
		types[data[0] % (sizeof types / sizeof *types)], 0x1234,
		data[0] & 64 ? DNSPKT_EDNS : 0);
	require(qlen <= sizeof query);
	size -= 2 + n;
	/* an allocation of exactly that size, so that no byte beyond is read */
	p = malloc(size + !size);
	require(p != NULL);
	memcpy(p, data + 2 + n, size);
	n = qlen - (data[0] & 64 ? 11 : 0);
	if (data[0] & 128 && size >= n) {
		memcpy(p, query, 2);
		p[2] = (uint8_t)((p[2] & 2) | 0x80);
		p[4] = 0;
		p[5] = 1;
		memcpy(p + 12, query + 12, n - 12);
	}
	kind = dnspkt_parse(&d, p, size, query, qlen);
	if (kind == DNSPKT_ANSWER)
		records(&d, p, size);
	if (kind == DNSPKT_ANSWER || kind == DNSPKT_NODATA) {
		require(d.chain <= DNSPKT_CHAIN_MAX && d.owner.len);
		dnsname_totext(&d.owner, text);
	}
	free(p);
	return 0;
}
