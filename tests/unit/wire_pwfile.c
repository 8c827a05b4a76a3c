/* SPDX-License-Identifier: 0BSD */
#include "wire/pwfile.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "tap.h"

static struct str text = STR_INIT(PWFILE_MAX);
static struct pwfile_line l;

/* The hash of a user in a file; NULL without. */
static const char *
hash_of(const char *file, const char *user)
{
	str_clear(&text);
	str_puts(&text, file);
	return pwfile_find(&text, user, &l) ? l.hash : NULL;
}

static void
test_find(void)
{
	char longer[PWFILE_USER_MAX + 20], line[PWFILE_LINE_MAX + 20];

	is_str(hash_of("joe:x\n", "joe"), "x", "a line");
	is_str(hash_of("joe:x", "joe"), "x", "without its end");
	is_str(hash_of("joe:x\r\n", "joe"), "x", "CR LF");
	is_str(hash_of("ann:y\njoe:x:1:2:/h\n", "joe"), "x", "more fields");
	is_num(l.at, 6, "where");
	is_num(l.len, 13, "and how long");
	is_str(hash_of("joe:a\njoe:b\n", "joe"), "a", "the first counts");
	is_str(hash_of("joe@x.example:a\n", "joe@x.example"), "a", "address");
	is_str(hash_of("joex:a\n", "joe"), NULL, "a longer name");
	is_str(hash_of("jo:a\n", "joe"), NULL, "a shorter one");
	is_str(hash_of("#joe:a\n", "#joe"), NULL, "a comment");
	is_str(hash_of("joe\n", "joe"), NULL, "no colon");
	is_str(hash_of("joe:\n", "joe"), NULL, "no hash");
	is_str(hash_of("joe::x\n", "joe"), NULL, "an empty one");
	is_str(hash_of(":x\n", ""), NULL, "no user");
	is_str(hash_of("", ""), NULL, "nothing");
	is_str(hash_of("\n\n:\n::\njoe:x\n", "joe"), "x", "odd lines before");
	memset(longer, 'a', sizeof longer);
	memcpy(longer + PWFILE_USER_MAX + 1, ":x\n", 4);
	longer[PWFILE_USER_MAX] = 'a';
	str_clear(&text);
	str_puts(&text, longer);
	str_puts(&text, "joe:x\n");
	ok(pwfile_find(&text, "joe", &l), "behind a user too long");
	memset(line, 'h', sizeof line);
	memcpy(line, "bob:", 4);
	line[sizeof line - 1] = 0;
	is_str(hash_of(line, "bob"), NULL, "a hash too long");
	str_clear(&text);
	str_put(&text, "joe:x\0y\nann:z\n", 14);
	ok(!pwfile_find(&text, "joe", &l), "a line with NUL");
	ok(pwfile_find(&text, "ann", &l), "does not hide the next");
}

static void
test_user(void)
{
	char out[PWFILE_USER_MAX + 1], longer[PWFILE_USER_MAX + 2];

	ok(pwfile_user(out, "Joe@X.Example"), "an address");
	is_str(out, "joe@x.example", "in lower case");
	ok(pwfile_user(out, "j\303\266"), "UTF-8");
	ok(!pwfile_user(out, ""), "empty");
	ok(!pwfile_user(out, "a b") && !pwfile_user(out, "a\tb") &&
			!pwfile_user(out, "a\nb") && !pwfile_user(out, "a\177"),
		"blank and control");
	ok(!pwfile_user(out, "a:b") && !pwfile_user(out, "#a"), "colon, #");
	memset(longer, 'a', sizeof longer);
	longer[PWFILE_USER_MAX + 1] = 0;
	ok(!pwfile_user(out, longer), "too long");
	longer[PWFILE_USER_MAX] = 0;
	ok(pwfile_user(out, longer), "the longest");
}

static void
test_check(void)
{
	char path[] = "/tmp/pwfile.XXXXXX";
	int fd = mkstemp(path);

	ok(!pwfile_check(fd, getuid()), "0600");
	fchmod(fd, 0640);
	ok(!pwfile_check(fd, getuid()), "0640");
	fchmod(fd, 0604);
	ok(pwfile_check(fd, getuid()), "0604");
	fchmod(fd, 0660);
	ok(pwfile_check(fd, getuid()), "0660");
	fchmod(fd, 0602);
	ok(pwfile_check(fd, getuid()), "0602");
	fchmod(fd, 0600);
	if (getuid() == 0) {
		ok(fchown(fd, 12345, 0) == 0 && pwfile_check(fd, 0),
			"somebody else's");
		ok(!pwfile_check(fd, 12345), "quilla's");
	}
	close(fd);
	unlink(path);
	fd = open("/dev/null", O_RDONLY);
	ok(pwfile_check(fd, getuid()), "no file");
	close(fd);
}

int
main(void)
{
	test_find();
	test_user();
	test_check();
	return done_testing();
}
