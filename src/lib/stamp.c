/* SPDX-License-Identifier: 0BSD */
#include "lib/stamp.h"

#include <stdbool.h>
#include <string.h>
#include <time.h>

#include "lib/num.h"

int64_t
stamp_now(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_REALTIME, &ts);
	return (int64_t)ts.tv_sec;
}

int64_t
stamp_us(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_REALTIME, &ts);
	return (int64_t)ts.tv_sec * 1000000 + ts.tv_nsec / 1000;
}

int64_t
stamp_mono(void)
{
	struct timespec ts;
	int64_t ms;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	ms = (int64_t)ts.tv_sec * 1000 + ts.tv_nsec / 1000000;
	return ms ? ms : 1;
}

struct civil {
	unsigned year, month, day; /* month 0 to 11, day 1 to 31 */
	unsigned hour, minute, second;
	unsigned weekday; /* 0 Sunday */
};

static const int64_t last_second = 253402300799; /* of year 9999 */

static bool
is_leap(unsigned year)
{
	return year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
}

static void
to_civil(struct civil *c, int64_t t)
{
	static const unsigned char days[12] = { 31, 28, 31, 30, 31, 30, 31, 31,
		30, 31, 30, 31 };
	unsigned day, sec;

	if (t < 0)
		t = 0;
	if (t > last_second)
		t = last_second;
	day = (unsigned)(t / 86400);
	sec = (unsigned)(t % 86400);
	c->hour = sec / 3600;
	c->minute = sec / 60 % 60;
	c->second = sec % 60;
	c->weekday = (day + 4) % 7;
	/* 400 years are 146097 days, so at most 400 + 20 turns. */
	c->year = 1970 + day / 146097 * 400;
	day %= 146097;
	for (;;) {
		unsigned n = is_leap(c->year) ? 366 : 365;

		if (day < n)
			break;
		day -= n;
		c->year++;
	}
	for (c->month = 0;; c->month++) {
		unsigned n = days[c->month];

		if (c->month == 1 && is_leap(c->year))
			n++;
		if (day < n)
			break;
		day -= n;
	}
	c->day = day + 1;
}

static const char weekdays[] = "SunMonTueWedThuFriSat";
static const char months[] = "JanFebMarAprMayJunJulAugSepOctNovDec";

static char *
put(char *p, const char *s, size_t n)
{
	memcpy(p, s, n);
	p[n] = 0;
	return p + n;
}

static char *
put_clock(char *p, const struct civil *c)
{
	p += num_fmt0(p, c->hour, 2);
	*p++ = ':';
	p += num_fmt0(p, c->minute, 2);
	*p++ = ':';
	return p + num_fmt0(p, c->second, 2);
}

static char *
put_date(char *p, const struct civil *c)
{
	p += num_fmt(p, c->day);
	*p++ = ' ';
	p = put(p, months + 3 * c->month, 3);
	*p++ = ' ';
	p += num_fmt(p, c->year);
	*p++ = ' ';
	return put_clock(p, c);
}

size_t
stamp_date(char buf[STAMP_FMT], int64_t t)
{
	struct civil c;

	to_civil(&c, t);
	return (size_t)(put(put_date(buf, &c), " -0000", 6) - buf);
}

size_t
stamp_rfc5322(char buf[STAMP_FMT], int64_t t)
{
	struct civil c;
	char *p;

	to_civil(&c, t);
	p = put(buf, weekdays + 3 * c.weekday, 3);
	p = put(p, ", ", 2);
	return (size_t)(put(put_date(p, &c), " +0000", 6) - buf);
}

size_t
stamp_mbox(char buf[STAMP_FMT], int64_t t)
{
	struct civil c;
	char *p;

	to_civil(&c, t);
	p = put(buf, weekdays + 3 * c.weekday, 3);
	*p++ = ' ';
	p = put(p, months + 3 * c.month, 3);
	*p++ = ' ';
	/* asctime(3) pads the day with a blank; readers match columns. */
	if (c.day < 10)
		*p++ = ' ';
	p += num_fmt(p, c.day);
	*p++ = ' ';
	p = put_clock(p, &c);
	*p++ = ' ';
	return (size_t)(p - buf) + num_fmt(p, c.year);
}

size_t
stamp_rfc3339(char buf[STAMP_FMT], int64_t t)
{
	struct civil c;
	char *p = buf;

	to_civil(&c, t);
	p += num_fmt0(p, c.year, 4);
	*p++ = '-';
	p += num_fmt0(p, c.month + 1, 2);
	*p++ = '-';
	p += num_fmt0(p, c.day, 2);
	*p++ = 'T';
	p = put_clock(p, &c);
	return (size_t)(put(p, "Z", 1) - buf);
}
