/* SPDX-License-Identifier: 0BSD */
#include "remote/dane.h"

#include "tap.h"

static const struct {
	uint8_t usage, selector, matching;
	size_t n;
	bool good;
} cases[] = {
	{ 3, 1, 1, 32, true },
	{ 3, 0, 1, 32, true },
	{ 2, 0, 1, 32, true },
	{ 2, 1, 1, 32, true },
	{ 3, 1, 2, 64, true },
	{ 3, 1, 0, 300, true },
	{ 0, 1, 1, 32, false },
	{ 1, 1, 1, 32, false },
	{ 4, 1, 1, 32, false },
	{ 3, 2, 1, 32, false },
	{ 3, 1, 3, 32, false },
	{ 3, 1, 1, 31, false },
	{ 3, 1, 1, 33, false },
	{ 3, 1, 2, 32, false },
	{ 3, 1, 0, 0, false },
	{ 3, 1, 0, TLS_TLSA_DATA + 1, false },
};

int
main(void)
{
	uint8_t rdata[TLS_TLSA_DATA + 10] = { 0 };
	struct tls_tlsa t;
	size_t i;

	for (i = 0; i < sizeof cases / sizeof *cases; i++) {
		rdata[0] = cases[i].usage;
		rdata[1] = cases[i].selector;
		rdata[2] = cases[i].matching;
		is_num(dane_usable(rdata, cases[i].n + 3, &t), cases[i].good,
			"%u %u %u of %zu bytes", cases[i].usage,
			cases[i].selector, cases[i].matching, cases[i].n);
		if (cases[i].good)
			ok(t.data == rdata + 3 && t.n == cases[i].n, "data");
	}
	ok(!dane_usable(rdata, 3, &t), "too short");
	return done_testing();
}
