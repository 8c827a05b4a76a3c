/* SPDX-License-Identifier: 0BSD */
#include "local/program.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "lib/fd.h"
#include "lib/num.h"
#include "lib/proc.h"
#include "lib/sig.h"
#include "lib/stamp.h"
#include "wire/status.h"

enum { GRACE = 2000 }; /* ms between SIGTERM and SIGKILL */

static const int watched[] = { SIGCHLD, SIGTERM, SIGINT, SIGHUP, 0 };

/* Take what is in the pipe; all of it is read so that the program does not
 * block, a part is kept. false: end of file. */
static bool
collect(int fd, struct result *r)
{
	char buf[4096];
	ssize_t n = fd_read(fd, buf, sizeof buf);

	if (n < 0)
		return errno == EAGAIN || errno == EWOULDBLOCK;
	for (ssize_t i = 0; i < n && r->text.len < PROGRAM_TEXT; i++)
		str_putc(&r->text, buf[i] ? buf[i] : '?');
	return n > 0;
}

struct watch {
	pid_t pid;
	int sigfd, outfd;
	int64_t deadline;
	const char *killed; /* why, when it was */
	const char *at;
};

static void
put_down(struct watch *w, const char *why)
{
	kill(-w->pid, w->killed ? SIGKILL : SIGTERM);
	if (!w->killed)
		w->killed = why;
	w->deadline = stamp_mono() + GRACE;
}

static bool
has_ended(pid_t pid)
{
	siginfo_t si = { 0 };

	return waitid(P_PID, (id_t)pid, &si, WEXITED | WNOHANG | WNOWAIT) < 0 ||
	       si.si_pid == pid;
}

/* Until the program itself has ended; a child of its may hold the pipe open
 * for as long as it likes. Its wait status. */
static int
attend(struct watch *w, struct result *r)
{
	bool open = true;
	int status, sig;

	for (;;) {
		struct pollfd p[2] = { { w->sigfd, POLLIN, 0 },
			{ open ? w->outfd : -1, POLLIN, 0 } };
		int64_t left = w->deadline - stamp_mono();

		if (has_ended(w->pid))
			break;
		if (left <= 0)
			put_down(w, "took too long");
		else if (poll(p, 2, left > 60000 ? 60000 : (int)left) > 0) {
			while ((sig = sig_next(w->sigfd)) != 0)
				if (sig != SIGCHLD)
					put_down(w, "was interrupted");
			if (p[1].revents)
				open = collect(w->outfd, r);
		}
	}
	for (int i = 0; open && i < 64; i++) {
		struct pollfd p = { w->outfd, POLLIN, 0 };

		if (poll(&p, 1, 0) != 1)
			break;
		open = collect(w->outfd, r);
	}
	/* Not reaped yet, so that the number still is its own. */
	if (w->killed)
		kill(-w->pid, SIGKILL);
	return proc_wait(w->pid, &status) < 0 ? -1 : status;
}

/* Does what it said end in that line? Then it was for us. */
static bool
is_expanded(struct result *r, size_t before)
{
	static const char line[] = PROGRAM_EXPANDED "\n";
	size_t n = sizeof line - 1, len = r->text.len;

	if (len - before < n || memcmp(r->text.s + len - n, line, n) != 0 ||
		(len - before > n && r->text.s[len - n - 1] != '\n'))
		return false;
	str_cut(&r->text, len - n);
	return true;
}

static enum program_end
judge(const struct watch *w, int status, size_t before, struct result *r)
{
	int code = proc_code(status);
	char class = status_delivery(code), num[NUM_FMT];

	if (r->text.len > before && r->text.s[r->text.len - 1] != '\n')
		str_putc(&r->text, '\n');
	if (w->killed) {
		result_temp(r, "4.3.0", "Program ", w->killed, ": ", w->at);
		return PROGRAM_FAILED;
	}
	if (code < 0) {
		num_fmt(num, (uint64_t)WTERMSIG(status));
		result_temp(r, "4.3.0", "Program was ended by signal ", num,
			": ", w->at);
		return PROGRAM_FAILED;
	}
	if (class == 'K' && is_expanded(r, before))
		r->info = PROGRAM_EXPANDED;
	if (class == 'K')
		return code == 99 ? PROGRAM_STOP : PROGRAM_DONE;
	r->class = class;
	/* its own words, where it has any */
	if (r->text.len == before) {
		num_fmt(num, (uint64_t)code);
		result_set(r, class, class == 'D' ? "5.3.0" : "4.3.0",
			"Program exited ", num, (char *)0);
	}
	return PROGRAM_FAILED;
}

static pid_t
start(const char *command, int fd, int out, const char *const *env,
	const struct conf_limits *l)
{

	const char *const argv[] = { "sh", "-c", command, 0 };
	struct proc p = PROC_INIT;

	p.path = "/bin/sh";
	p.argv = argv;
	p.envp = env;
	p.fd[0] = (struct proc_fd){ 0, fd };
	p.fd[1] = (struct proc_fd){ 1, out };
	p.fd[2] = (struct proc_fd){ 2, out };
	p.nfd = 3;
	p.newgroup = 1;
	p.limit = l->rlimit;
	p.nlimit = l->nrlimit;
	return proc_start(&p);
}

enum program_end
program_run(const char *command, const char *at, int fd, const char *const *env,
	const struct conf_limits *l, int64_t limit, struct result *r)
{
	struct watch w = { .at = at, .deadline = stamp_mono() + limit };
	enum program_end end = PROGRAM_FAILED;
	size_t before = r->text.len;
	int out[2], status;

	if (lseek(fd, 0, SEEK_SET) < 0) {
		result_sys(r, "Unable to rewind", "message");
		return PROGRAM_FAILED;
	}
	if (fd_pipe(out) < 0) {
		result_sys(r, "Unable to make", "pipe");
		return PROGRAM_FAILED;
	}
	w.outfd = out[0];
	w.sigfd = sig_fd(watched);
	if (w.sigfd >= 0 && fd_nonblock(out[0]) == 0)
		w.pid = start(command, fd, out[1], env, l);
	else
		w.pid = -1;
	if (w.pid < 0)
		result_sys(r, "Unable to start", "program");
	close(out[1]);
	if (w.pid > 0) {
		status = attend(&w, r);
		end = judge(&w, status, before, r);
	}
	close(out[0]);
	if (w.sigfd >= 0)
		close(w.sigfd);
	for (const int *s = watched; *s; s++)
		sig_unblock(*s);
	return end;
}
