/* SPDX-License-Identifier: 0BSD */
#include "lib/stamp.h"

#include <locale.h>
#include <time.h>

#include "tap.h"

/* Expected texts were made with date -u. */
static void
test_known(void)
{
	static const struct {
		int64_t t;
		const char *rfc5322, *mbox, *rfc3339;
	} t[] = {
		{ 0, "Thu, 1 Jan 1970 00:00:00 +0000",
			"Thu Jan  1 00:00:00 1970", "1970-01-01T00:00:00Z" },
		{ -1, "Thu, 1 Jan 1970 00:00:00 +0000",
			"Thu Jan  1 00:00:00 1970", "1970-01-01T00:00:00Z" },
		{ INT64_MIN, "Thu, 1 Jan 1970 00:00:00 +0000",
			"Thu Jan  1 00:00:00 1970", "1970-01-01T00:00:00Z" },
		{ 68169599, "Mon, 28 Feb 1972 23:59:59 +0000",
			"Mon Feb 28 23:59:59 1972", "1972-02-28T23:59:59Z" },
		{ 68169600, "Tue, 29 Feb 1972 00:00:00 +0000",
			"Tue Feb 29 00:00:00 1972", "1972-02-29T00:00:00Z" },
		{ 951782400, "Tue, 29 Feb 2000 00:00:00 +0000",
			"Tue Feb 29 00:00:00 2000", "2000-02-29T00:00:00Z" },
		{ 951868800, "Wed, 1 Mar 2000 00:00:00 +0000",
			"Wed Mar  1 00:00:00 2000", "2000-03-01T00:00:00Z" },
		{ 978307199, "Sun, 31 Dec 2000 23:59:59 +0000",
			"Sun Dec 31 23:59:59 2000", "2000-12-31T23:59:59Z" },
		{ 1795159320, "Fri, 20 Nov 2026 07:22:00 +0000",
			"Fri Nov 20 07:22:00 2026", "2026-11-20T07:22:00Z" },
		{ 2147483648, "Tue, 19 Jan 2038 03:14:08 +0000",
			"Tue Jan 19 03:14:08 2038", "2038-01-19T03:14:08Z" },
		{ 4107542399, "Sun, 28 Feb 2100 23:59:59 +0000",
			"Sun Feb 28 23:59:59 2100", "2100-02-28T23:59:59Z" },
		{ 4107542400, "Mon, 1 Mar 2100 00:00:00 +0000",
			"Mon Mar  1 00:00:00 2100", "2100-03-01T00:00:00Z" },
		{ 253402300799, "Fri, 31 Dec 9999 23:59:59 +0000",
			"Fri Dec 31 23:59:59 9999", "9999-12-31T23:59:59Z" },
		{ 253402300800, "Fri, 31 Dec 9999 23:59:59 +0000",
			"Fri Dec 31 23:59:59 9999", "9999-12-31T23:59:59Z" },
		{ INT64_MAX, "Fri, 31 Dec 9999 23:59:59 +0000",
			"Fri Dec 31 23:59:59 9999", "9999-12-31T23:59:59Z" },
	};
	char buf[STAMP_FMT], date[STAMP_FMT];

	for (size_t i = 0; i < sizeof t / sizeof *t; i++) {
		is_num(stamp_rfc5322(buf, t[i].t), strlen(t[i].rfc5322),
			"rfc5322 %zu: length", i);
		is_str(buf, t[i].rfc5322, "rfc5322 %zu", i);
		is_num(stamp_mbox(buf, t[i].t), strlen(t[i].mbox),
			"mbox %zu: length", i);
		is_str(buf, t[i].mbox, "mbox %zu", i);
		is_num(stamp_rfc3339(buf, t[i].t), strlen(t[i].rfc3339),
			"rfc3339 %zu: length", i);
		is_str(buf, t[i].rfc3339, "rfc3339 %zu", i);
		/* the Received form: no weekday, "-0000" */
		strcpy(date, t[i].rfc5322 + 5);
		*strrchr(date, '+') = '-';
		is_num(stamp_date(buf, t[i].t), strlen(date),
			"date %zu: length", i);
		is_str(buf, date, "date %zu", i);
	}
}

/* Every day of 2000 years, against libc. */
static void
test_calendar(void)
{
	int bad = 0;

	for (int64_t day = 0; day < 730500; day++) {
		time_t t = (time_t)(day * 86400 + day * 7919 % 86400);
		char got[STAMP_FMT], want[STAMP_FMT];
		struct tm tm;

		gmtime_r(&t, &tm);
		strftime(want, sizeof want, "%a %b %e %H:%M:%S %Y", &tm);
		stamp_mbox(got, t);
		if (strcmp(got, want) != 0 && bad++ < 3)
			diag("%lld: %s instead of %s", (long long)t, got, want);
	}
	is_num(bad, 0, "2000 years agree with gmtime");
}

static void
test_clocks(void)
{
	int64_t a = stamp_mono(), us = stamp_us(), now = stamp_now(), b, c;
	struct timespec nap = { 0, 30000000 };

	nanosleep(&nap, NULL);
	b = stamp_mono();
	c = stamp_us();
	ok(a > 0, "mono is positive");
	ok(b - a >= 29 && b - a < 5000, "mono counts milliseconds");
	ok(c - us >= 29000 && c - us < 5000000, "us counts microseconds");
	ok(now - us / 1000000 >= 0 && now - us / 1000000 <= 1,
		"now in seconds");
	ok(now - (int64_t)time(NULL) <= 1, "now is now");
}

int
main(void)
{
	setenv("TZ", "Asia/Tokyo", 1);
	setlocale(LC_ALL, "");
	test_known();
	setlocale(LC_ALL, "C");
	test_calendar();
	test_clocks();
	return done_testing();
}
