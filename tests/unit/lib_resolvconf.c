/* SPDX-License-Identifier: 0BSD */
#include "lib/resolvconf.h"

#include "tap.h"

static const struct {
	const char *text;
	bool ports;
	const char *servers; /* address port, ... */
	unsigned timeout, attempts;
	bool ad;
} t[] = {
	{ "", false, "127.0.0.1 53", 5, 2, false },
	{ "# nameserver 1.2.3.4\n;x\nsearch a b\n", false, "127.0.0.1 53", 5, 2,
		false },
	{ "nameserver 192.0.2.1\nnameserver 2001:db8::1", false,
		"192.0.2.1 53, 2001:db8::1 53", 5, 2, false },
	{ "nameserver\t 192.0.2.1 \r\n", false, "192.0.2.1 53", 5, 2, false },
	{ "nameserver 1.1.1.1\nnameserver 1.1.1.2\nnameserver 1.1.1.3\n"
	  "nameserver 1.1.1.4\n",
		false, "1.1.1.1 53, 1.1.1.2 53, 1.1.1.3 53", 5, 2, false },
	{ "nameserver nonsense\nnameserver\nnameserver 1.1.1.1\n", false,
		"1.1.1.1 53", 5, 2, false },
	{ "nameserver [1.1.1.1]:99\n", false, "127.0.0.1 53", 5, 2, false },
	{ "nameserver [1.1.1.1]:99\nnameserver [::1]:5353\n", true,
		"1.1.1.1 99, ::1 5353", 5, 2, false },
	{ "nameserver [1.1.1.1]\nnameserver [1.1.1.1]:\nnameserver "
	  "[1.1.1.1]:65536\nnameserver [1.1.1.1\nnameserver []:1\n",
		true, "127.0.0.1 53", 5, 2, false },
	{ "nameserver fe80::1%lo\n", false, "fe80::1%1 53", 5, 2, false },
	{ "nameserver fe80::1%nosuchif\nnameserver fe80::1%\n", false,
		"127.0.0.1 53", 5, 2, false },
	{ "options timeout:1 attempts:3 trust-ad edns0 rotate\n", false,
		"127.0.0.1 53", 1, 3, true },
	{ "options timeout:0 attempts:0\n", false, "127.0.0.1 53", 1, 1,
		false },
	{ "options timeout:999 attempts:999\n", false, "127.0.0.1 53", 30, 5,
		false },
	{ "options timeout: attempts:x trust-adx\noptions\n", false,
		"127.0.0.1 53", 5, 2, false },
	{ "nameserver", false, "127.0.0.1 53", 5, 2, false },
};

int
main(void)
{
	struct resolvconf r;
	char got[300], one[IPADDR_FMT];
	size_t i, k;

	for (i = 0; i < sizeof t / sizeof *t; i++) {
		resolvconf_parse(&r, t[i].text, strlen(t[i].text), t[i].ports);
		got[0] = 0;
		for (k = 0; k < r.nserver; k++) {
			ipaddr_fmt(one, &r.server[k].ip);
			sprintf(got + strlen(got), "%s%s %u", k ? ", " : "",
				one, (unsigned)r.server[k].port);
		}
		is_str(got, t[i].servers, "servers of case %zu", i);
		is_num(r.timeout, t[i].timeout, "timeout");
		is_num(r.attempts, t[i].attempts, "attempts");
		is_num(r.trust_ad, t[i].ad, "trust-ad");
	}
	resolvconf_parse(&r, "nameserver fe80::1%3", 20, false);
	is_num(r.server[0].ip.scope, 3, "scope by number");
	return done_testing();
}
