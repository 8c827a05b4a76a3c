/* SPDX-License-Identifier: 0BSD */
#include "wire/pwreq.h"

#include "tap.h"
#include "unit/wire_hostile.h"

static bool
question(char *p, size_t n)
{
	const char *local;
	uint32_t number;

	return pwreq_question(p, n, &number, &local) && strlen(local) < n;
}

static bool
answer(char *p, size_t n)
{
	struct pwanswer a;

	if (!pwreq_decode(&a, p, n))
		return false;
	return a.found ? strlen(a.u.user) + strlen(a.u.home) +
					 strlen(a.u.dash) + strlen(a.u.ext) <
				 n
		       : strlen(a.text) < n;
}

static void
test_question(void)
{
	struct str s = STR_INIT(PWREQ_MAX * 2);
	const char *local;
	uint32_t number;

	pwreq_ask(&s, 4294967295u, "joe-list");
	ok(pwreq_question(s.s, s.len, &number, &local), "question");
	is_num(number, 4294967295u, "number");
	is_str(local, "joe-list", "local part");
	is_num(hostile_cut(question, s.s, s.len), 0, "truncated");
	hostile_flip(question, s.s, s.len);
	str_putc(&s, 'x');
	ok(!question(s.s, s.len), "bytes behind");
	str_clear(&s);
	pwreq_ask(&s, 0, "");
	ok(question(s.s, s.len), "empty local part");
	ok(!question((char[]){ "N4294967296\0a" }, 14), "number too large");
	str_free(&s);
}

static void
test_answer(void)
{
	struct str s = STR_INIT(PWREQ_MAX * 2);
	struct pwanswer a = { .number = 7,
		.found = true,
		.u = { "joe", "/home/joe", "-", "list", 1000, 1001 } },
			b;

	pwreq_answer(&s, &a);
	ok(pwreq_decode(&b, s.s, s.len), "answer");
	is_num(b.number, 7, "number");
	ok(b.found, "found");
	is_str(b.u.user, "joe", "user");
	is_num(b.u.uid, 1000, "uid");
	is_num(b.u.gid, 1001, "gid");
	is_str(b.u.home, "/home/joe", "home");
	is_str(b.u.dash, "-", "dash");
	is_str(b.u.ext, "list", "ext");
	is_num(hostile_cut(answer, s.s, s.len), 0, "truncated");
	hostile_flip(answer, s.s, s.len);

	str_clear(&s);
	a.found = false;
	a.text = "the name service is ill";
	pwreq_answer(&s, &a);
	ok(pwreq_decode(&b, s.s, s.len) && !b.found, "trouble");
	is_str(b.text, a.text, "why");
	is_num(hostile_cut(answer, s.s, s.len), 0, "truncated");
	str_free(&s);
}

static void
test_user(void)
{
#define USER(want, s, name)                                                    \
	ok(pwuser_decode(&u, s, sizeof s - 1) == (want), name)
	struct pwuser u;

	USER(true,
		"joe\0"
		"1\0"
		"2\0/h\0-\0ext\0",
		"six fields");
	is_num(u.uid, 1, "uid");
	USER(true,
		"joe\0"
		"0\0"
		"0\0/h\0\0\0",
		"empty dash and ext");
	USER(false,
		"joe\0"
		"1\0"
		"2\0/h\0-\0",
		"five fields");
	USER(false,
		"joe\0"
		"1\0"
		"2\0/h\0-\0ext",
		"last one not ended");
	USER(false,
		"joe\0"
		"1\0"
		"2\0/h\0-\0ext\0x\0",
		"seven fields");
	USER(false,
		"\0"
		"1\0"
		"2\0/h\0-\0ext\0",
		"no user");
	USER(false,
		"joe\0\0"
		"2\0/h\0-\0ext\0",
		"no uid");
	USER(false,
		"joe\0-1\0"
		"2\0/h\0-\0ext\0",
		"negative uid");
	USER(false,
		"joe\0"
		"4294967295\0"
		"2\0/h\0-\0ext\0",
		"uid -1");
	USER(false,
		"joe\0"
		"1\0"
		"4294967295\0/h\0-\0ext\0",
		"gid -1");
	USER(false,
		"joe\0"
		"4294967297\0"
		"2\0/h\0-\0ext\0",
		"uid 2^32 + 1");
	USER(false, "", "nothing");
}

int
main(void)
{
	test_question();
	test_answer();
	test_user();
	return done_testing();
}
