/* SPDX-License-Identifier: 0BSD */
#include "wire/report.h"

#include "tap.h"
#include "unit/wire_hostile.h"

static struct report r, d;

static bool
decodes(char *p, size_t n)
{
	size_t sum = 0;

	if (!report_decode(&d, p, n))
		return false;
	for (size_t i = 0; i < d.ninfo; i++)
		sum += strlen(d.info[i]);
	for (size_t i = 0; i < d.nrcpt; i++)
		sum += strlen(d.rcpt[i].text) + strlen(d.rcpt[i].reply);
	return sum < n;
}

static void
is_rcpt(size_t i, char class, const char *status, const char *text,
	const char *reply)
{
	is_num(d.rcpt[i].class, class, "class of %zu", i);
	is_mem(d.rcpt[i].status, d.rcpt[i].status_len, status, strlen(status),
		"status of %zu", i);
	is_str(d.rcpt[i].text, text, "text of %zu", i);
	is_str(d.rcpt[i].reply, reply, "reply of %zu", i);
}

static void
test_round(void)
{
	struct str s = STR_INIT(REPORT_RECORD_MAX);

	r.number = 9;
	r.ninfo = 2;
	r.info[0] = "relay=mx[192.0.2.1]:25";
	r.info[1] = "tls=";
	r.nrcpt = 4;
	r.rcpt[0] = (struct report_rcpt){ 'K', "2.1.5", 0, "ok\nline",
		"250 2.1.5 ok" };
	r.rcpt[1] = (struct report_rcpt){ 'D', "5.1.1xx", 5, "no", "" };
	r.rcpt[2] = (struct report_rcpt){ 'Z', "5.1.1", 0, "later", NULL };
	r.rcpt[3] = (struct report_rcpt){ 'D', NULL, 0, "x (#5.7.1)", "" };
	report_encode(&s, &r);
	ok(report_decode(&d, s.s, s.len), "round trip");
	is_num(d.number, 9, "number");
	is_num(d.ninfo, 2, "info");
	is_str(report_info(&d, "relay"), "mx[192.0.2.1]:25", "relay");
	is_str(report_info(&d, "tls"), "", "tls");
	ok(!report_info(&d, "rel"), "no half a key");
	is_num(d.nrcpt, 4, "recipients");
	is_rcpt(0, 'K', "2.1.5", "ok\nline", "250 2.1.5 ok");
	is_rcpt(1, 'D', "5.1.1", "no", "");
	is_rcpt(2, 'Z', "4.3.0", "later", "");
	is_rcpt(3, 'D', "5.7.1", "x (#5.7.1)", "");
	hostile_cut(decodes, s.s, s.len);
	hostile_flip(decodes, s.s, s.len);
	str_free(&s);
}

static void
test_large(void)
{
	struct str s = STR_INIT(REPORT_RECORD_MAX);
	char *big = malloc(5000);

	memset(big, 'x', 4999);
	big[4999] = 0;
	r.ninfo = REPORT_INFO;
	for (int i = 0; i < REPORT_INFO; i++)
		r.info[i] = i % 2 ? "a=b" : "a=a";
	big[1] = '=';
	r.info[0] = big;
	r.nrcpt = JOB_RCPT_MAX;
	for (int i = 0; i < JOB_RCPT_MAX; i++)
		r.rcpt[i] =
			(struct report_rcpt){ 'Z', "4.123.123", 0, big, big };
	report_encode(&s, &r);
	ok(!s.over, "the largest report fits a record");
	ok(report_decode(&d, s.s, s.len), "and is taken");
	is_num(d.nrcpt, JOB_RCPT_MAX, "all recipients");
	ok(strlen(d.rcpt[99].reply) > 500, "with most of the text");
	str_clear(&s);
	r.nrcpt = 1;
	report_encode(&s, &r);
	ok(report_decode(&d, s.s, s.len), "one large");
	is_num(strlen(d.rcpt[0].text), REPORT_TEXT_MAX, "is cut");
	free(big);
	str_free(&s);
}

static void
test_bad(void)
{
#define REPORT(want, s, name)                                                  \
	ok(decodes((char[]){ s }, sizeof s - 1) == (want), name)
	REPORT(true, "N1\0RK2.0.0 \0", "least");
	REPORT(false, "N1\0", "no recipient");
	REPORT(false, "", "nothing");
	REPORT(false, "N1\0RK2.0.0 x", "not ended");
	REPORT(false, "N1\0RK4.0.0 \0", "status of another class");
	REPORT(false, "N1\0RX2.0.0 \0", "unknown class");
	REPORT(false, "N1\0RK2.0 \0", "half a status");
	REPORT(false, "N1\0RK2.0.0\0", "no blank");
	REPORT(false, "N1\0RK2.1234.0 \0", "four digits");
	REPORT(false, "N1\0Gx\0RK2.0.0 \0", "reply first");
	REPORT(false, "N1\0RK2.0.0 \0Gx\0Gy\0", "two replies");
	REPORT(false, "N1\0RK2.0.0 \0Ia=b\0", "info behind");
	REPORT(false, "N1\0Iab\0RK2.0.0 \0", "info without =");
	REPORT(false, "N1\0\0RK2.0.0 \0", "empty field");
	REPORT(false, "N1\0RK2.0.0 \0Xy\0", "unknown field");
	REPORT(false, "RK2.0.0 \0", "no number");
}

static void
test_status(void)
{
	static const struct {
		char class;
		const char *text, *want;
	} rows[] = {
		{ 'D', "no (#5.1.1)", "5.1.1" },
		{ 'D', "no (#4.1.1) but (#5.2.2)", "5.2.2" },
		{ 'Z', "no (#5.1.1)", "4.3.0" },
		{ 'Z', "(#4.123.999)", "4.123.999" },
		{ 'Z', "(#4.1234.9)", "4.3.0" },
		{ 'D', "(#5.1.1", "5.3.0" },
		{ 'D', "(#5.1", "5.3.0" },
		{ 'D', "(#", "5.3.0" },
		{ 'K', "", "2.0.0" },
		{ 'K', "(#2.1.5)", "2.1.5" },
	};
	struct str s = STR_INIT(REPORT_RECORD_MAX);
	char out[12];

	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		report_status(out, rows[i].class, rows[i].text);
		is_str(out, rows[i].want, "%c %s", rows[i].class, rows[i].text);
	}
	report_all(&s, 3, 2, 'Z', NULL, "busy (#4.2.1)");
	ok(report_decode(&d, s.s, s.len) && d.nrcpt == 2, "one for all");
	is_rcpt(1, 'Z', "4.2.1", "busy (#4.2.1)", "");
	str_free(&s);
}

int
main(void)
{
	test_round();
	test_large();
	test_bad();
	test_status();
	return done_testing();
}
