/* SPDX-License-Identifier: 0BSD */
/* quill-send's log taken apart, and options of subcommands */
#include <string.h>

#include "quillctl/args.h"
#include "quillctl/sendlog.h"

#include "tap.h"

#define ID "0123456789abcdef"

static const struct {
	const char *line;
	enum sendlog_kind kind;
	const char *text, *key, *value;
} lines[] = {
	{ "new msg " ID, SENDLOG_NEW, "", "to", "" },
	{ "new msg 0123456789ABCDEF", SENDLOG_OTHER, "", "to", "" },
	{ "new msg 0123", SENDLOG_OTHER, "", "to", "" },
	{ "end msg " ID "1", SENDLOG_OTHER, "", "to", "" },
	{ "info msg " ID ": bytes 9 from <a@b> qp 1 uid 2 nrcpt=1",
		SENDLOG_INFO, ": bytes 9 from <a@b> qp 1 uid 2 nrcpt=1",
		"nrcpt", "1" },
	{ "delivery 7: success: ok/ to=x@y", SENDLOG_OTHER, "", "to", "" },
	{ "starting delivery 7: msg " ID " to local x@y", SENDLOG_START,
		" to local x@y", "to", "" },
	{ "delivery 7: deferral: not_now_/ to=x@y relay=- dsn=4.0.0",
		SENDLOG_DEFERRAL, "not now", "dsn", "4.0.0" },
	{ "delivery 7: success: ok/ to=x@y", SENDLOG_OTHER, "", "to", "" },
	{ "starting delivery 7: msg " ID " to local x@y", SENDLOG_START,
		" to local x@y", "to", "" },
	{ "delivery 7: success: to=evil to=x@y", SENDLOG_SUCCESS, "to=evil",
		"to", "x@y" },
	{ "delivery 7: failure:", SENDLOG_OTHER, "", "to", "" },
	{ "delivery : failure: x", SENDLOG_OTHER, "", "to", "" },
	{ "delivery 7: maybe: x", SENDLOG_OTHER, "", "to", "" },
	{ "order hold msg " ID ": uid=5 recipients=2", SENDLOG_ORDER, "hold",
		"uid", "5" },
	{ "order hold", SENDLOG_OTHER, "", "uid", "" },
	{ "end msg " ID, SENDLOG_END, "", "to", "" },
	{ "", SENDLOG_OTHER, "", "to", "" },
};

static const struct {
	const char *age;
	bool good;
	uint64_t seconds;
} ages[] = {
	{ "90", true, 90 },
	{ "90s", true, 90 },
	{ "15m", true, 900 },
	{ "2h", true, 7200 },
	{ "3d", true, 259200 },
	{ "1w", true, 604800 },
	{ "", false, 0 },
	{ "h", false, 0 },
	{ "-1", false, 0 },
	{ "1 h", false, 0 },
	{ "1hh", false, 0 },
	{ "99999999999", false, 0 },
};

static void
test_sendlog(void)
{
	struct sendlog_event e;
	static struct sendlog l;
	char v[8];
	size_t i;

	sendlog_init(&l);
	for (i = 0; i < sizeof(lines) / sizeof(*lines); i++) {
		sendlog_line(&l, lines[i].line, &e);
		ok(e.kind == lines[i].kind, "%s: kind", lines[i].line);
		ok(strcmp(e.text, lines[i].text) == 0, "%s: text, '%s'",
			lines[i].line, e.text);
		ok(strcmp(sendlog_value(e.rest, lines[i].key, v, sizeof(v)),
			   lines[i].value) == 0,
			"%s: value", lines[i].line);
		ok(e.kind == SENDLOG_OTHER || strcmp(e.id, ID) == 0, "%s: id",
			lines[i].line);
	}
	is_num(l.running.count, 0, "nothing runs, nothing is remembered");
	sendlog_value(" to=much-longer-than-v", "to", v, sizeof(v));
	ok(strcmp(v, "much-lo") == 0, "a long value is cut");
}

/* Without the memory of starts: for logs of any length. */
static void
test_anyway(void)
{
	struct sendlog_event e;
	static struct sendlog l;

	sendlog_init(&l);
	l.anyway = true;
	sendlog_line(&l, "delivery 7: deferral: not_now/ to=x@y dsn=4", &e);
	ok(e.kind == SENDLOG_DEFERRAL && !*e.id, "a result without its start");
	ok(strcmp(e.text, "not now") == 0, "its text");
	sendlog_line(&l, "starting delivery 8: msg " ID " to local x@y", &e);
	ok(e.kind == SENDLOG_START && strcmp(e.id, ID) == 0, "a start");
	ok(l.running.count == 0, "is not remembered");
}

static void
test_args(void)
{
	bool flag = false, other = false;
	const char *text = NULL, *more = NULL;
	const struct args_option o[] = { { 'j', "json", &flag, NULL },
		{ 'n', NULL, &other, NULL }, { 'l', "lines", NULL, &text },
		{ 0, "to", NULL, &more } };
	static char w[][12] = { "x", "a", "-nj", "--lines=3", "--to", "-", "--",
		"-z", "--json=1" };
	char *good[] = { w[0], w[1], w[2], w[3], w[4], w[5], w[6], w[7], NULL };
	char *bad[] = { w[0], w[4], NULL };
	char *flagged[] = { w[0], w[8], NULL };
	uint64_t s;
	size_t i;

	ok(args_parse(o, 4, 8, good) == 2, "two operands");
	ok(strcmp(good[0], "a") == 0 && strcmp(good[1], "-z") == 0 && !good[2],
		"which are moved to the front");
	ok(flag && other, "flags may be joined");
	ok(text && strcmp(text, "3") == 0, "--lines=3");
	ok(more && strcmp(more, "-") == 0, "--to -");
	ok(args_parse(o, 4, 2, bad) == -1, "no value");
	ok(args_parse(o, 4, 2, flagged) == -1, "a value for a flag");
	for (i = 0; i < sizeof(ages) / sizeof(*ages); i++)
		ok(args_age(ages[i].age, &s) == ages[i].good &&
				(!ages[i].good || s == ages[i].seconds),
			"age '%s'", ages[i].age);
}

int
main(void)
{
	test_sendlog();
	test_anyway();
	test_args();
	return done_testing();
}
