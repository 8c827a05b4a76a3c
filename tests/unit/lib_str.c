/* SPDX-License-Identifier: 0BSD */
#include "lib/str.h"

#include <sys/wait.h>
#include <unistd.h>

#include "tap.h"

static void
test_ceiling(void)
{
	static const struct {
		const char *first, *second;
		const char *want;
		bool over;
	} t[] = {
		{ "", "", "", false },
		{ "1234", "", "1234", false },
		{ "12345678", "", "12345678", false },
		{ "1234", "5678", "12345678", false },
		{ "123456789", "", "12345678", true },
		{ "1234", "56789", "12345678", true },
		{ "12345678", "9", "12345678", true },
		{ "123456789", "x", "12345678", true },
	};

	for (size_t i = 0; i < sizeof t / sizeof *t; i++) {
		struct str s = STR_INIT(8);

		str_puts(&s, t[i].first);
		str_puts(&s, t[i].second);
		is_str(str_c(&s), t[i].want, "ceiling %zu: bytes", i);
		is_num(s.over, t[i].over, "ceiling %zu: over", i);
		is_num(s.len, strlen(t[i].want), "ceiling %zu: len", i);
		str_free(&s);
	}
}

static void
test_over(void)
{
	volatile size_t huge = SIZE_MAX;
	struct str s = STR_INIT(4);

	str_puts(&s, "abc");
	ok(!str_room(&s, 2), "no room for 2 of 1");
	ok(s.over, "which marks it");
	is_num(s.len, 3, "and adds nothing");
	str_putc(&s, 'd');
	is_str(str_c(&s), "abc", "nothing follows a gap");
	str_clear(&s);
	ok(!s.over, "clear forgets over");
	ok(str_room(&s, 4), "room up to the ceiling");
	ok(!str_room(&s, SIZE_MAX), "room for SIZE_MAX does not wrap");
	str_clear(&s);
	str_puts(&s, "x");
	ok(!str_room(&s, SIZE_MAX), "nor with bytes in it");
	str_clear(&s);
	str_putc(&s, 'x');
	str_put(&s, "four...", huge);
	is_str(str_c(&s), "xfou", "a length that would wrap is cut");
	str_free(&s);
	is_num(s.max, 4, "free keeps the ceiling");
	ok(!s.s && !s.len && !s.cap && !s.over, "and nothing else");
	str_puts(&s, "again");
	is_str(str_c(&s), "agai", "usable after free");
	str_free(&s);
}

static void
test_default_ceiling(void)
{
	struct str s = STR_INIT(0);
	char *big = xmalloc(STR_MAX + 1);

	memset(big, 'x', STR_MAX + 1);
	str_put(&s, big, STR_MAX);
	is_num(s.len, STR_MAX, "STR_MAX bytes fit without a ceiling");
	ok(!s.over, "and are not over");
	str_putc(&s, 'y');
	ok(s.over && s.len == STR_MAX, "one more is over");
	is_num(strlen(str_c(&s)), STR_MAX, "NUL after a full string");
	str_clear(&s);
	str_put(&s, big, STR_MAX + 1);
	ok(s.over && s.len == STR_MAX, "one too many at once");
	free(big);
	str_free(&s);
}

static void
test_bytes(void)
{
	struct str s = STR_INIT(100);

	is_str(str_c(&s), "", "str_c of a new string");
	str_put(&s, NULL, 0);
	str_put(&s, "a\0b", 3);
	str_putc(&s, 0);
	is_mem(s.s, s.len, "a\0b\0", 4, "NUL bytes are bytes");
	ok(!str_is(&s, "a"), "a NUL does not end a comparison");
	is_num(str_c(&s)[4], 0, "a NUL is kept beyond");
	is_num(s.len, 4, "and not counted");
	str_cut(&s, 9);
	is_num(s.len, 4, "cut does not lengthen");
	str_cut(&s, 1);
	ok(str_is(&s, "a"), "cut and is");
	ok(!str_is(&s, "") && !str_is(&s, "ab") && !str_is(&s, "b"), "is not");
	str_clear(&s);
	ok(str_is(&s, ""), "empty is empty");
	str_putnum(&s, UINT64_MAX);
	str_putnum(&s, 0);
	is_str(str_c(&s), "184467440737095516150", "putnum");
	str_free(&s);
	ok(str_is(&s, ""), "freed is empty");
}

static void
test_chomp(void)
{
	static const struct {
		const char *in, *want;
	} t[] = {
		{ "", "" },
		{ " ", "" },
		{ " \t\r \r", "" },
		{ "a \t", "a" },
		{ "a\r", "a" },
		{ " a b ", " a b" },
		{ "a\n", "a\n" },
		{ "a \n ", "a \n" },
		{ "a\v", "a\v" },
	};

	for (size_t i = 0; i < sizeof t / sizeof *t; i++) {
		struct str s = STR_INIT(20);

		str_puts(&s, t[i].in);
		str_chomp(&s);
		is_str(str_c(&s), t[i].want, "chomp %zu", i);
		str_free(&s);
	}
}

static void
test_growth(void)
{
	struct str s = STR_INIT(70000);
	size_t bad = 0;

	for (int i = 0; i < 70000; i++)
		str_putc(&s, (char)(i % 251));
	for (int i = 0; i < 70000; i++)
		bad += s.s[i] != (char)(i % 251);
	is_num(s.len, 70000, "grown byte by byte");
	is_num(bad, 0, "bytes survive growth");
	ok(!s.over, "up to the ceiling");
	ok(s.cap <= 70001, "memory stays within the ceiling");
	str_free(&s);
}

#ifndef __SANITIZE_ADDRESS__
static void
exit_77(void)
{
	_exit(77);
}

/* Exit code and first bytes on fd 2 of a child that runs out of memory. */
static int
run_out(void (*handler)(void), bool again, char *text, size_t max)
{
	volatile size_t huge = SIZE_MAX / 2;
	int fds[2], status = 0;
	ssize_t n;
	pid_t pid;

	if (pipe(fds) < 0 || (pid = fork()) < 0)
		return -1;
	if (pid == 0) {
		dup2(fds[1], 2);
		if (handler)
			str_oom = handler;
		if (again)
			xrealloc(xmalloc(10), huge);
		xmalloc(huge);
		_exit(0);
	}
	close(fds[1]);
	n = read(fds[0], text, max - 1);
	text[n > 0 ? n : 0] = 0;
	close(fds[0]);
	waitpid(pid, &status, 0);
	return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}
#endif

static void
test_oom(void)
{
#ifdef __SANITIZE_ADDRESS__
	skip("the sanitizer ends the program first", "out of memory");
#else
	char text[100];

	is_num(run_out(NULL, false, text, sizeof text), 111, "default oom");
	is_str(text, "out of memory\n", "and what it says");
	is_num(run_out(exit_77, false, text, sizeof text), 77, "own oom");
	is_num(run_out(exit_77, true, text, sizeof text), 77, "realloc");
#endif
}

static void
test_malloc(void)
{
	char *p = xmalloc(0), *s = xstrdup("copy");

	ok(p != NULL, "xmalloc(0) is something");
	p = xrealloc(p, 0);
	ok(p != NULL, "xrealloc to 0 too");
	is_str(s, "copy", "xstrdup");
	free(p);
	free(s);
}

int
main(void)
{
	test_ceiling();
	test_over();
	test_default_ceiling();
	test_bytes();
	test_chomp();
	test_growth();
	test_oom();
	test_malloc();
	return done_testing();
}
