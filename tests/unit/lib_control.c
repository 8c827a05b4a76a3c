/* SPDX-License-Identifier: 0BSD */
#include "lib/control.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "lib/fd.h"
#include "tap.h"

static char dir[] = "/tmp/lib_control.XXXXXX";

static void
put(const char *name, const void *p, size_t n)
{
	char path[200];
	int fd;

	sprintf(path, "%s/%s", dir, name);
	fd = open(path, O_WRONLY | O_CREAT | O_TRUNC, 0644);
	fd_writeall(fd, p, n);
	close(fd);
}

static void
puts_file(const char *name, const char *s)
{
	put(name, s, strlen(s));
}

static void
gone(const char *name)
{
	char path[200];

	sprintf(path, "%s/%s", dir, name);
	unlink(path);
}

/* What control_error should say of a file. */
static const char *
complaint(const char *what)
{
	static char text[400];

	snprintf(text, sizeof text, "%s/%s", dir, what);
	return text;
}

static void
test_line(void)
{
	static const struct {
		const char *in;
		size_t n;
		enum control want;
		const char *line;
	} t[] = {
		{ "value\n", 6, CONTROL_OK, "value" },
		{ "value", 5, CONTROL_OK, "value" },
		{ "value\r\n", 7, CONTROL_OK, "value" },
		{ "value \t \r \n", 11, CONTROL_OK, "value" },
		{ "value\r", 6, CONTROL_OK, "value" },
		{ "  a b  \n", 8, CONTROL_OK, "  a b" },
		{ "one\ntwo\n", 8, CONTROL_OK, "one" },
		{ "#x\n", 3, CONTROL_OK, "#x" },
		{ "\357\273\277value\r\n", 10, CONTROL_OK, "value" },
		{ "\357\273\277\r\n", 5, CONTROL_ABSENT, NULL },
		{ "", 0, CONTROL_ABSENT, NULL },
		{ "\n", 1, CONTROL_ABSENT, NULL },
		{ "\r\n", 2, CONTROL_ABSENT, NULL },
		{ " \t\n", 3, CONTROL_ABSENT, NULL },
		{ "\nsecond\n", 8, CONTROL_ABSENT, NULL },
		{ "a\0b\n", 4, CONTROL_BAD, NULL },
		{ "\0", 1, CONTROL_BAD, NULL },
		{ "ok\na\0b\n", 7, CONTROL_OK, "ok" },
	};

	for (size_t i = 0; i < sizeof t / sizeof *t; i++) {
		struct str s = STR_INIT(100);

		str_puts(&s, "untouched");
		put("f", t[i].in, t[i].n);
		is_num(control_line("f", &s), t[i].want, "line %zu", i);
		is_str(str_c(&s), t[i].line ? t[i].line : "untouched",
			"line %zu: value", i);
		if (t[i].want == CONTROL_BAD)
			is_str(control_error(),
				complaint("f: line 1: NUL byte in line"),
				"line %zu: error", i);
		str_free(&s);
	}
}

static void
test_line_limits(void)
{
	char big[CONTROL_LINE_MAX + 10];
	struct str s = STR_INIT(5000), tiny = STR_INIT(3);

	memset(big, 'x', sizeof big);
	big[CONTROL_LINE_MAX - 1] = '\n';
	put("f", big, CONTROL_LINE_MAX);
	is_num(control_line("f", &s), CONTROL_OK, "the longest line");
	is_num(s.len, CONTROL_LINE_MAX - 1, "all of it");
	big[CONTROL_LINE_MAX - 1] = 'x';
	big[CONTROL_LINE_MAX] = '\n';
	put("f", big, CONTROL_LINE_MAX + 1);
	is_num(control_line("f", &s), CONTROL_BAD, "one more byte");
	is_str(control_error(), complaint("f: line 1: line too long"), "error");
	is_num(s.len, CONTROL_LINE_MAX - 1, "value untouched");
	puts_file("f", "abc\n");
	is_num(control_line("f", &tiny), CONTROL_OK, "fits the caller");
	puts_file("f", "abcd\n");
	is_num(control_line("f", &tiny), CONTROL_BAD, "does not");
	is_str(str_c(&tiny), "abc", "value untouched");
	is_num(control_line("nosuch", &s), CONTROL_ABSENT, "no file");
	str_free(&s);
	str_free(&tiny);
}

static void
test_unreadable(void)
{
	struct str s = STR_INIT(100);
	char path[200], long_name[400];

	sprintf(path, "%s/sub", dir);
	mkdir(path, 0755);
	is_num(control_line("sub", &s), CONTROL_BAD, "a directory");
	is_str(control_error(), complaint("sub: Is a directory"), "error");
	puts_file("f", "x\n");
	is_num(control_line("f/x", &s), CONTROL_BAD, "below a file");
	is_str(control_error(), complaint("f/x: Not a directory"), "error");
	memset(long_name, 'n', sizeof long_name);
	long_name[sizeof long_name - 1] = 0;
	is_num(control_line(long_name, &s), CONTROL_BAD, "a long name");
	sprintf(path, "%s/loop", dir);
	is_num(symlink("loop", path), 0, "a link to itself");
	is_num(control_line("loop", &s), CONTROL_BAD, "cannot be opened");
	gone("loop");
	rmdir(strcat(strcpy(path, dir), "/sub"));
	str_free(&s);
}

static void
test_or_me(void)
{
	struct str s = STR_INIT(100);

	gone("f");
	is_num(control_line_or_me("f", &s), CONTROL_ABSENT, "neither");
	puts_file("me", "me.example\n");
	is_num(control_line_or_me("f", &s), CONTROL_OK, "me");
	is_str(str_c(&s), "me.example", "its value");
	puts_file("f", "\n");
	is_num(control_line_or_me("f", &s), CONTROL_OK, "an empty one");
	is_str(str_c(&s), "me.example", "is me too");
	puts_file("f", "f.example\n");
	is_num(control_line_or_me("f", &s), CONTROL_OK, "its own");
	is_str(str_c(&s), "f.example", "its value");
	put("f", "\0\n", 2);
	is_num(control_line_or_me("f", &s), CONTROL_BAD, "a bad one is not me");
	str_free(&s);
}

static void
test_num(void)
{
	static const struct {
		const char *in;
		enum control want;
		uint64_t n;
	} t[] = {
		{ "20\n", CONTROL_OK, 20 },
		{ "10", CONTROL_OK, 10 },
		{ "100\r\n", CONTROL_OK, 100 },
		{ "042 \n", CONTROL_OK, 42 },
		{ "", CONTROL_ABSENT, 77 },
		{ "\n20\n", CONTROL_ABSENT, 77 },
		{ "9\n", CONTROL_BAD, 77 },
		{ "101\n", CONTROL_BAD, 77 },
		{ "-1\n", CONTROL_BAD, 77 },
		{ " 20\n", CONTROL_BAD, 77 },
		{ "20 # comment\n", CONTROL_BAD, 77 },
		{ "20s\n", CONTROL_BAD, 77 },
		{ "18446744073709551636\n", CONTROL_BAD, 77 },
		{ "many\n", CONTROL_BAD, 77 },
	};
	uint64_t n = 77;

	for (size_t i = 0; i < sizeof t / sizeof *t; i++) {
		n = 77;
		puts_file("f", t[i].in);
		is_num(control_num("f", 10, 100, &n), t[i].want, "num %zu", i);
		is_num(n, t[i].n, "num %zu: value", i);
		if (t[i].want == CONTROL_BAD)
			is_str(control_error(),
				complaint("f: line 1: not a number between 10 "
					  "and 100"),
				"num %zu: error", i);
	}
	is_num(control_num("nosuch", 10, 100, &n), CONTROL_ABSENT, "no file");
}

static const char *
collect(void *arg, size_t line, char *entry, size_t n)
{
	char *out = arg;

	if (strlen(entry) != n)
		return "length is wrong";
	if (!strcmp(entry, "bad"))
		return "it says so itself";
	sprintf(out + strlen(out), "%zu=%s;", line, entry);
	memset(entry, 'X', n);
	return NULL;
}

static void
test_list(void)
{
	static const struct {
		const char *in;
		enum control want;
		const char *entries, *error;
	} t[] = {
		{ "", CONTROL_OK, "", NULL },
		{ "\n\n", CONTROL_OK, "", NULL },
		{ "a\nb\n", CONTROL_OK, "1=a;2=b;", NULL },
		{ "a\nb", CONTROL_OK, "1=a;2=b;", NULL },
		{ "a\r\nb \t\r\n", CONTROL_OK, "1=a;2=b;", NULL },
		{ "#c\na\n\n \n\r\n#\nb#b\n", CONTROL_OK, "2=a;7=b#b;", NULL },
		{ " #no comment\n", CONTROL_OK, "1= #no comment;", NULL },
		{ "# only", CONTROL_OK, "", NULL },
		{ "a\nbad\nb\n", CONTROL_BAD, "1=a;",
			"f: line 2: it says so itself" },
		{ "\n\nbad", CONTROL_BAD, "", "f: line 3: it says so itself" },
	};
	char got[1000], *big;

	for (size_t i = 0; i < sizeof t / sizeof *t; i++) {
		got[0] = 0;
		puts_file("f", t[i].in);
		is_num(control_list("f", collect, got), t[i].want, "list %zu",
			i);
		is_str(got, t[i].entries, "list %zu: entries", i);
		if (t[i].error)
			is_str(control_error(), complaint(t[i].error),
				"list %zu: error", i);
	}
	got[0] = 0;
	put("f", "a\n#b\0\nc\n", 8);
	is_num(control_list("f", collect, got), CONTROL_BAD, "NUL");
	is_str(control_error(), complaint("f: line 2: NUL byte in line"),
		"NUL, even in a comment");
	big = malloc(10000);
	memset(big, 'x', 10000);
	memcpy(big, "a\n", 2);
	big[4999] = '\n';
	put("f", big, 10000);
	is_num(control_list("f", collect, got), CONTROL_BAD, "long line");
	is_str(control_error(), complaint("f: line 2: line too long"), "error");
	free(big);
	is_num(control_list("nosuch", collect, got), CONTROL_ABSENT, "absent");
}

/* Last: what was not there at a glance stays away. */
static void
test_glance(void)
{
	struct str s = STR_INIT(100);
	char name[60];

	ok(!control_missing("value"), "not looked yet: may be there");
	gone("later");
	puts_file("value", "1\n");
	control_init("/nonexistent");
	control_glance();
	ok(!control_missing("value"), "no directory: nothing is known");
	control_init(dir);
	/* more names than are remembered */
	for (int i = 0; i < 60; i++) {
		sprintf(name, "a-name-that-is-long-enough-to-fill-it-all-%d",
			i);
		puts_file(name, "");
	}
	control_glance();
	ok(!control_missing("later"), "too many: nothing is known");
	for (int i = 0; i < 60; i++) {
		sprintf(name, "a-name-that-is-long-enough-to-fill-it-all-%d",
			i);
		gone(name);
	}
	for (int i = 0; i < 40; i++) {
		sprintf(name, "many-names-%d", i);
		puts_file(name, "");
	}
	control_glance();
	ok(control_missing("later"), "absent");
	ok(control_missing("valu") && control_missing("values") &&
			control_missing("alue") && control_missing(""),
		"no part of a name is one");
	ok(!control_missing("value"), "present");
	ok(!control_missing("many-names-39"), "all are remembered");
	for (int i = 0; i < 40; i++) {
		sprintf(name, "many-names-%d", i);
		gone(name);
	}
	puts_file("later", "2\n");
	is_num(control_line("later", &s), CONTROL_ABSENT, "absent for ever");
	puts_file("value", "3\n");
	is_num(control_line("value", &s), CONTROL_OK, "present: read");
	is_str(str_c(&s), "3", "as it is now");
	gone("value");
	is_num(control_line("value", &s), CONTROL_ABSENT, "gone meanwhile");
	gone("later");
	str_free(&s);
}

static const char *
survey_entry(void *arg, size_t line, char *entry, size_t n)
{
	(void)line;
	(void)n;
	if (strcmp(entry, "bad") == 0)
		return "no";
	*(size_t *)arg += (size_t)(*entry - '0');
	return NULL;
}

/* Last: there is no way back. */
static void
test_survey(void)
{
	uint64_t n = 7;
	size_t sum = 0;
	FILE *f;
	char text[2000];
	size_t len;
	int saved = dup(2);

	puts_file("value", "x\n");
	puts_file("list", "1\nbad\n2\nbad\n3\n");
	control_glance();
	fflush(stderr);
	f = tmpfile();
	dup2(fileno(f), 2);
	control_survey();
	ok(!control_surveyed(), "nothing yet");
	is_num(control_num("value", 1, 9, &n), CONTROL_ABSENT,
		"a bad value is as good as none");
	is_num(n, 7, "the default stays");
	is_num(control_list("list", survey_entry, &sum), CONTROL_OK,
		"bad lines are passed over");
	is_num(sum, 6, "the others are read");
	is_num(control_bad("x", 0, "why"), CONTROL_ABSENT, "bad");
	ok(control_surveyed(), "there was something");
	dup2(saved, 2);
	close(saved);
	rewind(f);
	len = fread(text, 1, sizeof text - 1, f);
	text[len] = 0;
	fclose(f);
	ok(strstr(text, "/value: line 1: not a number between 1 and 9\n") &&
			strstr(text, "/list: line 2: no\n") &&
			strstr(text, "/list: line 4: no\n") &&
			strstr(text, "/x: why\n"),
		"all of it is said");
	gone("value");
	gone("list");
}

int
main(void)
{
	if (!mkdtemp(dir))
		return 1;
	control_init(dir);
	is_str(control_error(), "", "no error yet");
	test_line();
	test_line_limits();
	test_unreadable();
	test_or_me();
	test_num();
	test_list();
	test_glance();
	control_init(dir);
	is_num(control_bad("x", 0, "why"), CONTROL_BAD, "bad");
	is_str(control_error(), complaint("x: why"), "without a line");
	gone("f");
	gone("me");
	test_survey();
	is_num(rmdir(dir), 0, "no other file was made");
	return done_testing();
}
