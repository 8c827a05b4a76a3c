/* SPDX-License-Identifier: 0BSD */
#include "quillctl/html.h"

#include "tap.h"

#define NO "\357\277\275" /* U+FFFD */

static const struct {
	const char *in, *out;
} texts[] = {
	{ "", "" },
	{ "plain text", "plain text" },
	{ "<script>alert(1)</script>",
		"&lt;script&gt;alert(1)&lt;/script&gt;" },
	{ "\" onload='x' & y", "&quot; onload=&#39;x&#39; &amp; y" },
	{ "&lt;", "&amp;lt;" },
	{ "a\nb\tc\033[2J\177", "a" NO "b" NO "c" NO "[2J" NO },
	{ "\302\233\302\240", NO "\302\240" },
	{ "\342\200\256evil\342\201\251\342\200\250", NO "evil" NO NO },
	{ "\377\303", NO NO },
	{ "\303\251\360\237\223\247", "\303\251\360\237\223\247" },
	{ "\355\240\200", NO NO NO },
	{ "\357\277\276\357\277\277\357\277\275", NO NO NO },
	{ "\360\237\277\276\364\217\277\277\360\237\277\275",
		NO NO "\360\237\277\275" },
	{ "\357\267\217\357\267\220\357\267\257\357\267\260",
		"\357\267\217" NO NO "\357\267\260" },
};

static const struct {
	uint64_t n;
	const char *out;
} numbers[] = {
	{ 0, "0" },
	{ 999, "999" },
	{ 1000, "1,000" },
	{ 123456, "123,456" },
	{ 1234567, "1,234,567" },
	{ UINT64_MAX, "18,446,744,073,709,551,615" },
};

static const struct {
	uint64_t n, of;
	const char *out;
} percents[] = {
	{ 0, 5, "0%" },
	{ 1, 3, "33.333%" },
	{ 1, 2, "50%" },
	{ 1, 8, "12.5%" },
	{ 1, 1000, "0.1%" },
	{ 1, 100000, "0.001%" },
	{ 5, 5, "100%" },
	{ 1, 0, "0%" },
};

int
main(void)
{
	char buf[300];
	struct obuf o;
	size_t i;

	for (i = 0; i < sizeof(texts) / sizeof(*texts); i++) {
		obuf_init(&o, -1, buf, sizeof(buf));
		html_text(&o, texts[i].in);
		is_mem(buf, o.len, texts[i].out, strlen(texts[i].out),
			"text %zu", i);
	}
	for (i = 0; i < sizeof(numbers) / sizeof(*numbers); i++) {
		obuf_init(&o, -1, buf, sizeof(buf));
		html_number(&o, numbers[i].n);
		is_mem(buf, o.len, numbers[i].out, strlen(numbers[i].out),
			"number %zu", i);
	}
	for (i = 0; i < sizeof(percents) / sizeof(*percents); i++) {
		obuf_init(&o, -1, buf, sizeof(buf));
		html_percent(&o, percents[i].n, percents[i].of);
		is_mem(buf, o.len, percents[i].out, strlen(percents[i].out),
			"per cent %zu", i);
	}
	return done_testing();
}
