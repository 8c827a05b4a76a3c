/* SPDX-License-Identifier: 0BSD */
/* tlsa: the answer to a question for TLSA records. What is called usable lies
 * in the packet and is one of the kinds that SMTP knows. */
#include "fuzz.h"
#include "lib/dnspkt.h"
#include "remote/dane.h"

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static uint8_t query[DNSPKT_QUERY_MAX];
	struct dnsname name;
	struct dnspkt_rr rr;
	struct dnspkt d;
	struct tls_tlsa t;
	size_t qlen;

	require(dnsname_fromtext(&name, "_25._tcp.a.b"));
	qlen = dnspkt_query(query, &name, DNS_TLSA, 0, DNSPKT_WANTAD);
	if (dnspkt_parse(&d, data, size, query, qlen) != DNSPKT_ANSWER)
		return 0;
	while (dnspkt_next(&d, &rr)) {
		if (!dane_usable(rr.data, rr.len, &t))
			continue;
		require(t.usage == 2 || t.usage == 3);
		require(t.selector < 2 && t.matching < 3 && t.n);
		require(t.data >= data && t.data + t.n <= data + size);
	}
	return 0;
}
