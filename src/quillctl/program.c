/* SPDX-License-Identifier: 0BSD */
#include "quillctl/program.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "lib/fd.h"
#include "lib/file.h"
#include "lib/log.h"
#include "lib/proc.h"
#include "lib/stamp.h"
#include "wire/site.h"

static const char *
path_of(const char *name)
{
	static struct str path = STR_INIT(4096);

	str_clear(&path);
	str_puts(&path, site_bin);
	str_putc(&path, '/');
	str_puts(&path, name);
	return str_c(&path);
}

static pid_t
start(const char *const *argv, bool search, uid_t uid, gid_t gid, int fd0,
	int fd1, int fd2)
{
	struct proc p = PROC_INIT;

	p.path = search ? argv[0] : path_of(argv[0]);
	p.search = search;
	p.argv = argv;
	p.newgroup = 1;
	if (geteuid() == 0) {
		p.uid = uid;
		p.gid = gid;
	}
	p.fd[p.nfd++] = (struct proc_fd){ 0, fd0 };
	p.fd[p.nfd++] = (struct proc_fd){ 1, fd1 };
	p.fd[p.nfd++] = (struct proc_fd){ 2, fd2 };
	return proc_start(&p);
}

/* All that comes; false: too much, too late, or an error. */
static bool
collect(int fd, struct str *out)
{
	int64_t deadline = stamp_mono() + PROGRAM_WAIT_MS;
	size_t end = out->len + PROGRAM_OUT_MAX;
	char buf[4096];
	ssize_t n = 1;

	while (n > 0 && out->len < end) {
		if (fd_wait(fd, POLLIN, deadline) < 0)
			return false;
		n = fd_read(fd, buf, sizeof(buf));
		if (n > 0)
			str_put(out, buf, (size_t)n);
	}
	return n == 0;
}

int
program_run(const char *const *argv, bool search, uid_t uid, gid_t gid,
	struct str *out)
{
	int null = fd_open("/dev/null", O_RDWR, 0), fds[2], status, r = -1;
	bool whole = false;
	pid_t pid;

	if (null < 0 || fd_pipe(fds) < 0) {
		/* not log_die: program_hear may have fd 2, and must tell */
		log_alert_sys("unable to run ", argv[0]);
		if (null >= 0)
			close(null);
		return -1;
	}
	pid = start(argv, search, uid, gid, null, fds[1], 2);
	close(fds[1]);
	close(null);
	if (pid > 0) {
		whole = collect(fds[0], out);
		if (!whole)
			kill(-pid, SIGKILL);
		if (proc_wait(pid, &status) == 0)
			r = proc_code(status);
	}
	close(fds[0]);
	if (r == PROC_EXECFAILED || !whole)
		r = -1;
	if (r < 0)
		log_alert(argv[0], pid < 0 || whole
					   ? " could not be run"
					   : " crashed, hung or says too much");
	return r;
}

int
program_hear(const char *const *argv, uid_t uid, gid_t gid, struct str *out,
	struct str *words)
{
	int fd = memfd_create("words", MFD_CLOEXEC);
	int saved = fcntl(2, F_DUPFD_CLOEXEC, 3), r;

	if (fd < 0 || saved < 0 || dup2(fd, 2) < 0)
		log_die_sys(111, "unable to run ", argv[0]);
	r = program_run(argv, false, uid, gid, out);
	dup2(saved, 2);
	close(saved);
	if (lseek(fd, 0, SEEK_SET) < 0 || file_readfd(fd, words) < 0)
		log_die_sys(111, "unable to read what ", argv[0], " says");
	close(fd);
	return r;
}

int
program_getpw(const char *local, uid_t uid, gid_t gid, const char *alias,
	struct pwuser *u, const char **why)
{
	const char *argv[] = { "quill-getpw", alias, NULL };
	static struct pwanswer a;
	static char buf[PWREQ_MAX];
	struct str ask = STR_INIT(PWREQ_MAX);
	int fds[2], passed, status;
	ssize_t n = -1;
	pid_t pid;

	if (fd_seqpair(fds) < 0)
		log_die_sys(111, "unable to run ", argv[0]);
	pid = start(argv, false, uid, gid, fds[1], 1, 2);
	close(fds[1]);
	pwreq_ask(&ask, 1, local);
	if (pid > 0 && fd_send(fds[0], ask.s, ask.len, -1) == 0 &&
		fd_wait(fds[0], POLLIN, stamp_mono() + PROGRAM_WAIT_MS) == 0)
		n = fd_recv(fds[0], buf, sizeof(buf), &passed);
	close(fds[0]);
	str_free(&ask);
	if (pid > 0) {
		if (n <= 0)
			kill(-pid, SIGKILL);
		proc_wait(pid, &status);
	}
	if (n <= 0 || !pwreq_decode(&a, buf, (size_t)n)) {
		log_alert("quill-getpw does not answer");
		return -1;
	}
	*u = a.u;
	*why = a.text;
	return a.found;
}
