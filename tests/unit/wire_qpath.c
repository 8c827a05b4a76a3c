/* SPDX-License-Identifier: 0BSD */
#include "wire/qpath.h"

#include "lib/stamp.h"
#include "tap.h"

static void
test_fmt(void)
{
	struct qid id = { 0, 0 }, back;
	char s[QID_LEN + 1], t[QID_LEN + 1];

	qid_fmt(s, id);
	is_str(s, "0000000000000000", "least");
	id.us = (UINT64_C(1) << 55) - 1;
	id.rnd = (1 << 25) - 1;
	qid_fmt(s, id);
	is_str(s, "vvvvvvvvvvvvvvvv", "largest");
	id.us = 1795160000123456;
	id.rnd = 0x123456;
	qid_fmt(s, id);
	is_num(strlen(s), QID_LEN, "length");
	ok(qid_parse(s, &back) && qid_equal(id, back), "round trip");
	is_num(qid_birth(back), 1795160000, "birth");
	is_num(qid_split(back), 0x16, "split");
	id.us++;
	qid_fmt(t, id);
	ok(strcmp(s, t) < 0, "a later one sorts behind");
	ok(!qid_equal(id, back), "and is another");
}

static void
test_order(void)
{
	struct qid a, b;
	char s[QID_LEN + 1], t[QID_LEN + 1];
	uint64_t x = 88172645463325252u;
	int wrong = 0;

	for (int i = 0; i < 20000; i++) {
		x ^= x << 13, x ^= x >> 7, x ^= x << 17;
		a.us = x >> 9;
		a.rnd = x & 0x1ffffff;
		x ^= x << 13, x ^= x >> 7, x ^= x << 17;
		b.us = i % 2 ? x >> 9 : a.us ^ (1u << x % 20);
		b.rnd = x & 0x1ffffff;
		qid_fmt(s, a);
		qid_fmt(t, b);
		wrong += (strcmp(s, t) < 0) !=
			 (a.us < b.us || (a.us == b.us && a.rnd < b.rnd));
	}
	is_num(wrong, 0, "text sorts as time, then number");
}

static void
test_parse(void)
{
	static const char *const bad[] = { "000000000000000", "",
		"000000000000000w", "000000000000000V", "00000000 0000000",
		"000000000000000/", "-000000000000000" };
	static const struct {
		const char *name;
		bool good;
		enum qfile f;
	} names[] = {
		{ "000000000000000v.mess", true, QFILE_MESS },
		{ "000000000000000v.env", true, QFILE_ENV },
		{ "000000000000000v", false, 0 },
		{ "000000000000000u.mess", false, 0 },
		{ "000000000000000v.mes", false, 0 },
		{ "000000000000000v.messy", false, 0 },
		{ "000000000000000v.ENV", false, 0 },
		{ "000000000000000v0.env", false, 0 },
		{ "00000000000000v.env", false, 0 },
		{ ".", false, 0 },
		{ "..", false, 0 },
		{ "", false, 0 },
	};
	struct qid id;
	enum qfile f;

	for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++)
		ok(!qid_parse(bad[i], &id), "no id: \"%s\"", bad[i]);
	ok(qid_parse("0123456789abcdef.env", &id), "an id with a rest");
	for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
		bool r = qpath_parse(names[i].name, 31, &id, &f);

		ok(r == names[i].good && (!r || f == names[i].f), "name \"%s\"",
			names[i].name);
	}
}

static void
test_paths(void)
{
	struct qid id = { 1, 10 };
	char p[QPATH_MAX];

	qpath_fmt(p, id, QFILE_MESS);
	is_str(p, "msg/a/000000000010000a.mess", "message");
	qpath_fmt(p, id, QFILE_ENV);
	is_str(p, "msg/a/000000000010000a.env", "envelope");
	qpath_fmt(p, id, QFILE_BOUNCE);
	is_str(p, "bounce/000000000010000a", "bounce");
	qpath_fmt(p, id, QFILE_LOST_MESS);
	is_str(p, "lost/000000000010000a.mess", "lost message");
	qpath_fmt(p, id, QFILE_LOST_ENV);
	is_str(p, "lost/000000000010000a.env", "lost envelope");
	qpath_split(p, 0);
	is_str(p, "msg/0", "first directory");
	qpath_split(p, QSPLITS - 1);
	is_str(p, "msg/v", "last directory");
}

static void
test_new(void)
{
	struct qid a = qid_new(), b = qid_new();
	unsigned seen = 0;

	ok(!qid_equal(a, b), "two are different");
	ok(stamp_now() - qid_birth(a) <= 1 && qid_birth(a) <= stamp_now(),
		"born now");
	for (int i = 0; i < 2000; i++)
		seen |= 1u << qid_split(qid_new());
	is_num(seen, 0xffffffffu, "all directories are used");
}

int
main(void)
{
	test_fmt();
	test_order();
	test_parse();
	test_paths();
	test_new();
	return done_testing();
}
