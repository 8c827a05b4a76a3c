/* SPDX-License-Identifier: 0BSD */
#include "wire/byhand.h"

#include "tap.h"
#include "unit/wire_hostile.h"
#include "wire/report.h"

/* Classes of the recipients in order. */
static const struct {
	const char *name;
	size_t nrcpt;
	const char *bytes;
	size_t n;
	const char *want;
} rows[] = {
#define ROW(name, nrcpt, s, want)                                              \
	{                                                                      \
		name, nrcpt, s, sizeof s - 1, want                             \
	}
	ROW("accepted", 1, "r\0Kok\0", "K"),
	ROW("one of each", 3, "r\0hno\0slater\0Kok\0", "KDZ"),
	ROW("message refused", 3, "r\0hno\0slater\0Dbad\0", "DDZ"),
	ROW("message deferred", 3, "r\0hno\0slater\0Zbusy\0", "ZDZ"),
	ROW("no connection", 2, "Zno route\0", "ZZ"),
	ROW("refused at once", 2, "Dgo away\0", "DD"),
	ROW("one result missing", 2, "r\0Kok\0", "KZ"),
	ROW("trailing bytes", 1, "r\0Kok\0\nmore", "K"),
	ROW("too many", 1, "r\0r\0Kok\0", "Z"),
	ROW("no verdict", 2, "r\0hno\0", "ZZ"),
	ROW("verdict not ended", 1, "r\0Kok", "Z"),
	ROW("nothing", 2, "", "ZZ"),
	ROW("garbage", 2, "Traceback\n", "ZZ"),
	ROW("unknown letter", 1, "x\0Kok\0", "Z"),
};

static struct report d;

static bool
taken(char *p, size_t n)
{
	struct str s = STR_INIT(REPORT_RECORD_MAX);
	bool r;

	byhand_to_report(&s, 5, 2, p, n);
	r = report_decode(&d, s.s, s.len) && d.nrcpt == 2;
	str_free(&s);
	return r;
}

int
main(void)
{
	struct str s = STR_INIT(REPORT_RECORD_MAX);
	static const char sample[] = "r\0hno (#5.1.1)\0Kok\0";

	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		char got[10] = "";

		str_clear(&s);
		byhand_to_report(
			&s, 5, rows[i].nrcpt, rows[i].bytes, rows[i].n);
		if (report_decode(&d, s.s, s.len) && d.nrcpt < sizeof got)
			for (size_t k = 0; k < d.nrcpt; k++)
				got[k] = d.rcpt[k].class;
		is_str(got, rows[i].want, "%s", rows[i].name);
	}
	str_clear(&s);
	byhand_to_report(&s, 5, 2, sample, sizeof sample - 1);
	report_decode(&d, s.s, s.len);
	is_num(d.number, 5, "number");
	is_str(d.rcpt[0].text, "ok", "an accepted one has the message's text");
	is_str(d.rcpt[1].text, "no (#5.1.1)", "a refused one its own");
	is_mem(d.rcpt[1].status, d.rcpt[1].status_len, "5.1.1", 5, "status");
	is_num(hostile_cut(taken, sample, sizeof sample - 1), sizeof sample - 1,
		"truncated: always a report");
	is_num(hostile_flip(taken, sample, sizeof sample - 1),
		8 * (sizeof sample - 1), "flipped: always a report");
	str_free(&s);
	return done_testing();
}
