/* SPDX-License-Identifier: 0BSD */
/* box.c - a machine for the suite, that can lose its power
 *
 *	box HOME LOG
 *
 * A pid namespace whose first process is this program: when that is killed
 * everything in it is gone at once. Commands, a line each, on descriptor 0:
 *	start [PROGRAM ARG...]	run quill-start, by that program if one is
 *				named, again whenever it ends
 *	plain			from now on without that program
 *	queue TAG MESSAGE ENVELOPE	run quill-queue on two files; every
 *				second time they go to one that is kept
 *	hurry			from now on tell send to try all it has, often
 *	run TAG ARG...		run a program
 * Lines on descriptor 1:
 *	init PID		of the first process, as seen from outside
 *	up			quill-send runs
 *	down CODE		it has ended
 *	queued TAG CODE ID	CODE as of a shell; ID - unless it was told
 *	ran TAG CODE
 * At the end of commands everything ends.
 */
#include <err.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/signalfd.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "kept.h"

enum { JOBS = 256, WORDS = 40, HURRY_MS = 25, AGAIN_MS = 10 };

static const char *home;
static int logfile, logpipe[2] = { -1, -1 };
static pid_t start_pid;
static char *by[WORDS + 1]; /* the program that runs quill-start, or none */
static bool wanted, up, hurry;
static unsigned nqueued;
static long long next_alarm, next_start;
static struct job {
	pid_t pid;
	int id; /* quill-queue tells the id here; -1 for other programs */
	char tag[64];
} jobs[JOBS];

static long long
now_ms(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return t.tv_sec * 1000LL + t.tv_nsec / 1000000;
}

static const char *
program(const char *name)
{
	static char path[4096];

	snprintf(path, sizeof path, "%s/bin/%s", home, name);
	return path;
}

/* In a child: nothing of ours is left. */
static void
clean_child(void)
{
	sigset_t none;

	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
	signal(SIGPIPE, SIG_DFL);
}

static void
start(void)
{
	char *argv[WORDS + 3];
	int n;

	if (logpipe[0] != -1)
		close(logpipe[0]);
	if (pipe2(logpipe, O_CLOEXEC) < 0)
		err(1, "pipe");
	up = false;
	start_pid = fork();
	if (start_pid < 0)
		err(1, "fork");
	if (start_pid == 0) {
		int null = open("/dev/null", O_RDONLY);

		clean_child();
		dup2(null, 0);
		dup2(logpipe[1], 1);
		dup2(logpipe[1], 2);
		if (chdir(home) < 0)
			_exit(111);
		for (n = 0; by[n]; n++)
			argv[n] = by[n];
		argv[n] = strdup(program("quill-start"));
		argv[n + 1] = (char[]){ "./Maildir/" };
		argv[n + 2] = NULL;
		execvp(argv[0], argv);
		_exit(111);
	}
	close(logpipe[1]);
}

static struct job *
new_job(const char *tag)
{
	int i;

	for (i = 0; i < JOBS; i++)
		if (!jobs[i].pid) {
			snprintf(jobs[i].tag, sizeof jobs[i].tag, "%s", tag);
			jobs[i].id = -1;
			return &jobs[i];
		}
	errx(1, "too many jobs");
}

static void
queue(char **w)
{
	struct job *j = new_job(w[1]);
	int fds[2], message = open(w[2], O_RDONLY | O_CLOEXEC),
		    envelope = open(w[3], O_RDONLY | O_CLOEXEC);

	if (message < 0 || envelope < 0 || pipe2(fds, O_CLOEXEC) < 0)
		err(1, "%s", w[2]);
	j->pid = fork();
	if (j->pid < 0)
		err(1, "fork");
	if (j->pid == 0) {
		clean_child();
		if (setgid(65534) < 0 || setuid(65534) < 0)
			_exit(111);
		dup2(message, 0);
		dup2(envelope, 1);
		dup2(fds[1], 6);
		execl(program("quill-queue"), "quill-queue", (char *)NULL);
		_exit(120);
	}
	close(fds[1]);
	close(message);
	close(envelope);
	j->id = fds[0];
}

static void
run(char **w)
{
	struct job *j = new_job(w[1]);

	j->pid = fork();
	if (j->pid < 0)
		err(1, "fork");
	if (j->pid == 0) {
		clean_child();
		execvp(w[2], w + 2);
		_exit(120);
	}
}

static void
obey(char *line)
{
	char *w[WORDS] = { NULL };
	int n = 0;

	for (w[0] = strtok(line, " "); w[n] && n < WORDS - 2;)
		w[++n] = strtok(NULL, " ");
	if (n == 0)
		return;
	if (strcmp(w[0], "start") == 0) {
		for (n = 0; w[n + 1]; n++)
			by[n] = strdup(w[n + 1]);
		wanted = true;
		start();
	} else if (strcmp(w[0], "plain") == 0) {
		by[0] = NULL;
	} else if (strcmp(w[0], "queue") == 0 && n == 4) {
		if (nqueued++ % 2)
			kept_queue(program("quill-queue"), w);
		else
			queue(w);
	} else if (strcmp(w[0], "hurry") == 0) {
		hurry = true;
	} else if (strcmp(w[0], "run") == 0 && n > 2) {
		run(w);
	} else {
		errx(1, "bad command %s", w[0]);
	}
}

static void
ended(pid_t pid, int status)
{
	int i, code = WIFEXITED(status) ? WEXITSTATUS(status)
					: 128 + WTERMSIG(status);
	char id[32] = "-";
	ssize_t n;

	if (pid == start_pid) {
		start_pid = 0;
		up = false;
		printf("down %d\n", code);
		next_start = now_ms() + AGAIN_MS;
		return;
	}
	if (kept_ended(pid, code))
		return;
	for (i = 0; i < JOBS; i++) {
		if (jobs[i].pid != pid)
			continue;
		jobs[i].pid = 0;
		if (jobs[i].id == -1) {
			printf("ran %s %d\n", jobs[i].tag, code);
			return;
		}
		n = read(jobs[i].id, id, sizeof id - 1);
		close(jobs[i].id);
		if (n > 1)
			id[n] = '\0';
		printf("queued %s %d %s\n", jobs[i].tag, code,
			n > 1 ? id + 1 : "-");
		return;
	}
}

static void
take_log(void)
{
	static char buf[65536];
	ssize_t n = read(logpipe[0], buf, sizeof buf - 1);

	if (n <= 0) {
		close(logpipe[0]);
		logpipe[0] = -1;
		return;
	}
	buf[n] = '\0';
	if (write(logfile, buf, (size_t)n) != n)
		err(1, "log");
	if (!up && strstr(buf, "quill-send: info: running")) {
		up = true;
		printf("up\n");
	}
}

static void
take_commands(void)
{
	static char buf[65536];
	static size_t have;
	ssize_t n = read(0, buf + have, sizeof buf - have);
	char *lf;

	if (n <= 0)
		_exit(0); /* and all with us */
	have += (size_t)n;
	while ((lf = memchr(buf, '\n', have))) {
		*lf = '\0';
		obey(buf);
		have -= (size_t)(lf + 1 - buf);
		memmove(buf, lf + 1, have);
	}
}

static void
first_process(int sig)
{
	struct signalfd_siginfo si;
	int status;
	pid_t pid;

	for (;;) {
		struct pollfd p[] = { { 0, POLLIN, 0 }, { sig, POLLIN, 0 },
			{ logpipe[0], POLLIN, 0 }, { kept_fd(), POLLIN, 0 } };
		bool busy = hurry || (wanted && !start_pid);

		fflush(stdout);
		if (poll(p, 4, busy ? AGAIN_MS : -1) < 0 && errno != EINTR)
			err(1, "poll");
		if (p[2].revents)
			take_log();
		if (p[3].revents)
			kept_heard();
		if (p[1].revents) {
			if (read(sig, &si, sizeof si) < 0)
				err(1, "signalfd");
			while ((pid = waitpid(-1, &status, WNOHANG)) > 0)
				ended(pid, status);
		}
		if (p[0].revents)
			take_commands();
		if (wanted && !start_pid && now_ms() >= next_start)
			start();
		if (hurry && up && now_ms() >= next_alarm) {
			kill(start_pid, SIGALRM);
			next_alarm = now_ms() + HURRY_MS;
		}
	}
}

int
main(int argc, char **argv)
{
	sigset_t set;
	int sig, go[2];
	char c;
	pid_t pid;

	if (argc != 3)
		errx(1, "usage: box home log");
	home = argv[1];
	logfile =
		open(argv[2], O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0644);
	sigemptyset(&set);
	sigaddset(&set, SIGCHLD);
	sigprocmask(SIG_BLOCK, &set, NULL);
	signal(SIGPIPE, SIG_IGN);
	sig = signalfd(-1, &set, SFD_CLOEXEC);
	if (logfile < 0 || sig < 0 || pipe2(go, O_CLOEXEC) < 0 ||
		unshare(CLONE_NEWPID) < 0)
		err(1, "box");
	pid = fork();
	if (pid < 0)
		err(1, "fork");
	if (pid == 0) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		close(go[1]);
		if (read(go[0], &c, 1) < 0)
			_exit(1);
		first_process(sig);
	}
	printf("init %d\n", (int)pid);
	fflush(stdout);
	close(go[0]);
	close(go[1]);
	/* over only when everything in there is */
	waitpid(pid, NULL, 0);
	return 0;
}
