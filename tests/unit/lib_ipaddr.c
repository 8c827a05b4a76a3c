/* SPDX-License-Identifier: 0BSD */
#include "lib/ipaddr.h"

#include <netinet/in.h>

#include "tap.h"

/* want NULL: no address */
struct parse {
	const char *in, *want;
};

static void
test_parse(void)
{
	static const struct parse t[] = {
		{ "0.0.0.0", "0.0.0.0" },
		{ "255.255.255.255", "255.255.255.255" },
		{ "192.0.2.1", "192.0.2.1" },
		{ "", NULL },
		{ "1.2.3", NULL },
		{ "1.2.3.", NULL },
		{ "1.2.3.4.", NULL },
		{ "1.2.3.4.5", NULL },
		{ ".1.2.3", NULL },
		{ "1..2.3", NULL },
		{ "1.2.3.256", NULL },
		{ "1.2.3.1000", NULL },
		{ "1.2.3.99999999999999999999", NULL },
		{ "01.2.3.4", NULL },
		{ "1.2.3.00", NULL },
		{ "1.2.3.0x4", NULL },
		{ "1.2.3.+4", NULL },
		{ " 1.2.3.4", NULL },
		{ "1.2.3.4 ", NULL },
		{ "1.2.3.4\n", NULL },
		{ "16909060", NULL },
		{ "1.2.3.4%1", NULL },
		{ "::", "::" },
		{ "::1", "::1" },
		{ "1::", "1::" },
		{ "2001:DB8::1", "2001:db8::1" },
		{ "2001:0db8:0000:0000:0000:0000:0000:0001", "2001:db8::1" },
		{ "1:2:3:4:5:6:7:8", "1:2:3:4:5:6:7:8" },
		{ "1:2:3:4:5:6:7::", "1:2:3:4:5:6:7:0" },
		{ "::2:3:4:5:6:7:8", "0:2:3:4:5:6:7:8" },
		{ "1:2:3::5:6:7:8", "1:2:3:0:5:6:7:8" },
		{ "1:0:0:4:0:0:0:8", "1:0:0:4::8" },
		{ "1:0:0:4:5:0:0:8", "1::4:5:0:0:8" },
		{ "0:0:0:0:0:0:0:0", "::" },
		{ "::ffff:192.0.2.1", "192.0.2.1" },
		{ "::FFFF:c000:0201", "192.0.2.1" },
		{ "0:0:0:0:0:ffff:192.0.2.1", "192.0.2.1" },
		{ "64:ff9b::192.0.2.33", "64:ff9b::c000:221" },
		{ "1:2:3:4:5:6:1.2.3.4", "1:2:3:4:5:6:102:304" },
		{ "::1.2.3.4", "::102:304" },
		{ "1:2:3:4:5:6:7:1.2.3.4", NULL },
		{ "1:2:3:4:5::6:1.2.3.4", NULL },
		{ "::1.2.3.4:1", NULL },
		{ "1.2.3.4::", NULL },
		{ "::1.2.3", NULL },
		{ "::01.2.3.4", NULL },
		{ ":", NULL },
		{ ":::", NULL },
		{ "1:::2", NULL },
		{ "::1::", NULL },
		{ "1::2::3", NULL },
		{ "1:2:3:4:5:6:7", NULL },
		{ "1:2:3:4:5:6:7:8:9", NULL },
		{ "1:2:3:4::5:6:7:8", NULL },
		{ "::1:2:3:4:5:6:7:8", NULL },
		{ "1:2:3:4:5:6:7:8::", NULL },
		{ ":1:2:3:4:5:6:7:8", NULL },
		{ "1:2:3:4:5:6:7:8:", NULL },
		{ "1::2:", NULL },
		{ ":1::2", NULL },
		{ "12345::", NULL },
		{ "00001::", NULL },
		{ "g::", NULL },
		{ "::-1", NULL },
		{ "[::1]", NULL },
		{ "::1 ", NULL },
		{ "fe80::1", "fe80::1" },
		{ "fe80::1%1", "fe80::1%1" },
		{ "fe80::1%lo", "fe80::1%1" },
		{ "FEBF::1%1", "febf::1%1" },
		{ "fe80::1%", NULL },
		{ "fe80::1%0", NULL },
		{ "fe80::1%4294967296", NULL },
		{ "fe80::1%nosuchif0", NULL },
		{ "fe80::1%aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa", NULL },
		{ "fe80::1%1%1", NULL },
		{ "fec0::1%1", NULL },
		{ "2001:db8::1%1", NULL },
	};

	for (size_t i = 0; i < sizeof t / sizeof *t; i++) {
		struct ipaddr a;
		char buf[IPADDR_FMT];

		memset(&a, 0x55, sizeof a);
		if (!ipaddr_parse(t[i].in, strlen(t[i].in), &a)) {
			is_str(NULL, t[i].want, "parse \"%s\"", t[i].in);
			continue;
		}
		ipaddr_fmt(buf, &a);
		is_str(buf, t[i].want, "parse \"%s\"", t[i].in);
		ok(strlen(buf) == ipaddr_fmt(buf, &a), "length of %s", buf);
	}
}

static void
test_literal(void)
{
	static const struct parse t[] = {
		{ "[192.0.2.1]", "192.0.2.1" },
		{ "[IPv6:2001:db8::1]", "2001:db8::1" },
		{ "[ipV6:::1]", "::1" },
		{ "[IPv6:::ffff:1.2.3.4]", "1.2.3.4" },
		{ "[::1]", NULL },
		{ "[IPv6:192.0.2.1]", NULL },
		{ "[IPv6:]", NULL },
		{ "[IPv6:fe80::1%1]", NULL },
		{ "[IPv6]", NULL },
		{ "[]", NULL },
		{ "[", NULL },
		{ "]", NULL },
		{ "", NULL },
		{ "192.0.2.1", NULL },
		{ "[192.0.2.1", NULL },
		{ "[192.0.2.11", NULL },
		{ "192.0.2.1]", NULL },
		{ "[[192.0.2.1]]", NULL },
		{ "[ 192.0.2.1]", NULL },
		{ "[x-tag:1]", NULL },
	};

	for (size_t i = 0; i < sizeof t / sizeof *t; i++) {
		struct ipaddr a;
		char buf[IPADDR_FMT];

		if (ipaddr_parse_literal(t[i].in, strlen(t[i].in), &a)) {
			ipaddr_fmt(buf, &a);
			is_str(buf, t[i].want, "literal \"%s\"", t[i].in);
		} else {
			is_str(NULL, t[i].want, "literal \"%s\"", t[i].in);
		}
	}
}

static struct ipaddr
addr(const char *s)
{
	struct ipaddr a = { 0 };

	ipaddr_parse(s, strlen(s), &a);
	return a;
}

static void
test_compare(void)
{
	static const struct {
		const char *a, *b;
		bool same;
	} t[] = {
		{ "1.2.3.4", "1.2.3.4", true },
		{ "1.2.3.4", "1.2.3.5", false },
		{ "1.2.3.4", "::ffff:1.2.3.4", true },
		{ "1.2.3.4", "::1.2.3.4", false },
		{ "::1", "0:0::1", true },
		{ "::1", "::2", false },
		{ "fe80::1%1", "fe80::1%2", false },
		{ "fe80::1%1", "fe80::1", false },
		{ "0.0.0.0", "::", false },
	};
	static const struct {
		const char *a;
		bool loopback;
	} l[] = {
		{ "127.0.0.1", true },
		{ "127.255.0.9", true },
		{ "126.255.255.255", false },
		{ "128.0.0.1", false },
		{ "0.0.0.0", false },
		{ "::1", true },
		{ "::", false },
		{ "::2", false },
		{ "7f00::1", false },
		{ "::ffff:127.0.0.1", true },
	};
	struct ipaddr unset = { 0 };

	for (size_t i = 0; i < sizeof t / sizeof *t; i++) {
		struct ipaddr a = addr(t[i].a), b = addr(t[i].b);

		is_num(ipaddr_equal(&a, &b), t[i].same, "%s and %s", t[i].a,
			t[i].b);
	}
	for (size_t i = 0; i < sizeof l / sizeof *l; i++) {
		struct ipaddr a = addr(l[i].a);

		is_num(ipaddr_isloopback(&a), l[i].loopback, "loopback? %s",
			l[i].a);
	}
	ok(!ipaddr_isloopback(&unset), "unset is no loopback");
}

static void
test_sock(void)
{
	static const char *t[] = { "192.0.2.7", "2001:db8::7", "fe80::1%1" };
	struct sockaddr_storage ss;
	struct sockaddr_in6 s6 = { .sin6_family = AF_INET6,
		.sin6_port = htons(25) };
	struct ipaddr a, b;
	uint16_t port = 0;
	char buf[IPADDR_FMT];

	for (size_t i = 0; i < sizeof t / sizeof *t; i++) {
		a = addr(t[i]);
		is_num(ipaddr_tosock(&a, 587, &ss),
			i ? sizeof(struct sockaddr_in6)
			  : sizeof(struct sockaddr_in),
			"%s: socket address", t[i]);
		ok(ipaddr_fromsock(&ss, &b, &port), "%s: and back", t[i]);
		ok(ipaddr_equal(&a, &b) && port == 587, "%s: the same", t[i]);
	}
	memcpy(&s6.sin6_addr, "\0\0\0\0\0\0\0\0\0\0\xff\xff\1\2\3\4", 16);
	memset(&ss, 0, sizeof ss);
	memcpy(&ss, &s6, sizeof s6);
	ok(ipaddr_fromsock(&ss, &a, &port), "mapped peer");
	ipaddr_fmt(buf, &a);
	is_str(buf, "1.2.3.4", "is an IPv4 peer");
	ss.ss_family = AF_UNIX;
	ok(!ipaddr_fromsock(&ss, &a, &port), "no address in AF_UNIX");
	is_num(ipaddr_fmt(buf, &a), 0, "unset is empty");
	is_str(buf, "", "text");
	a = (struct ipaddr){ .family = AF_INET6 };
	memset(a.b, 0xff, 16);
	a.scope = UINT32_MAX;
	is_num(ipaddr_fmt(buf, &a), 39 + 11, "the longest text");
}

int
main(void)
{
	test_parse();
	test_literal();
	test_compare();
	test_sock();
	return done_testing();
}
