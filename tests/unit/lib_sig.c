/* SPDX-License-Identifier: 0BSD */
#include "lib/sig.h"

#include <fcntl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "tap.h"

static volatile sig_atomic_t caught[65];

static void
note(int sig)
{
	caught[sig]++;
}

static void (*disposition(int sig))(int)
{
	struct sigaction sa;

	sigaction(sig, NULL, &sa);
	return sa.sa_handler;
}

static uint64_t
bit(int sig)
{
	return (uint64_t)1 << (sig - 1);
}

static void
test_catch(void)
{
	struct sigaction sa;
	int p[2], status;
	pid_t pid;
	char c;

	sig_catch(SIGALRM, note);
	sigaction(SIGALRM, NULL, &sa);
	ok(sa.sa_handler == note && !(sa.sa_flags & SA_RESTART), "caught");
	is_num(sig_caught(), bit(SIGALRM), "noted");
	if (pipe(p) < 0)
		return;
	pid = fork();
	if (pid == 0) {
		/* until the parent sleeps, and once more for a slow one */
		for (int i = 0; i < 20; i++) {
			usleep(30000);
			if (kill(getppid(), SIGALRM) < 0)
				break;
		}
		_exit(0);
	}
	is_errno(read(p[0], &c, 1), EINTR, "a read is interrupted");
	ok(caught[SIGALRM] >= 1, "the handler ran");
	kill(pid, SIGKILL);
	waitpid(pid, &status, 0);
	close(p[0]);
	close(p[1]);

	sig_ignore(SIGALRM);
	ok(disposition(SIGALRM) == SIG_IGN, "ignored");
	is_num(sig_caught(), 0, "no longer caught");
	is_num(sig_ignored(), bit(SIGALRM), "noted");
	sig_catch(SIGALRM, note);
	is_num(sig_caught(), bit(SIGALRM), "caught again");
	is_num(sig_ignored(), 0, "no longer ignored");
	sig_default(SIGALRM);
	ok(disposition(SIGALRM) == SIG_DFL, "default");
	is_num(sig_caught() | sig_ignored(), 0, "nothing noted");
	sig_ignore(64);
	is_num(sig_ignored(), bit(64), "the last signal");
	sig_default(64);
	sig_catch(SIGKILL, note);
	sig_ignore(SIGSTOP);
	is_num(sig_ignored(), 0, "SIGSTOP cannot be");
	sig_default(SIGKILL);
}

static void
test_block(void)
{
	caught[SIGUSR1] = 0;
	sig_catch(SIGUSR1, note);
	sig_block(SIGUSR1);
	raise(SIGUSR1);
	is_num(caught[SIGUSR1], 0, "blocked");
	sig_unblock(SIGUSR1);
	is_num(caught[SIGUSR1], 1, "and delivered");
	sig_default(SIGUSR1);
}

static void
test_fd(void)
{
	static const int sigs[] = { SIGTERM, SIGHUP, SIGCHLD, 0 };
	int fd, status = -1, got[3] = { 0 };
	pid_t pid;

	/* as if inherited: lib/sig does not know */
	signal(SIGCHLD, SIG_IGN);
	fd = sig_fd(sigs);
	ok(fd >= 0, "sig_fd");
	is_num(fcntl(fd, F_GETFD), FD_CLOEXEC, "close-on-exec");
	is_num(sig_next(fd), 0, "none pending, and no waiting");
	raise(SIGHUP);
	raise(SIGTERM);
	raise(SIGHUP);
	got[0] = sig_next(fd);
	got[1] = sig_next(fd);
	ok(got[0] + got[1] == SIGHUP + SIGTERM && got[0] != got[1],
		"each once (%d, %d)", got[0], got[1]);
	is_num(sig_next(fd), 0, "then none");
	pid = fork();
	if (pid == 0)
		_exit(3);
	is_num(waitpid(pid, &status, 0), pid, "children can be waited for");
	is_num(WEXITSTATUS(status), 3, "and leave their code");
	is_num(sig_next(fd), SIGCHLD, "and a signal");
	close(fd);
	is_num(sig_next(fd), 0, "nothing from a closed one");
}

static void
test_reset(void)
{
	sigset_t all, now;
	int bad = 0;

	sigfillset(&all);
	for (int sig = 1; sig < 32; sig++)
		signal(sig, SIG_IGN);
	sig_ignore(SIGPIPE);
	sig_catch(SIGTERM, note);
	sigprocmask(SIG_SETMASK, &all, NULL);
	sig_reset();
	for (int sig = 1; sig < 32; sig++)
		bad += disposition(sig) != SIG_DFL;
	is_num(bad, 0, "all default");
	sigprocmask(SIG_SETMASK, NULL, &now);
	for (int sig = 1; sig < 32; sig++)
		bad += sigismember(&now, sig);
	is_num(bad, 0, "none blocked");
	is_num(sig_caught() | sig_ignored(), 0, "nothing noted");
}

int
main(void)
{
	alarm(0);
	test_catch();
	test_block();
	test_fd();
	test_reset();
	return done_testing();
}
