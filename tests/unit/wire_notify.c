/* SPDX-License-Identifier: 0BSD */
#include "wire/notify.h"

#include "tap.h"

static const struct {
	const char *text;
	unsigned flags;
} notifies[] = {
	{ "NEVER", NOTIFY_NEVER },
	{ "never", NOTIFY_NEVER },
	{ "SUCCESS", NOTIFY_SUCCESS },
	{ "Failure,DELAY", NOTIFY_FAILURE | NOTIFY_DELAY },
	{ "SUCCESS,FAILURE,DELAY",
		NOTIFY_SUCCESS | NOTIFY_FAILURE | NOTIFY_DELAY },
	{ "SUCCESS,SUCCESS", NOTIFY_SUCCESS },
	{ "", 0 },
	{ ",", 0 },
	{ "SUCCESS,", 0 },
	{ ",SUCCESS", 0 },
	{ "NEVER,SUCCESS", 0 },
	{ "NEVER,NEVER", NOTIFY_NEVER },
	{ "SUCCES", 0 },
	{ "SUCCESSX", 0 },
	{ "SUCCESS DELAY", 0 },
};

static const struct {
	const char *text, *plain; /* NULL: no xtext */
} xtexts[] = {
	{ "", "" },
	{ "abc", "abc" },
	{ "a+2Bb", "a+b" },
	{ "+3D+20", "= " },
	{ "+0A", "\n" },
	{ "a+2b", NULL },
	{ "a+", NULL },
	{ "a+2", NULL },
	{ "a=b", NULL },
	{ "a b", NULL },
	{ "a\rb", NULL },
	{ "a\nb", NULL },
	{ "a\x7f", NULL },
	{ "caf\xc3\xa9", NULL },
};

static const struct {
	const char *text;
	bool good;
} orcpts[] = {
	{ "rfc822;a@b", true },
	{ "x-y;z", true },
	{ "rfc822;", false },
	{ ";a", false },
	{ "rfc822", false },
	{ "rfc 822;a", false },
	{ "rfc822;a b", false },
	{ "rfc822;a+2Bb@c", true },
	{ "rfc822;a+b@c", false },
};

int
main(void)
{
	struct str s = STR_INIT(1000);
	char list[NOTIFY_FMT], big[600];
	size_t i;
	bool is;

	for (i = 0; i < sizeof notifies / sizeof *notifies; i++)
		is_num(notify_parse(notifies[i].text, strlen(notifies[i].text)),
			notifies[i].flags, "%s", notifies[i].text);
	is_num(notify_of(NULL), NOTIFY_DEFAULT, "none");
	is_num(notify_of("what?"), NOTIFY_DEFAULT, "malformed");
	notify_fmt(list, NOTIFY_SUCCESS | NOTIFY_FAILURE | NOTIFY_DELAY);
	is_str(list, "SUCCESS,FAILURE,DELAY", "list");
	notify_fmt(list, 0);
	is_str(list, "NEVER", "nothing wanted");
	for (i = 0; i < sizeof xtexts / sizeof *xtexts; i++) {
		str_clear(&s);
		is = notify_decode(&s, xtexts[i].text, strlen(xtexts[i].text));
		is_num(is, xtexts[i].plain != NULL, "xtext %zu", i);
		if (is)
			is_str(str_c(&s), xtexts[i].plain, "decoded");
	}
	for (i = 0; i < sizeof orcpts / sizeof *orcpts; i++)
		is_num(notify_isorcpt(orcpts[i].text, strlen(orcpts[i].text)),
			orcpts[i].good, "%s", orcpts[i].text);
	str_clear(&s);
	notify_encode(&s, "a+b=c \xc3\xa9\n", 9);
	is_str(str_c(&s), "a+2Bb+3Dc+20+C3+A9+0A", "encoded");
	memset(big, 'x', sizeof big);
	ok(notify_isenvid(big, ENVID_MAX), "longest ENVID");
	ok(!notify_isenvid(big, ENVID_MAX + 1), "ENVID too long");
	ok(!notify_isenvid("", 0), "empty ENVID");
	memcpy(big, "rfc822;", 7);
	ok(notify_isorcpt(big, ORCPT_MAX), "longest ORCPT");
	ok(!notify_isorcpt(big, ORCPT_MAX + 1), "ORCPT too long");
	ok(notify_isret("Full", 4) && notify_isret("HDRS", 4), "RET");
	ok(!notify_isret("NONE", 4) && !notify_isret("", 0), "no RET");
	str_free(&s);
	return done_testing();
}
