/* SPDX-License-Identifier: 0BSD */
#include "lib/json.h"

#include <unistd.h>

#include "tap.h"

int
main(void)
{
	static const struct {
		const char *in, *json, *plain;
	} t[] = {
		{ "", "\"\"", "" },
		{ "a\"b\\c/", "\"a\\\"b\\\\c/\"", "a\"b\\c/" },
		{ "a\nb\x1b\x7f", "\"a\\u000ab\\u001b\\u007f\"", "a?b??" },
		{ "\xc3\xb6", "\"\xc3\xb6\"", "\xc3\xb6" },
		{ "\xc2\x9b", "\"\\u009b\"", "?" },
		{ "a\xe2\x80\xae"
		  "b\xe2\x81\xa6",
			"\"a\\u202eb\\u2066\"", "a?b?" },
		{ "\xd8\x9c\xf0\x9f\x93\xa7", "\"\\u061c\xf0\x9f\x93\xa7\"",
			"?\xf0\x9f\x93\xa7" },
		{ "\xf0\x9f\x93", "\"\\ufffd\\ufffd\\ufffd\"", "???" },
		{ "\xff\xc3", "\"\\ufffd\\ufffd\"", "??" },
		{ "\xed\xa0\x80", "\"\\ufffd\\ufffd\\ufffd\"", "???" },
	};
	char buf[200];
	struct obuf o;

	for (size_t i = 0; i < sizeof t / sizeof *t; i++) {
		obuf_init(&o, -1, buf, sizeof buf);
		json_string(&o, t[i].in);
		is_mem(buf, o.len, t[i].json, strlen(t[i].json), "json %zu", i);
		obuf_init(&o, -1, buf, sizeof buf);
		json_plain(&o, t[i].in);
		is_mem(buf, o.len, t[i].plain, strlen(t[i].plain), "plain %zu",
			i);
	}
	return done_testing();
}
