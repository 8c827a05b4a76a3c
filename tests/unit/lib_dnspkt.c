/* SPDX-License-Identifier: 0BSD */
#include "lib/dnspkt.h"

#include "tap.h"

/* A packet under construction. */
struct pkt {
	uint8_t b[8192];
	size_t n;
};

static void
bytes(struct pkt *p, const void *b, size_t n)
{
	memcpy(p->b + p->n, b, n);
	p->n += n;
}

static void
u16(struct pkt *p, unsigned v)
{
	uint8_t b[2] = { (uint8_t)(v >> 8), (uint8_t)v };

	bytes(p, b, 2);
}

static void
name(struct pkt *p, const char *s)
{
	struct dnsname n;

	dnsname_fromtext(&n, s);
	bytes(p, n.w, n.len);
}

/* The answer to query with n records to come. */
static void
answer(struct pkt *p, const uint8_t *query, size_t qlen, unsigned flags,
	unsigned an, unsigned ns)
{
	p->n = 0;
	bytes(p, query, 2);
	u16(p, 0x8180 | flags);
	u16(p, 1);
	u16(p, an);
	u16(p, ns);
	u16(p, 0);
	bytes(p, query + 12, qlen - 12);
}

static void
record(struct pkt *p, const char *owner, unsigned type, const void *data,
	size_t n)
{
	static const uint8_t ttl[4] = { 0, 0, 1, 0 };

	if (owner)
		name(p, owner);
	else
		u16(p, 0xc00c);
	u16(p, type);
	u16(p, 1);
	bytes(p, ttl, 4);
	u16(p, (unsigned)n);
	bytes(p, data, n);
}

static void
record_name(struct pkt *p, const char *owner, unsigned type, const char *skip,
	size_t nskip, const char *target)
{
	struct dnsname t;
	uint8_t b[300];

	dnsname_fromtext(&t, target);
	memcpy(b, skip, nskip);
	memcpy(b + nskip, t.w, t.len);
	record(p, owner, type, b, nskip + t.len);
}

static uint8_t query[DNSPKT_QUERY_MAX];
static size_t qlen;
static struct pkt p;
static struct dnspkt d;

static void
ask(const char *host, uint16_t type)
{
	struct dnsname n;

	dnsname_fromtext(&n, host);
	qlen = dnspkt_query(query, &n, type, 0x1234, 0);
}

static enum dnspkt_kind
judge(void)
{
	return dnspkt_parse(&d, p.b, p.n, query, qlen);
}

static void
names(void)
{
	static const struct {
		const char *text;
		bool good;
		const char *back;
	} t[] = {
		{ "a.b", true, "a.b" },
		{ "A.Bc.", true, "a.bc" },
		{ ".", true, "." },
		{ "", true, "." },
		{ "_25._tcp.x-y", true, "_25._tcp.x-y" },
		{ "a..b", false, NULL },
		{ ".a", false, NULL },
		{ "..", false, NULL },
		{ "a b", true, NULL },
		{ "a\\b", true, NULL },
	};
	struct dnsname n;
	char text[DNSNAME_TEXT], longest[400];
	size_t i;

	for (i = 0; i < sizeof t / sizeof *t; i++) {
		bool good = dnsname_fromtext(&n, t[i].text);

		is_num(good, t[i].good, "name \"%s\"", t[i].text);
		if (!good)
			continue;
		is_num(dnsname_totext(&n, text), t[i].back != NULL, "back");
		is_str(text, t[i].back ? t[i].back : "", "its text");
	}
	memset(longest, 'x', sizeof longest);
	longest[63] = 0;
	ok(dnsname_fromtext(&n, longest), "label of 63");
	longest[63] = 'x';
	longest[64] = 0;
	ok(!dnsname_fromtext(&n, longest), "label of 64");
	for (i = 0; i < 4; i++)
		longest[i * 64 + 63] = '.';
	longest[64] = 'x';
	longest[253] = 0;
	ok(dnsname_fromtext(&n, longest), "name of 253");
	is_num(n.len, 255, "255 on the wire");
	ok(dnsname_totext(&n, text) && strlen(text) == 253, "and back");
	longest[253] = 'x';
	longest[254] = 0;
	ok(!dnsname_fromtext(&n, longest), "name of 254");
}

static void
queries(void)
{
	static const uint8_t want[] = { 0xab, 0xcd, 1, 0, 0, 1, 0, 0, 0, 0, 0,
		0, 1, 'a', 2, 'b', 'c', 0, 0, 15, 0, 1 };
	static const uint8_t edns[] = { 0xab, 0xcd, 1, 0x20, 0, 1, 0, 0, 0, 0,
		0, 1, 1, 'a', 2, 'b', 'c', 0, 0, 15, 0, 1, 0, 0, 41, 4, 208, 0,
		0, 0, 0, 0, 0 };
	struct dnsname n;
	uint8_t buf[DNSPKT_QUERY_MAX];
	size_t len;

	dnsname_fromtext(&n, "A.bc");
	len = dnspkt_query(buf, &n, DNS_MX, 0xabcd, 0);
	is_mem(buf, len, want, sizeof want, "query");
	len = dnspkt_query(
		buf, &n, DNS_MX, 0xabcd, DNSPKT_EDNS | DNSPKT_WANTAD);
	is_mem(buf, len, edns, sizeof edns, "query with EDNS and AD");
}

static void
mx(void)
{
	struct dnspkt_rr rr;

	ask("X.test", DNS_MX);
	answer(&p, query, qlen, 0x20, 4, 0);
	record_name(&p, NULL, DNS_MX, "\0\12", 2, "Mx1.x.test");
	record_name(&p, "other.test", DNS_MX, "\0\1", 2, "evil.test");
	record(&p, "x.TEST", DNS_MX, "\0\24\3mx2\300\14", 8);
	record(&p, NULL, DNS_MX, "\0\1\3a b\0", 7);
	is_num(judge(), DNSPKT_ANSWER, "MX answer");
	ok(d.ad, "AD");
	ok(dnspkt_next(&d, &rr), "first");
	is_str(rr.name, "mx1.x.test", "its name, lower case");
	is_num(rr.pref, 10, "its preference");
	is_num(rr.ttl, 256, "its TTL");
	ok(dnspkt_next(&d, &rr), "second: not that of another owner");
	is_str(rr.name, "mx2.x.test", "compressed");
	is_num(rr.pref, 20, "its preference");
	ok(dnspkt_next(&d, &rr) && !*rr.name, "third: no host name");
	ok(!dnspkt_next(&d, &rr), "no more");
	answer(&p, query, qlen, 0, 1, 0);
	record(&p, NULL, DNS_MX, "\0\0\0", 3);
	is_num(judge(), DNSPKT_ANSWER, "null MX");
	ok(dnspkt_next(&d, &rr), "is a record");
	is_str(rr.name, ".", "with the root as name");
}

static void
addresses(void)
{
	static const char mapped[16] = "\0\0\0\0\0\0\0\0\0\0\377\377\300\0\2\1";
	struct dnspkt_rr rr;
	char text[IPADDR_FMT];

	ask("x.test", DNS_A);
	answer(&p, query, qlen, 0, 1, 0);
	record(&p, NULL, DNS_A, "\300\0\2\1", 4);
	is_num(judge(), DNSPKT_ANSWER, "A answer");
	ok(dnspkt_next(&d, &rr), "A");
	ipaddr_fmt(text, &rr.ip);
	is_str(text, "192.0.2.1", "its address");
	ask("x.test", DNS_AAAA);
	answer(&p, query, qlen, 0, 2, 0);
	record(&p, NULL, DNS_AAAA, " \1\r\270\0\0\0\0\0\0\0\0\0\0\0\1", 16);
	record(&p, NULL, DNS_AAAA, mapped, 16);
	is_num(judge(), DNSPKT_ANSWER, "AAAA answer");
	ok(dnspkt_next(&d, &rr), "AAAA");
	ipaddr_fmt(text, &rr.ip);
	is_str(text, "2001:db8::1", "its address");
	ok(dnspkt_next(&d, &rr) && rr.ip.family == AF_INET, "v4-mapped");
	ipaddr_fmt(text, &rr.ip);
	is_str(text, "192.0.2.1", "is IPv4");
	answer(&p, query, qlen, 0, 1, 0);
	record(&p, NULL, DNS_AAAA, "1234", 4);
	is_num(judge(), DNSPKT_BAD, "AAAA of 4 bytes");
	ask("x.test", DNS_MX);
	answer(&p, query, qlen, 0, 1, 0);
	record(&p, NULL, DNS_MX, "\0\1\0\0", 4);
	is_num(judge(), DNSPKT_BAD, "MX with a byte too much");
	answer(&p, query, qlen, 0, 1, 0);
	record(&p, NULL, DNS_MX, "\0\1", 2);
	is_num(judge(), DNSPKT_BAD, "MX without a name");
}

static void
others(void)
{
	struct dnspkt_rr rr;

	ask("x.test", DNS_TXT);
	answer(&p, query, qlen, 0, 1, 0);
	record(&p, NULL, DNS_TXT, "\3abc\0\2de", 8);
	is_num(judge(), DNSPKT_ANSWER, "TXT");
	ok(dnspkt_next(&d, &rr), "its strings");
	is_mem(rr.data, rr.len, "\3abc\0\2de", 8, "as they are");
	answer(&p, query, qlen, 0, 1, 0);
	record(&p, NULL, DNS_TXT, "\3abc\5de", 7);
	is_num(judge(), DNSPKT_BAD, "TXT with a string too long");
	answer(&p, query, qlen, 0, 1, 0);
	record(&p, NULL, DNS_TXT, "", 0);
	is_num(judge(), DNSPKT_BAD, "TXT without a string");
	ask("_25._tcp.x.test", DNS_TLSA);
	answer(&p, query, qlen, 0, 1, 0);
	record(&p, NULL, DNS_TLSA, "\3\1\1\252", 4);
	is_num(judge(), DNSPKT_ANSWER, "TLSA");
	answer(&p, query, qlen, 0, 1, 0);
	record(&p, NULL, DNS_TLSA, "\3\1\1", 3);
	is_num(judge(), DNSPKT_BAD, "TLSA without data");
}

static void
aliases(void)
{
	struct dnspkt_rr rr;
	char from[16], to[16];
	unsigned i, n;

	ask("x.test", DNS_A);
	answer(&p, query, qlen, 0, 3, 0);
	record(&p, "z.test", DNS_A, "\1\2\3\4", 4);
	record_name(&p, "y.test", DNS_CNAME, "", 0, "z.test");
	record_name(&p, "x.test", DNS_CNAME, "", 0, "Y.test");
	is_num(judge(), DNSPKT_ANSWER, "two aliases, in any order");
	is_num(d.chain, 2, "both followed");
	ok(dnspkt_next(&d, &rr) && rr.ip.b[3] == 4, "the address at the end");
	answer(&p, query, qlen, 0, 1, 0);
	record_name(&p, "x.test", DNS_CNAME, "", 0, "y.test");
	is_num(judge(), DNSPKT_NODATA, "alias that leads out");
	ok(d.chain == 1 && !d.soa, "can be told");
	dnsname_totext(&d.owner, (char[DNSNAME_TEXT]){ 0 });
	answer(&p, query, qlen, 0, 2, 0);
	record_name(&p, "x.test", DNS_CNAME, "", 0, "y.test");
	record_name(&p, "y.test", DNS_CNAME, "", 0, "x.test");
	is_num(judge(), DNSPKT_BAD, "a loop of aliases");
	for (n = DNSPKT_CHAIN_MAX; n <= DNSPKT_CHAIN_MAX + 1; n++) {
		answer(&p, query, qlen, 0, n, 0);
		for (i = 0; i < n; i++) {
			sprintf(from, "n%u.test", i);
			sprintf(to, "n%u.test", i + 1);
			record_name(
				&p, i ? from : "x.test", DNS_CNAME, "", 0, to);
		}
		is_num(judge(),
			n > DNSPKT_CHAIN_MAX ? DNSPKT_BAD : DNSPKT_NODATA,
			"%u aliases", n);
	}
}

static void
codes(void)
{
	static const struct {
		unsigned flags;
		enum dnspkt_kind kind;
	} t[] = {
		{ 0, DNSPKT_NODATA },
		{ 1, DNSPKT_FORMERR },
		{ 2, DNSPKT_FAILED },
		{ 3, DNSPKT_NXDOMAIN },
		{ 4, DNSPKT_FORMERR },
		{ 5, DNSPKT_FAILED },
		{ 9, DNSPKT_FAILED },
		{ 0x200, DNSPKT_CUT },
		{ 0x800, DNSPKT_FOREIGN },
	};
	static const char soa[] = "\2ns\300\14\4root\300\14"
				  "\0\0\0\1\0\0\0\2\0\0\0\3\0\0\0\4\0\0\0\5";
	size_t i;

	ask("x.test", DNS_A);
	for (i = 0; i < sizeof t / sizeof *t; i++) {
		answer(&p, query, qlen, t[i].flags, 0, 0);
		is_num(judge(), t[i].kind, "flags %x", t[i].flags);
	}
	answer(&p, query, qlen, 0, 0, 1);
	record_name(&p, "test", 2, "", 0, "ns.test");
	is_num(judge(), DNSPKT_NODATA, "no data, with NS (as dnscache has it)");
	p.b[3] = 0;
	is_num(judge(), DNSPKT_FAILED, "not recursive: a referral");
	p.b[2] |= 4;
	is_num(judge(), DNSPKT_NODATA, "but who has the zone knows");
	answer(&p, query, qlen, 0, 0, 1);
	record(&p, NULL, DNS_SOA, soa, sizeof soa - 1);
	is_num(judge(), DNSPKT_NODATA, "no data, with SOA");
	ok(d.soa, "which is seen");
	is_num(d.negttl, 5, "its minimum");
	p.b[11] = 1;
	bytes(&p, "\0\0\51\4\320\1\0\0\0\0\0", 11);
	is_num(judge(), DNSPKT_FAILED, "upper bits of the code in an OPT");
	p.b[p.n - 6] = 0;
	is_num(judge(), DNSPKT_NODATA, "none there");
	p.n = 12;
	p.b[5] = 0;
	is_num(judge(), DNSPKT_FOREIGN, "no question");
	p.b[3] = 1;
	is_num(judge(), DNSPKT_FORMERR, "no question, FORMERR");
}

static void
foreign(void)
{
	size_t i, n;
	bool all = true;

	ask("x.test", DNS_A);
	answer(&p, query, qlen, 0, 1, 0);
	record(&p, NULL, DNS_A, "\1\2\3\4", 4);
	n = p.n;
	p.b[13] = 'X';
	is_num(judge(), DNSPKT_ANSWER, "case of the question");
	for (i = 0; i < qlen; i++) {
		/* flags, and the counts of later sections */
		if (i == 3 || (i > 5 && i < 12))
			continue;
		answer(&p, query, qlen, 0, 1, 0);
		record(&p, NULL, DNS_A, "\1\2\3\4", 4);
		p.b[i] ^= i == 2 ? 0x80 : 1;
		all = all && judge() == DNSPKT_FOREIGN;
	}
	ok(all, "every byte of id and question counts");
	answer(&p, query, qlen, 0, 1, 0);
	record(&p, NULL, DNS_A, "\1\2\3\4", 4);
	all = true;
	for (p.n = 0; p.n < n; p.n++)
		all = all &&
		      judge() == (p.n < qlen ? DNSPKT_FOREIGN : DNSPKT_BAD);
	ok(all, "cut anywhere");
}

static void
pointers(void)
{
	static const struct {
		const char *what, *owner;
		size_t n;
	} t[] = {
		{ "to itself", "\300\30", 2 },
		{ "forward", "\300\60", 2 },
		{ "out of the packet", "\377\377", 2 },
		{ "into the header", "\300\4", 2 },
		{ "half", "\300", 1 },
		{ "to its own run", "\1a\300\30", 4 },
		{ "label type 01", "\101a\0", 3 },
		{ "label type 10", "\201a\0", 3 },
	};
	size_t i;

	ask("x.test", DNS_A);
	for (i = 0; i < sizeof t / sizeof *t; i++) {
		answer(&p, query, qlen, 0, 1, 0);
		bytes(&p, t[i].owner, t[i].n);
		if (t[i].n > 1)
			bytes(&p, "\0\1\0\1\0\0\0\0\0\4\1\2\3\4", 14);
		is_num(judge(), DNSPKT_BAD, "pointer %s", t[i].what);
	}
	is_num(qlen, 24, "the offsets above are right");
	for (i = 100; i <= 200; i += 100) {
		size_t k;

		/* a root name, then pointers, each to the one before it */
		answer(&p, query, qlen, 0, 2, 0);
		bytes(&p, "\0\0\143\0\1\0\0\0\0", 9);
		u16(&p, (unsigned)(1 + 2 * i));
		bytes(&p, "\0", 1);
		for (k = 0; k < i; k++)
			u16(&p, 0xc000u | (unsigned)(p.n - (k ? 2 : 1)));
		u16(&p, 0xc000u | (unsigned)(p.n - 2));
		bytes(&p, "\0\1\0\1\0\0\0\0\0\4\1\2\3\4", 14);
		is_num(judge(), i < 127 ? DNSPKT_NODATA : DNSPKT_BAD,
			"%zu pointers to pointers", i);
	}
}

int
main(void)
{
	names();
	queries();
	mx();
	addresses();
	others();
	aliases();
	codes();
	foreign();
	pointers();
	return done_testing();
}
