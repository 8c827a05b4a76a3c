/* SPDX-License-Identifier: 0BSD */
#include "wire/verify.h"

#include "tap.h"
#include "unit/wire_hostile.h"

static bool
question(char *p, size_t n)
{
	const char *addr;
	uint32_t number;

	return verify_question(p, n, &number, &addr) && strlen(addr) < n;
}

static bool
answer(char *p, size_t n)
{
	struct verify_answer a;
	uint32_t number;

	if (!verify_decode(&a, &number, p, n))
		return false;
	return strlen(a.user) + strlen(a.local) + strlen(a.how) +
		       strlen(a.text) <
	       n;
}

static void
test_question(void)
{
	static const char q[] = "N4294967295\0joe@quill.example";
	char longer[ADDR_MAX + 10];
	const char *addr;
	uint32_t number;

	ok(verify_question(q, sizeof q, &number, &addr), "question");
	is_num(number, 4294967295u, "number");
	is_str(addr, "joe@quill.example", "address");
	is_num(hostile_cut(question, q, sizeof q), 0, "truncated");
	hostile_flip(question, q, sizeof q);
	ok(!question((char[]){ "N1\0a\0" }, 6), "bytes behind");
	ok(question((char[]){ "N1\0" }, 4), "an empty address");
	memset(longer, 'a', sizeof longer);
	memcpy(longer, "N1", 3);
	longer[3 + ADDR_MAX] = 0;
	ok(question(longer, 4 + ADDR_MAX), "the longest address");
	longer[3 + ADDR_MAX] = 'a';
	longer[4 + ADDR_MAX] = 0;
	ok(!question(longer, 5 + ADDR_MAX), "one byte more");
}

static void
test_answer(void)
{
	struct str s = STR_INIT(VERIFY_RECORD_MAX);
	struct verify_answer a;
	char text[VERIFY_TEXT_MAX + 100];
	uint32_t number;

	verify_put(&s, 7, VERIFY_YES, 1000, "joe", "joe-x", ".qmail-x", "");
	ok(verify_decode(&a, &number, s.s, s.len), "yes");
	is_num(number, 7, "number");
	is_num(a.class, VERIFY_YES, "class");
	is_num(a.uid, 1000, "uid");
	is_str(a.user, "joe", "user");
	is_str(a.local, "joe-x", "local part");
	is_str(a.how, ".qmail-x", "how");
	is_num(hostile_cut(answer, s.s, s.len), 0, "truncated");
	hostile_flip(answer, s.s, s.len);
	str_putc(&s, 0);
	ok(!answer(s.s, s.len), "bytes behind");

	memset(text, 'x', sizeof text);
	text[sizeof text - 1] = 0;
	str_clear(&s);
	verify_put(&s, 1, VERIFY_NO, 0, "", "joe-y", "", text);
	ok(verify_decode(&a, &number, s.s, s.len), "no");
	is_num(a.class, VERIFY_NO, "class");
	is_num(strlen(a.text), VERIFY_TEXT_MAX, "a long text is cut");
	is_num(hostile_cut(answer, s.s, s.len), 0, "truncated");
	ok(!answer((char[]){ "N1\0=\0\0j\0j\0h\0" }, 13), "yes without uid");
	ok(!answer((char[]){ "N1\0D\0"
			     "5\0\0\0\0" },
		   11),
		"no with uid");
	ok(!answer((char[]){ "N1\0=\0"
			     "4294967295\0j\0j\0h\0" },
		   22),
		"uid -1");
	ok(!answer((char[]){ "N1\0x\0\0\0\0\0" }, 10), "unknown class");
	str_free(&s);
}

static bool
owns(const char *login, const char *how, const char *sender, const char *how2,
	uid_t uid2)
{
	struct verify_answer a = { .class = VERIFY_YES, .uid = 5 }, b = a;

	strcpy(a.user, "joe");
	strcpy(b.user, "joe");
	strcpy(a.local, login);
	strcpy(a.how, how);
	strcpy(b.local, sender);
	strcpy(b.how, how2);
	b.uid = uid2;
	return verify_owns(&a, &b);
}

static void
test_owns(void)
{
	struct verify_answer no = { .class = VERIFY_NO };

	ok(owns("joe", "default delivery", "joe", "default delivery", 5),
		"the account's own address");
	ok(owns("Joe", ".qmail", "joe-shop", ".qmail-shop", 5),
		"the account's extensions");
	ok(!owns("joe", ".qmail", "joe", ".qmail", 6), "another account's");
	ok(owns("ex.com-ann", ".qmail-ann", "ex.com-ann", ".qmail-ann", 5),
		"a mailbox of a domain: itself");
	ok(!owns("ex.com-ann", ".qmail-ann", "ex.com-bob", ".qmail-bob", 5),
		"not its neighbour");
	ok(!owns("ex.com-ann", ".qmail-default", "ex.com-bob", ".qmail-default",
		   5),
		"what -default gets is not all one's");
	ok(owns("ex.com-ann", ".qmail-default", "ex.com-ANN", ".qmail-default",
		   5),
		"but itself is");
	ok(owns("ex.com-ann", ".qmail-ann", "ex.org-ann", ".qmail-ann", 5),
		"the same file by another domain");
	ok(!owns("ex.com-ann", "default delivery", "ex.com-bob",
		   "default delivery", 5),
		"the default delivery is no file");
	ok(!verify_owns(&no, &no), "nobody owns nothing");
}

static void
test_down(void)
{
	struct verify v = VERIFY_INIT;
	struct verify_answer a;
	char addr[ADDR_MAX + 2];

	is_num(verify_ask(&v, "joe", 1, &a), VERIFY_DOWN,
		"a deadline that is over");
	ok(strstr(a.text, "(#4.3.0)") != NULL, "a text with a code");
	memset(addr, 'a', sizeof addr);
	addr[sizeof addr - 1] = 0;
	is_num(verify_ask(&v, addr, 1, &a), VERIFY_NO, "too long to ask");
	verify_close(&v);
}

int
main(void)
{
	test_question();
	test_answer();
	test_owns();
	test_down();
	return done_testing();
}
