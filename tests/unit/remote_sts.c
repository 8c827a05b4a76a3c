/* SPDX-License-Identifier: 0BSD */
#include "remote/sts.h"

#include "tap.h"

static const struct {
	const char *in;
	enum sts_result got;
	const char *out;
} parse[] = {
	{ "secure match=mx.a.b servername=hostname", STS_ENFORCE, "mx.a.b" },
	{ "secure servername=hostname match=.b:c", STS_ENFORCE, ".b:c" },
	{ "SECURE  match=a  match=b x=y", STS_ENFORCE, "a" },
	{ "secure", STS_TEMP, NULL },
	{ "secure match=", STS_TEMP, NULL },
	{ "dane-only match=a", STS_TEMP, NULL },
	{ "", STS_TEMP, NULL },
	{ "secured match=a", STS_TEMP, NULL },
};

static const struct {
	const char *patterns, *host;
	bool want;
} match[] = {
	{ "mx.a.b", "mx.a.b", true },
	{ "mx.a.b", "MX.A.B", true },
	{ "mx.a.b", "mx.a.bc", false },
	{ "mx.a.b", "x.mx.a.b", false },
	{ ".a.b", "mx.a.b", true },
	{ ".a.b", "a.b", false },
	{ ".a.b", "x.mx.a.b", false },
	{ ".a.b", ".a.b", false },
	{ "x:.a.b:y", "q.a.b", true },
	{ "x:.a.b:y", "y", true },
	{ "x:.a.b:y", "z", false },
	{ "", "a", false },
	{ ":", "", false },
	{ ".", "a.", false },
};

int
main(void)
{
	struct str out = STR_INIT(1000);
	size_t i;

	for (i = 0; i < sizeof parse / sizeof *parse; i++) {
		is_num(sts_parse(parse[i].in, &out), parse[i].got, "\"%s\"",
			parse[i].in);
		if (parse[i].out)
			is_str(str_c(&out), parse[i].out, "patterns");
	}
	for (i = 0; i < sizeof match / sizeof *match; i++)
		is_num(sts_match(match[i].patterns, match[i].host),
			match[i].want, "\"%s\" by \"%s\"", match[i].host,
			match[i].patterns);
	return done_testing();
}
