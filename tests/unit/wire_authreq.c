/* SPDX-License-Identifier: 0BSD */
#include "wire/authreq.h"

#include "tap.h"
#include "unit/wire_hostile.h"

static bool
question(char *p, size_t n)
{
	struct authreq q;

	if (!authreq_decode(&q, p, n))
		return false;
	return strlen(q.user) + strlen(q.password) + strlen(q.client) +
		       strlen(q.service) <
	       n;
}

static bool
answer(char *p, size_t n)
{
	enum authreq_class class;
	const char *user;

	return authreq_answered(&class, &user, p, n) && strlen(user) < n;
}

static void
test_question(void)
{
	struct authreq q = { "joe", "pass word\t\xff", "2001:db8::1",
		"submission", true },
		       b;
	struct str s = STR_INIT(AUTHREQ_RECORD_MAX);
	char big[AUTHREQ_PASSWORD_MAX + 2];

	ok(authreq_put(&s, &q), "encoded");
	ok(authreq_decode(&b, s.s, s.len), "decoded");
	is_str(b.user, q.user, "user");
	is_str(b.password, q.password, "password");
	is_str(b.client, q.client, "client");
	is_str(b.service, q.service, "service");
	ok(b.tls, "tls");
	is_num(hostile_cut(question, s.s, s.len), 0, "truncated");
	hostile_flip(question, s.s, s.len);
	str_putc(&s, 'x');
	ok(!question(s.s, s.len), "bytes behind");

	memset(big, 'x', sizeof big);
	big[AUTHREQ_PASSWORD_MAX] = 0;
	q.password = big;
	q.tls = false;
	str_clear(&s);
	ok(authreq_put(&s, &q) && authreq_decode(&b, s.s, s.len) && !b.tls,
		"the longest password");
	big[AUTHREQ_PASSWORD_MAX] = 'x';
	big[AUTHREQ_PASSWORD_MAX + 1] = 0;
	str_clear(&s);
	ok(!authreq_put(&s, &q), "one byte more");
	ok(!authreq_decode(&b, s.s, s.len), "is not decoded either");
	is_num(authreq_ask(&q, 1, NULL), AUTHREQ_NO,
		"and is nobody's, without asking");
	q.password = "x";
	is_num(authreq_ask(&q, 1, NULL), AUTHREQ_DOWN,
		"a deadline that is over");
	str_free(&s);
}

static void
test_answer(void)
{
	struct str s = STR_INIT(AUTHREQ_RECORD_MAX);
	enum authreq_class class;
	const char *user;

	authreq_answer(&s, AUTHREQ_YES, "joe@quill.example");
	ok(authreq_answered(&class, &user, s.s, s.len), "yes");
	is_num(class, AUTHREQ_YES, "class");
	is_str(user, "joe@quill.example", "user");
	is_num(hostile_cut(answer, s.s, s.len), 0, "truncated");
	hostile_flip(answer, s.s, s.len);
	str_clear(&s);
	authreq_answer(&s, AUTHREQ_NO, "");
	ok(authreq_answered(&class, &user, s.s, s.len), "no");
	is_num(class, AUTHREQ_NO, "class");
	str_clear(&s);
	authreq_answer(&s, AUTHREQ_YES, "joe\nRCPT");
	ok(authreq_answered(&class, &user, s.s, s.len), "a name with LF");
	is_num(class, AUTHREQ_TEMP, "is nobody's");
	ok(!answer((char[]){ "=" }, 2), "yes without a name");
	ok(!answer((char[]){ "=a b" }, 5), "a name with a space");
	ok(!answer((char[]){ "Dx" }, 3), "no with a name");
	ok(!answer((char[]){ "Y" }, 2), "an unknown class");
	ok(!answer((char[]){ "=a\0b" }, 5), "two texts");
	str_free(&s);
}

int
main(void)
{
	char secret[] = "secret";

	test_question();
	test_answer();
	authreq_wipe(secret, sizeof secret);
	is_mem(secret, sizeof secret, "\0\0\0\0\0\0", 7, "wiped");
	return done_testing();
}
