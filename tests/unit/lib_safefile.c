/* SPDX-License-Identifier: 0BSD */
#include "lib/safefile.h"

#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "tap.h"

static char dir[] = "/tmp/quill-safefile.XXXXXX";
static char path[200];

static void
check(enum safefile_result want, const char *why, const char *what)
{
	struct str s = STR_INIT(10);
	struct safefile f;

	is_num(safefile_read(&f, path, &s), want, "%s", what);
	if (want == SAFEFILE_OK)
		is_str(str_c(&s), "text", "%s: its text", what);
	else
		is_str(f.why, why, "%s: why", what);
	if (want == SAFEFILE_OK)
		is_num(f.owner, geteuid(), "%s: owner", what);
	str_free(&s);
}

static void
put(const char *text, mode_t mode)
{
	int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC, 0600);

	if (write(fd, text, strlen(text)) < 0)
		tap_diag("write");
	fchmod(fd, mode);
	close(fd);
}

int
main(void)
{
	struct str s = STR_INIT(100);
	struct safefile f;

	if (!mkdtemp(dir))
		return 99;
	snprintf(path, sizeof path, "%s/sub/file", dir);
	check(SAFEFILE_ABSENT, "No such file or directory", "no directory");
	snprintf(path, sizeof path, "%s/sub", dir);
	mkdir(path, 0700);
	check(SAFEFILE_BAD, "is not a plain file", "a directory");
	snprintf(path, sizeof path, "%s/sub/file", dir);
	check(SAFEFILE_ABSENT, "No such file or directory", "no file");
	put("text", 0644);
	check(SAFEFILE_OK, NULL, "a file below /tmp, which is sticky");
	put("text", 0666);
	check(SAFEFILE_BAD, "is writable by others", "mode 666");
	put("text", 0664);
	ok(safefile_read(&f, path, &s) == SAFEFILE_OK && f.group, "mode 664");
	put("longer than ten", 0644);
	check(SAFEFILE_BAD, "is too large", "too large");
	put("text", 0644);
	chmod(dir, 0757);
	check(SAFEFILE_BAD, "is in a directory that is writable by others",
		"a directory two levels above");
	chmod(dir, 01757);
	check(SAFEFILE_OK, NULL, "a sticky one");
	chmod(dir, 0700);
	unlink(path);
	ok(symlink("/proc/self/cmdline", path) == 0, "a link into /proc");
	check(SAFEFILE_BAD, "is not a plain file", "a file of the kernel");
	unlink(path);
	ok(symlink("/etc/passwd", path) == 0, "a link");
	if (geteuid() == 0 && lchown(path, 4711, 4711) == 0) {
		str_clear(&s);
		s.max = 1 << 20;
		is_num(safefile_read(&f, path, &s), SAFEFILE_OK, "is read");
		is_num(f.owner, 4711, "the link's owner says so");
	}
	unlink(path);
	put("text", 0644);
	snprintf(path, sizeof path, "%s/sub", dir);
	if (geteuid() == 0 && chown(path, 4712, 4712) == 0) {
		snprintf(path, sizeof path, "%s/sub/file", dir);
		str_clear(&s);
		is_num(safefile_read(&f, path, &s), SAFEFILE_OK, "is read");
		is_num(f.owner, 4712, "the directory's owner says so");
	}
	snprintf(path, sizeof path, "%s/sub/file", dir);
	unlink(path);
	mkfifo(path, 0600);
	check(SAFEFILE_BAD, "is not a plain file", "a fifo");
	unlink(path);
	snprintf(path, sizeof path, "%s/sub", dir);
	rmdir(path);
	rmdir(dir);
	str_free(&s);
	return done_testing();
}
