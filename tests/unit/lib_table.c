/* SPDX-License-Identifier: 0BSD */
#include "lib/table.h"

#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "lib/cdbmake.h"
#include "lib/log.h"
#include "tap.h"

static char dir[] = "/tmp/quill-table.XXXXXX";
static char text[100], cdb[100];

static void
set_time(const char *path, time_t when)
{
	struct timespec ts[2] = { { when, 5 }, { when, 5 } };

	utimensat(AT_FDCWD, path, ts, 0);
}

static void
put_text(const char *s, time_t when)
{
	int fd = open(text, O_WRONLY | O_CREAT | O_TRUNC, 0600);

	if (write(fd, s, strlen(s)) < 0)
		tap_diag("write");
	close(fd);
	set_time(text, when);
}

static void
put_cdb(const char *key, const char *val, time_t when)
{
	struct cdbmake c;
	char buf[512];
	int fd;

	unlink(cdb);
	fd = open(cdb, O_RDWR | O_CREAT | O_TRUNC, 0600);
	cdbmake_start(&c, fd, buf, sizeof buf);
	cdbmake_add(&c, key, strlen(key), val, strlen(val));
	cdbmake_finish(&c);
	close(fd);
	set_time(cdb, when);
}

/* What open says, then the value of a key: "-" for none. */
static void
check(enum control want, bool compiled, const char *key, const char *val,
	const char *what)
{
	static const struct table_kind kind = { ':', table_host };
	struct str got = STR_INIT(100);
	struct table t;
	int r;

	is_num(table_open(&t, "list", &kind), want, "%s", what);
	if (want != CONTROL_BAD) {
		is_num(t.compiled, compiled, "%s: compiled", what);
		r = table_get(&t, key, strlen(key), &got);
		is_num(r, val != NULL, "%s: %s", what, key);
		is_num(table_get(&t, key, strlen(key), NULL), val != NULL,
			"%s: without its value", what);
		if (val)
			is_str(str_c(&got), val, "%s: its value", what);
	}
	table_close(&t);
	str_free(&got);
}

int
main(void)
{
	struct table t;
	int fd, null;

	if (!mkdtemp(dir))
		return 99;
	/* the warnings are not this test's business */
	null = open("/dev/null", O_WRONLY);
	dup2(null, 2);
	log_init("test");
	control_init(dir);
	snprintf(text, sizeof text, "%s/list", dir);
	snprintf(cdb, sizeof cdb, "%s/list.cdb", dir);
	check(CONTROL_ABSENT, false, "a", NULL, "neither");
	put_text("A:text\nb:\n", 1000);
	check(CONTROL_OK, false, "a", "text", "text alone");
	check(CONTROL_OK, false, "b", "", "an empty value");
	put_text("# list\na:1\n\nb:2\nA:3\n", 1000);
	is_num(table_open(&t, "list", &(struct table_kind){ ':', NULL }),
		CONTROL_OK, "for its lines");
	is_num(table_line(&t, "b", 1), 4, "a line");
	is_num(table_line(&t, "a", 1), 5, "the last of two");
	is_num(table_line(&t, "c", 1), 0, "no line");
	table_put(&t, "d", 1, "", 0);
	is_num(table_line(&t, "d", 1), 0, "put: no line");
	table_close(&t);
	put_text("A:text\nb:\n", 1000);
	check(CONTROL_OK, false, "c", NULL, "not there");
	put_cdb("a", "cdb", 1000);
	check(CONTROL_OK, true, "a", "cdb", "compiled at the same time");
	check(CONTROL_OK, true, "b", NULL, "not there, compiled");
	put_cdb("a", "cdb", 999);
	check(CONTROL_OK, false, "a", "text", "compiled is older");
	put_cdb("a", "cdb", 1001);
	check(CONTROL_OK, true, "a", "cdb", "compiled is newer");
	table_open(&t, "list", &(struct table_kind){ ':', NULL });
	is_num(table_line(&t, "a", 1), 0, "compiled: no line");
	table_close(&t);
	unlink(text);
	check(CONTROL_ABSENT, false, "a", NULL, "no text");
	put_text("nocolon\n", 1000);
	check(CONTROL_OK, true, "a", "cdb", "the text is not looked into");
	unlink(cdb);
	check(CONTROL_BAD, false, "a", NULL, "a bad text");
	put_text("a:b\nnocolon\n", 1000);
	is_num(table_open(&t, "list", &(struct table_kind){ ':', table_host }),
		CONTROL_BAD, "a good line first");
	is_num(table_get(&t, "a", 1, NULL), 0, "does not count");
	table_close(&t);
	put_text("a b:c\n", 1000);
	check(CONTROL_BAD, false, "a", NULL, "a bad key");
	put_text("m\303\274nchen.x:c\n", 1000);
	check(CONTROL_BAD, false, "a", NULL, "a domain that is not ASCII");
	ok(!table_ascii("j\303\266@a", 4), "but the local part may be so");
	ok(table_ascii("j\303\266@a@\303\274", 8) != NULL, "the domain not");
	ok(!table_ascii("", 0), "nothing at all is ASCII");
	put_text("a:1\nA:2\n", 1000);
	check(CONTROL_OK, false, "a", "2", "the last one counts");
	put_text("a:b\n", 1000);
	fd = open(cdb, O_WRONLY | O_CREAT, 0600);
	close(fd);
	check(CONTROL_BAD, false, "a", NULL, "damaged");
	is_str(strrchr(control_error(), '/'),
		"/list.cdb: damaged, or of another version; run quill-cdb list",
		"the error");
	table_init(&t);
	table_put(&t, "x", 1, "y", 1);
	is_num(table_get(&t, "x", 1, NULL), 1, "put");
	table_close(&t);
	unlink(text);
	unlink(cdb);
	rmdir(dir);
	return done_testing();
}
