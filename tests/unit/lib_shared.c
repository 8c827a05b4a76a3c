/* SPDX-License-Identifier: 0BSD */
/* lib/shared: one memory for many processes, whatever happens to its file */
#include "lib/shared.h"

#include <fcntl.h>
#include <stdatomic.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "tap.h"

static const char magic[8] = "test  m1", other[8] = "test  m2";
static char dir[] = "/tmp/quill-shared.XXXXXX";
static char path[200];

enum { SIZE = 10000 };

static _Atomic uint64_t *
last(struct shared *s)
{
	return (_Atomic uint64_t *)s->p + (SIZE - sizeof *s->head) / 8 - 1;
}

static long long
file_size(void)
{
	struct stat st;

	return stat(path, &st) ? -1 : (long long)st.st_size;
}

/* In a child: it opens the file (magic m), adds n to its last number with what
 * breaks it in between, and exits with 0 if that went well. */
static int
child(const char m[8], uint64_t n, void (*breaks)(void), bool alone)
{
	pid_t pid = fork();
	int status;

	if (!pid) {
		struct shared s;
		int r = shared_open(&s, path, m, SIZE);

		if (s.alone != alone || (r == 0) == alone)
			_exit(1);
		if (breaks)
			breaks();
		atomic_fetch_add(last(&s), n);
		_exit(breaks && *last(&s) != n ? 2 : 0);
	}
	waitpid(pid, &status, 0);
	return status;
}

static uint64_t
stored(const char m[8])
{
	char buf[SIZE];
	uint64_t n;

	if (shared_read(path, m, buf, SIZE) < 0)
		return (uint64_t)-errno;
	memcpy(&n, buf + SIZE - 8, 8);
	return n;
}

static void
cut(void)
{
	(void)!truncate(path, 0);
}

static void
together(void)
{
	pid_t pids[20];
	int bad = 0, status;

	unlink(path);
	for (int i = 0; i < 20; i++)
		if (!(pids[i] = fork())) {
			struct shared s;

			if (shared_open(&s, path, magic, SIZE) < 0)
				_exit(1);
			for (int k = 0; k < 1000; k++)
				atomic_fetch_add(last(&s), 1);
			_exit(0);
		}
	for (int i = 0; i < 20; i++) {
		waitpid(pids[i], &status, 0);
		bad += status != 0;
	}
	is_num(bad, 0, "twenty processes make it at once");
	is_num(stored(magic), 20000, "and lose nothing");
}

int
main(void)
{
	struct shared s[SHARED_FILES + 1];
	struct shared_head seen;
	struct stat st;

	if (!mkdtemp(dir))
		return 99;
	snprintf(path, sizeof path, "%s/f", dir);
	umask(077);
	is_num(child(magic, 1, NULL, false), 0, "the file is made");
	is_num(file_size(), SIZE, "with its size");
	ok(!stat(path, &st) && (st.st_mode & 07777) == 0640,
		"mode 0640 whatever the umask");
	is_num(child(magic, 2, NULL, false), 0, "another process");
	is_num(stored(magic), 3, "adds to it");
	is_errno(shared_read(path, other, &seen, sizeof seen), EINVAL,
		"not for a reader of another layout");
	is_errno(shared_read(dir, magic, &seen, sizeof seen), EINVAL,
		"a directory is no such file");
	ok(!shared_read(path, magic, &seen, sizeof seen) && seen.size == SIZE &&
			seen.born && seen.seed[0],
		"the head");

	is_num(child(other, 5, NULL, false), 0, "another version");
	is_num(stored(other), 5, "replaces it");
	is_num(child(magic, 7, cut, false), 0,
		"a file that is cut while it is used ends nobody");
	is_num(file_size(), 0, "nor does it grow again");
	is_num(child(magic, 9, NULL, false), 0, "the next process");
	is_num(stored(magic), 9, "makes a new one");
	(void)!truncate(path, SIZE / 2);
	is_num(child(magic, 4, NULL, false), 0, "a short file");
	is_num(stored(magic), 4, "is replaced");
	together();

	unlink(path);
	(void)!symlink("/etc/passwd", path);
	is_num(child(magic, 1, NULL, true), 0, "a link is not followed");
	unlink(path);
	if (getuid() == 0 && chown(dir, 1, 1) == 0 && !chmod(dir, 0500)) {
		pid_t pid = fork();
		int status = -1;

		if (!pid)
			_exit(setuid(2) || child(magic, 1, NULL, true));
		waitpid(pid, &status, 0);
		is_num(status, 0, "no permission: memory of one's own");
		ok(chmod(dir, 0700) == 0 && file_size() == -1, "and no file");
	}
	path[strlen(path) - 1] = 0;
	is_num(child(magic, 1, NULL, true), 0, "no file: the same");
	snprintf(path, sizeof path, "%s/f", dir);
	for (int i = 0; i <= SHARED_FILES; i++) {
		int r = shared_open(&s[i], path, magic, SIZE);

		ok(s[i].alone == (i == SHARED_FILES) && r == -s[i].alone,
			"file %d of a process", i);
		++*last(&s[i]);
	}
	is_num(stored(magic), SHARED_FILES, "they are one memory");
	unlink(path);
	is_num(rmdir(dir), 0, "nothing else is left behind");
	return done_testing();
}
