/* SPDX-License-Identifier: 0BSD */
#include "lib/dotlock.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "lib/stamp.h"
#include "tap.h"

static char dir[] = "/tmp/lib_dotlock.XXXXXX";

static void
make(const char *path, int64_t age)
{
	time_t t = (time_t)(stamp_now() - age);
	struct timespec ts[2] = { { .tv_sec = t }, { .tv_sec = t } };
	int fd = open(path, O_WRONLY | O_CREAT, 0600);

	ok(fd >= 0 && futimens(fd, ts) == 0, "a lock of %d s", (int)age);
	close(fd);
}

static void
test_longname(void)
{
	static char name[9000];

	memset(name, 'x', sizeof name - 1);
	is_num(dotlock_take(name, 0), 0, "a name that is too long");
	name[253] = 0;
	is_num(dotlock_take(name, 0), 0, "too long with its suffix");
}

int
main(void)
{
	char buf[32] = "";
	int64_t start;
	pid_t pid;
	int fd;

	if (!mkdtemp(dir) || chdir(dir) < 0)
		return 1;
	is_num(dotlock_take("f", 0), 1, "free");
	fd = open("f.lock", O_RDONLY);
	ok(fd >= 0 && read(fd, buf, sizeof buf - 1) > 0 &&
			atoi(buf) == (int)getpid(),
		"it has our process id");
	close(fd);
	is_errno(dotlock_take("f", 0), ETIMEDOUT, "taken");
	start = stamp_mono();
	is_errno(dotlock_take("f", start + 120), ETIMEDOUT, "taken, waiting");
	ok(stamp_mono() - start >= 120, "as long as it should");
	pid = fork();
	if (pid == 0) {
		usleep(200000);
		dotlock_drop("f");
		_exit(0);
	}
	is_num(dotlock_take("f", stamp_mono() + 5000), 1, "given back");
	waitpid(pid, NULL, 0);
	dotlock_drop("f");
	ok(access("f.lock", F_OK) < 0, "dropped");

	make("f.lock", DOTLOCK_STALE - 20);
	is_errno(dotlock_take("f", 0), ETIMEDOUT, "old");
	unlink("f.lock");
	make("f.lock", DOTLOCK_STALE + 20);
	is_num(dotlock_take("f", 0), 1, "too old");
	dotlock_drop("f");
	ok(symlink("gone", "f.lock") == 0, "a link");
	is_errno(dotlock_take("f", 0), ETIMEDOUT, "a link is a lock");
	ok(access("gone", F_OK) < 0, "and not followed");
	unlink("f.lock");
	ok(mkdir("f.lock", 0700) == 0, "a directory");
	is_errno(dotlock_take("f", 0), ETIMEDOUT, "is a lock, too");
	rmdir("f.lock");
	is_errno(dotlock_take("none/f", 0), ENOENT, "no directory");
	test_longname();
	pid = fork();
	if (pid == 0)
		_exit((getuid() == 0 && setuid(65534) < 0) ||
			dotlock_take("/f", 0) != 0);
	is_num(waitpid(pid, &fd, 0), pid, "as nobody");
	is_num(fd, 0, "no permission: none is made");
	if (chdir("/") < 0 || rmdir(dir) < 0)
		return 1;
	return done_testing();
}
