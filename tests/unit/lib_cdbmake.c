/* SPDX-License-Identifier: 0BSD */
#include "lib/cdbmake.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "lib/cdb.h"
#include "lib/fd.h"
#include "tap.h"

static char dir[] = "/tmp/lib_cdbmake.XXXXXX";

/* Known values of the hash, calculated by hand: h = h * 33 ^ c from 5381. */
static void
test_hash(void)
{
	is_num(cdb_hash("", 0), 5381, "hash of nothing");
	is_num(cdb_hash("a", 1), 177573 ^ 'a', "hash of a");
	is_num(cdb_hash("\xff", 1), 177573 ^ 0xff, "bytes are unsigned");
	is_num(cdb_hash("\0\0", 2), (uint32_t)(5381u * 33 * 33), "NULs count");
}

static void
test_errors(void)
{
	int full = open("/dev/full", O_RDWR), p[2];
	int fd = open("x.cdb", O_RDWR | O_CREAT | O_TRUNC, 0600);
	struct cdbmake m;
	char buf[512], large[8192];

	cdbmake_start(&m, full, large, sizeof large);
	cdbmake_add(&m, "k", 1, "v", 1);
	is_errno(cdbmake_finish(&m), ENOSPC, "full disk");
	ok(!m.entries, "memory is given back");
	fd_pipe(p);
	is_errno(cdbmake_start(&m, p[1], buf, sizeof buf), ESPIPE, "a pipe");
	is_errno(cdbmake_add(&m, "k", 1, "v", 1), ESPIPE, "stays");
	is_errno(cdbmake_finish(&m), ESPIPE, "to the end");
	close(p[0]);
	close(p[1]);

	/* The data is not there, so it must be refused unread. */
	cdbmake_start(&m, fd, buf, sizeof buf);
	is_errno(cdbmake_add(&m, "k", 1, "v", (size_t)1 << 32), EFBIG,
		"4 GiB of data");
	is_errno(cdbmake_add(&m, "k", 1, "v", 1), EFBIG, "stays");
	is_errno(cdbmake_finish(&m), EFBIG, "to the end");
	cdbmake_start(&m, fd, buf, sizeof buf);
	is_errno(cdbmake_add(&m, "k", SIZE_MAX, "v", SIZE_MAX), EFBIG,
		"lengths that wrap");
	cdbmake_finish(&m);
	cdbmake_start(&m, fd, buf, sizeof buf);
	m.pos = UINT32_MAX - 10;
	is_num(cdbmake_add(&m, "k", 1, "v", 1), 0, "the last that fits");
	is_errno(cdbmake_add(&m, "k", 1, "v", 1), EFBIG, "one too many");
	cdbmake_finish(&m);
	cdbmake_start(&m, fd, buf, sizeof buf);
	m.pos = UINT32_MAX - 10 - 15;
	is_num(cdbmake_add(&m, "k", 1, "v", 1), 0, "fits");
	is_errno(cdbmake_finish(&m), EFBIG, "its table does not");
	close(fd);
	close(full);
}

/* A file that was longer before, and not at its start. */
static void
test_start(void)
{
	int fd = open("x.cdb", O_RDWR | O_CREAT | O_TRUNC, 0600);
	struct str v = STR_INIT(100);
	struct cdbmake m;
	char junk[5000], buf[16];
	struct cdb c;

	memset(junk, 0xff, sizeof junk);
	fd_writeall(fd, junk, sizeof junk);
	is_num(cdbmake_start(&m, fd, buf, sizeof buf), 0, "start");
	cdbmake_add(&m, "k", 1, "v", 1);
	is_num(cdbmake_finish(&m), 0, "finish");
	cdb_init(&c, fd);
	is_num(cdb_get(&c, "k", 1, &v), 1, "is found");
	is_num(cdb_get(&c, "x", 1, &v), 0, "what is not there is not");
	close(fd);
	str_free(&v);
}

enum { RECORDS = 3000 };

static size_t
key_of(int i, char key[100])
{
	size_t n = (size_t)sprintf(key, "key-%d-%.*s", i, i % 60,
		"xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx");

	key[1] = (char)(i % 256);
	return n;
}

static size_t
val_of(int i, char val[2000])
{
	size_t n = (size_t)(i * 7 % 1500);

	memset(val, i % 256, n);
	return n;
}

static void
check_all(const char *file, const char *what)
{
	int fd = open(file, O_RDONLY), bad = 0;
	struct str v = STR_INIT(2000);
	char key[100], val[2000];
	struct cdb c;

	is_num(cdb_init(&c, fd), 0, "%s: init", what);
	for (int i = 0; i < RECORDS; i++) {
		size_t n;

		if (cdb_get(&c, key, key_of(i, key), &v) != 1) {
			bad++;
			continue;
		}
		n = val_of(i, val);
		bad += v.len != n || (n && memcmp(v.s, val, n) != 0);
	}
	is_num(bad, 0, "%s: %d records", what, RECORDS);
	is_num(cdb_get(&c, "nosuch", 6, &v), 0, "%s: no others", what);
	close(fd);
	str_free(&v);
}

static void
write_ours(void)
{
	int fd = open("ours.cdb", O_RDWR | O_CREAT | O_TRUNC, 0600);
	char key[100], val[2000], buf[4096];
	struct cdbmake m;

	cdbmake_start(&m, fd, buf, sizeof buf);
	for (int i = 0; i < RECORDS; i++)
		cdbmake_add(&m, key, key_of(i, key), val, val_of(i, val));
	is_num(cdbmake_finish(&m), 0, "written");
	close(fd);
}

/* The text form that cdb programs read and write. */
static void
write_text(void)
{
	FILE *f = fopen("want.txt", "w");
	char key[100], val[2000];

	for (int i = 0; i < RECORDS; i++) {
		size_t k = key_of(i, key), v = val_of(i, val);

		fprintf(f, "+%zu,%zu:", k, v);
		fwrite(key, 1, k, f);
		fputs("->", f);
		fwrite(val, 1, v, f);
		fputc('\n', f);
	}
	fputc('\n', f);
	fclose(f);
}

static int
shell(const char *cmd)
{
	int status = system(cmd);

	return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

static void
test_tinycdb(void)
{
	if (shell("command -v cdb >/dev/null 2>&1") != 0) {
		skip("no tinycdb", "another reader and writer");
		return;
	}
	is_num(shell("cdb -d ours.cdb >got.txt"), 0, "tinycdb dumps ours");
	is_num(shell("cmp got.txt want.txt"), 0, "record by record");
	is_num(shell("cdb -s ours.cdb >stat.txt"), 0, "and walks its tables");
	/* the name of key 101 has no odd byte; its data is 707 times "e" */
	is_num(shell("key=$(printf 'key-101-%041d' 0 | tr 0 x | "
		     "sed s/1x1/101/) && "
		     "test \"$(cdb -q ours.cdb \"$key\" | tr -dc e | wc -c)\" "
		     "= 707"),
		0, "and finds one of them");
	is_num(shell("cdb -c theirs.cdb want.txt"), 0, "tinycdb writes one");
	check_all("theirs.cdb", "theirs");
}

int
main(void)
{
	static const char *const names[] = { "x.cdb", "ours.cdb", "theirs.cdb",
		"got.txt", "want.txt", "stat.txt" };

	if (!mkdtemp(dir) || chdir(dir) < 0)
		return 1;
	test_hash();
	test_errors();
	test_start();
	write_ours();
	check_all("ours.cdb", "ours");
	write_text();
	test_tinycdb();
	for (size_t i = 0; i < sizeof names / sizeof *names; i++)
		unlink(names[i]);
	is_num(chdir("/") + rmdir(dir), 0, "no other file was made");
	return done_testing();
}
