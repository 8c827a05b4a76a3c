/* SPDX-License-Identifier: 0BSD */
#include "lib/proc.h"

#include <dirent.h>
#include <fcntl.h>
#include <grp.h>
#include <limits.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <unistd.h>

#include "lib/sig.h"
#include "tap.h"

static char dir[] = "/tmp/lib_proc.XXXXXX";
static char self[PATH_MAX];

/* ---- what this program does when it is its own child ------------------ */

/* Which files A to Z are open where: "0A 1B 5-". */
static void
child_fds(const char *out)
{
	char text[4096] = "";
	struct stat a, b;

	for (int fd = 0; fd < 64; fd++) {
		char name = '-', path[] = "A";

		if (fstat(fd, &a) < 0)
			continue;
		for (; *path <= 'Z'; ++*path)
			if (stat(path, &b) == 0 && a.st_ino == b.st_ino &&
				a.st_dev == b.st_dev)
				name = *path;
		sprintf(text + strlen(text), "%d%c ", fd, name);
	}
	FILE *f = fopen(out, "w");
	fputs(text, f);
	fclose(f);
}

static void
child_status(const char *out)
{
	FILE *in = fopen("/proc/self/status", "r"), *f = fopen(out, "w");
	char line[500];

	while (fgets(line, sizeof line, in))
		if (!strncmp(line, "Sig", 3) || !strncmp(line, "Uid", 3) ||
			!strncmp(line, "Gid", 3) || !strncmp(line, "Groups", 6))
			fputs(line, f);
	fclose(f);
	fclose(in);
}

static int
child_main(char **argv)
{
	if (!strcmp(argv[1], "fds"))
		child_fds(argv[2]);
	else if (!strcmp(argv[1], "status"))
		child_status(argv[2]);
	else if (!strcmp(argv[1], "exit"))
		return atoi(argv[2]);
	else if (!strcmp(argv[1], "env"))
		return getenv("LIB_PROC") &&
				       !strcmp(getenv("LIB_PROC"), argv[2])
			       ? 0
			       : 1;
	else if (!strcmp(argv[1], "cwd")) {
		char cwd[PATH_MAX];

		return getcwd(cwd, sizeof cwd) && !strcmp(cwd, argv[2]) ? 0 : 1;
	} else if (!strcmp(argv[1], "sleep"))
		sleep(30);
	else if (!strcmp(argv[1], "crash"))
		kill(getpid(), SIGKILL);
	return 0;
}

/* ---- the tests ---------------------------------------------------------- */

static char *
slurp(const char *path)
{
	static char text[5000];
	FILE *f = fopen(path, "r");
	size_t n = f ? fread(text, 1, sizeof text - 1, f) : 0;

	text[n] = 0;
	if (f)
		fclose(f);
	return text;
}

static int
run(const struct proc *p)
{
	int status = -1;
	pid_t pid = proc_start(p);

	if (pid < 0)
		return -2;
	if (proc_wait(pid, &status) < 0)
		return -3;
	return proc_code(status);
}

struct map_case {
	const char *name;
	size_t n;
	struct proc_fd fd[PROC_FDS];
	const char *want;
};

/* Before: 0A 1B 2C 3D 4E 10F; all but 0 1 2 close-on-exec. */
static const struct map_case maps[] = {
	{ "nothing", 0, { { 0, 0 } }, "0A 1B 2C " },
	{ "swap 0 and 1", 2, { { 0, 1 }, { 1, 0 } }, "0B 1A 2C " },
	{ "rotate three", 3, { { 0, 1 }, { 1, 2 }, { 2, 0 } }, "0B 1C 2A " },
	{ "rotate back", 3, { { 2, 1 }, { 1, 0 }, { 0, 2 } }, "0C 1A 2B " },
	{ "rotate with close-on-exec", 3, { { 3, 4 }, { 4, 10 }, { 10, 3 } },
		"0A 1B 2C 3E 4F 10D " },
	{ "one to two", 2, { { 0, 3 }, { 1, 3 } }, "0D 1D 2C " },
	{ "one to two, it is a target", 3, { { 3, 4 }, { 0, 3 }, { 1, 3 } },
		"0D 1D 2C 3E " },
	{ "stays, though close-on-exec", 1, { { 4, 4 } }, "0A 1B 2C 4E " },
	{ "stays and is copied", 2, { { 3, 3 }, { 5, 3 } }, "0A 1B 2C 3D 5D " },
	{ "is copied and stays", 2, { { 5, 3 }, { 3, 3 } }, "0A 1B 2C 3D 5D " },
	{ "chain", 3, { { 0, 1 }, { 1, 2 }, { 2, 3 } }, "0B 1C 2D " },
	{ "chain backwards", 3, { { 2, 3 }, { 1, 2 }, { 0, 1 } }, "0B 1C 2D " },
	{ "source just above the targets", 2, { { 3, 4 }, { 2, 3 } },
		"0A 1B 2D 3E " },
	{ "copies must not land on a source", 3,
		{ { 9, 3 }, { 3, 9 }, { 1, 10 } }, NULL },
	{ "high target", 2, { { 40, 0 }, { 0, 10 } }, "0F 1B 2C 40A " },
	{ "close", 2, { { 2, -1 }, { 1, -1 } }, "0A " },
	{ "close what another takes", 2, { { 0, -1 }, { 1, 0 } }, "1A 2C " },
	{ "close what is closed", 1, { { 20, -1 } }, "0A 1B 2C " },
	{ "eight", 8,
		{ { 0, 1 }, { 1, 0 }, { 2, 10 }, { 3, 2 }, { 4, 3 }, { 5, 4 },
			{ 6, 6 }, { 7, 1 } },
		NULL },
	{ "eight that are open", 8,
		{ { 0, 1 }, { 1, 0 }, { 2, 10 }, { 3, 2 }, { 4, 3 }, { 5, 4 },
			{ 6, 0 }, { 7, 1 } },
		"0B 1A 2F 3C 4D 5E 6A 7B " },
};

static void
place(const char *path, int fd)
{
	int f = open(path, O_RDWR | O_CREAT, 0644);

	if (f != fd)
		dup2(f, fd);
	if (f != fd)
		close(f);
	fcntl(fd, F_SETFD, fd < 3 ? 0 : FD_CLOEXEC);
}

/* In a process of its own, so that the test keeps its output. Exit code of the
 * child is the result. */
static int
run_map(const struct map_case *t)
{
	static const char *const argv[] = { "child", "fds", "out", NULL };
	struct proc p = PROC_INIT;
	int status = -1;
	pid_t pid;

	unlink("out");
	fflush(stdout);
	pid = fork();
	if (pid == 0) {
		for (int fd = 3; fd < 64; fd++)
			close(fd);
		place("D", 3);
		place("E", 4);
		place("F", 10);
		place("A", 0);
		place("B", 1);
		place("C", 2);
		p.path = self;
		p.argv = argv;
		p.nfd = t->n;
		memcpy(p.fd, t->fd, sizeof p.fd);
		_exit(run(&p));
	}
	waitpid(pid, &status, 0);
	return WEXITSTATUS(status);
}

static void
test_maps(void)
{
	for (size_t i = 0; i < sizeof maps / sizeof *maps; i++) {
		int code = run_map(&maps[i]);

		is_num(code, maps[i].want ? 0 : PROC_EXECFAILED,
			"map: %s: code", maps[i].name);
		is_str(slurp("out"), maps[i].want ? maps[i].want : "",
			"map: %s", maps[i].name);
	}
}

static void
test_refused(void)
{
	static const char *const argv[] = { "x", NULL };
	const struct proc good = { .path = "/bin/true",
		.argv = argv,
		.uid = PROC_KEEP,
		.gid = PROC_KEEP };
	struct proc p = good;

	p.nfd = 2;
	p.fd[0] = (struct proc_fd){ 3, 0 };
	p.fd[1] = (struct proc_fd){ 3, 1 };
	is_errno(proc_start(&p), EINVAL, "one target twice");
	p = good;
	for (int i = 0; i < PROC_FDS; i++)
		p.fd[i] = (struct proc_fd){ 20 + i, -1 };
	p.nfd = PROC_FDS + 1;
	is_errno(proc_start(&p), EINVAL, "too many");
	p = good;
	p.nfd = 1;
	p.fd[0].to = -1;
	is_errno(proc_start(&p), EINVAL, "no target");
	p = good;
	p.uid = 65534;
	is_errno(proc_start(&p), EINVAL, "user without group");
	p = good;
	p.gid = 65534;
	is_errno(proc_start(&p), EINVAL, "group without user");
	is_errno(waitpid(-1, NULL, WNOHANG), ECHILD, "nothing was started");
}

static void
test_exec(void)
{
	static const struct {
		const char *name, *path, *dir, *PATH;
		int search, want;
	} t[] = {
		{ "no such program", "/nonexistent/x", NULL, NULL, 0, 120 },
		{ "not executable", "plain", NULL, NULL, 0, 120 },
		{ "a directory", "/", NULL, NULL, 0, 120 },
		{ "no such directory", self, "/nonexistent", NULL, 0, 120 },
		{ "not a directory", self, "plain", NULL, 0, 120 },
		{ "exit code", self, NULL, NULL, 0, 42 },
		{ "found", "prog", NULL, "/nonexistent:bin:/bin", 1, 42 },
		{ "found last", "prog", NULL, "/nonexistent:bin", 1, 42 },
		{ "first one wins", "prog", NULL, "bin:/nonexistent", 1, 42 },
		{ "one that may not be run is passed over", "prog", NULL,
			"noexec:bin", 1, 42 },
		{ "not found", "prog", NULL, "/nonexistent:/", 1, 120 },
		{ "empty PATH is here", "prog", "bin", "", 1, 42 },
		{ "empty entry is here", "prog", "bin", "/nonexistent:", 1,
			42 },
		{ "with a slash PATH is not used", "sub/prog", NULL, "bin", 1,
			120 },
		{ "without search PATH is not used", "prog", NULL, "bin", 0,
			120 },
		{ "empty name", "", NULL, "bin", 1, 120 },
	};
	static const char *const argv[] = { "child", "exit", "42", NULL };
	char long_path[PATH_MAX + 100];
	struct proc p = PROC_INIT;
	int fd = open("plain", O_CREAT | O_WRONLY, 0644);

	close(fd);
	mkdir("bin", 0755);
	mkdir("noexec", 0755);
	fd = open("noexec/prog", O_CREAT | O_WRONLY, 0644);
	close(fd);
	is_num(symlink(self, "bin/prog"), 0, "a program");
	mkdir("bin/sub", 0755);
	is_num(symlink(self, "bin/sub/prog"), 0, "one below");
	p.argv = argv;
	for (size_t i = 0; i < sizeof t / sizeof *t; i++) {
		p.path = t[i].path;
		p.dir = t[i].dir;
		p.search = t[i].search;
		if (t[i].PATH)
			setenv("PATH", t[i].PATH, 1);
		is_num(run(&p), t[i].want, "exec: %s", t[i].name);
	}
	memset(long_path, 'x', sizeof long_path);
	strcpy(long_path + sizeof long_path - 5, ":bin");
	setenv("PATH", long_path, 1);
	p.path = "prog";
	p.search = 1;
	is_num(run(&p), 42, "exec: an entry that is too long is skipped");
	unsetenv("PATH");
	p.path = "true";
	is_num(run(&p), 0, "exec: without PATH the usual places");
	setenv("PATH", "/usr/bin:/bin", 1);
}

static void
test_surroundings(void)
{
	const char *argv[] = { "child", "env", "given", NULL };
	static const char *const envp[] = { "A=b", "LIB_PROC=given", NULL };
	struct proc p = PROC_INIT;
	int status = -1;
	pid_t pid;

	p.path = self;
	p.argv = argv;
	setenv("LIB_PROC", "mine", 1);
	p.envp = envp;
	is_num(run(&p), 0, "environment given");
	p.envp = NULL;
	argv[2] = "mine";
	is_num(run(&p), 0, "own environment");
	argv[1] = "cwd";
	argv[2] = "/usr";
	p.dir = "/usr";
	is_num(run(&p), 0, "directory");
	p.dir = NULL;
	argv[2] = dir;
	is_num(run(&p), 0, "this directory is still the same");

	argv[1] = "sleep";
	p.newgroup = 1;
	pid = proc_start(&p);
	is_num(getpgid(pid), pid, "own process group");
	kill(-pid, SIGTERM);
	is_num(proc_wait(pid, &status), 0, "wait");
	is_num(proc_code(status), -1, "ended by a signal");
	p.newgroup = 0;
	pid = proc_start(&p);
	is_num(getpgid(pid), getpgrp(), "our process group");
	kill(pid, SIGKILL);
	proc_wait(pid, &status);
	argv[1] = "exit";
	argv[2] = "255";
	is_num(run(&p), 255, "code 255");
	is_errno(proc_wait(pid, &status), ECHILD, "waited for already");
}

static void
on_signal(int sig)
{
	(void)sig;
}

static const char *
field(const char *text, const char *name)
{
	static char value[200];
	const char *p = strstr(text, name);

	value[0] = 0;
	if (p)
		sscanf(p + strlen(name), " %199[^\n]", value);
	return value;
}

static void
test_signals(void)
{
	static const char *const argv[] = { "child", "status", "sig", NULL };
	struct proc p = PROC_INIT;
	struct sigaction sa;
	sigset_t before, after;
	const char *ignored;

	p.path = self;
	p.argv = argv;
	/* SIGPIPE as if inherited: lib/sig does not know */
	signal(SIGPIPE, SIG_IGN);
	sig_ignore(SIGHUP);
	sig_block(SIGUSR1);
	for (int caught = 0; caught < 2; caught++) {
		if (caught)
			sig_catch(SIGTERM, on_signal);
		sigprocmask(SIG_SETMASK, NULL, &before);
		is_num(run(&p), 0, "signals: run");
		/* 32 and 33 are the C library's own: glibc's posix_spawn, as
		 * in make, leaves them ignored, and musl cannot change that */
		ignored = field(slurp("sig"), "SigIgn:");
		ok(!strcmp(ignored, "0000000000000000") ||
				!strcmp(ignored, "0000000180000000"),
			"signals: none ignored");
		is_str(field(slurp("sig"), "SigBlk:"), "0000000000000000",
			"signals: none blocked");
		sigprocmask(SIG_SETMASK, NULL, &after);
		is_mem(&after, 8, &before, 8, "signals: our mask is back");
	}
	sigaction(SIGTERM, NULL, &sa);
	ok(sa.sa_handler == on_signal, "signals: our handler stays");
	sigaction(SIGHUP, NULL, &sa);
	ok(sa.sa_handler == SIG_IGN, "signals: so does our SIG_IGN");
	is_num(sig_caught(), 1 << (SIGTERM - 1), "signals: and its note");
	sig_default(SIGTERM);
	sig_default(SIGHUP);
	sig_unblock(SIGUSR1);
	signal(SIGPIPE, SIG_DFL);
}

static void
test_wait_eintr(void)
{
	static const char *const argv[] = { "sleep", "0.1", NULL };
	struct itimerval it = { { 0, 5000 }, { 0, 5000 } }, off = { 0 };
	struct proc p = PROC_INIT;
	int status = -1;
	pid_t pid;

	sig_catch(SIGALRM, on_signal);
	setitimer(ITIMER_REAL, &it, NULL);
	p.path = "sleep";
	p.search = 1;
	p.argv = argv;
	pid = proc_start(&p);
	is_num(proc_wait(pid, &status), 0, "wait across signals");
	is_num(proc_code(status), 0, "which the child does not get");
	setitimer(ITIMER_REAL, &off, NULL);
	sig_default(SIGALRM);
}

/* In a child: become nobody, and try to get back. Nonzero says what failed. */
static int
try_drop(void)
{
	gid_t groups[10];

	setgroups(2, (const gid_t[]){ 0, 1 });
	if (proc_drop(65534, 65533) < 0)
		return 1;
	if (getuid() != 65534 || geteuid() != 65534 || getgid() != 65533 ||
		getegid() != 65533)
		return 2;
	if (getgroups(10, groups) != 1 || groups[0] != 65533)
		return 3;
	if (setuid(0) == 0 || seteuid(0) == 0 || setgid(0) == 0)
		return 4;
	if (setgroups(0, groups) == 0)
		return 5;
	if (proc_drop(0, 0) == 0 || errno != EPERM)
		return 6;
	return 0;
}

/* As nobody: what fails for want of privilege or of processes. */
static int
try_unprivileged(const struct proc *drop)
{
	struct rlimit none = { 0, 0 };
	struct proc p = *drop;

	if (proc_drop(65534, 65533) < 0)
		return 1;
	p.uid = p.gid = 65532;
	if (run(&p) != PROC_EXECFAILED)
		return 2;
	p.uid = p.gid = PROC_KEEP;
	setrlimit(RLIMIT_NPROC, &none);
	if (proc_start(&p) != -1 || errno != EAGAIN)
		return 3;
	return 0;
}

static void
test_drop(void)
{
	static const char *const argv[] = { "child", "status", "/dev/fd/1",
		NULL };
	struct proc p = PROC_INIT;
	int status = -1, out;
	pid_t pid;

	is_errno(proc_drop((uid_t)-1, 1), EINVAL, "no user");
	is_errno(proc_drop(1, (gid_t)-1), EINVAL, "no group");
	if (getuid() != 0) {
		skip("not root", "change of user");
		return;
	}
	pid = fork();
	if (pid == 0)
		_exit(try_drop());
	waitpid(pid, &status, 0);
	is_num(WEXITSTATUS(status), 0, "dropped for good");

	out = open("ids", O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0666);
	fchmod(out, 0666);
	chmod(dir, 0755);
	p.path = self;
	p.argv = argv;
	p.uid = 65534;
	p.gid = 65533;
	p.nfd = 1;
	p.fd[0] = (struct proc_fd){ 1, out };
	is_num(run(&p), 0, "start as another user");
	is_str(field(slurp("ids"), "Uid:"), "65534\t65534\t65534\t65534",
		"all user ids");
	is_str(field(slurp("ids"), "Gid:"), "65533\t65533\t65533\t65533",
		"all group ids");
	is_str(field(slurp("ids"), "Groups:"), "65533 ", "one group");
	is_num(getuid(), 0, "we are still root");
	mkdir("private", 0700);
	p.dir = "private";
	is_num(run(&p), PROC_EXECFAILED, "directory is entered as the user");
	p.dir = NULL;
	pid = fork();
	if (pid == 0)
		_exit(try_unprivileged(&p));
	waitpid(pid, &status, 0);
	is_num(WEXITSTATUS(status), 0, "without privilege");
	close(out);
}

/* Stops all processes of a user, again and again. */
static void
stopper(uid_t uid)
{
	if (proc_drop(uid, uid) < 0)
		_exit(1);
	for (int i = 0; i < 100000; i++)
		kill(-1, SIGSTOP);
	_exit(0);
}

/* A user who stops a child between the change of user and exec must not stop
 * the parent with it. */
static void
test_stopped(void)
{
	static const char *const argv[] = { "true", NULL };
	struct proc p = PROC_INIT;
	pid_t stops, starts, pid;
	int status = -1, i;

	if (getuid() != 0) {
		skip("not root", "a child that is stopped before exec");
		return;
	}
	p.path = "/bin/true";
	p.argv = argv;
	p.uid = p.gid = 600000000 + (uid_t)getpid();
	stops = fork();
	if (stops == 0)
		stopper(p.uid);
	starts = fork();
	if (starts == 0) {
		for (i = 0; i < 1500; i++) {
			pid = proc_start(&p);
			if (pid < 0)
				_exit(1);
			kill(pid, SIGKILL);
			waitpid(pid, NULL, 0);
		}
		_exit(0);
	}
	for (i = 0; i < 200; i++) {
		if (waitpid(starts, &status, WNOHANG) == starts)
			break;
		usleep(100000);
	}
	is_num(status, 0, "a child that is stopped before exec holds nobody");
	if (i == 200) {
		kill(starts, SIGKILL);
		/* ends the stopped one, and with it the wait of the first */
		pid = fork();
		if (pid == 0) {
			if (proc_drop(p.uid, p.uid) == 0)
				kill(-1, SIGKILL);
			_exit(0);
		}
		waitpid(pid, NULL, 0);
		waitpid(starts, NULL, 0);
	}
	kill(stops, SIGKILL);
	waitpid(stops, NULL, 0);
}

static void
clean_up(void)
{
	static const char *const names[] = { "A", "B", "C", "D", "E", "F",
		"out", "plain", "bin/prog", "bin/sub/prog", "noexec/prog",
		"sig", "ids" };

	for (size_t i = 0; i < sizeof names / sizeof *names; i++)
		unlink(names[i]);
	rmdir("bin/sub");
	rmdir("bin");
	rmdir("noexec");
	rmdir("private");
	is_num(chdir("/") + rmdir(dir), 0, "no other file was made");
}

int
main(int argc, char **argv)
{
	ssize_t n = readlink("/proc/self/exe", self, sizeof self - 1);

	if (argc == 3)
		return child_main(argv);
	if (n < 0 || !mkdtemp(dir) || chdir(dir) < 0)
		return 1;
	test_maps();
	test_refused();
	test_exec();
	test_surroundings();
	test_signals();
	test_wait_eintr();
	test_drop();
	test_stopped();
	clean_up();
	return done_testing();
}
