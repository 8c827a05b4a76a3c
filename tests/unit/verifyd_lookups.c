/* SPDX-License-Identifier: 0BSD */
/* What quill-verifyd asks quill-lspawn and makes of its reports; the answers
 * it keeps. */
#include "verifyd/lookups.h"

#include "tap.h"
#include "verifyd/memo.h"
#include "wire/job.h"
#include "wire/report.h"

static struct lookups l;
static struct str job = STR_INIT(JOB_RECORD_MAX);
static struct str rep = STR_INIT(REPORT_RECORD_MAX);
static struct verify_answer a;

/* A report of number with that class and text; info fields up to a NULL. */
static int
report(uint32_t number, char class, const char *text, const char *info,
	const char *info2)
{
	static struct report r;

	r = (struct report){ .number = number, .nrcpt = 1 };
	if (info)
		r.info[r.ninfo++] = info;
	if (info2)
		r.info[r.ninfo++] = info2;
	r.rcpt[0] = (struct report_rcpt){ class, NULL, 0, text, "" };
	str_clear(&rep);
	report_encode(&rep, &r);
	return lookups_report(&l, rep.s, rep.len, &a);
}

static void
test_job(void)
{
	static struct job j;
	char longer[ADDR_MAX + 2];
	int slot = lookups_new(&l, "joe-x@quill.example", 100, &job);

	is_num(slot, 0, "the first slot");
	ok(job_decode(&j, job.s, job.len), "a job that lspawn takes");
	is_num(j.nrcpt, 1, "one recipient");
	is_str(j.rcpt[0].addr, "joe-x@quill.example", "the address");
	ok(!j.host, "local");
	is_num(lookups_find(&l, "joe-x@quill.example"), 0, "found again");
	is_num(lookups_find(&l, "joe-X@quill.example"), -1, "no other");
	memset(longer, 'a', sizeof longer);
	longer[sizeof longer - 1] = 0;
	is_num(lookups_new(&l, longer, 100, &job), -1, "too long");
}

static void
test_report(void)
{
	uint32_t n = l.at[0].number;

	is_num(report(n, 'K', ".qmail-x", "uid=1000", "user=joe"), 0, "yes");
	is_num(a.class, VERIFY_YES, "class");
	is_num(a.uid, 1000, "uid");
	is_str(a.user, "joe", "user");
	is_str(a.how, ".qmail-x", "how");
	is_str(a.text, "", "no text");
	is_str(a.local, "joe-x", "local part");
	report(n, 'K', "x", "uid=1000", "uid=0");
	is_num(a.uid, 1000, "the first uid is lspawn's");
	report(n, 'K', "x", NULL, NULL);
	is_num(a.class, VERIFY_TEMP, "without a uid it is no yes");
	report(n, 'K', "x", "uid=4294967295", NULL);
	is_num(a.class, VERIFY_TEMP, "nor with uid -1");
	report(n, 'D', "Sorry.\nNobody. (#5.1.1)\n", "uid=5", NULL);
	is_num(a.class, VERIFY_NO, "no");
	is_num(a.uid, 0, "whose it would be is not said");
	is_str(a.text, "Sorry. Nobody. (#5.1.1)", "one line");
	report(n, 'Z', "Later (#4.3.0)", NULL, NULL);
	is_num(a.class, VERIFY_TEMP, "temporary");
	is_num(report(n + 1, 'K', "x", "uid=1", NULL), -1, "nobody's report");
	is_num(lookups_report(&l, "", 0, &a), -1, "no report");
	lookups_free(&l, 0);
	is_num(report(n, 'K', "x", "uid=1", NULL), -1, "a late report");
}

static void
test_full(void)
{
	char addr[30];
	int i, slot = 0;

	for (i = 0; i < VERIFY_JOBS && slot >= 0; i++) {
		snprintf(addr, sizeof addr, "u%d@x", i);
		slot = lookups_new(&l, addr, i < 5 ? 50 : 100, &job);
	}
	is_num(i, VERIFY_JOBS, "as many as it says");
	is_num(lookups_new(&l, "more@x", 100, &job), -1, "and no more");
	lookups_expire(&l, 60);
	is_num(lookups_find(&l, "u4@x"), -1, "what is over is forgotten");
	is_num(lookups_find(&l, "u5@x"), 5, "what is not, not");
	is_num(lookups_new(&l, "more@x", 100, &job), 0, "there is room");
	lookups_expire(&l, 200);
	for (i = 0, slot = 0; slot >= 0; i++) {
		snprintf(
			addr, sizeof addr, "%s-%d@x", i % 2 ? "Joe" : "joe", i);
		slot = lookups_new(&l, addr, 300, &job);
	}
	is_num(i - 1, LOOKUPS_SHARE, "one user gets half of them");
	ok(lookups_new(&l, "joes@x", 300, &job) >= 0, "others the rest");
}

static void
test_memo(void)
{
	static struct memo m;
	char longer[MEMO_ADDR + 1];

	a = (struct verify_answer){ .class = VERIFY_YES, .uid = 7 };
	memo_put(&m, "joe@x", &a, 1000);
	ok(memo_get(&m, "joe@x", 1000), "kept");
	is_num(memo_get(&m, "joe@x", 1000)->uid, 7, "as it was");
	ok(!memo_get(&m, "Joe@x", 1000), "another address");
	ok(memo_get(&m, "joe@x", 999 + VERIFY_FRESH_MS), "fresh");
	ok(!memo_get(&m, "joe@x", 1000 + VERIFY_FRESH_MS), "not any more");
	a.class = VERIFY_NO;
	memo_put(&m, "ann@x", &a, 1000);
	ok(!memo_get(&m, "ann@x", 1000 + MEMO_NO_MS), "no is forgotten sooner");
	a.class = VERIFY_TEMP;
	memo_put(&m, "bob@x", &a, 1000);
	ok(!memo_get(&m, "bob@x", 1000), "temporary is not kept");
	a.class = VERIFY_YES;
	memset(longer, 'a', MEMO_ADDR);
	longer[MEMO_ADDR] = 0;
	memo_put(&m, longer, &a, 1000);
	ok(!memo_get(&m, longer, 1000), "too long to be kept");
	longer[MEMO_ADDR - 1] = 0;
	memo_put(&m, longer, &a, 1000);
	ok(memo_get(&m, longer, 1000), "the longest");
	memo_clear(&m);
	ok(!memo_get(&m, longer, 1000), "cleared");
}

int
main(void)
{
	test_job();
	test_report();
	test_full();
	test_memo();
	return done_testing();
}
