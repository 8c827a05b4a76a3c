/* SPDX-License-Identifier: 0BSD */
#include "mail/smtpreply.h"

#include "tap.h"

static struct smtpreply r;

/* Feed the lines of text; the result of the last one fed. */
static enum smtpreply_result
feed(const char *text)
{
	enum smtpreply_result got = SMTPREPLY_MORE;
	const char *lf;

	smtpreply_clear(&r);
	while (got == SMTPREPLY_MORE && *text) {
		lf = strchr(text, '\n');
		lf = lf ? lf + 1 : text + strlen(text);
		got = smtpreply_feed(&r, text, (size_t)(lf - text));
		text = lf;
	}
	return got;
}

static const struct {
	const char *in;
	enum smtpreply_result result;
	unsigned code;
	const char *text, *status;
} t[] = {
	{ "250 ok\r\n", SMTPREPLY_DONE, 250, "250 ok", "" },
	{ "250 ok\n", SMTPREPLY_DONE, 250, "250 ok", "" },
	{ "250 ok", SMTPREPLY_DONE, 250, "250 ok", "" },
	{ "250\r\n", SMTPREPLY_DONE, 250, "250", "" },
	{ "250 \r\n", SMTPREPLY_DONE, 250, "250 ", "" },
	{ "250-\r\n250\r\n", SMTPREPLY_DONE, 250, "250-\n250", "" },
	{ "250-a\r\n250 b\r\n", SMTPREPLY_DONE, 250, "250-a\n250 b", "" },
	{ "250-a\r\n", SMTPREPLY_MORE, 250, "250-a", "" },
	{ "250-a\r\n251 b\r\n", SMTPREPLY_BAD, 250, "250-a", "" },
	{ "250-a\r\nxyz\r\n", SMTPREPLY_BAD, 250, "250-a", "" },
	{ "250-a\r\n\r\n", SMTPREPLY_BAD, 250, "250-a", "" },
	{ "250_ok\r\n", SMTPREPLY_BAD, 0, "", "" },
	{ "2500 ok\r\n", SMTPREPLY_BAD, 0, "", "" },
	{ "25\r\n", SMTPREPLY_BAD, 0, "", "" },
	{ "25x ok\r\n", SMTPREPLY_BAD, 0, "", "" },
	{ " 250 ok\r\n", SMTPREPLY_BAD, 0, "", "" },
	{ "150 ok\r\n", SMTPREPLY_BAD, 0, "", "" },
	{ "650 ok\r\n", SMTPREPLY_BAD, 0, "", "" },
	{ "\r\n", SMTPREPLY_BAD, 0, "", "" },
	{ "571 no\r\n", SMTPREPLY_DONE, 571, "571 no", "" },
	{ "550 a\tb\033\177\377\r\r\n", SMTPREPLY_DONE, 550, "550 a?b????",
		"" },
	{ "550 5.1.1 no\r\n", SMTPREPLY_DONE, 550, "550 5.1.1 no", "5.1.1" },
	{ "550-5.123.999 no\r\n550 5.1.2 x\r\n", SMTPREPLY_DONE, 550,
		"550-5.123.999 no\n550 5.1.2 x", "5.123.999" },
	{ "550 5.1.1\r\n", SMTPREPLY_DONE, 550, "550 5.1.1", "5.1.1" },
	{ "550 4.1.1 no\r\n", SMTPREPLY_DONE, 550, "550 4.1.1 no", "" },
	{ "550 5.1.1.1 no\r\n", SMTPREPLY_DONE, 550, "550 5.1.1.1 no", "" },
	{ "550 5.1 no\r\n", SMTPREPLY_DONE, 550, "550 5.1 no", "" },
	{ "550 5.1.\r\n", SMTPREPLY_DONE, 550, "550 5.1.", "" },
	{ "550 5..1\r\n", SMTPREPLY_DONE, 550, "550 5..1", "" },
	{ "550 5.1.1234 x\r\n", SMTPREPLY_DONE, 550, "550 5.1.1234 x", "" },
	{ "550 5.1.1x\r\n", SMTPREPLY_DONE, 550, "550 5.1.1x", "" },
};

static void
lines(void)
{
	const char *p;
	size_t n;

	feed("250-one\r\n250-\r\n250 three\r\n");
	ok(smtpreply_line(&r, 0, &p, &n), "line 0");
	is_mem(p, n, "one", 3, "its text");
	ok(smtpreply_line(&r, 1, &p, &n) && n == 0, "an empty one");
	ok(smtpreply_line(&r, 2, &p, &n), "line 2");
	is_mem(p, n, "three", 5, "its text");
	ok(!smtpreply_line(&r, 3, &p, &n), "no more");
	feed("250\r\n");
	ok(smtpreply_line(&r, 0, &p, &n) && n == 0, "nothing but a code");
	smtpreply_clear(&r);
	ok(!smtpreply_line(&r, 0, &p, &n), "nothing at all");
}

static void
limits(void)
{
	static char line[SMTPREPLY_LINE_MAX + 3];
	enum smtpreply_result got = SMTPREPLY_MORE;
	unsigned i;

	memset(line, 'x', sizeof line);
	memcpy(line, "250-", 4);
	smtpreply_clear(&r);
	for (i = 0; i < SMTPREPLY_LINES_MAX && got == SMTPREPLY_MORE; i++)
		got = smtpreply_feed(&r, line, 1000);
	is_num(got, SMTPREPLY_MORE, "%d lines", SMTPREPLY_LINES_MAX);
	is_num(r.text.len, SMTPREPLY_TEXT_MAX, "text is cut");
	is_num(smtpreply_feed(&r, line, 1000), SMTPREPLY_BAD, "one more");
	line[3] = ' ';
	smtpreply_clear(&r);
	is_num(smtpreply_feed(&r, line, SMTPREPLY_LINE_MAX), SMTPREPLY_DONE,
		"longest line");
	smtpreply_clear(&r);
	is_num(smtpreply_feed(&r, line, SMTPREPLY_LINE_MAX + 1), SMTPREPLY_BAD,
		"longer");
}

static void
keywords(void)
{
	static const struct {
		const char *line, *arg; /* NULL: another keyword */
	} k[] = {
		{ "SIZE", "" },
		{ "size 10", "10" },
		{ "SiZe   10 20", "10 20" },
		{ "SIZE ", "" },
		{ "SIZEX", NULL },
		{ "SIZ", NULL },
		{ "", NULL },
		{ " SIZE", NULL },
		{ "SIZE=10", NULL },
	};
	const char *arg;
	size_t i, n;

	for (i = 0; i < sizeof k / sizeof *k; i++) {
		bool is = smtpreply_keyword(
			k[i].line, strlen(k[i].line), "SIZE", &arg, &n);

		is_num(is, k[i].arg != NULL, "keyword \"%s\"", k[i].line);
		if (is)
			is_mem(arg, n, k[i].arg, strlen(k[i].arg), "its rest");
	}
}

int
main(void)
{
	char status[SMTPREPLY_STATUS];
	size_t i;

	smtpreply_init(&r);
	for (i = 0; i < sizeof t / sizeof *t; i++) {
		is_num(feed(t[i].in), t[i].result, "reply %zu", i);
		is_num(r.code, t[i].code, "its code");
		is_str(str_c(&r.text), t[i].text, "its text");
		if (t[i].result != SMTPREPLY_DONE)
			continue;
		is_num(smtpreply_status(&r, status), *t[i].status != 0,
			"has a status");
		is_str(status, t[i].status, "its status");
	}
	lines();
	limits();
	keywords();
	str_free(&r.text);
	return done_testing();
}
