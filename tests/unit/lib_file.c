/* SPDX-License-Identifier: 0BSD */
#include "lib/file.h"

#include <dirent.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "lib/fd.h"
#include "tap.h"

static size_t
entries(const char *path)
{
	DIR *d = opendir(path);
	struct dirent *e;
	size_t n = 0;

	while (d && (e = readdir(d)))
		n += e->d_name[0] != '.';
	if (d)
		closedir(d);
	return n;
}

static void
put(const char *path, const void *p, size_t n)
{
	int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC, 0644);

	fd_writeall(fd, p, n);
	close(fd);
}

static void
test_read(void)
{
	static const size_t sizes[] = { 0, 1, 2, 31, 32, 33, 4095, 4096, 4097,
		8192, 9999, 10000, 10001, 50000 };
	static char data[50000];

	for (size_t i = 0; i < sizeof data; i++)
		data[i] = (char)(i % 253);
	for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++) {
		struct str s = STR_INIT(10000);
		size_t n = sizes[i];

		put("f", data, n);
		if (n > 10000) {
			is_errno(file_read("f", &s), EFBIG, "%zu: too big", n);
			is_num(s.over, 1, "%zu: marked", n);
		} else {
			is_num(file_read("f", &s), 0, "%zu: read", n);
			is_mem(s.s, s.len, data, n, "%zu: bytes", n);
			ok(!s.over, "%zu: not marked", n);
		}
		str_free(&s);
	}
}

static void
test_alone(void)
{
	int fd, p[2];

	put("f", "x", 1);
	fd = open("f", O_RDONLY);
	is_num(file_alone(fd), 0, "one name");
	is_num(link("f", "g"), 0, "linked");
	is_errno(file_alone(fd), EMLINK, "two names");
	unlink("g");
	is_num(file_alone(fd), 0, "one again");
	close(fd);
	is_num(pipe(p), 0, "a pipe");
	is_errno(file_alone(p[0]), EMLINK, "is no plain file");
	close(p[0]);
	close(p[1]);
	is_errno(file_alone(-1), EBADF, "no descriptor");
}

static void
test_read_more(void)
{
	struct str s = STR_INIT(5);
	int p[2];

	put("f", "cd", 2);
	str_puts(&s, "ab");
	is_num(file_read("f", &s), 0, "read");
	is_str(str_c(&s), "abcd", "appends");
	is_errno(file_read("f", &s), EFBIG, "ceiling is for the whole");
	str_clear(&s);
	is_errno(file_read("nosuch", &s), ENOENT, "absent");
	is_errno(file_read(".", &s), EISDIR, "a directory");
	is_errno(file_read("f/x", &s), ENOTDIR, "below a file");
	is_errno(file_readfd(-1, &s), EBADF, "no descriptor");
	is_num(s.len, 0, "nothing was appended");
	fd_pipe(p);
	fd_writeall(p[1], "a\0b", 3);
	close(p[1]);
	is_num(file_readfd(p[0], &s), 0, "a pipe");
	is_mem(s.s, s.len, "a\0b", 3, "with NUL");
	close(p[0]);
	str_free(&s);
	s.max = 10000;
	is_num(file_read("/proc/self/status", &s), 0, "a file of size 0");
	ok(s.len > 100, "that has text");
	str_free(&s);
}

static void
is_file(const char *path, const char *want, unsigned mode, const char *name)
{
	struct str s = STR_INIT(1000);
	struct stat st = { 0 };

	file_read(path, &s);
	is_mem(s.s, s.len, want, strlen(want), "%s: content", name);
	stat(path, &st);
	is_num(st.st_mode & 07777, mode, "%s: mode", name);
	str_free(&s);
}

static void
test_replace(void)
{
	umask(077);
	mkdir("d", 0755);
	is_num(file_replace("d/f", "new", 3, 0644), 0, "a new file");
	is_file("d/f", "new", 0644, "new");
	is_num(file_replace("d/f", "", 0, 0600), 0, "by an empty one");
	is_file("d/f", "", 0600, "empty");
	put("d/f.tmp", "left behind by a crash", 22);
	is_num(file_replace("d/f", "x", 1, 0640), 0, "over a stale .tmp");
	is_file("d/f", "x", 0640, "stale");
	is_num(entries("d"), 1, "nothing is left behind");
	put("victim", "safe", 4);
	is_num(symlink("../victim", "d/f.tmp"), 0, "a link as .tmp");
	is_num(file_replace("d/f", "y", 1, 0640), 0, "is not followed");
	is_file("victim", "safe", 0600, "victim");
	is_num(file_replace("plain", "z", 1, 0600), 0, "without directory");
	is_file("plain", "z", 0600, "plain");
	umask(022);
}

static void
test_replace_fails(void)
{
	mkdir("e", 0755);
	file_replace("e/f", "old", 3, 0644);
	mkdir("e/f.tmp", 0755);
	ok(file_replace("e/f", "new", 3, 0644) == -1, ".tmp is a directory");
	is_file("e/f", "old", 0644, "untouched");
	rmdir("e/f.tmp");
	is_errno(
		file_replace("nosuch/f", "x", 1, 0644), ENOENT, "no directory");
	mkdir("e/dir", 0755);
	is_errno(file_replace("e/dir", "x", 1, 0644), EISDIR,
		"a directory is no file");
	is_num(entries("e"), 2, "nothing is left behind");
}

/* A write that fails in the middle. */
static void
test_no_room(void)
{
	struct rlimit lim = { 4096, 4096 };
	static char data[10000];
	int status = -1;
	pid_t pid;

	mkdir("g", 0755);
	file_replace("g/f", "old", 3, 0644);
	pid = fork();
	if (pid == 0) {
		signal(SIGXFSZ, SIG_IGN);
		setrlimit(RLIMIT_FSIZE, &lim);
		_exit(file_replace("g/f", data, sizeof data, 0644) == -1 &&
					errno == EFBIG
				? 0
				: 1);
	}
	waitpid(pid, &status, 0);
	is_num(status, 0, "no room: refused");
	is_file("g/f", "old", 0644, "no room");
	is_num(entries("g"), 1, "no room: nothing is left behind");
}

static void
test_syncdir(void)
{
	put("h", "", 0);
	is_num(file_syncdir("."), 0, "a directory");
	is_num(file_syncdir("/"), 0, "the root");
	is_errno(file_syncdir("h"), ENOTDIR, "a file");
	is_errno(file_syncdir("nosuch"), ENOENT, "absent");
}

int
main(void)
{
	char dir[] = "/tmp/lib_file.XXXXXX";

	if (!mkdtemp(dir) || chdir(dir) < 0)
		return 1;
	test_read();
	test_read_more();
	test_alone();
	test_replace();
	test_replace_fails();
	test_no_room();
	test_syncdir();
	/* everything in it has a name from above */
	unlink("f");
	unlink("h");
	unlink("plain");
	unlink("victim");
	unlink("d/f");
	rmdir("d");
	rmdir("e/dir");
	unlink("e/f");
	rmdir("e");
	unlink("g/f");
	rmdir("g");
	is_num(chdir("/") + rmdir(dir), 0, "no other file was made");
	return done_testing();
}
