/* SPDX-License-Identifier: 0BSD */
#include "wire/aliasdb.h"

#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "lib/cdbmake.h"
#include "tap.h"

static char dir[] = "/tmp/quill-aliasdb.XXXXXX";
static char path[100];

static void
write_db(const char *version, size_t names)
{
	static const char *const name[] = { "joe", "list", "a+b", "list-x",
		"help-default", "a-b-default" };
	struct cdbmake c;
	char buf[512], item[100];
	int fd;

	unlink(path);
	fd = open(path, O_RDWR | O_CREAT | O_TRUNC, 0600);
	cdbmake_start(&c, fd, buf, sizeof buf);
	if (version)
		cdbmake_add(&c, "", 0, version, strlen(version));
	for (size_t i = 0; i < names; i++) {
		int n = snprintf(item, sizeof item, "&%s", name[i]);

		cdbmake_add(&c, name[i], strlen(name[i]), item, (size_t)n + 1);
	}
	cdbmake_finish(&c);
	close(fd);
}

static void
test_items(void)
{
	struct str data = STR_INIT(1000);
	static const char bad[][8] = { "&", "&\0", "?x\0", "/x\0", ":x\0",
		"&ab" };
	const char *text;
	size_t pos = 0;

	aliasdb_put(&data, ALIASDB_ADDRESS, "joe@x", 5);
	aliasdb_put(&data, ALIASDB_FINAL, "ann", 3);
	aliasdb_put(&data, ALIASDB_PROGRAM, "cat | x", 7);
	aliasdb_put(&data, ALIASDB_FILE, "/a/b", 4);
	aliasdb_put(&data, ALIASDB_INCLUDE, "/c", 2);
	is_num(aliasdb_next(&data, &pos, &text), ALIASDB_ADDRESS, "address");
	is_str(text, "joe@x", "its text");
	is_num(aliasdb_next(&data, &pos, &text), ALIASDB_FINAL, "final");
	is_num(aliasdb_next(&data, &pos, &text), ALIASDB_PROGRAM, "program");
	is_str(text, "cat | x", "its text");
	is_num(aliasdb_next(&data, &pos, &text), ALIASDB_FILE, "file");
	is_str(text, "/a/b", "its text");
	is_num(aliasdb_next(&data, &pos, &text), ALIASDB_INCLUDE, "include");
	is_str(text, "/c", "its text");
	is_num(aliasdb_next(&data, &pos, &text), ALIASDB_END, "the end");
	for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
		static const size_t len[] = { 1, 2, 3, 3, 3, 3 };

		str_clear(&data);
		str_put(&data, bad[i], len[i]);
		pos = 0;
		is_num(aliasdb_next(&data, &pos, &text), ALIASDB_DAMAGED,
			"damaged %zu", i);
	}
	str_free(&data);
}

static void
match(struct aliasdb *a, const char *local, const char *want)
{
	struct str data = STR_INIT(1000);
	const char *used = "none";
	enum aliasdb_result r =
		aliasdb_match(a, local, strlen(local), &data, &used);

	is_num(r, want ? ALIASDB_FOUND : ALIASDB_NONE, "match %s", local);
	if (want)
		is_str(used, want, "%s is %s", local, want);
	str_free(&data);
}

int
main(void)
{
	struct str data = STR_INIT(1000);
	struct aliasdb a;
	int fd;

	test_items();
	if (!mkdtemp(dir))
		return 99;
	snprintf(path, sizeof path, "%s/cdb", dir);
	aliasdb_init(&a, path);
	is_num(aliasdb_find(&a, "joe", 3, &data), ALIASDB_NONE, "no database");
	match(&a, "joe+x", NULL);
	write_db("1", 6);
	is_num(aliasdb_find(&a, "JOE", 3, &data), ALIASDB_FOUND, "found");
	is_mem(data.s, data.len, "&joe", 5, "its data");
	is_num(aliasdb_find(&a, "joe+x", 5, &data), ALIASDB_NONE, "exact");
	is_num(aliasdb_find(&a, "", 0, &data), ALIASDB_NONE,
		"the version is no alias");
	match(&a, "Joe", "joe");
	match(&a, "Joe+Lists", "joe");
	match(&a, "joe+a+b", "joe");
	match(&a, "+joe", NULL);
	match(&a, "a+b", "a+b");
	match(&a, "a+c", NULL);
	match(&a, "list-x", "list-x");
	match(&a, "list-y", NULL);
	match(&a, "help", NULL);
	match(&a, "help-", "help-default");
	match(&a, "HELP-me-now", "help-default");
	match(&a, "help-me+now", "help-default");
	match(&a, "a-b-c", "a-b-default");
	match(&a, "a-c", NULL);
	match(&a, "", NULL);
	match(&a, "-", NULL);
	write_db("1", 1);
	match(&a, "list", NULL);
	match(&a, "joe", "joe");
	write_db("2", 1);
	is_errno(aliasdb_find(&a, "joe", 3, &data) == ALIASDB_FAILED ? -1 : 0,
		EBADMSG, "another version");
	write_db(NULL, 1);
	is_num(aliasdb_find(&a, "joe", 3, &data), ALIASDB_FAILED, "no version");
	fd = open(path, O_WRONLY | O_TRUNC);
	close(fd);
	is_num(aliasdb_find(&a, "joe", 3, &data), ALIASDB_FAILED, "empty");
	unlink(path);
	is_num(aliasdb_find(&a, "joe", 3, &data), ALIASDB_NONE, "gone");
	aliasdb_close(&a);
	str_free(&a.key);
	str_free(&data);
	rmdir(dir);
	return done_testing();
}
