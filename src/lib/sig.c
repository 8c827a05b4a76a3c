/* SPDX-License-Identifier: 0BSD */
#include "lib/sig.h"

#include <string.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include "lib/fd.h"

static uint64_t caught, ignored;

static void
set(int sig, void (*fn)(int))
{
	uint64_t bit = (uint64_t)1 << (sig - 1), before = caught;
	struct sigaction sa;

	memset(&sa, 0, sizeof sa);
	sa.sa_handler = fn;
	sigemptyset(&sa.sa_mask);
	/* The notes are made so that at no time a handler runs unrecorded. */
	if (fn != SIG_DFL && fn != SIG_IGN)
		caught |= bit;
	if (sigaction(sig, &sa, 0) < 0) {
		caught = before;
		return;
	}
	ignored &= ~bit;
	if (fn == SIG_IGN)
		ignored |= bit;
	if (fn == SIG_DFL || fn == SIG_IGN)
		caught &= ~bit;
}

void
sig_catch(int sig, void (*fn)(int))
{
	set(sig, fn);
}

void
sig_ignore(int sig)
{
	set(sig, SIG_IGN);
}

void
sig_default(int sig)
{
	set(sig, SIG_DFL);
}

static void
mask(int how, int sig)
{
	sigset_t s;

	sigemptyset(&s);
	if (sig)
		sigaddset(&s, sig);
	sigprocmask(how, &s, 0);
}

void
sig_block(int sig)
{
	mask(SIG_BLOCK, sig);
}

void
sig_unblock(int sig)
{
	mask(SIG_UNBLOCK, sig);
}

void
sig_reset(void)
{
	for (int sig = 1; sig < 32; sig++)
		if (sig != SIGKILL && sig != SIGSTOP)
			set(sig, SIG_DFL);
	mask(SIG_SETMASK, 0);
}

uint64_t
sig_caught(void)
{
	return caught;
}

uint64_t
sig_ignored(void)
{
	return ignored;
}

int
sig_fd(const int *sigs)
{
	sigset_t s;

	sigemptyset(&s);
	for (; *sigs; sigs++) {
		sigaddset(&s, *sigs);
		/* Where it was inherited as ignored, children would vanish
		 * without a status, blocked or not. */
		if (*sigs == SIGCHLD)
			set(SIGCHLD, SIG_DFL);
	}
	if (sigprocmask(SIG_BLOCK, &s, 0) < 0)
		return -1;
	return signalfd(-1, &s, SFD_NONBLOCK | SFD_CLOEXEC);
}

int
sig_next(int fd)
{
	struct signalfd_siginfo si;

	if (fd_read(fd, &si, sizeof si) != (ssize_t)sizeof si)
		return 0;
	return (int)si.ssi_signo;
}
