/* SPDX-License-Identifier: 0BSD */
#include "lib/lock.h"

#include <fcntl.h>
#include <signal.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <unistd.h>

#include "lib/stamp.h"
#include "tap.h"

static char path[] = "/tmp/lib_lock.XXXXXX";

static void
on_alarm(int sig)
{
	(void)sig;
}

static void
interrupt(long us)
{
	struct itimerval it = { { 0, us }, { 0, us } };
	struct sigaction sa = { .sa_handler = on_alarm };

	sigaction(SIGALRM, &sa, NULL);
	setitimer(ITIMER_REAL, &it, NULL);
}

/* A child that holds the lock for a while, from before this returns. */
static pid_t
holder(int ms)
{
	int p[2];
	char c;
	pid_t pid;

	if (pipe(p) < 0)
		return -1;
	pid = fork();
	if (pid == 0) {
		int fd = open(path, O_RDWR);

		lock_try(fd);
		if (write(p[1], "x", 1) != 1)
			_exit(1);
		usleep((useconds_t)ms * 1000);
		_exit(0);
	}
	is_num(read(p[0], &c, 1), 1, "holder has it");
	close(p[0]);
	close(p[1]);
	return pid;
}

static void
test_wait(bool signals)
{
	int fd = open(path, O_RDWR);
	pid_t pid = holder(250);
	int64_t start = stamp_mono(), took;

	if (signals)
		interrupt(10000);
	is_errno(lock_wait(fd, start + 80), ETIMEDOUT, "held too long");
	took = stamp_mono() - start;
	ok(took >= 80 && took < 240, "at its time (%d)", (int)took);
	is_num(lock_wait(fd, start + 5000), 0, "released in time");
	took = stamp_mono() - start;
	ok(took >= 150 && took < 2000, "soon after (%d)", (int)took);
	interrupt(0);
	waitpid(pid, NULL, 0);
	close(fd);

	fd = open(path, O_RDWR);
	pid = holder(100);
	if (signals)
		interrupt(10000);
	start = stamp_mono();
	is_num(lock_wait(fd, 0), 0, "without a deadline");
	ok(stamp_mono() - start >= 50, "it waited");
	interrupt(0);
	waitpid(pid, NULL, 0);
	close(fd);
}

static void
test_held(void)
{
	int a = open(path, O_RDWR), b = open(path, O_RDWR);

	is_num(lock_held(a), 0, "nobody holds it");
	is_num(lock_try(a), 0, "asking took nothing");
	is_num(lock_held(a), 0, "no other than we");
	is_num(lock_held(b), 1, "another does");
	close(open(path, O_RDWR));
	is_num(lock_held(b), 1, "still, when a third one was closed");
	close(a);
	is_num(lock_held(b), 0, "gone");
	close(b);
	is_errno(lock_held(b), EBADF, "closed");
	b = open(path, O_RDONLY);
	is_errno(lock_try(b), EBADF, "not open for writing");
	close(b);
}

/* A program with plain fcntl locks and ours keep each other out. */
static void
test_others(void)
{
	struct flock l = { .l_type = F_WRLCK,
		.l_whence = SEEK_SET,
		.l_start = 100,
		.l_len = 1 };
	int fd = open(path, O_RDWR), p[2], status = -1;
	pid_t pid;
	char c;

	if (pipe(p) < 0)
		return;
	pid = fork();
	if (pid == 0) {
		if (fcntl(fd, F_SETLK, &l) < 0 || write(p[1], "x", 1) != 1)
			_exit(1);
		usleep(100000);
		_exit(0);
	}
	is_num(read(p[0], &c, 1), 1, "a plain lock on one byte");
	is_errno(lock_try(fd), EWOULDBLOCK, "keeps us out");
	is_num(lock_wait(fd, stamp_mono() + 5000), 0, "until it is gone");
	waitpid(pid, &status, 0);
	pid = fork();
	if (pid == 0) {
		fd = open(path, O_RDWR);
		_exit(fcntl(fd, F_SETLK, &l) < 0 ? 0 : 1);
	}
	waitpid(pid, &status, 0);
	is_num(status, 0, "and ours keeps it out");
	close(fd);
	close(p[0]);
	close(p[1]);
}

int
main(void)
{
	int a = mkstemp(path), b, c;

	b = open(path, O_RDWR);
	c = dup(a);
	is_num(lock_try(a), 0, "free");
	is_num(lock_try(a), 0, "again by the same");
	is_num(lock_try(c), 0, "by a duplicate");
	is_errno(lock_try(b), EWOULDBLOCK, "held by another");
	is_errno(lock_wait(b, 1), ETIMEDOUT, "a deadline long over");
	close(a);
	is_errno(lock_try(b), EWOULDBLOCK, "the duplicate keeps it");
	close(c);
	is_num(lock_wait(b, 1), 0, "free, though the deadline is over");
	close(b);
	is_errno(lock_try(b), EBADF, "closed");
	is_errno(lock_wait(b, 0), EBADF, "closed");
	is_errno(lock_wait(b, stamp_mono() + 1000), EBADF, "closed");
	test_held();
	test_others();
	test_wait(false);
	test_wait(true);
	unlink(path);
	return done_testing();
}
