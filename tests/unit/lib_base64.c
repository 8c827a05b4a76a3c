/* SPDX-License-Identifier: 0BSD */
#include "lib/base64.h"

#include "tap.h"

#define S(x) x, sizeof(x) - 1

int
main(void)
{
	static const struct {
		const char *plain;
		size_t n;
		const char *coded;
	} good[] = {
		/* RFC 4648 10 */
		{ S(""), "" },
		{ S("f"), "Zg==" },
		{ S("fo"), "Zm8=" },
		{ S("foo"), "Zm9v" },
		{ S("foob"), "Zm9vYg==" },
		{ S("fooba"), "Zm9vYmE=" },
		{ S("foobar"), "Zm9vYmFy" },
		{ S("\0a\0b"), "AGEAYg==" },
		{ S("\377\376\0\373\360"), "//4A+/A=" },
	};
	static const char *const bad[] = { "Z", "Zg", "Zg=", "Zg===", "=",
		"====", "Z===", "=Zg=", "Zg==Zg==", "Zm9v\n", "Zm 9", "Zm9*",
		"Zm9\200", "Zh==", "Zm9=", "Zg=a", "Zm9vZ" };
	struct str out = STR_INIT(100);

	for (size_t i = 0; i < sizeof good / sizeof *good; i++) {
		str_clear(&out);
		base64_encode(&out, good[i].plain, good[i].n);
		is_str(str_c(&out), good[i].coded, "encode %s", good[i].coded);
		str_clear(&out);
		is_num(base64_decode(&out, S("")), 1, "nothing");
		is_num(base64_decode(
			       &out, good[i].coded, strlen(good[i].coded)),
			1, "decode %s", good[i].coded);
		is_mem(out.s, out.len, good[i].plain, good[i].n, "... is it");
	}
	for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
		str_clear(&out);
		is_num(base64_decode(&out, bad[i], strlen(bad[i])), 0,
			"malformed: %s", bad[i]);
	}
	is_num(base64_decode(&out, S("Zg\0=")), 0, "malformed: NUL");
	str_free(&out);
	return done_testing();
}
